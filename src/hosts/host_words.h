/* SPDX-License-Identifier: MIT */
/* What a host is called in sentences: by the suites that are open in it. */
#ifndef HOSTS_HOST_WORDS_H
#define HOSTS_HOST_WORDS_H

#include "hosts/host.h"

#define HOST_WORDS_BYTES 256

/* "the host of a, b and c and 4 more". The host has suites, and its worker adds none any more. */
void host_words(const struct host *h, char *to, size_t nto);

/*
 * For a list of `count` names: writes the `i`-th behind the `*n` bytes of `to`, with what stands
 * between: "a", "a and b", "a, b, c and 4 more".
 */
void suite_words_append(char *to, size_t nto, size_t *n, const char *name, size_t i, size_t count);

#endif
