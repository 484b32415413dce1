/* SPDX-License-Identifier: MIT */
#include "base/failure.h"

bool verdict_is_failure(enum proctor_verdict verdict)
{
	switch (verdict) {
	case PROCTOR_FAIL:
	case PROCTOR_CRASH:
	case PROCTOR_TIMEOUT:
	case PROCTOR_ERROR:
		return true;
	case PROCTOR_PASS:
	case PROCTOR_SKIP:
	case PROCTOR_CANCELLED:
	case PROCTOR_NOT_RUN:
	case PROCTOR_NVERDICTS:
		return false;
	}
	return false;	/* not reached */
}

const char *proctor_verdict_name(enum proctor_verdict verdict)
{
	static const char *const names[] = {
		[PROCTOR_PASS] = "pass", [PROCTOR_FAIL] = "fail", [PROCTOR_CRASH] = "crash",
		[PROCTOR_TIMEOUT] = "timeout", [PROCTOR_SKIP] = "skip",
		[PROCTOR_ERROR] = "error", [PROCTOR_CANCELLED] = "cancelled",
		[PROCTOR_NOT_RUN] = "not-run",
	};

	return (unsigned)verdict < PROCTOR_NVERDICTS ? names[verdict] : "unknown";
}
