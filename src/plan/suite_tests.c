/* SPDX-License-Identifier: MIT */
#include "plan/suite_tests.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The listed test that the handed-in `t` means; NULL: the suite has none such. */
static const struct listed *listing_find(const struct listing *list, const struct test *t)
{
	if (t->pub.index == TEST_INDEX_BY_NAME) {
		for (size_t i = 0; i < list->ntests; i++)
			if (strcmp(list->tests[i].name, t->pub.name) == 0)
				return &list->tests[i];
		return NULL;
	}
	/* Whatever the framework: a listing is in the order of its indices. */
	for (size_t low = 0, high = list->ntests; low < high;) {
		size_t middle = low + (high - low) / 2;

		if (list->tests[middle].index == t->pub.index)
			return &list->tests[middle];
		if (list->tests[middle].index < t->pub.index)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

/* Why the suite has no test `t`, for those who do not know the symbols of their tests. NULL: no memory. */
static char *missing_words(const struct test *t, size_t nlisted)
{
	const char *slash = strrchr(t->suite->path, '/');
	const char *file = slash ? slash + 1 : t->suite->path;
	char *words, *copy;
	int n;

	if (t->pub.index == TEST_INDEX_BY_NAME)
		n = asprintf(&words, "%s has no test called %s (it has %zu)", file, t->pub.name,
			     nlisted);
	else
		n = asprintf(&words, "%s has no test of index %u (it has %zu, from 0 on)", file,
			     t->pub.index, nlisted);
	if (n < 0)
		return NULL;
	copy = arena_copy(&t->suite->plan->arena, words);
	free(words);
	return copy;
}

static int copy_text(struct suite *s, char **to, const char *text)
{
	*to = text ? arena_copy(&s->plan->arena, text) : NULL;
	return text && !*to ? -ENOMEM : 0;
}

/* What the listing says of a test, where it was not handed in with it. */
static int test_complete(struct test *t, const struct listed *l)
{
	char *file = NULL, *disabled = NULL;

	if (t->pub.timeout_us == 0)
		t->pub.timeout_us = l->timeout_us;
	if (copy_text(t->suite, &disabled, l->disabled) < 0)
		return -ENOMEM;
	t->pub.disabled = disabled;
	t->none_expected = l->none_expected;
	/* A program's results say where their test is: it is that place by which tests of one name differ. */
	if ((*t->pub.file && t->suite->adapter->in_host) || !*l->file)
		return 0;
	t->pub.line = l->line;
	if (copy_text(t->suite, &file, l->file) < 0)
		return -ENOMEM;
	t->pub.file = file;
	return 0;
}

/* A program's test is called by its name, whatever index it was handed in with. */
static int test_take_name(struct test *t, const struct listed *l)
{
	char *name = NULL;

	if (copy_text(t->suite, &name, l->name) < 0)
		return -ENOMEM;
	t->symbol = NULL;
	t->own_name = NULL;
	t->pub.name = name;
	t->pub.id = suite_test_id(t->suite, name);
	return t->pub.id ? 0 : -ENOMEM;
}

static int test_bind(struct test *t, const struct listed *found)
{
	int ret = 0;

	t->pub.index = found->index;
	if (!found->symbol)
		ret = test_take_name(t, found);
	else if (!t->symbol || strcmp(t->symbol, found->symbol) != 0)
		ret = copy_text(t->suite, &t->symbol, found->symbol);
	return ret < 0 ? ret : test_complete(t, found);
}

/* Completes the tests that were handed in. One that a library has not keeps the symbol that it was
 * handed in with: the host looks for it in vain, and says so as that test's result. */
static int suite_bind(struct suite *s, const struct listing *list)
{
	for (size_t i = 0; i < s->ntests; i++) {
		struct test *t = &s->tests[i];
		const struct listed *found = listing_find(list, t);

		if (found) {
			if (test_bind(t, found) < 0)
				return -ENOMEM;
			continue;
		}
		if (s->adapter->hides_symbols || !s->adapter->in_host) {
			t->missing = missing_words(t, list->ntests);
			if (!t->missing)
				return -ENOMEM;
		}
		if (t->pub.index == TEST_INDEX_BY_NAME) {
			t->pub.index = 0;
			t->symbol = (char *)t->pub.name;
		}
	}
	return 0;
}

static int suite_list(struct suite *s, const struct listing *list, struct proctor_error *err)
{
	int ret = suite_reserve(s, list->ntests, err);

	if (ret < 0)
		return ret;
	for (size_t i = 0; i < list->ntests; i++) {
		const struct listed *l = &list->tests[i];
		/* The file comes in here, where equal ones share their text. */
		struct test *t = suite_test_new(s, l->index, l->name, l->file, l->symbol);

		if (!t || test_complete(t, l) < 0)
			return error_sys(err, ENOMEM, "cannot list the tests of %s", s->path);
		t->pub.line = l->line;
	}
	return 0;
}

int suite_take_tests(struct suite *s, const struct listing *list, struct proctor_error *err)
{
	if (s->ntests == 0)
		return suite_list(s, list, err);
	if (suite_bind(s, list) < 0)
		return error_sys(err, ENOMEM, "cannot list the tests of %s", s->path);
	return 0;
}
