/* SPDX-License-Identifier: MIT */
/* Removes a directory with all that is in it, also while others still change it: nothing outside of it is touched. */
#ifndef BASE_TREE_REMOVE_H
#define BASE_TREE_REMOVE_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Removes `name`, which lies in the directory `dir_fd`; links are removed, not followed, and what is mounted within it
 * stays. Rights that were taken from its directories are put back for that. Returns 0, also where it is not there;
 * else a negative errno, and `left` is the path, below `name`, of the first that could not be removed.
 */
int tree_remove(int dir_fd, const char *name, char *left, size_t nleft);
/* The same for all that is in it: it is an empty directory then, that its owner alone may use. -ENOENT: it is not
 * there. Where there is nothing in it this is quick, and does not write to the file system. */
int tree_empty(int dir_fd, const char *name, char *left, size_t nleft);
/* Is it such a directory, as far as can be seen without reading it? */
bool tree_is_private(int dir_fd, const char *name);

#endif
