/* SPDX-License-Identifier: MIT */
#include "base/texts.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/vector.h"

void texts_add(struct texts *t, const char *fmt, ...)
{
	va_list args;
	char *text, **to;
	int n;

	va_start(args, fmt);
	n = vasprintf(&text, fmt, args);
	va_end(args);
	to = n < 0 ? NULL : vector_add(t);
	if (to)
		*to = text;
	else if (n >= 0)
		free(text);
	t->lost = t->lost || !to;
}

char **texts_words(struct texts *t)
{
	if (t->lost || !vector_add(t))
		return NULL;
	t->n--;
	return t->list;
}

void texts_fini(struct texts *t)
{
	for (size_t i = 0; i < t->n; i++)
		free(t->list[i]);
	free(t->list);
	*t = (struct texts){ .list = NULL };
}
