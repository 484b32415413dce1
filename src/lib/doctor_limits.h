/* SPDX-License-Identifier: MIT */
#ifndef LIB_DOCTOR_LIMITS_H
#define LIB_DOCTOR_LIMITS_H

#include "lib/facts.h"

/* Adds the limits that this machine sets to processes: descriptors, processes, cores, pipes,
 * memory. */
void doctor_limits(struct facts *f);

#endif
