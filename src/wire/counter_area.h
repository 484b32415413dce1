/* SPDX-License-Identifier: MIT */
/*
 * The counter area: shared memory of the run and one process in which instrumented code runs (a
 * host, or an executable with proctor-preload.so). At its end, whatever that is, the process copies
 * its counters here by plain stores, which work in any handler, under any limit, without descriptors
 * and after chroot. No counter is stored while tests run.
 *
 * For each instrumented file that the process may load (an object) there is room for two images of
 * its counters: `own` is a copy of those of the process itself, `forked` the sum over the children
 * that were forked from it: a child begins with zeroed counters and adds its own at its end.
 *
 * Behind the images there is room for TML's functions, each of which has one entry: a process adds
 * what its runtime's tables hold after each batch and at its end, and a forked child its own.
 *
 * Untouched pages cost nothing: the area is as large as all objects of the plan together.
 */
#ifndef WIRE_COUNTER_AREA_H
#define WIRE_COUNTER_AREA_H

#include <stdatomic.h>
#include <stdint.h>

#define AREA_MAGIC 0x70726f6361726561ull	/* "procarea" */
#define AREA_PATH_BYTES 4096
#define AREA_CHILDREN_MAX 64
#define AREA_PATHS_BYTES (1u << 20)
#define AREA_FUNCTIONS 131072u			/* a power of two: slots of their index */
#define AREA_FUNCTION_BYTES (16u << 20)		/* of their entries */
#define AREA_FUNCTION_NAME_BYTES 4096		/* longer than a name: the runtime cuts them */

/* The descriptor at which a process finds it; closed once it is mapped. */
#define AREA_FD 4

/* What names the profiles of programs that tests start, and of libraries that they open themselves: the
 * directory and the number of the process in the run, AREA_OTHER, a process id, LLVM's signature of the
 * binary and AREA_PROFILE. */
#define AREA_OTHER "other-"
#define AREA_PROFILE ".profraw"
/* In the same directory a link to /dev/null, for profiles that nobody wants. Not /dev/null itself: tests and
 * their tools remove the file that LLVM_PROFILE_FILE names, and may have the right to remove that. */
#define AREA_UNWANTED "unwanted" AREA_PROFILE

/* A file name, not a path, in LD_PRELOAD: the library finds its own entry by it, to take it out. */
#define AREA_PRELOAD_NAME "proctor-preload.so"

struct area_object {
	/* The run's, constant. Addresses are those of the file, before the loader moved it. */
	uint64_t dev, ino;
	uint64_t counters_address, ncounter_bytes;	/* a multiple of 8; 0: it is not saved here */
	uint64_t own_at, forked_at;			/* of the images, from the area's beginning */
	/* The process's: what the loader added to the addresses, plus 1; 0: not loaded. */
	_Atomic uint64_t bias;
};

/* A function that ran. An entry is found through the index: a slot holds 0 or where the entry begins,
 * plus 1. What an entry says of its name does not change once a slot holds it. */
struct area_function {
	_Atomic uint64_t hits;
	_Atomic uint32_t nprocesses;		/* in which it ran */
	uint32_t nname;
	char name[];				/* not terminated */
};

/* Paths, each ended by NUL; an empty one is none. */
struct area_paths {
	_Atomic uint32_t nbytes;
	char bytes[AREA_PATHS_BYTES];
};

struct area {				/* behind it there are the objects, and their images */
	/* The run's, constant. */
	uint64_t magic;
	uint64_t nbytes;
	uint64_t nobjects;
	/* What LLVM's runtime is told (LLVM_PROFILE_FILE): in what tests start and open; in what is counted
	 * here, AREA_UNWANTED. */
	char profiles[AREA_PATH_BYTES], unwanted[AREA_PATH_BYTES];
	uint64_t functions_at;			/* TML's: the index; 0: not wanted */
	/* The process's. */
	_Atomic uint64_t own_endings;		/* after which `own` counts: bit 0: exit, N: signal; 0: it is
						 * not there */
	_Atomic uint32_t nforked;		/* children forked while objects were loaded ... */
	_Atomic uint32_t nsaved;		/* ... of which so many have added their counts */
	_Atomic int32_t children[AREA_CHILDREN_MAX];	/* that have not; 0: empty */
	_Atomic uint32_t nprofiles_lost;	/* of libraries that tests opened, in children */
	_Atomic uint32_t opening;		/* 1: constructors run, of what has no bias yet */
	/* Libraries that are no objects and have counters: the process opened them, and LLVM's runtime has
	 * written no profile of them yet; its children opened them after the fork. */
	struct area_paths opened, opened_by_children;
	/* Which have run tests of TML's suites and not added what they called: the process, 0 or 1, and how
	 * many children. */
	_Atomic uint32_t functions_owing, functions_owing_forked;
	_Atomic uint32_t functions_lost;	/* how often one could not be entered */
	_Atomic uint64_t functions_used;	/* bytes of the entries */
};

static inline _Atomic uint32_t *area_function_index(struct area *a)
{
	return (_Atomic uint32_t *)((char *)a + a->functions_at);
}

static inline char *area_function_entries(struct area *a)
{
	return (char *)(area_function_index(a) + AREA_FUNCTIONS);
}

static inline struct area_object *area_objects(struct area *a)
{
	return (struct area_object *)(a + 1);
}

#endif
