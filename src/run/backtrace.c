/* SPDX-License-Identifier: MIT */
#include "run/backtrace.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Is this the frame of what calls a test: proctor-host, the function of proctor/suite.h between the two,
 * or what calls a program's main()? */
static bool frame_is_caller(const char *line, size_t nline)
{
	return memmem(line, nline, " proctor-host+", 14) ||
	       memmem(line, nline, " in proctor_call__", 18) ||
	       memmem(line, nline, " in __libc_start_", 17) ||
	       memmem(line, nline, " proctor-inject.so+", 19) ||
	       memmem(line, nline, " proctor-preload.so+", 20);
}

/* Cuts off the frames of the test's callers, which are the same for every test. */
static void backtrace_cut(char *text)
{
	char *line = strchr(text, '\n');

	while (line) {
		char *end = strchrnul(line + 1, '\n');

		if (frame_is_caller(line + 1, (size_t)(end - line - 1))) {
			*line = '\0';
			return;
		}
		line = *end ? end : NULL;
	}
}

/* The frame that crashed, with what can be said without reading a file. NULL: no memory. */
static char *backtrace_bare(const struct crash *crash, const struct module_list *modules,
			    const char *why)
{
	uint64_t pc = crash->regs[crash->nregs - 1];
	ssize_t i = module_at(modules, pc);
	const char *path = i >= 0 ? modules->modules[i].path : "", *slash = strrchr(path, '/');
	char offset[32] = "", *text;

	if (i >= 0)
		snprintf(offset, sizeof(offset), "+0x%" PRIx64, pc - modules->modules[i].address);
	if (asprintf(&text, "#0 0x%016" PRIx64 " in ??%s%s%s\n(no more is known of it: %s)", pc,
		     i >= 0 ? " " : "", slash ? slash + 1 : path, offset, why) < 0)
		return NULL;
	return text;
}

static void outcome_backtrace(struct outcome *o, struct symbolizers *symbolizers,
			      const struct crash *crash, const struct module_list *modules)
{
	struct proctor_error err;
	char *text;
	int ret = crash_symbolize(symbolizers, crash, modules, &text, &err);

	if (ret == 0)
		backtrace_cut(text);
	else if (ret != -ENODATA && !o->backtrace)
		text = backtrace_bare(crash, modules, err.text);
	if (!text)
		return;
	free(o->backtrace);
	o->backtrace = text;
}

void outcomes_backtrace(struct outcome *outcomes, unsigned noutcomes,
			struct symbolizers *symbolizers, const struct crash *crash,
			const struct module_list *modules)
{
	for (unsigned i = 0; i < noutcomes; i++)
		if (outcomes[i].crash_recorded)
			outcome_backtrace(&outcomes[i], symbolizers, crash, modules);
}
