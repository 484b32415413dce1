/* SPDX-License-Identifier: MIT */
/* The hand-over format of a compiler, JSON; docs/05-MANIFEST.md has the schema. */
#ifndef PLAN_MANIFEST_H
#define PLAN_MANIFEST_H

#include "plan/model.h"

/*
 * Adds the suites that the manifest `path` ("-": standard input) lists, as one document or a suite a line; a library that is missing or broken becomes a
 * suite with an error. -EINVAL: the manifest itself is wrong, and nothing was added. -ENOMEM.
 */
int manifest_add(struct proctor_plan *plan, const char *path, struct proctor_error *err);

#endif
