/* SPDX-License-Identifier: MIT */
#include "plan/inspect.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "adapter/exe.h"
#include "adapter/listing.h"
#include "adapter/suite_h.h"
#include "adapter/tml.h"
#include "base/container.h"
#include "base/elf.h"
#include "plan/closable.h"
#include "plan/needed.h"

/* What the one pass over a library's symbols collects. */
struct scan {
	struct listing tml, suite_h;
	bool unique;
	const char *sanitizer;	/* undefined start function of one; NULL: none */
};

static void scan_fini(struct scan *scan)
{
	listing_fini(&scan->tml);
	listing_fini(&scan->suite_h);
}

static int scan_symbols(struct scan *scan, const struct elf_file *f, struct proctor_error *err)
{
	for (size_t i = 0; i < f->nsymbols; i++) {
		const Elf64_Sym *symbol = &f->symbols[i];
		const char *name = elf_symbol_name(f, i);
		int ret = 0;

		if (!elf_symbol_defined(symbol)) {
			if (strcmp(name, "__asan_init") == 0 || strcmp(name, "__tsan_init") == 0 ||
			    strncmp(name, "__ubsan_handle_", 15) == 0)
				/* UBSan's functions are in the runtimes of the others, too. */
				if (!scan->sanitizer || name[2] != 'u')
					scan->sanitizer = name;
			continue;
		}
		if (ELF64_ST_BIND(symbol->st_info) == STB_GNU_UNIQUE)
			scan->unique = true;
		/* One character keeps most of a runtime's symbols out. */
		if (name[0] == 't')
			ret = tml_take(f, i, &scan->tml, err);
		else if (name[0] == 'p')
			ret = suite_h_take(f, i, &scan->suite_h, err);
		if (ret < 0)
			return ret;
	}
	return 0;
}

/* An undefined __asan_init is the runtime's to define: one must be among the needed libraries. */
static int sanitizer_check(const struct suite *s, const struct scan *scan,
			   struct proctor_error *err)
{
	const char *name;

	if (!scan->sanitizer)
		return 0;
	if (scan->sanitizer[2] == 'a') {
		if (s->sanitizer == SANITIZER_ADDRESS)
			return 0;
		name = "AddressSanitizer";
	} else if (scan->sanitizer[2] == 't') {
		if (s->sanitizer == SANITIZER_THREAD)
			return 0;
		name = "ThreadSanitizer";
	} else {
		if (s->preload)
			return 0;
		for (size_t i = 0; i < s->nneeds; i++)
			if (strncmp(s->needs[i].soname, "libubsan.so", 11) == 0 ||
			    strncmp(s->needs[i].soname, "libclang_rt.ubsan", 17) == 0)
				return 0;
		name = "UndefinedBehaviorSanitizer";
	}
	return error_set(err, -ENOEXEC, "%s is built with %s but does not need its "
			 "runtime as a shared library (%s is undefined): link it with "
			 "-shared-libsan", s->path, name, scan->sanitizer);
}

/* The listed test that the manifest's `t` means; NULL: the library has none such. */
static const struct listed *listing_find(const struct listing *list, const struct test *t)
{
	if (t->pub.index == TEST_INDEX_BY_NAME) {
		for (size_t i = 0; i < list->ntests; i++)
			if (strcmp(list->tests[i].name, t->pub.name) == 0)
				return &list->tests[i];
		return NULL;
	}
	/* Both kinds are in the order of their indices. */
	for (size_t low = 0, high = list->ntests; low < high;) {
		size_t middle = low + (high - low) / 2;

		if (list->tests[middle].index == t->pub.index)
			return &list->tests[middle];
		if (list->tests[middle].index < t->pub.index)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

/* A symbol that is not there says nothing to who writes tests with suite.h. NULL: no memory. */
static char *missing_words(const struct test *t, size_t nlisted)
{
	const char *slash = strrchr(t->suite->path, '/');
	const char *file = slash ? slash + 1 : t->suite->path;
	char *words, *copy;
	int n;

	if (t->pub.index == TEST_INDEX_BY_NAME)
		n = asprintf(&words, "%s has no test called %s (it has %zu)", file, t->pub.name,
			     nlisted);
	else
		n = asprintf(&words, "%s has no test of index %u (it has %zu, from 0 on)", file,
			     t->pub.index, nlisted);
	if (n < 0)
		return NULL;
	copy = arena_copy(&t->suite->plan->arena, words);
	free(words);
	return copy;
}

/* Completes the tests that were handed in. One that the library has not keeps a symbol that is not
 * there: its host says so, and the others run. */
static int suite_bind(struct suite *s, const struct listing *list)
{
	for (size_t i = 0; i < s->ntests; i++) {
		struct test *t = &s->tests[i];
		const struct listed *found = listing_find(list, t);

		if (found) {
			t->pub.index = found->index;
			if (!t->symbol || strcmp(t->symbol, found->symbol) != 0)
				t->symbol = arena_copy(&s->plan->arena, found->symbol);
			if (!*t->pub.file && *found->file)
				t->pub.file = arena_copy(&s->plan->arena, found->file);
			if (t->pub.timeout_us == 0)
				t->pub.timeout_us = found->timeout_us;
			if (!t->symbol || !t->pub.file)
				return -ENOMEM;
			continue;
		}
		if (s->kind == SUITE_SUITE_H) {
			t->missing = missing_words(t, list->ntests);
			if (!t->missing)
				return -ENOMEM;
		}
		if (t->pub.index == TEST_INDEX_BY_NAME) {
			t->pub.index = 0;
			t->symbol = (char *)t->pub.name;
		}
	}
	return 0;
}

static int suite_list(struct suite *s, const struct listing *list, struct proctor_error *err)
{
	int ret = suite_reserve(s, list->ntests, err);

	if (ret < 0)
		return ret;
	for (size_t i = 0; i < list->ntests; i++) {
		const struct listed *l = &list->tests[i];
		struct test *t = suite_test_new(s, l->index, l->name, l->file, l->symbol);

		if (!t)
			return error_sys(err, ENOMEM, "cannot list the tests of %s", s->path);
		t->pub.timeout_us = l->timeout_us;
	}
	return 0;
}

/* Gives an executable its one test, which is called as the suite is, unless it was handed in with a
 * name of its own. */
static int suite_as_executable(struct suite *s, const struct stat *st, struct proctor_error *err)
{
	struct test *t;
	int ret = exe_check(st, s->path, err);

	s->kind = SUITE_EXE;
	if (ret < 0)
		return ret;
	if (s->ntests > 1)
		return error_set(err, -ENOEXEC, "%s is an executable, which is one test, but %zu "
				 "tests of it are listed", s->path, s->ntests);
	if (s->ntests == 0 && !suite_test_new(s, 0, s->own_name, NULL, NULL))
		return error_sys(err, ENOMEM, "cannot add the executable %s", s->path);
	t = &s->tests[0];
	/* An index alone made it a name for a library's test, and the id was made of that. */
	if (t->symbol && strcmp(t->symbol, t->pub.name) == 0)
		t->pub.name = s->own_name;
	t->pub.id = suite_test_id(s, t->pub.name);
	if (!t->pub.id)
		return error_sys(err, ENOMEM, "cannot add the executable %s", s->path);
	t->symbol = NULL;
	t->pub.index = 0;
	return 0;
}

/* Takes the tests out of an open library. -ENODATA: it has none. */
static int suite_as_library(struct suite *s, const struct elf_file *f, struct scan *scan,
			    struct proctor_error *err)
{
	const struct listing *list = &scan->tml;
	int ret = scan_symbols(scan, f, err);

	if (ret < 0)
		return ret;
	tml_finish(&scan->tml);
	if (scan->tml.ntests > 0 && scan->suite_h.ntests > 0)
		return error_set(err, -ENOEXEC, "%s has tests of both kinds, tml_test_… "
				 "and those of proctor/suite.h: a library may have one kind only",
				 s->path);
	if (scan->suite_h.ntests > 0) {
		ret = suite_h_finish(f, &scan->suite_h, err);
		if (ret < 0)
			return ret;
		s->kind = SUITE_SUITE_H;
		list = &scan->suite_h;
	}
	if (list->ntests == 0)
		return error_set(err, -ENODATA, "%s is a shared library without tests: it has no "
				 "tml_test_… function and no test of proctor/suite.h", s->path);
	s->unique = scan->unique;
	s->closable = library_closable(f);
	ret = suite_find_needed(s, f, err);
	if (ret == 0)
		ret = sanitizer_check(s, scan, err);
	if (ret < 0)
		return ret;
	if (s->ntests == 0)
		return suite_list(s, list, err);
	if (suite_bind(s, list) < 0)
		return error_sys(err, ENOMEM, "cannot list the tests of %s", s->path);
	return 0;
}

static int suite_as_elf(struct suite *s, int fd, const struct stat *st, struct proctor_error *err)
{
	struct scan scan = {0};
	struct elf_file f;
	int ret = elf_open(&f, fd, (uint64_t)st->st_size, s->path, err);

	if (ret < 0)
		return ret;
	if (!f.executable) {
		ret = suite_as_library(s, &f, &scan, err);
		scan_fini(&scan);
	}
	if (f.executable || (ret == -ENODATA && f.interpreter))
		ret = suite_as_executable(s, st, err);
	elf_close(&f);
	return ret;
}

static bool path_ends(const char *path, const char *end)
{
	size_t n = strlen(path), nend = strlen(end);

	return n >= nend && strcmp(path + n - nend, end) == 0;
}

static bool head_is_manifest(const char *head, size_t nhead, const char *path)
{
	size_t i = 0;

	while (i < nhead && isspace((unsigned char)head[i]))
		i++;
	return (i < nhead && head[i] == '{') || path_ends(path, ".json");
}

/* A linker's script may be called libx.so; a file cut off or filled with zeros is no text. */
static bool head_is_text(const char *head, size_t nhead)
{
	for (size_t i = 0; i < nhead; i++)
		if ((unsigned char)head[i] < ' ' && !isspace((unsigned char)head[i]))
			return false;
	return nhead > 0;
}

/* What fails in a process that leads its session (base/spawn.h). */
static const char *const leader_calls[] = { "setsid", "setpgid", "setpgrp", "login_tty" };

/* Looks into the file behind `fd`. Anything but a suite is an error; `*finding` says which kind
 * where it is not FOUND_BROKEN. */
static int suite_look_into(struct suite *s, int fd, enum finding *finding,
			   struct proctor_error *err)
{
	struct stat st;
	char head[ELF_HEAD_BYTES];
	ssize_t n;

	if (fstat(fd, &st) < 0)
		return error_sys(err, errno, "cannot read %s", s->path);
	s->file = file_stamp_of(&st);
	if (!S_ISREG(st.st_mode)) {
		*finding = FOUND_OTHER;
		return error_set(err, -ENOTSUP, "%s is not a regular file", s->path);
	}
	n = pread(fd, head, sizeof(head), 0);
	if (n < 0)
		return error_sys(err, errno, "cannot read %s", s->path);
	if (elf_is(head, (size_t)n) && elf_is_program(fd, head, (size_t)n, (uint64_t)st.st_size)) {
		s->leads = !elf_program_calls(fd, head, (size_t)n, leader_calls,
					      ARRAY_SIZE(leader_calls));
		return suite_as_executable(s, &st, err);
	}
	if (elf_is(head, (size_t)n)) {
		int ret = suite_as_elf(s, fd, &st, err);

		if (ret == -ENODATA)
			*finding = FOUND_NO_TESTS;
		return ret;
	}
	if (exe_is_script(head, (size_t)n))
		return suite_as_executable(s, &st, err);
	if (head_is_manifest(head, (size_t)n, s->path)) {
		*finding = FOUND_MANIFEST;
		return error_set(err, -ENOEXEC, "%s looks like a manifest, which is an argument of "
				 "its own and no suite", s->path);
	}
	if (head_is_text(head, (size_t)n))
		*finding = FOUND_OTHER;
	if (n == 0)
		return error_set(err, -ENOEXEC, "%s is empty", s->path);
	return error_set(err, -ENOEXEC, "%s is neither an ELF file, nor a script that begins with "
			 "#!, nor a manifest", s->path);
}

int suite_look(struct suite *s, enum finding *finding, struct proctor_error *err)
{
	int ret, fd = open(s->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	s->inspected = true;
	*finding = FOUND_BROKEN;
	if (fd < 0) {
		ret = error_sys(err, errno, "cannot open %s", s->path);
	} else {
		ret = suite_look_into(s, fd, finding, err);
		close(fd);
	}
	if (ret == -ENOMEM)
		return ret;
	if (ret == 0)
		*finding = FOUND_SUITE;
	return 0;
}

int suite_break(struct suite *s, const char *cause, struct proctor_error *err)
{
	struct test *t;

	s->error = arena_copy(&s->plan->arena, cause);
	if (!s->error)
		return error_sys(err, ENOMEM, "cannot add %s", s->path);
	for (size_t i = 0; i < s->ntests; i++)
		if (s->tests[i].pub.index == TEST_INDEX_BY_NAME)
			s->tests[i].pub.index = 0;
	if (s->ntests > 0)
		return 0;
	t = suite_test_new(s, 0, "(load)", NULL, NULL);
	if (!t)
		return error_sys(err, ENOMEM, "cannot add %s", s->path);
	t->placeholder = true;
	return 0;
}

int suite_inspect(struct suite *suite, struct proctor_error *err)
{
	struct proctor_error why = {0};
	enum finding finding;
	int ret = suite_look(suite, &finding, &why);

	if (ret < 0)
		return error_set(err, ret, "%s", why.text);
	return finding == FOUND_SUITE ? 0 : suite_break(suite, why.text, err);
}
