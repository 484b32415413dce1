/* SPDX-License-Identifier: MIT */
/* How errors are reported, everywhere: a negative errno, and a sentence made where the failure
 * happened. */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include "proctor/proctor.h"

#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args), nonnull(fmt)))

/* Fills `err` (which may be NULL) and returns `code`, a negative errno. */
int error_set(struct proctor_error *err, int code, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* The same for an errno: the sentence ends with ": " and strerror(errnum); returns -errnum. */
int error_sys(struct proctor_error *err, int errnum, const char *fmt, ...) PRINTF_LIKE(3, 4);

#endif
