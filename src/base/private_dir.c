/* SPDX-License-Identifier: MIT */
#include "base/private_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

int private_dir_make(char **path, struct proctor_error *err)
{
	const char *under = getenv("TMPDIR");
	char *made, *absolute;

	if (!under || under[0] != '/')
		under = "/tmp";
	if (asprintf(&made, "%s/proctor-XXXXXX", under) < 0)
		return error_sys(err, ENOMEM, "cannot make a temporary directory");
	if (!mkdtemp(made)) {
		int ret = error_sys(err, errno, "cannot make a temporary directory in %s", under);

		free(made);
		return ret;
	}
	/* Where TMPDIR is a link, the process may see another path than it was given. */
	absolute = realpath(made, NULL);
	if (absolute)
		free(made);
	*path = absolute ? absolute : made;
	return 0;
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st, (void)ftw;
	if (type == FTW_DP || type == FTW_DNR)
		return rmdir(path) < 0 && errno != ENOENT ? errno : 0;
	return unlink(path) < 0 && errno != ENOENT ? errno : 0;
}

/* A test may have taken rights away from its own directories: they are its owner's to give back. */
static int open_up(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st, (void)ftw;
	if (type == FTW_DNR || type == FTW_D)
		(void)!chmod(path, S_IRWXU);
	return 0;
}

int private_dir_remove(const char *path, struct proctor_error *err)
{
	int errnum = 0;

	/* The second time finds what was hidden the first. */
	for (int i = 0; i < 8; i++) {
		errnum = nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
		if (errnum < 0)
			errnum = errno;
		if (errnum == 0 || errnum == ENOENT)
			return 0;
		nftw(path, open_up, 16, FTW_PHYS | FTW_MOUNT);
	}
	return error_sys(err, errnum, "the temporary directory %s cannot be removed", path);
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
