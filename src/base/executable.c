/* SPDX-License-Identifier: MIT */
#include "base/executable.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/elf.h"

bool executable_is_script(const void *head, size_t nhead)
{
	return nhead >= 2 && memcmp(head, "#!", 2) == 0;
}

int executable_check(const struct stat *st, const char *path, struct proctor_error *err)
{
	if (!(st->st_mode & (S_IXUSR | S_IXGRP | S_IXOTH)))
		return error_set(err, -ENOTSUP, "%s is a program but has no execute "
					 "permission", path);
	return 0;
}

/* The interpreter of a script: the path after "#!". */
static void script_interpreter(const char *head, size_t nhead, char *interpreter, size_t max)
{
	size_t at = 2, n = 0;

	while (at < nhead && (head[at] == ' ' || head[at] == '\t'))
		at++;
	while (at < nhead && n + 1 < max && head[at] && !strchr(" \t\n", head[at]))
		interpreter[n++] = head[at++];
	interpreter[n] = '\0';
}

static void explain_missing(int fd, const char *head, size_t nhead, const char *path,
			    struct proctor_error *err)
{
	char interpreter[PATH_MAX] = "";

	if (executable_is_script(head, nhead))
		script_interpreter(head, nhead, interpreter, sizeof(interpreter));
	else if (elf_is(head, nhead))
		elf_interpreter(fd, head, nhead, interpreter, sizeof(interpreter));
	if (*interpreter && access(interpreter, F_OK) < 0)
		error_sys(err, errno, "cannot start %s: its interpreter %s", path, interpreter);
}

void executable_explain(const char *path, struct proctor_error *err)
{
	int fd, code = err->code;
	char head[ELF_HEAD_BYTES], unknown[32];
	const char *machine;
	ssize_t n;

	if (code != -ENOENT && code != -ENOEXEC)
		return;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	n = fd >= 0 ? pread(fd, head, sizeof(head), 0) : -1;
	machine = n > 0 ? elf_foreign(head, (size_t)n, unknown) : NULL;
	if (n > 0 && code == -ENOENT)
		explain_missing(fd, head, (size_t)n, path, err);
	else if (machine)
		error_sys(err, ENOEXEC, "cannot start %s: it is built for %s", path, machine);
	err->code = code;
	if (fd >= 0)
		close(fd);
}

/* The entry of PATH that begins at `dir`; an empty one is the working directory. */
static char *path_entry(const char *dir, size_t ndir, const char *name)
{
	char *path;

	if (asprintf(&path, "%.*s/%s", ndir > 0 ? (int)ndir : 1, ndir > 0 ? dir : ".", name) < 0)
		return NULL;
	return path;
}

int executable_search(const char *name, char **path)
{
	const char *dir = getenv("PATH");
	struct stat st;

	if (!dir)
		dir = "/usr/bin:/bin";
	for (bool last = strchr(name, '/') != NULL || !*name;; dir++) {
		size_t ndir = strcspn(dir, ":");

		*path = strchr(name, '/') ? strdup(name) : path_entry(dir, ndir, name);
		if (!*path)
			return -ENOMEM;
		if (*name && stat(*path, &st) == 0 && S_ISREG(st.st_mode) && access(*path, X_OK) == 0)
			return 0;
		free(*path);
		dir += ndir;
		if (last || !*dir)
			return -ENOENT;
	}
}
