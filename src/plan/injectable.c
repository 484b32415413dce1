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

/* A program that calls one of these was built with a sanitizer. Sanitizers handle crashes themselves and say more of
 * them than we would, and some refuse to start when another library was loaded before theirs. */
static const char *const sanitizer_calls[] = {
	"__asan_init", "__tsan_init", "__msan_init", "__hwasan_init_library", "__lsan_init",
};

/* Does the kernel give rights to whoever executes it (set-user-id, capabilities)? In such programs the loader
 * ignores LD_PRELOAD. */
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
	/* Not into programs in Go: after a crash in C code Go's runtime calls the handler that was installed before its
	 * own. That would be ours, and the program would end in another way than it does alone. */
	return strcmp(loader, LOADER) == 0 && !elf_program_has_note(fd, head, "Go") &&
	       !elf_program_calls(fd, head, dynamic, sanitizer_calls, ARRAY_SIZE(sanitizer_calls));
}
