/* SPDX-License-Identifier: MIT */
/*
 * usage: bare_dlopen LIBRARY...
 *
 * The least that can be done with libraries of one test each: opens each one and calls its test,
 * all in this process. No isolation, no capture, no deadline.
 */
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>

int main(int argc, char **argv)
{
	int nfailed = 0;

	for (int i = 1; i < argc; i++) {
		void *library = dlopen(argv[i], RTLD_NOW | RTLD_LOCAL);
		int32_t (*test)(void);

		if (!library) {
			fprintf(stderr, "%s\n", dlerror());
			return 1;
		}
		*(void **)&test = dlsym(library, "tml_test_0");
		if (!test || test() != 0)
			nfailed++;
	}
	return nfailed != 0;
}
