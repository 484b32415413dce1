/* SPDX-License-Identifier: MIT */
/*
 * The ELF files of crashes, kept open from one crash to the next in one libdw session: opening one
 * means to decompress its debug information, and every crash has libc on its stack.
 *
 * Each host has its libraries elsewhere, so no file stays where a crash had it: a file has a place
 * of its own in the session, in the kernel's half of the address space, where nothing of a
 * process is. What is handed to libdw and comes back is translated (session_address() and back).
 */
#ifndef SYMBOLIZER_FILES_H
#define SYMBOLIZER_FILES_H

#include "base/error.h"
#include "wire/crash.h"

#include <elfutils/libdwfl.h>
#include <stdbool.h>
#include <sys/stat.h>

enum module_state {
	MODULE_UNREAD,		/* no address of it was seen on the stack */
	MODULE_REPORTED,	/* libdw has it */
	MODULE_UNUSABLE,	/* gone, or no file of this machine */
	MODULE_CHANGED,		/* another build id than the one that ran */
};

#define NO_MODULE SIZE_MAX

struct file {
	char *path;
	struct stat st;			/* when it was read */
	uint8_t build_id[PAGE_BUILD_ID_MAX];
	size_t nbuild_id;
	bool usable;			/* libdw has it */
	size_t module;			/* of this crash, as an index, or NO_MODULE */
};

struct files {
	Dwfl *dwfl;
	struct file *list;		/* the first is at the first place, and so on */
	size_t nlist, cap;
	uint64_t copied_bytes;		/* in memory */
	/* Of this crash. */
	const struct module_list *modules;
	enum module_state *states;	/* of each module */
	size_t *places;			/* of each module that is MODULE_REPORTED: its file */
	uint64_t left_bytes;		/* that may be copied */
	unsigned nread;
};

int files_init(struct files *files, struct proctor_error *err);

/* Between these, `modules` are those of a crash. */
int files_begin(struct files *files, const struct module_list *modules, struct proctor_error *err);
void files_end(struct files *files);

/* Reads the file of module `i`, if that was not done for an earlier crash and it is the same. */
void files_use(struct files *files, size_t i);

/* Where libdw has what is at `address` in the crash, and the way back; as it is if that is in no
 * file that libdw has. */
uint64_t session_address(const struct files *files, uint64_t address);
uint64_t crash_address(const struct files *files, uint64_t address);

/* What is kept, as memory. */
uint64_t files_bytes(const struct files *files);

#endif
