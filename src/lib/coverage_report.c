/* SPDX-License-Identifier: MIT */
/* The reports of coverage once more, of what the last run left. */
#include "proctor/proctor.h"

#include <errno.h>

#include "base/clock.h"
#include "base/file_size.h"
#include "coverage/publish.h"
#include "lib/exit_code.h"

int proctor_coverage_report(const struct proctor_coverage *coverage, proctor_callback *callback,
			    void *data, int *exit_code, struct proctor_error *err)
{
	static const int codes[] = {
		[COVERAGE_COMPLETE] = EXIT_PASSED, [COVERAGE_BELOW] = EXIT_FAILED,
		[COVERAGE_PARTIAL] = EXIT_BROKEN, [COVERAGE_FAILED] = EXIT_BROKEN,
	};
	struct publication publication = { .doc = NULL };
	struct proctor_event event = { .kind = PROCTOR_COVERAGE };
	enum coverage_outcome outcome = COVERAGE_FAILED;
	struct store store;
	sigset_t mask;
	int ret;

	*exit_code = EXIT_BROKEN;
	ret = store_open(&store, coverage->dir ? coverage->dir : "coverage", false, err);
	if (ret < 0)
		return ret;
	file_size_hold(&mask);
	ret = store_load(&store, err);
	if (ret == 0) {
		outcome = publish(&publication, &store, coverage, -1, err);
		ret = outcome == COVERAGE_FAILED ? err->code : 0;
		event.time_us = clock_us();
		event.coverage = &publication.summary;
		callback(&event, data);
	}
	*exit_code = codes[outcome];
	publication_fini(&publication);
	store_close(&store);
	file_size_release(&mask);
	return ret;
}
