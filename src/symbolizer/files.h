/* SPDX-License-Identifier: MIT */
/*
 * The ELF files of crashes: programs and libraries. They stay open from one crash to the next, in
 * one session of libdw, because it is slow to open one (its debug information is decompressed), and
 * many are in every crash (libc, for one).
 *
 * The same library lies at another address in each process. So in the session each file has an
 * address of its own choosing, its place, in the half of the address space that belongs to the
 * kernel: no address of a crash is there. Addresses are translated on their way to libdw and back:
 * session_address(), crash_address().
 */
#ifndef SYMBOLIZER_FILES_H
#define SYMBOLIZER_FILES_H

#include "base/error.h"
#include "wire/crash_record.h"

#include <elfutils/libdwfl.h>
#include <stdbool.h>
#include <sys/stat.h>

enum module_state {
	MODULE_UNREAD,		/* its file was not needed so far */
	MODULE_REPORTED,	/* libdw has its file */
	MODULE_UNUSABLE,	/* its file is gone, or is no ELF file of this machine */
	MODULE_CHANGED,		/* its file has another build id than what ran had */
};

#define NO_MODULE SIZE_MAX

struct file {
	char *path;
	struct stat st;			/* as it was when it was read */
	uint8_t build_id[PAGE_BUILD_ID_MAX];
	size_t nbuild_id;
	bool usable;			/* libdw has it */
	size_t module;			/* which module of this crash it is; or NO_MODULE */
};

struct files {
	Dwfl *dwfl;
	struct file *list;		/* the first has the first place, and so on */
	size_t nlist, cap;
	uint64_t copied_bytes;		/* the copies of files that are kept in memory */
	/* Of this crash. */
	const struct module_list *modules;
	enum module_state *states;	/* of each module */
	size_t *places;			/* of each that is MODULE_REPORTED: its file in `list` */
	uint64_t left_bytes;		/* how much more may be copied for it */
	unsigned nread;			/* files that were read for it */
};

int files_init(struct files *files, struct proctor_error *err);

/* Begins and ends the work on one crash, of which `modules` are lent until files_end(). */
int files_begin(struct files *files, const struct module_list *modules, struct proctor_error *err);
void files_end(struct files *files);

/* Reads the file of module `i`, unless it was read for an earlier crash and has not changed
 * since. */
void files_use(struct files *files, size_t i);

/* Translates an address of the crash to the session's, and back. An address that is in no file that
 * libdw has stays as it is. */
uint64_t session_address(const struct files *files, uint64_t address);
uint64_t crash_address(const struct files *files, uint64_t address);

/* How much memory the session takes. */
uint64_t files_bytes(const struct files *files);

#endif
