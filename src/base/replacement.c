/* SPDX-License-Identifier: MIT */
#include "base/replacement.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

bool replacement_in_place(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 && !S_ISREG(st.st_mode);
}

static int cannot_write(const char *path, int errnum, struct proctor_error *err)
{
	return error_sys(err, errnum, "cannot write %s", path);
}

/* A file of that name is left of a process that was killed. */
static int temporary_open(const char *temporary)
{
	unlink(temporary);
	return open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
}

int replacement_open(struct replacement *r, const char *path, struct proctor_error *err)
{
	bool in_place = replacement_in_place(path);
	int fd, error;

	*r = (struct replacement){ .path = path };
	if (!in_place && asprintf(&r->temporary, "%s.%ld.tmp", path, (long)getpid()) < 0)
		return cannot_write(path, ENOMEM, err);
	fd = in_place ? open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666)
		      : temporary_open(r->temporary);
	r->file = fd < 0 ? NULL : fdopen(fd, "w");
	if (r->file)
		return 0;
	error = errno;
	if (fd >= 0)
		close(fd);
	if (fd >= 0 && r->temporary)
		unlink(r->temporary);
	free(r->temporary);
	return cannot_write(path, error, err);
}

/* 0, or the errno of the first failure; where stdio has forgotten it, that of another attempt, for
 * which a file that is given up anyway is good enough. */
static int file_close(FILE *f)
{
	int error = fflush(f) != 0 ? errno : 0;

	if (error == 0 && ferror(f))
		error = write(fileno(f), "\n", 1) < 0 ? errno : EIO;
	if (fclose(f) != 0 && error == 0)
		error = errno;
	return error;
}

int replacement_close(struct replacement *r, int ret, struct proctor_error *err)
{
	int error = file_close(r->file);

	if (ret == 0 && error == 0 && r->temporary && rename(r->temporary, r->path) < 0)
		error = errno;
	if (ret == 0 && error != 0)
		ret = cannot_write(r->path, error, err);
	if (ret < 0 && r->temporary)
		unlink(r->temporary);
	free(r->temporary);
	return ret;
}
