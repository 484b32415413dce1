/* SPDX-License-Identifier: MIT */
/* Programs that are one test each: exit status 0 is a pass, 77 a skip, 99 an error. */
#include "adapter/adapter.h"

static enum sureness exe_recognize(const struct file_view *file)
{
	(void)file;
	return SURE_LAST_RESORT;
}

/* By its name alone. */
static int exe_run_command(const struct program_request *request, struct command_line *line,
			   struct proctor_error *err)
{
	(void)request, (void)line, (void)err;
	return 0;
}

const struct adapter adapter_exe = {
	.name = "exe",
	.known_by = "any other program, which is one test: its exit status tells",
	.single = true,
	.recognize = exe_recognize,
	.run_command = exe_run_command,
};
