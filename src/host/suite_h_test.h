/* SPDX-License-Identifier: MIT */
/* Tests written with proctor/suite.h: an entry to run, and calls back into the host. */
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

/* Whether it passes, as things stand. */
bool suite_h_passes(const struct proctor_entry *entry);

/*
 * Fills outcome and message of `rec`. To be called when what the test left has had its time to end: a
 * thread that fails until then fails the test.
 */
void suite_h_judge(const struct proctor_entry *entry, struct page_texts *texts,
		   struct page_record *rec);

#endif
