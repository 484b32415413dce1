/* SPDX-License-Identifier: MIT */
#include "symbolizer/demangle.h"

#include <ctype.h>
#include <dlfcn.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Longer ones are templates within templates, which nobody reads either way. */
#define MANGLED_MAX 2048
#define RUST_HASH_CHARS 19	/* "::h" and 16 hexadecimal digits */

typedef char *demangler(const char *name, char *buffer, size_t *nbuffer, int *status);

/* abi::__cxa_demangle(); NULL: there is none. */
static demangler *find_demangler(void)
{
	static demangler *found;
	static bool looked;

	if (!looked) {
		void *library = dlopen("libstdc++.so.6", RTLD_NOW | RTLD_LOCAL);

		looked = true;
		if (library)
			*(void **)&found = dlsym(library, "__cxa_demangle");
	}
	return found;
}

/* Rust's symbols end with a hash that tells builds apart, and that no source has. */
static void cut_rust_hash(char *name)
{
	size_t n = strlen(name);
	char *hash = name + n - RUST_HASH_CHARS;

	if (n <= RUST_HASH_CHARS || strncmp(hash, "::h", 3) != 0)
		return;
	for (const char *c = hash + 3; *c; c++)
		if (!isxdigit((unsigned char)*c))
			return;
	*hash = '\0';
}

const char *demangle(const char *name)
{
	static char *last;
	demangler *find;
	int status = 0;

	if (strncmp(name, "_Z", 2) != 0 || strnlen(name, MANGLED_MAX) == MANGLED_MAX)
		return name;
	find = find_demangler();
	if (!find)
		return name;
	free(last);
	last = find(name, NULL, NULL, &status);
	if (!last)
		return name;
	cut_rust_hash(last);
	return last;
}
