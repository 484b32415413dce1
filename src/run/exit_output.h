/* SPDX-License-Identifier: MIT */
/* What hosts wrote and no test claims: as a rule a report that a library prints at exit. */
#ifndef RUN_EXIT_OUTPUT_H
#define RUN_EXIT_OUTPUT_H

#include "run/watch.h"
#include "run/writer.h"

/* Tells it as one note, if there is any, when the host is over. Supervisor's thread. */
void exit_output_tell(struct writer *w, struct watch *host);

#endif
