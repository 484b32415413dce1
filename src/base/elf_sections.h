/* SPDX-License-Identifier: MIT */
/*
 * The sections, symbols and segments of an ELF file of 64 bits, program or library, as its headers
 * tell them. The file may be damaged: what is copied lies within it.
 */
#ifndef BASE_ELF_SECTIONS_H
#define BASE_ELF_SECTIONS_H

#include <gelf.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

struct elf_sections {
	int fd;
	Elf *elf;
	struct stat st;
	size_t names;			/* the section with the names of the sections */
};

/* False: it cannot be read, or is no such file. */
bool elf_sections_open(struct elf_sections *e, const char *path);
void elf_sections_close(struct elf_sections *e);

/* The section behind `scn` (NULL: the first), its header and its name; NULL: there is none. */
Elf_Scn *elf_sections_next(const struct elf_sections *e, Elf_Scn *scn, GElf_Shdr *shdr, const char **name);
/* Copies what the file has for `nbytes` at link-time address `at`. */
bool elf_sections_copy(const struct elf_sections *e, uint64_t at, uint64_t nbytes, void *to);

#define ELF_NOT_LOADED UINT64_MAX
/* The link-time address of a place in the file; ELF_NOT_LOADED: the loader leaves it out. */
uint64_t elf_sections_address(const struct elf_sections *e, uint64_t offset);
/* The same of its program headers. */
uint64_t elf_sections_phdrs(const struct elf_sections *e);
/* Is there a loader that could preload something? A static program may have a dynamic section,
 * too. */
bool elf_sections_have_loader(const struct elf_sections *e);

#endif
