/* SPDX-License-Identifier: MIT */
/* What a host and its forked children left of TML's functions in their counter area (wire/counter_area.h). */
#ifndef COVERAGE_AREA_FUNCTIONS_H
#define COVERAGE_AREA_FUNCTIONS_H

#include "wire/counter_area.h"

#include <stdio.h>

/* Bytes of the area for them: the index and the entries. */
#define AREA_FUNCTIONS_BYTES (AREA_FUNCTIONS * sizeof(uint32_t) + AREA_FUNCTION_BYTES)

/*
 * Writes them as functions.h reads them. `index`: where they begin in the area, which tests may have
 * written over. 0, or a negative errno: -EBADMSG where they did.
 */
int area_functions_write(const void *index, FILE *f);

#endif
