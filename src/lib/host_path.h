/* SPDX-License-Identifier: MIT */
#ifndef LIB_HOST_PATH_H
#define LIB_HOST_PATH_H

#include "base/error.h"

/*
 * Where proctor-host is: `asked` if it is not NULL, else beside the running program or the shared
 * library, in ../libexec/proctor from there, or where it was configured to be installed. `*path`
 * is heap. -ENOENT: the sentence names where it was looked for.
 */
int host_path_find(const char *asked, char **path, struct proctor_error *err);

/* The library to preload into executables with coverage, which lies beside the host. Allocated. */
int host_path_preload(const char *host_path, char **path, struct proctor_error *err);

/* proctor-symbolizer, which lies beside the host, too; it is not looked for. Allocated. */
int host_path_symbolizer(const char *host_path, char **path, struct proctor_error *err);

#endif
