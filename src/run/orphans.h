/* SPDX-License-Identifier: MIT */
/*
 * Processes that tests left behind: when a host dies, what it had started and not waited for
 * becomes a child of proctor (a subreaper), and of its first thread, which starts no processes
 * itself: so a child of that thread is an orphan. Supervisor's thread, only where the run owns the
 * process.
 */
#ifndef RUN_ORPHANS_H
#define RUN_ORPHANS_H

#include "base/error.h"
#include "base/process.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct orphans {
	/* What was there when the run began: from orphans_open() on. */
	struct earlier {
		int pid;
		uint64_t started;
	} *inherited;		/* children: a shell's before it became proctor by exec */
	size_t ninherited;
	int session;		/* proctor's own */
	uint64_t began;		/* ticks since boot */
	/* Named already, so that none is named twice; also given-up hosts, which are none's orphans. */
	struct orphan {
		int pid;
		uint64_t started;	/* ticks since boot: with the pid it names a process */
		bool hopeless;		/* may not be killed: nobody waits for its end */
	} *seen;
	size_t nseen;
	bool lost;		/* no memory to name one that was killed */
};

/* Whose orphans are meant, by the marks in their environment or, where that cannot be read (sudo),
 * by the session or group they are in. */
struct orphan_owner {
	const char *run_id;
	uint64_t number;	/* of the host */
	int group;		/* and session, of the host, not reaped yet; 0: of none */
};

/* Notes what this process has of children: they are nobody's orphans, and not reaped here.
 * -ENOMEM. */
int orphans_open(struct orphans *o, struct proctor_error *err);

/* Where a child of the first thread, or another process below this one, comes from. */
enum origin {
	ORIGIN_ELSEWHERE,	/* it or what it descends from was there before the run */
	ORIGIN_TEST,
	ORIGIN_UNKNOWN,		/* either may be */
};

struct origin_facts {
	bool inherited;		/* a child when the run began */
	bool marked;		/* by a host: in its environment, or by its session */
	bool own_session;	/* proctor's: no process of a test gets there */
	bool older;		/* than the run */
	bool alone;		/* there were no children when the run began */
};

enum origin origin_of(const struct origin_facts *facts);
/* `host`: the number of the host that it shows; 0: none. */
enum origin orphans_origin(const struct orphans *o, int pid, const struct process_stat *st,
			   uint64_t host);

/* Is the host with this number alive? Its orphans are left alone: a test may have its reasons. */
typedef bool orphans_alive(uint64_t host, void *data);

/* Reaps the orphans that have ended. True if there are others that live. */
bool orphans_reap(const struct orphans *o);

/* Does an orphan of this host live? */
bool orphans_of(const struct orphans *o, const struct orphan_owner *owner);

/*
 * Kills the orphans of hosts that are dead. `*left` gets a line for each that belonged to the owner
 * (heap, appended; may stay NULL), `*others` for the rest of the killed; each is named once. With
 * `all`, orphans that show no host, since they wiped their environment, are killed as well. Returns
 * how many may yet end, or have and are not reaped.
 */
size_t orphans_kill(struct orphans *o, const struct orphan_owner *owner, bool all,
		    orphans_alive *alive, void *data, char **left, char **others);

/* A process that was given up: it is not an orphan, and nobody waits for its end. */
void orphans_give_up(struct orphans *o, int pid);
/* A line for each that was to die and still lives (heap, appended). */
void orphans_name_undead(struct orphans *o, char **lines);
void orphans_fini(struct orphans *o);

/* The number of the host that `pid` descends from, by its marks; 0: none of this run. */
uint64_t process_host(int pid, const char *run_id);

#endif
