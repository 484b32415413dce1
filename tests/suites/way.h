/* SPDX-License-Identifier: MIT */
/*
 * One source of misbehaving tests, three kinds of suite: a WAY is a test of a TML library
 * (tml_test_<index>), of a suite.h library (WAY_SUITE_H), or an executable (WAY_EXE) that runs the
 * way it is called by (its file's name). A body returns what the test returns.
 *
 * A NEIGHBOUR stands before and after each bad test: it says its index on both streams, and checks
 * that it finds the process as its library found it.
 */
#ifndef TESTS_SUITES_WAY_H
#define TESTS_SUITES_WAY_H

#include <stdint.h>

/* 0, or prints to stderr what differs from how the process was when the library was opened. */
int neighbour_run(int index);

/* Waits for a signal without end. */
void wait_for_ever(void) __attribute__((noreturn));

#if defined(WAY_EXE)

/* One for each way, found by name in the section's bounds. */
struct way {
	const char *name;
	int (*run)(void);
};

#define WAY(index, title) \
	static int way_##title(void); \
	static const struct way entry_##title \
		__attribute__((used, section("ways"))) = { #title, way_##title }; \
	static int way_##title(void)
#define NEIGHBOUR(index) WAY(index, neighbour_##index) { return neighbour_run(index); }

#elif defined(WAY_SUITE_H)

#include "proctor/suite.h"

#define WAY(index, title) \
	static int way_##title(void); \
	PROCTOR_TEST(title) { PROCTOR_ASSERT_EQ(way_##title(), 0); } \
	static int way_##title(void)
#define NEIGHBOUR(index) WAY(index, neighbour_##index) { return neighbour_run(index); }

#else

#define WAY(index, title) \
	static int way_##title(void); \
	int32_t tml_test_##index(void); \
	int32_t tml_test_##index(void) { return way_##title(); } \
	static int way_##title(void)
#define NEIGHBOUR(index) WAY(index, neighbour_##index) { return neighbour_run(index); }

#endif

#endif
