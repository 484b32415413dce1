/* SPDX-License-Identifier: MIT */
/* src/coverage/publish.h: from what a run left to its reports, with stand-ins for LLVM's tools. */
#include "coverage/publish.h"

#include "fixture.h"

#include <sys/eventfd.h>

/* Two files, of which 3 of 4 lines ran, as llvm-cov tells of them. */
#define EXPORT \
	"{\\\"type\\\":\\\"llvm.coverage.json.export\\\",\\\"data\\\":[{\\\"files\\\":[" \
	"{\\\"filename\\\":\\\"/src/b.c\\\",\\\"segments\\\":[]," \
	"\\\"summary\\\":{\\\"lines\\\":{\\\"count\\\":2,\\\"covered\\\":1}}}," \
	"{\\\"filename\\\":\\\"/src/a.c\\\",\\\"segments\\\":[]," \
	"\\\"summary\\\":{\\\"lines\\\":{\\\"count\\\":2,\\\"covered\\\":2}}}]," \
	"\\\"totals\\\":{\\\"lines\\\":{\\\"count\\\":4,\\\"covered\\\":3,\\\"percent\\\":75}}}]}"

static void script(const char *path, const char *version, const char *body)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fprintf(f, "#!/bin/sh\ncase \"$*\" in *--version*) echo 'LLVM version %s'; exit;; esac\n%s\n",
		version, body);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(path, 0755), 0);
}

/* llvm-profdata notes what it merges; llvm-cov exports and warns. */
static void stand_ins(void)
{
	fixture_run("mkdir -p bin && ln -sf \"$(command -v cat)\" bin");
	script("bin/llvm-profdata-16", "16.0.6", "cat >>merged.txt; while [ \"$1\" != -o ]; do shift; "
	       "done; echo profile >\"$2\"");
	script("bin/llvm-profdata-19", "19.1.7", "cat >>merged.txt; while [ \"$1\" != -o ]; do shift; "
	       "done; echo profile >\"$2\"");
	script("bin/llvm-cov-19", "19.1.7", "args=$(cat /proc/self/fd/0)\n"
	       "case \"$args\" in *text*) echo \"" EXPORT "\"; echo 'warning: odd' >&2;; "
	       "*) printf 'SF:/src/a.c\\nDA:1,1\\nend_of_record\\nSF:/src/b.c\\nend_of_record\\n';; esac");
}

static char path_of_stand_ins[128];

static int setup(void **state)
{
	int ret = fixture_setup(state);

	snprintf(path_of_stand_ins, sizeof(path_of_stand_ins), "%s/bin", fixture_dir);
	return ret;
}

static void open_store(struct store *s)
{
	struct proctor_error err;

	if (store_open(s, "d", true, &err) < 0 || store_clean(s, &err) < 0)
		fail_msg("%s", err.text);
}

/* How a raw profile of a version begins, for printf(1). */
#define RAW(version) "\\201rforpl\\377\\" version "\\0\\0\\0\\0\\0\\0\\0"

/* As after a run of two libraries, compiled by two LLVMs. */
static void open_mapped(struct store *s)
{
	open_store(s);
	fixture_run("printf '" RAW("10") "' >d/merged/0.profraw; printf '" RAW("12") "' >d/merged/1.profraw; "
		    "rm -f merged.txt");
	texts_add(&s->profiles, "merged/0.profraw");
	texts_add(&s->profiles, "merged/1.profraw");
	texts_add(&s->binaries, "/lib/a.so");
}

/* With the PATH of a machine on which LLVM is what the stand-ins are. */
static enum coverage_outcome publish_with(const char *path, struct publication *p, struct store *s,
					  const struct proctor_coverage *options, int cancel_fd,
					  struct proctor_error *err)
{
	char *before = strdup(getenv("PATH") ?: "");
	enum coverage_outcome outcome;

	setenv("PATH", path, 1);
	outcome = publish(p, s, options, cancel_fd, err);
	setenv("PATH", before, 1);
	free(before);
	return outcome;
}

static enum coverage_outcome publish_here(struct publication *p, struct store *s,
					  const struct proctor_coverage *options,
					  struct proctor_error *err)
{
	return publish_with(path_of_stand_ins, p, s, options, -1, err);
}

static void close_all(struct publication *p, struct store *s)
{
	publication_fini(p);
	store_close(s);
	fixture_run("rm -rf d");
}

static void what_is_missing_is_partial_unless_that_is_allowed(void **state)
{
	struct proctor_coverage options = { .kind = PROCTOR_COVERAGE_LLVM };

	(void)state;
	for (int i = 0; i < 3; i++) {
		struct publication p = { .doc = NULL };
		struct proctor_error err;
		struct store s;

		open_store(&s);
		if (i > 0)
			texts_add(&s.problems, "the counts of x are missing");
		options.allow_partial = i == 2;
		assert_int_equal(publish_here(&p, &s, &options, &err),
				 i == 1 ? COVERAGE_PARTIAL : COVERAGE_COMPLETE);
		assert_int_equal(p.summary.nproblems, i > 0);
		fixture_run("grep -q '\"partial\":%s' d/coverage.json && test -e d/coverage.lcov && "
			    "grep -q '</html>' d/index.html", i > 0 ? "true" : "false");
		assert_string_equal(strrchr(p.summary.json_path, '/'), "/coverage.json");
		close_all(&p, &s);
	}
}

static void a_run_without_lines_reaches_no_minimum(void **state)
{
	const struct proctor_coverage options = { .has_minimum = true };
	struct publication p = { .doc = NULL };
	struct proctor_error err;
	struct store s;

	(void)state;
	open_store(&s);
	assert_int_equal(publish_here(&p, &s, &options, &err), COVERAGE_BELOW);
	assert_true(p.summary.below_minimum);
	close_all(&p, &s);
}

static void exactly_the_minimum_is_enough(void **state)
{
	static const struct { double minimum; enum coverage_outcome outcome; } rows[] = {
		{ 75, COVERAGE_COMPLETE }, { 75.01, COVERAGE_BELOW }, { 0, COVERAGE_COMPLETE },
	};

	(void)state;
	stand_ins();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct proctor_coverage options = { .has_minimum = true,
							  .minimum_percent = rows[i].minimum };
		struct publication p = { .doc = NULL };
		struct proctor_error err = { 0 };
		struct store s;

		open_mapped(&s);
		if (publish_here(&p, &s, &options, &err) != rows[i].outcome)
			fail_msg("%g: %s", rows[i].minimum, err.text);
		close_all(&p, &s);
	}
}

static void each_version_is_merged_by_its_own_tool(void **state)
{
	const struct proctor_coverage options = { .html_path = "page.html" };
	struct publication p = { .doc = NULL };
	struct proctor_error err = { 0 };
	struct store s;

	(void)state;
	stand_ins();
	open_mapped(&s);
	if (publish_here(&p, &s, &options, &err) != COVERAGE_COMPLETE)
		fail_msg("%s", err.text);
	fixture_run("test \"$(sed 's/.*merged/merged/' merged.txt | tr '\\n' ' ')\" = 'merged/0.profraw "
		    "merged/1.profraw merged/llvm-16.profdata merged/llvm-19.profdata '");
	/* What was made on the way is gone, what `proctor coverage` starts from is not. */
	fixture_run("test \"$(ls d/merged | tr '\\n' ' ')\" = '0.profraw 1.profraw ' && "
		    "test -s d/coverage.profdata && test -s page.html && test ! -e d/index.html");
	assert_int_equal(p.summary.nfiles, 2);
	assert_string_equal(p.summary.files[0].path, "/src/a.c");
	assert_int_equal(p.summary.total.lines.count, 4);
	assert_int_equal(p.summary.nnotes, 1);
	assert_string_equal(p.summary.notes[0], "llvm-cov: warning: odd");
	close_all(&p, &s);
}

static void globs_narrow_all_reports(void **state)
{
	const char *const only_a[] = { "a.c" };
	const struct proctor_coverage options = { .includes = only_a, .nincludes = 1 };
	struct publication p = { .doc = NULL };
	struct proctor_error err = { 0 };
	struct store s;

	(void)state;
	stand_ins();
	open_mapped(&s);
	if (publish_here(&p, &s, &options, &err) != COVERAGE_COMPLETE)
		fail_msg("%s", err.text);
	assert_int_equal(p.summary.total.lines.count, 2);
	fixture_run("! grep -qF /src/b.c d/coverage.json d/coverage.lcov d/index.html && "
		    "grep -q a.c d/coverage.lcov");
	close_all(&p, &s);
}

static void functions_without_a_map_need_no_tool(void **state)
{
	const struct proctor_coverage options = { .kind = PROCTOR_COVERAGE_AUTO };
	struct publication p = { .doc = NULL };
	struct proctor_error err = { 0 };
	struct unmapped *u;
	struct function *f;
	struct store s;

	(void)state;
	open_store(&s);
	u = vector_add(&s.unmapped);
	if (!u)
		abort();
	texts_add(&u->paths, "/lib/u.so");
	f = vector_add(&u->functions);
	if (!f)
		abort();
	*f = (struct function){ .name = strdup("f"), .hits = 2, .counted = true, .nprocesses = 1 };
	unmapped_sort(&s.unmapped);
	if (publish_with("/nowhere", &p, &s, &options, -1, &err) != COVERAGE_COMPLETE)
		fail_msg("%s", err.text);
	assert_int_equal(p.summary.nunmapped, 1);
	assert_int_equal(p.summary.unmapped_functions.covered, 1);
	fixture_run("grep -q 'FNDA:2,f' d/coverage.lcov && ! test -e d/coverage.profdata");
	close_all(&p, &s);
}

/* What goes wrong on the way is the sentence; no report is named that is not there. */
static void a_failure_names_its_cause_and_no_reports(void **state)
{
	static const struct { const char *before, *says; } rows[] = {
		{ "rm d/merged/0.profraw", "cannot open" },
		{ ": >d/merged/1.profraw", "1.profraw is damaged: it is empty" },
		{ "echo x >d/merged/1.profraw", "1.profraw is damaged: it is no raw profile" },
		{ "rm bin/llvm-profdata-16", "raw profiles of version 8 are read by llvm-profdata of LLVM 14" },
		{ "rm bin/llvm-cov-19", "coverage reports need llvm-profdata and llvm-cov" },
		{ "printf '#!/bin/sh\\necho LLVM version 19; exit 1' >bin/llvm-cov-19", "need llvm-profdata" },
		{ "sed -i 's/{.*/nonsense/' bin/llvm-cov-19", "llvm-cov" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct proctor_coverage options = { .kind = PROCTOR_COVERAGE_LLVM };
		struct publication p = { .doc = NULL };
		struct proctor_error err = { 0 };
		struct store s;

		stand_ins();
		open_mapped(&s);
		fixture_run("%s", rows[i].before);
		assert_int_equal(publish_here(&p, &s, &options, &err), COVERAGE_FAILED);
		if (!strstr(err.text, rows[i].says))
			fail_msg("\"%s\" does not say \"%s\"", err.text, rows[i].says);
		assert_null(p.summary.json_path);
		assert_null(p.summary.html_path);
		fixture_run("test ! -e d/coverage.json && test ! -e d/merged/llvm-16.profdata");
		close_all(&p, &s);
		fixture_run("rm -r bin");
	}
}

static void a_cancelled_report_says_so(void **state)
{
	const struct proctor_coverage options = { .kind = PROCTOR_COVERAGE_LLVM };
	struct publication p = { .doc = NULL };
	struct proctor_error err = { 0 };
	int cancel_fd = eventfd(1, 0);
	struct store s;

	(void)state;
	stand_ins();
	open_mapped(&s);
	assert_int_equal(publish_with(path_of_stand_ins, &p, &s, &options, cancel_fd, &err), COVERAGE_FAILED);
	assert_int_equal(err.code, -EINTR);
	close(cancel_fd);
	close_all(&p, &s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_missing_is_partial_unless_that_is_allowed),
		cmocka_unit_test(a_run_without_lines_reaches_no_minimum),
		cmocka_unit_test(exactly_the_minimum_is_enough),
		cmocka_unit_test(each_version_is_merged_by_its_own_tool),
		cmocka_unit_test(globs_narrow_all_reports),
		cmocka_unit_test(functions_without_a_map_need_no_tool),
		cmocka_unit_test(a_failure_names_its_cause_and_no_reports),
		cmocka_unit_test(a_cancelled_report_says_so),
	};

	return cmocka_run_group_tests(tests, setup, fixture_teardown);
}
