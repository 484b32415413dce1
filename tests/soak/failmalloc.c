/* SPDX-License-Identifier: MIT */
/*
 * Preloaded into proctor: allocations FAIL_MALLOC_FROM to FAIL_MALLOC_UPTO (1 is the first) fail.
 * FAIL_MALLOC_COUNT names a file that gets the number of all. What proctor starts does without:
 * none of this is in the environment any more when it looks.
 */
#include "../common/malloc_fails.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static unsigned long from, upto;
static atomic_ulong count;
static char count_path[128];
static bool active;

static bool fails(void)
{
	unsigned long n;

	if (!active)
		return false;
	n = ++count;
	if (from == 0 || n < from || n > upto)
		return false;
	errno = ENOMEM;
	return true;
}

static void option(const char *name, unsigned long *value)
{
	const char *text = getenv(name);

	*value = text ? strtoul(text, NULL, 10) : 0;
	unsetenv(name);
}

__attribute__((constructor)) static void begin(void)
{
	const char *path = getenv("FAIL_MALLOC_COUNT");

	if (path)
		snprintf(count_path, sizeof(count_path), "%s", path);
	option("FAIL_MALLOC_FROM", &from);
	option("FAIL_MALLOC_UPTO", &upto);
	unsetenv("FAIL_MALLOC_COUNT");
	unsetenv("LD_PRELOAD");
	active = true;
}

__attribute__((destructor)) static void end(void)
{
	int fd;

	active = false;
	if (!*count_path)
		return;
	fd = open(count_path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd >= 0) {
		dprintf(fd, "%lu\n", (unsigned long)count);
		close(fd);
	}
}
