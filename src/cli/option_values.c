/* SPDX-License-Identifier: MIT */
#include "cli/option_values.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <wordexp.h>

#include "base/quantity.h"

#define TIME_MAX_US (365ull * 24 * 3600 * 1000000)

int value_time(const char *text, uint64_t *us, struct proctor_error *err)
{
	uint64_t value;
	int ret = quantity_time_us(text, &value, err);

	if (ret < 0)
		return ret;
	if (value == 0)
		return error_set(err, -ERANGE, "%s is too short a time", text);
	if (value > TIME_MAX_US)
		return error_set(err, -ERANGE, "%s is too long a time", text);
	*us = value;
	return 0;
}

int value_number(const char *text, unsigned min, unsigned max, unsigned *number,
		 struct proctor_error *err)
{
	uint64_t value;
	int ret = quantity_number(text, min, max, &value, err);

	if (ret == 0)
		*number = (unsigned)value;
	return ret;
}

int value_choice(const char *text, const struct choice choices[3], int *value,
		 struct proctor_error *err)
{
	for (size_t i = 0; i < 3 && choices[i].name; i++)
		if (strcmp(choices[i].name, text) == 0) {
			*value = choices[i].value;
			return 0;
		}
	return error_set(err, -EINVAL, "\"%s\" is none of %s, %s%s%s", text, choices[0].name,
			 choices[1].name, choices[2].name ? ", " : "",
			 choices[2].name ? choices[2].name : "");
}

int value_add(const char ***list, size_t *n, const char *text, struct proctor_error *err)
{
	const char **grown = reallocarray(*list, *n + 1, sizeof(*grown));

	if (!grown)
		return error_sys(err, ENOMEM, "cannot keep \"%s\"", text);
	grown[(*n)++] = text;
	*list = grown;
	return 0;
}

static const char *words_wrong(int error)
{
	switch (error) {
	case WRDE_BADCHAR:
		return "has one of |&;<>(){} or a line end outside quotes";
	case WRDE_BADVAL:
		return "names a variable that is not set";
	case WRDE_CMDSUB:
		return "has a command to be executed ($(...) or backquotes)";
	case WRDE_SYNTAX:
		return "has a quote that does not end";
	}
	return NULL;
}

int value_words(struct texts *words, const char *text, struct proctor_error *err)
{
	wordexp_t found;
	int wrong = wordexp(text, &found, WRDE_NOCMD | WRDE_UNDEF);
	const char *why = words_wrong(wrong);

	if (why)
		return error_set(err, -EINVAL, "\"%s\" %s", text, why);
	for (size_t i = 0; wrong == 0 && i < found.we_wordc; i++)
		texts_add(words, "%s", found.we_wordv[i]);
	if (wrong == 0 || wrong == WRDE_NOSPACE)
		wordfree(&found);
	/* Whoever reads them relies on the NULL behind. */
	if (wrong != 0 || !texts_words(words))
		return error_sys(err, ENOMEM, "cannot keep \"%s\"", text);
	return 0;
}
