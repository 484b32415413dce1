/* SPDX-License-Identifier: MIT */
/* What the report for people says of one result. */
#ifndef REPORT_RESULT_BLOCK_H
#define REPORT_RESULT_BLOCK_H

#include "report/sheet.h"

/* One line, with the first line of the message. */
void result_line(struct sheet *s, enum color color, const char *tag,
		 const struct proctor_test *test, const struct proctor_result *r);

/* All that is known of a failure, between blank lines; what the test wrote only if `output`. */
void result_block(struct sheet *s, const struct proctor_test *test,
		  const struct proctor_result *r, bool output);

/* What the test wrote to both streams; nothing where it wrote nothing. */
void result_output(struct sheet *s, const struct proctor_result *r);

#endif
