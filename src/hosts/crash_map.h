/* SPDX-License-Identifier: MIT */
/*
 * The run's side of a crash page (wire/crash_page.h): of a program's own, or the one within a progress
 * page. What is read is first copied, then checked, and only the copy is used. What fails a check is -EBADMSG
 * and a sentence that begins with PAGE_OVERWRITTEN.
 */
#ifndef HOSTS_CRASH_MAP_H
#define HOSTS_CRASH_MAP_H

#include "base/error.h"
#include "proctor/proctor.h"
#include "wire/crash_record.h"

#include <pthread.h>
#include <stdbool.h>

struct crash_map {
	struct crash_page *page;	/* NULL: closed, there is no descriptor either */
	int fd;				/* the process inherits it; close-on-exec */
};

/* Pages that the next programs can use, as the programs that had them left no record: to make a new
 * one costs more than all that is done with it. Any thread. */
struct crash_pool {
	pthread_mutex_t lock;
	struct crash_map maps[PROCTOR_THREADS_MAX];	/* the first `n` are open */
	unsigned n;
};

void crash_pool_init(struct crash_pool *pool);
void crash_pool_fini(struct crash_pool *pool);

/* Takes a page without a record for a program, from the pool or a new one. Its descriptor is one
 * from fd_high(). */
int crash_map_take(struct crash_pool *pool, struct crash_map *m, struct proctor_error *err);
/* Gives a page back when its program is dead. `alive`: a process that may have the page lives, so
 * it is not used again. A map that is closed is left alone. */
void crash_map_give(struct crash_pool *pool, struct crash_map *m, bool alive);

/* The crash record and the files mapped in the process. On failure `out` is all zero. -EBADMSG;
 * -ENOMEM. */
int crash_page_crash(const struct crash_page *p, struct crash *out, struct proctor_error *err);
int crash_page_modules(const struct crash_page *p, struct module_list *out, struct proctor_error *err);

#endif
