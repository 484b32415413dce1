/* SPDX-License-Identifier: MIT */
/* Files that the kernel executes: may they be, and why did it refuse? */
#ifndef BASE_EXECUTABLE_H
#define BASE_EXECUTABLE_H

#include "base/error.h"

#include <stdbool.h>
#include <sys/stat.h>

/* True if `head`, the first bytes of a file, is a script's: "#!". */
bool executable_is_script(const void *head, size_t nhead);
/* May the file be executed at all? -ENOTSUP: no execute permission. */
int executable_check(const struct stat *st, const char *path, struct proctor_error *err);
/* The kernel refused to execute the file, and `err` has its errno, which can mislead: a missing
 * interpreter is reported as if the file were missing. Looks into the file and, if it shows the
 * cause, says that. */
void executable_explain(const char *path, struct proctor_error *err);

/* The path of a program as execvp(3) finds it: `name` itself if it has a slash, else in PATH; allocated.
 * -ENOENT: there is none; -ENOMEM. */
int executable_search(const char *name, char **path);

#endif
