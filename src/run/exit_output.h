/* SPDX-License-Identifier: MIT */
/* What a host wrote that is no test's output: as a rule a report that a library prints at exit. */
#ifndef RUN_EXIT_OUTPUT_H
#define RUN_EXIT_OUTPUT_H

#include "run/watch.h"
#include "run/writer.h"

/* Makes a note of it, if there is any, once the host is over. Supervisor's thread. */
void exit_output_tell(struct writer *w, struct watch *host);

#endif
