/* SPDX-License-Identifier: MIT */
/*
 * The coverage of one run, from before its first process to the reports. Opened and finished by the
 * supervisor's thread; processes are made and ended by workers.
 */
#ifndef COVERAGE_RUN_COVERAGE_H
#define COVERAGE_RUN_COVERAGE_H

#include "coverage/process_counts.h"
#include "coverage/publish.h"

struct coverage;

/*
 * Makes the directory ready and looks at what is instrumented. `preload` is the path of
 * proctor-preload.so, lent; NULL: nothing is put into programs. On failure there is none.
 */
int coverage_open(struct coverage **cov, const struct proctor_coverage *options,
		  const struct proctor_plan *plan, const char *preload, struct proctor_error *err);
/* Also of NULL. */
void coverage_close(struct coverage *cov);

/*
 * Any worker's thread: a process that is about to be started, a host (`program` NULL) or an
 * executable. It is expected to leave its counts, until coverage_dropped() takes it back.
 */
int coverage_process(struct coverage *cov, uint64_t number, const struct suite *program,
		     struct process_counts **p, struct proctor_error *err);
/* It could not be started. */
void coverage_dropped(struct coverage *cov, struct process_counts *p);
/* It is dead, and nothing that it has left counts. */
void coverage_forget(struct coverage *cov, struct process_counts *p);
/* It is dead; `status` as wait(2) gives it. What it counted is added up; it is the collector's from here
 * on. */
void coverage_ended(struct coverage *cov, struct process_counts *p, int status);

/*
 * After the last worker has ended: merges all, once, and makes the reports. `cancel_fd` readable ends
 * it early (-1: nothing does). The summary is the coverage's, until it is closed.
 */
enum coverage_outcome coverage_finish(struct coverage *cov, int cancel_fd,
				      const struct proctor_coverage_summary **summary,
				      struct proctor_error *err);

#endif
