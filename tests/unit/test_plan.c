/* SPDX-License-Identifier: MIT */
/* Discovery, names, selection, order, and who may share a host. */
#include "fixture.h"

#include "base/container.h"
#include "plan/model.h"
#include "plan/needed.h"
#include "plan/order.h"
#include "plan/prepare.h"

#define ONE_TEST "int tml_test_0(void) { return 0; }\n"

static void add(struct proctor_plan *plan, const char *path, const char *exe_glob)
{
	struct proctor_error err = {0};

	if (proctor_plan_add_path(plan, path, exe_glob, &err) < 0)
		fail_msg("%s: %s", path, err.text);
}

static struct proctor_plan *plan_of(const char *path)
{
	struct proctor_plan *plan = proctor_plan_new();

	add(plan, path, NULL);
	return plan;
}

/* The ids in plan order, each with a blank before it. */
static void assert_ids(const struct proctor_plan *plan, const char *expected)
{
	char ids[4096] = "";
	size_t n = 0;

	for (size_t i = 0; i < proctor_plan_ntests(plan); i++)
		n += (size_t)snprintf(ids + n, sizeof(ids) - n, " %s", proctor_plan_test(plan, i)->id);
	assert_string_equal(ids, expected);
}

static void numbered_tests_come_in_the_order_of_their_numbers(void **state)
{
	struct proctor_plan *plan;

	(void)state;
	fixture_library("libnumbers.so",
			"int tml_test_10(void) { return 0; } int tml_test_2(void) { return 0; }\n"
			"int tml_test_0(void) { return 0; } int tml_test_03(void) { return 0; }\n"
			"int tml_test_(void) { return 0; } int tml_test_4x(void) { return 0; }\n"
			"int tml_test_99999999999(void) { return 0; } int tml_test_7 = 1;\n"
			"static int tml_test_5(void) { return 0; } int tml_test_entry(void)\n"
			"{ return tml_test_5(); }\n");
	plan = plan_of("./libnumbers.so");
	assert_ids(plan, " numbers::tml_test_0 numbers::tml_test_2 numbers::tml_test_10");
	assert_int_equal(proctor_plan_test(plan, 2)->index, 10);
	assert_string_equal(plan->tests[1]->symbol, "tml_test_2");
	assert_int_equal(proctor_plan_test(plan, 0)->path[0], '/');
	assert_null(strstr(proctor_plan_test(plan, 0)->path, "/./"));
	assert_null(proctor_plan_test(plan, 3));
	proctor_plan_free(plan);
}

static void a_single_test_library_has_its_entry(void **state)
{
	struct proctor_plan *plan;

	(void)state;
	fixture_library("single.so", "int tml_test_entry(void) { return 0; }\n");
	plan = plan_of("single.so");
	assert_ids(plan, " single::tml_test_entry");
	assert_int_equal(proctor_plan_test(plan, 0)->index, 0);
	proctor_plan_free(plan);
}

#define ENTRY_TYPE                                                                                 \
	"struct entry { unsigned abi, size, timeout_ms, expect_fail, line, reserved;\n"            \
	"	void (*run)(void); const void **calls; };\n"                                       \
	"static void run(void) {}\n"

static void entries_come_in_the_order_of_the_source(void **state)
{
	struct proctor_plan *plan;

	(void)state;
	fixture_library("libentries.so", ENTRY_TYPE
			"struct entry proctor_entry__a = {1, 40, 1500, 0, 30, 0, run, 0};\n"
			"struct entry proctor_entry__b = {1, 40, 0, 0, 4, 0, run, 0};\n"
			"struct entry proctor_entry__c = {1, 40, 0, 0, 1, 0, run, 0};\n"
			"const char proctor_label__a[] = \"first one\\0a.c\";\n"
			"const char proctor_label__b[] = \"b\\0a.c\";\n"
			"const char proctor_label__c[] = \"c\\0b.c\";\n");
	plan = plan_of("libentries.so");
	assert_ids(plan, " entries::b entries::first one entries::c");
	assert_ptr_equal(plan->suites[0]->adapter, &adapter_suite_h);
	assert_string_equal(plan->tests[1]->symbol, "proctor_entry__a");
	assert_string_equal(proctor_plan_test(plan, 1)->file, "a.c");
	assert_int_equal(proctor_plan_test(plan, 1)->timeout_us, 1500000);
	assert_int_equal(proctor_plan_test(plan, 2)->index, 2);
	proctor_plan_free(plan);
}

static void assert_error(const char *path, const char *cause)
{
	struct proctor_plan *plan = plan_of(path);

	assert_int_equal(plan->nsuites, 1);
	assert_non_null(plan->suites[0]->error);
	if (!strstr(plan->suites[0]->error, cause))
		fail_msg("\"%s\", expected \"%s\"", plan->suites[0]->error, cause);
	proctor_plan_free(plan);
}

static void a_damaged_entry_is_named(void **state)
{
	(void)state;
	fixture_library("version.so", ENTRY_TYPE
			"struct entry proctor_entry__a = {2, 40, 0, 0, 1, 0, run, 0};\n"
			"char proctor_label__a[] = \"a\\0a.c\";\n");
	assert_error("version.so", "version 2 of proctor/suite.h");
	fixture_library("size.so", ENTRY_TYPE
			"struct entry proctor_entry__a = {1, 48, 0, 0, 1, 0, run, 0};\n"
			"char proctor_label__a[] = \"a\\0a.c\";\n");
	assert_error("size.so", "48 bytes instead of 40");
	fixture_library("zero.so", ENTRY_TYPE "struct entry proctor_entry__a;\n"
			"char proctor_label__a[] = \"a\\0a.c\";\n");
	assert_error("zero.so", "outside of its section");
	fixture_library("nolabel.so", ENTRY_TYPE
			"struct entry proctor_entry__a = {1, 40, 0, 0, 1, 0, run, 0};\n");
	assert_error("nolabel.so", "has no proctor_label__a");
	fixture_library("label.so", ENTRY_TYPE
			"struct entry proctor_entry__a = {1, 40, 0, 0, 1, 0, run, 0};\n"
			"char proctor_label__a[] = {'a', 0, 'f'};\n");
	assert_error("label.so", "does not hold a name and a file");
	fixture_library("both.so", ENTRY_TYPE ONE_TEST
			"struct entry proctor_entry__a = {1, 40, 0, 0, 1, 0, run, 0};\n"
			"char proctor_label__a[] = \"a\\0a.c\";\n");
	assert_error("both.so", "tests of both kinds");
}

static void assert_error_as(const char *framework, const char *path, const char *cause)
{
	struct proctor_plan *plan = proctor_plan_new();

	assert_non_null(plan);
	assert_int_equal(proctor_plan_set_framework(plan, framework, NULL), 0);
	add(plan, path, NULL);
	assert_int_equal(plan->nsuites, 1);
	assert_non_null(plan->suites[0]->error);
	if (!strstr(plan->suites[0]->error, cause))
		fail_msg("\"%s\", expected \"%s\"", plan->suites[0]->error, cause);
	proctor_plan_free(plan);
}

static void a_framework_that_was_asked_for_is_taken(void **state)
{
	struct proctor_plan *plan = proctor_plan_new();

	(void)state;
	fixture_library("both.so", ENTRY_TYPE ONE_TEST
			"struct entry proctor_entry__a = {1, 40, 0, 0, 1, 0, run, 0};\n"
			"char proctor_label__a[] = \"a\\0a.c\";\n");
	fixture_write("other", "MZ\1\2", 4);
	assert_int_equal(chmod("other", 0755), 0);
	assert_non_null(plan);
	assert_int_equal(proctor_plan_set_framework(plan, "suite.h", NULL), 0);
	add(plan, "both.so", NULL);
	/* A format that only the kernel knows. */
	assert_int_equal(proctor_plan_set_framework(plan, "exe", NULL), 0);
	add(plan, "other", NULL);
	assert_int_equal(proctor_plan_set_framework(plan, NULL, NULL), 0);
	assert_ids(plan, " both::a other");
	assert_ptr_equal(plan->suites[0]->adapter, &adapter_suite_h);
	assert_ptr_equal(plan->suites[1]->adapter, &adapter_exe);
	assert_string_equal(proctor_plan_test(plan, 0)->framework, "suite.h");
	assert_string_equal(proctor_plan_test(plan, 1)->framework, "exe");
	assert_null(plan->suites[0]->error);
	assert_null(plan->suites[1]->error);
	proctor_plan_free(plan);
}

static void a_file_that_is_not_of_the_framework_is_an_error(void **state)
{
	(void)state;
	fixture_library("plain.so", ONE_TEST);
	fixture_write("program", "#!/bin/sh\n", 10);
	assert_int_equal(chmod("program", 0755), 0);
	fixture_write("text", "hello\n", 6);
	assert_error_as("tml", "program", "tests of the framework tml are in shared libraries");
	assert_error_as("suite.h", "plain.so", "without tests: it has no test of proctor/suite.h");
	assert_error_as("exe", "plain.so", "is a shared library and cannot be started");
	assert_error_as("exe", "text", "is neither an ELF file");
}

static void an_unknown_framework_is_refused(void **state)
{
	struct proctor_error err;

	(void)state;
	assert_int_equal(proctor_plan_set_framework(NULL, "exe", &err), 0);
	assert_int_equal(proctor_plan_set_framework(NULL, "nose", &err), -EINVAL);
	assert_non_null(strstr(err.text, "there is no framework \"nose\""));
}

static void executables_are_one_test(void **state)
{
	struct proctor_plan *plan;

	(void)state;
	fixture_compile("prog", "-fPIE -pie -rdynamic", ONE_TEST "int main(void) { return 0; }\n");
	fixture_compile("fixed", "-no-pie", "int main(void) { return 0; }\n");
	fixture_write("script.sh", "#!/bin/sh\n", 10);
	assert_error("script.sh", "no execute permission");
	assert_int_equal(chmod("script.sh", 0755), 0);
	plan = plan_of("prog");
	add(plan, "fixed", NULL);
	add(plan, "script.sh", NULL);
	assert_ids(plan, " prog fixed script.sh");
	assert_ptr_equal(plan->suites[0]->adapter, &adapter_exe);
	assert_null(plan->tests[0]->symbol);
	proctor_plan_free(plan);
}

/* Its id is its suite's name; a name of its own, where a manifest gives one, is told too. */
static void an_executable_is_called_by_one_name(void **state)
{
	struct proctor_plan *plan = proctor_plan_new();
	static const char manifest[] =
		"{\"version\": 1, \"suites\": ["
		"{\"path\": \"a/prog\", \"name\": \"given\"},"
		"{\"path\": \"b/prog\", \"name\": \"indexed\", \"tests\": [{\"index\": 0}]},"
		"{\"path\": \"c/prog\", \"tests\": [{\"name\": \"parses\"}]},"
		"{\"path\": \"d/prog\", \"tests\": [{\"name\": \"prog\"}]}]}";

	(void)state;
	fixture_run("for d in a b c d; do mkdir -p $d; printf '#!/bin/sh\n' >$d/prog;"
		    " chmod +x $d/prog; done; cp a/prog 'a::b'");
	fixture_write("names.json", manifest, strlen(manifest));
	fixture_library("liba.so", ONE_TEST);
	add(plan, "names.json", NULL);
	assert_ids(plan, " given indexed c/prog::parses d/prog");
	assert_string_equal(plan->tests[0]->pub.name, "given");
	assert_string_equal(plan->tests[1]->pub.name, "indexed");
	assert_string_equal(plan->tests[3]->pub.name, "prog");
	proctor_plan_free(plan);
	/* Ids are unique, whatever files are called. */
	plan = proctor_plan_new();
	fixture_run("cp a/prog 'a::tml_test_0'");
	add(plan, "liba.so", NULL);
	add(plan, "a::tml_test_0", NULL);
	add(plan, "a/prog", NULL);
	add(plan, "b/prog", NULL);
	assert_ids(plan, " a::tml_test_0 a::tml_test_0#2 a/prog b/prog");
	assert_ids(plan, " a::tml_test_0 a::tml_test_0#2 a/prog b/prog");
	proctor_plan_free(plan);
}

/* A library may name an interpreter, as libc.so does. */
static void a_library_with_an_interpreter_is_a_library(void **state)
{
	struct proctor_plan *plan;

	(void)state;
	fixture_library("interp.so", ONE_TEST "__attribute__((section(\".interp\"))) const char "
			"interp[] = \"/lib64/ld-linux-x86-64.so.2\";\n");
	plan = plan_of("interp.so");
	assert_ids(plan, " interp::tml_test_0");
	assert_ptr_equal(plan->suites[0]->adapter, &adapter_tml);
	proctor_plan_free(plan);
}

static void a_directory_is_searched_for_libraries(void **state)
{
	struct proctor_plan *plan = proctor_plan_new();

	(void)state;
	fixture_run("mkdir -p tree/b/deep tree/a && ln -s .. tree/b/loop && ln -s . tree/self");
	fixture_library("tree/b/deep/libz.so", ONE_TEST);
	fixture_library("tree/a/liby.so", ONE_TEST);
	fixture_library("tree/liba.so", "int f(void) { return 0; }\n");
	fixture_library("outside.so", ONE_TEST);
	fixture_run("cd tree && ln -s deep/libz.so b/again.so && ln -s ../outside.so x.so &&"
		    " ln -s ../outside.so y.so && ln -s nowhere dangling.so &&"
		    " echo text >notes.so && head -c 5000 a/liby.so >b/broken.so &&"
		    " printf '#!/bin/sh\\n' >b/check_1 && chmod +x b/check_1 &&"
		    " printf '#!/bin/sh\\n' >b/check_2 && cp b/check_1 b/other");
	add(plan, "tree/", NULL);
	assert_ids(plan, " y::tml_test_0 broken::(load) z::tml_test_0 dangling::(load)"
		   " x::tml_test_0");
	proctor_plan_free(plan);

	plan = proctor_plan_new();
	add(plan, "tree", "check_*");
	add(plan, "./tree//a/liby.so", NULL);
	assert_ids(plan, " y::tml_test_0 broken::(load) check_1 check_2::(load)"
		   " z::tml_test_0 dangling::(load) x::tml_test_0");
	proctor_plan_free(plan);
}

/* The error of the suite of that name. */
static void assert_named(const struct proctor_plan *plan, const char *suite, const char *cause)
{
	for (size_t i = 0; i < plan->nsuites; i++) {
		const struct suite *s = plan->suites[i];

		if (strcmp(s->name, suite) != 0)
			continue;
		if (!s->error || !strstr(s->error, cause) || !strstr(s->error, suite))
			fail_msg("\"%s\", expected \"%s\"", s->error ? s->error : "", cause);
		return;
	}
	fail_msg("%s is not in the plan", suite);
}

static void what_fits_the_glob_and_cannot_run_is_named(void **state)
{
	struct proctor_plan *plan = proctor_plan_new();

	(void)state;
	fixture_run("mkdir -p lost/dir");
	fixture_compile("lost/t_whole", "", "int main(void) { return 0; }\n");
	fixture_library("lost/t_helper.so", "int f(void) { return 0; }\n");
	fixture_run("cd lost && : >t_empty && echo echo hello >t_text && printf '#!/bin/sh\\n' >t_mode"
		    " && chmod +x t_empty t_text && ln -s nowhere t_dangling && ln -s dir t_linked &&"
		    " ln -s t_loop t_loop && mkfifo t_fifo && head -c 3000 t_whole >t_cut &&"
		    " chmod +x t_cut && : >.t_hidden && cp t_helper.so t_library && echo '{}' >t_list.json &&"
		    " cp t_whole dir/t_below && cp t_empty other");
	add(plan, "lost", NULL);
	assert_ids(plan, "");
	add(plan, "lost", "t_*");
	assert_named(plan, "t_empty", "is empty");
	assert_named(plan, "t_text", "begins with #!");
	assert_named(plan, "t_mode", "no execute permission");
	assert_named(plan, "t_dangling", "No such file");
	assert_named(plan, "t_loop", "symbolic links");
	assert_named(plan, "t_fifo", "not a regular file");
	assert_named(plan, "t_cut", "truncated");
	assert_named(plan, "t_library", "without tests");
	assert_named(plan, "t_list.json", "manifest");
	assert_int_equal(proctor_plan_ntests(plan), 9 + 2);
	/* As to a shell, a file is hidden from a glob that does not begin with its dot. */
	add(plan, "lost", "*hidden");
	assert_int_equal(proctor_plan_ntests(plan), 9 + 2);
	add(plan, "lost", ".t_*");
	assert_named(plan, ".t_hidden", "is empty");
	proctor_plan_free(plan);
}

/* The bytes at `offset` of a copy of the library `from`. */
static void patched(const char *from, const char *to, long offset, const char *bytes, size_t n)
{
	char command[128];
	FILE *f;

	snprintf(command, sizeof(command), "cp %s %s", from, to);
	fixture_run("%s", command);
	f = fopen(to, "r+");
	assert_non_null(f);
	assert_int_equal(fseek(f, offset, SEEK_SET), 0);
	assert_int_equal(fwrite(bytes, 1, n, f), n);
	assert_int_equal(fclose(f), 0);
}

static void a_library_that_cannot_be_opened_is_named(void **state)
{
	struct proctor_plan *plan = proctor_plan_new();

	(void)state;
	fixture_run("mkdir -p dead");
	fixture_library("dead/libgood.so", ONE_TEST);
	fixture_library("dead/libhelper.so", "int f(void) { return 0; }\n");
	patched("dead/libgood.so", "dead/libmachine.so", 18, "\xb7\0", 2);
	patched("dead/libgood.so", "dead/libclass.so", 4, "\1", 1);
	patched("dead/libgood.so", "dead/liborder.so", 5, "\2", 1);
	fixture_run("cd dead && : >libempty.so && head -c 4096 /dev/zero >libzeros.so &&"
		    " head -c 2000 libgood.so >libcut.so && ln -s gone.so libgone.so &&"
		    " echo 'INPUT(-lgood)' >libscript.so && mkfifo libpipe.so");
	add(plan, "dead", NULL);
	assert_named(plan, "machine", "aarch64");
	assert_named(plan, "class", "32-bit");
	assert_named(plan, "order", "liborder.so");
	assert_named(plan, "empty", "is empty");
	assert_named(plan, "zeros", "neither an ELF file");
	assert_named(plan, "cut", "truncated");
	assert_named(plan, "gone", "No such file");
	assert_int_equal(proctor_plan_ntests(plan), 7 + 1);
	proctor_plan_free(plan);
}

static void a_linked_directory_is_searched_once(void **state)
{
	struct proctor_plan *plan = proctor_plan_new();

	(void)state;
	fixture_run("mkdir -p linked/tree/a linked/disk/deep && cd linked &&"
		    " ln -s ../disk tree/out && ln -s ../disk tree/out2 && ln -s a tree/Again &&"
		    " ln -s .. tree/a/up && ln -s ../tree disk/back && ln -s deep disk/deeper");
	fixture_library("linked/tree/a/libp.so", ONE_TEST);
	fixture_run("cd linked && cp tree/a/libp.so disk/libq.so &&"
		    " cp tree/a/libp.so disk/deep/libr.so && printf '#!/bin/sh\\n' >disk/check &&"
		    " chmod +x disk/check && ln -s ../../disk/check tree/a/check");
	add(plan, "linked/tree", "check");
	assert_ids(plan, " p::tml_test_0 check r::tml_test_0 q::tml_test_0");
	assert_non_null(strstr(plan->suites[3]->path, "/linked/tree/out/libq.so"));
	/* Nor are they doubled by their own paths. */
	add(plan, "linked/disk", NULL);
	assert_int_equal(proctor_plan_ntests(plan), 4);
	proctor_plan_free(plan);
}

/* Its directory counts and its name there, not the path that leads to it. */
static void a_file_is_known_by_any_path_to_it(void **state)
{
	static const char *const ways[] = {
		"ways", "ways/../ways", "./ways/", "ways_link", "ways_link/libw.so",
		"ways/deep/../libw.so",
	};
	struct proctor_plan *plan;

	(void)state;
	fixture_run("mkdir -p ways/deep && ln -s ways ways_link");
	fixture_library("ways/libw.so", ONE_TEST);
	for (size_t i = 0; i < ARRAY_SIZE(ways); i++)
		for (size_t j = 0; j < ARRAY_SIZE(ways); j++) {
			plan = proctor_plan_new();
			add(plan, ways[i], NULL);
			add(plan, ways[j], NULL);
			assert_ids(plan, " w::tml_test_0");
			proctor_plan_free(plan);
		}
	/* As a program may behave as it is called, a link that is named is a file of its own. */
	fixture_run("ln -s libw.so ways/libv.so");
	plan = proctor_plan_new();
	add(plan, "ways_link/libv.so", NULL);
	add(plan, "ways", NULL);
	assert_ids(plan, " v::tml_test_0 w::tml_test_0");
	proctor_plan_free(plan);
}

static void a_directory_that_may_not_be_read_is_named(void **state)
{
	struct proctor_plan *plan = proctor_plan_new();
	bool root = geteuid() == 0;

	(void)state;
	fixture_run("chmod 755 . && mkdir -p locked/in && chmod 0 locked/in");
	fixture_library("locked/ok.so", ONE_TEST);
	if (root)
		assert_int_equal(seteuid(65534), 0);
	add(plan, "locked", NULL);
	if (root)
		assert_int_equal(seteuid(0), 0);
	assert_ids(plan, " in::(load) ok::tml_test_0");
	assert_non_null(strstr(plan->suites[0]->error, "locked/in: Permission denied"));
	proctor_plan_free(plan);
}

static void equal_names_are_told_apart(void **state)
{
	struct proctor_plan *plan = proctor_plan_new();
	size_t suite;

	(void)state;
	fixture_run("mkdir -p n/a/x n/b/x n/c");
	fixture_library("n/a/x/libfoo.so", ONE_TEST);
	fixture_run("cp n/a/x/libfoo.so n/b/x/ && cp n/a/x/libfoo.so n/c/libbar.so &&"
		    " cp n/a/x/libfoo.so n/c/bar.so");
	add(plan, "n/a/x/libfoo.so", NULL);
	assert_ids(plan, " foo::tml_test_0");
	add(plan, "n", NULL);
	assert_ids(plan, " a/x/foo::tml_test_0 b/x/foo::tml_test_0 bar.so::tml_test_0"
		   " libbar.so::tml_test_0");
	assert_string_equal(proctor_plan_test(plan, 1)->suite, "b/x/foo");
	assert_string_equal(proctor_plan_test(plan, 1)->name, "tml_test_0");
	/* The same file twice, handed in; and the same name for two tests. */
	for (int i = 0; i < 2; i++) {
		assert_int_equal(proctor_plan_add_suite(plan, &(struct proctor_suite_desc){
			.path = "/q.so"}, &suite, NULL), 0);
		for (unsigned j = 0; j < 2; j++)
			assert_int_equal(proctor_plan_add_test(plan, suite, &(struct proctor_test_desc){
				.index = j, .name = "t"}, NULL), 0);
	}
	assert_string_equal(proctor_plan_test(plan, 4)->id, "q::t");
	assert_string_equal(proctor_plan_test(plan, 5)->id, "q::t#2");
	assert_string_equal(proctor_plan_test(plan, 6)->id, "q#2::t");
	assert_string_equal(proctor_plan_test(plan, 7)->id, "q#2::t#2");
	proctor_plan_free(plan);
}

/* A plan of `ntests` tests in each of `nsuites` suites, handed in. */
static struct proctor_plan *plan_handed_in(unsigned nsuites, unsigned ntests)
{
	struct proctor_plan *plan = proctor_plan_new();
	char path[32];
	size_t suite;

	for (unsigned i = 0; i < nsuites; i++) {
		snprintf(path, sizeof(path), "/nowhere/s%u.so", i);
		assert_int_equal(proctor_plan_add_suite(plan, &(struct proctor_suite_desc){
			.path = path, .group = i % 2 ? "odd" : NULL}, &suite, NULL), 0);
		for (unsigned j = 0; j < ntests; j++)
			assert_int_equal(proctor_plan_add_test(plan, suite, &(struct proctor_test_desc){
				.index = j}, NULL), 0);
	}
	return plan;
}

static int select_tests(struct proctor_plan *plan, struct proctor_selection selection)
{
	return proctor_plan_select(plan, &selection, NULL);
}

static void a_selection_narrows(void **state)
{
	const char *const filters[] = {"s1::", "s2::*_0"}, *const skips[] = {"*_1"};
	struct proctor_plan *plan = plan_handed_in(4, 3);

	(void)state;
	assert_int_equal(select_tests(plan, (struct proctor_selection){
		.filters = filters, .nfilters = 2}), 0);
	assert_ids(plan, " s1::tml_test_0 s1::tml_test_1 s1::tml_test_2 s2::tml_test_0");
	assert_int_equal(select_tests(plan, (struct proctor_selection){
		.skips = skips, .nskips = 1}), 0);
	assert_ids(plan, " s1::tml_test_0 s1::tml_test_2 s2::tml_test_0");
	assert_int_equal(select_tests(plan, (struct proctor_selection){.group = "odd"}), 0);
	assert_ids(plan, " s1::tml_test_0 s1::tml_test_2");
	proctor_plan_free(plan);
}

static void a_broken_file_passes_every_filter(void **state)
{
	const char *const name[] = {"nothing"}, *const load[] = {"(load)"};
	struct proctor_plan *plan = plan_of("gone.so");

	(void)state;
	assert_int_equal(select_tests(plan, (struct proctor_selection){
		.filters = name, .nfilters = 1, .group = "g"}), 0);
	assert_ids(plan, " gone::(load)");
	assert_int_equal(select_tests(plan, (struct proctor_selection){
		.skips = load, .nskips = 1}), 0);
	assert_ids(plan, "");
	proctor_plan_free(plan);
}

static void why_a_suite_cannot_be_run_is_known_before_the_run(void **state)
{
	struct proctor_plan *plan = plan_of("gone.so");

	(void)state;
	fixture_library("there.so", ONE_TEST);
	add(plan, "there.so", NULL);
	assert_int_equal(proctor_plan_ntests(plan), 2);
	assert_non_null(strstr(proctor_plan_broken(plan, 0), "gone.so"));
	assert_null(proctor_plan_broken(plan, 1));
	assert_null(proctor_plan_broken(plan, 2));
	proctor_plan_free(plan);
}

static void each_test_is_in_one_shard(void **state)
{
	unsigned nseen[500] = {0};
	size_t total = 0;

	(void)state;
	for (unsigned shard = 1; shard <= 7; shard++) {
		struct proctor_plan *plan = plan_handed_in(10, 50);
		struct proctor_selection sel = {.shard_index = shard, .shard_count = 7};

		assert_int_equal(proctor_plan_select(plan, &sel, NULL), 0);
		for (size_t i = 0; i < plan->ntests; i++)
			nseen[(plan->tests[i]->suite->number * 50) + plan->tests[i]->pub.index]++;
		assert_in_range(plan->ntests, 40, 110);
		total += plan->ntests;
		proctor_plan_free(plan);
	}
	assert_int_equal(total, 500);
	for (size_t i = 0; i < 500; i++)
		assert_int_equal(nseen[i], 1);
}

static void a_shard_that_is_none_is_refused(void **state)
{
	struct proctor_plan *plan = plan_handed_in(1, 1);

	(void)state;
	assert_int_equal(select_tests(plan, (struct proctor_selection){.shard_count = 2}), -EINVAL);
	assert_int_equal(select_tests(plan, (struct proctor_selection){
		.shard_index = 3, .shard_count = 2}), -EINVAL);
	assert_int_equal(proctor_plan_ntests(plan), 1);
	proctor_plan_free(plan);
}

static void a_seed_is_an_order(void **state)
{
	struct proctor_plan *plan = plan_handed_in(20, 20);
	struct test *first[400];
	bool seen[400] = {false};
	size_t nruns = 1, nsame = 0;

	(void)state;
	assert_int_equal(plan_collect(plan, NULL), 0);
	plan_shuffle(plan, 7);
	memcpy(first, plan->tests, sizeof(first));
	plan_shuffle(plan, 8);
	assert_memory_not_equal(first, plan->tests, sizeof(first));
	assert_int_equal(plan_collect(plan, NULL), 0);
	for (size_t i = 0; i < 400; i++)
		nsame += first[i] == plan->tests[i];
	assert_in_range(nsame, 0, 40);
	plan_shuffle(plan, 7);
	assert_memory_equal(first, plan->tests, sizeof(first));
	for (size_t i = 0; i < 400; i++) {
		seen[first[i]->suite->number * 20 + first[i]->pub.index] = true;
		nruns += i > 0 && first[i]->suite != first[i - 1]->suite;
	}
	for (size_t i = 0; i < 400; i++)
		assert_true(seen[i]);
	assert_int_equal(nruns, 20);
	proctor_plan_free(plan);
}

static void a_handed_in_suite_is_looked_at_when_the_run_starts(void **state)
{
	static const char *const env[] = {"A=1", "B=", NULL}, *const bad[] = {"A", NULL};
	struct proctor_plan *plan = proctor_plan_new();
	struct proctor_test_desc test = {.index = 0, .name = "adds", .env = env, .workdir = "/w"};
	size_t suite;

	(void)state;
	assert_int_equal(proctor_plan_add_suite(plan, &(struct proctor_suite_desc){
		.path = "late.so", .name = "s"}, &suite, NULL), 0);
	assert_int_equal(proctor_plan_add_test(plan, suite, &test, NULL), 0);
	test.env = bad;
	assert_int_equal(proctor_plan_add_test(plan, suite, &test, NULL), -EINVAL);
	assert_int_equal(proctor_plan_add_test(plan, suite + 1, &test, NULL), -EINVAL);
	assert_ids(plan, " s::adds");
	assert_int_equal(plan->suites[0]->file.ino, 0);
	fixture_library("late.so", "int tml_test_entry(void) { return 0; }\n");
	assert_int_equal(plan_prepare(plan, NULL), 0);
	assert_null(plan->suites[0]->error);
	assert_int_not_equal(plan->suites[0]->file.ino, 0);
	assert_string_equal(plan->tests[0]->symbol, "tml_test_entry");
	assert_string_equal(plan->tests[0]->env[1], "B=");
	assert_string_equal(plan->tests[0]->workdir, "/w");
	assert_ids(plan, " s::adds");
	proctor_plan_free(plan);

	plan = plan_handed_in(1, 2);
	assert_int_equal(plan_prepare(plan, NULL), 0);
	assert_non_null(strstr(plan->suites[0]->error, "/nowhere/s0.so"));
	assert_int_equal(proctor_plan_ntests(plan), 2);
	proctor_plan_free(plan);
}

/* Whether suites in two files may share a host. */
static bool compatible(const char *a, const char *b)
{
	struct proctor_plan *plan = plan_of(a);
	bool answer;

	add(plan, b, NULL);
	assert_int_equal(plan->nsuites, 2);
	assert_null(plan->suites[0]->error);
	assert_null(plan->suites[1]->error);
	answer = suites_compatible(plan->suites[0], plan->suites[1]);
	assert_int_equal(answer, suites_compatible(plan->suites[1], plan->suites[0]));
	assert_true(suites_compatible(plan->suites[0], plan->suites[0]));
	proctor_plan_free(plan);
	return answer;
}

static void libraries_that_disturb_each_other_are_kept_apart(void **state)
{
	(void)state;
	fixture_run("mkdir -p h/1/lib h/2/lib");
	fixture_library("h/plain1.so", ONE_TEST);
	fixture_library("h/plain2.so", ONE_TEST);
	assert_true(compatible("h/plain1.so", "h/plain2.so"));
	fixture_run("ln h/plain1.so h/hard.so");
	assert_false(compatible("h/plain1.so", "h/hard.so"));

	fixture_compile("h/1/so.so", "-shared -fPIC -Wl,-soname,libs.so", ONE_TEST);
	fixture_compile("h/2/so.so", "-shared -fPIC -Wl,-soname,libs.so", ONE_TEST);
	assert_false(compatible("h/1/so.so", "h/2/so.so"));
	assert_true(compatible("h/1/so.so", "h/plain1.so"));

	fixture_library("h/unique.so", ONE_TEST
			"__asm__(\".globl u\\n.type u, @gnu_unique_object\\n.size u, 4\\n\"\n"
			"	\".data\\nu: .long 1\\n.text\\n\");\n");
	assert_false(compatible("h/unique.so", "h/plain1.so"));
}

/* Needed libraries: found through RUNPATH, RPATH and what these need in turn. */
static void needed_libraries_must_be_the_same_files(void **state)
{
	static const char *const tags[] = {"--enable-new-dtags", "--disable-new-dtags"};
	char flags[256];

	(void)state;
	fixture_run("mkdir -p d/1/lib d/2/lib d/3/lib");
	fixture_compile("d/1/lib/libdeep.so", "-shared -fPIC -Wl,-soname,libdeep.so",
			"int deep(void) { return 1; }\n");
	fixture_compile("d/1/lib/libneed.so", "-shared -fPIC -Wl,-soname,libneed.so"
			" -Wl,-rpath,'$ORIGIN' -Ld/1/lib -Wl,--no-as-needed -ldeep",
			"int need(void) { return 1; }\n");
	fixture_run("cp d/1/lib/*.so d/2/lib/ && ln d/1/lib/*.so d/3/lib/ && rm d/3/lib/libdeep.so"
		    " && cp d/1/lib/libdeep.so d/3/lib/");
	for (size_t i = 0; i < 2; i++) {
		snprintf(flags, sizeof(flags), "-shared -fPIC -Wl,%s,-rpath,'${ORIGIN}/lib' -Ld/1/lib"
			 " -Wl,--no-as-needed -lneed", tags[i]);
		fixture_compile("d/1/suite.so", flags, ONE_TEST);
		fixture_run("cp d/1/suite.so d/1/twin.so && cp d/1/suite.so d/2/ &&"
			    " cp d/1/suite.so d/3/");
		assert_true(compatible("d/1/suite.so", "d/1/twin.so"));
		assert_false(compatible("d/1/suite.so", "d/2/suite.so"));
		/* Only what the needed library needs differs. */
		assert_false(compatible("d/1/suite.so", "d/3/suite.so"));
	}
	/* Found by the environment, or by the default search. */
	fixture_compile("d/env.so", "-shared -fPIC -Ld/1/lib -Wl,--no-as-needed -lneed", ONE_TEST);
	fixture_run("cp d/1/lib/libdeep.so d/2/lib/");
	assert_false(compatible("d/env.so", "d/1/suite.so"));
	assert_int_equal(setenv("LD_LIBRARY_PATH", "/nowhere:d/1/lib", 1), 0);
	assert_true(compatible("d/env.so", "d/1/suite.so"));
	assert_int_equal(unsetenv("LD_LIBRARY_PATH"), 0);
}

static void a_needed_library_may_have_unique_symbols(void **state)
{
	struct proctor_plan *plan;

	(void)state;
	fixture_run("mkdir -p u");
	fixture_library("u/libuniq.so", "__asm__(\".globl u\\n.type u, @gnu_unique_object\\n"
			".size u, 4\\n\" \".data\\nu: .long 1\\n.text\\n\");\n");
	fixture_compile("u/suite.so", "-shared -fPIC -Wl,-rpath,'$ORIGIN' -Lu -Wl,--no-as-needed"
			" -luniq", ONE_TEST);
	plan = plan_of("u/suite.so");
	assert_true(plan->suites[0]->unique);
	proctor_plan_free(plan);
}

static void sanitized_suites_name_their_runtime(void **state)
{
	struct proctor_plan *plan;

	(void)state;
	fixture_run("mkdir -p san");
	/* Stand-ins: what counts is which symbols are undefined and which sonames are needed. */
	fixture_compile("san/libasan.so.8", "-shared -fPIC -Wl,-soname,libasan.so.8",
			"void __asan_init(void) {}\n");
	fixture_compile("san/with.so", "-shared -fPIC -Wl,-rpath,'$ORIGIN',--no-as-needed san/libasan.so.8",
			"void __asan_init(void); int tml_test_0(void) { __asan_init(); return 0; }\n");
	fixture_compile("san/default.so", "-shared -fPIC -Wl,--no-as-needed san/libasan.so.8",
			"void __asan_init(void); int tml_test_0(void) { __asan_init(); return 0; }\n");
	fixture_compile("san/without.so", "-shared -fPIC",
			"void __tsan_init(void); int tml_test_0(void) { __tsan_init(); return 0; }\n");
	plan = plan_of("san/with.so");
	assert_int_equal(plan->suites[0]->sanitizer, SANITIZER_ADDRESS);
	assert_non_null(strstr(plan->suites[0]->preload, "/san/libasan.so.8"));
	assert_int_equal(plan->suites[0]->preload[0], '/');
	proctor_plan_free(plan);
	plan = plan_of("san/default.so");
	assert_string_equal(plan->suites[0]->preload, "libasan.so.8");
	proctor_plan_free(plan);
	assert_error("san/without.so", "-shared-libsan");
	assert_error("san/without.so", "ThreadSanitizer");
	fixture_library("san/none.so", ONE_TEST);
	assert_false(compatible("san/none.so", "san/default.so"));
}

static void names_of_files_are_names_of_suites(void **state)
{
	static const char *const names[][2] = {
		{"/a/libfoo.so", "foo"}, {"foo.so", "foo"}, {"libfoo", "libfoo"}, {"lib.so", "lib"},
		{".so", ".so"}, {"a.so/b", "b"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char *name = suite_name_of(names[i][0]);

		assert_string_equal(name, names[i][1]);
		free(name);
	}
}

static void many_tests_are_no_trouble(void **state)
{
	struct proctor_plan *plan = plan_handed_in(2, 200000);

	(void)state;
	assert_int_equal(proctor_plan_ntests(plan), 400000);
	assert_string_equal(proctor_plan_test(plan, 399999)->id, "s1::tml_test_199999");
	proctor_plan_free(plan);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbered_tests_come_in_the_order_of_their_numbers),
		cmocka_unit_test(a_single_test_library_has_its_entry),
		cmocka_unit_test(entries_come_in_the_order_of_the_source),
		cmocka_unit_test(a_damaged_entry_is_named),
		cmocka_unit_test(a_framework_that_was_asked_for_is_taken),
		cmocka_unit_test(a_file_that_is_not_of_the_framework_is_an_error),
		cmocka_unit_test(an_unknown_framework_is_refused),
		cmocka_unit_test(executables_are_one_test),
		cmocka_unit_test(an_executable_is_called_by_one_name),
		cmocka_unit_test(a_library_with_an_interpreter_is_a_library),
		cmocka_unit_test(a_directory_is_searched_for_libraries),
		cmocka_unit_test(what_fits_the_glob_and_cannot_run_is_named),
		cmocka_unit_test(a_library_that_cannot_be_opened_is_named),
		cmocka_unit_test(a_linked_directory_is_searched_once),
		cmocka_unit_test(a_file_is_known_by_any_path_to_it),
		cmocka_unit_test(a_directory_that_may_not_be_read_is_named),
		cmocka_unit_test(equal_names_are_told_apart),
		cmocka_unit_test(a_selection_narrows),
		cmocka_unit_test(a_broken_file_passes_every_filter),
		cmocka_unit_test(why_a_suite_cannot_be_run_is_known_before_the_run),
		cmocka_unit_test(each_test_is_in_one_shard),
		cmocka_unit_test(a_shard_that_is_none_is_refused),
		cmocka_unit_test(a_seed_is_an_order),
		cmocka_unit_test(a_handed_in_suite_is_looked_at_when_the_run_starts),
		cmocka_unit_test(libraries_that_disturb_each_other_are_kept_apart),
		cmocka_unit_test(needed_libraries_must_be_the_same_files),
		cmocka_unit_test(a_needed_library_may_have_unique_symbols),
		cmocka_unit_test(sanitized_suites_name_their_runtime),
		cmocka_unit_test(names_of_files_are_names_of_suites),
		cmocka_unit_test(many_tests_are_no_trouble),
	};

	return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
