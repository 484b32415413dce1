/* SPDX-License-Identifier: MIT */
#include "base/child_environment.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int child_environment_grow(struct child_environment *env, size_t want)
{
	char **vars;

	if (want <= env->cap_vars)
		return 0;
	want += 16;
	vars = realloc(env->vars, want * sizeof(*vars));
	if (!vars)
		return -ENOMEM;
	env->vars = vars;
	env->cap_vars = want;
	return 0;
}

/* Every string is a copy: the caller's environment may change while the run goes on. */
static int child_environment_put(struct child_environment *env, char *var)
{
	size_t nname = (size_t)(strchrnul(var, '=') - var);

	for (size_t i = 0; i < env->nvars; i++) {
		if (strncmp(env->vars[i], var, nname) == 0 && env->vars[i][nname] == '=') {
			free(env->vars[i]);
			env->vars[i] = var;
			return 0;
		}
	}
	if (child_environment_grow(env, env->nvars + 2) < 0) {
		free(var);
		return -ENOMEM;
	}
	env->vars[env->nvars++] = var;
	env->vars[env->nvars] = NULL;
	return 0;
}

static int environment_append_all(struct child_environment *env, char *const *vars)
{
	size_t n = 0;

	while (vars && vars[n])
		n++;
	if (child_environment_grow(env, env->nvars + n + 1) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		char *var = strdup(vars[i]);

		if (!var)
			return -ENOMEM;
		env->vars[env->nvars++] = var;
	}
	env->vars[env->nvars] = NULL;
	return 0;
}

int child_environment_copy(struct child_environment *env, const struct child_environment *from)
{
	*env = (struct child_environment){ 0 };
	if (environment_append_all(env, from->vars) == 0)
		return 0;
	child_environment_fini(env);
	return -ENOMEM;
}

int child_environment_copy_own(struct child_environment *env)
{
	const struct child_environment own = { .vars = environ };

	return child_environment_copy(env, &own);
}

int child_environment_init(struct child_environment *env, const char *run_id)
{
	*env = (struct child_environment){ 0 };
	if (environment_append_all(env, environ) == 0 &&
	    child_environment_set(env, "PROCTOR", "1") == 0 &&
	    child_environment_set(env, "PROCTOR_RUN_ID", "%s", run_id) == 0)
		return 0;
	child_environment_fini(env);
	return -ENOMEM;
}

void child_environment_fini(struct child_environment *env)
{
	for (size_t i = 0; i < env->nvars; i++)
		free(env->vars[i]);
	free(env->vars);
	*env = (struct child_environment){ 0 };
}

int child_environment_set(struct child_environment *env, const char *name, const char *fmt, ...)
{
	char *value, *var;
	va_list args;
	int n;

	va_start(args, fmt);
	n = vasprintf(&value, fmt, args);
	va_end(args);
	if (n < 0)
		return -ENOMEM;
	n = asprintf(&var, "%s=%s", name, value);
	free(value);
	return n < 0 ? -ENOMEM : child_environment_put(env, var);
}

static void child_environment_unset(struct child_environment *env, const char *name)
{
	size_t nname = strlen(name), n = 0;

	for (size_t i = 0; i < env->nvars; i++)
		if (strncmp(env->vars[i], name, nname) == 0 && env->vars[i][nname] == '=')
			free(env->vars[i]);
		else
			env->vars[n++] = env->vars[i];
	env->nvars = n;
	if (env->vars)
		env->vars[n] = NULL;
}

int child_environment_add(struct child_environment *env, char *const *vars)
{
	for (size_t i = 0; vars && vars[i]; i++) {
		char *var;

		if (!strchr(vars[i], '=')) {
			child_environment_unset(env, vars[i]);
			continue;
		}
		var = strdup(vars[i]);
		if (!var || child_environment_put(env, var) < 0)
			return -ENOMEM;
	}
	return 0;
}

const char *child_environment_get(const struct child_environment *env, const char *name)
{
	size_t nname = strlen(name);

	for (size_t i = 0; i < env->nvars; i++)
		if (strncmp(env->vars[i], name, nname) == 0 && env->vars[i][nname] == '=')
			return env->vars[i] + nname + 1;
	return NULL;
}
