/* SPDX-License-Identifier: MIT */
/*
 * The private directories of a run's processes. All lie beside each other under TMPDIR and are called
 * proctor-RUN-NUMBER: so a test that removes another one's, or all, costs no test that comes later, and the guard
 * finds them when proctor was killed. Their paths are short, as the path of a socket has room for 107 bytes. One that was
 * emptied is used again: to make and remove a directory on a disk takes longer than a small program runs.
 */
#ifndef HOSTS_TEMP_DIRS_H
#define HOSTS_TEMP_DIRS_H

#include "base/child_environment.h"
#include "base/error.h"
#include "base/texts.h"

#include <pthread.h>
#include <stdbool.h>

#define TEMP_PREFIX_BYTES 24

/* All zero: not open. */
struct temp_dirs {
	/* Constant once it is open. */
	char *under;			/* TMPDIR, or /tmp: absolute, without links */
	int fd;				/* that directory */
	char prefix[TEMP_PREFIX_BYTES];	/* of all of their names */
	bool keep;			/* what is not empty stays */
	_Atomic unsigned nmade;
	_Atomic bool kept;		/* at least one has stayed */
	pthread_mutex_t lock;
	/* Under lock: the names of those that could not be emptied, and of those that nobody uses. */
	struct texts left;
	struct texts spare;
};

/* Sees to it that directories can be made there. On failure nothing is held. */
int temp_dirs_open(struct temp_dirs *t, const char *run_id, bool keep, struct proctor_error *err);
/* When all are given back: removes them. The error names the first that stays, and how many others do. */
int temp_dirs_finish(struct temp_dirs *t, struct proctor_error *err);
/* Ends it, without a word. */
void temp_dirs_close(struct temp_dirs *t);

/* Tells the absolute path, on the heap, of one that is empty and nobody else's until it is given back. Any thread, as
 * with the next two. */
int temp_dirs_take(struct temp_dirs *t, char **path, struct proctor_error *err);
/* Removes what is in it, and frees the path, which becomes NULL; it may be that before. What cannot be removed is tried
 * again at the end. */
void temp_dirs_give(struct temp_dirs *t, char **path);
/* The same for one that `keep` is about. */
void temp_dirs_leave(struct temp_dirs *t, char **path);
/* Will it stay, for what is in it? */
bool temp_dirs_keeps(const struct temp_dirs *t, const char *path);

/* Has a process find the directory: sets the variables that tests look at. -ENOMEM. */
int temp_dir_tell(struct child_environment *env, const char *path);
/* Those of them that name the one directory name the other from then on. -ENOMEM. */
int temp_dir_tell_other(struct child_environment *env, const char *from, const char *to);

#endif
