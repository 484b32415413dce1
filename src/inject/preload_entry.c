/* SPDX-License-Identifier: MIT */
#include "inject/preload_entry.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void preload_entry_remove(const char *name, char **envp)
{
	char *list, *ours, *begin, *end;

	/* This may run before the C library's own constructor, which sets `environ` to the same. getenv() needs it. */
	if (!environ)
		environ = envp;
	list = getenv("LD_PRELOAD");
	begin = ours = list ? strstr(list, name) : NULL;
	end = ours ? ours + strlen(name) : NULL;
	if (!ours)
		return;
	while (begin > list && begin[-1] != ':')
		begin--;
	if (*end == ':')
		end++;
	else if (begin > list)
		begin--;
	memmove(begin, end, strlen(end) + 1);
	if (!*list)
		unsetenv("LD_PRELOAD");
}
