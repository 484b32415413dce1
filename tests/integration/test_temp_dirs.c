/* SPDX-License-Identifier: MIT */
/* Each process of tests, and in the isolations test and fork each test, has a temporary directory of its own, which is
 * empty at its start and gone at the end: that nothing is left in TMPDIR the harness checks after each run. */
#include "harness.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_BYTES 256

/* Where the test says that its directory is, which has to be as it should be. */
static void shown_dir(const json_t *end, char path[static PATH_BYTES])
{
	const char *out = event_text(end, "stdout"), *at = strstr(out, "temp=");
	char again[PATH_BYTES + 16];

	assert_string_equal(event_text(end, "verdict"), "pass");
	assert_non_null(at);
	snprintf(path, PATH_BYTES, "%.*s", (int)strcspn(at + 5, "\n"), at + 5);
	snprintf(again, sizeof(again), "test_temp=%s\n", path);
	assert_non_null(strstr(out, again));
}

static bool is_test_end(const json_t *event)
{
	return strcmp(event_text(event, "event"), "test-end") == 0;
}

/* How many directories its tests had. With `empty` each found nothing in it. */
static size_t ndirs(const struct run *run, size_t ntests, bool empty)
{
	char dirs[32][PATH_BYTES];
	const json_t *event;
	size_t i, n = 0, nends = 0;

	json_array_foreach(run->events, i, event) {
		size_t k = 0;

		if (!is_test_end(event))
			continue;
		nends++;
		shown_dir(event, dirs[n]);
		while (strcmp(dirs[k], dirs[n]) != 0)
			k++;
		n += k == n;
	}
	assert_int_equal(nends, ntests);
	json_array_foreach(run->events, i, event)
		if (is_test_end(event) && empty)
			assert_non_null(strstr(event_text(event, "stdout"), "\n0 entries, mode 700\n"));
	return n;
}

static void tests_at_one_time_have_different_ones(void **state)
{
	struct run *run = run_start(&(struct run_setup){
		.args = WORDS(*state, "--repeat=4", "--test-threads=4", "--timeout=60s", suite_path("temp/uses")),
		.env = WORDS("WAY=together"),
	});

	run_finish(run);
	run_check(run);
	assert_int_equal(ndirs(run, 4, true), 4);
}

/* A file beside TMPDIR, to which tests leave links. */
static char outside[64] = "OUTSIDE=/tmp/proctor-outside-XXXXXX";

static void each_test_has_a_directory(void **state)
{
	const char *isolation = *state;
	const char *path = strchr(outside, '=') + 1;
	struct run *run;
	int fd = mkostemp(strchr(outside, '=') + 1, O_CLOEXEC);

	assert_true(fd >= 0);
	run = run_proctor(&(struct run_setup){
		.args = WORDS(isolation, "--repeat=3", suite_path("temp/uses")),
		.env = WORDS("WAY=all", outside),
	});
	assert_true(ndirs(run, 3, true) <= 3);
	run_free(run);
	run = run_proctor(&(struct run_setup){
		.args = WORDS(isolation, "--repeat=3", "--test-threads=1", suite_path("temp/libtemp.so")),
		.env = WORDS(strstr(isolation, "batch") ? "WAY=file" : "WAY=all", outside),
	});
	assert_int_equal(ndirs(run, 6, !strstr(isolation, "batch")), 1);
	assert_int_equal(access(path, F_OK), 0);
	close(fd);
	unlink(path);
	snprintf(outside, sizeof(outside), "OUTSIDE=/tmp/proctor-outside-XXXXXX");
}

static void what_the_manifest_says_goes_before_it(void **state)
{
	struct run *run;
	char manifest[128], dir[] = "/tmp/proctor-wish-XXXXXX";
	FILE *f;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(manifest, sizeof(manifest), "%s/m.json", dir);
	f = fopen(manifest, "we");
	assert_non_null(f);
	fprintf(f, "{ \"version\": 1, \"suites\": [ { \"path\": \"%s\", \"env\": { \"TMPDIR\": \"%s\" } } ] }\n",
		suite_path("temp/uses"), dir);
	fclose(f);
	for (int i = 0; i < 3; i++) {
		const char *isolations[] = { "--isolation=batch", "--isolation=test", "--isolation=fork" };
		char want[128];

		run = run_proctor(&(struct run_setup){ .args = WORDS(isolations[i], manifest) });
		snprintf(want, sizeof(want), "uses temp=%s\n", dir);
		assert_non_null(strstr(event_text(run_end(run, "uses"), "stdout"), want));
		run_check_verdict(run, "uses", "pass");
		run_free(run);
	}
	unlink(manifest);
	assert_int_equal(rmdir(dir), 0);
}

/* The path of a file in the directory that the test's end tells, which has to be there. */
static void check_kept(const struct run *run, const char *id, const char *file)
{
	const char *dir = event_text(run_end(run, id), "temp_dir");
	char path[PATH_BYTES];

	assert_true(dir[0] == '/');
	snprintf(path, sizeof(path), "%s/%s", dir, file);
	if (access(path, F_OK) < 0)
		fail_msg("%s is not there", path);
	assert_non_null(strstr(run->out, dir));
}

static void what_tests_leave_can_be_kept(void **state)
{
	const char *isolation = *state;
	char dir[] = "/tmp/proctor-kept-XXXXXX", variable[64], command[64];
	struct run *run;

	assert_non_null(mkdtemp(dir));
	snprintf(variable, sizeof(variable), "TMPDIR=%s", dir);
	run = run_proctor(&(struct run_setup){
		.args = WORDS(isolation, "--keep-temp", suite_path("temp/uses"), suite_path("temp/libtemp.so")),
		.env = WORDS("WAY=fails", variable),
	});
	run_check_verdict(run, "uses", "fail");
	check_kept(run, "uses", "uses");
	check_kept(run, "temp::first", "first");
	check_kept(run, "temp::second", "second");
	assert_non_null(strstr(run->out, "is kept in"));
	run_free(run);
	snprintf(command, sizeof(command), "rm -r %s", dir);
	assert_int_equal(system(command), 0);

	/* Of those in which there is nothing none stays. */
	run = run_proctor(&(struct run_setup){
		.args = WORDS(isolation, "--keep-temp", suite_path("temp/uses"), suite_path("temp/libtemp.so")),
	});
	assert_int_equal(run->exit_code, 0);
	assert_null(strstr(run->out, "kept"));
	assert_string_equal(event_text(run_end(run, "uses"), "temp_dir"), "");
}

static void without_a_place_for_them_nothing_is_run(void **state)
{
	struct run *run;

	(void)state;
	run = run_proctor(&(struct run_setup){
		.args = WORDS(suite_path("temp/uses")),
		.env = WORDS("TMPDIR=/nonexistent/directory"), .cut_short = true,
	});
	assert_int_equal(run->exit_code, 3);
	assert_non_null(strstr(run->err, "cannot make a temporary directory in /nonexistent/directory "
					 "(TMPDIR says where): No such file or directory"));
	assert_int_equal(run_count(run, "test-start"), 0);
}

static void make_mutable(const char *file)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC), flags = 0;

	assert_true(fd >= 0);
	assert_int_equal(ioctl(fd, FS_IOC_SETFLAGS, &flags), 0);
	close(fd);
}

static void what_cannot_be_removed_is_told_once(void **state)
{
	char dir[] = "/tmp/proctor-stays-XXXXXX", variable[64], file[PATH_BYTES], command[64];
	const char *at;
	struct run *run;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(variable, sizeof(variable), "TMPDIR=%s", dir);
	run = run_proctor(&(struct run_setup){
		.args = WORDS("--repeat=3", suite_path("temp/uses")), .env = WORDS("WAY=immutable", variable),
	});
	if (strcmp(event_text(run_end(run, "uses"), "verdict"), "skip") == 0) {
		rmdir(dir);
		skip();
	}
	at = strstr(run->out, "note: cannot remove ");
	assert_non_null(at);
	assert_null(strstr(at + 1, "note: cannot remove "));
	assert_non_null(strstr(at, "/stays: Operation not permitted; 2 other temporary directories stay, too"));
	assert_int_equal(run_count(run, "note"), 1);
	for (unsigned i = 1; i <= 3; i++) {
		snprintf(file, sizeof(file), "%s/proctor-%.8s-%u/stays", dir,
			 event_text(run_event(run, "run-start"), "run_id"), i);
		make_mutable(file);
	}
	snprintf(command, sizeof(command), "rm -r %s", dir);
	assert_int_equal(system(command), 0);
}

/* A test that clears away what it takes for nobody's costs no other test. */
static void a_test_that_removes_all_directories_harms_no_later_one(void **state)
{
	struct run *run;

	(void)state;
	run = run_proctor(&(struct run_setup){
		.args = WORDS("--test-threads=1", "--repeat=3", "--wrap=sh -c 'rm -r \"$TMPDIR\"/../proctor-*; mkdir -m 700 "
			      "\"$TMPDIR\"; exec \"$0\" \"$@\"'", suite_path("temp/uses")),
	});
	assert_int_equal(run->exit_code, 0);
	assert_true(ndirs(run, 3, true) > 0);
}

int main(void)
{
	static char batch[] = "--isolation=batch", test[] = "--isolation=test", fork[] = "--isolation=fork";
	const struct CMUnitTest tests[] = {
		harness_row_test("each_test_has_a_directory, batch", each_test_has_a_directory, batch),
		harness_row_test("each_test_has_a_directory, test", each_test_has_a_directory, test),
		harness_row_test("each_test_has_a_directory, fork", each_test_has_a_directory, fork),
		harness_row_test("tests_at_one_time_have_different_ones, test", tests_at_one_time_have_different_ones, test),
		harness_row_test("tests_at_one_time_have_different_ones, fork", tests_at_one_time_have_different_ones, fork),
		harness_test(what_the_manifest_says_goes_before_it),
		harness_row_test("what_tests_leave_can_be_kept, batch", what_tests_leave_can_be_kept, batch),
		harness_row_test("what_tests_leave_can_be_kept, test", what_tests_leave_can_be_kept, test),
		harness_row_test("what_tests_leave_can_be_kept, fork", what_tests_leave_can_be_kept, fork),
		harness_test(without_a_place_for_them_nothing_is_run),
		harness_test(what_cannot_be_removed_is_told_once),
		harness_test(a_test_that_removes_all_directories_harms_no_later_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
