/* SPDX-License-Identifier: MIT */
/*
 * Holds a program just before main(), and makes a process for each test that is asked for
 * (wire/fork_messages.h).
 *
 * Each is made by clone(2) with CLONE_PARENT: it is a child of proctor and not of this process. So proctor
 * waits for it, is told of its end and what it used, and kills it, as it does with a process that it has
 * started itself, and nothing that happens here can lose a test. The C library's fork() cannot make such a
 * child; what it does besides is done here: the number of the thread in the C library's own record is set by the
 * kernel (its place is known from a symbol for debuggers), the list of robust mutexes is told again, and locks
 * need no care as there is one thread only.
 */
#ifndef INJECT_FORK_SERVER_H
#define INJECT_FORK_SERVER_H

#include "wire/crash_page.h"

#include <stdbool.h>

/* In the first constructor. True: this process is to be a fork server. `page`: its crash page, which is replaced
 * by its own in each child; NULL: there is none. */
bool fork_server_open(struct crash_page *page);

/* Before main(). Returns in a child, with the arguments that its test has; the environment and all else is as the
 * test is to find it. */
void fork_server_serve(int *argc, char ***argv);

#endif
