/* SPDX-License-Identifier: MIT */
#include "plan/resolve.h"

#include <errno.h>

static uint64_t slow_after(uint64_t asked_us, uint64_t timeout_us)
{
	return asked_us ? asked_us : timeout_us / 2;
}

/* What a test says of itself comes before what the run was asked for. */
static struct test_settings test_settings_of(const struct test *t, const struct test_settings *run,
					     uint64_t slow_after_us)
{
	struct test_settings own = *run;

	if (t->pub.timeout_us > 0) {
		own.timeout_us = t->pub.timeout_us;
		own.slow_after_us = slow_after(slow_after_us, own.timeout_us);
	}
	/* A working directory and an environment belong to a process: no other test can have that one. */
	own.own_host = run->own_host || t->workdir || t->env || t->suite->adapter->single ||
		       (t->suite->adapter->in_host && (t->suite->workdir || t->suite->env));
	return own;
}

static bool settings_equal(const struct test_settings *a, const struct test_settings *b)
{
	return a->timeout_us == b->timeout_us && a->slow_after_us == b->slow_after_us &&
	       a->own_host == b->own_host;
}

int plan_resolve(struct proctor_plan *plan, const struct proctor_options *options,
		 struct proctor_error *err)
{
	const struct test_settings *last = &plan->settings;

	arena_fini(&plan->settings_arena);
	plan->settings = (struct test_settings){
		.timeout_us = options->timeout_us,
		.grace_us = options->grace_us,
		.slow_after_us = slow_after(options->slow_after_us, options->timeout_us),
		.max_output_bytes = options->max_output_bytes,
		.retries = options->retries,
		.isolation = options->isolation,
		.own_host = options->isolation == PROCTOR_ISOLATION_TEST,
	};
	for (size_t i = 0; i < plan->ntests; i++) {
		struct test *t = plan->tests[i];
		struct test_settings own = test_settings_of(t, &plan->settings,
							    options->slow_after_us);

		/* There may be a million tests: neighbours with equal settings share them. */
		if (settings_equal(&own, &plan->settings)) {
			t->settings = &plan->settings;
			continue;
		}
		if (last == &plan->settings || !settings_equal(&own, last)) {
			struct test_settings *copy = arena_alloc(&plan->settings_arena, sizeof(*copy));

			if (!copy)
				return error_sys(err, ENOMEM, "cannot settle the tests' settings");
			*copy = own;
			last = copy;
		}
		t->settings = last;
	}
	return 0;
}
