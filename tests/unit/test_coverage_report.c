/* SPDX-License-Identifier: MIT */
/* src/coverage/report.h and line_counts.h: from llvm-cov's export to reports. */
#include "coverage/report.h"

#include "coverage/line_counts.h"
#include "fixture.h"

static const char source_a[] =
	"#include \"shared.h\"\n"
	"#define TWICE(x) ((x) > 2 ? 2 * (x) : 0)\n"
	"static int never(int n)\n{\n	return n + 1;\n}\n"
	"int a(int n)\n{\n	int s = 0;\n"
	"	for (int i = 0; i < n; i++) {\n"
	"		if (i % 2 && i > 2)\n			s += TWICE(i);\n"
	"		else\n			s -= 1;\n	}\n"
	"	switch (n) {\n	case 1:\n		s = never(1);\n		break;\n"
	"	default:\n		s += shared(n);\n	}\n"
	"#if 0\n	s = 1;\n#endif\n"
	"	return s < 0 && n > 100 ? never(s) : s;\n}\n";
static const char source_b[] =
	"#include \"shared.h\"\n"
	"int a(int n);\n"
	"int main(void)\n{\n	return a(7) + shared(2) > 1000;\n}\n";
static const char header[] =
	"static inline int shared(int n)\n{\n	while (n-- > 3)\n		if (n == 5)\n"
	"			return n;\n	return 0;\n}\n";

/* Exports of a real program by each LLVM there is. */
static bool export(const char *llvm)
{
	char path[64];

	snprintf(path, sizeof(path), "/usr/bin/clang-%s", llvm);
	if (access(path, X_OK) < 0) {
		print_message("clang-%s is not installed: not tried\n", llvm);
		return false;
	}
	fixture_run("mkdir -p src; rm -f *.profraw");
	fixture_write("src/a.c", source_a, sizeof(source_a) - 1);
	fixture_write("src/b<&>.c", source_b, sizeof(source_b) - 1);
	fixture_write("src/shared.h", header, sizeof(header) - 1);
	fixture_run("clang-%s -fprofile-instr-generate -fcoverage-mapping -o program src/a.c "
		    "'src/b<&>.c' && LLVM_PROFILE_FILE=p.profraw ./program && "
		    "llvm-profdata-%s merge -sparse -o p.profdata p.profraw && "
		    "llvm-cov-%s export -instr-profile=p.profdata ./program >export.json && "
		    "llvm-cov-%s export -format=lcov -instr-profile=p.profdata ./program >export.lcov",
		    llvm, llvm, llvm, llvm);
	return true;
}

static const char *const llvms[] = { "14", "16", "19" };

static int report(const char *exported, const struct proctor_coverage *options, struct store *store,
		  json_t **doc, struct proctor_error *err)
{
	FILE *f = exported ? fopen(exported, "r") : NULL;
	int ret = report_json(f, options, store, doc, err);

	if (f)
		fclose(f);
	return ret;
}

static json_t *document(const char *exported, const struct proctor_coverage *options,
			struct store *store)
{
	struct proctor_error err;
	json_t *doc;

	if (report(exported, options, store, &doc, &err) < 0)
		fail_msg("%s", err.text);
	return doc;
}

static int lcov_copy(const char *exported, const struct proctor_coverage *options, const char *path)
{
	FILE *f = fopen(exported, "r");
	struct proctor_error err;
	int ret = report_lcov(f, options, &(struct unmapped_list){ 0 }, path, &err);

	fclose(f);
	return ret;
}

static int page(const json_t *doc, const struct store *store, const char *path)
{
	struct proctor_coverage_summary summary = { .nfiles = 0 };
	struct proctor_error err;
	int ret;

	assert_int_equal(report_summarize(doc, &summary, &err), 0);
	ret = report_html(doc, &summary, store, path, &err);
	free((void *)summary.files);
	return ret;
}

static void totals_are_llvms_own(void **state)
{
	(void)state;
	for (size_t i = 0; i < 3; i++) {
		json_t *doc, *theirs, *totals;

		if (!export(llvms[i]))
			continue;
		doc = document("export.json", &(struct proctor_coverage){ 0 },
			       &(struct store){ 0 });
		theirs = json_load_file("export.json", 0, NULL);
		totals = json_object_get(json_array_get(json_object_get(theirs, "data"), 0), "totals");
		for (const char *const *name = (const char *const[]){ "lines", "functions", "regions",
								       NULL }; *name; name++) {
			json_t *ours = json_object_get(json_object_get(json_array_get(
				json_object_get(doc, "data"), 0), "totals"), *name);

			assert_true(json_equal(json_object_get(ours, "count"),
				json_object_get(json_object_get(totals, *name), "count")));
			assert_true(json_equal(json_object_get(ours, "covered"),
				json_object_get(json_object_get(totals, *name), "covered")));
		}
		json_decref(theirs);
		json_decref(doc);
	}
}

/* The count that the DA record of a line has; -1: it has none. */
static long long lcov_count(const char *file, unsigned line)
{
	char text[512], want[64];
	FILE *f = fopen("export.lcov", "r");
	bool within = false;
	long long count = -1;

	snprintf(want, sizeof(want), "DA:%u,", line);
	while (fgets(text, sizeof(text), f)) {
		if (strncmp(text, "SF:", 3) == 0)
			within = strstr(text, file) != NULL;
		if (within && strncmp(text, want, strlen(want)) == 0)
			count = atoll(text + strlen(want));
	}
	fclose(f);
	return count;
}

static void lines_count_as_in_llvms_lcov(void **state)
{
	(void)state;
	for (size_t i = 0; i < 3; i++) {
		json_t *doc, *file;
		size_t j;

		if (!export(llvms[i]))
			continue;
		doc = json_load_file("export.json", 0, NULL);
		json_array_foreach(json_object_get(json_array_get(json_object_get(doc, "data"), 0),
						   "files"), j, file) {
			const char *name = strrchr(json_string_value(json_object_get(file, "filename")),
						   '/');
			struct line_counts l;

			assert_true(line_counts_init(&l, json_object_get(file, "segments")));
			for (unsigned line = 1; line <= 32; line++) {
				long long expected = lcov_count(name, line);
				uint64_t count;
				size_t first;
				bool code = line_counts_next(&l, line, &count, &first);

				if (code != (expected >= 0) || (code && (long long)count != expected))
					fail_msg("LLVM %s, %s:%u: %d, %lld, not %lld", llvms[i], name,
						 line, code, (long long)count, expected);
			}
			free(l.list);
		}
		json_decref(doc);
	}
}

static bool names_file(const json_t *doc, const char *end)
{
	char *text = json_dumps(doc, 0);
	bool named = strstr(text, end) != NULL;

	free(text);
	return named;
}

static void globs_narrow_files_and_functions(void **state)
{
	const char *const only_a[] = { "a.c" }, *const headers[] = { "*.h" };
	const struct proctor_coverage a = { .includes = only_a, .nincludes = 1 };
	const struct proctor_coverage no_headers = { .excludes = headers, .nexcludes = 1 };
	struct proctor_coverage_summary summary = { .nfiles = 0 };
	struct proctor_error err;
	json_t *doc;

	(void)state;
	if (!export("19"))
		return;
	doc = document("export.json", &a, &(struct store){ 0 });
	assert_true(names_file(doc, "src/a.c"));
	assert_false(names_file(doc, "b<&>.c"));
	assert_int_equal(report_summarize(doc, &summary, &err), 0);
	assert_int_equal(summary.nfiles, 1);
	assert_true(summary.files[0].lines.count == summary.total.lines.count);
	free((void *)summary.files);
	json_decref(doc);
	assert_int_equal(lcov_copy("export.lcov", &a, "a.lcov"), 0);
	fixture_run("grep -c SF: a.lcov | grep -qx 1 && grep -q src/a.c a.lcov && "
		    "test $(grep -c end_of_record a.lcov) = 1");
	doc = document("export.json", &no_headers, &(struct store){ 0 });
	assert_int_equal(report_summarize(doc, &summary, &err), 0);
	assert_int_equal(summary.nfiles, 2);
	free((void *)summary.files);
	json_decref(doc);
}

static void what_is_missing_stands_in_the_document(void **state)
{
	char *problems[] = { "the counts of \"x\" are missing" }, *notes[] = { "hm" };
	struct function list[] = { { "core::add", 3, true, 2, 0 }, { "core::sub", 0, false, 1, 0 } };
	struct store store = { .problems = { .list = problems, .n = 1 },
			       .notes = { .list = notes, .n = 1 }, .has_functions = true,
			       .functions = { .list = list, .n = 2 } };
	json_t *doc = document(NULL, &(struct proctor_coverage){ 0 }, &store), *ours;
	char *text;

	(void)state;
	ours = json_object_get(doc, "proctor");
	text = json_dumps(ours, JSON_COMPACT | JSON_SORT_KEYS);
	assert_string_equal(text, "{\"notes\":[\"hm\"],\"partial\":true,\"problems\":[\"the counts of "
		"\\\"x\\\" are missing\"],\"tml_functions\":[{\"hits\":3,\"name\":\"core::add\","
		"\"processes\":2},{\"hits\":null,\"name\":\"core::sub\",\"processes\":1}]}");
	free(text);
	json_decref(doc);
}

/* One that counts entries, and one of which it is only known what ran. */
static void functions_without_a_map_are_in_all_reports(void **state)
{
	char *paths[] = { "/s/liba.so", "/s/libb.so" }, *other[] = { "/s/libc.so" }, *text;
	struct function first[] = { { "f<1>", 7, true, 1, 0 }, { "g\nh", 0, true, 0, 0 } };
	struct function second[] = { { "edge", 0, false, 1, 0 } };
	struct unmapped binaries[] = {
		{ .paths = { .list = paths, .n = 2 }, .functions = { .list = first, .n = 2 }, .nran = 1 },
		{ .paths = { .list = other, .n = 1 }, .functions = { .list = second, .n = 1 }, .nran = 1 },
	};
	struct store store = { .unmapped = { .list = binaries, .n = 2, .nbinaries = 3, .nfunctions = 3,
					     .nran = 2 } };
	json_t *doc = document(NULL, &(struct proctor_coverage){ 0 }, &store);
	struct proctor_error err;

	(void)state;
	text = json_dumps(json_object_get(json_object_get(doc, "proctor"), "unmapped"),
			  JSON_COMPACT | JSON_SORT_KEYS);
	assert_string_equal(text, "[{\"functions\":[{\"hits\":7,\"name\":\"f<1>\",\"ran\":true},"
		"{\"hits\":0,\"name\":\"g\\nh\",\"ran\":false}],\"paths\":[\"/s/liba.so\",\"/s/libb.so\"]},"
		"{\"functions\":[{\"hits\":null,\"name\":\"edge\",\"ran\":true}],"
		"\"paths\":[\"/s/libc.so\"]}]");
	free(text);
	assert_int_equal(report_lcov(NULL, &(struct proctor_coverage){ 0 }, &store.unmapped, "un.lcov", &err), 0);
	fixture_run("printf 'TN:\\nSF:/s/liba.so\\nFN:0,f<1>\\nFN:0,g?h\\nFNDA:7,f<1>\\nFNDA:0,g?h\\n"
		    "FNF:2\\nFNH:1\\nend_of_record\\nTN:\\nSF:/s/libc.so\\nFN:0,edge\\nFNDA:1,edge\\n"
		    "FNF:1\\nFNH:1\\nend_of_record\\n' | cmp - un.lcov");
	assert_int_equal(page(doc, &store, "un.html"), 0);
	fixture_run("grep -q 'Functions without a coverage map: 2 of 3 ran' un.html && "
		    "grep -q '<tr><td>f&lt;1&gt;</td><td>7</td></tr>' un.html && "
		    "grep -q '<tr><td>edge</td><td>ran</td></tr>' un.html && "
		    "grep -q 'liba.so and 1 more with the same functions' un.html");
	json_decref(doc);
}

static void nonsense_is_refused_by_name(void **state)
{
	static const char *const bad[] = {
		"", "{", "[]", "{}", "{\"data\":3}", "{\"data\":[{}]}", "{\"data\":[{\"files\":3}]}",
		"{\"data\":[{\"files\":[{}]}]}", "nonsense",
	};
	struct proctor_error err;
	json_t *doc;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		fixture_write("bad.json", bad[i], strlen(bad[i]));
		assert_int_equal(report("bad.json", &(struct proctor_coverage){ 0 },
					&(struct store){ 0 }, &doc, &err), -EBADMSG);
		assert_non_null(strstr(err.text, "the export of llvm-cov"));
	}
	fixture_write("bad.lcov", "SF:a.c\nDA:1,1\n", 14);
	assert_int_equal(lcov_copy("bad.lcov", &(struct proctor_coverage){ 0 }, "x.lcov"), -EBADMSG);
	assert_int_equal(access("x.lcov", F_OK), -1);
	assert_int_equal(access("x.lcov.new", F_OK), -1);
}

static void the_page_is_well_formed_and_shows_what_is_missed(void **state)
{
	char *problems[] = { "<script>alert(1)</script>" };
	struct store store = { .problems = { .list = problems, .n = 1 } };
	json_t *doc;

	(void)state;
	if (!export("19"))
		return;
	/* Bytes that are no UTF-8, in a source that is shown. */
	fixture_run("printf '/* \\377<b> */\\n' >> src/shared.h");
	doc = document("export.json", &(struct proctor_coverage){ 0 }, &store);
	assert_int_equal(page(doc, &store, "page.html"), 0);
	fixture_run("! grep -q '<script>\\|<b>' page.html && grep -q '&lt;script&gt;' page.html && "
		    "grep -q 'b&lt;&amp;&gt;.c' page.html && grep -q '\\\\xff' page.html");
	fixture_run("grep -q 'class=\"l x\"><span class=\"n\">5</span><span class=\"c\">0</span>"
		    ".*return n + 1' page.html");
	/* Each element that is opened is closed. */
	fixture_run("for e in span u details table tr td pre; do "
		    "test $(grep -o \"<$e[ >]\" page.html | wc -l) = "
		    "$(grep -o \"</$e>\" page.html | wc -l) || { echo $e; exit 1; }; done");
	fixture_run("rm src/a.c");
	assert_int_equal(page(doc, &store, "page.html"), 0);
	fixture_run("grep -q 'cannot be shown: No such file' page.html");
	assert_int_equal(page(doc, &store, "no/such/page.html"), -ENOENT);
	json_decref(doc);
}

/* As of a function that forks: what LLVM subtracts was counted in another process. */
static void counts_below_zero_are_zero(void **state)
{
	static const char json[] = "{\"data\":[{\"files\":[{\"filename\":\"a.c\",\"segments\":"
		"[[1,1,9223372036854775807,true,true,false],[2,1,3,true,true,false]],"
		"\"summary\":{}}],\"functions\":[{\"name\":\"f\",\"filenames\":[\"a.c\"],"
		"\"regions\":[[1,1,2,2,9223372036854775807,0,0,0]]}],\"totals\":{}}]}";
	static const char lcov[] = "SF:a.c\nDA:1,18446744073709551614\nDA:2,3\nDA:nonsense\n"
		"end_of_record\n";
	struct store store = { 0 };
	struct proctor_error err;
	json_t *doc;

	(void)state;
	fixture_write("negative.json", json, sizeof(json) - 1);
	fixture_write("negative.lcov", lcov, sizeof(lcov) - 1);
	assert_int_equal(report("negative.json", &(struct proctor_coverage){ 0 }, &store, &doc, &err), 0);
	assert_int_equal(store.notes.n, 1);
	assert_non_null(strstr(store.notes.list[0], "2 counts were below zero"));
	assert_true(names_file(json_object_get(doc, "proctor"), store.notes.list[0]));
	texts_fini(&store.notes);
	assert_int_equal(report_write_json(doc, "clamped.json", &err), 0);
	json_decref(doc);
	assert_int_equal(lcov_copy("negative.lcov", &(struct proctor_coverage){ 0 }, "clamped.lcov"), 0);
	fixture_run("grep -q '1,1,0,true' clamped.json && grep -q '2,1,3,true' clamped.json && "
		    "grep -q '1,1,2,2,0,0,0,0' clamped.json && grep -qx DA:1,0 clamped.lcov && "
		    "grep -qx DA:2,3 clamped.lcov && grep -qx DA:nonsense clamped.lcov");
}

/* LLVM lists such files: of a header, say, whose functions were not emitted. */
static void a_file_without_lines_has_no_percentage(void **state)
{
	json_t *doc = json_pack("{s[{s[{sss[]s{}}]}]}", "data", "files", "filename", "none.h",
				"segments", "summary");

	(void)state;
	assert_non_null(doc);
	assert_int_equal(page(doc, &(struct store){ 0 }, "none.html"), 0);
	fixture_run("grep -q 'none.h.*<td>0/0</td><td>-</td><td></td>' none.html && "
		    "! grep -q '%%</meter>\\|&#8239;%%' none.html");
	json_decref(doc);
}

/* Known by its first lines: another's header of that name counts, and one that is not there. */
static void only_proctors_own_header_is_left_out(void **state)
{
	const struct proctor_coverage all = { 0 };

	(void)state;
	fixture_run("mkdir -p ours/proctor theirs/proctor");
	fixture_write("ours/proctor/suite.h", REPORT_OWN_HEADER "#if 0\n", sizeof(REPORT_OWN_HEADER) + 5);
	fixture_write("ours/proctor/mine.h", REPORT_OWN_HEADER, sizeof(REPORT_OWN_HEADER) - 1);
	fixture_write("theirs/proctor/suite.h", "int f(void);\n" REPORT_OWN_HEADER,
		      sizeof(REPORT_OWN_HEADER) + 12);
	assert_false(report_wants(&all, "ours/proctor/suite.h"));
	assert_true(report_wants(&all, "ours/proctor/mine.h"));
	assert_true(report_wants(&all, "theirs/proctor/suite.h"));
	assert_true(report_wants(&all, "/nowhere/proctor/suite.h"));
	assert_true(report_wants(&all, "suite.h"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(totals_are_llvms_own),
		cmocka_unit_test(lines_count_as_in_llvms_lcov),
		cmocka_unit_test(globs_narrow_files_and_functions),
		cmocka_unit_test(what_is_missing_stands_in_the_document),
		cmocka_unit_test(functions_without_a_map_are_in_all_reports),
		cmocka_unit_test(only_proctors_own_header_is_left_out),
		cmocka_unit_test(nonsense_is_refused_by_name),
		cmocka_unit_test(the_page_is_well_formed_and_shows_what_is_missed),
		cmocka_unit_test(counts_below_zero_are_zero),
		cmocka_unit_test(a_file_without_lines_has_no_percentage),
	};

	return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
