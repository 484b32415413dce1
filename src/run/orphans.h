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

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct orphans {
	/* The children that this process had when the run began: a shell that starts proctor by
	 * exec leaves it its own. Set by orphans_open(). */
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
int orphans_open(struct orphans *o, struct proctor_error *err);

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

/* Is the host with this number alive? Then its orphans are left alone, as its tests may still need
 * them. */
typedef bool orphans_alive(uint64_t host, void *data);

/* Reaps the orphans that have ended. True if others live. */
bool orphans_reap(const struct orphans *o);

/* Does an orphan of this host live? */
bool orphans_of(const struct orphans *o, const struct orphan_owner *owner);

/*
 * Kills the orphans of hosts that are dead. Each is named once, in a line (heap, appended; may stay
 * NULL): in `*left` if it belonged to the owner, else in `*others`. With `all`, orphans of which no
 * host is known, since they wiped their environment, are killed as well. Returns how many are dying
 * or dead, and still to be reaped.
 */
size_t orphans_kill(struct orphans *o, const struct orphan_owner *owner, bool all,
		    orphans_alive *alive, void *data, char **left, char **others);

/* Notes a host that was given up since it does not die: it is no orphan, and nobody waits for its
 * end. */
void orphans_give_up(struct orphans *o, int pid);
/* Adds a line (heap, appended) for each orphan that was killed and lives all the same. */
void orphans_name_undead(struct orphans *o, char **lines);
void orphans_fini(struct orphans *o);

/* The number of the host that `pid` descends from, by its marks; 0: none of this run. */
uint64_t process_host(int pid, const char *run_id);

#endif
