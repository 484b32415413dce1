/* SPDX-License-Identifier: MIT */
/* Whose functions (of atexit, destructors of static objects) run when a host exits, and its name. */
#ifndef HOSTS_EXIT_SUITE_H
#define HOSTS_EXIT_SUITE_H

#include "hosts/host.h"

#define EXIT_NAME_BYTES 320

/* Its number among the host's suites, from 1, as the host tells it; 0: not known. For `stop_turn`. */
uint32_t exit_suite_turn(const struct host *host);

/*
 * The suite whose turn it is, or was when the host died or was stopped; NULL: it is not known, as at
 * functions with the attribute `destructor`. The host was told to end: its suites stay as they are.
 */
struct suite *exit_suite(const struct host *host);

/* "SUITE::(exit)"; where it is not known whose, "the exit of the host of a, b and c". It has suites. */
void exit_suite_name(const struct host *host, char *to, size_t nto);

#endif
