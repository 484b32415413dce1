/* SPDX-License-Identifier: MIT */
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int error_set(struct proctor_error *err, int code, const char *fmt, ...)
{
	va_list args;

	if (!err)
		return code;
	err->code = code;
	va_start(args, fmt);
	vsnprintf(err->text, sizeof(err->text), fmt, args);
	va_end(args);
	return code;
}

int error_sys(struct proctor_error *err, int errnum, const char *fmt, ...)
{
	const char *cause = strerrordesc_np(errnum);
	char unknown[32];
	va_list args;
	size_t ntext, ncause;

	if (!err)
		return -errnum;
	if (!cause) {
		snprintf(unknown, sizeof(unknown), "error %d", errnum);
		cause = unknown;
	}
	err->code = -errnum;
	va_start(args, fmt);
	vsnprintf(err->text, sizeof(err->text), fmt, args);
	va_end(args);
	/* If the sentence is too long, its end is cut off, but not the cause. */
	ncause = strlen(cause) + sizeof(": ");
	ntext = strlen(err->text);
	if (ntext > sizeof(err->text) - ncause)
		ntext = sizeof(err->text) - ncause;
	snprintf(err->text + ntext, sizeof(err->text) - ntext, ": %s", cause);
	return -errnum;
}
