/* SPDX-License-Identifier: MIT */
#include "lib/doctor_limits.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

static void add_limit(struct facts *f, const char *name, int resource)
{
	struct rlimit limit;
	char soft[24] = "unlimited", hard[24] = "unlimited";

	if (getrlimit((__rlimit_resource_t)resource, &limit) < 0)
		return;
	if (limit.rlim_cur != RLIM_INFINITY)
		snprintf(soft, sizeof(soft), "%" PRIu64, (uint64_t)limit.rlim_cur);
	if (limit.rlim_max != RLIM_INFINITY)
		snprintf(hard, sizeof(hard), "%" PRIu64, (uint64_t)limit.rlim_max);
	facts_add(f, name, "%s, at most %s", soft, hard);
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

static void add_file(struct facts *f, const char *name, const char *path)
{
	char line[256];

	if (read_line(path, line, sizeof(line)))
		facts_add(f, name, "%s", line);
	else
		facts_add(f, name, "unknown: %s cannot be read", path);
}

/* The path of this process's cgroup in the hierarchy of a controller; "" stands for the unified
 * hierarchy (v2). */
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

/* Reads a limit from the files of the cgroup. In a container the directory of that path may not be
 * visible: then the files at the root of the hierarchy are the container's. */
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

static void add_memory(struct facts *f)
{
	char line[64];

	/* v1 writes a number near 2^63 where there is no limit. */
	if (!memory_limit("/sys/fs/cgroup", "", "memory.max", line, sizeof(line)) &&
	    !memory_limit("/sys/fs/cgroup/memory", "memory", "memory.limit_in_bytes", line,
			  sizeof(line)))
		facts_add(f, "memory limit", "none found for this cgroup");
	else if (strcmp(line, "max") == 0 || strtoull(line, NULL, 10) >= UINT64_C(1) << 62)
		facts_add(f, "memory limit", "none");
	else
		facts_add(f, "memory limit", "%s bytes for this cgroup", line);
}

void doctor_limits(struct facts *f)
{
	add_limit(f, "open files", RLIMIT_NOFILE);
	add_limit(f, "processes", RLIMIT_NPROC);
	add_limit(f, "core size", RLIMIT_CORE);
	add_file(f, "pipe-max-size", "/proc/sys/fs/pipe-max-size");
	add_file(f, "core pattern", "/proc/sys/kernel/core_pattern");
	add_memory(f);
}
