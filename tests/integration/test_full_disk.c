/* SPDX-License-Identifier: MIT */
/* No room for the events: it is said, and the verdicts on the terminal stand. */
#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

static void check_told(const struct run *run, const char *path)
{
	assert_int_equal(run->exit_code, 3);
	if (!strstr(run->err, path) || !strstr(run->err, "No space left on device"))
		fail_msg("not told: %s", run->err);
	assert_non_null(strstr(run->out, "Tests: 224 passed, 0 failed, 0 skipped\n"));
}

static void a_device_that_is_full(void **state)
{
	struct run *run;

	(void)state;
	run = run_proctor(&(struct run_setup){
		.args = WORDS("--events=/dev/full", suite_path("smoke")),
		.no_events = true,
	});
	check_told(run, "/dev/full");
}

/* The report in JUnit's XML is whole, though the events, which stand before it, had no room. */
static void the_events_fail_and_other_reports_do_not(void **state)
{
	char path[64], option[80], text[8192];
	struct run *run;
	size_t ncases = 0;
	FILE *f;

	(void)state;
	snprintf(path, sizeof(path), "/tmp/proctor-whole-%d.xml", (int)getpid());
	snprintf(option, sizeof(option), "--junit=%s", path);
	run = run_proctor(&(struct run_setup){
		.args = WORDS("--events=/dev/full", option, suite_path("smoke")),
		.no_events = true,
	});
	check_told(run, "/dev/full");
	f = fopen(path, "re");
	assert_non_null(f);
	while (fgets(text, sizeof(text), f))
		ncases += strstr(text, "<testcase") != NULL;
	fclose(f);
	unlink(path);
	assert_int_equal(ncases, 224);
	assert_string_equal(text, "</testsuites>\n");
}

/* Full after a while; what was written is whole lines. */
static void a_disk_that_runs_full(void **state)
{
	char dir[] = "/tmp/proctor-disk-XXXXXX", events[64], option[80], line[8192];
	struct run *run;
	size_t nlines = 0;
	FILE *f;

	(void)state;
	assert_non_null(mkdtemp(dir));
	if (mount("none", dir, "tmpfs", 0, "size=16k") < 0) {
		print_message("no file system can be mounted\n");
		rmdir(dir);
		skip();
	}
	snprintf(events, sizeof(events), "%s/events", dir);
	snprintf(option, sizeof(option), "--events=%s", events);
	run = run_proctor(&(struct run_setup){
		.args = WORDS(option, suite_path("smoke")),
		.no_events = true,
	});
	f = fopen(events, "re");
	while (f && fgets(line, sizeof(line), f) && strchr(line, '\n'))
		nlines++;
	if (f)
		fclose(f);
	umount2(dir, MNT_DETACH);
	rmdir(dir);
	check_told(run, events);
	assert_true(nlines > 10);
}

static void a_directory_that_is_not_there(void **state)
{
	struct run *run;

	(void)state;
	run = run_proctor(&(struct run_setup){
		.args = WORDS("--events=/nowhere/events", suite_path("smoke")),
		.no_events = true,
	});
	assert_int_equal(run->exit_code, 3);
	assert_non_null(strstr(run->err, "/nowhere/events"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		harness_test(a_device_that_is_full),
		harness_test(the_events_fail_and_other_reports_do_not),
		harness_test(a_disk_that_runs_full),
		harness_test(a_directory_that_is_not_there),
	};

	return cmocka_run_group_tests_name("full disk", tests, NULL, NULL);
}
