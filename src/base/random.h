/* SPDX-License-Identifier: MIT */
/* Bytes that nobody can guess. */
#ifndef BASE_RANDOM_H
#define BASE_RANDOM_H

#include <stddef.h>

/* From getrandom(2), or from /dev/urandom where that is refused. A negative errno. */
int random_draw(void *bytes, size_t nbytes);

#endif
