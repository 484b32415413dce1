/* SPDX-License-Identifier: MIT */
/* From a crash record to the frames that people read. */
#ifndef SYMBOLIZER_SYMBOLIZE_H
#define SYMBOLIZER_SYMBOLIZE_H

#include "symbolizer/files.h"

/*
 * Unwinds the copied registers and stack with the recorded modules, innermost frame first, and
 * gives `*text` (heap) the lines that run/symbolizer.h describes. A crashed test may have written
 * anything into the record: whatever it holds, this comes to an end. -ENODATA: it has no registers
 * of this machine; -ENOMEM.
 */
int symbolize(struct files *files, const struct crash *crash, const struct module_list *list,
	      char **text, struct proctor_error *err);

#endif
