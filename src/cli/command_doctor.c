/* SPDX-License-Identifier: MIT */
#include "cli/commands.h"

#include <errno.h>
#include <stdio.h>

#include "cli/option_parse.h"
#include "lib/doctor.h"

static int doctor_print(const struct options *o)
{
	struct facts facts = { 0 };
	bool usable = doctor_examine(&facts, o->run.loop, o->run.host_path);

	for (size_t i = 0; i < facts.n; i++) {
		printf("%-16s", facts.list[i].name);
		print_line(facts.list[i].text);
	}
	if (facts.incomplete)
		say("there was no memory for all that was found");
	usable = usable && !facts.incomplete;
	facts_fini(&facts);
	return usable ? EXIT_PASSED : EXIT_BROKEN;
}

int command_doctor(int argc, char **argv)
{
	struct proctor_error err;
	struct options o;
	int status;

	if (options_parse(&o, COMMAND_DOCTOR, argc, argv, &err) < 0)
		return say_usage("doctor", &err);
	if (o.npaths > 0 || o.selection.nfilters > 0) {
		error_set(&err, -EINVAL, "doctor takes no arguments");
		status = say_usage("doctor", &err);
	} else if (o.help) {
		help_command(COMMAND_DOCTOR);
		status = EXIT_PASSED;
	} else {
		status = doctor_print(&o);
	}
	options_fini(&o);
	return status;
}
