/* SPDX-License-Identifier: MIT */
/* Libraries that suites need: found as the dynamic linker would find them, each looked at once. */
#ifndef PLAN_LIBRARIES_H
#define PLAN_LIBRARIES_H

#include "base/arena.h"
#include "base/elf.h"
#include "base/file_stamp.h"

#include <stdbool.h>

enum sanitizer {
	SANITIZER_NONE,
	SANITIZER_ADDRESS,
	SANITIZER_THREAD,
};

struct library {
	char *path;
	bool found;		/* is there, and for this machine */
	bool unique;		/* has symbols that exist once in a process (STB_GNU_UNIQUE) */
	struct file_stamp file;	/* as it was when it was read */
	struct elf_build_id build_id;
	char *soname;		/* NULL: none */
	char *rpath, *runpath;	/* NULL: none */
	char **needed;		/* sonames */
	size_t nneeded;
};

/* One library of those that come with a suite, the suite's own first. */
struct loaded {
	const struct library *lib;
	const struct loaded *loader;	/* whose need it is; NULL: the suite itself */
	struct loaded *next;
};

struct libraries;	/* remembers each library looked at, as many suites need the same */

/* NULL: no memory. */
struct libraries *libraries_new(void);
void libraries_free(struct libraries *libs);

/*
 * Finds what `by` needs as `soname`: searches RPATH, `library_path` (LD_LIBRARY_PATH; may be NULL) and RUNPATH
 * ($ORIGIN is understood, other $-words are not). `*lib` is NULL if it is in none of these: then the dynamic
 * linker looks in its default places, which are the same for every suite. -ENOMEM.
 */
int libraries_find(struct libraries *libs, const struct loaded *by, const char *soname,
		   const char *library_path, const struct library **lib);
/* What to preload for a sanitizer's runtime that libraries_find() has not found. -ENOMEM. */
int libraries_runtime(struct libraries *libs, const char *soname, char **preload);

/* Copies what an ELF file says of the libraries it needs, and of itself, into `lib`. -ENOMEM. */
int library_fill(struct library *lib, struct arena *arena, const struct elf_file *f);

/* The same of a program that elf_is_program() knows. -ENOEXEC: it cannot be told. */
int library_fill_program(struct library *lib, struct arena *arena, int fd, const void *head,
			 const struct elf_dynamic *dynamic);

/* What the name of a needed library says: is it the runtime of a sanitizer, and of which? */
bool soname_is_runtime(const char *soname, enum sanitizer *sanitizer);

#endif
