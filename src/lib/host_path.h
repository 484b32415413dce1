/* SPDX-License-Identifier: MIT */
#ifndef LIB_HOST_PATH_H
#define LIB_HOST_PATH_H

#include "base/error.h"

/*
 * Where proctor-host is: `asked`, unless that is NULL. Else it is looked for beside the running
 * program and beside the shared library, in ../libexec/proctor from there, and where `make install`
 * puts it. `*path` is allocated. -ENOENT: the sentence says where it was looked for.
 */
int host_path_find(const char *asked, char **path, struct proctor_error *err);

/* The path of the library that is preloaded into executables for coverage; it lies beside the host.
 * Allocated. */
int host_path_preload(const char *host_path, char **path, struct proctor_error *err);

/* The path of what is put into all other programs. The same. */
int host_path_inject(const char *host_path, char **path, struct proctor_error *err);

/* The path of proctor-symbolizer, beside the host; whether it is there is not looked at.
 * Allocated. */
int host_path_symbolizer(const char *host_path, char **path, struct proctor_error *err);

#endif
