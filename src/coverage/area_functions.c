/* SPDX-License-Identifier: MIT */
#include "coverage/area_functions.h"

#include <errno.h>
#include <string.h>

/* The entry that a slot tells; NULL: none can be there. */
static const struct area_function *entry_at(const char *entries, uint32_t value)
{
	const struct area_function *entry = (const void *)(entries + value - 1);
	uint32_t at = value - 1;

	if (at % _Alignof(struct area_function) != 0 || at > AREA_FUNCTION_BYTES - sizeof(*entry) ||
	    entry->nname == 0 || entry->nname > AREA_FUNCTION_BYTES - sizeof(*entry) - at ||
	    memchr(entry->name, '\n', entry->nname) || memchr(entry->name, '\0', entry->nname))
		return NULL;
	return entry;
}

static int entry_write(const struct area_function *entry, FILE *f)
{
	uint64_t hits = atomic_load(&entry->hits);
	uint32_t nprocesses = atomic_load(&entry->nprocesses);

	/* Made by a process that was killed before it could add to it. */
	if (hits == 0 || nprocesses == 0)
		return 0;
	if (fprintf(f, "%llu %u ", (unsigned long long)hits, nprocesses) < 0 ||
	    fwrite(entry->name, entry->nname, 1, f) != 1 || putc('\n', f) == EOF)
		return -errno;
	return 0;
}

int area_functions_write(const void *index, FILE *f)
{
	const _Atomic uint32_t *slots = index;
	const char *entries = (const char *)(slots + AREA_FUNCTIONS);
	int ret = fputs("#hits\n", f) == EOF ? -errno : 0;

	for (uint32_t i = 0; i < AREA_FUNCTIONS && ret == 0; i++) {
		uint32_t value = atomic_load(&slots[i]);
		const struct area_function *entry = value ? entry_at(entries, value) : NULL;

		if (value != 0)
			ret = entry ? entry_write(entry, f) : -EBADMSG;
	}
	return ret;
}
