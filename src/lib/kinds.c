/* SPDX-License-Identifier: MIT */
#include "lib/kinds.h"

#include <errno.h>

#include "adapter/adapter.h"
#include "plan/inspect.h"
#include "plan/model.h"
#include "plan/names.h"

const char *kinds_framework(size_t i, const char **known_by)
{
	if (i >= ADAPTERS_COUNT)
		return NULL;
	*known_by = adapters[i]->known_by;
	return adapters[i]->name;
}

int kinds_look(struct proctor_plan *plan, struct proctor_error *err)
{
	/* Suites that were handed in with their tests are looked at as late as that. */
	for (size_t i = 0; i < plan->nsuites; i++) {
		int ret = plan->suites[i]->inspected ? 0 : suite_inspect(plan->suites[i], err);

		if (ret < 0)
			return ret;
	}
	return plan_name_all(plan) < 0 ? error_sys(err, ENOMEM, "cannot name the suites") : 0;
}

bool kinds_suite(const struct proctor_plan *plan, size_t i, struct suite_kind *kind)
{
	const struct suite *s;

	if (i >= plan->nsuites)
		return false;
	s = plan->suites[i];
	*kind = (struct suite_kind){
		.suite = s->name,
		.path = s->path,
		.broken = s->error,
		.framework = s->error ? NULL : s->adapter->name,
	};
	return true;
}

bool kinds_version(const struct proctor_plan *plan, size_t i, char *text, size_t ntext)
{
	const struct suite *s = plan->suites[i];

	return !s->error && version_of_file(&s->adapter->version, s->path, text, ntext);
}
