/* SPDX-License-Identifier: MIT */
#include "base/private_dir.h"

#include "base/tree_remove.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

int private_dir_place(char **path, struct proctor_error *err)
{
	const char *under = getenv("TMPDIR");
	char *absolute;

	if (!under || under[0] != '/')
		under = "/tmp";
	/* Where a part of it is a link, a process that works there sees another path than it was given. */
	absolute = realpath(under, NULL);
	if (!absolute)
		return error_sys(err, errno, "cannot make a temporary directory in %s (TMPDIR says where)",
				 under);
	*path = absolute;
	return 0;
}

int private_dir_make(char **path, struct proctor_error *err)
{
	char *under = NULL, *made;
	int ret = private_dir_place(&under, err);

	if (!under)
		return ret;
	if (asprintf(&made, "%s/proctor-XXXXXX", under) < 0) {
		free(under);
		return error_sys(err, ENOMEM, "cannot make a temporary directory");
	}
	if (mkdtemp(made)) {
		*path = made;
	} else {
		ret = error_sys(err, errno, "cannot make a temporary directory in %s (TMPDIR says where)",
				under);
		free(made);
	}
	free(under);
	return ret;
}

int private_dir_remove(const char *path, struct proctor_error *err)
{
	char left[PATH_MAX];
	int ret = tree_remove(AT_FDCWD, path, left, sizeof(left));

	if (ret == 0)
		return 0;
	return error_sys(err, -ret, "the temporary directory %s cannot be removed: %s%s%s", path, path,
			 left[0] ? "/" : "", left);
}

int private_dir_open(const char *path, const char *name, struct proctor_error *err)
{
	struct stat st;
	char *full;
	int fd;

	if (asprintf(&full, "%s/%s", path, name) < 0)
		return error_sys(err, ENOMEM, "cannot open %s", name);
	/* A test may have put a pipe or a device there. */
	fd = open(full, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW);
	if (fd < 0) {
		fd = error_sys(err, errno, "cannot open %s", full);
	} else if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		close(fd);
		fd = error_set(err, -EBADMSG, "%s is not a file", full);
	}
	free(full);
	return fd;
}

int private_dir_read(const char *path, const char *name, size_t max_bytes, struct bytes *b,
		     struct proctor_error *err)
{
	int fd = private_dir_open(path, name, err), ret = 0;
	char part[32768];
	ssize_t n;

	if (fd < 0)
		return fd;
	while (ret == 0 && (n = read(fd, part, sizeof(part))) != 0) {
		if (n > 0 && (size_t)n > max_bytes - b->nbytes)
			ret = error_set(err, -EFBIG, "%s/%s is larger than %zu bytes", path, name, max_bytes);
		else if (n > 0)
			bytes_append(b, part, (size_t)n);
		else if (errno != EINTR)
			ret = error_sys(err, errno, "cannot read %s/%s", path, name);
	}
	if (ret == 0 && b->failed)
		ret = error_set(err, -ENOMEM, "no memory to read %s/%s", path, name);
	close(fd);
	return ret;
}
