/* SPDX-License-Identifier: MIT */
/* Files that the kernel executes: may they be, and why did it refuse? */
#ifndef BASE_PROGRAM_H
#define BASE_PROGRAM_H

#include "base/error.h"

#include <stdbool.h>
#include <sys/stat.h>

/* True if `head`, the first bytes of a file, is a script's: "#!". */
bool program_is_script(const void *head, size_t nhead);
/* Checks that the file may be executed at all. -ENOTSUP: no execute permission. */
int program_check(const struct stat *st, const char *path, struct proctor_error *err);
/* The kernel refused to execute it, and `err` has its errno: says why where the file itself shows it, as
 * a missing interpreter is told as a missing file, and another machine's format as an error. */
void program_explain(const char *path, struct proctor_error *err);

#endif
