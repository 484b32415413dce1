/* SPDX-License-Identifier: MIT */
/*
 * What is left to chance, and how much of it: PROCTOR_SOAK makes tests do all that they can, drawn
 * anew each time, instead of a sample that is always the same; PROCTOR_SOAK_SEED repeats a draw.
 */
#ifndef TESTS_COMMON_DRAW_H
#define TESTS_COMMON_DRAW_H

#include <stdbool.h>

bool soaking(void);
/* A number below `n`; the seed is printed once. */
unsigned draw(unsigned n);

#endif
