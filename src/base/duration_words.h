/* SPDX-License-Identifier: MIT */
#ifndef BASE_DURATION_WORDS_H
#define BASE_DURATION_WORDS_H

#include <stddef.h>
#include <stdint.h>

/* Room for the words of any duration. */
#define DURATION_WORDS_BYTES 48

/* "70 µs", "1.2 ms", "31 ms", "1.204 s", "20 s", "2 min 3 s", "2 min"; cut off, not rounded.
 * Returns `buf`. */
const char *duration_words(uint64_t duration_us, char *buf, size_t nbuf);

#endif
