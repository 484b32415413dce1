/* SPDX-License-Identifier: MIT */
/* src/coverage/tools.h: finding LLVM's tools and running them, good ones and stand-ins. */
#include "coverage/tools.h"

#include "fixture.h"

#include <dirent.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#define SHORT_US 300000u
#define BUSY_US 2000000u	/* for what is said before it hangs */
#define LONG_US 60000000u

static void script(const char *path, const char *body)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fprintf(f, "#!/bin/sh\n%s\n", body);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(path, 0755), 0);
}

/* One that tells a version when it is asked, and else does as `body` says. */
static void stand_in(const char *path, unsigned major, const char *body)
{
	char text[1024];

	snprintf(text, sizeof(text), "case \"$*\" in *--version*) echo 'Debian LLVM version %u.0.6'; "
		 "exit;; esac\n%s", major, body);
	script(path, text);
}

static void find(struct tools *t, const char *path, uint64_t timeout_us)
{
	struct proctor_error err;

	if (tools_find(t, path, timeout_us, -1, &err) < 0)
		fail_msg("%s", err.text);
}

static unsigned descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	unsigned n = 0;

	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

static void the_newest_comes_first_and_each_version_once(void **state)
{
	struct tools t;

	(void)state;
	fixture_run("mkdir one two");
	stand_in("one/llvm-profdata-14", 14, "");
	stand_in("one/llvm-profdata", 19, "");
	stand_in("two/llvm-profdata-19", 19, "");
	stand_in("two/llvm-profdata-16", 16, "");
	stand_in("two/llvm-cov-16", 16, "");
	stand_in("two/llvm-cov-22", 22, "");	/* no llvm-profdata beside it */
	fixture_run("ln -s llvm-profdata-14 one/llvm-profdata-13; touch one/llvm-profdata-99; "
		    "mkdir one/llvm-cov-98; cp one/llvm-profdata-14 one/llvm-profdata-14-wrapper");
	find(&t, "one:missing::two", LONG_US);
	assert_int_equal(t.profdata.n, 3);
	assert_int_equal(t.profdata.list[0].major, 19);
	assert_string_equal(t.profdata.list[0].path, "one/llvm-profdata");
	assert_int_equal(t.profdata.list[1].major, 16);
	assert_int_equal(t.profdata.list[2].major, 14);
	assert_int_equal(t.cov.n, 1);
	assert_int_equal(t.cov.list[0].major, 16);
	tools_fini(&t);
	fixture_run("rm -r one two");
}

static void what_gives_no_version_is_passed_over(void **state)
{
	struct tools t;

	(void)state;
	fixture_run("mkdir bin");
	script("bin/llvm-profdata-14", "exec sleep 1000");
	script("bin/llvm-profdata-15", "echo gcov 12");
	script("bin/llvm-profdata-16", "kill -SEGV $$");
	script("bin/llvm-profdata-17", "exit 1");
	find(&t, "bin", SHORT_US);
	assert_int_equal(t.profdata.n, 0);
	tools_fini(&t);
	fixture_run("rm -r bin");
}

/* What is installed and does not work is not to be installed. */
static void a_tool_that_does_not_work_is_named_when_none_does(void **state)
{
	struct proctor_error err;
	const struct tool *tool, *cov;
	struct tools t;

	(void)state;
	fixture_run("mkdir bin");
	script("bin/llvm-profdata-19", "echo no memory >&2; exit 1");
	find(&t, "bin", LONG_US);
	assert_int_equal(tools_for_raw(&t, 10, &tool, &err), -ENOENT);
	assert_non_null(strstr(err.text, "none is in PATH"));
	assert_non_null(strstr(err.text, "; bin/llvm-profdata-19, which was to tell its version, failed "
					 "with status 1: no memory"));
	assert_int_equal(tools_newest(&t, &tool, &cov, &err), -ENOENT);
	assert_non_null(strstr(err.text, "bin/llvm-profdata-19"));
	tools_fini(&t);
	script("bin/llvm-profdata-19", "echo gcov 12");
	find(&t, "bin", LONG_US);
	assert_int_equal(tools_for_raw(&t, 10, &tool, &err), -ENOENT);
	assert_non_null(strstr(err.text, "; bin/llvm-profdata-19 does not tell its version"));
	tools_fini(&t);
	fixture_run("rm -r bin");
}

static void each_raw_version_has_its_reader(void **state)
{
	static const struct { uint64_t raw; unsigned major; } rows[] = {
		{ 5, 12 }, { 7, 13 }, { 8, 16 }, { 9, 18 }, { 10, 20 }, { 11, 20 },
		{ 8 | 1ull << 56, 16 },
	};
	struct tool list[] = {
		{ .path = "p20", .major = 20 }, { .path = "p18", .major = 18 }, { .path = "p16", .major = 16 },
		{ .path = "p13", .major = 13 }, { .path = "p12", .major = 12 },
	};
	struct tools t = { .profdata = { .list = list, .n = 5 } };
	struct proctor_error err;
	const struct tool *tool;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(tools_for_raw(&t, rows[i].raw, &tool, &err), 0);
		assert_int_equal(tool->major, rows[i].major);
	}
	t.profdata.n = 1;
	assert_int_equal(tools_for_raw(&t, 8, &tool, &err), -ENOENT);
	assert_non_null(strstr(err.text, "version 8"));
	assert_non_null(strstr(err.text, "LLVM 14 to 17"));
	assert_non_null(strstr(err.text, "package llvm-14"));
	t.profdata.n = 0;
	assert_int_equal(tools_newest(&t, &tool, &tool, &err), -ENOENT);
	assert_non_null(strstr(err.text, "package llvm"));
}

struct failure {
	const char *body;
	int code;
	const char *says;
	uint64_t timeout_us;
};

static const struct failure failures[] = {
	{ "echo one >&2; echo two >&2; exit 3", -EIO, "failed with status 3: two", LONG_US },
	{ "kill -ABRT $$", -EIO, "crashed with SIGABRT", LONG_US },
	{ "exec sleep 1000", -ETIMEDOUT, "did not end within 0.3 s", SHORT_US },
	{ "sleep 1000 & echo busy >&2; wait", -ETIMEDOUT, "did not end within 2 s: busy", BUSY_US },
	{ "sleep 1000 >/dev/null & exit 1", -EIO, "failed with status 1", LONG_US },
	{ "yes | head -c 200000 >&2; exit 1", -EIO, "failed with status 1: y", LONG_US },
	{ "exit 0", -EIO, "wrote nothing", LONG_US },
};

static void a_failure_is_one_sentence(void **state)
{
	const struct texts inputs = { .list = (char *[]){ "in" }, .n = 1 };

	(void)state;
	fixture_run("mkdir bin");
	for (size_t i = 0; i < sizeof(failures) / sizeof(failures[0]); i++) {
		const struct failure *f = &failures[i];
		struct proctor_error err;
		struct texts warnings = { 0 };
		unsigned before;
		FILE *exported;
		struct tools t;

		stand_in("bin/llvm-profdata-19", 19, f->body);
		stand_in("bin/llvm-cov-19", 19, f->body);
		find(&t, "bin", LONG_US);
		t.timeout_us = f->timeout_us;
		before = descriptors();
		assert_int_equal(tools_merge(&t, &t.profdata.list[0], &inputs, "merged", &err), f->code);
		if (!strstr(err.text, f->says) || !strstr(err.text, "bin/llvm-profdata-19"))
			fail_msg("\"%s\" does not say \"%s\"", err.text, f->says);
		assert_int_equal(tools_export(&t, &t.cov.list[0], "p", &inputs, "text", &exported,
					      &warnings, &err), f->code);
		if (!strstr(err.text, f->says) || !strstr(err.text, "bin/llvm-cov-19"))
			fail_msg("\"%s\" does not say \"%s\"", err.text, f->says);
		assert_null(exported);
		assert_int_equal(warnings.n, 0);
		/* Nothing of it is left: no file, no descriptor, no process. */
		assert_int_equal(descriptors(), before);
		fixture_run("! ls merged* 2>/dev/null");
		assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
		assert_int_equal(errno, ECHILD);
		tools_fini(&t);
	}
	fixture_run("rm -r bin");
}

static void a_cancelled_tool_is_killed(void **state)
{
	const struct texts inputs = { .list = (char *[]){ "in" }, .n = 1 };
	struct proctor_error err;
	struct tools t;

	(void)state;
	fixture_run("mkdir bin");
	stand_in("bin/llvm-profdata-19", 19, "exec sleep 1000");
	find(&t, "bin", LONG_US);
	t.cancel_fd = eventfd(1, 0);
	assert_int_equal(tools_merge(&t, &t.profdata.list[0], &inputs, "merged", &err), -EINTR);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	close(t.cancel_fd);
	tools_fini(&t);
	fixture_run("rm -r bin");
}

static void what_a_tool_warns_of_is_kept(void **state)
{
	const struct texts binaries = { .list = (char *[]){ "one" }, .n = 1 };
	struct proctor_error err;
	struct texts warnings = { 0 };
	char out[8];
	FILE *exported;
	struct tools t;

	(void)state;
	fixture_run("mkdir bin");
	stand_in("bin/llvm-profdata-19", 19, "");
	stand_in("bin/llvm-cov-19", 19, "echo 'warning: 3 functions' >&2; echo out");
	find(&t, "bin", LONG_US);
	assert_int_equal(tools_export(&t, &t.cov.list[0], "p", &binaries, "text", &exported, &warnings,
				      &err), 0);
	assert_int_equal(warnings.n, 1);
	assert_string_equal(warnings.list[0], "llvm-cov: warning: 3 functions");
	assert_string_equal(fgets(out, sizeof(out), exported), "out\n");
	texts_fini(&warnings);
	fclose(exported);
	tools_fini(&t);
	fixture_run("rm -r bin");
}

/* We are the parent of what nobody else is: nothing of a tool's may come to us. */
static void what_a_tool_started_ends_with_it(void **state)
{
	struct tools t;

	(void)state;
	fixture_run("mkdir bin");
	stand_in("bin/llvm-profdata-19", 19, "");
	stand_in("bin/llvm-cov-19", 19, "");
	assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
	script("bin/llvm-cov-18", "sleep 1000 & sleep 1000 &");
	find(&t, "bin", LONG_US);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
	prctl(PR_SET_CHILD_SUBREAPER, 0);
	tools_fini(&t);
	fixture_run("rm -r bin");
}

/* Many binaries, and names that a shell or LLVM's list files would take apart. */
static void any_name_and_any_number_can_be_handed_over(void **state)
{
	enum { N = 300 };
	static const char *const llvm[] = { "14", "16", "19" };
	struct texts binaries = { 0 }, profiles = { .list = (char *[]){ "3,a b.profraw" }, .n = 1 };

	(void)state;
	for (int i = 0; i < N; i++)
		texts_add(&binaries, i % 2 ? "copy %d" : "co\"py\\%d", i);
	fixture_write("p.c", "int main(void) { return 0; }\n", 29);
	for (size_t v = 0; v < 3; v++) {
		char line[64], name[32], path[64];
		bool counted = false;
		struct proctor_error err;
		FILE *exported;
		struct tools t;

		snprintf(path, sizeof(path), "/usr/bin/clang-%s", llvm[v]);
		snprintf(name, sizeof(name), "/usr/bin/llvm-cov-%s", llvm[v]);
		if (access(path, X_OK) < 0 || access(name, X_OK) < 0) {
			print_message("LLVM %s is not installed: not tried\n", llvm[v]);
			continue;
		}
		fixture_run("clang-%s -fprofile-instr-generate -fcoverage-mapping -o program p.c && "
			    "LLVM_PROFILE_FILE='3,a b.profraw' ./program", llvm[v]);
		for (int i = 0; i < N; i++)
			assert_int_equal(link("program", binaries.list[i]), 0);
		fixture_run("mkdir bin && ln -s /usr/bin/llvm-cov-%s /usr/bin/llvm-profdata-%s bin",
			    llvm[v], llvm[v]);
		find(&t, "bin", LONG_US);
		assert_int_equal(tools_merge(&t, &t.profdata.list[0], &profiles, "a,b c.profdata", &err), 0);
		if (tools_export(&t, &t.cov.list[0], "a,b c.profdata", &binaries, "lcov", &exported,
				 NULL, &err) < 0)
			fail_msg("%s", err.text);
		while (fgets(line, sizeof(line), exported))
			counted = counted || strcmp(line, "DA:1,1\n") == 0;
		assert_true(counted);
		fclose(exported);
		tools_fini(&t);
		fixture_run("rm -r bin program co*");
	}
	texts_fini(&binaries);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_newest_comes_first_and_each_version_once),
		cmocka_unit_test(what_gives_no_version_is_passed_over),
		cmocka_unit_test(a_tool_that_does_not_work_is_named_when_none_does),
		cmocka_unit_test(each_raw_version_has_its_reader),
		cmocka_unit_test(a_failure_is_one_sentence),
		cmocka_unit_test(a_cancelled_tool_is_killed),
		cmocka_unit_test(what_a_tool_warns_of_is_kept),
		cmocka_unit_test(what_a_tool_started_ends_with_it),
		cmocka_unit_test(any_name_and_any_number_can_be_handed_over),
	};

	return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
