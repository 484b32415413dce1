/* SPDX-License-Identifier: MIT */
#include "coverage/area_functions.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

/* A copy of an entry: what a test left behind may still write to the area. */
struct copy {
	uint64_t hits;
	uint32_t nprocesses;
	char name[AREA_FUNCTION_NAME_BYTES];
};

/* Copies the entry that a slot tells; false: none can be there. */
static bool entry_copy(const char *entries, uint32_t value, struct copy *copy)
{
	const struct area_function *entry = (const void *)(entries + value - 1);
	uint32_t at = value - 1, n;

	if (at % _Alignof(struct area_function) != 0 || at > AREA_FUNCTION_BYTES - sizeof(*entry))
		return false;
	n = *(const volatile uint32_t *)&entry->nname;
	if (n == 0 || n >= sizeof(copy->name) || n > AREA_FUNCTION_BYTES - sizeof(*entry) - at)
		return false;
	copy->hits = atomic_load(&entry->hits);
	copy->nprocesses = atomic_load(&entry->nprocesses);
	memcpy(copy->name, entry->name, n);
	copy->name[n] = '\0';
	return strlen(copy->name) == n && !strchr(copy->name, '\n');
}

static int entry_write(const char *entries, uint32_t value, FILE *f)
{
	struct copy copy;

	if (!entry_copy(entries, value, &copy))
		return -EBADMSG;
	/* Made by a process that was killed before it could add to it. */
	if (copy.hits == 0 || copy.nprocesses == 0)
		return 0;
	return fprintf(f, "%llu %u %s\n", (unsigned long long)copy.hits, copy.nprocesses,
		       copy.name) < 0 ? -errno : 0;
}

int area_functions_write(const void *index, FILE *f)
{
	const _Atomic uint32_t *slots = index;
	const char *entries = (const char *)(slots + AREA_FUNCTIONS);
	int ret = fputs("#hits\n", f) == EOF ? -errno : 0;

	for (uint32_t i = 0; i < AREA_FUNCTIONS && ret == 0; i++) {
		uint32_t value = atomic_load(&slots[i]);

		if (value != 0)
			ret = entry_write(entries, value, f);
	}
	return ret;
}
