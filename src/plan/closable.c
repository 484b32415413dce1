/* SPDX-License-Identifier: MIT */
#include "plan/closable.h"

#include "base/container.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/*
 * What a library may import: functions that keep no pointer which they were given beyond their
 * return, start nothing and register nothing; and data of the C library that holds no pointer of
 * the caller's. Missing on purpose are signal, putenv, setvbuf, strtok, pthread_create, dlopen,
 * __cxa_atexit, __tls_get_addr and others that do one of these. In the order of strcmp().
 */
static const char *const harmless[] = {
	"_ITM_deregisterTMCloneTable", "_ITM_registerTMCloneTable", "__assert_fail",
	"__chk_fail", "__ctype_b_loc", "__ctype_tolower_loc", "__ctype_toupper_loc",
	"__cxa_finalize", "__errno_location", "__fdelt_chk", "__fgets_chk", "__fprintf_chk",
	"__fread_chk", "__fxstat", "__gmon_start__", "__isoc23_fscanf", "__isoc23_sscanf",
	"__isoc23_strtol", "__isoc23_strtoll", "__isoc23_strtoul", "__isoc23_strtoull",
	"__isoc99_fscanf", "__isoc99_sscanf", "__isoc99_vsscanf", "__longjmp_chk", "__lxstat",
	"__memcpy_chk", "__memmove_chk", "__mempcpy_chk", "__memset_chk", "__printf_chk",
	"__read_chk", "__sigsetjmp", "__snprintf_chk", "__sprintf_chk", "__stack_chk_fail",
	"__stpcpy_chk", "__strcat_chk", "__strcpy_chk", "__strncat_chk", "__strncpy_chk",
	"__vfprintf_chk", "__vprintf_chk", "__vsnprintf_chk", "__vsprintf_chk", "__xstat",
	"_exit", "_setjmp", "abort", "abs", "access", "aligned_alloc", "atof", "atoi", "atol",
	"atoll", "bsearch", "calloc", "chdir", "chmod", "clock", "clock_gettime", "close",
	"closedir", "creat", "div", "dup", "dup2", "execv", "execve", "execvp", "exit", "fclose",
	"fcntl", "fdopen", "feof", "ferror", "fflush", "fgetc", "fgets", "fileno", "fopen",
	"fopen64", "fork", "fprintf", "fputc", "fputs", "fread", "free", "freopen", "fscanf",
	"fseek", "fseeko", "fstat", "ftell", "ftello", "ftruncate", "fwrite", "getc", "getchar",
	"getcwd", "getdelim", "getegid", "getenv", "geteuid", "getgid", "getline", "getpid",
	"getppid", "gettimeofday", "getuid", "isalnum", "isalpha", "isascii", "isatty",
	"isblank", "iscntrl", "isdigit", "isgraph", "islower", "isprint", "ispunct", "isspace",
	"isupper", "isxdigit", "kill", "labs", "llabs", "longjmp", "lseek", "lstat", "malloc",
	"memchr", "memcmp", "memcpy", "memmem", "memmove", "mempcpy", "memrchr", "memset",
	"mkdir", "mkdtemp", "mkstemp", "mktime", "nanosleep", "open", "open64", "opendir",
	"pclose", "perror", "pipe", "pipe2", "poll", "popen", "posix_memalign", "pread",
	"printf", "pthread_equal", "pthread_mutex_destroy", "pthread_mutex_init",
	"pthread_mutex_lock", "pthread_mutex_trylock", "pthread_mutex_unlock", "pthread_self",
	"putc", "putchar", "puts", "pwrite", "qsort", "raise", "rand", "read", "readdir",
	"readlink", "realloc", "reallocarray", "realpath", "remove", "rename", "rewind", "rmdir",
	"sched_yield", "setenv", "setjmp", "siglongjmp", "sleep", "snprintf", "sprintf", "srand",
	"sscanf", "stat", "stderr", "stdin", "stdout", "stpcpy", "strcasecmp", "strcat",
	"strchr", "strchrnul", "strcmp", "strcoll", "strcpy", "strcspn", "strdup", "strerror",
	"strftime", "strlen", "strncasecmp", "strncat", "strncmp", "strncpy", "strndup",
	"strnlen", "strpbrk", "strrchr", "strsep", "strspn", "strstr", "strtod", "strtof",
	"strtok_r", "strtol", "strtold", "strtoll", "strtoul", "strtoull", "system", "time",
	"tolower", "toupper", "truncate", "umask", "ungetc", "unlink", "unsetenv", "usleep",
	"vfprintf", "vprintf", "vsnprintf", "vsprintf", "vsscanf", "wait", "waitpid", "write",
};

/* Libraries that it may need: the host has loaded them for itself, so they stay when the library is
 * closed. Any other would be closed with it, and what that leaves behind was not looked at. */
static const char *const kept[] = {
	"ld-linux-aarch64.so.1", "ld-linux-x86-64.so.2", "libc.so.6",
};

static int name_compare(const void *name, const void *entry)
{
	return strcmp(name, *(const char *const *)entry);
}

static bool name_among(const char *name, const char *const *names, size_t n)
{
	return bsearch(name, names, n, sizeof(*names), name_compare);
}

static bool imports_are_harmless(const struct elf_file *f, bool *finalizes)
{
	*finalizes = false;
	for (size_t i = 1; i < f->nsymbols; i++) {
		const char *name = elf_symbol_name(f, i);

		if (ELF64_ST_TYPE(f->symbols[i].st_info) == STT_TLS)
			return false;
		if (elf_symbol_defined(&f->symbols[i])) {
			if (ELF64_ST_BIND(f->symbols[i].st_info) == STB_GNU_UNIQUE)
				return false;
			continue;
		}
		if (!name_among(name, harmless, ARRAY_SIZE(harmless)))
			return false;
		*finalizes |= strcmp(name, "__cxa_finalize") == 0;
	}
	return true;
}

static bool needs_are_kept(const struct elf_file *f)
{
	const char *soname;
	size_t i = 0;

	while ((soname = elf_needed(f, &i)))
		if (!name_among(soname, kept, ARRAY_SIZE(kept)))
			return false;
	return true;
}

/* Could `nbytes` of code at `code` call the kernel without the C library? Bytes that look like such
 * an instruction by chance do no harm: the library is just not closed. */
static bool code_calls_kernel(const unsigned char *code, size_t nbytes)
{
#if defined(__x86_64__)
	for (size_t i = 0; i + 1 < nbytes; i++)
		if ((code[i] == 0x0f && (code[i + 1] == 0x05 || code[i + 1] == 0x34)) ||
		    (code[i] == 0xcd && code[i + 1] == 0x80))
			return true;
	return false;
#elif defined(__aarch64__)
	for (size_t i = 0; i + 4 <= nbytes; i += 4) {
		uint32_t instruction;

		memcpy(&instruction, code + i, sizeof(instruction));
		if ((instruction & 0xffe0001fu) == 0xd4000001u)
			return true;
	}
	return false;
#else
	(void)code, (void)nbytes;
	return true;
#endif
}

/* Is it the function that the compiler's crti.o and crtn.o make, which does nothing? */
static bool code_is_empty(const unsigned char *code, size_t nbytes)
{
#if defined(__x86_64__)
	static const unsigned char landing[] = { 0xf3, 0x0f, 0x1e, 0xfa };
	static const unsigned char body[] = { 0x48, 0x83, 0xec, 0x08, 0x48, 0x83, 0xc4, 0x08, 0xc3 };
#elif defined(__aarch64__)
	static const unsigned char landing[] = { 0x3f, 0x23, 0x03, 0xd5 };
	static const unsigned char body[] = { 0xfd, 0x7b, 0xbf, 0xa9, 0xfd, 0x03, 0x00, 0x91,
					      0xfd, 0x7b, 0xc1, 0xa8, 0xc0, 0x03, 0x5f, 0xd6 };
#else
	static const unsigned char landing[] = { 0 }, body[] = { 0 };

	return false;
#endif
	if (nbytes >= sizeof(landing) && memcmp(code, landing, sizeof(landing)) == 0) {
		code += sizeof(landing);
		nbytes -= sizeof(landing);
	}
	return nbytes >= sizeof(body) && memcmp(code, body, sizeof(body)) == 0;
}

/* What the segments of the image say of it. */
struct segments {
	bool harmless;
	const unsigned char *fini;	/* the code at the address looked for; NULL: not there */
	size_t nfini;
};

/* `fini`: an address; 0: none is looked for. */
static struct segments segments_read(const struct elf_file *f, uint64_t fini)
{
	struct segments s = { .harmless = true };
	const unsigned char *image = f->image;
	Elf64_Ehdr ehdr;
	Elf64_Phdr ph;

	memcpy(&ehdr, image, sizeof(ehdr));
	for (size_t i = 0; i < ehdr.e_phnum; i++) {
		memcpy(&ph, image + ehdr.e_phoff + i * sizeof(ph), sizeof(ph));
		if (ph.p_type == PT_TLS)
			s.harmless = false;
		/* elf_open() has checked that the segment lies within the file. */
		if (ph.p_type != PT_LOAD || !(ph.p_flags & PF_X))
			continue;
		if ((ph.p_flags & PF_W) || code_calls_kernel(image + ph.p_offset, ph.p_filesz))
			s.harmless = false;
		if (fini >= ph.p_vaddr && fini - ph.p_vaddr < ph.p_filesz) {
			s.fini = image + ph.p_offset + (fini - ph.p_vaddr);
			s.nfini = ph.p_filesz - (fini - ph.p_vaddr);
		}
	}
	return s;
}

/* Destructors run when it is closed: between the tests of others, where their output would be
 * taken for a test's. The compiler's own, which are there always, do nothing. */
static bool destructors_are_empty(const struct elf_file *f, uint64_t fini, uint64_t narray_bytes,
				  bool finalizes)
{
	struct segments s = segments_read(f, fini);

	/* One entry is crtbegin.o's, which is what imports __cxa_finalize. */
	if (narray_bytes > sizeof(Elf64_Addr) || (narray_bytes > 0 && !finalizes))
		return false;
	return s.harmless && (fini == 0 || (s.fini && code_is_empty(s.fini, s.nfini)));
}

bool library_closable(const struct elf_file *f)
{
	uint64_t fini = 0, narray_bytes = 0;
	bool finalizes;

	/* A large file has no image: to read all of its code would cost more than is won. */
	if (!f->image || !needs_are_kept(f) || !imports_are_harmless(f, &finalizes))
		return false;
	for (size_t i = 0; i < f->ndynamic; i++) {
		const Elf64_Dyn *d = &f->dynamic[i];

		switch (d->d_tag) {
		case DT_FINI:
			fini = d->d_un.d_ptr;
			break;
		case DT_FINI_ARRAYSZ:
			narray_bytes = d->d_un.d_val;
			break;
		case DT_FLAGS:
			if (d->d_un.d_val & DF_STATIC_TLS)
				return false;
			break;
		case DT_FLAGS_1:
			if (d->d_un.d_val & DF_1_NODELETE)
				return false;
			break;
		case DT_AUXILIARY:
		case DT_FILTER:
		case DT_AUDIT:
		case DT_DEPAUDIT:
			return false;
		}
	}
	return destructors_are_empty(f, fini, narray_bytes, finalizes);
}
