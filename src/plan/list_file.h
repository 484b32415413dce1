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

/* What is kept of one program. Texts are lent by the bytes. */
struct kept_list {
	const struct adapter *adapter;
	const struct listed *tests;
	size_t ntests;
};

/* Appends it to `file`; no memory: file->failed. */
void list_file_write(struct bytes *file, const struct bytes *key, const struct adapter *adapter,
		     const struct listing *list);

/* The list that `bytes`, aligned for any type, hold for this key; memory comes from `arena`. False: they are nothing of
 * the kind. */
bool list_file_read(const void *bytes, size_t nbytes, const struct bytes *key, struct arena *arena,
		    struct kept_list *kept);

/* The sum that the file has to have for these bytes, its own sum left out. */
uint64_t list_file_sum(const void *bytes, size_t nbytes);

#endif
