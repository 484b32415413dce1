/* SPDX-License-Identifier: MIT */
/* Executables as suites: one test each, called as the file is. */
#ifndef ADAPTER_EXE_H
#define ADAPTER_EXE_H

#include "base/error.h"

#include <sys/stat.h>

/* True if `head`, the first bytes of a file, is a script's: "#!". */
bool exe_is_script(const void *head, size_t nhead);
/* Checks that the file may be executed at all. -ENOTSUP: no execute permission. */
int exe_check(const struct stat *st, const char *path, struct proctor_error *err);
/* The kernel refused to execute it, and `err` has its errno: says why where the file itself shows it, as
 * a missing interpreter is told as a missing file, and another machine's format as an error. */
void exe_explain(const char *path, struct proctor_error *err);

#endif
