/* SPDX-License-Identifier: MIT */
/* One pass over a library's symbols: whose tests it has, and what they say of sharing a process. */
#ifndef PLAN_SYMBOL_SCAN_H
#define PLAN_SYMBOL_SCAN_H

#include "adapter/adapter.h"

struct symbol_scan {
	const struct adapter *of[ADAPTERS_COUNT];	/* that list tests by symbols */
	size_t nprefix[ADAPTERS_COUNT];			/* how long its prefix is */
	struct listing lists[ADAPTERS_COUNT];		/* what each found */
	size_t n;
	bool unique;		/* has symbols of which a process has but one */
	const char *sanitizer;	/* undefined start function of one; NULL: none */
};

/* Asks `framework` alone, if it is not NULL. */
void symbol_scan_init(struct symbol_scan *scan, const struct adapter *framework);
void symbol_scan_fini(struct symbol_scan *scan);

/* The pass. -ENOMEM. */
int symbol_scan_run(struct symbol_scan *scan, const struct elf_file *f, struct proctor_error *err);

/* Whose tests they are, and which; lent by the scan. -ENODATA: there are none; -ENOEXEC: there are those
 * of two frameworks, or they are damaged. */
int symbol_scan_tests(struct symbol_scan *scan, const struct elf_file *f,
		      const struct adapter **adapter, const struct listing **list,
		      struct proctor_error *err);

#endif
