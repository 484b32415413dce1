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
