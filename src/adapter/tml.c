/* SPDX-License-Identifier: MIT */
/* Libraries that `tml test` builds: tml_test_0 … tml_test_N, or tml_test_entry alone. */
#include "adapter/tml.h"

#include "adapter/adapter.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/quantity.h"

#define TML_PREFIX "tml_test_"
#define TML_ENTRY "tml_test_entry"

bool tml_index(const char *symbol, unsigned *index)
{
	const char *digits = symbol + strlen(TML_PREFIX);
	uint64_t value;

	if (strncmp(symbol, TML_PREFIX, strlen(TML_PREFIX)) != 0 || (digits[0] == '0' && digits[1] != '\0') ||
	    quantity_number(digits, 0, UINT_MAX, &value, NULL) < 0)
		return false;
	*index = (unsigned)value;
	return true;
}

static int tml_take(const struct elf_file *f, size_t i, struct listing *list,
		    struct proctor_error *err)
{
	const Elf64_Sym *symbol = &f->symbols[i];
	const char *name = elf_symbol_name(f, i);
	unsigned index = 0;
	struct listed *t;

	if (ELF64_ST_TYPE(symbol->st_info) != STT_FUNC || !elf_symbol_defined(symbol))
		return 0;
	if (strcmp(name, TML_ENTRY) != 0 && !tml_index(name, &index))
		return 0;
	t = listing_add(list);
	if (!t)
		return error_sys(err, ENOMEM, "cannot list the tests of %s", f->path);
	t->index = index;
	t->symbol = name;
	t->name = name;
	t->file = "";
	return 0;
}

/* By index; an entry, which has index 0 too, last of these. */
static int listed_compare(const void *a, const void *b)
{
	const struct listed *x = a, *y = b;

	if (x->index != y->index)
		return x->index < y->index ? -1 : 1;
	return strcmp(x->symbol, y->symbol);
}

/* Where there are numbered tests, tml_test_entry is not one. */
static int tml_finish(const struct elf_file *f, struct listing *list, struct proctor_error *err)
{
	size_t n = 0;
	bool numbered = false;

	(void)f;
	(void)err;
	for (size_t i = 0; i < list->ntests; i++)
		numbered = numbered || strcmp(list->tests[i].symbol, TML_ENTRY) != 0;
	if (list->ntests > 1)
		qsort(list->tests, list->ntests, sizeof(*list->tests), listed_compare);
	for (size_t i = 0; i < list->ntests; i++) {
		const struct listed *t = &list->tests[i];

		if (numbered && strcmp(t->symbol, TML_ENTRY) == 0)
			continue;
		/* A name may be there in several versions. */
		if (n > 0 && list->tests[n - 1].index == t->index)
			continue;
		list->tests[n++] = *t;
	}
	list->ntests = n;
	return 0;
}

void tml_symbol(unsigned index, char symbol[TML_SYMBOL_BYTES])
{
	snprintf(symbol, TML_SYMBOL_BYTES, TML_PREFIX "%u", index);
}

static const struct symbol_lister tml_lister = {
	.prefix = TML_PREFIX,
	.tests = "tml_test_… function",
	.take = tml_take,
	.finish = tml_finish,
};

const struct adapter adapter_tml = {
	.name = "tml",
	.known_by = "a shared library that defines functions tml_test_N",
	.in_host = true,
	.crash_stops = true,
	.lister = &tml_lister,
	.call = PAGE_CALL_TML,
};
