/* SPDX-License-Identifier: MIT */
/*
 * A program's list of tests as bytes of a file, and back. Nothing in such a file is believed unchecked: whatever its
 * bytes are, what comes out is a list, or nothing.
 */
#ifndef PLAN_LIST_FILE_H
#define PLAN_LIST_FILE_H

#include "adapter/adapter.h"
#include "base/arena.h"
#include "base/bytes.h"
#include "plan/model.h"

/* What is kept of one program. Texts are lent by the bytes. */
struct kept_list {
	const struct adapter *adapter;
	const struct listed *tests;
	size_t ntests;
	int64_t asked_s;		/* when it was asked, as time(2) has it */
	uint64_t sum;			/* by which the file is known again */
	struct program_times times;
};

/* Appends it to `file`, without times; no memory: file->failed. Returns the sum. */
uint64_t list_file_write(struct bytes *file, const struct bytes *key, const struct adapter *adapter,
			 const struct listing *list, int64_t asked_s);

/* The list that `bytes`, aligned for any type, hold for this key; memory comes from `arena`. False: they are nothing of
 * the kind. */
bool list_file_read(const void *bytes, size_t nbytes, const struct bytes *key, struct arena *arena,
		    struct kept_list *kept);

/* What may be written into a file later, at this place, if it is still the one with that sum. */
#define LIST_FILE_TIMES_AT 16
struct list_file_times {
	struct program_times times;
	uint64_t sum;			/* of both; else they are not known */
};
struct list_file_times list_file_times(const struct program_times *times);

/* Is this the beginning of a file with that sum? */
bool list_file_is(const void *bytes, size_t nbytes, uint64_t sum);

/* The sum that the file has to have for these bytes, its own sum left out. */
uint64_t list_file_sum(const void *bytes, size_t nbytes);

#endif
