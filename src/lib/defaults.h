/* SPDX-License-Identifier: MIT */
/* What is run by where its caller has said nothing: the defaults of an option, in one place. */
#ifndef LIB_DEFAULTS_H
#define LIB_DEFAULTS_H

#include "plan/model.h"

/* Copies the options, with the default of each that was left at 0; `shuffle` gets a seed. -EINVAL: one is
 * out of bounds. What depends on the tests is not filled in yet. */
int defaults_fill(struct proctor_options *to, const struct proctor_options *from,
		  struct proctor_error *err);
/* Fills in what depends on the tests, once they are known. */
void defaults_fill_for(struct proctor_options *options, const struct proctor_plan *plan);

#endif
