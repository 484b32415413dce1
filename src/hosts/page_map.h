/* SPDX-License-Identifier: MIT */
/*
 * The run's side of the progress page (wire/page.h). The page can change at any moment, and to
 * anything: what is read is first copied, then checked, and only the copy is used. What fails a
 * check is -EBADMSG and a sentence that begins "the progress page was overwritten: ".
 */
#ifndef HOSTS_PAGE_MAP_H
#define HOSTS_PAGE_MAP_H

#include "base/error.h"
#include "wire/page.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct page_map {
	struct page *page;			/* NULL: closed */
	int fd;					/* the host inherits it; close-on-exec */
	uint8_t marker_key[MARKER_KEY_BYTES];	/* a copy that no test can reach */
};

/* Is the limit of file sizes large enough for a page? To be asked before the start. -EFBIG: no. */
int page_check_limit(struct proctor_error *err);

/* Makes a page, all zero but for the magic number and a fresh marker key. */
int page_open(struct page_map *m, struct proctor_error *err);
/* Also of a map that is all zero or was closed. */
void page_close(struct page_map *m);

/*
 * The worker fills a task: page_reset_task(), the fields of `task`, page_hand_out(); the host must
 * be idle. The reset also clears the records, the texts and the crash record of the former task.
 */
void page_reset_task(struct page *p);
/* Copies `text` behind the `*used` bytes of the task's strings. -ENOSPC: as it was. */
int page_put_string(struct page *p, uint32_t *used, const char *text, uint32_t *offset);
void page_hand_out(struct page *p);

/*
 * Waits until the futex by which a host tells its worker something (`done`, or one like it) is not
 * `seen` any more, a second at most. A test that writes there could undo the change: so the caller
 * looks, after each wait, at what it knows from elsewhere. True if the word differs.
 */
bool done_wait(_Atomic uint32_t *done, uint32_t seen);

/* The page as a whole, at one moment. */
struct page_state {
	enum page_phase phase;
	enum page_retire retire;
};

/*
 * Checks what holds for the page as a whole, also while the host runs: the constants, the ranges,
 * the order of the records' states (progress_read() says what they mean). `ntests` is the
 * worker's own count for the present task.
 */
int page_read_state(const struct page_map *m, uint32_t ntests, struct page_state *state,
		    struct proctor_error *err);

/* What the run itself knows, to check a record against. */
struct test_record_bounds {
	uint64_t handed_us;	/* of the hand-out, or the former record's end, as read */
	uint64_t now_us;	/* a time after the record was published; 0: the present */
	uint32_t ntests;	/* of the task */
	uint32_t index;		/* of the record */
};

/* A record, checked. Texts are on the heap, NULL if there is none; their bytes may be anything. */
struct test_record {
	enum record_state state;	/* RECORD_STARTED: of the rest only start_us is set */
	enum record_outcome outcome;
	uint32_t flags;			/* enum record_flag */
	int32_t value;
	uint64_t start_us, end_us;
	uint64_t user_us, sys_us;
	uint64_t max_rss_kb;
	int32_t nleaks;
	int64_t leak_bytes;
	char *message, *backtrace, *left;
	bool lost;			/* there was no memory for one of the texts */
};

/* On failure `out` is all zero. -EBADMSG. */
int page_read_record(const struct page *p, const struct test_record_bounds *ctx,
		     struct test_record *out, struct proctor_error *err);
void test_record_fini(struct test_record *r);

/* The host's dlerror(); NULL: none was left. */
int page_read_open_message(const struct page *p, char **text, struct proctor_error *err);

#endif
