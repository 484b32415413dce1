/* SPDX-License-Identifier: MIT */
/* The environment of a child: proctor's own, the run's marks, what the test asks for. */
#ifndef RUN_ENVIRONMENT_H
#define RUN_ENVIRONMENT_H

#include <stddef.h>
#include <stdint.h>

/* 32 hexadecimal digits and NUL: the mark by which what a run left behind is found again. */
#define RUN_ID_BYTES 33

struct environment {
	char **vars;		/* for execve; NULL at the end */
	size_t nvars, cap_vars;
};

/* proctor's environment as it is now, with PROCTOR=1 and the run's id. -ENOMEM. */
int environment_init(struct environment *env, const char *run_id);
/* A copy of `from` to be added to. */
int environment_copy(struct environment *env, const struct environment *from);
void environment_fini(struct environment *env);

/* Sets NAME to the formatted value, in place of any former one. -ENOMEM. */
int environment_set(struct environment *env, const char *name, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* Sets what each NAME=VALUE says. */
int environment_add(struct environment *env, char *const *vars);
/* The value of NAME, or NULL. */
const char *environment_get(const struct environment *env, const char *name);

#endif
