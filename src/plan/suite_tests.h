/* SPDX-License-Identifier: MIT */
/*
 * The tests of a suite: all that its library or its program lists, or those that were handed in, completed by
 * what it lists.
 */
#ifndef PLAN_SUITE_TESTS_H
#define PLAN_SUITE_TESTS_H

#include "plan/model.h"

/* Gives the suite the tests of `list`, if it has none; else completes those that it has. -ENOMEM. */
int suite_take_tests(struct suite *suite, const struct listing *list, struct proctor_error *err);

#endif
