/* SPDX-License-Identifier: MIT */
/*
 * The key by which a plan knows a file again, whatever path leads to it: its directory, and its
 * name in that. Two names in one directory are two files, even if one is a link to the other: a
 * program may look at the name by which it is called.
 */
#ifndef PLAN_FILE_KEY_H
#define PLAN_FILE_KEY_H

#include "base/arena.h"

#include <stdbool.h>
#include <sys/types.h>

struct file_key {
	dev_t dev;		/* of the directory; 0, 0: it is not there, and `name` is the path */
	ino_t ino;
	const char *name;	/* points into the path that the key was made of */
};

struct file_key file_key_of(const char *path);
bool file_key_equal(const struct file_key *a, const struct file_key *b);

/* Files that are remembered; all zero is none. */
struct file_set {
	void *keys;		/* tsearch: struct file_key */
	const char *last_path;	/* of the file that was last remembered; NULL: none was */
	struct file_key last;
};

void file_set_fini(struct file_set *set);
/* Remembers the file at `path`. The path has to live as long as `arena`, in which the key is made.
 * `*kept` is the key; NULL: the file was remembered before. -ENOMEM. */
int file_set_remember(struct file_set *set, struct arena *arena, const char *path,
		      struct file_key **kept);
/* Forgets the file with this key. NULL is allowed. */
void file_set_forget(struct file_set *set, const struct file_key *kept);

#endif
