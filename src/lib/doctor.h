/* SPDX-License-Identifier: MIT */
/* What a run would find on this machine, found out without a run. */
#ifndef LIB_DOCTOR_H
#define LIB_DOCTOR_H

#include "lib/facts.h"

/*
 * Tries what a run tries and adds what came of it to `facts`: system calls, /proc, the loop, cores,
 * proctor-host (`host_path`, or where it is looked for if that is NULL), the guard, limits, tools.
 * False: something is missing without which there is no run.
 */
bool doctor_examine(struct facts *facts, enum proctor_loop loop, const char *host_path);

#endif
