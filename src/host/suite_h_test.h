/* SPDX-License-Identifier: MIT */
/* Runs a test that was written with proctor/suite.h: the suite has an entry for it, and calls back
 * into the host to fail or skip. */
#ifndef HOST_SUITE_H_TEST_H
#define HOST_SUITE_H_TEST_H

#include "host/page_texts.h"
#include "proctor/suite.h"

#include <stdbool.h>
#include <sys/types.h>

/* NULL if the entry can be run; else a sentence why not. */
const char *suite_h_refuse(const struct proctor_entry *entry);

/* Runs the test on this thread, in the process `pid`. */
void suite_h_run(const struct proctor_entry *entry, pid_t pid);

/* Does it pass, as far as is known now? */
bool suite_h_passes(const struct proctor_entry *entry);

/*
 * Fills outcome and message of `rec`. Called after the threads that the test left have had time to
 * end: if one of them fails until then, the test has failed.
 */
void suite_h_judge(const struct proctor_entry *entry, struct page_texts *texts,
		   struct page_record *rec);

#endif
