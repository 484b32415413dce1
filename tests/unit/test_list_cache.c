/* SPDX-License-Identifier: MIT */
/* Each test has a directory with a program that lists tests, and counts how often it is asked. */
#include "fixture.h"

#include "plan/list_cache.h"
#include "proctor/proctor.h"

#include <dirent.h>
#include <signal.h>
#include <sys/resource.h>
#include <time.h>

static const char program_source[] =
	"#include <stdio.h>\n"
	"#include <stdlib.h>\n"
	"#ifdef LIBRARY\n"
	"const char *more(void);\n"
	"#else\n"
	"static const char *more(void) { return NULL; }\n"
	"#endif\n"
	"int main(void)\n"
	"{\n"
	"	FILE *asked = fopen(ASKED, \"a\");\n"
	"	fputc('x', asked);\n"
	"	puts(\"first: test\");\n"
	"	if (getenv(\"NAMED\")) printf(\"%s: test\\n\", getenv(\"NAMED\"));\n"
	"	if (more()) printf(\"%s: test\\n\", more());\n"
	"	if (getenv(\"WARNS\")) fputs(\"warning\\n\", stderr);\n"
	"	return getenv(\"FAILS\") ? 1 : 0;\n"
	"}\n";

static int64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return file_time_ns(&ts);
}

/* Until nothing can be written to the file any more that would not show in its times. */
static void let_settle(const char *path)
{
	struct file_stamp stamp;
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	stamp = file_stamp_of(&st);
	while (list_key_is_fresh(&stamp, now()))
		usleep(5000);
}

static void make_program(const char *flags)
{
	char all[512];

	snprintf(all, sizeof(all), "-DASKED='\"%s/asked\"' %s", fixture_dir, flags);
	fixture_compile("program", all, program_source);
	let_settle("program");
}

static size_t times_asked(void)
{
	struct stat st;

	return stat("asked", &st) == 0 ? (size_t)st.st_size : 0;
}

/* What is set before the program is added. */
struct setting {
	const char *const *arguments, *const *wrap;
	const char *dir;		/* NULL: "cache" */
	const char *manifest;
};

/* Lists the program's tests as a run would: their names, one behind the other. */
static const char *listed_with(const struct setting *setting)
{
	static char names[512];
	struct proctor_plan *plan = proctor_plan_new();
	struct proctor_error err;

	assert_non_null(plan);
	assert_int_equal(proctor_plan_set_framework(plan, "rust", &err), 0);
	assert_int_equal(proctor_plan_set_list_cache(plan, setting->dir ? setting->dir : "cache", &err), 0);
	assert_int_equal(proctor_plan_set_arguments(plan, setting->arguments, &err), 0);
	assert_int_equal(proctor_plan_set_wrap(plan, setting->wrap, &err), 0);
	assert_int_equal(setting->manifest ? proctor_plan_add_manifest(plan, setting->manifest, &err) :
					     proctor_plan_add_path(plan, "program", NULL, &err), 0);
	names[0] = '\0';
	for (size_t i = 0; i < proctor_plan_ntests(plan); i++) {
		strcat(names, i ? " " : "");
		strcat(names, proctor_plan_test(plan, i)->name);
	}
	proctor_plan_free(plan);
	return names;
}

static const char *listed(void)
{
	return listed_with(&(struct setting){ 0 });
}

static void a_program_is_asked_once(void **state)
{
	(void)state;
	make_program("");
	assert_string_equal(listed(), "first");
	assert_string_equal(listed(), "first");
	assert_string_equal(listed(), "first");
	assert_int_equal(times_asked(), 1);
}

static void without_a_cache_it_is_asked_each_time(void **state)
{
	struct proctor_plan *plan;
	struct proctor_error err;

	(void)state;
	make_program("");
	for (int i = 0; i < 2; i++) {
		plan = proctor_plan_new();
		assert_int_equal(proctor_plan_set_framework(plan, "rust", &err), 0);
		assert_int_equal(proctor_plan_add_path(plan, "program", NULL, &err), 0);
		assert_int_equal(proctor_plan_ntests(plan), 1);
		proctor_plan_free(plan);
	}
	assert_int_equal(times_asked(), 2);
}

static void a_program_built_anew_is_asked_again(void **state)
{
	(void)state;
	make_program("-DLIBRARY -Dmore=its_own -include own.h");
	assert_string_equal(listed(), "first second");
	fixture_run("sed -i s/second/third1/ own.h");
	make_program("-DLIBRARY -Dmore=its_own -include own.h");
	assert_string_equal(listed(), "first third1");
	assert_string_equal(listed(), "first third1");
	assert_int_equal(times_asked(), 2);
}

/* The same path, size and modification time: it is the inode, or the change time, that tells. */
static void a_program_changed_in_secret_is_asked_again(void **state)
{
	(void)state;
	make_program("-DLIBRARY -Dmore=its_own -include own.h");
	assert_string_equal(listed(), "first second");
	fixture_run("cp -p program before && sed s/second/third1/g before >program && touch -r before program");
	let_settle("program");
	assert_string_equal(listed(), "first third1");
	fixture_run("mv before program");
	let_settle("program");
	assert_string_equal(listed(), "first second");
}

static void what_was_written_just_now_is_not_kept(void **state)
{
	(void)state;
	make_program("");
	/* The same content, and the times of this moment. */
	fixture_run("cp program another && cat another >program");
	assert_string_equal(listed(), "first");
	if (access("cache", F_OK) == 0)
		skip();		/* the machine stood still for as long as files stay fresh */
	let_settle("program");
	listed();
	assert_int_equal(times_asked(), 2);
	listed();
	assert_int_equal(times_asked(), 2);
}

static void times_without_a_fraction_are_fresh_for_longer(void **state)
{
	const int64_t second = 1000000000, at = 1000 * second;
	const struct file_stamp fine = { .mtime_ns = at + 1, .ctime_ns = at + 1 };
	const struct file_stamp whole = { .mtime_ns = at, .ctime_ns = at };

	(void)state;
	assert_true(list_key_is_fresh(&fine, at + 2));
	assert_false(list_key_is_fresh(&fine, at + second));
	assert_true(list_key_is_fresh(&whole, at + second));
	assert_false(list_key_is_fresh(&whole, at + 2 * second));
	/* Another machine's clock is ahead. */
	assert_true(list_key_is_fresh(&fine, at - second));
}

static void make_library(const char *name)
{
	char source[128];

	fixture_run("mkdir -p lib");
	snprintf(source, sizeof(source), "const char *more(void) { return \"%s\"; }\n", name);
	fixture_library("lib/libmore.so", source);
	let_settle("lib/libmore.so");
}

static void a_changed_library_has_its_programs_asked_again(void **state)
{
	(void)state;
	make_library("second");
	make_program("-DLIBRARY -Llib -Wl,-rpath,'$ORIGIN/lib' -lmore -Wl,--no-as-needed -lmore");
	assert_string_equal(listed(), "first second");
	listed();
	assert_int_equal(times_asked(), 1);
	make_library("third1");
	assert_string_equal(listed(), "first third1");
	listed();
	assert_int_equal(times_asked(), 2);
	/* One that is found before it. */
	fixture_run("mkdir before && cp lib/libmore.so before && rm -r lib");
	setenv("LD_LIBRARY_PATH", "before", 1);
	let_settle("before/libmore.so");
	assert_string_equal(listed(), "first third1");
	assert_int_equal(times_asked(), 3);
	unsetenv("LD_LIBRARY_PATH");
}

static void another_environment_is_another_question(void **state)
{
	(void)state;
	make_program("");
	assert_string_equal(listed(), "first");
	setenv("NAMED", "second", 1);
	assert_string_equal(listed(), "first second");
	setenv("NAMED", "third", 1);
	assert_string_equal(listed(), "first third");
	unsetenv("NAMED");
	assert_int_equal(times_asked(), 3);
	/* And its answer is still there. */
	assert_string_equal(listed(), "first");
	assert_int_equal(times_asked(), 3);
	setenv("SHLVL", "17", 1);
	setenv("TERM", "other", 1);
	assert_string_equal(listed(), "first");
	assert_int_equal(times_asked(), 3);
}

static void variables_make_a_difference_in_any_order(void **state)
{
	char *const ab[] = { "A=1", "B=2", "PROCTOR_X=3", NULL }, *const ba[] = { "B=2", "PROCTOR_X=4", "A=1", NULL };
	char *const other[] = { "A=2", "B=1", NULL };

	(void)state;
	assert_true(list_key_environment(ab) == list_key_environment(ba));
	assert_true(list_key_environment(ab) != list_key_environment(other));
	assert_true(list_key_environment(NULL) != 0);
}

static void what_preloads_a_library_is_asked_each_time(void **state)
{
	(void)state;
	make_library("unused");
	make_program("");
	setenv("LD_PRELOAD", "lib/libmore.so", 1);
	listed();
	listed();
	unsetenv("LD_PRELOAD");
	assert_int_equal(times_asked(), 2);
}

static void other_words_are_another_question(void **state)
{
	static const char *const words[] = { "--config=config", NULL };
	static const char *const wrap[] = { "env", "NAMED=wrapped", NULL };

	(void)state;
	make_program("");
	assert_string_equal(listed(), "first");
	assert_string_equal(listed_with(&(struct setting){ .wrap = wrap }), "first wrapped");
	assert_string_equal(listed_with(&(struct setting){ .wrap = wrap }), "first wrapped");
	assert_int_equal(times_asked(), 2);
	listed_with(&(struct setting){ .arguments = words });
	assert_int_equal(times_asked(), 3);
	/* One of them is a file now, and its content makes a difference. */
	fixture_write("config", "1", 1);
	let_settle("config");
	listed_with(&(struct setting){ .arguments = words });
	listed_with(&(struct setting){ .arguments = words });
	assert_int_equal(times_asked(), 4);
	fixture_write("config", "2", 1);
	let_settle("config");
	listed_with(&(struct setting){ .arguments = words });
	assert_int_equal(times_asked(), 5);
}

static void what_a_manifest_sets_is_part_of_the_question(void **state)
{
	const char *named = "{\"version\": 1, \"suites\": [{\"path\": \"program\", \"env\": {\"NAMED\": \"second\"}}]}";
	const struct setting manifest = { .manifest = "manifest.json" };

	(void)state;
	make_program("");
	assert_string_equal(listed(), "first");
	fixture_write("manifest.json", named, strlen(named));
	assert_string_equal(listed_with(&manifest), "first second");
	assert_string_equal(listed_with(&manifest), "first second");
	assert_int_equal(times_asked(), 2);
}

static void what_failed_or_warned_is_asked_again(void **state)
{
	(void)state;
	make_program("");
	setenv("WARNS", "1", 1);
	assert_string_equal(listed(), "first");
	assert_string_equal(listed(), "first");
	assert_int_equal(times_asked(), 2);
	unsetenv("WARNS");
	setenv("FAILS", "1", 1);
	assert_string_equal(listed(), "(load)");
	assert_string_equal(listed(), "(load)");
	assert_int_equal(times_asked(), 4);
	unsetenv("FAILS");
}

static void what_is_damaged_is_passed_over_and_replaced(void **state)
{
	static const char *const harms[] = {
		"echo garbage >$f", ": >$f", "truncate -s -1 $f", "echo >>$f", "truncate -s 8G $f",
		"rm $f && mkfifo $f", "rm $f && ln -s /dev/zero $f", "chmod 666 $f", "rm -r cache", "mv cache old && touch cache && rm cache",
		"printf '\\377\\377\\377\\377' | dd of=$f bs=1 seek=48 conv=notrunc status=none",
	};
	size_t n;

	(void)state;
	make_program("");
	assert_string_equal(listed(), "first");
	for (size_t i = 0; i < sizeof(harms) / sizeof(*harms); i++) {
		n = times_asked();
		fixture_run("f=$(echo cache/*); %s", harms[i]);
		assert_string_equal(listed(), "first");
		if (times_asked() != n + 1)
			fail_msg("believed after: %s", harms[i]);
		assert_string_equal(listed(), "first");
		if (times_asked() != n + 1)
			fail_msg("not kept after: %s", harms[i]);
	}
}

/* In the file whose list the next plan finds. */
static void answered_at(int64_t asked_s)
{
	size_t nbytes;
	unsigned char *bytes;
	uint64_t sum;

	fixture_run("mv cache/* file");
	bytes = fixture_read("file", &nbytes);
	memcpy(bytes + LIST_FILE_TIMES_AT + sizeof(struct list_file_times), &asked_s, sizeof(asked_s));
	sum = list_file_sum(bytes, nbytes);
	memcpy(bytes + 8, &sum, sizeof(sum));
	fixture_write("file", bytes, nbytes);
	fixture_run("mv file $(cat name)");
	free(bytes);
}

static void an_old_answer_is_asked_for_again(void **state)
{
	const int64_t hour = 3600, now_s = time(NULL);

	(void)state;
	make_program("");
	listed();
	fixture_run("echo cache/* >name");
	answered_at(now_s - 23 * hour);
	listed();
	assert_int_equal(times_asked(), 1);
	answered_at(now_s - 25 * hour);
	listed();
	assert_int_equal(times_asked(), 2);
	answered_at(now_s + hour);
	listed();
	assert_int_equal(times_asked(), 3);
}

/* As a run does at its end. */
static void keep_times(uint64_t start_ns, uint64_t test_ns)
{
	struct proctor_plan *plan = proctor_plan_new();
	struct proctor_error err;

	proctor_plan_set_framework(plan, "rust", &err);
	assert_int_equal(proctor_plan_set_list_cache(plan, "cache", &err), 0);
	assert_int_equal(proctor_plan_add_path(plan, "program", NULL, &err), 0);
	assert_int_equal(proctor_plan_ntests(plan), 1);
	list_cache_keep_times(plan->suites[0], &(struct program_times){ start_ns, test_ns });
	proctor_plan_free(plan);
}

static struct program_times kept_times(void)
{
	struct proctor_plan *plan = proctor_plan_new();
	struct program_times times;
	struct proctor_error err;

	proctor_plan_set_framework(plan, "rust", &err);
	assert_int_equal(proctor_plan_set_list_cache(plan, "cache", &err), 0);
	assert_int_equal(proctor_plan_add_path(plan, "program", NULL, &err), 0);
	times = plan->suites[0]->times;
	proctor_plan_free(plan);
	return times;
}

static void times_are_kept_with_the_list(void **state)
{
	(void)state;
	make_program("");
	keep_times(1000, 100);
	assert_int_equal(kept_times().start_ns, 1000);
	assert_int_equal(kept_times().test_ns, 100);
	/* About the same: not worth a write. */
	keep_times(1100, 110);
	assert_int_equal(kept_times().test_ns, 100);
	keep_times(1100, 200);
	assert_int_equal(kept_times().start_ns, 1100);
	assert_int_equal(kept_times().test_ns, 200);
	make_program("-DANOTHER");
	assert_int_equal(kept_times().test_ns, 0);
	assert_int_equal(times_asked(), 1);
}

static void where_nothing_can_be_kept_programs_are_asked(void **state)
{
	static const char *const nowhere[] = { "/dev/null", "/proc/proctor/lists", "missing/a/b/c/lists", "file/lists" };

	(void)state;
	make_program("");
	fixture_write("file", "", 0);
	for (size_t i = 0; i < sizeof(nowhere) / sizeof(*nowhere); i++)
		for (int twice = 0; twice < 2; twice++) {
			assert_string_equal(listed_with(&(struct setting){ .dir = nowhere[i] }), "first");
			assert_int_equal(times_asked(), 2 * i + (size_t)twice + 1);
		}
	assert_int_equal(access("missing", F_OK), -1);
}

/* A write beyond the limit of file sizes sends a signal, which is nobody's business here. */
static void a_full_disk_is_as_if_there_were_no_cache(void **state)
{
	struct rlimit was, small = { 0 };
	sigset_t pending;

	(void)state;
	make_program("");
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &was), 0);
	small = (struct rlimit){ 16, was.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	listed();
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &was), 0);
	sigpending(&pending);
	assert_false(sigismember(&pending, SIGXFSZ));
	fixture_run("test -z \"$(ls cache)\"");
	assert_string_equal(listed(), "first");
}

static void others_directories_are_left_alone(void **state)
{
	(void)state;
	make_program("");
	fixture_run("mkdir cache && chmod 777 cache");
	listed();
	fixture_run("test -z \"$(ls cache)\"");
}

static void the_place_follows_the_specification(void **state)
{
	struct arena arena = { 0 };
	char home[256];

	(void)state;
	snprintf(home, sizeof(home), "%s", getenv("HOME") ? getenv("HOME") : "/");
	setenv("HOME", "/home/me", 1);
	setenv("XDG_CACHE_HOME", "/elsewhere", 1);
	assert_string_equal(list_cache_place(&arena), "/elsewhere/proctor/lists");
	setenv("XDG_CACHE_HOME", "relative", 1);
	assert_string_equal(list_cache_place(&arena), "/home/me/.cache/proctor/lists");
	unsetenv("XDG_CACHE_HOME");
	assert_string_equal(list_cache_place(&arena), "/home/me/.cache/proctor/lists");
	unsetenv("HOME");
	assert_null(list_cache_place(&arena));
	setenv("HOME", home, 1);
	arena_fini(&arena);
}

static size_t nfiles(void)
{
	DIR *dir = opendir("cache");
	size_t n = 0;

	assert_non_null(dir);
	while (readdir(dir))
		n++;
	closedir(dir);
	return n - 2;
}

static void the_oldest_go_where_there_are_too_many(void **state)
{
	(void)state;
	fixture_run("mkdir cache && cd cache && seq 9000 | xargs touch && touch -d '1 hour ago' 1 2 3 && "
		    "touch -d '2 days ago' 4 && touch new-recent && touch -d '3 hours ago' new-left");
	list_cache_prune("cache");
	assert_int_equal(nfiles(), 8192 + 1);
	assert_int_equal(access("cache/1", F_OK), -1);
	assert_int_equal(access("cache/4", F_OK), -1);
	assert_int_equal(access("cache/new-left", F_OK), -1);
	assert_int_equal(access("cache/new-recent", F_OK), 0);
	fixture_run("cd cache && rm -f [0-9]* && for i in 1 2 3 4 5 6; do truncate -s 50M $i; done && "
		    "touch -d '1 hour ago' 3");
	list_cache_prune("cache");
	assert_int_equal(nfiles(), 5 + 1);
	assert_int_equal(access("cache/3", F_OK), -1);
}

static int setup(void **state)
{
	const char *own = "static const char *its_own(void) { return \"second\"; }\n";

	if (fixture_setup(state) < 0)
		return -1;
	fixture_write("own.h", own, strlen(own));
	return 0;
}

#define in_a_directory(test) cmocka_unit_test_setup_teardown(test, setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_a_directory(a_program_is_asked_once),
		in_a_directory(without_a_cache_it_is_asked_each_time),
		in_a_directory(a_program_built_anew_is_asked_again),
		in_a_directory(a_program_changed_in_secret_is_asked_again),
		in_a_directory(what_was_written_just_now_is_not_kept),
		cmocka_unit_test(times_without_a_fraction_are_fresh_for_longer),
		in_a_directory(a_changed_library_has_its_programs_asked_again),
		in_a_directory(another_environment_is_another_question),
		cmocka_unit_test(variables_make_a_difference_in_any_order),
		in_a_directory(what_preloads_a_library_is_asked_each_time),
		in_a_directory(other_words_are_another_question),
		in_a_directory(what_a_manifest_sets_is_part_of_the_question),
		in_a_directory(what_failed_or_warned_is_asked_again),
		in_a_directory(what_is_damaged_is_passed_over_and_replaced),
		in_a_directory(an_old_answer_is_asked_for_again),
		in_a_directory(times_are_kept_with_the_list),
		in_a_directory(where_nothing_can_be_kept_programs_are_asked),
		in_a_directory(a_full_disk_is_as_if_there_were_no_cache),
		in_a_directory(others_directories_are_left_alone),
		cmocka_unit_test(the_place_follows_the_specification),
		in_a_directory(the_oldest_go_where_there_are_too_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
