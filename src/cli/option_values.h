/* SPDX-License-Identifier: MIT */
/* Reading the value of an option. Each fails with a sentence about the value alone. */
#ifndef CLI_OPTION_VALUES_H
#define CLI_OPTION_VALUES_H

#include "base/error.h"
#include "base/texts.h"

#include <stddef.h>
#include <stdint.h>

/* Not 0: in the library's options that stands for the default. */
int value_time(const char *text, uint64_t *us, struct proctor_error *err);

int value_number(const char *text, unsigned min, unsigned max, unsigned *number,
		 struct proctor_error *err);

struct choice {
	const char *name;	/* NULL: there is no third one */
	int value;
};

/* Two or three choices, as each option that has some has. */
int value_choice(const char *text, const struct choice choices[3], int *value,
		 struct proctor_error *err);

/* Adds the text itself, which is argv's, to a list that free() ends. */
int value_add(const char ***list, size_t *n, const char *text, struct proctor_error *err);

/* Adds the words of a text, as a shell would take it apart: quotes, backslashes, variables, patterns; nothing
 * is executed. Behind the last stands NULL. */
int value_words(struct texts *words, const char *text, struct proctor_error *err);

#endif
