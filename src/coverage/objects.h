/* SPDX-License-Identifier: MIT */
/*
 * The instrumented files of a plan: its suites, and the libraries they need. What there is in one
 * is read from its section headers: the symbols that bound LLVM's sections are hidden or absent,
 * the sections never are.
 */
#ifndef COVERAGE_OBJECTS_H
#define COVERAGE_OBJECTS_H

#include "base/elf_sections.h"
#include "base/vector.h"
#include "coverage/raw.h"
#include "plan/model.h"

/* A section as the loader sees it: link-time address and size. */
struct object_section {
	uint64_t address, nbytes;	/* 0, 0: it has none */
};

struct object {
	char *path;
	struct file_stamp file;		/* as it was when it was read */
	bool program;			/* is run itself, and not opened by a host */
	bool dynamic;			/* a library can be preloaded into it */
	bool counts;			/* has LLVM's counters */
	bool mapped;			/* has the map from counters to source that llvm-cov needs */
	bool functions;			/* has TML's table of functions, or writes it */
	/* Its counters are saved and added up by proctor. Else LLVM's runtime writes profiles of it, which
	 * LLVM's tool merges: they have more than counts, or are of a version not known here. */
	bool summed;
	uint64_t version;		/* of its raw profiles; 0: cannot be told */
	struct object_section data, counters, bitmaps, names;
	uint64_t base_address;		/* of its first byte, or ELF_NOT_LOADED */
	uint64_t phdrs_address;		/* of its program headers, or ELF_NOT_LOADED */
	uint64_t identity;		/* of its profiles: merge_check() */
	uint64_t own_at, forked_at;	/* where its images are in each counter area */
	/* What has been counted in it by all processes that have ended; NULL: nothing. One thread at a time
	 * adds to it; all else is constant once processes are started. */
	uint64_t *sum;
};

#define OBJECT_NONE SIZE_MAX

struct suite_objects {
	size_t own;			/* index of the suite's file; OBJECT_NONE: not instrumented */
	bool counts;			/* it, or a library that it needs, has LLVM's counters */
	bool summed;			/* and all of them are */
};

struct objects {			/* all zero: none */
	struct object *list;
	size_t n, cap;
	uint64_t area_bytes;		/* of a counter area with the images of all */
	bool counts, functions;		/* one of them has */
	struct suite_objects *by_suite;	/* by suite->number */
	size_t nsuites;
};

/*
 * Looks into the suites that have a selected test, and into the libraries they need. Files that
 * cannot be read are left out: why they fail is told by their tests. -ENOMEM.
 */
int objects_find(struct objects *o, const struct proctor_plan *plan, struct proctor_error *err);
void objects_fini(struct objects *o);

/* Is one of its tests to be run? */
bool suite_is_selected(const struct suite *suite);

/* The object that is the file; OBJECT_NONE: none, or it cannot be found. */
size_t objects_of_file(const struct objects *o, const char *path);
/* Has the file LLVM's counters? False, too, where it cannot be read. */
bool object_file_counts(const char *path);

/* The bytes of an image of its counters; 0: none are made. */
static inline uint64_t object_image_bytes(const struct object *o)
{
	return o->summed ? o->counters.nbytes : 0;
}

/* Adds an image of its counters to the sum; saturates, as LLVM does when it merges. False: no memory. */
bool object_add(struct object *o, const uint64_t *image);

/* What is instrumented of a suite; of NULL, nothing. */
const struct suite_objects *objects_of_suite(const struct objects *o, const struct suite *suite);
/* Is the object the suite's own, or a library that it needs? */
bool objects_suite_loads(const struct objects *o, const struct suite *suite, size_t object);

/*
 * Makes a profile of the object in which nothing is counted, allocated. -ENOTSUP: which LLVM built it cannot
 * be told; -EBADMSG, -EIO: the file is not as it was.
 */
int object_profile(const struct object *object, struct raw_header *h, unsigned char **profile,
		   struct proctor_error *err);

#endif
