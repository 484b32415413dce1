/* SPDX-License-Identifier: MIT */
/* Shares in percent. */
#ifndef BASE_PERCENT_H
#define BASE_PERCENT_H

#include <stdint.h>

/* 0 where `whole` is 0. */
double percent_of(uint64_t part, uint64_t whole);

/* The same for people, who are shown one decimal: never 100.0 where something is missing, never 0.0
 * where there is something. */
double percent_shown(uint64_t part, uint64_t whole);

#endif
