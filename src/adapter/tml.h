/* SPDX-License-Identifier: MIT */
/* How TML numbers its tests: a test that was handed in by its index alone is called so. */
#ifndef ADAPTER_TML_H
#define ADAPTER_TML_H

#include <stdbool.h>

#define TML_SYMBOL_BYTES 32

void tml_symbol(unsigned index, char symbol[TML_SYMBOL_BYTES]);

/* The other way round; false: it is no numbered test's symbol. */
bool tml_index(const char *symbol, unsigned *index);

#endif
