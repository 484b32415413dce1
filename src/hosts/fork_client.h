/* SPDX-License-Identifier: MIT */
/*
 * A program that makes a process for each of its tests (wire/fork_messages.h): started once by a worker, asked for
 * one test after the other, ended when the worker goes on to another suite. What goes wrong with it costs no
 * test: it is ended, the reason is kept, and tests of the suite are executed each from then on.
 */
#ifndef HOSTS_FORK_CLIENT_H
#define HOSTS_FORK_CLIENT_H

#include "hosts/crash_map.h"
#include "hosts/start.h"
#include "hosts/temp_dirs.h"
#include "wire/fork_messages.h"

#include <pthread.h>

/* Suites whose programs are not forked, and whose reason was noted. Of a run; any thread. */
struct fork_refusals {
	pthread_mutex_t lock;
	struct fork_refused {
		const void *suite;
	} *list;
	size_t n, cap;
};

void fork_refusals_init(struct fork_refusals *r);
void fork_refusals_fini(struct fork_refusals *r);
/* Notes it. True: it is the first of the run, the one of which the reason is told. */
bool fork_refusals_add(struct fork_refusals *r, const void *suite);
bool fork_refusals_have(struct fork_refusals *r, const void *suite);

/* All zero: there is none. The worker's. */
struct fork_server {
	const void *suite;		/* whose it is */
	struct spawned process;		/* pid 0: none */
	int fd;				/* of the socket */
	struct crash_map crash;		/* of what crashes before main() */
	struct child_environment env;	/* that it was started with */
	uint32_t serial;		/* of the last request */
	struct temp_dirs *temp_dirs;
	char *temp;			/* its private directory; its tests have others */
};

/* What a server is started with, and what ends the waiting for it. */
struct fork_setup {
	const struct spawn *spawn;		/* of the first test, complete but for descriptors */
	const struct child_environment *env;	/* of it */
	struct crash_pool *crash_pool;
	struct temp_dirs *temp_dirs;
	const char *temp;			/* the private directory of the first test */
	uint64_t timeout_us;			/* until main() */
	const _Atomic bool *stopping;		/* the run is to end: nothing is waited for any more */
};

/* Starts one. On failure there is none, and the sentence says why the program is not forked. -ECANCELED: the run
 * is being stopped. */
int fork_server_start(struct fork_server *s, const void *suite, const struct fork_setup *setup,
		      struct proctor_error *err);
/* Has it make a process for a test, as spawn_start() would. After a failure the server is of no use any more. */
int fork_server_ask(struct fork_server *s, const struct start *start, const struct fork_setup *setup,
		    struct spawned *child, struct proctor_error *err);
/* Also of one that is all zero. */
void fork_server_end(struct fork_server *s, struct crash_pool *pool);

/* Is this an answer to the request `serial`? What it says is in its ranges then. -EBADMSG. */
int fork_answer_check(const struct fork_answer *answer, size_t nbytes, uint32_t serial,
		      struct proctor_error *err);
/* "there are threads before main()" */
const char *fork_refusal_words(enum fork_refusal refusal);
/* A request as it is sent: its length; -E2BIG. `vars` are those that differ from the server's. */
ssize_t fork_request_pack(char bytes[FORK_REQUEST_BYTES], const struct fork_request *head,
			  char *const *words, const struct child_environment *server_env,
			  const struct child_environment *env, const char *workdir);

#endif
