/* SPDX-License-Identifier: MIT */
#include "base/file_replace.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/output.h"

bool replacement_in_place(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 && !S_ISREG(st.st_mode);
}

static int cannot_write(const char *path, int errnum, struct proctor_error *err)
{
	return error_sys(err, errnum, "cannot write %s", path);
}

/* Is `fd` open on the regular file that has that name now? */
static bool file_is_at(int fd, const char *path)
{
	struct stat open, named;

	return fstat(fd, &open) == 0 && lstat(path, &named) == 0 && S_ISREG(named.st_mode) &&
	       open.st_dev == named.st_dev && open.st_ino == named.st_ino;
}

/* There is a file of the temporary name already. If it is not locked, a proctor that was killed has
 * left it: it is removed. */
static int leftover_remove(const char *temporary, const char *path, struct proctor_error *err)
{
	int ret, fd = open(temporary, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);

	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0)
		return cannot_write(temporary, errno, err);
	ret = output_lock(fd, path, err);
	if (ret == 0 && file_is_at(fd, temporary) && unlink(temporary) < 0 && errno != ENOENT)
		ret = cannot_write(temporary, errno, err);
	close(fd);
	return ret;
}

/* Makes the temporary file, and never uses one that is there: as its name can be foreseen, somebody
 * may have put a link there. The lock on it tells other proctors that the report is being made. */
static int temporary_open(const char *temporary, const char *path, struct proctor_error *err)
{
	for (;;) {
		int ret, fd = open(temporary, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);

		if (fd < 0 && errno != EEXIST)
			return cannot_write(path, errno, err);
		if (fd < 0) {
			ret = leftover_remove(temporary, path, err);
			if (ret < 0)
				return ret;
			continue;
		}
		ret = output_lock(fd, path, err);
		if (ret == 0 && file_is_at(fd, temporary))
			return fd;
		close(fd);
		if (ret < 0)
			return ret;
	}
}

/* Opens and locks the old file, which may have other names, under which another proctor could write
 * to it. -1: there is none, or it may not be opened. */
static int old_open(const char *path, struct proctor_error *err, int *ret)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);

	*ret = fd < 0 ? 0 : output_lock(fd, path, err);
	return fd;
}

/* Gives the new file the permissions of the old one. The owner may always read and write it: the
 * next proctor must be able to open, and remove, what one that was killed has left. */
static void mode_keep(const char *path, int fd)
{
	struct stat st;

	if (lstat(path, &st) == 0 && S_ISREG(st.st_mode))
		fchmod(fd, (st.st_mode & 0777) | S_IRUSR | S_IWUSR);
}

/* Returns the descriptor to write to, or a negative errno; opens r->old_fd. */
static int replacement_open_fd(struct replacement *r, bool in_place, struct proctor_error *err)
{
	bool shared;
	int ret;

	if (in_place) {
		ret = output_open(r->path, &shared, err);
		r->overwrites = ret >= 0 && !shared;
		return ret;
	}
	if (asprintf(&r->temporary, "%s.proctor-new", r->path) < 0) {
		r->temporary = NULL;
		return cannot_write(r->path, ENOMEM, err);
	}
	r->old_fd = old_open(r->path, err, &ret);
	if (ret == 0)
		ret = temporary_open(r->temporary, r->path, err);
	if (ret >= 0)
		mode_keep(r->path, ret);
	return ret;
}

static void replacement_fini(struct replacement *r)
{
	if (r->old_fd >= 0)
		close(r->old_fd);
	free(r->temporary);
}

int replacement_open(struct replacement *r, const char *path, struct proctor_error *err)
{
	int fd, error;

	*r = (struct replacement){ .path = path, .old_fd = -1 };
	fd = replacement_open_fd(r, replacement_in_place(path), err);
	if (fd < 0) {
		replacement_fini(r);
		return fd;
	}
	r->file = fdopen(fd, "w");
	if (r->file)
		return 0;
	error = errno;
	if (r->temporary)
		unlink(r->temporary);
	close(fd);
	replacement_fini(r);
	return cannot_write(path, error, err);
}

static int file_cut(FILE *f)
{
	off_t at = lseek(fileno(f), 0, SEEK_CUR);
	struct stat st;

	if (at < 0 || fstat(fileno(f), &st) < 0 || !S_ISREG(st.st_mode) || st.st_size <= at)
		return 0;
	return ftruncate(fileno(f), at) < 0 ? errno : 0;
}

/* 0, or the errno of the first failure. stdio does not keep it: if there was one, another write is
 * tried to get it again (the file is given up in any case). `cut`: drops what the file had beyond
 * this. */
static int file_close(FILE *f, bool cut)
{
	int error = fflush(f) != 0 ? errno : 0;

	if (error == 0 && ferror(f))
		error = write(fileno(f), "\n", 1) < 0 ? errno : EIO;
	if (error == 0 && cut)
		error = file_cut(f);
	if (fclose(f) != 0 && error == 0)
		error = errno;
	return error;
}

int replacement_close(struct replacement *r, int ret, struct proctor_error *err)
{
	/* A copy of the descriptor keeps the lock until the file was renamed or removed. */
	int locked_fd = fcntl(fileno(r->file), F_DUPFD_CLOEXEC, 3);
	int error = file_close(r->file, ret == 0 && r->overwrites);

	if (ret == 0 && error == 0 && r->temporary && rename(r->temporary, r->path) < 0)
		error = errno;
	if (ret == 0 && error != 0)
		ret = cannot_write(r->path, error, err);
	if (ret < 0 && r->temporary)
		unlink(r->temporary);
	if (locked_fd >= 0)
		close(locked_fd);
	replacement_fini(r);
	return ret;
}
