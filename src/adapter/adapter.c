/* SPDX-License-Identifier: MIT */
#include "adapter/adapter.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define ADAPTER(name) &adapter_##name,
const struct adapter *const adapters[ADAPTERS_COUNT] = { ADAPTERS };
#undef ADAPTER

int adapter_find(const char *name, const struct adapter **adapter, struct proctor_error *err)
{
	char known[256] = "";
	size_t n = 0;

	for (size_t i = 0; i < ADAPTERS_COUNT; i++) {
		if (strcmp(adapters[i]->name, name) == 0) {
			*adapter = adapters[i];
			return 0;
		}
		if (n < sizeof(known))
			n += (size_t)snprintf(known + n, sizeof(known) - n, "%s%s",
					      i == 0 ? "" : i + 1 < ADAPTERS_COUNT ? ", " : " and ",
					      adapters[i]->name);
	}
	return error_set(err, -EINVAL, "there is no framework \"%s\"; known are %s", name, known);
}

void command_line_fini(struct command_line *line)
{
	texts_fini(&line->words);
	texts_fini(&line->vars);
}

bool file_view_says(const struct file_view *file, const char *text)
{
	return file->texts && file->texts->head && elf_texts_have(file->texts, text);
}

const struct adapter *adapter_of_program(const struct file_view *file)
{
	const struct adapter *best = NULL;
	enum sureness surest = SURE_NOT;

	for (size_t i = 0; i < ADAPTERS_COUNT; i++) {
		enum sureness sure = adapters[i]->recognize ? adapters[i]->recognize(file) : SURE_NOT;

		if (sure > surest) {
			best = adapters[i];
			surest = sure;
		}
	}
	return best;
}
