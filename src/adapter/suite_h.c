/* SPDX-License-Identifier: MIT */
/* Libraries written with proctor/suite.h: data objects proctor_entry__NAME and proctor_label__NAME. */
#include "adapter/adapter.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "proctor/suite.h"

#define ENTRY_PREFIX "proctor_entry__"
#define LABEL_PREFIX "proctor_label__"

static int suite_h_take(const struct elf_file *f, size_t i, struct listing *list,
			struct proctor_error *err)
{
	const Elf64_Sym *symbol = &f->symbols[i];
	const char *name = elf_symbol_name(f, i);
	struct listed *t;

	/* Labels are listed as well, as tests without a name, until the finish joins them. */
	if (strncmp(name, ENTRY_PREFIX, strlen(ENTRY_PREFIX)) != 0 &&
	    strncmp(name, LABEL_PREFIX, strlen(LABEL_PREFIX)) != 0)
		return 0;
	if (ELF64_ST_TYPE(symbol->st_info) != STT_OBJECT || !elf_symbol_defined(symbol))
		return 0;
	if (i > UINT32_MAX)
		return 0;
	t = listing_add(list);
	if (!t)
		return error_sys(err, ENOMEM, "cannot list the tests of %s", f->path);
	t->index = (unsigned)i;
	t->symbol = name;
	return 0;
}

/* NAME of either kind of symbol. */
static const char *listed_stem(const struct listed *t)
{
	_Static_assert(sizeof(ENTRY_PREFIX) == sizeof(LABEL_PREFIX), "one length for both");
	return t->symbol + strlen(ENTRY_PREFIX);
}

/* Brings entry and label of one NAME together, the entry first. */
static int stem_compare(const void *a, const void *b)
{
	const struct listed *x = a, *y = b;
	int order = strcmp(listed_stem(x), listed_stem(y));

	return order ? order : strcmp(x->symbol, y->symbol);
}

static int place_compare(const void *a, const void *b)
{
	const struct listed *x = a, *y = b;
	int order = strcmp(x->file, y->file);

	if (order)
		return order;
	if (x->line != y->line)
		return x->line < y->line ? -1 : 1;
	return strcmp(x->symbol, y->symbol);
}

static int entry_read(const struct elf_file *f, struct listed *t, struct proctor_error *err)
{
	const void *data = elf_data(f, &f->symbols[t->index], sizeof(struct proctor_entry));
	struct proctor_entry entry;

	if (!data && elf_no_memory())
		return error_sys(err, ENOMEM, "cannot read %s", f->path);
	if (!data)
		return error_set(err, -ENOEXEC, "%s is damaged: %s lies outside of its "
				 "section", f->path, t->symbol);
	memcpy(&entry, data, sizeof(entry));	/* the file need not align it */
	if (entry.abi != PROCTOR_SUITE_ABI)
		return error_set(err, -ENOEXEC, "%s was built with version %u of proctor/suite.h, "
				 "and this proctor knows version %d", f->path, entry.abi,
				 PROCTOR_SUITE_ABI);
	if (entry.size != sizeof(entry))
		return error_set(err, -ENOEXEC, "%s is damaged: %s says that it has %u bytes "
				 "instead of %zu", f->path, t->symbol, entry.size, sizeof(entry));
	t->line = entry.line;
	t->timeout_us = (uint64_t)entry.timeout_ms * 1000;
	return 0;
}

/* Takes name and file from "name\0file\0". */
static int label_read(const struct elf_file *f, const struct listed *label, struct listed *t,
		      struct proctor_error *err)
{
	const Elf64_Sym *symbol = &f->symbols[label->index];
	const char *data = elf_data(f, symbol, symbol->st_size);
	size_t nname = data ? strnlen(data, symbol->st_size) : 0;

	if (!data && elf_no_memory())
		return error_sys(err, ENOMEM, "cannot read %s", f->path);
	if (!data || nname == symbol->st_size ||
	    !memchr(data + nname + 1, '\0', symbol->st_size - nname - 1))
		return error_set(err, -ENOEXEC, "%s is damaged: %s does not hold a name and a file",
				 f->path, label->symbol);
	t->name = data;
	t->file = data + nname + 1;
	if (!utf8_is_name(t->name) || (*t->file && !utf8_is_name(t->file)))
		return error_set(err, -ENOEXEC, "%s is damaged: the name or file in %s is no text",
				 f->path, label->symbol);
	return 0;
}

/* Reads the entries and labels, orders the tests by file and line, numbers them. */
static int suite_h_finish(const struct elf_file *f, struct listing *list, struct proctor_error *err)
{
	size_t n = 0;
	int ret;

	if (list->ntests == 0)
		return 0;
	qsort(list->tests, list->ntests, sizeof(*list->tests), stem_compare);
	for (size_t i = 0; i < list->ntests; i++) {
		struct listed t = list->tests[i];

		if (strncmp(t.symbol, ENTRY_PREFIX, strlen(ENTRY_PREFIX)) != 0)
			continue;
		/* A name may be there in several versions. */
		while (i + 1 < list->ntests && strcmp(list->tests[i + 1].symbol, t.symbol) == 0)
			i++;
		if (i + 1 == list->ntests ||
		    strcmp(listed_stem(&list->tests[i + 1]), listed_stem(&t)) != 0)
			return error_set(err, -ENOEXEC, "%s is damaged: %s has no " LABEL_PREFIX
					 "%s", f->path, t.symbol, listed_stem(&t));
		ret = entry_read(f, &t, err);
		if (ret == 0)
			ret = label_read(f, &list->tests[i + 1], &t, err);
		if (ret < 0)
			return ret;
		list->tests[n++] = t;
	}
	list->ntests = n;
	if (n > 0)
		qsort(list->tests, n, sizeof(*list->tests), place_compare);
	for (size_t i = 0; i < n; i++)
		list->tests[i].index = (unsigned)i;
	return 0;
}

static const struct symbol_lister suite_h_lister = {
	.prefix = "proctor_",
	.tests = "test of proctor/suite.h",
	.take = suite_h_take,
	.finish = suite_h_finish,
};

const struct adapter adapter_suite_h = {
	.name = "suite.h",
	.known_by = "a shared library with tests of proctor/suite.h",
	.in_host = true,
	.hides_symbols = true,
	.lister = &suite_h_lister,
	.call = PAGE_CALL_SUITE_H,
};
