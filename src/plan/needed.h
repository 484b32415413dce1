/* SPDX-License-Identifier: MIT */
/* Which libraries a suite needs, and whether two suites may share a process with them. */
#ifndef PLAN_NEEDED_H
#define PLAN_NEEDED_H

#include "base/elf.h"
#include "plan/model.h"

/* What the plan knows of needed libraries, made when it is first asked for. NULL: no memory. */
struct libraries *plan_libraries(struct proctor_plan *plan);

/* Fills `needs`, `preload` and `sanitizer`, and sets `unique` where a needed library has unique
 * symbols. -ENOMEM. */
int suite_find_needed(struct suite *suite, const struct elf_file *f, struct proctor_error *err);

/* True if the tests of both may share one process, one opened beside the other. */
bool suites_compatible(const struct suite *a, const struct suite *b);

#endif
