/* SPDX-License-Identifier: MIT */
/* Which files the libraries that a suite needs are, as the dynamic linker would find them. */
#ifndef PLAN_NEEDS_H
#define PLAN_NEEDS_H

#include "base/elf.h"
#include "plan/plan.h"

/* Remembers each library looked at, as many suites need the same. */
struct resolver;

void resolver_free(struct resolver *r);

/*
 * Fills `needs`, `preload` and `sanitizer`, and sets `unique` where a needed library has unique
 * symbols. Searches RPATH, LD_LIBRARY_PATH and RUNPATH ($ORIGIN is understood, other $-words are
 * not); what is not there is taken for found by the default search. -ENOMEM.
 */
int suite_resolve_needs(struct suite *suite, const struct elf_file *f, struct proctor_error *err);

/* What the name of a needed library says: is it the runtime of a sanitizer, and of which? */
bool soname_is_runtime(const char *soname, enum sanitizer *sanitizer);

#endif
