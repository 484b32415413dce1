/* SPDX-License-Identifier: MIT */
/*
 * What a host tells of the tests that it was handed: from its page, from what its parser made of its
 * output, or from its exit status. Checked and copied, so that judging needs no process any more and
 * is the same for every kind of host.
 */
#ifndef HOSTS_EVIDENCE_H
#define HOSTS_EVIDENCE_H

#include "hosts/crash_page.h"
#include "hosts/page.h"
#include "hosts/progress.h"

#include "proctor/proctor.h"

/* Of one test that has ended. */
struct test_evidence {
	struct record record;		/* times, usage and texts; all the rest if it was not `told` */
	bool told;			/* the process said the verdict itself, and these: */
	enum proctor_verdict verdict;
	int exit_code, signal;
	bool core_dumped;
};

struct evidence {
	struct progress progress;
	struct test_evidence tests[TASK_TESTS_MAX];	/* of the first `nheld` */
	unsigned nheld;			/* can be believed; less than have ended: `doubt` says why */
	struct proctor_error doubt;	/* code 0: all of it can be believed */
	uint64_t start_us;		/* of the test that ran last, if it has not ended */
	struct record usage;		/* and what it has used, as far as it is known */
	bool death_told;		/* its death is that of the last of the `tests` */
	bool retire;			/* the host asks to be replaced */
	bool opening;			/* it was opening the task's suite when it was last heard of */
	bool open_failed;		/* the suite did not open, for `open_message` (heap; may be NULL) */
	char *open_message;
	/* Of the crash of its process; all zero: none was recorded. */
	struct crash crash;
	struct module_list modules;
};

void evidence_fini(struct evidence *e);

#endif
