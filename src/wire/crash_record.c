/* SPDX-License-Identifier: MIT */
#include "wire/crash_record.h"

#include <stdlib.h>
#include <string.h>

void crash_fini(struct crash *c)
{
	free(c->stack);
	memset(c, 0, sizeof(*c));
}

void module_list_fini(struct module_list *list)
{
	free(list->modules);
	free(list->paths);
	memset(list, 0, sizeof(*list));
}

/* The last one recorded: it may have come where another one was closed. */
ssize_t module_at(const struct module_list *list, uint64_t address)
{
	for (size_t i = list->nmodules; i-- > 0;)
		if (address >= list->modules[i].start && address < list->modules[i].end)
			return (ssize_t)i;
	return -1;
}
