/* SPDX-License-Identifier: MIT */
/*
 * May a library be closed (dlclose) once its tests are over, while the process goes on? Only where
 * its file shows that nothing can point into it any more: no handler, thread, destructor,
 * thread-local variable or registered function, and no call that could have left one.
 */
#ifndef PLAN_CLOSABLE_H
#define PLAN_CLOSABLE_H

#include "base/elf.h"

/* False if that is not known. Of the libraries that it needs only the names are looked at. */
bool library_closable(const struct elf_file *f);

#endif
