/* SPDX-License-Identifier: MIT */
/*
 * What a host tells of the tests that it was handed: from its page, from what its parser made of its
 * output, or from its exit status. Checked and copied, so that judging needs no process any more and
 * is the same for every kind of host.
 */
#ifndef HOSTS_EVIDENCE_H
#define HOSTS_EVIDENCE_H

#include "hosts/crash_map.h"
#include "hosts/page_map.h"
#include "hosts/progress.h"

#include "proctor/proctor.h"

/* Of one test that has ended. */
struct test_evidence {
	struct test_record record;		/* times, usage and texts; all the rest if it was not `told` */
	bool told;			/* the process said the verdict itself, and these: */
	enum proctor_verdict verdict;
	int exit_code, signal;
	bool core_dumped;
	bool again;			/* what was told of it is not sure: it has to run alone */
	bool by_exit;			/* it passed, and the exit of its process says that something failed */
	/* It was told as the next settled one (host_ops.settled): it has an outcome. Times and verdict are here all
	 * the same. */
	bool settled;
};

struct evidence {
	struct progress progress;
	struct test_evidence *tests;	/* room for the task's; filled are the first `nheld` */
	unsigned ntests;
	unsigned nheld;			/* can be believed; less than have ended: `doubt` says why */
	struct proctor_error doubt;	/* code 0: all of it can be believed */
	uint64_t start_us;		/* of the test that ran last, if it has not ended */
	struct test_record usage;		/* and what it has used, as far as it is known */
	bool death_told;		/* its death is that of the last of the `tests` */
	/* So many settled tests are in doubt since their results were told; the number of the first one. */
	unsigned ncontradicted, first_contradicted;
	bool retire;			/* the host asks to be replaced */
	bool opening;			/* it was opening the task's suite when it was last heard of */
	bool open_failed;		/* the suite did not open, for `open_message` (heap; may be NULL) */
	char *open_message;
	/* Of the crash of its process; all zero: none was recorded. */
	struct crash crash;
	struct module_list modules;
};

/* Nothing is known yet of `ntests` tests. -ENOMEM: there is nothing to end. */
int evidence_init(struct evidence *e, unsigned ntests);
void evidence_fini(struct evidence *e);

#endif
