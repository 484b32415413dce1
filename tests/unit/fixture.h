/* SPDX-License-Identifier: MIT */
/* A temporary directory and files in it, libraries among them, for unit tests of the plan. */
#ifndef UNIT_FIXTURE_H
#define UNIT_FIXTURE_H

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/error.h"

static char fixture_dir[64];

static int fixture_unlink(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)ftw;
	if (type == FTW_DNR)
		chmod(path, 0700);
	return remove(path);
}

/* Makes the directory and goes there, so that tests can use short paths. */
static inline int fixture_setup(void **state)
{
	(void)state;
	snprintf(fixture_dir, sizeof(fixture_dir), "/tmp/proctor-unit-XXXXXX");
	if (!mkdtemp(fixture_dir) || chdir(fixture_dir) < 0)
		return -1;
	return 0;
}

static inline int fixture_teardown(void **state)
{
	(void)state;
	if (chdir("/") < 0)
		return -1;
	return nftw(fixture_dir, fixture_unlink, 16, FTW_DEPTH | FTW_PHYS);
}

/* A shell command; it must succeed. */
static inline void fixture_run(const char *fmt, ...) PRINTF_LIKE(1, 2);
static inline void fixture_run(const char *fmt, ...)
{
	char command[4096];
	va_list args;

	va_start(args, fmt);
	vsnprintf(command, sizeof(command), fmt, args);
	va_end(args);
	if (system(command) != 0)
		fail_msg("%s", command);
}

static inline void fixture_write(const char *path, const void *bytes, size_t nbytes)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, nbytes, file), nbytes);
	assert_int_equal(fclose(file), 0);
}

/* All of a file; freed by the caller. */
static inline unsigned char *fixture_read(const char *path, size_t *nbytes)
{
	FILE *file = fopen(path, "r");
	unsigned char *bytes;
	struct stat st;

	assert_non_null(file);
	assert_int_equal(fstat(fileno(file), &st), 0);
	*nbytes = (size_t)st.st_size;
	bytes = malloc(*nbytes ? *nbytes : 1);
	assert_non_null(bytes);
	assert_int_equal(fread(bytes, 1, *nbytes, file), *nbytes);
	fclose(file);
	return bytes;
}

/* Compiles `source` into `path` with the compiler that $CC names. */
static inline void fixture_compile(const char *path, const char *flags, const char *source)
{
	fixture_write("fixture.c", source, strlen(source));
	fixture_run("%s %s -o %s fixture.c", getenv("CC") ? getenv("CC") : "cc", flags, path);
}

static inline void fixture_library(const char *path, const char *source)
{
	fixture_compile(path, "-shared -fPIC -O1", source);
}

#endif
