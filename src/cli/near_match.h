/* SPDX-License-Identifier: MIT */
/* For "did you mean": which name was probably meant by one that does not exist. */
#ifndef CLI_NEAR_MATCH_H
#define CLI_NEAR_MATCH_H

#include <stddef.h>

/* The one of `names` that differs from `typed` in the fewest letters; NULL: none is near. */
const char *near_match(const char *typed, const char *const *names, size_t nnames);

/* The one of `names` that begins with `typed`; NULL: none does, or more than one. */
const char *near_longer(const char *typed, const char *const *names, size_t nnames);

#endif
