/* SPDX-License-Identifier: MIT */
/* Suite libraries that `tml test` builds: tml_test_0 … tml_test_N, or tml_test_entry alone. */
#ifndef ADAPTER_TML_H
#define ADAPTER_TML_H

#include "adapter/listing.h"
#include "base/elf.h"

/* Adds symbol `i` to `list` if it is a test, be it an entry. -ENOMEM. */
int tml_take(const struct elf_file *f, size_t i, struct listing *list, struct proctor_error *err);
/* Puts the tests in order. Where there are numbered tests, tml_test_entry is not one. */
void tml_finish(struct listing *list);

#endif
