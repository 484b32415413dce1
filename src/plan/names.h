/* SPDX-License-Identifier: MIT */
/* Names that tell suites and tests apart: ids are unique within a plan. */
#ifndef PLAN_NAMES_H
#define PLAN_NAMES_H

#include "plan/model.h"

/*
 * Suites of one name are called by as many parent directories as tell them apart (`a/foo`,
 * `b/foo`), else by their files' whole names too (`foo`, `libfoo.so`). What is still equal, a
 * suite or a test within one, gets `#2`, `#3` … in the order added. Names do not depend on when
 * this is called, only on what the plan holds. -ENOMEM.
 */
int plan_name_all(struct proctor_plan *plan);

#endif
