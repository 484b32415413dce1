/* SPDX-License-Identifier: MIT */
/* The environment of a child: proctor's own, the run's marks, what the test asks for. */
#ifndef BASE_CHILD_ENVIRONMENT_H
#define BASE_CHILD_ENVIRONMENT_H

#include <stddef.h>
#include <stdint.h>

/* 32 hexadecimal digits and NUL: the mark by which what a run left behind is found again. */
#define RUN_ID_BYTES 33

struct child_environment {
	char **vars;		/* for execve; NULL at the end */
	size_t nvars, cap_vars;
};

/* proctor's environment as it is now, with PROCTOR=1 and the run's id. -ENOMEM. */
int child_environment_init(struct child_environment *env, const char *run_id);
/* proctor's environment as it is now, and nothing else. -ENOMEM. */
int child_environment_copy_own(struct child_environment *env);
/* A copy of `from` to be added to. */
int child_environment_copy(struct child_environment *env, const struct child_environment *from);
void child_environment_fini(struct child_environment *env);

/* Sets NAME to the formatted value, in place of any former one. -ENOMEM. */
int child_environment_set(struct child_environment *env, const char *name, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* Sets what each NAME=VALUE says; a NAME alone is taken out. -ENOMEM. */
int child_environment_add(struct child_environment *env, char *const *vars);
/* The value of NAME, or NULL. */
const char *child_environment_get(const struct child_environment *env, const char *name);

#endif
