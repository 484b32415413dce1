/* SPDX-License-Identifier: MIT */
#include "plan/injectable.h"

#include "base/container.h"

#include <limits.h>
#include <string.h>
#include <sys/xattr.h>

/* The loader of the C library that our own library was built for. */
#if defined(__x86_64__)
#define LOADER "/lib64/ld-linux-x86-64.so.2"
#elif defined(__aarch64__)
#define LOADER "/lib/ld-linux-aarch64.so.1"
#else
#error "the path of the loader is not known for this machine"
#endif

/* By which the runtimes of sanitizers are known, linked statically or not. They have handlers of their own
 * that say more than ours, and some will not have another library before them. */
static const char *const sanitizer_calls[] = {
	"__asan_init", "__tsan_init", "__msan_init", "__hwasan_init_library", "__lsan_init",
};

/* It gets rights by being executed: the loader ignores what its caller wants to be loaded. */
static bool is_privileged(int fd, const struct stat *st)
{
	return (st->st_mode & (S_ISUID | S_ISGID)) || fgetxattr(fd, "security.capability", NULL, 0) > 0;
}

bool program_is_injectable(int fd, const void *head, size_t nhead, const struct stat *st,
			   const struct elf_dynamic *dynamic)
{
	char loader[PATH_MAX];

	if (dynamic->n == 0 || is_privileged(fd, st))
		return false;
	elf_interpreter(fd, head, nhead, loader, sizeof(loader));
	/* Go's runtime passes a crash in C code on to a handler that was there before it, if there was
	 * one: the program would end in another way than without us. */
	return strcmp(loader, LOADER) == 0 && !elf_program_has_note(fd, head, "Go") &&
	       !elf_program_calls(fd, head, dynamic, sanitizer_calls, ARRAY_SIZE(sanitizer_calls));
}
