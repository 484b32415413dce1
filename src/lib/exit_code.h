/* SPDX-License-Identifier: MIT */
/* The exit code of a run, as proctor_run() gives it and the program passes it on. */
#ifndef LIB_EXIT_CODE_H
#define LIB_EXIT_CODE_H

#include <stdbool.h>
#include <stddef.h>

enum exit_code {
	EXIT_PASSED = 0,
	EXIT_FAILED = 1,	/* a test failed, crashed, timed out or could not be run */
	EXIT_USAGE = 2,		/* wrong usage or input */
	EXIT_BROKEN = 3,	/* proctor itself could not go on, or not do all it was asked */
	EXIT_NOTHING = 4,	/* nothing to run */
	EXIT_SIGNALLED = 128,	/* plus the number of the signal that stopped the run */
};

struct exit_facts {
	int stop_signal;	/* that ended the run; 0: none */
	bool broken;		/* proctor could not go on, or coverage is partial */
	size_t ntests;		/* selected */
	bool failed;		/* a test that was run is no pass */
	bool unusable;		/* no suite at all could be used */
	bool below_minimum;	/* of coverage */
};

/* Of several reasons the one that stands first in the struct counts. */
int exit_code_of(const struct exit_facts *facts);

#endif
