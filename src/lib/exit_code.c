/* SPDX-License-Identifier: MIT */
#include "lib/exit_code.h"

int exit_code_of(const struct exit_facts *facts)
{
	if (facts->stop_signal != 0)
		return EXIT_SIGNALLED + facts->stop_signal;
	if (facts->broken)
		return EXIT_BROKEN;
	if (facts->ntests == 0)
		return EXIT_NOTHING;
	if (facts->failed)
		return facts->unusable ? EXIT_USAGE : EXIT_FAILED;
	return facts->below_minimum ? EXIT_FAILED : EXIT_PASSED;
}
