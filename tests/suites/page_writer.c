/* SPDX-License-Identifier: MIT */
/* Tests that look for the progress page and write where it would help them. */
#include "proctor/suite.h"
#include "wire/page.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct page *page_find(void)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	struct page *page = NULL;
	unsigned long start;
	char line[512];

	while (maps && !page && fgets(line, sizeof(line), maps))
		if (strstr(line, "proctor-page") && sscanf(line, "%lx", &start) == 1)
			page = (struct page *)start;
	if (maps)
		fclose(maps);
	PROCTOR_ASSERT(page != NULL);
	return page;
}

PROCTOR_TEST(a_skips)
{
	PROCTOR_SKIP("a reason of its own");
}

PROCTOR_TEST(b_rewrites_reasons)
{
	struct page *page = page_find();
	char *at = memmem(page->texts, sizeof(page->texts), "a reason of its own", 19);

	PROCTOR_ASSERT(at != NULL);
	memcpy(at, "a lie", 5);
}

PROCTOR_TEST(c_renames)
{
	struct page *page = page_find();
	char *at = page->strings, *end = at + sizeof(page->strings);

	/* Whatever is called next, let it be the one that passes. */
	for (; (at = memmem(at, (size_t)(end - at), "__d_fails", 9)); at += 9)
		memcpy(at, "__e_pass\0", 9);
}

PROCTOR_TEST(d_fails)
{
	PROCTOR_FAIL("must fail");
}

PROCTOR_TEST(e_pass)
{
}

static void *unretire(void *data)
{
	struct page *page = data;

	for (;;)
		atomic_store(&page->retire, RETIRE_NO);
	return NULL;
}

/* Its host must be replaced for the thread that it leaves, which does not want that. */
PROCTOR_TEST(f_leaves_a_thread)
{
	pthread_t thread;

	PROCTOR_ASSERT(pthread_create(&thread, NULL, unretire, page_find()) == 0);
}

PROCTOR_TEST(g_runs_alone)
{
	FILE *status = fopen("/proc/self/status", "re");
	int nthreads = 0;
	char line[256];

	while (status && fgets(line, sizeof(line), status))
		sscanf(line, "Threads: %d", &nthreads);
	if (status)
		fclose(status);
	PROCTOR_ASSERT(nthreads == 1);
}

PROCTOR_TEST(h_finds_no_key)
{
	static const unsigned char none[MARKER_KEY_BYTES];

	PROCTOR_ASSERT(memcmp(page_find()->marker_key, none, sizeof(none)) == 0);
}
