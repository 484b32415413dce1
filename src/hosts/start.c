/* SPDX-License-Identifier: MIT */
#include "hosts/start.h"

#include <errno.h>

int start_init(struct start *s, const struct child_environment *env)
{
	*s = (struct start){ 0 };
	return child_environment_copy(&s->env, env);
}

void start_fini(struct start *s)
{
	child_environment_fini(&s->env);
	texts_fini(&s->words);
}

void start_add_word(struct start *s, const char *word)
{
	texts_add(&s->words, "%s", word);
}

int start_wrap(struct start *s, char *const *wrap)
{
	struct texts inner = s->words;

	s->words = (struct texts){ .lost = inner.lost };
	for (size_t i = 0; wrap[i]; i++)
		start_add_word(s, wrap[i]);
	start_add_word(s, s->path);
	/* The first word is the program's own name, for which its path stands above. */
	for (size_t i = 1; i < inner.n; i++)
		start_add_word(s, inner.list[i]);
	texts_fini(&inner);
	s->path = wrap[0];
	/* The wrapper may call setpgid(), as timeout(1) does, which fails in a session's leader. */
	s->leads = false;
	return s->words.lost ? -ENOMEM : 0;
}

char *const *start_argv(struct start *s)
{
	return texts_words(&s->words);
}

int start_add_fd(struct start *s, int fd, unsigned as)
{
	if (as >= SPAWN_FDS_MAX)
		return -EMFILE;
	while (s->nfds <= as)
		s->fds[s->nfds++] = -1;
	s->fds[as] = fd;
	return 0;
}

static int start_preload(struct child_environment *env, const char *library)
{
	const char *others = child_environment_get(env, "LD_PRELOAD");

	if (!others || !*others)
		return child_environment_set(env, "LD_PRELOAD", "%s", library);
	return child_environment_set(env, "LD_PRELOAD", "%s:%s", library, others);
}

int start_inject(struct start *s, const struct injected *what)
{
	int ret = 0;

	for (unsigned i = 0; ret == 0 && i < INJECTED_VARS_MAX; i++)
		if (what->vars[i].value)
			ret = child_environment_set(&s->env, what->vars[i].name, "%s",
						    what->vars[i].value);
	for (unsigned i = 0; ret == 0 && i < INJECTED_FDS_MAX; i++)
		if (what->fds[i].as > 0)
			ret = start_add_fd(s, what->fds[i].fd, (unsigned)what->fds[i].as);
	if (ret == 0 && what->library) {
		ret = start_preload(&s->env, what->library);
		s->injects = true;
	}
	return ret;
}
