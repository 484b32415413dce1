/* SPDX-License-Identifier: MIT */
/*
 * proctor-preload.so: put into programs that run as tests with coverage, in place of proctor-inject.so: it
 * does the same, and besides keeps their counters, as proctor-host does for libraries. The program and what
 * it starts see nothing of it.
 */
#include "inject/counters.h"
#include "inject/crash_handler.h"
#include "inject/loaded_modules.h"
#include "inject/preload_entry.h"
#include "inject/program_page.h"
#include "inject/start_main.h"

#include <link.h>

/* The loader has put everything where it stays. */
static void preload_before_main(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	counters_opened(_r_debug.r_map);
}

static void __attribute__((constructor)) preload_open(int argc, char **argv, char **envp)
{
	const struct crash_tasks alone = { .aside = true, .record = loaded_modules_record };
	const struct crash_tasks with_counters = { .save = counters_save, .stay = counters_stay,
						   .record = loaded_modules_record };
	struct crash_page *page;
	bool counts;

	(void)argc, (void)argv;
	preload_entry_remove(AREA_PRELOAD_NAME, envp);
	page = program_page_open();
	counts = counters_open();
	counters_opening();
	if (counters_active())
		start_main_after(preload_before_main);
	if (page || counts)
		crash_open(page, counts ? &with_counters : &alone);
}
