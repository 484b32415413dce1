/* SPDX-License-Identifier: MIT */
/* Programs that are one test each: exit status 0 is a pass, 77 a skip. */
#include "adapter/adapter.h"

static enum sureness exe_recognize(const struct file_view *file)
{
	(void)file;
	return SURE_LAST_RESORT;
}

static int exe_run_command(const char *path, struct command_line *line, struct proctor_error *err)
{
	(void)err;
	line->argv[0] = (char *)path;
	line->argv[1] = NULL;
	return 0;
}

const struct adapter adapter_exe = {
	.name = "exe",
	.single = true,
	.recognize = exe_recognize,
	.run_command = exe_run_command,
};
