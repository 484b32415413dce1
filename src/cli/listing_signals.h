/* SPDX-License-Identifier: MIT */
/* Signals that end proctor while it asks programs for their tests: those are ended first, and their files removed. */
#ifndef CLI_LISTING_SIGNALS_H
#define CLI_LISTING_SIGNALS_H

#include "proctor/proctor.h"

/* Lists the tests of `plan`. Returns the signal that came meanwhile, after which nothing more is to be done with the plan;
 * 0: none did. A second signal ends proctor at once. */
int listing_await(struct proctor_plan *plan);

#endif
