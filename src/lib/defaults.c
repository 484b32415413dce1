/* SPDX-License-Identifier: MIT */
#include "lib/defaults.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/random.h"

#include <errno.h>

#define DEFAULT_TIMEOUT_US 20000000u
#define DEFAULT_GRACE_US 2000000u
#define DEFAULT_LEAK_US 100000u
#define DEFAULT_OUTPUT_BYTES (1u << 20)

int defaults_fill(struct proctor_options *to, const struct proctor_options *from,
		  struct proctor_error *err)
{
	*to = *from;
	if (to->nthreads > PROCTOR_THREADS_MAX)
		return error_set(err, -EINVAL, "%u threads are more than the %d a run may have",
				 to->nthreads, PROCTOR_THREADS_MAX);
	if (to->timeout_us == 0)
		to->timeout_us = DEFAULT_TIMEOUT_US;
	if (to->grace_us == 0)
		to->grace_us = DEFAULT_GRACE_US;
	if (to->leak_us == 0)
		to->leak_us = DEFAULT_LEAK_US;
	else if (to->leak_us == PROCTOR_AT_ONCE)
		to->leak_us = 0;
	if (to->max_output_bytes == 0)
		to->max_output_bytes = DEFAULT_OUTPUT_BYTES;
	if (to->repeat == 0)
		to->repeat = 1;
	/* Only 4 bytes are drawn: people will have to type the seed again. */
	while (to->shuffle && to->seed == 0)
		if (random_draw(&to->seed, 4) < 0)
			to->seed = clock_us();
	return 0;
}

/* A crash ends the run, as TML wants it, only if all suites are TML's. A suite that cannot be run
 * does not count: nobody knows whose it is. */
static enum proctor_on_crash on_crash_of(const struct proctor_plan *plan)
{
	for (size_t i = 0; i < plan->ntests; i++) {
		const struct suite *suite = plan->tests[i]->suite;

		if (!suite->error && !suite->adapter->crash_stops)
			return PROCTOR_ON_CRASH_CONTINUE;
	}
	return PROCTOR_ON_CRASH_STOP;
}

void defaults_fill_for(struct proctor_options *options, const struct proctor_plan *plan)
{
	if (options->on_crash == PROCTOR_ON_CRASH_AUTO)
		options->on_crash = on_crash_of(plan);
}
