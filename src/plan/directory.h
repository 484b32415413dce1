/* SPDX-License-Identifier: MIT */
/* Searches directories for suites. */
#ifndef PLAN_DIRECTORY_H
#define PLAN_DIRECTORY_H

#include "plan/model.h"

/* Adds suites found below the directory `path`, sorted; an unreadable one becomes a broken suite.
 * Links to directories are followed, each directory is searched once. -ENOMEM. */
int directory_add(struct proctor_plan *plan, const char *path, const char *exe_glob,
		  struct proctor_error *err);

#endif
