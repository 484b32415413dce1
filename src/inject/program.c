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

#include <dlfcn.h>
#include <stdbool.h>
#include <unistd.h>

typedef int main_function(int argc, char **argv, char **envp);

static main_function *program_main;
static bool is_server;

static void __attribute__((constructor)) program_open(int argc, char **argv, char **envp)
{
	const struct crash_tasks tasks = { .aside = true, .record = loaded_modules_record };
	struct crash_page *page;

	(void)argc, (void)argv;
	preload_entry_remove(PROGRAM_LIBRARY_NAME, envp);
	page = program_page_open();
	if (page)
		crash_open(page, &tasks);
	is_server = fork_server_open(page);
}

static int program_start(int argc, char **argv, char **envp)
{
	fork_server_serve(&argc, &argv);
	return program_main(argc, argv, environ ? environ : envp);
}

int __libc_start_main(main_function *main, int argc, char **argv, void (*init)(void),
		      void (*fini)(void), void (*rtld_fini)(void), void *stack_end);
/* The C library's own calls this main() after all constructors. */
int __libc_start_main(main_function *main, int argc, char **argv, void (*init)(void),
		      void (*fini)(void), void (*rtld_fini)(void), void *stack_end)
{
	int (*real)(main_function *, int, char **, void (*)(void), void (*)(void), void (*)(void),
		    void *);

	*(void **)&real = dlsym(RTLD_NEXT, "__libc_start_main");
	program_main = main;
	return real(is_server ? program_start : main, argc, argv, init, fini, rtld_fini, stack_end);
}
