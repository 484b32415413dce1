/* SPDX-License-Identifier: MIT */
/*
 * A process that is about to be started: what is executed, with which words, variables and
 * descriptors, and which libraries are put into it. Whoever has a part in it adds to it; nobody
 * needs to know of the others.
 */
#ifndef HOSTS_START_H
#define HOSTS_START_H

#include "base/error.h"
#include "base/spawn.h"
#include "base/texts.h"
#include "base/child_environment.h"

#define INJECTED_VARS_MAX 4
#define INJECTED_FDS_MAX 4

/* A library that is put into a process, and what it is to find there. */
struct injected {
	const char *library;			/* NULL: only variables and descriptors */
	struct injected_var {
		const char *name, *value;	/* NULL: left alone */
	} vars[INJECTED_VARS_MAX];
	struct injected_fd {
		int fd;				/* -1: none */
		int as;				/* its number in the process */
	} fds[INJECTED_FDS_MAX];		/* those with `as` 0 are none */
};

struct start {
	const char *path;
	struct texts words;			/* argv, from its own name on */
	const char *workdir;			/* NULL: proctor's */
	bool leads;				/* as struct spawn has it */
	struct child_environment env;
	int fds[SPAWN_FDS_MAX];			/* its descriptors; -1: none */
	unsigned nfds;
	bool injects;				/* a library is put into it */
};

/* Begins with a copy of `env`. -ENOMEM. */
int start_init(struct start *s, const struct child_environment *env);
void start_fini(struct start *s);

/* Adds a copy of the word; if there is no memory for it, start_argv() says so. */
void start_add_word(struct start *s, const char *word);
/* Executes `wrap` instead, a path and words with NULL at the end; what was to be executed follows
 * as further words. -ENOMEM. */
int start_wrap(struct start *s, char *const *wrap);
/* All words, with NULL at the end; lent until the next is added. NULL: no memory. */
char *const *start_argv(struct start *s);
/* `fd` (-1: none), lent, becomes descriptor `as`. -EMFILE: there is no room for it. */
int start_add_fd(struct start *s, int fd, unsigned as);
/* Of several libraries the one that is added last is loaded first. -ENOMEM, -EMFILE. */
int start_inject(struct start *s, const struct injected *what);

#endif
