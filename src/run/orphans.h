/* SPDX-License-Identifier: MIT */
/*
 * Processes that tests left behind. When a host dies, the processes that it had started and not
 * waited for become children of proctor, which is a subreaper, and there of its first thread. That
 * thread starts no processes itself, so each of its children is an orphan. Supervisor's thread, and
 * only where the run owns the process.
 */
#ifndef RUN_ORPHANS_H
#define RUN_ORPHANS_H

#include "base/error.h"
#include "base/process.h"
#include "run/children.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Is the host with this number alive? Then its orphans are left alone, as its tests may still need
 * them. */
typedef bool orphans_alive(uint64_t host, void *data);

struct writer;

struct orphans {
	/* Set by orphans_open(): whom to ask, and the children that this process had when the run
	 * began (a shell that starts proctor by exec leaves it its own). */
	orphans_alive *alive;
	void *data;
	struct earlier {
		int pid;
		uint64_t started;
	} *inherited;
	size_t ninherited;
	int session;		/* proctor's own */
	uint64_t began;		/* when the run began, in ticks since boot */
	/* Orphans that were named already, so that none is named twice; and hosts that were given
	 * up, which are nobody's orphans. */
	struct orphan {
		int pid;
		uint64_t started;	/* ticks since boot: with the pid it names a process */
		bool hopeless;		/* it cannot be killed: nobody waits for its end */
	} *seen;
	size_t nseen;
	bool lost;		/* one was killed, and there was no memory to name it */
};

/* The host whose orphans are meant. They are known by the marks in their environment or, where that
 * cannot be read (as after sudo), by their session or process group. */
struct orphan_owner {
	const char *run_id;
	uint64_t number;	/* of the host */
	int group;		/* of the host, and its session; 0 once it is reaped */
};

/* Notes which children this process has now: they are nobody's orphans, and are not reaped here.
 * -ENOMEM. */
int orphans_open(struct orphans *o, orphans_alive *alive, void *data, struct proctor_error *err);

/* Where a child of the first thread, or another process below this one, comes from. */
enum origin {
	ORIGIN_ELSEWHERE,	/* it or what it descends from was there before the run */
	ORIGIN_TEST,
	ORIGIN_UNKNOWN,		/* it may be either */
};

struct origin_facts {
	bool inherited;		/* it was a child of proctor when the run began */
	bool marked;		/* its environment or its session shows that it is a host's */
	bool own_session;	/* it is in proctor's session, where no process of a test gets */
	bool older;		/* it was started before the run */
	bool alone;		/* proctor had no children when the run began */
};

enum origin origin_of(const struct origin_facts *facts);
/* `host`: the number of the host that it descends from, by its marks; 0: not known. */
enum origin orphans_origin(const struct orphans *o, int pid, const struct process_stat *st,
			   uint64_t host);

/* Reaps the orphans that have ended. True if there are others that live. */
bool orphans_reap(const struct orphans *o);

/* Does an orphan of this host live? */
bool orphans_of(const struct orphans *o, const struct orphan_owner *owner);

/* What is said of an orphan, taken while it lives: a dead one has no command line. */
struct orphan_words {
	char what[PROCESS_WORDS_BYTES];
	char test[256];		/* that left it, by its environment; "": not known */
};

/*
 * A search for orphans of hosts that are dead. The caller kills each that it gives:
 *
 *	while ((pid = orphan_search_next(&s)) > 0)
 *		orphan_search_killed(&s, kill(pid, SIGKILL) < 0 ? errno : 0);
 *
 * Only this thread reaps its children, and it has not reaped this one: the number is still its own.
 */
struct orphan_search {
	struct orphans *orphans;
	const struct orphan_owner *owner;
	bool all;
	struct children children;
	/* The one that was given last. */
	int pid;
	uint64_t started, host;
	struct orphan_words words;
	/* What came of it. */
	size_t ndying;		/* how many are dying or dead, and still to be reaped */
	char *left, *others;	/* a line for each that belonged to the owner; for the rest; NULL: none */
};

/* `all`: orphans of which no host is known, since they wiped their environment, are given as well. */
void orphan_search_open(struct orphan_search *s, struct orphans *o,
			const struct orphan_owner *owner, bool all);
/* 0: there are no more. */
int orphan_search_next(struct orphan_search *s);
/* `errnum`: why it may not be killed; 0: it was. Each is named once, however often it is found. */
void orphan_search_killed(struct orphan_search *s, int errnum);
/* Frees `left` and `others`, unless the caller took them. */
void orphan_search_close(struct orphan_search *s);

/* Notes a host that was given up since it does not die: it is no orphan, and nobody waits for its
 * end. */
void orphans_give_up(struct orphans *o, int pid);
/* At the end of the run: notes what of no known host was killed (`left`, NULL: nothing) and, with
 * `undead`, what was killed and lives all the same. */
void orphans_tell_last(struct orphans *o, struct writer *w, const char *left, bool undead);
void orphans_fini(struct orphans *o);

/* The number of the host that `pid` descends from, by its marks; 0: none of this run. */
uint64_t process_host(int pid, const char *run_id);

#endif
