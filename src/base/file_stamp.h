/* SPDX-License-Identifier: MIT */
/*
 * What a file was like when it was looked at: enough to find out later that another file is in its
 * place, or that it was written to. Taken by the plan, compared by the run and, in another process,
 * by the host.
 */
#ifndef BASE_FILE_STAMP_H
#define BASE_FILE_STAMP_H

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

struct file_stamp {		/* all zero: unknown */
	uint64_t dev, ino;
	uint64_t nbytes;
	int64_t mtime_ns, ctime_ns;
	/* A change of one of these moves the change time, too, though the content is the same. */
	uint32_t mode, uid, gid, nlink;
};

enum file_change {
	FILE_SAME,
	FILE_WRITTEN,		/* the same file, but not as it was */
	FILE_REPLACED,		/* another file is in its place; the old one may still be open */
	FILE_GONE,
};

static inline int64_t file_time_ns(const struct timespec *ts)
{
	return (int64_t)ts->tv_sec * 1000000000 + ts->tv_nsec;
}

static inline struct file_stamp file_stamp_of(const struct stat *st)
{
	return (struct file_stamp){
		.dev = st->st_dev, .ino = st->st_ino, .nbytes = (uint64_t)st->st_size,
		.mtime_ns = file_time_ns(&st->st_mtim), .ctime_ns = file_time_ns(&st->st_ctim),
		.mode = st->st_mode, .uid = st->st_uid, .gid = st->st_gid,
		.nlink = (uint32_t)st->st_nlink,
	};
}

static inline enum file_change file_compare(const struct file_stamp *then,
					    const struct file_stamp *now)
{
	bool attributes = then->mode != now->mode || then->uid != now->uid ||
			  then->gid != now->gid || then->nlink != now->nlink;

	if (then->dev != now->dev || then->ino != now->ino)
		return FILE_REPLACED;
	if (then->nbytes != now->nbytes || then->mtime_ns != now->mtime_ns)
		return FILE_WRITTEN;
	/* Programs can set the modification time back, but not the change time. */
	if (then->ctime_ns != now->ctime_ns && !attributes)
		return FILE_WRITTEN;
	return FILE_SAME;
}

/* Has the file at `path` changed? If it cannot be looked at, says no: who opens it then will get
 * the error. */
static inline enum file_change file_look(const char *path, const struct file_stamp *then)
{
	struct file_stamp now;
	struct stat st;

	if (then->ino == 0)
		return FILE_SAME;
	if (stat(path, &st) < 0)
		return errno == ENOENT || errno == ENOTDIR ? FILE_GONE : FILE_SAME;
	now = file_stamp_of(&st);
	return file_compare(then, &now);
}

/* Follows the name of the file in a sentence. */
static inline const char *file_change_words(enum file_change change)
{
	switch (change) {
	case FILE_SAME:		return "is as it was";
	case FILE_WRITTEN:	return "was written to after the run had looked at it";
	case FILE_REPLACED:	return "was replaced by another file after the run had looked at it";
	case FILE_GONE:		return "was removed after the run had looked at it";
	}
	return "";	/* not reached */
}

#endif
