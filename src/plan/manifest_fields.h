/* SPDX-License-Identifier: MIT */
/* The fields of a manifest's objects, read with a sentence that names the place of what is wrong. */
#ifndef PLAN_MANIFEST_FIELDS_H
#define PLAN_MANIFEST_FIELDS_H

#include "base/arena.h"
#include "base/error.h"

#include <jansson.h>
#include <stdint.h>

/* Where in the manifest we are: suites[suite].tests[test]; where each line is a suite, tests[test] of it. */
struct place {
	const char *path;	/* of the manifest */
	size_t line;		/* 0: it is one document */
	size_t suite, test;	/* NO_PLACE: not within one */
};

#define NO_PLACE SIZE_MAX

/* A sentence about `field` ("" for the object itself) at `place`; the rest says what is wrong. -EINVAL. */
int manifest_wrong(const struct place *place, const char *field, struct proctor_error *err,
		   const char *fmt, ...) PRINTF_LIKE(4, 5);
int manifest_no_memory(const struct place *place, struct proctor_error *err);

/* Refuses fields that are not among `fields`, which end with NULL. */
int check_fields(const struct place *place, json_t *object, const char *const *fields,
		 struct proctor_error *err);

/* The readers leave `*value` alone where the field is missing. Texts are lent by the object. */
int read_text(const struct place *place, json_t *object, const char *field, const char **value,
	      struct proctor_error *err);
int read_integer(const struct place *place, json_t *object, const char *field, uint64_t max,
		 uint64_t *value, struct proctor_error *err);
/* Milliseconds, with a fraction if need be, as microseconds. */
int read_ms(const struct place *place, json_t *object, const char *field, uint64_t *us,
	    struct proctor_error *err);
int read_array(const struct place *place, json_t *object, const char *field, json_t **value,
	       struct proctor_error *err);

/* Lists with NULL at the end, copied into `arena`. */
int read_words(const struct place *place, json_t *object, const char *name, struct arena *arena,
	       char ***list, struct proctor_error *err);
/* The object "env" as NAME=VALUE. */
int read_env(const struct place *place, json_t *object, struct arena *arena, char ***list,
	     struct proctor_error *err);

#endif
