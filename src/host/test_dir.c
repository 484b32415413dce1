/* SPDX-License-Identifier: MIT */
#include "host/test_dir.h"

#include "base/container.h"
#include "base/tree_remove.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void test_dirs_open(struct test_dirs *dirs, const char *path, bool keep)
{
	*dirs = (struct test_dirs){ .keep = keep };
	/* Where TMPDIR is so long that no socket would fit into it either, all use the host's. */
	if (path && strlen(path) < sizeof(dirs->path) - sizeof("/4294967295"))
		memcpy(dirs->path, path, strlen(path) + 1);
}

static void path_of(const struct test_dirs *dirs, uint32_t serial, char path[static TEST_DIR_BYTES])
{
	snprintf(path, TEST_DIR_BYTES, "%.*s/%u", (int)(TEST_DIR_BYTES - sizeof("/4294967295")), dirs->path,
		 dirs->keep ? serial : dirs->nspoilt);
}

bool test_dir_make(const struct test_dirs *dirs, uint32_t serial)
{
	char path[TEST_DIR_BYTES];

	path_of(dirs, serial, path);
	return !dirs->path[0] || mkdir(path, S_IRWXU) == 0 ||
	       (errno == EEXIST && !dirs->keep && tree_is_private(AT_FDCWD, path));
}

void test_dir_tell(const struct test_dirs *dirs, uint32_t serial)
{
	static const char *const variables[] = { "TMPDIR", "TEST_TMPDIR" };
	char path[TEST_DIR_BYTES];

	path_of(dirs, serial, path);
	for (size_t i = 0; dirs->path[0] && i < ARRAY_SIZE(variables); i++) {
		const char *now = getenv(variables[i]);

		/* Another value is the user's wish. */
		if (now && strcmp(now, dirs->path) == 0)
			setenv(variables[i], path, 1);
	}
}

void test_dir_leave(struct test_dirs *dirs, uint32_t serial)
{
	char path[TEST_DIR_BYTES];

	path_of(dirs, serial, path);
	if (!dirs->path[0])
		return;
	if (dirs->keep)
		rmdir(path);
	/* What cannot be removed goes, or is told of, with the host's. */
	else if (tree_empty(AT_FDCWD, path, NULL, 0) < 0 || !tree_is_private(AT_FDCWD, path))
		dirs->nspoilt++;
}
