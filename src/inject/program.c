/* SPDX-License-Identifier: MIT */
/*
 * proctor-inject.so: put into each program that runs as a test and that is linked dynamically, so that a
 * crash leaves a record as one in a library does. The program and what it starts see nothing of it: its
 * entry in LD_PRELOAD is taken out, its descriptor closed, and a signal for which the program has a handler
 * of its own does not come by here. With --isolation=fork it also holds the program before main().
 */
#include "inject/crash_handler.h"
#include "inject/fork_server.h"
#include "inject/loaded_modules.h"
#include "inject/preload_entry.h"
#include "inject/program_page.h"
#include "inject/start_main.h"

static void __attribute__((constructor)) program_open(int argc, char **argv, char **envp)
{
	const struct crash_tasks tasks = { .aside = true, .record = loaded_modules_record };
	struct crash_page *page;

	(void)argc, (void)argv;
	preload_entry_remove(PROGRAM_LIBRARY_NAME, envp);
	page = program_page_open();
	if (page)
		crash_open(page, &tasks);
	if (fork_server_open(page))
		start_main_after(fork_server_serve);
}
