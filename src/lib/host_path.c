/* SPDX-License-Identifier: MIT */
#include "lib/host_path.h"

#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifndef LIBEXECDIR
#define LIBEXECDIR "/usr/local/libexec/proctor"
#endif

static bool usable(const char *path)
{
	return access(path, X_OK) == 0;
}

/* Looks for it beside `file`, then in ../libexec/proctor from there. Allocated; NULL: it is in
 * neither. */
static char *host_near(const char *file)
{
	const char *slash = strrchr(file, '/');
	int ndir = slash ? (int)(slash - file) : 0;
	char *path;

	if (!slash || asprintf(&path, "%.*s/proctor-host", ndir, file) < 0)
		return NULL;
	if (usable(path))
		return path;
	free(path);
	if (asprintf(&path, "%.*s/../libexec/proctor/proctor-host", ndir, file) < 0)
		return NULL;
	if (usable(path))
		return path;
	free(path);
	return NULL;
}

int host_path_find(const char *asked, char **path, struct proctor_error *err)
{
	char program[PATH_MAX];
	ssize_t n;
	Dl_info info;

	if (asked) {
		if (!usable(asked))
			return error_sys(err, errno, "cannot use %s as the host", asked);
		/* Tests may have another working directory: the path must be absolute. */
		*path = realpath(asked, NULL);
		return *path ? 0 : error_sys(err, errno, "cannot find %s", asked);
	}
	*path = NULL;
	n = readlink("/proc/self/exe", program, sizeof(program) - 1);
	if (n > 0) {
		program[n] = '\0';
		*path = host_near(program);
	}
	if (!*path && dladdr((void *)host_path_find, &info) && info.dli_fname)
		*path = host_near(info.dli_fname);
	if (!*path && usable(LIBEXECDIR "/proctor-host"))
		*path = strdup(LIBEXECDIR "/proctor-host");
	if (!*path)
		return error_set(err, -ENOENT, "cannot find proctor-host beside the program, in its "
				 "../libexec/proctor or in " LIBEXECDIR);
	return 0;
}

/* The path of `name` in the directory of the host. Allocated; NULL: no memory. */
static char *host_path_beside(const char *host_path, const char *name, struct proctor_error *err)
{
	const char *slash = strrchr(host_path, '/');
	char *path;

	if (asprintf(&path, "%.*s/%s", (int)(slash ? slash - host_path : 0), host_path, name) >= 0)
		return path;
	error_set(err, -ENOMEM, "no memory for the path of %s", name);
	return NULL;
}

int host_path_symbolizer(const char *host_path, char **path, struct proctor_error *err)
{
	*path = host_path_beside(host_path, "proctor-symbolizer", err);
	return *path ? 0 : -ENOMEM;
}

static int host_path_library(const char *host_path, const char *name, const char *who, char **path,
			     struct proctor_error *err)
{
	int ret = 0;

	*path = host_path_beside(host_path, name, err);
	if (!*path)
		return -ENOMEM;
	if (access(*path, R_OK) < 0)
		ret = error_sys(err, errno, "cannot use %s, which %s", *path, who);
	else if (strpbrk(*path, " :"))
		/* In LD_PRELOAD these part one path from the next. */
		ret = error_set(err, -EINVAL, "cannot preload %s: its path has a blank or a colon",
				*path);
	return ret;
}

int host_path_preload(const char *host_path, char **path, struct proctor_error *err)
{
	return host_path_library(host_path, "proctor-preload.so", "coverage needs", path, err);
}

int host_path_inject(const char *host_path, char **path, struct proctor_error *err)
{
	return host_path_library(host_path, "proctor-inject.so", "records crashes of programs", path, err);
}
