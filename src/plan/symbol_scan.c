/* SPDX-License-Identifier: MIT */
#include "plan/symbol_scan.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

void symbol_scan_init(struct symbol_scan *scan, const struct adapter *framework)
{
	*scan = (struct symbol_scan){0};
	for (size_t i = 0; i < ADAPTERS_COUNT; i++)
		if (adapters[i]->lister && (!framework || adapters[i] == framework)) {
			scan->nprefix[scan->n] = strlen(adapters[i]->lister->prefix);
			scan->of[scan->n++] = adapters[i];
		}
}

void symbol_scan_fini(struct symbol_scan *scan)
{
	for (size_t i = 0; i < scan->n; i++)
		listing_fini(&scan->lists[i]);
}

static void scan_undefined(struct symbol_scan *scan, const char *name)
{
	if (strcmp(name, "__asan_init") == 0 || strcmp(name, "__tsan_init") == 0 ||
	    strncmp(name, "__ubsan_handle_", 15) == 0)
		/* UBSan's functions are in the runtimes of the others, too. */
		if (!scan->sanitizer || name[2] != 'u')
			scan->sanitizer = name;
}

int symbol_scan_run(struct symbol_scan *scan, const struct elf_file *f, struct proctor_error *err)
{
	for (size_t i = 0; i < f->nsymbols; i++) {
		const Elf64_Sym *symbol = &f->symbols[i];
		const char *name = elf_symbol_name(f, i);

		if (!elf_symbol_defined(symbol)) {
			scan_undefined(scan, name);
			continue;
		}
		if (ELF64_ST_BIND(symbol->st_info) == STB_GNU_UNIQUE)
			scan->unique = true;
		for (size_t k = 0; k < scan->n; k++) {
			const struct symbol_lister *lister = scan->of[k]->lister;
			int ret;

			/* The first character keeps most of a runtime's symbols out. */
			if (name[0] != lister->prefix[0] ||
			    strncmp(name, lister->prefix, scan->nprefix[k]) != 0)
				continue;
			ret = lister->take(f, i, &scan->lists[k], err);
			if (ret < 0)
				return ret;
		}
	}
	return 0;
}

static int scan_found_none(const struct symbol_scan *scan, const struct elf_file *f,
			   struct proctor_error *err)
{
	char wanted[256] = "";
	size_t n = 0;

	for (size_t k = 0; k < scan->n && n < sizeof(wanted); k++)
		n += (size_t)snprintf(wanted + n, sizeof(wanted) - n, "%s%s",
				      k == 0 ? ": it has no " : " and no ",
				      scan->of[k]->lister->tests);
	return error_set(err, -ENODATA, "%s is a shared library without tests%s", f->path, wanted);
}

int symbol_scan_tests(struct symbol_scan *scan, const struct elf_file *f,
		      const struct adapter **adapter, const struct listing **list,
		      struct proctor_error *err)
{
	size_t found = scan->n;
	int ret;

	for (size_t k = 0; k < scan->n; k++) {
		if (scan->lists[k].ntests == 0)
			continue;
		if (found < scan->n)
			return error_set(err, -ENOEXEC, "%s has tests of both kinds, %s and %s: a "
					 "library may have one kind only", f->path,
					 scan->of[found]->name, scan->of[k]->name);
		found = k;
	}
	if (found == scan->n)
		return scan_found_none(scan, f, err);
	ret = scan->of[found]->lister->finish(f, &scan->lists[found], err);
	if (ret < 0)
		return ret;
	*adapter = scan->of[found];
	*list = &scan->lists[found];
	return scan->lists[found].ntests > 0 ? 0 : scan_found_none(scan, f, err);
}
