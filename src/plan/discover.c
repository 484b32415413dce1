/* SPDX-License-Identifier: MIT */
#include "plan/discover.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "plan/inspect.h"
#include "plan/manifest.h"

/* A suite for `path` under the name of its file. NULL: no memory. */
static struct suite *plan_suite_of_file(struct proctor_plan *plan, const char *path)
{
	char *name = suite_name_of(path);
	struct suite *s = name ? plan_suite_new(plan, name, NULL, path) : NULL;

	free(name);
	return s;
}

int discover_broken(struct proctor_plan *plan, const char *path, const char *cause,
		    struct proctor_error *err)
{
	struct suite *s = plan_suite_of_file(plan, path);

	if (!s)
		return error_sys(err, ENOMEM, "cannot add %s", path);
	s->inspected = true;
	return suite_break(s, cause, err);
}

/* "libfoo.so" or "libfoo.so.1.2". A glob like "*" fits it too, but whoever wrote that did not mean that
 * it is a program. */
static bool path_is_library(const char *path)
{
	const char *base = strrchr(path, '/'), *end = strstr(base ? base : path, ".so");

	return end && (end[3] == '\0' || end[3] == '.');
}

/* Whether a file found under this name stays in the plan. */
static bool finding_counts(enum finding finding, const struct suite *s, enum discover_as as)
{
	bool runs = finding == FOUND_SUITE || finding == FOUND_BROKEN;

	switch (as) {
	case DISCOVER_NAMED:
		return true;
	case DISCOVER_LIBRARY:
		return runs && s->adapter->in_host;
	case DISCOVER_PROGRAM:
		return runs || !path_is_library(s->path);
	}
	return false;
}

int discover_file(struct proctor_plan *plan, const char *path, enum discover_as as,
		  struct proctor_error *err)
{
	struct proctor_error why = {0};
	struct suite *s = plan_suite_of_file(plan, path);
	struct file_key *key;
	enum finding finding;
	int ret;

	if (!s)
		return error_sys(err, ENOMEM, "cannot add %s", path);
	if (file_set_remember(&plan->files, &plan->arena, s->path, &key) < 0) {
		ret = error_sys(err, ENOMEM, "cannot add %s", path);
		goto drop;
	}
	s->key = key;
	ret = 0;
	if (!key)
		goto drop;
	ret = suite_look(s, &finding, &why);
	if (ret < 0) {
		error_set(err, ret, "%s", why.text);
		goto drop;
	}
	if (finding == FOUND_MANIFEST && as == DISCOVER_NAMED) {
		plan_suite_drop(plan);
		return manifest_add(plan, path, err);
	}
	if (!finding_counts(finding, s, as))
		goto drop;
	if (finding != FOUND_SUITE)
		ret = suite_break(s, why.text, err);
	if (ret == 0)
		return 0;
drop:
	plan_suite_drop(plan);
	return ret;
}
