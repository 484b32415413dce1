/* SPDX-License-Identifier: MIT */
/* Events as JSON, a line each; docs/06-EVENTS.md is the schema. */
#ifndef REPORT_EVENTS_H
#define REPORT_EVENTS_H

#include "report/reporter.h"

/* Creates or empties the file `path`. */
int events_open(struct reporter **rp, const char *path, struct proctor_error *err);

#endif
