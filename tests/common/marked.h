/* SPDX-License-Identifier: MIT */
/* Processes that carry a mark, NAME=VALUE, in the environment that they were started with. */
#ifndef TESTS_COMMON_MARKED_H
#define TESTS_COMMON_MARKED_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* At most `size` bytes of /proc/PID/FILE; -1: gone, or not ours. */
ssize_t proc_read(pid_t pid, const char *file, char *buf, size_t size);
bool process_is_marked(pid_t pid, const char *mark);
/* A process called `comm` whose parent is `parent`; 0: none. */
pid_t process_child(pid_t parent, const char *comm);

#endif
