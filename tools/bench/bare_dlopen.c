/* SPDX-License-Identifier: MIT */
/*
 * usage: bare_dlopen keep|close LIBRARY...
 *
 * The least that can be done with libraries of one test each: opens each one and calls its test,
 * all in this process, and keeps it open or closes it at once. No isolation, no capture, no
 * deadline; and who closes hopes that nothing points into the library any more.
 */
#include <dlfcn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
	bool closes = argc > 1 && strcmp(argv[1], "close") == 0;
	int nfailed = 0;

	if (!closes && (argc < 2 || strcmp(argv[1], "keep") != 0)) {
		fprintf(stderr, "usage: bare_dlopen keep|close LIBRARY...\n");
		return 2;
	}
	for (int i = 2; i < argc; i++) {
		void *library = dlopen(argv[i], RTLD_NOW | RTLD_LOCAL);
		int32_t (*test)(void);

		if (!library) {
			fprintf(stderr, "%s\n", dlerror());
			return 1;
		}
		*(void **)&test = dlsym(library, "tml_test_0");
		if (!test || test() != 0)
			nfailed++;
		if (closes)
			dlclose(library);
	}
	return nfailed != 0;
}
