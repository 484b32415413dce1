/* SPDX-License-Identifier: MIT */
/*
 * Reads what is in an ELF file, a library or program, without loading it. The file may be damaged
 * or made to do harm: every offset is checked here, and every pointer given out is to something
 * within the file.
 */
#ifndef BASE_ELF_H
#define BASE_ELF_H

#include "base/error.h"

#include <libelf.h>
#include <sys/stat.h>

/* All that it points to is valid until elf_close(). */
struct elf_file {
	Elf *elf;
	void *image;			/* the whole of a small file; NULL: libelf reads it in parts */
	const char *path;		/* for sentences */
	uint64_t nbytes;
	bool executable;		/* a program: then nothing below is filled */
	bool interpreter;		/* it names a loader (PT_INTERP); libraries may, too */
	const Elf64_Sym *symbols;	/* .dynsym */
	size_t nsymbols;
	const char *strings;		/* its names; the last byte is NUL */
	size_t nstrings;
	const Elf64_Dyn *dynamic;
	size_t ndynamic;
	const char *dynamic_strings;
	size_t ndynamic_strings;
	const char *soname, *rpath, *runpath;	/* NULL: none */
};

/* True if `head`, the first bytes of a file, begins as an ELF file does. */
bool elf_is(const void *head, size_t nhead);

/* So much of a file's beginning holds the segment table, where linkers put it. */
#define ELF_HEAD_BYTES 1024

/* The beginning of a program's dynamic segment; n 0: it has none. */
struct elf_dynamic {
	Elf64_Dyn entries[256];
	size_t n;
};

/*
 * A quick look at the first bytes of a file and at its dynamic segment, which is read into
 * `dynamic`. True: it is a program for this machine, without doubt. False: it may be anything, and
 * elf_open() has to decide. With a thousand test programs this saves most of the reading.
 */
bool elf_is_program(int fd, const void *head, size_t nhead, uint64_t nbytes,
		    struct elf_dynamic *dynamic);

/*
 * Does such a program call one of the functions `names`, going by what it takes from libraries?
 * Also true where that cannot be told: a static program has the functions in itself.
 */
bool elf_program_calls(int fd, const void *head, const struct elf_dynamic *dynamic,
		       const char *const *names, size_t nnames);

/* Has it a note of this owner, "Go" say, among its first ones? */
bool elf_program_has_note(int fd, const void *head, const char *owner);

/*
 * Copies the text at `offset` of those that a program's dynamic segment speaks of, as DT_NEEDED does. False: there
 * is none, or it is longer than `ntext`.
 */
bool elf_dynamic_text(int fd, const void *head, const struct elf_dynamic *dynamic, uint64_t offset,
		      char *text, size_t ntext);

struct elf_build_id {
	unsigned char bytes[64];
	size_t nbytes;			/* 0: there is none */
};

/* Of a program or library for this machine, from its first notes. */
void elf_build_id_read(int fd, const void *head, size_t nhead, struct elf_build_id *id);

/* The interpreter that an executable for this machine names, "" if none can be found. */
void elf_interpreter(int fd, const void *head, size_t nhead, char *path, size_t npath);
/* The machine it is built for, if it is an ELF file and not for this one; else NULL. */
const char *elf_foreign(const void *head, size_t nhead, char unknown[static 32]);

/*
 * Reads the file behind `fd`, which must stay open until elf_close. -ENOEXEC: damaged; -ENOTSUP:
 * for another machine, or neither library nor executable; -ENOMEM. After a failure `f` needs no
 * close.
 */
int elf_open(struct elf_file *f, int fd, uint64_t nbytes, const char *path,
	     struct proctor_error *err);
void elf_close(struct elf_file *f);
/* Opens and reads the file at `path`: its descriptor, which is to be closed after elf_close(). A negative errno: it
 * is no such file. */
int elf_open_path(struct elf_file *f, const char *path, struct stat *st);
/* Was a lack of memory the cause of the last failure here, or has memory been short since the file
 * was opened? Then nothing is known of the file. */
bool elf_no_memory(void);

/* The name of symbol `i`; "" if it has none. */
const char *elf_symbol_name(const struct elf_file *f, size_t i);
static inline bool elf_symbol_defined(const Elf64_Sym *symbol)
{
	return symbol->st_shndx != SHN_UNDEF;
}

/* Goes through the needed libraries: the soname of the next one from entry `*i` on; `*i` becomes
 * the entry after it. NULL: there are no more. */
const char *elf_needed(const struct elf_file *f, size_t *i);

/* The initial contents of the variable `symbol`, of `nbytes`; NULL if the file has less. */
const void *elf_data(const struct elf_file *f, const Elf64_Sym *symbol, size_t nbytes);

#endif
