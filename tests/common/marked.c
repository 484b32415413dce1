/* SPDX-License-Identifier: MIT */
#include "marked.h"

#include <fcntl.h>
#include <stdio.h>
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
