/* SPDX-License-Identifier: MIT */
/*
 * The counter area (wire/counter_area.h) of a process, made before it is started. A test may write over it:
 * where things are in there is known here, and not read from it again.
 */
#ifndef COVERAGE_COUNTER_AREA_H
#define COVERAGE_COUNTER_AREA_H

#include "coverage/process.h"

/* Makes it. `functions`: there is to be room for TML's. */
int counter_area_open(struct process *p, bool functions, struct proctor_error *err);
/* False: a test has written over it, as far as can be seen. */
bool counter_area_intact(const struct process *p);
void counter_area_close(struct process *p);

/* Of the counters of an object, MC/DC bitmaps behind them; 0: it has none. */
uint64_t image_bytes(const struct object *o);
/* Where the images of an object are, from the area's beginning. */
uint64_t image_own_at(const struct process *p, size_t object);
uint64_t image_forked_at(const struct process *p, size_t object);
/* What the loader added to the addresses of an object, as the process says; false: it is not loaded. */
bool object_bias(const struct process *p, size_t object, uint64_t *bias);

#endif
