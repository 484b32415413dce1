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

#include <dlfcn.h>
#include <link.h>
#include <unistd.h>

typedef int main_function(int argc, char **argv, char **envp);

static main_function *program_main;

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
	if (page || counts)
		crash_open(page, counts ? &with_counters : &alone);
}

/* After all constructors: the loader has put everything where it stays. */
static int preload_main(int argc, char **argv, char **envp)
{
	counters_opened(_r_debug.r_map);
	return program_main(argc, argv, environ ? environ : envp);
}

int __libc_start_main(main_function *main, int argc, char **argv, void (*init)(void),
		      void (*fini)(void), void (*rtld_fini)(void), void *stack_end);
int __libc_start_main(main_function *main, int argc, char **argv, void (*init)(void),
		      void (*fini)(void), void (*rtld_fini)(void), void *stack_end)
{
	int (*real)(main_function *, int, char **, void (*)(void), void (*)(void), void (*)(void),
		    void *);

	*(void **)&real = dlsym(RTLD_NEXT, "__libc_start_main");
	program_main = main;
	return real(counters_active() ? preload_main : main, argc, argv, init, fini, rtld_fini,
		    stack_end);
}
