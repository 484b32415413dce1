/* SPDX-License-Identifier: MIT */
#include "host/kept_environment.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

bool kept_environment_same(const struct kept_environment *env)
{
	return environ == env->vars && env->vars &&
	       memcmp(env->vars, env->vars_kept, (env->nvars + 1) * sizeof(char *)) == 0 &&
	       memcmp(env->strings, env->strings_kept, env->nstrings) == 0;
}

bool kept_environment_adopt(struct kept_environment *env)
{
	struct kept_environment new = { 0 };
	size_t table, i;
	char *to;

	while (environ && environ[new.nvars])
		new.nstrings += strlen(environ[new.nvars++]) + 1;
	table = (new.nvars + 1) * sizeof(char *);
	new.nmemory = 2 * table + 2 * new.nstrings;
	/* Not from the heap, which tests may have corrupted. */
	new.memory = mmap(NULL, new.nmemory, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			  -1, 0);
	if (new.memory == MAP_FAILED)
		return false;
	new.vars = new.memory;
	new.vars_kept = new.vars + new.nvars + 1;
	new.strings = (char *)(new.vars_kept + new.nvars + 1);
	new.strings_kept = new.strings + new.nstrings;
	to = new.strings;
	for (i = 0; i < new.nvars; i++) {
		new.vars[i] = to;
		to = stpcpy(to, environ[i]) + 1;
	}
	memcpy(new.vars_kept, new.vars, table);
	memcpy(new.strings_kept, new.strings, new.nstrings);
	/* The old memory stays: a suite may hold what getenv() gave it. */
	*env = new;
	environ = env->vars;
	return true;
}

void kept_environment_put_back(struct kept_environment *env)
{
	memcpy(env->vars, env->vars_kept, (env->nvars + 1) * sizeof(char *));
	memcpy(env->strings, env->strings_kept, env->nstrings);
	environ = env->vars;
}
