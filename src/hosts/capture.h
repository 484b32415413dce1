/* SPDX-License-Identifier: MIT */
/*
 * What one test wrote to one stream: all of it up to a bound, else its head and its tail and how
 * much there was. And the cutter, which cuts the byte stream of a host into captures at the
 * markers (wire/page.h). Supervisor's thread.
 */
#ifndef HOSTS_CAPTURE_H
#define HOSTS_CAPTURE_H

#include "wire/page.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct capture {		/* all zero is an empty one */
	char *bytes;		/* the first half of the bound, then a ring of the last bytes */
	size_t nbytes, cap_bytes;
	size_t ring_at;		/* once full: where the next byte goes */
	uint64_t total_bytes;	/* written by the test, kept or not */
};

/* Appends; past `max_bytes` the middle is dropped. If there is no memory, the bytes are only
 * counted. */
void capture_append(struct capture *c, const char *bytes, size_t nbytes, size_t max_bytes);
/* Moves what `from` holds behind `to`, as if its bytes, the dropped ones too, had been appended. */
void capture_join(struct capture *to, struct capture *from, size_t max_bytes);
/* Takes the bytes out, in order (to be freed), and leaves an empty capture. Behind the first
 * `*nhead` bytes is the gap; equal to `*nbytes`: there is none. NULL: nothing was kept. */
char *capture_take(struct capture *c, size_t max_bytes, size_t *nbytes, size_t *nhead,
		   uint64_t *total_bytes);
void capture_free(struct capture *c);

/* A capture that a marker closed and no result has claimed yet. */
struct cut {
	struct cut *next;
	uint32_t serial;
	bool at_exit;		/* behind MARKER_LAST: of suite `serial` - MARKER_EXIT */
	struct capture capture;
};

struct cutter {
	uint8_t key[MARKER_KEY_BYTES];
	bool marked;		/* false: no markers in this stream (an executable) */
	size_t max_bytes;
	char held[MARKER_BYTES];	/* the start of what may become a marker */
	size_t nheld;
	uint32_t serial;	/* of the last marker seen; 0: none */
	bool last;		/* MARKER_LAST was seen */
	bool lost;		/* no memory: output of a test is missing, and not counted */
	struct capture open;	/* since that marker */
	struct cut *cuts, **cuts_tail;	/* closed and not empty, oldest first */
	size_t ncut_bytes;		/* that these hold */
	/* Older than what was claimed, of a stream without markers: those tests are told of later. */
	struct cut *passed, **passed_tail;
};

void cutter_init(struct cutter *c, const uint8_t *key, size_t max_bytes);
void cutter_fini(struct cutter *c);
/* The next bytes of the stream. */
void cutter_feed(struct cutter *c, const char *bytes, size_t nbytes);
/* In a stream without markers: what came so far is of test `serial` and those before it. */
void cutter_cut(struct cutter *c, uint32_t serial);
/* The stream is over: the bytes that were held back are no marker. */
void cutter_end(struct cutter *c);
/* Moves the output of test `serial` to `out`, which is empty if the test wrote nothing. In a stream with markers
 * that of older tests is dropped. */
void cutter_claim(struct cutter *c, uint32_t serial, struct capture *out);
/* To be called when all tests' output was claimed: moves what one suite wrote at the exit of the
 * host to `out`. False: there is no more. */
bool cutter_claim_exit(struct cutter *c, uint32_t *suite, struct capture *out);

#endif
