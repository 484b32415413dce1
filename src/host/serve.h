/* SPDX-License-Identifier: MIT */
/* What a host does from start to end: it runs task after task from the progress page. */
#ifndef HOST_SERVE_H
#define HOST_SERVE_H

#include <stdbool.h>

/*
 * Maps the page at HOST_PAGE_FD and serves until told to end. With `sanitized` the crash signals
 * are left to the sanitizer's runtime; with `coverage` there is a counter area
 * (wire/counter_area.h). Returns the exit status; what failed stands on stderr.
 */
int serve_main(bool sanitized, bool coverage);

#endif
