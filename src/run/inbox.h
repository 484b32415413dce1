/* SPDX-License-Identifier: MIT */
/*
 * The posts that the supervisor has taken out of the mailbox and has not dealt with. They are dealt
 * with in order, but for one case: a host that was just started can be told of before the rest.
 * Supervisor's thread.
 */
#ifndef RUN_INBOX_H
#define RUN_INBOX_H

#include "run/mailbox.h"

struct inbox {			/* all zero: empty */
	struct post *posts;	/* oldest first */
};

/* Takes what has been posted by now, behind what is there. */
void inbox_fetch(struct inbox *in, struct mailbox *m);
/* The oldest post; NULL: none is left. */
struct post *inbox_next(struct inbox *in);
/* The oldest that tells of a host that was started; NULL: there is none. */
struct post *inbox_next_started(struct inbox *in);

#endif
