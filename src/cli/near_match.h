/* SPDX-License-Identifier: MIT */
/* What was probably meant by a name that there is not. */
#ifndef CLI_NEAR_MATCH_H
#define CLI_NEAR_MATCH_H

#include <stddef.h>

/* The one of `names` that differs from `typed` in the fewest letters; NULL: none is near. */
const char *near_match(const char *typed, const char *const *names, size_t nnames);

/* The one of `names` that begins with `typed`; NULL: none does, or more than one. */
const char *near_longer(const char *typed, const char *const *names, size_t nnames);

#endif
