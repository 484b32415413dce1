/* SPDX-License-Identifier: MIT */
#include "plan/needs.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A library looked at; found by its path in a tree. */
struct library {
	char *path;
	bool found;		/* is there, and for this machine */
	bool unique;
	dev_t dev;
	ino_t ino;
	char *soname;		/* NULL: none */
	char *rpath, *runpath;	/* NULL: none */
	char **needed;
	size_t nneeded;
};

struct resolver {
	void *libraries;	/* tsearch */
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

static struct resolver *plan_resolver(struct proctor_plan *plan)
{
	if (!plan->resolver)
		plan->resolver = calloc(1, sizeof(*plan->resolver));
	return plan->resolver;
}

void resolver_free(struct resolver *r)
{
	if (!r)
		return;
	tdestroy(r->libraries, lent);
	tdestroy(r->runtimes, lent);
	arena_fini(&r->arena);
	free(r);
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

/* Copies what is needed of `f` into `lib`, whose path is set. */
static int library_fill(struct library *lib, struct arena *arena, const struct elf_file *f)
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

/* Opens lib->path and reads it; one that cannot be used stays as not found. */
static int library_read(struct library *lib, struct arena *arena)
{
	struct elf_file f;
	struct stat st;
	int ret = -ENOENT, fd = open(lib->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return 0;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		ret = elf_open(&f, fd, (uint64_t)st.st_size, lib->path, NULL);
	if (ret == 0) {
		ret = library_fill(lib, arena, &f);
		for (size_t i = 0; i < f.nsymbols && !lib->unique; i++)
			lib->unique = ELF64_ST_BIND(f.symbols[i].st_info) == STB_GNU_UNIQUE &&
				      elf_symbol_defined(&f.symbols[i]);
		lib->found = !f.executable;
		lib->dev = st.st_dev;
		lib->ino = st.st_ino;
		elf_close(&f);
	}
	close(fd);
	return ret == -ENOMEM ? ret : 0;
}

/* The library at `path`, read at most once; NULL: no memory. */
static struct library *resolver_library(struct resolver *r, const char *path)
{
	struct library key = {.path = (char *)path}, *lib;
	void *node = tfind(&key, &r->libraries, library_compare);

	if (node)
		return *(struct library **)node;
	lib = arena_alloc(&r->arena, sizeof(*lib));
	if (!lib || !(lib->path = arena_copy(&r->arena, path)) ||
	    library_read(lib, &r->arena) < 0 ||
	    !tsearch(lib, &r->libraries, library_compare))
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
static int resolver_search(struct resolver *r, const char *dirs, const char *separators,
			   const char *origin, const char *soname, const struct library **lib)
{
	char path[PATH_MAX];

	*lib = NULL;
	while (dirs) {
		size_t n = strcspn(dirs, separators);

		if (candidate_path(path, dirs, n, origin, soname)) {
			*lib = resolver_library(r, path);
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

/* One library of those that come with a suite, the suite's own first. */
struct loaded {
	const struct library *lib;
	const struct loaded *loader;	/* whose need it is; NULL: the suite itself */
	struct loaded *next;
};

/* As the dynamic linker does it for a need of `by`; `*lib` is NULL for the default search. */
static int resolver_find(struct resolver *r, const struct loaded *by, const char *soname,
			 const struct library **lib)
{
	const char *env = getenv("LD_LIBRARY_PATH");
	int ret;

	*lib = NULL;
	if (strchr(soname, '/')) {
		const struct library *direct = resolver_library(r, soname);

		if (direct && direct->found)
			*lib = direct;
		return direct ? 0 : -ENOMEM;
	}
	/* RPATH is inherited from the loaders, and void where there is a RUNPATH. */
	for (const struct loaded *l = by; l && !by->lib->runpath; l = l->loader) {
		if (!l->lib->rpath || l->lib->runpath)
			continue;
		ret = resolver_search(r, l->lib->rpath, ":", l->lib->path, soname, lib);
		if (ret < 0 || *lib)
			return ret;
	}
	if (env && *env) {
		ret = resolver_search(r, env, ":;", by->lib->path, soname, lib);
		if (ret < 0 || *lib)
			return ret;
	}
	return resolver_search(r, by->lib->runpath, ":", by->lib->path, soname, lib);
}

/* Where a distribution keeps the runtimes of clang, which no default search finds. */
static int resolver_glob_runtime(struct resolver *r, const char *soname, char **preload)
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
			*preload = arena_copy(&r->arena, found.gl_pathv[newest]);
			if (!*preload) {
				globfree(&found);
				return -ENOMEM;
			}
		}
		globfree(&found);
	}
	return 0;
}

/* What to preload for a runtime that the default search is to find. -ENOMEM. */
static int resolver_runtime(struct resolver *r, const char *soname, char **preload)
{
	struct runtime key = {.soname = (char *)soname}, *rt;
	void *node = tfind(&key, &r->runtimes, runtime_compare);

	if (!node) {
		rt = arena_alloc(&r->arena, sizeof(*rt));
		if (!rt || !(rt->soname = arena_copy(&r->arena, soname)))
			return -ENOMEM;
		if (strncmp(soname, "libclang_rt.", 12) == 0 && !strpbrk(soname, "*?[/") &&
		    resolver_glob_runtime(r, soname, &rt->preload) < 0)
			return -ENOMEM;
		if (!rt->preload)
			rt->preload = rt->soname;
		node = tsearch(rt, &r->runtimes, runtime_compare);
		if (!node)
			return -ENOMEM;
	}
	*preload = (*(struct runtime **)node)->preload;
	return 0;
}

/* The needs found so far. */
struct needs {
	struct need *needs;
	size_t nneeds, cap_needs;
};

static bool needs_have(const struct needs *n, const char *soname)
{
	for (size_t i = 0; i < n->nneeds; i++)
		if (strcmp(n->needs[i].soname, soname) == 0)
			return true;
	return false;
}

static int needs_add(struct needs *n, const char *soname, const char *path, dev_t dev, ino_t ino)
{
	if (needs_have(n, soname))
		return 0;
	if (n->nneeds == n->cap_needs) {
		size_t cap = n->cap_needs ? n->cap_needs * 2 : 8;
		struct need *needs = reallocarray(n->needs, cap, sizeof(*needs));

		if (!needs)
			return -ENOMEM;
		n->needs = needs;
		n->cap_needs = cap;
	}
	/* Lent by the resolver or the ELF file until the plan gets its copy. */
	n->needs[n->nneeds++] = (struct need){
		.soname = (char *)soname, .path = path, .dev = dev, .ino = ino,
	};
	return 0;
}

static int need_compare(const void *a, const void *b)
{
	return strcmp(((const struct need *)a)->soname, ((const struct need *)b)->soname);
}

/* Gives the suite its copy of the needs. */
static int suite_take_needs(struct suite *s, const struct needs *n)
{
	struct arena *arena = &s->plan->arena;

	s->needs = arena_alloc(arena, n->nneeds * sizeof(*s->needs));
	if (!s->needs)
		return -ENOMEM;
	for (size_t i = 0; i < n->nneeds; i++) {
		s->needs[i] = n->needs[i];
		s->needs[i].soname = arena_copy(arena, n->needs[i].soname);
		if (!s->needs[i].soname)
			return -ENOMEM;
	}
	s->nneeds = n->nneeds;
	if (s->nneeds > 1)
		qsort(s->needs, s->nneeds, sizeof(*s->needs), need_compare);
	return 0;
}

/* Resolves one need of `by`; a library found this way is put behind `*last`. */
static int suite_resolve_need(struct suite *s, struct needs *needs, const struct loaded *by,
			      const char *soname, struct loaded **last, struct arena *scratch)
{
	enum sanitizer sanitizer;
	const struct library *lib;
	struct loaded *next;
	int ret;

	if (needs_have(needs, soname))
		return 0;
	ret = resolver_find(s->plan->resolver, by, soname, &lib);
	if (ret == 0)
		ret = needs_add(needs, soname, lib ? lib->path : NULL, lib ? lib->dev : 0,
				lib ? lib->ino : 0);
	if (ret < 0)
		return ret;
	if (!s->preload && soname_is_runtime(soname, &sanitizer)) {
		s->sanitizer = sanitizer;
		if (lib)
			s->preload = lib->path;
		else
			ret = resolver_runtime(s->plan->resolver, soname, &s->preload);
	}
	if (ret < 0 || !lib)
		return ret;
	/* The dynamic linker knows a library by its own soname, too. */
	if (lib->soname && needs_add(needs, lib->soname, lib->path, lib->dev, lib->ino) < 0)
		return -ENOMEM;
	s->unique = s->unique || lib->unique;
	next = arena_alloc(scratch, sizeof(*next));
	if (!next)
		return -ENOMEM;
	next->lib = lib;
	next->loader = by;
	(*last)->next = next;
	*last = next;
	return 0;
}

int suite_resolve_needs(struct suite *suite, const struct elf_file *f, struct proctor_error *err)
{
	struct arena scratch = {0};
	struct needs needs = {0};
	struct library own = {.path = suite->path};
	struct loaded first = {.lib = &own}, *last = &first;
	int ret = plan_resolver(suite->plan) ? library_fill(&own, &scratch, f) : -ENOMEM;

	if (ret == 0 && own.soname)
		ret = needs_add(&needs, own.soname, suite->path, suite->file.dev, suite->file.ino);
	/* Breadth first, as the dynamic linker loads them: the first of a soname is the one. */
	for (const struct loaded *l = &first; l && ret == 0; l = l->next)
		for (size_t i = 0; i < l->lib->nneeded && ret == 0; i++)
			ret = suite_resolve_need(suite, &needs, l, l->lib->needed[i], &last,
						 &scratch);
	if (ret == 0)
		ret = suite_take_needs(suite, &needs);
	free(needs.needs);
	arena_fini(&scratch);
	if (ret < 0)
		return error_sys(err, ENOMEM, "cannot look at the libraries that %s needs",
				 suite->path);
	return 0;
}

/* True if sonames in both are the same files. */
static bool needs_agree(const struct suite *a, const struct suite *b)
{
	size_t i = 0, j = 0;

	while (i < a->nneeds && j < b->nneeds) {
		const struct need *x = &a->needs[i], *y = &b->needs[j];
		int order = strcmp(x->soname, y->soname);

		if (order == 0 && (x->dev != y->dev || x->ino != y->ino))
			return false;
		i += order <= 0;
		j += order >= 0;
	}
	return true;
}

static bool texts_equal(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

bool suites_compatible(const struct suite *a, const struct suite *b)
{
	if (a == b)
		return true;
	return !a->unique && !b->unique &&
	       !(a->file.dev == b->file.dev && a->file.ino == b->file.ino) &&
	       a->sanitizer == b->sanitizer && texts_equal(a->preload, b->preload) &&
	       needs_agree(a, b);
}
