/* SPDX-License-Identifier: MIT */
/*
 * How Catch2 and doctest write a test's name in XML, which cannot hold every byte: control characters and what
 * is no UTF-8 become "\x1F". The lists that proctor makes have names in this form, as results have no other.
 */
#ifndef ADAPTER_CATCH_NAMES_H
#define ADAPTER_CATCH_NAMES_H

#include "base/bytes.h"

#include <stdbool.h>
#include <stddef.h>

/* Appends a name in that form. */
void catch_name_escape(struct bytes *to, const char *name, size_t nname);
/* Appends the name that `name` may stand for. False: it stands for none but itself, and nothing is appended. */
bool catch_name_unescape(struct bytes *to, const char *name);

#endif
