/* SPDX-License-Identifier: MIT */
/*
 * JUnit's XML, for CI systems. The tests of a suite stand together in it, whenever they ended, so
 * the file is put together at the end and appears, whole, under its name.
 */
#ifndef REPORT_JUNIT_H
#define REPORT_JUNIT_H

#include "report/reporter.h"

/* Fails at once where the file could not be made later: the directory must be there. */
int junit_open(struct reporter **rp, const char *path, struct proctor_error *err);

#endif
