/* SPDX-License-Identifier: MIT */
#include "run/stuck.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* The first line of /proc/PID/NAME that begins with `start`, without it; "": there is none. */
static const char *proc_line(int pid, const char *name, const char *start, char *line, int nline)
{
	char path[64];
	FILE *file;
	bool found = false;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	file = fopen(path, "re");
	while (file && !found && fgets(line, nline, file))
		found = strncmp(line, start, strlen(start)) == 0;
	if (file)
		fclose(file);
	if (!found)
		return "";
	line[strcspn(line, "\n")] = '\0';
	return line + strlen(start);
}

/* In a cgroup of the old hierarchy that is frozen: there SIGKILL waits for the thaw. */
static bool is_frozen(int pid)
{
	char line[512], path[640], state[32] = "";
	const char *at;
	FILE *file;

	if (strstr(proc_line(pid, "wchan", "", line, sizeof(line)), "refrigerator"))
		return true;
	for (int i = 1; i < 32; i++) {
		char start[32];

		snprintf(start, sizeof(start), "%d:freezer:", i);
		at = proc_line(pid, "cgroup", start, line, sizeof(line));
		if (!*at)
			continue;
		snprintf(path, sizeof(path), "/sys/fs/cgroup/freezer%s/freezer.state", at);
		file = fopen(path, "re");
		if (!file)
			return false;
		if (!fgets(state, sizeof(state), file))
			state[0] = '\0';
		fclose(file);
		return strncmp(state, "FRO", 3) == 0 || strncmp(state, "FREEZ", 5) == 0;
	}
	return false;
}

const char *stuck_words(int pid, int errnum, char *words, size_t nwords)
{
	char path[64], line[256], wchan[128];
	const char *state, *where;
	struct stat st;

	snprintf(path, sizeof(path), "/proc/%d", pid);
	state = proc_line(pid, "status", "State:\t", line, sizeof(line));
	where = proc_line(pid, "wchan", "", wchan, sizeof(wchan));
	if (errnum == EPERM && stat(path, &st) == 0)
		snprintf(words, nwords, "it runs as user %u, whom this user may not signal",
			 (unsigned)st.st_uid);
	else if (errnum != 0 && errnum != ETIMEDOUT)
		snprintf(words, nwords, "%s", strerror(errnum));
	else if (is_frozen(pid))
		snprintf(words, nwords, "it is in a cgroup that is frozen");
	else if (*state == 'D')
		snprintf(words, nwords, "it waits in the kernel%s%s, where no signal reaches it",
			 *where && strcmp(where, "0") != 0 ? " in " : "",
			 *where && strcmp(where, "0") != 0 ? where : "");
	else if (*state)
		snprintf(words, nwords, "its state after SIGKILL is %s", state);
	else
		snprintf(words, nwords, "nothing more is known of it");
	return words;
}
