/* SPDX-License-Identifier: MIT */
#include "base/output.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINKS_MAX 40	/* the kernel follows no more either */

static bool stat_same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

int output_lock(int fd, const char *path, struct proctor_error *err)
{
	if (flock(fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK)
		return error_set(err, -EBUSY, "%s is being written by another proctor", path);
	return 0;
}

/* A copy of the descriptor of stdout or stderr, if that is open on this regular file; -1: neither
 * is. */
static int output_shared(const struct stat *st)
{
	struct stat own;

	for (int fd = STDOUT_FILENO; fd <= STDERR_FILENO; fd++)
		if (S_ISREG(st->st_mode) && fstat(fd, &own) == 0 && stat_same(&own, st) &&
		    (fcntl(fd, F_GETFL) & O_ACCMODE) != O_RDONLY)
			return fcntl(fd, F_DUPFD_CLOEXEC, 3);
	return -1;
}

int output_open(const char *path, bool *shared, struct proctor_error *err)
{
	for (;;) {
		int copy, ret, fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY, 0666);
		struct stat st, now;

		*shared = false;
		if (fd < 0)
			return error_sys(err, errno, "cannot write %s", path);
		if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
			return fd;
		copy = output_shared(&st);
		if (copy >= 0) {
			close(fd);
			*shared = true;
			return copy;
		}
		ret = output_lock(fd, path, err);
		/* Who had the file locked before may have put another one in its place: then once
		 * more. */
		if (ret == 0 && stat(path, &now) == 0 && stat_same(&st, &now))
			return fd;
		close(fd);
		if (ret < 0)
			return ret;
	}
}

/* Where `path` leads through links. The file need not be there, but its directory. */
static bool output_resolve(const char *path, char to[static PATH_MAX])
{
	char now[PATH_MAX], copy[PATH_MAX], link[PATH_MAX], dir[PATH_MAX];
	int n = snprintf(now, sizeof(now), "%s", path);

	for (int links = 0; links < LINKS_MAX && n >= 0 && n < PATH_MAX; links++) {
		ssize_t nlink = readlink(now, link, sizeof(link) - 1);

		strcpy(copy, now);
		if (nlink < 0) {
			if (!realpath(dirname(copy), dir))
				return false;
			strcpy(copy, now);
			return snprintf(to, PATH_MAX, "%s/%s", dir, basename(copy)) < PATH_MAX;
		}
		link[nlink] = '\0';
		n = link[0] == '/' ? snprintf(now, sizeof(now), "%s", link)
				   : snprintf(now, sizeof(now), "%s/%s", dirname(copy), link);
	}
	return false;
}

bool output_same(const char *a, const char *b)
{
	char path_a[PATH_MAX], path_b[PATH_MAX];
	struct stat st_a, st_b;
	bool has_a = stat(a, &st_a) == 0, has_b = stat(b, &st_b) == 0;

	if (has_a && has_b)
		return stat_same(&st_a, &st_b) && !S_ISCHR(st_a.st_mode);
	return !has_a && !has_b && output_resolve(a, path_a) && output_resolve(b, path_b) &&
	       strcmp(path_a, path_b) == 0;
}
