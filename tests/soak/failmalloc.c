/* SPDX-License-Identifier: MIT */
/*
 * Preloaded into proctor: allocations FAIL_MALLOC_FROM to FAIL_MALLOC_UPTO (1 is the first) fail.
 * FAIL_MALLOC_COUNT names a file that gets the number of all. What proctor starts does without:
 * none of this is in the environment any more when it looks.
 */
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern void *__libc_malloc(size_t n);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *p, size_t n);
extern void *__libc_memalign(size_t align, size_t n);

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

void *malloc(size_t n)
{
	return fails() ? NULL : __libc_malloc(n);
}

void *calloc(size_t n, size_t size)
{
	return fails() ? NULL : __libc_calloc(n, size);
}

void *realloc(void *p, size_t n)
{
	return fails() ? NULL : __libc_realloc(p, n);
}

void *reallocarray(void *p, size_t n, size_t size)
{
	size_t total;

	if (__builtin_mul_overflow(n, size, &total)) {
		errno = ENOMEM;
		return NULL;
	}
	return realloc(p, total);
}

void *memalign(size_t align, size_t n)
{
	return fails() ? NULL : __libc_memalign(align, n);
}

void *aligned_alloc(size_t align, size_t n)
{
	return memalign(align, n);
}

int posix_memalign(void **p, size_t align, size_t n)
{
	*p = memalign(align, n);
	return *p ? 0 : ENOMEM;
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
