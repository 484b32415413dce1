/* SPDX-License-Identifier: MIT */
#include "inject/start_main.h"

#include <dlfcn.h>
#include <unistd.h>

typedef int main_function(int argc, char **argv, char **envp);

static main_function *program_main;
static before_main_function *before_main;

void start_main_after(before_main_function *before)
{
	before_main = before;
}

static int main_is_next(int argc, char **argv, char **envp)
{
	before_main(&argc, &argv);
	return program_main(argc, argv, environ ? environ : envp);
}

int __libc_start_main(main_function *main, int argc, char **argv, void (*init)(void),
		      void (*fini)(void), void (*rtld_fini)(void), void *stack_end);
/* Where each program begins: the C library's own calls this main() after all constructors. */
int __libc_start_main(main_function *main, int argc, char **argv, void (*init)(void),
		      void (*fini)(void), void (*rtld_fini)(void), void *stack_end)
{
	int (*real)(main_function *, int, char **, void (*)(void), void (*)(void), void (*)(void),
		    void *);

	*(void **)&real = dlsym(RTLD_NEXT, "__libc_start_main");
	program_main = main;
	return real(before_main ? main_is_next : main, argc, argv, init, fini, rtld_fini, stack_end);
}
