/* SPDX-License-Identifier: MIT */
#include "lib/doctor_tools.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/escape.h"
#include "coverage/tools.h"

/* The first line with a number that `path --version` prints. */
static bool tool_version(const char *path, char *line, int nline)
{
	struct bytes command = { 0 };
	bool read = false;
	FILE *f;

	escape_shell(&command, path);
	bytes_text(&command, " --version </dev/null 2>/dev/null");
	f = command.failed ? NULL : popen(bytes_string(&command), "re");
	bytes_fini(&command);
	if (!f)
		return false;
	/* Not simply the first line: in that LLVM's tools print the name of the project. */
	while (!read && fgets(line, nline, f))
		read = strpbrk(line, "0123456789") != NULL;
	while (fgetc(f) != EOF)
		;
	pclose(f);
	line[strcspn(line, "\n")] = '\0';
	return read;
}

static void add_tool(struct facts *f, const char *name, const char *purpose)
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
			facts_add(f, name, "%s: %s", path, line + strspn(line, " "));
		else
			facts_add(f, name, "%s", realpath(path, target) ? target : path);
		return;
	}
	facts_add(f, name, "not found (%s)", purpose);
}

static void add_versions(struct facts *f, const char *name, const struct tool_list *tools)
{
	char versions[128] = "";
	size_t used = 0;

	for (size_t i = 0; i < tools->n && used < sizeof(versions); i++)
		used += (size_t)snprintf(versions + used, sizeof(versions) - used, "%s%u", i ? ", " : "of LLVM ",
					 tools->list[i].major);
	facts_add(f, name, "%s", tools->n ? versions : "none in PATH (coverage reports need it)");
}

/* Only coverage reports need these. */
static void add_coverage_tools(struct facts *f)
{
	const char *path = getenv("PATH");
	struct proctor_error err;
	struct tools tools;

	if (tools_find(&tools, path ? path : "", 5000000, -1, &err) < 0) {
		facts_add(f, "llvm-profdata", "%s", err.text);
		return;
	}
	add_versions(f, "llvm-profdata", &tools.profdata);
	add_versions(f, "llvm-cov", &tools.cov);
	tools_fini(&tools);
}

void doctor_tools(struct facts *f)
{
	add_coverage_tools(f);
	add_tool(f, "gdb", "reads core files");
	add_tool(f, "addr2line", "names lines of addresses");
}
