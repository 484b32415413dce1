/* SPDX-License-Identifier: MIT */
#include "marked.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

ssize_t proc_read(pid_t pid, const char *file, char *buf, size_t size)
{
	char path[64];
	size_t have = 0;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	while (have < size && (n = read(fd, buf + have, size - have)) > 0)
		have += (size_t)n;
	close(fd);
	return (ssize_t)have;
}

bool process_is_marked(pid_t pid, const char *mark)
{
	static char vars[256 * 1024];
	ssize_t n = proc_read(pid, "environ", vars, sizeof(vars));

	return n > 0 && memmem(vars, (size_t)n, mark, strlen(mark) + 1);
}

/* Whether the line of /proc/PID/stat is of one that is called so and has that parent. */
static bool stat_is(const char *line, pid_t parent, const char *comm)
{
	const char *name = strchr(line, '('), *end = strrchr(line, ')');
	int ppid = 0;

	return name && end && sscanf(end, ") %*c %d", &ppid) == 1 && ppid == parent &&
	       strlen(comm) == (size_t)(end - name - 1) &&
	       memcmp(name + 1, comm, strlen(comm)) == 0;
}

pid_t process_child(pid_t parent, const char *comm)
{
	DIR *dir = opendir("/proc");
	struct dirent *entry;
	pid_t found = 0;

	while (dir && !found && (entry = readdir(dir))) {
		pid_t pid = (pid_t)atoi(entry->d_name);
		char line[512];
		ssize_t n;

		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		n = proc_read(pid, "stat", line, sizeof(line) - 1);
		line[n > 0 ? n : 0] = '\0';
		if (stat_is(line, parent, comm))
			found = pid;
	}
	if (dir)
		closedir(dir);
	return found;
}
