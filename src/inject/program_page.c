/* SPDX-License-Identifier: MIT */
#include "inject/program_page.h"

#include <stdbool.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* Whoever has this library from elsewhere may have any other file there. */
static bool is_page_size(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size == (off_t)sizeof(struct crash_page);
}

struct crash_page *program_page_open(void)
{
	struct crash_page *page = MAP_FAILED;

	if (is_page_size(CRASH_PAGE_FD))
		page = mmap(NULL, sizeof(*page), PROT_READ | PROT_WRITE, MAP_SHARED, CRASH_PAGE_FD, 0);
	if (page == MAP_FAILED)
		return NULL;
	if (page->magic != CRASH_PAGE_MAGIC) {
		munmap(page, sizeof(*page));
		return NULL;
	}
	close(CRASH_PAGE_FD);
	return page;
}
