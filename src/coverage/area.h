/* SPDX-License-Identifier: MIT */
/*
 * The run's side of a counter area (wire/counter_area.h), made before its process is started. A test may
 * write over it: where things are in there is known here, and not read from it again.
 */
#ifndef COVERAGE_AREA_H
#define COVERAGE_AREA_H

#include "base/texts.h"
#include "coverage/objects.h"
#include "wire/counter_area.h"

struct counter_area {
	struct objects *objects;	/* of the run; those of all areas */
	struct area *shared;		/* NULL: there is none */
	int fd;				/* for the process to inherit; -1: none */
	uint64_t nbytes;
	uint64_t functions_at;		/* of TML's functions; 0: not wanted */
};

/* Decides where in an area the images of each object are. To be called when all objects are known. */
void counter_area_lay_out(struct objects *objects);
/*
 * `profiles` is LLVM_PROFILE_FILE for what the process starts, or opens itself. `functions`: there is to
 * be room for TML's. `a` has its objects already, and keeps them when it is closed or cannot be opened.
 */
int counter_area_open(struct counter_area *a, const char *profiles, bool functions,
		      struct proctor_error *err);
/* Also of one that was not opened. */
void counter_area_close(struct counter_area *a);

/* False: a test has written over it. Not every such write can be seen. */
bool counter_area_intact(const struct counter_area *a);

/* The image of an object at its own_at or forked_at. */
const uint64_t *counter_area_image(const struct counter_area *a, uint64_t at);
/* What the loader added to the addresses of an object, as the process says; false: it is not loaded, or
 * there is no area to say it in. */
bool counter_area_bias(const struct counter_area *a, size_t object, uint64_t *bias);

/* Adds the paths in a list of the area. */
void counter_area_paths(const struct area_paths *paths, struct texts *to);

#endif
