/* SPDX-License-Identifier: MIT */
/* A temporary directory for each test that a host forks for, within the one that the host was given. */
#ifndef HOST_TEST_DIR_H
#define HOST_TEST_DIR_H

#include <stdbool.h>
#include <stdint.h>

#define TEST_DIR_BYTES 512

/* All zero: the host was given none, and the functions below do nothing. */
struct test_dirs {
	char path[TEST_DIR_BYTES];	/* of the host's own directory */
	bool keep;			/* each test gets another one; else they use one in turn, which is emptied */
	uint32_t nspoilt;		/* that could not be emptied */
};

/* `path` NULL: there is none. */
void test_dirs_open(struct test_dirs *dirs, const char *path, bool keep);
/* Makes the one of the test with this serial. False: errno says why not. */
bool test_dir_make(const struct test_dirs *dirs, uint32_t serial);
/* In its child: the variables that named the host's directory name the test's. */
void test_dir_tell(const struct test_dirs *dirs, uint32_t serial);
/* When nobody is left who uses it: empties it. */
void test_dir_leave(struct test_dirs *dirs, uint32_t serial);

#endif
