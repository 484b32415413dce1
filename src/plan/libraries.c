/* SPDX-License-Identifier: MIT */
#include "plan/libraries.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct libraries {
	void *by_path;		/* tsearch: struct library */
	void *runtimes;		/* tsearch: struct runtime */
	struct arena arena;
};

struct runtime {
	char *soname, *preload;
};

static int library_compare(const void *a, const void *b)
{
	return strcmp(((const struct library *)a)->path, ((const struct library *)b)->path);
}

static int runtime_compare(const void *a, const void *b)
{
	return strcmp(((const struct runtime *)a)->soname, ((const struct runtime *)b)->soname);
}

static void lent(void *node)
{
	(void)node;	/* the arena's */
}

struct libraries *libraries_new(void)
{
	return calloc(1, sizeof(struct libraries));
}

void libraries_free(struct libraries *libs)
{
	if (!libs)
		return;
	tdestroy(libs->by_path, lent);
	tdestroy(libs->runtimes, lent);
	arena_fini(&libs->arena);
	free(libs);
}

bool soname_is_runtime(const char *soname, enum sanitizer *sanitizer)
{
	static const struct {
		const char *prefix;
		enum sanitizer sanitizer;
	} runtimes[] = {
		{"libasan.so", SANITIZER_ADDRESS},
		{"libclang_rt.asan", SANITIZER_ADDRESS},
		{"libtsan.so", SANITIZER_THREAD},
		{"libclang_rt.tsan", SANITIZER_THREAD},
		{"libclang_rt.ubsan_standalone", SANITIZER_NONE},
	};

	for (size_t i = 0; i < sizeof(runtimes) / sizeof(runtimes[0]); i++)
		if (strncmp(soname, runtimes[i].prefix, strlen(runtimes[i].prefix)) == 0) {
			*sanitizer = runtimes[i].sanitizer;
			return true;
		}
	return false;
}

int library_fill(struct library *lib, struct arena *arena, const struct elf_file *f)
{
	size_t i = 0, n = 0;
	const char *soname;

	while (elf_needed(f, &i))
		n++;
	lib->needed = arena_alloc(arena, n * sizeof(char *));
	if (!lib->needed)
		return -ENOMEM;
	for (i = 0; (soname = elf_needed(f, &i)); lib->nneeded++) {
		lib->needed[lib->nneeded] = arena_copy(arena, soname);
		if (!lib->needed[lib->nneeded])
			return -ENOMEM;
	}
	if (f->soname && !(lib->soname = arena_copy(arena, f->soname)))
		return -ENOMEM;
	if (f->rpath && !(lib->rpath = arena_copy(arena, f->rpath)))
		return -ENOMEM;
	if (f->runpath && !(lib->runpath = arena_copy(arena, f->runpath)))
		return -ENOMEM;
	return 0;
}

/* The text of a dynamic entry, in the arena. */
static int program_text(char **text, struct arena *arena, int fd, const void *head,
			const struct elf_dynamic *dynamic, uint64_t offset)
{
	char copy[PATH_MAX];

	if (!elf_dynamic_text(fd, head, dynamic, offset, copy, sizeof(copy)))
		return -ENOEXEC;
	*text = arena_copy(arena, copy);
	return *text ? 0 : -ENOMEM;
}

int library_fill_program(struct library *lib, struct arena *arena, int fd, const void *head,
			 const struct elf_dynamic *dynamic)
{
	int ret = 0;

	lib->needed = arena_alloc(arena, dynamic->n * sizeof(char *));
	if (!lib->needed)
		return -ENOMEM;
	for (size_t i = 0; i < dynamic->n && ret == 0; i++) {
		const Elf64_Dyn *d = &dynamic->entries[i];
		char **text;

		if (d->d_tag == DT_NULL)
			return 0;
		text = d->d_tag == DT_NEEDED ? &lib->needed[lib->nneeded++] :
		       d->d_tag == DT_RPATH ? &lib->rpath :
		       d->d_tag == DT_RUNPATH ? &lib->runpath : NULL;
		if (text)
			ret = program_text(text, arena, fd, head, dynamic, d->d_un.d_val);
	}
	return ret < 0 ? ret : -ENOEXEC;	/* there are more of them than were read */
}

/* Opens lib->path and reads it. A library that cannot be used counts as not found. */
static int library_read(struct library *lib, struct arena *arena)
{
	char head[ELF_HEAD_BYTES];
	struct elf_file f;
	struct stat st;
	ssize_t n;
	int ret, fd = elf_open_path(&f, lib->path, &st);

	if (fd < 0)
		return fd == -ENOMEM ? fd : 0;
	ret = library_fill(lib, arena, &f);
	for (size_t i = 0; i < f.nsymbols && !lib->unique; i++)
		lib->unique = ELF64_ST_BIND(f.symbols[i].st_info) == STB_GNU_UNIQUE &&
			      elf_symbol_defined(&f.symbols[i]);
	lib->found = !f.executable;
	lib->file = file_stamp_of(&st);
	n = pread(fd, head, sizeof(head), 0);
	elf_build_id_read(fd, head, n > 0 ? (size_t)n : 0, &lib->build_id);
	elf_close(&f);
	close(fd);
	return ret == -ENOMEM ? ret : 0;
}

/* The library at `path`, read at most once; NULL: no memory. */
static struct library *libraries_at(struct libraries *libs, const char *path)
{
	struct library key = {.path = (char *)path}, *lib;
	void *node = tfind(&key, &libs->by_path, library_compare);

	if (node)
		return *(struct library **)node;
	lib = arena_alloc(&libs->arena, sizeof(*lib));
	if (!lib || !(lib->path = arena_copy(&libs->arena, path)) ||
	    library_read(lib, &libs->arena) < 0 ||
	    !tsearch(lib, &libs->by_path, library_compare))
		return NULL;
	return lib;
}

/* Writes directory `dir` of a search path, in which $ORIGIN is the directory of `origin`, and
 * `soname` into `path`. False if it does not fit or has other words to expand. */
static bool candidate_path(char path[static PATH_MAX], const char *dir, size_t ndir,
			   const char *origin, const char *soname)
{
	const char *slash = strrchr(origin, '/');
	size_t norigin = slash ? (size_t)(slash - origin) : 0, n = 0;

	if (ndir == 0) {
		dir = ".";
		ndir = 1;
	}
	while (ndir > 0) {
		const char *piece = dir;
		size_t nword = 0, npiece = 1;

		if (ndir >= 7 && memcmp(dir, "$ORIGIN", 7) == 0)
			nword = 7;
		else if (ndir >= 9 && memcmp(dir, "${ORIGIN}", 9) == 0)
			nword = 9;
		else if (*dir == '$')
			return false;
		if (nword > 0) {
			piece = origin;
			npiece = norigin;
		} else {
			nword = 1;
		}
		if (npiece >= PATH_MAX - n)
			return false;
		memcpy(path + n, piece, npiece);
		n += npiece;
		dir += nword;
		ndir -= nword;
	}
	if (strlen(soname) + 1 >= PATH_MAX - n)
		return false;
	path[n++] = '/';
	strcpy(path + n, soname);
	return true;
}

/* Looks for `soname` in the directories of `dirs`; `*lib` is NULL if it is in none. -ENOMEM. */
static int libraries_search(struct libraries *libs, const char *dirs, const char *separators,
			   const char *origin, const char *soname, const struct library **lib)
{
	char path[PATH_MAX];

	*lib = NULL;
	while (dirs) {
		size_t n = strcspn(dirs, separators);

		if (candidate_path(path, dirs, n, origin, soname)) {
			*lib = libraries_at(libs, path);
			if (!*lib)
				return -ENOMEM;
			if ((*lib)->found)
				return 0;
		}
		dirs = dirs[n] ? dirs + n + 1 : NULL;
	}
	*lib = NULL;
	return 0;
}

int libraries_find(struct libraries *libs, const struct loaded *by, const char *soname,
		   const char *library_path, const struct library **lib)
{
	int ret;

	*lib = NULL;
	if (strchr(soname, '/')) {
		const struct library *direct = libraries_at(libs, soname);

		if (direct && direct->found)
			*lib = direct;
		return direct ? 0 : -ENOMEM;
	}
	/* The RPATHs of the libraries that loaded it count, too; but no RPATH does in a library
	 * that has a RUNPATH. */
	for (const struct loaded *l = by->lib->runpath ? NULL : by; l; l = l->loader) {
		if (!l->lib->rpath || l->lib->runpath)
			continue;
		ret = libraries_search(libs, l->lib->rpath, ":", l->lib->path, soname, lib);
		if (ret < 0 || *lib)
			return ret;
	}
	if (library_path && *library_path) {
		ret = libraries_search(libs, library_path, ":;", by->lib->path, soname, lib);
		if (ret < 0 || *lib)
			return ret;
	}
	return libraries_search(libs, by->lib->runpath, ":", by->lib->path, soname, lib);
}

/* Looks where distributions keep the runtimes of clang, as the dynamic linker does not. */
static int libraries_glob_runtime(struct libraries *libs, const char *soname, char **preload)
{
	static const char *const patterns[] = {
		"/usr/lib/llvm-*/lib/clang/*/lib/*/%s",
		"/usr/lib/clang/*/lib/*/%s",
		"/usr/lib64/clang/*/lib/*/%s",
	};
	char pattern[PATH_MAX];

	for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]) && !*preload; i++) {
		const char *place = strstr(patterns[i], "%s");
		glob_t found = {0};
		size_t newest = 0;

		if ((size_t)(place - patterns[i]) + strlen(soname) >= sizeof(pattern))
			continue;
		strcpy(mempcpy(pattern, patterns[i], (size_t)(place - patterns[i])), soname);
		if (glob(pattern, 0, NULL, &found) == 0) {
			for (size_t j = 1; j < found.gl_pathc; j++)
				if (strverscmp(found.gl_pathv[j], found.gl_pathv[newest]) > 0)
					newest = j;
			*preload = arena_copy(&libs->arena, found.gl_pathv[newest]);
			if (!*preload) {
				globfree(&found);
				return -ENOMEM;
			}
		}
		globfree(&found);
	}
	return 0;
}

int libraries_runtime(struct libraries *libs, const char *soname, char **preload)
{
	struct runtime key = {.soname = (char *)soname}, *rt;
	void *node = tfind(&key, &libs->runtimes, runtime_compare);

	if (!node) {
		rt = arena_alloc(&libs->arena, sizeof(*rt));
		if (!rt || !(rt->soname = arena_copy(&libs->arena, soname)))
			return -ENOMEM;
		if (strncmp(soname, "libclang_rt.", 12) == 0 && !strpbrk(soname, "*?[/") &&
		    libraries_glob_runtime(libs, soname, &rt->preload) < 0)
			return -ENOMEM;
		if (!rt->preload)
			rt->preload = rt->soname;
		node = tsearch(rt, &libs->runtimes, runtime_compare);
		if (!node)
			return -ENOMEM;
	}
	*preload = (*(struct runtime **)node)->preload;
	return 0;
}
