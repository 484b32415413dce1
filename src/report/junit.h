/* SPDX-License-Identifier: MIT */
/*
 * A report in JUnit's XML, for CI systems. In it the tests of a suite stand together, whenever they
 * ended. So it is put together at the end of the run, and only then is there a file of that name.
 */
#ifndef REPORT_JUNIT_H
#define REPORT_JUNIT_H

#include "report/reporter.h"

/* Fails if the file could not be made at the end: its directory must exist. */
int junit_open(struct reporter **rp, const char *path, struct proctor_error *err);

#endif
