/* SPDX-License-Identifier: MIT */
/* Which suite it is whose functions (from atexit(), destructors of static objects) run while a host
 * exits, and what that exit is called. */
#ifndef HOSTS_EXIT_SUITE_H
#define HOSTS_EXIT_SUITE_H

#include "hosts/host.h"

#define EXIT_NAME_BYTES 320

/* The number of that suite among the host's, from 1, as the host tells it; 0: not known. */
uint32_t exit_suite_turn(const struct host *host);

/*
 * The suite whose turn it is, or was when the host died or was stopped; NULL: it is not known, as
 * with functions that have the attribute `destructor`. To be called once the host was told to end,
 * when no suite is opened or closed any more.
 */
struct suite *exit_suite(const struct host *host);

/* "SUITE::(exit)"; if the suite is not known, "the exit of the host of a, b and c". */
void exit_suite_name(const struct host *host, char *to, size_t nto);

#endif
