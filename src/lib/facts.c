/* SPDX-License-Identifier: MIT */
#include "lib/facts.h"

#include <stdarg.h>
#include <stdio.h>

void facts_add(struct facts *f, const char *name, const char *fmt, ...)
{
	struct fact *fact;
	va_list args;
	char *text;
	int n;

	va_start(args, fmt);
	n = vasprintf(&text, fmt, args);
	va_end(args);
	fact = n < 0 ? NULL : vector_add(f);
	if (fact) {
		fact->name = name;
		fact->text = text;
		return;
	}
	f->incomplete = true;
	if (n >= 0)
		free(text);
}

void facts_fini(struct facts *f)
{
	for (size_t i = 0; i < f->n; i++)
		free(f->list[i].text);
	free(f->list);
	*f = (struct facts){ 0 };
}
