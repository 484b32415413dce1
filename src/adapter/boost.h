/* SPDX-License-Identifier: MIT */
/* The parts of the adapter for Boost.Test. */
#ifndef ADAPTER_BOOST_H
#define ADAPTER_BOOST_H

#include "adapter/adapter.h"
#include "base/bytes.h"

/* Appends one part of a test's name, the test's own or a suite's. Slashes stand between the parts: one within a part is
 * written \x2F, and what is no printable character in the same way. */
void boost_name_append(struct bytes *to, const char *part, size_t npart);
/* Appends the name that was written so, as the program has it. */
void boost_name_plain(struct bytes *to, const char *name, size_t nname);

/* What `--list_content=DOT` gives, in the order in which the tests run. -ENOEXEC, -ENOMEM. */
int boost_list_read(const char *text, size_t ntext, struct listing *list, struct proctor_error *err);

extern const struct parser_ops boost_parser;

#endif
