/* SPDX-License-Identifier: MIT */
/* The functions of the public header that make a plan and look at it. */
#include "plan/model.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/executable.h"
#include "plan/directory.h"
#include "plan/discover.h"
#include "plan/list_cache.h"
#include "plan/manifest.h"
#include "plan/order.h"
#include "plan/select.h"

struct proctor_plan *proctor_plan_new(void)
{
	return plan_new();
}

void proctor_plan_free(struct proctor_plan *plan)
{
	if (plan)
		plan_free(plan);
}

int proctor_plan_add_path(struct proctor_plan *plan, const char *path, const char *exe_glob,
			  struct proctor_error *err)
{
	struct stat st;

	if (!*path)
		return error_set(err, -EINVAL, "an empty path names no suite");
	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return directory_add(plan, path, exe_glob, err);
	return discover_file(plan, path, DISCOVER_NAMED, err);
}

int proctor_plan_add_manifest(struct proctor_plan *plan, const char *path, struct proctor_error *err)
{
	return manifest_add(plan, path, err);
}

int proctor_plan_set_framework(struct proctor_plan *plan, const char *name,
			       struct proctor_error *err)
{
	const struct adapter *adapter = NULL;
	int ret = name ? adapter_find(name, &adapter, err) : 0;

	if (ret == 0 && plan)
		plan->framework = adapter;
	return ret;
}

void proctor_plan_set_cancel(struct proctor_plan *plan, int fd)
{
	plan->cancels_listing = fd >= 0;
	plan->cancel_fd = fd;
}

void proctor_plan_set_list_timeout(struct proctor_plan *plan, uint64_t timeout_us)
{
	plan->list_timeout_us = timeout_us;
}

int proctor_plan_set_list_cache(struct proctor_plan *plan, const char *dir, struct proctor_error *err)
{
	plan->list_cache = NULL;
	if (dir && *dir)
		plan->list_cache = path_absolute(&plan->arena, dir);
	else if (dir)
		plan->list_cache = list_cache_place(&plan->arena);
	if (dir && *dir && !plan->list_cache)
		return error_sys(err, ENOMEM, "cannot keep the place of lists, %s", dir);
	return 0;
}

int proctor_plan_set_arguments(struct proctor_plan *plan, const char *const *arguments,
			       struct proctor_error *err)
{
	if (plan_copy_words(plan, arguments, &plan->arguments) < 0)
		return error_sys(err, ENOMEM, "cannot keep the arguments of the programs");
	return 0;
}

int proctor_plan_set_wrap(struct proctor_plan *plan, const char *const *wrap,
			  struct proctor_error *err)
{
	char **words, *path;
	int ret = plan_copy_words(plan, wrap, &words);

	if (ret == 0 && words) {
		ret = executable_search(words[0], &path);
		words[0] = ret == 0 ? path_absolute(&plan->arena, path) : NULL;
		if (ret == 0)
			free(path);
		if (ret == 0 && !words[0])
			ret = -ENOMEM;
	}
	if (ret == -ENOMEM)
		return error_sys(err, ENOMEM, "cannot keep what wraps the tests");
	if (ret < 0)
		return error_set(err, ret, "there is no program %s to start the tests with", wrap[0]);
	plan->wrap = words;
	return 0;
}

int proctor_plan_add_suite(struct proctor_plan *plan, const struct proctor_suite_desc *desc,
			   size_t *suite, struct proctor_error *err)
{
	const struct suite *s;
	char *name;

	if (!desc->path || !*desc->path)
		return error_set(err, -EINVAL, "a suite without a path");
	name = desc->name ? NULL : suite_name_of(desc->path);
	s = desc->name || name ?
	    plan_suite_new(plan, desc->name ? desc->name : name, desc->group, desc->path) : NULL;
	free(name);
	if (!s)
		return error_sys(err, ENOMEM, "cannot add the suite %s", desc->path);
	*suite = plan->nsuites - 1;
	return 0;
}

int proctor_plan_add_test(struct proctor_plan *plan, size_t suite,
			  const struct proctor_test_desc *desc, struct proctor_error *err)
{
	struct suite *s;
	struct test *t;

	if (suite >= plan->nsuites)
		return error_set(err, -EINVAL, "there is no suite number %zu to add a test "
					 "to", suite);
	s = plan->suites[suite];
	for (size_t i = 0; desc->env && desc->env[i]; i++)
		if (desc->env[i][0] == '=' || !strchr(desc->env[i], '='))
			return error_set(err, -EINVAL, "\"%s\" in the environment of test %u of %s "
					 "is not NAME=VALUE", desc->env[i], desc->index,
					 s->own_name);
	t = suite_test_by_index(s, desc->index, desc->name, desc->file);
	if (!t)
		goto no_memory;
	t->pub.ntests = desc->ntests;
	t->pub.timeout_us = desc->timeout_us;
	t->duration_us = desc->duration_us;
	if (desc->workdir)
		t->workdir = arena_copy(&plan->arena, desc->workdir);
	if ((desc->workdir && !t->workdir) || (desc->env && test_set_env(t, desc->env) < 0)) {
		s->ntests--;
		goto no_memory;
	}
	return 0;
no_memory:
	return error_sys(err, ENOMEM, "cannot add test %u of %s", desc->index, s->own_name);
}

int proctor_plan_select(struct proctor_plan *plan, const struct proctor_selection *selection,
			struct proctor_error *err)
{
	return plan_select(plan, selection, err);
}

/*
 * Lines up the tests, if something was added since that was last done. It is put off until somebody
 * looks: after each addition it would make many additions take quadratic time. The plan is const to
 * the caller, for whom nothing changes by this.
 */
static int plan_freshen(const struct proctor_plan *plan)
{
	return plan->stale ? plan_collect((struct proctor_plan *)plan, NULL) : 0;
}

size_t proctor_plan_ntests(const struct proctor_plan *plan)
{
	return plan_freshen(plan) == 0 ? plan->ntests : plan_count_selected(plan);
}

const struct proctor_test *proctor_plan_test(const struct proctor_plan *plan, size_t i)
{
	if (plan_freshen(plan) < 0 || i >= plan->ntests)
		return NULL;
	return &plan->tests[i]->pub;
}

const char *proctor_plan_broken(const struct proctor_plan *plan, size_t i)
{
	return proctor_plan_test(plan, i) ? plan->tests[i]->suite->error : NULL;
}
