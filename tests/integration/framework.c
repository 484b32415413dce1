/* SPDX-License-Identifier: MIT */
#include "framework.h"

#include <unistd.h>

const char *framework_program(const char *name, const char *compiler)
{
	const char *path = suite_path(name);

	if (access(path, X_OK) == 0)
		return path;
	print_message("skipped: %s was not built, as there is no %s, or it is too old\n", name, compiler);
	skip();
	return NULL;
}

char *framework_own_output(const char *program, const char *arguments)
{
	char command[1024], *out = NULL;
	size_t nout = 0;
	FILE *f;

	snprintf(command, sizeof(command), "%s %s", program, arguments);
	f = popen(command, "r");
	assert_non_null(f);
	assert_true(getdelim(&out, &nout, '\0', f) > 0);
	pclose(f);
	return out;
}

void framework_check_message(const struct run *run, const char *id, const char *text)
{
	const char *message = event_text(run_end(run, id), "message");

	if (!strstr(message, text))
		fail_msg("%s says \"%s\", not \"%s\"", id, message, text);
}

void framework_check_ways(const char *program, const struct framework_way *ways, size_t nways, const char *id,
			  const char *const *others)
{
	static const char *const isolations[] = { "--isolation=batch", "--isolation=test", "--isolation=fork" };

	for (size_t i = 0; i < nways * 3; i++) {
		const struct framework_way *w = &ways[i / 3];
		char way[64];
		struct run *run;

		snprintf(way, sizeof(way), "WAY=%s", w->way);
		run = run_proctor(&(struct run_setup){
			.args = WORDS("-j1", "--on-crash=continue",
				      strcmp(w->way, "hang") == 0 ? "--timeout=2s" : "--timeout=20s",
				      isolations[i % 3], program),
			.env = WORDS(way),
		});
		if (w->verdict)
			run_check_verdict(run, id, w->verdict);
		if (w->message)
			framework_check_message(run, id, w->message);
		for (size_t k = 0; others[k]; k++)
			run_check_verdict(run, others[k], "pass");
		run_free(run);
	}
}
