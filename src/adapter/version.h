/* SPDX-License-Identifier: MIT */
/*
 * The version of the framework that a program was built with, where its file shows it. Many do not: what they
 * print as their version are numbers in their code. Programs are not run for it.
 */
#ifndef ADAPTER_VERSION_H
#define ADAPTER_VERSION_H

#include <stdbool.h>
#include <stddef.h>

/* Where in the file it stands. */
struct version_mark {
	const char *section;	/* NULL: nowhere */
	const char *behind;	/* it follows this text; NULL: it is the section's only text of the form 1.2.3 */
	bool counted;		/* the byte before `behind` says how long that text and the version are together */
};

/*
 * The version in the bytes of the section: `*nversion` of them. NULL: there is none, or several that differ, so that
 * nobody can say which is the framework's.
 */
const char *version_find(const struct version_mark *mark, const char *bytes, size_t nbytes,
			 size_t *nversion);

/* The same of a file, as text. False: it does not show one, or cannot be read. */
bool version_of_file(const struct version_mark *mark, const char *path, char *text, size_t ntext);

#endif
