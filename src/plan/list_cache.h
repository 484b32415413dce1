/* SPDX-License-Identifier: MIT */
/*
 * The tests that programs listed, kept from run to run in files of the user, one for each question to a program, so
 * that a program is asked again only when it, or what its answer depends on, has changed (list_key.h). Whatever
 * goes wrong here costs time and nothing else: then the program is asked.
 */
#ifndef PLAN_LIST_CACHE_H
#define PLAN_LIST_CACHE_H

#include "plan/list_file.h"
#include "plan/list_key.h"

/* Where the user's is: $XDG_CACHE_HOME/proctor/lists, or ~/.cache/proctor/lists. NULL: nowhere, or no memory. */
char *list_cache_place(struct arena *arena);

/*
 * What is kept of a program, looked up when its file is open; all of it is the plan's. suite->remembered: NULL where
 * nothing can be kept, too; its adapter is NULL where nothing is kept so far.
 */
struct remembered {
	struct bytes key;		/* not to be ended */
	size_t nquestion;		/* of these are the question */
	bool fresh;			/* what the program answers is not kept */
	struct kept_list list;
};

/* Fills suite->remembered, unless it is. */
void list_cache_look(struct suite *suite, const struct program_file *file);

/* Is what is remembered the answer to what would be asked now? Its arguments and environment may have been set
 * since. */
bool list_cache_answers(const struct suite *suite);

/* Keeps what the program has answered. */
void list_cache_keep(const struct suite *suite, const struct listing *list);

/* Keeps, with the list, how long the program's processes took: for the size of the first task of another run. */
void list_cache_keep_times(const struct suite *suite, const struct program_times *times);

/* Forgets what was kept of the plan's programs: one of them did not have a test that it was said to have. */
void list_cache_forget(const struct proctor_plan *plan);

/* Removes the oldest files where there are too many, or they are too large together. */
void list_cache_prune(const char *place);

#endif
