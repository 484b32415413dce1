/* SPDX-License-Identifier: MIT */
/* What a host does from start to end: it runs task after task from the progress page. */
#ifndef HOST_SERVE_H
#define HOST_SERVE_H

#include <stdbool.h>

/* What its command line says. */
struct serve_words {
	bool sanitized;		/* the crash signals are left to the sanitizer's runtime */
	bool coverage;		/* there is a counter area (wire/counter_area.h) */
	const char *temp;	/* its private directory, which TMPDIR names; NULL: none */
	bool keep_temp;		/* what is left there by tests stays */
};

/* Maps the page at HOST_PAGE_FD and serves until told to end. Returns the exit status; what failed stands on
 * stderr. */
int serve_main(const struct serve_words *words);

#endif
