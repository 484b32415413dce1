/* SPDX-License-Identifier: MIT */
/*
 * proctor-preload.so: loaded into executables that run tests with coverage, to do what
 * proctor-host does for libraries. The program and what it starts see nothing of it.
 */
#include "inject/counters.h"
#include "inject/crash_handler.h"

#include <dlfcn.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef int main_function(int argc, char **argv, char **envp);

static main_function *program_main;

/* Takes our entry out of LD_PRELOAD: programs that a test starts are not ours. */
static void preload_hide(void)
{
	char *list = getenv("LD_PRELOAD"), *ours = list ? strstr(list, AREA_PRELOAD_NAME) : NULL;
	char *begin = ours, *end = ours ? ours + strlen(AREA_PRELOAD_NAME) : NULL;

	if (!ours)
		return;
	while (begin > list && begin[-1] != ':')
		begin--;
	if (*end == ':')
		end++;
	else if (begin > list)
		begin--;
	memmove(begin, end, strlen(end) + 1);
	if (!*list)
		unsetenv("LD_PRELOAD");
}

static void __attribute__((constructor)) preload_open(void)
{
	preload_hide();
	if (!counters_open())
		return;
	counters_opening();
	crash_open(NULL);
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
