/* SPDX-License-Identifier: MIT */
/*
 * What a worker and proctor-symbolizer say to each other over a stream socket: a crash as the page
 * had it, and the frames as text. Both are of one build and on one machine. A crash is a hostile
 * program's work and the symbolizer reads hostile files, so each side checks what it reads.
 */
#ifndef WIRE_SYMBOLS_H
#define WIRE_SYMBOLS_H

#include "base/error.h"
#include "wire/crash_record.h"

#include <stdbool.h>

#define SYMBOLS_MAGIC 0x70726f637379316dull
/* 64 lines of three names, each cut at 512 bytes, and more. */
#define SYMBOLS_TEXT_MAX (128 * 1024)
/* The symbolizer ends itself after so long with one crash: nobody may be left to end it. */
#define SYMBOLS_SECONDS_MAX 60

/* How the symbolizer exits where libdw found no memory. */
#define SYMBOLS_EXIT_NO_MEMORY 3

/* Then come `nmodules` of the next, the stack, and the paths, each with a NUL behind. */
struct symbols_request {
	uint64_t magic;
	uint32_t nregs, nstack, nmodules, npaths;
	uint64_t regs[PAGE_REGS_MAX];
	uint64_t stack_address;
};

struct symbols_module {
	uint64_t address, start, end;
	uint32_t path;			/* among the paths */
	uint32_t nbuild_id;
	uint8_t build_id[PAGE_BUILD_ID_MAX];
};

/* Then comes the text: the frames, or a sentence if `code` is a negative errno. */
struct symbols_answer {
	uint64_t magic;
	int32_t code;
	uint32_t ntext;
	uint32_t nfiles;		/* that were read for it; those of earlier crashes are kept */
	uint32_t last;			/* 1: it keeps too much by now, and ends itself */
};

/* The request as bytes (heap); NULL: no memory. */
void *symbols_request_pack(const struct crash *crash, const struct module_list *list,
			   size_t *nbytes);
/* How many bytes follow the head; -1: it is no head of a request. */
ssize_t symbols_request_rest(const struct symbols_request *head);
/* From the head and what followed. -EBADMSG; -ENOMEM; on failure both are all zero. */
int symbols_request_unpack(const struct symbols_request *head, const void *rest,
			   struct crash *crash, struct module_list *list);

/* Is it the head of an answer? */
bool symbols_answer_holds(const struct symbols_answer *head);
/* Are `ntext` bytes the lines of frames, numbered from 0, without a control character? */
bool symbols_text_holds(const char *text, size_t ntext);

#endif
