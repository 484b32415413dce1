/* SPDX-License-Identifier: MIT */
#include "cli/commands.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/container.h"
#include "coverage/tools.h"
#include "lib/host_path.h"
#include "loop/loop.h"
#include "run/cores.h"
#include "run/guard_client.h"
#include "run/kernel.h"

static void tell(const char *name, const char *fmt, ...) PRINTF_LIKE(2, 3);
static void tell(const char *name, const char *fmt, ...)
{
	va_list args;
	char *text;

	va_start(args, fmt);
	if (vasprintf(&text, fmt, args) < 0)
		text = NULL;
	va_end(args);
	printf("%-16s", name);
	print_line(text ? text : "(no memory for a sentence)");
	free(text);
}

/* say_loop() and say_host() return true if what is needed is there. */
static bool say_loop(enum proctor_loop which)
{
	const struct loop_ops *ops;
	struct proctor_error err;
	struct loop *loop;
	char why[256];

	if (loop_choose(which, &ops, &loop, why, sizeof(why), &err) < 0) {
		tell("loop", "none: %s", err.text);
		return false;
	}
	tell("loop", "%s", why);
	ops->close(loop);
	return true;
}

/* Runs do without it: their crashes have no frames then. */
static void say_symbolizer(const char *host_path)
{
	struct proctor_error err;
	char *path;

	if (host_path_symbolizer(host_path, &path, &err) < 0)
		tell("symbolizer", "unknown: %s", err.text);
	else if (access(path, X_OK) < 0)
		tell("symbolizer", "none: %s: %s", path, strerror(errno));
	else
		tell("symbolizer", "%s", path);
	free(path);
}

static bool say_host(const char *asked)
{
	struct proctor_error err;
	char *path;

	if (host_path_find(asked, &path, &err) < 0) {
		tell("proctor-host", "none: %s", err.text);
		return false;
	}
	tell("proctor-host", "%s", path);
	say_symbolizer(path);
	free(path);
	return true;
}

/* Runs without one are as good, unless proctor is killed: no reason to fail. */
static void say_guard(const char *asked)
{
	struct inherited inherited = { .null_fd = -1 };
	struct proctor_error err = { 0 };
	struct guard *guard = NULL;
	bool stands = false;
	char *path;

	if (host_path_find(asked, &path, &err) < 0)
		return;		/* said already */
	if (inherited_open(&inherited, &err) == 0 &&
	    guard_open(&guard, path, "none", &inherited, &err) == 0) {
		guard_wait(guard);
		stands = !guard_failed(guard, &err);
		stands = guard_close(guard, &err) == 0 && stands;
	}
	tell("guard", "%s%s", stands ? "stands" :
	     "none: if proctor is killed, tests may outlive it: ", stands ? "" : err.text);
	inherited_close(&inherited);
	free(path);
}

static void say_cores(void)
{
	struct proctor_error err;
	struct cores cores;

	if (cores_read(&cores, "", &err) < 0) {
		tell("cores", "unknown: %s", err.text);
		return;
	}
	tell("cores", "%u usable: %s", cores.usable, cores.why);
	tell("threads", "%u unless --test-threads says otherwise", cores_threads(&cores));
	cores_fini(&cores);
}

static void say_limit(const char *name, int resource)
{
	struct rlimit limit;
	char soft[24] = "unlimited", hard[24] = "unlimited";

	if (getrlimit((__rlimit_resource_t)resource, &limit) < 0)
		return;
	if (limit.rlim_cur != RLIM_INFINITY)
		snprintf(soft, sizeof(soft), "%" PRIu64, (uint64_t)limit.rlim_cur);
	if (limit.rlim_max != RLIM_INFINITY)
		snprintf(hard, sizeof(hard), "%" PRIu64, (uint64_t)limit.rlim_max);
	tell(name, "%s, at most %s", soft, hard);
}

/* The first line of a file, without its newline; false: there is none. */
static bool read_line(const char *path, char *line, int nline)
{
	FILE *f = fopen(path, "re");
	bool read = f && fgets(line, nline, f);

	if (f)
		fclose(f);
	if (read)
		line[strcspn(line, "\n")] = '\0';
	return read;
}

static void say_file(const char *name, const char *path)
{
	char line[256];

	if (read_line(path, line, sizeof(line)))
		tell(name, "%s", line);
	else
		tell(name, "unknown: %s cannot be read", path);
}

/* The path of this process's cgroup: "" is the unified hierarchy, else that of a controller. */
static bool cgroup_path(const char *controller, char *path, size_t npath)
{
	FILE *f = fopen("/proc/self/cgroup", "re");
	char line[512];
	bool found = false;

	while (f && !found && fgets(line, sizeof(line), f)) {
		char *controllers = strchr(line, ':'), *at;

		at = controllers ? strchr(controllers + 1, ':') : NULL;
		if (!at)
			continue;
		*at++ = '\0';
		at[strcspn(at, "\n")] = '\0';
		found = strcmp(controllers + 1, controller) == 0;
		if (found)
			snprintf(path, npath, "%s", strcmp(at, "/") == 0 ? "" : at);
	}
	if (f)
		fclose(f);
	return found;
}

/* Inside a container the path may be one that is not mounted here: then the root's file counts. */
static bool memory_limit(const char *mount, const char *controller, const char *file, char *line,
			 int nline)
{
	char path[512], full[1024];

	if (!cgroup_path(controller, path, sizeof(path)))
		return false;
	snprintf(full, sizeof(full), "%s%s/%s", mount, path, file);
	if (read_line(full, line, nline))
		return true;
	snprintf(full, sizeof(full), "%s/%s", mount, file);
	return read_line(full, line, nline);
}

static void say_memory(void)
{
	char line[64];

	/* v1 writes a number near 2^63 where there is no limit. */
	if (!memory_limit("/sys/fs/cgroup", "", "memory.max", line, sizeof(line)) &&
	    !memory_limit("/sys/fs/cgroup/memory", "memory", "memory.limit_in_bytes", line,
			  sizeof(line)))
		tell("memory limit", "none found for this cgroup");
	else if (strcmp(line, "max") == 0 || strtoull(line, NULL, 10) >= UINT64_C(1) << 62)
		tell("memory limit", "none");
	else
		tell("memory limit", "%s bytes for this cgroup", line);
}

/* The first line that `path --version` prints. */
static bool tool_version(const char *path, char *line, int nline)
{
	char command[PATH_MAX + 64];
	FILE *f;
	bool read = false;

	if (strchr(path, '\''))
		return false;
	snprintf(command, sizeof(command), "'%s' --version </dev/null 2>/dev/null", path);
	f = popen(command, "re");
	if (!f)
		return false;
	/* LLVM's tools begin with the name of the project: the line with a number is meant. */
	while (!read && fgets(line, nline, f))
		read = strpbrk(line, "0123456789") != NULL;
	while (fgetc(f) != EOF)
		;
	pclose(f);
	line[strcspn(line, "\n")] = '\0';
	return read;
}

static void say_tool(const char *name, const char *purpose)
{
	const char *dirs = getenv("PATH");
	char path[PATH_MAX], target[PATH_MAX], line[128];

	while (dirs && *dirs) {
		size_t n = strcspn(dirs, ":");

		snprintf(path, sizeof(path), "%.*s/%s", (int)n, dirs, name);
		dirs += n + (dirs[n] == ':');
		if (n == 0 || access(path, X_OK) < 0)
			continue;
		if (tool_version(path, line, sizeof(line)))
			tell(name, "%s: %s", path, line + strspn(line, " "));
		else
			tell(name, "%s", realpath(path, target) ? target : path);
		return;
	}
	tell(name, "not found (%s)", purpose);
}

static void say_versions(const char *name, const struct tool *list, size_t n)
{
	char versions[128] = "";
	size_t used = 0;

	for (size_t i = 0; i < n && used < sizeof(versions); i++)
		used += (size_t)snprintf(versions + used, sizeof(versions) - used, "%s%u", i ? ", " : "of LLVM ",
					 list[i].major);
	tell(name, "%s", n ? versions : "none in PATH (coverage reports need it)");
}

/* Runs need neither: only reports of coverage do. */
static void say_coverage_tools(void)
{
	const char *path = getenv("PATH");
	struct proctor_error err;
	struct tools tools;

	if (tools_find(&tools, path ? path : "", 5000000, -1, &err) < 0) {
		tell("llvm-profdata", "%s", err.text);
		return;
	}
	say_versions("llvm-profdata", tools.profdata, tools.nprofdata);
	say_versions("llvm-cov", tools.cov, tools.ncov);
	tools_fini(&tools);
}

/* What is refused, each on a line of its own. */
static bool say_calls(void)
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
			tell("refused", "%s; needed for %s: no run without it", err.text, call->use);
			break;
		case NEEDED_BY_LIBRARIES:
			tell("refused", "%s; needed for %s: executables alone can be run", err.text,
			    call->use);
			break;
		case NEEDED_BY_NONE:
			tell("refused", "%s; for %s: %s", err.text, call->use, call->instead);
			break;
		}
	}
	tell("system calls", "%s", used);
	return enough;
}

static bool say_proc(void)
{
	struct proctor_error err;

	if (kernel_check_proc(&err) < 0) {
		tell("/proc", "%s", err.text);
		return false;
	}
	if (access("/proc/self/stat", R_OK) < 0)
		tell("/proc", "none: what tests leave behind is neither found nor named");
	else
		tell("/proc", "of this pid namespace");
	return true;
}

static bool say_all(const struct options *o)
{
	struct utsname kernel;
	bool host, loop, calls, proc;

	tell("proctor", "%s", PROCTOR_VERSION);
	if (uname(&kernel) == 0)
		tell("kernel", "%s %s %s", kernel.sysname, kernel.release, kernel.machine);
	calls = say_calls();
	proc = say_proc();
	loop = say_loop(o->run.loop);
	say_cores();
	host = say_host(o->run.host_path);
	say_guard(o->run.host_path);
	say_limit("open files", RLIMIT_NOFILE);
	say_limit("processes", RLIMIT_NPROC);
	say_limit("core size", RLIMIT_CORE);
	say_file("pipe-max-size", "/proc/sys/fs/pipe-max-size");
	say_file("core pattern", "/proc/sys/kernel/core_pattern");
	say_memory();
	say_coverage_tools();
	say_tool("gdb", "reads core files");
	say_tool("addr2line", "names lines of addresses");
	return host && loop && calls && proc;
}

int command_doctor(int argc, char **argv)
{
	struct proctor_error err;
	struct options o;
	int status;

	if (options_parse(&o, COMMAND_DOCTOR, argc, argv, &err) < 0)
		return say_usage("doctor", &err);
	if (o.npaths > 0 || o.selection.nfilters > 0) {
		error_set(&err, -EINVAL, "doctor takes no arguments");
		status = say_usage("doctor", &err);
	} else if (o.help) {
		help_command(COMMAND_DOCTOR);
		status = EXIT_PASSED;
	} else {
		status = say_all(&o) ? EXIT_PASSED : EXIT_BROKEN;
	}
	options_fini(&o);
	return status;
}
