/* SPDX-License-Identifier: MIT */
/*
 * The XML of a JUnit report, piece by piece; junit.c puts the pieces together. All append to `to`;
 * a failure for want of memory stays there. Text comes from outside: what XML cannot hold becomes
 * \xNN.
 */
#ifndef REPORT_JUNIT_XML_H
#define REPORT_JUNIT_XML_H

#include "base/bytes.h"

#include <stdint.h>

struct junit_counts {
	size_t ntests, nfailures, nerrors, nskipped;
	uint64_t duration_us;
};

/* Counts a result. Returns the XML element for its verdict; NULL for a pass. */
const char *junit_count(struct junit_counts *c, const struct proctor_result *r);

/* ` name="..."` */
void junit_name(struct bytes *to, const char *name);
/* ` tests="3" failures="1" ... time="0.250000"` */
void junit_counts(struct bytes *to, const struct junit_counts *c);

/* A test case, in four parts: its start; its properties (`c`: what was found out about its failure, or NULL); its
 * verdict, up to where earlier attempts are put in; then the rest. */
void junit_case(struct bytes *to, const struct proctor_test *t, const struct proctor_result *r);
void junit_properties(struct bytes *to, unsigned repetition, unsigned nrepetitions,
		      const struct proctor_confirmation *c);
void junit_verdict(struct bytes *to, const struct proctor_result *r, const char *element);
void junit_case_end(struct bytes *to, const struct proctor_result *r);

/*
 * An earlier attempt, in the form that Surefire uses, but without the name of the element around
 * it, which is known only later: ` message="first line"
 * type="fail"><stackTrace>...</stackTrace><system-out>...`
 */
void junit_attempt(struct bytes *to, const struct proctor_result *r);

#endif
