/* SPDX-License-Identifier: MIT */
/* Suite libraries written with proctor/suite.h: data objects proctor_entry__NAME. */
#ifndef ADAPTER_SUITE_H_H
#define ADAPTER_SUITE_H_H

#include "adapter/listing.h"
#include "base/elf.h"

/* Adds symbol `i` to `list` if it is the entry of a test; its fields are read by the finish.
 * -ENOMEM. */
int suite_h_take(const struct elf_file *f, size_t i, struct listing *list,
		 struct proctor_error *err);
/*
 * Reads the entries and labels, orders the tests by file and line, numbers them. -ENOEXEC: an
 * entry or label is damaged, or of another version of the header.
 */
int suite_h_finish(const struct elf_file *f, struct listing *list, struct proctor_error *err);

#endif
