/* SPDX-License-Identifier: MIT */
/*
 * The fork server: a program in which everything up to main() has been done, and which then makes a process
 * for each of its tests, in which main() runs. It is in the library that is put into programs
 * (inject/fork_server.c), and a worker asks it (hosts/fork_client.h) over a socket that keeps messages
 * apart. The answers come from a process that runs code of a test's, so each is checked.
 *
 *	server	FORK_SERVES, or FORK_REFUSES and ends
 *	worker	a request, with the descriptors that the test is to have
 *	server	FORK_CREATED and the process's number, or FORK_FAILED: there is none
 *	child	FORK_BEGINS, when all that was asked for is done and main() is next; or FORK_UNREADY
 *
 * The last two come in either order.
 * The server ends when the worker closes its end.
 */
#ifndef WIRE_FORK_MESSAGES_H
#define WIRE_FORK_MESSAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FORK_SERVER_MAGIC 0x70726f63666f726bull	/* "procfork" */

/* The descriptor at which the server finds its end of the socket. */
#define FORK_SERVER_FD 6

#define FORK_REQUEST_BYTES (96u << 10)	/* of a message; a longer one is not sent */
#define FORK_FDS_MAX 8

/* In the server's environment the number of the process has so many digits, so that each child can write its
 * own over it: there /proc shows it to who looks for what a test left behind. */
#define FORK_HOST_VARIABLE "PROCTOR_HOST="
#define FORK_HOST_DIGITS 20

enum fork_word {
	FORK_SERVES = 1,
	FORK_REFUSES,			/* `value` is why: enum fork_refusal */
	FORK_CREATED,			/* `value` is the process's number */
	FORK_BEGINS,
	FORK_FAILED,			/* the server's: `value` is an errno */
	FORK_UNREADY,			/* the child's: the same */
	FORK_NWORDS
};

/* What stands before main() and cannot be had by each test anew from a fork. */
enum fork_refusal {
	FORK_REFUSAL_NONE,
	FORK_REFUSAL_THREADS,		/* they would not be in the child */
	FORK_REFUSAL_FILES,		/* open files have a position that all children would share */
	FORK_REFUSAL_CHILDREN,		/* they are not the child's */
	FORK_REFUSAL_TIMERS,		/* they are not inherited */
	FORK_REFUSAL_HANDLERS,		/* of pthread_atfork(): they run in fork(2) only */
	FORK_REFUSAL_LIBRARY,		/* the C library does not tell where it keeps a thread's number */
	FORK_NREFUSALS
};

struct fork_answer {
	uint64_t magic;
	uint32_t word;			/* enum fork_word */
	uint32_t serial;		/* of the request; 0: of none */
	int32_t value;
	int32_t group;			/* FORK_CREATED: the leader of the process's session: itself, or a process
					 * that ends now and is to be reaped. FORK_FAILED: that one; 0: none */
};

/* Behind it follow the texts, each ended by NUL: the words of the command line, the variables (NAME=VALUE to
 * be set, NAME to be taken out), and the working directory. */
struct fork_request {
	uint64_t magic;
	uint32_t serial;		/* from 1 */
	uint32_t nwords, nvars;
	uint32_t has_workdir;		/* 0 or 1 */
	uint32_t leads;			/* as struct spawn has it: 0 or 1 */
	uint32_t parent;		/* who is to be the child's parent: proctor */
	uint32_t nfds;			/* as many come with the message ... */
	uint32_t as[FORK_FDS_MAX];	/* ... and become these; CRASH_PAGE_FD is mapped and closed */
};

#endif
