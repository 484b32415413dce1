/* SPDX-License-Identifier: MIT */
/* Memory that the run shares with a process whose code may do anything with it. */
#ifndef HOSTS_SHARED_PAGE_H
#define HOSTS_SHARED_PAGE_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Begins each sentence about a page of which a field is not what its process could have written. */
#define PAGE_OVERWRITTEN "the progress page was overwritten: "

/* Makes one, all zero, and maps it. The descriptor, close-on-exec, is for the process. `what` is a noun for
 * the error's sentence. */
int shared_page_open(const char *what, size_t nbytes, void **at, struct proctor_error *err);

/* The barrier keeps the compiler from reading `src` a second time, after a check of `dst`. */
static inline void page_copy(void *dst, const void *src, size_t nbytes)
{
	memcpy(dst, src, nbytes);
	__asm__ volatile("" : : "r"(dst) : "memory");
}

static inline bool range_fits(uint64_t offset, uint64_t nbytes, uint64_t limit)
{
	return offset <= limit && nbytes <= limit - offset;
}

#endif
