/* SPDX-License-Identifier: MIT */
/* Which verdicts are failures: of the run, in the last line, in the reports. Their names, which the
 * public header declares, stand beside. */
#ifndef BASE_FAILURE_H
#define BASE_FAILURE_H

#include "proctor/proctor.h"

/* True for fail, crash, timeout and error. */
bool verdict_is_failure(enum proctor_verdict verdict);

#endif
