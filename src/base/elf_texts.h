/* SPDX-License-Identifier: MIT */
/*
 * The read-only data of a program for this machine: its constants, and the names of what it takes from
 * libraries. Read when it is first searched, so that a program that nobody asks about costs nothing.
 */
#ifndef BASE_ELF_TEXTS_H
#define BASE_ELF_TEXTS_H

#include <stdbool.h>
#include <stddef.h>

struct elf_texts {		/* all but the first two is zero before */
	int fd;			/* lent */
	const void *head;	/* of a file that elf_is_program() has approved; lent */
	bool read;
	char *bytes;
	size_t nbytes;
};

/* Does the data hold `text`? Also false where there is no memory to read it, or it cannot be read. */
bool elf_texts_have(struct elf_texts *t, const char *text);
void elf_texts_fini(struct elf_texts *t);

#endif
