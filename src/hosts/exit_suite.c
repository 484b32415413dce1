/* SPDX-License-Identifier: MIT */
#include "hosts/exit_suite.h"

#include "hosts/host_words.h"

#include <stdio.h>

uint32_t exit_suite_turn(const struct host *host)
{
	return host->ops->exit_turn(host);
}

struct suite *exit_suite(const struct host *host)
{
	const struct host_end *end = &host->shared.end;
	uint32_t turn = end->stop_exit ? end->stop_turn : exit_suite_turn(host);

	if (host->nsuites == 1)
		return host->suites[0];
	return turn > 0 && turn <= host->nsuites ? host->suites[turn - 1] : NULL;
}

void exit_suite_name(const struct host *host, char *to, size_t nto)
{
	const struct suite *suite = exit_suite(host);
	char name[HOST_WORDS_BYTES];

	if (suite) {
		snprintf(to, nto, "%s::(exit)", suite->name);
		return;
	}
	host_words(host, name, sizeof(name));
	snprintf(to, nto, "the exit of %s", name);
}
