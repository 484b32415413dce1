/* SPDX-License-Identifier: MIT */
/*
 * Failures in a process in which other tests had run before. After the last test of the run the workers run them
 * again (confirm.h), and what was found out is told. A suspect is made by whoever judged the failure, the worker or, of a
 * settled test, the supervisor; listed by the supervisor when that is told, and from then on belongs to whoever took it; all live as long as the
 * run.
 *
 * A run in which everything fails must not take twice its time for it: there are bounds. Each is tried alone
 * before the first search begins.
 */
#ifndef RUN_SUSPECTS_H
#define RUN_SUSPECTS_H

#include "base/arena.h"
#include "run/confirm.h"
#include "run/mailbox.h"

/* So many are run again, and for so many of those that pass alone it is searched after what they fail. */
#define SUSPECTS_MAX 100
#define SEARCHES_MAX 10
/* Half the time of the run so far, but at least so long: in which runs alone are begun, and in which it is searched. */
#define ALONE_US 5000000u
#define SEARCH_US 30000000u

struct suspect {
	/* Set by suspect_new(), constant after. */
	struct post post;		/* POST_CONFIRMED */
	item_t item;
	const item_t *before;		/* what had run in its process before it ended, in order */
	size_t nbefore;
	size_t at;			/* it ran before that one; nbefore: it was the last */
	uint64_t took_us;		/* all those */
	enum proctor_verdict failed;
	bool by_exit;			/* how its process exited was taken for its failure */
	unsigned attempt;
	/* Whose suspect it is. */
	struct confirm confirm;
	enum proctor_verdict alone;
	const char *why;		/* PASSES_ALONE: no more was found out */
	struct arena arena;		/* all that it points to */
	struct proctor_confirmation told;
	/* Under the lock. */
	struct suspect *next_made, *next;
};

struct suspect_list {
	struct suspect *head, **tail;
};

struct suspects {
	const struct proctor_plan *plan;	/* constant from here ... */
	const char *command;
	uint64_t opened_us;
	bool off;				/* ... to here */
	const _Atomic bool *stopping;		/* nothing more is to be started */
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct suspect *made;			/* all of them */
	unsigned nmade;
	size_t nrefused;			/* more than SUSPECTS_MAX */
	size_t nlate;				/* there was no time to run them alone */
	size_t nunknown;			/* what came of their run alone is not known */
	struct suspect_list alone, searched;	/* what is to be done with them next */
	unsigned nactive;			/* taken, and not given back */
	unsigned nsearches;			/* begun */
	uint64_t from_us;			/* since when they are run again; 0: not yet */
};

/* Opened before the first worker starts. `off`: there will be none. */
void suspects_init(struct suspects *all, const struct proctor_plan *plan, const struct proctor_options *options,
		   const _Atomic bool *stopping);
/* When nothing that was told is looked at any more. */
void suspects_fini(struct suspects *all);

/* Is it a failure that may have come of what ran before it in its process? One that was slow is not worth its time. */
bool suspects_want(const struct suspects *all, const struct outcome *o);

/*
 * Of whoever judged it: makes one of a failure, unless there are enough. `before` is copied. NULL: none is made, or there is no
 * memory for it.
 */
struct suspect *suspect_new(struct suspects *all, const struct outcome *o, const item_t *before, size_t nbefore,
			    size_t at, uint64_t took_us);

/* Supervisor's: its failure is told. Of several of the same test the first counts. */
void suspects_add(struct suspects *all, struct suspect *s);
/* Supervisor's: a failed test was tried again, in a process of its own: that need not be done once more. */
void suspects_told_alone(struct suspects *all, item_t item, enum proctor_verdict verdict);
/* Supervisor's, at the end: of how many failures nothing was found out, and why; "": of none. */
void suspects_left(struct suspects *all, char *words, size_t nwords);

/* Worker's: waits for one to be looked into; NULL: there are no more. */
struct suspect *suspects_take(struct suspects *all);
/* Until when that may last; 0: for as long as the test may run. */
uint64_t suspects_until_us(const struct suspects *all, const struct suspect *s);
/* Is there time for another run of a search? Else it is given up. */
bool suspects_has_time(const struct suspects *all, struct suspect *s);
/* True: it is done, and to be told. */
bool suspects_give(struct suspects *all, struct suspect *s);

/* Worker's: the tests that are to run next, its own among them as number `*target`, lent for as long as the run
 * lasts. NULL: there is no memory for them. */
const item_t *suspect_items(struct suspect *s, size_t *nitems, size_t *target);
/* What `verdict` of its test means for the search. */
enum confirm_answer suspect_answer(const struct suspect *s, enum proctor_verdict verdict, bool by_exit);

/* Supervisor's: completes what is told of it. False: nothing is. */
bool suspect_tell(struct suspects *all, struct suspect *s);

#endif
