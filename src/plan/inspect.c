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

#include "base/container.h"
#include "base/elf.h"
#include "base/elf_texts.h"
#include "base/executable.h"
#include "plan/closable.h"
#include "plan/injectable.h"
#include "plan/list_cache.h"
#include "plan/needed.h"
#include "plan/suite_tests.h"
#include "plan/symbol_scan.h"

/* An open file on its way to become a suite. */
struct inspected_file {
	int fd;
	struct stat st;
	char head[ELF_HEAD_BYTES];
	struct elf_texts texts;		/* of a program that is ELF */
	struct elf_dynamic dynamic;
	bool is_program;		/* and not read as a whole: `dynamic` is its own */
	struct file_view view;
};

/* Code that was built with a sanitizer calls functions of its runtime. They are defined when the library
 * is opened only if the runtime is among the libraries that it needs. */
static int sanitizer_check(const struct suite *s, const struct symbol_scan *scan,
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

/* What an earlier run kept of it. */
static void program_remember(struct suite *s, const struct inspected_file *look)
{
	const struct program_file file = { .fd = look->fd, .head = look->head, .nhead = look->view.nhead,
					   .st = &look->st, .dynamic = &look->dynamic };

	if (look->is_program)
		list_cache_look(s, &file);
}

/* To search a program of that size for texts takes longer than to look up what an earlier run found. */
#define LONG_SEARCH_BYTES (256 * 1024)

/* Whose program it is: what was asked for, or who is surest of the file. */
static int program_adapter(struct suite *s, const struct inspected_file *look,
			   struct proctor_error *err)
{
	const struct adapter *framework = s->framework;

	if (!framework && look->st.st_size > LONG_SEARCH_BYTES)
		program_remember(s, look);
	if (framework && !framework->in_host)
		s->adapter = framework;
	else if (s->remembered && s->remembered->list.adapter)
		s->adapter = s->remembered->list.adapter;
	else
		s->adapter = adapter_of_program(&look->view);
	if (framework && framework->in_host)
		return error_set(err, -ENOEXEC, "%s is an executable, and tests of the framework %s "
				 "are in shared libraries", s->path, framework->name);
	return 0;
}

/* Its tests are known from its symbols. Where it has none, those that were handed in are believed. */
static int suite_list_file(struct suite *s, struct proctor_error *err)
{
	struct listing list = { 0 };
	int ret = s->adapter->list_file(s->path, &list, err);

	if (ret < 0) {
		error_sys(err, ENOMEM, "cannot list the tests of %s", s->path);
	} else if (list.ntests > 0) {
		ret = suite_take_tests(s, &list, err);
	} else if (s->ntests == 0) {
		ret = error_set(err, -ENOEXEC, "%s has no symbols that would tell its tests: they have to be "
				"handed in, by a manifest", s->path);
	}
	listing_fini(&list);
	return ret;
}

/* Gives an executable its one test, which is called as the suite is, unless it was handed in with a
 * name of its own; or notes that it has to be asked for its tests. */
static int suite_as_program(struct suite *s, struct inspected_file *look, struct proctor_error *err)
{
	struct test *t;
	int ret;

	look->view.texts = &look->texts;
	ret = program_adapter(s, look, err);
	look->view.texts = NULL;
	elf_texts_fini(&look->texts);
	if (ret == 0)
		ret = executable_check(&look->st, s->path, err);
	if (ret < 0)
		return ret;
	if (s->adapter->list_file)
		return suite_list_file(s, err);
	if (s->adapter->list_command) {
		program_remember(s, look);
		s->asks = s->plan->stale = true;
		return 0;
	}
	if (s->ntests > 1)
		return error_set(err, -ENOEXEC, "%s is an executable, which is one test, but %zu "
				 "tests of it are listed", s->path, s->ntests);
	if (s->ntests == 0 && !suite_test_new(s, 0, s->own_name, NULL, NULL))
		return error_sys(err, ENOMEM, "cannot add the executable %s", s->path);
	t = &s->tests[0];
	/* Handed in by an index alone it got the name of a library's test, and an id made of that. */
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
static int suite_as_library(struct suite *s, const struct elf_file *f, struct symbol_scan *scan,
			    struct proctor_error *err)
{
	const struct listing *list = NULL;
	int ret = symbol_scan_run(scan, f, err);

	if (ret == 0)
		ret = symbol_scan_tests(scan, f, &s->adapter, &list, err);
	if (ret < 0)
		return ret;
	s->unique = scan->unique;
	s->closable = library_closable(f);
	ret = suite_find_needed(s, f, err);
	if (ret == 0)
		ret = sanitizer_check(s, scan, err);
	if (ret < 0)
		return ret;
	return suite_take_tests(s, list, err);
}

static int suite_as_elf(struct suite *s, struct inspected_file *look, struct proctor_error *err)
{
	const struct adapter *framework = s->framework;
	struct symbol_scan scan;
	struct elf_file f;
	int ret = elf_open(&f, look->fd, (uint64_t)look->st.st_size, s->path, err);

	if (ret < 0)
		return ret;
	look->view.elf = &f;
	/* One that can be started and was asked for as a program is not searched for a library's tests. */
	if (!f.executable && !(framework && !framework->in_host && f.interpreter)) {
		symbol_scan_init(&scan, framework);
		ret = suite_as_library(s, &f, &scan, err);
		symbol_scan_fini(&scan);
	} else {
		ret = -ENODATA;
	}
	if (f.executable || (ret == -ENODATA && f.interpreter))
		ret = suite_as_program(s, look, err);
	else if (ret == -ENODATA && framework && !framework->in_host)
		error_set(err, ret, "%s is a shared library and cannot be started, as a program of the "
			  "framework %s would be", s->path, framework->name);
	elf_close(&f);
	look->view.elf = NULL;
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

/* What fails in a process that leads its session (base/spawn.h), and what opens a terminal: that becomes the
 * session's if its leader opens it, who then gets SIGHUP when the other side is closed. */
static const char *const leader_calls[] = {
	"setsid", "setpgid", "setpgrp", "login_tty", "forkpty", "openpty", "posix_openpt", "getpt",
	"grantpt", "unlockpt", "ptsname", "ptsname_r", "__ptsname_r_chk",
};

/* Go makes its system calls itself: a program's symbols do not show them. */
static bool program_leads(const struct inspected_file *look)
{
	return !elf_program_has_note(look->fd, look->head, "Go") &&
	       !elf_program_calls(look->fd, look->head, &look->dynamic, leader_calls,
				  ARRAY_SIZE(leader_calls));
}

/* Neither ELF nor a script. Anything but a program that was asked for is an error. */
static int suite_as_other(struct suite *s, struct inspected_file *look, enum finding *finding,
			  struct proctor_error *err)
{
	const struct adapter *framework = s->framework;
	const char *head = look->head;
	size_t n = look->view.nhead;

	if (head_is_manifest(head, n, s->path)) {
		*finding = FOUND_MANIFEST;
		return error_set(err, -ENOEXEC, "%s looks like a manifest, which is an argument of "
				 "its own and no suite", s->path);
	}
	/* The kernel may know the format, where one was registered (binfmt_misc). */
	if (framework && !framework->in_host && n > 0 &&
	    executable_check(&look->st, s->path, NULL) == 0)
		return suite_as_program(s, look, err);
	if (head_is_text(head, n))
		*finding = FOUND_OTHER;
	if (n == 0)
		return error_set(err, -ENOEXEC, "%s is empty", s->path);
	return error_set(err, -ENOEXEC, "%s is neither an ELF file, nor a script that begins with "
			 "#!, nor a manifest", s->path);
}

/* Looks into the file behind look->fd. Anything but a suite is an error; `*finding` says which kind
 * where it is not FOUND_BROKEN. */
static int suite_look_into(struct suite *s, struct inspected_file *look, enum finding *finding,
			   struct proctor_error *err)
{
	ssize_t n;
	int ret;

	if (fstat(look->fd, &look->st) < 0)
		return error_sys(err, errno, "cannot read %s", s->path);
	s->file = file_stamp_of(&look->st);
	if (!S_ISREG(look->st.st_mode)) {
		*finding = FOUND_OTHER;
		return error_set(err, -ENOTSUP, "%s is not a regular file", s->path);
	}
	n = pread(look->fd, look->head, sizeof(look->head), 0);
	if (n < 0)
		return error_sys(err, errno, "cannot read %s", s->path);
	look->view = (struct file_view){ .path = s->path, .head = look->head, .nhead = (size_t)n };
	if (elf_is(look->head, (size_t)n) &&
	    elf_is_program(look->fd, look->head, (size_t)n, (uint64_t)look->st.st_size,
			   &look->dynamic)) {
		look->texts = (struct elf_texts){ .fd = look->fd, .head = look->head };
		look->is_program = true;
		s->leads = program_leads(look);
		s->injectable = program_is_injectable(look->fd, look->head, (size_t)n, &look->st,
						     &look->dynamic);
		return suite_as_program(s, look, err);
	}
	if (elf_is(look->head, (size_t)n)) {
		ret = suite_as_elf(s, look, err);
		if (ret == -ENODATA)
			*finding = FOUND_NO_TESTS;
		return ret;
	}
	if (executable_is_script(look->head, (size_t)n))
		return suite_as_program(s, look, err);
	return suite_as_other(s, look, finding, err);
}

int suite_look(struct suite *s, enum finding *finding, struct proctor_error *err)
{
	struct inspected_file look = { .fd = open(s->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) };
	int ret;

	s->inspected = true;
	*finding = FOUND_BROKEN;
	if (look.fd < 0) {
		ret = error_sys(err, errno, "cannot open %s", s->path);
	} else {
		ret = suite_look_into(s, &look, finding, err);
		close(look.fd);
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
