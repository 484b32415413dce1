/* SPDX-License-Identifier: MIT */
#include "lib/doctor.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "lib/doctor_limits.h"
#include "lib/doctor_tools.h"
#include "lib/host_path.h"
#include "loop/loop.h"
#include "run/cores.h"
#include "run/guard_client.h"
#include "run/kernel.h"

/* Those of these functions that return a bool say whether what a run needs is there. */
static bool examine_loop(struct facts *f, enum proctor_loop which)
{
	const struct loop_ops *ops;
	struct proctor_error err;
	struct loop *loop;
	char why[256];

	if (loop_choose(which, &ops, &loop, why, sizeof(why), &err) < 0) {
		facts_add(f, "loop", "none: %s", err.text);
		return false;
	}
	facts_add(f, "loop", "%s", why);
	ops->close(loop);
	return true;
}

/* A run can do without it: then crashes have no backtraces. */
static void examine_symbolizer(struct facts *f, const char *host_path)
{
	struct proctor_error err;
	char *path;

	if (host_path_symbolizer(host_path, &path, &err) < 0)
		facts_add(f, "symbolizer", "unknown: %s", err.text);
	else if (access(path, X_OK) < 0)
		facts_add(f, "symbolizer", "none: %s: %s", path, strerror(errno));
	else
		facts_add(f, "symbolizer", "%s", path);
	free(path);
}

static bool examine_host(struct facts *f, const char *asked)
{
	struct proctor_error err;
	char *path;

	if (host_path_find(asked, &path, &err) < 0) {
		facts_add(f, "proctor-host", "none: %s", err.text);
		return false;
	}
	facts_add(f, "proctor-host", "%s", path);
	examine_symbolizer(f, path);
	free(path);
	return true;
}

/* A run can do without a guard, unless proctor is killed. */
static void examine_guard(struct facts *f, const char *asked)
{
	struct inherited inherited = { .null_fd = -1 };
	struct proctor_error err = { 0 };
	struct guard *guard = NULL;
	bool stands = false;
	char *path;

	if (host_path_find(asked, &path, &err) < 0)
		return;		/* examine_host() has said so */
	if (inherited_open(&inherited, &err) == 0 &&
	    guard_open(&guard, path, "none", NULL, &inherited, &err) == 0) {
		guard_wait(guard);
		stands = !guard_failed(guard, &err);
		stands = guard_close(guard, &err) == 0 && stands;
	}
	facts_add(f, "guard", "%s%s", stands ? "stands" :
	     "none: if proctor is killed, tests may outlive it: ", stands ? "" : err.text);
	inherited_close(&inherited);
	free(path);
}

static void examine_cores(struct facts *f)
{
	struct proctor_error err;
	struct cores cores;

	if (cores_read(&cores, "", &err) < 0) {
		facts_add(f, "cores", "unknown: %s", err.text);
		return;
	}
	facts_add(f, "cores", "%u usable: %s", cores.usable, cores.why);
	facts_add(f, "threads", "%u unless --test-threads says otherwise", cores_threads(&cores));
	cores_fini(&cores);
}

/* A line for each system call that is refused, and one for all the others. */
static bool examine_calls(struct facts *f)
{
	struct proctor_error err;
	char used[512] = "";
	size_t nused = 0;
	bool enough = true;

	for (const struct kernel_call *call = kernel_calls; call->name; call++) {
		int refused = kernel_refuses(call);

		if (!refused) {
			if (nused < sizeof(used))
				nused += (size_t)snprintf(used + nused, sizeof(used) - nused, "%s%s",
							  nused ? ", " : "", call->name);
			continue;
		}
		kernel_refusal(call, refused, &err);
		switch (call->need) {
		case NEEDED_BY_ALL:
		case NEEDED_BY_OWNER:
		case NEEDED_BY_STARTS:
			enough = false;
			facts_add(f, "refused", "%s; needed for %s: no run without it", err.text,
				  call->use);
			break;
		case NEEDED_BY_LIBRARIES:
			facts_add(f, "refused", "%s; needed for %s: executables alone can be run",
				  err.text, call->use);
			break;
		case NEEDED_BY_NONE:
			facts_add(f, "refused", "%s; for %s: %s", err.text, call->use, call->instead);
			break;
		}
	}
	facts_add(f, "system calls", "%s", used);
	return enough;
}

static bool examine_proc(struct facts *f)
{
	struct proctor_error err;

	if (kernel_check_proc(&err) < 0) {
		facts_add(f, "/proc", "%s", err.text);
		return false;
	}
	if (access("/proc/self/stat", R_OK) < 0)
		facts_add(f, "/proc", "none: what tests leave behind is neither found nor named");
	else
		facts_add(f, "/proc", "of this pid namespace");
	return true;
}

bool doctor_examine(struct facts *f, enum proctor_loop loop, const char *host_path)
{
	bool has_calls, has_proc, has_loop, has_host;
	struct utsname kernel;

	facts_add(f, "proctor", "%s", PROCTOR_VERSION);
	if (uname(&kernel) == 0)
		facts_add(f, "kernel", "%s %s %s", kernel.sysname, kernel.release, kernel.machine);
	has_calls = examine_calls(f);
	has_proc = examine_proc(f);
	has_loop = examine_loop(f, loop);
	examine_cores(f);
	has_host = examine_host(f, host_path);
	examine_guard(f, host_path);
	doctor_limits(f);
	doctor_tools(f);
	return has_calls && has_proc && has_loop && has_host;
}
