/* SPDX-License-Identifier: MIT */
#include "base/file_replace.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char dir[] = "/tmp/proctor-replacement-XXXXXX";

static const char *in_dir(const char *name)
{
	static char path[2][128];
	static int turn;

	turn = !turn;
	snprintf(path[turn], sizeof(path[turn]), "%s/%s", dir, name);
	return path[turn];
}

static void write_text(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static void check_text(const char *path, const char *text)
{
	char found[64] = "";
	FILE *f = fopen(path, "r");

	assert_non_null(f);
	assert_true(fgets(found, sizeof(found), f) || *text == '\0');
	assert_string_equal(found, text);
	fclose(f);
}

/* Nothing but the report itself is left in the directory. */
static void check_alone(const char *name)
{
	char command[160];

	snprintf(command, sizeof(command), "test \"$(ls %s)\" = %s", dir, name);
	assert_int_equal(system(command), 0);
	assert_int_equal(unlink(in_dir(name)), 0);
}

static void the_old_one_stands_until_the_new_one_is_whole(void **state)
{
	struct replacement r;
	struct proctor_error err;

	(void)state;
	write_text(in_dir("report"), "old");
	assert_int_equal(replacement_open(&r, in_dir("report"), &err), 0);
	fputs("new", r.file);
	fflush(r.file);
	check_text(r.path, "old");
	assert_int_equal(replacement_close(&r, 0, &err), 0);
	check_text(in_dir("report"), "new");
	check_alone("report");
}

static void the_mode_stays(void **state)
{
	struct replacement r;
	struct proctor_error err;
	struct stat st;

	(void)state;
	write_text(in_dir("report"), "old");
	assert_int_equal(chmod(in_dir("report"), 0640), 0);
	assert_int_equal(replacement_open(&r, in_dir("report"), &err), 0);
	/* Before a word of it is written. */
	assert_int_equal(fstat(fileno(r.file), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0640);
	assert_int_equal(replacement_close(&r, 0, &err), 0);
	assert_int_equal(stat(in_dir("report"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0640);
	check_alone("report");
}

static void after_a_failure_the_old_one_stands(void **state)
{
	struct replacement r;
	struct proctor_error err = { .code = 0 };

	(void)state;
	write_text(in_dir("report"), "old");
	assert_int_equal(replacement_open(&r, in_dir("report"), &err), 0);
	fputs("half of", r.file);
	assert_int_equal(replacement_close(&r, -EBADMSG, &err), -EBADMSG);
	assert_int_equal(err.code, 0);	/* the caller's sentence stays */
	check_text(in_dir("report"), "old");
	check_alone("report");
}

static void what_a_killed_process_left_is_no_hindrance(void **state)
{
	struct replacement r;
	struct proctor_error err;

	(void)state;
	write_text(in_dir("report.proctor-new"), "left");
	assert_int_equal(replacement_open(&r, in_dir("report"), &err), 0);
	fputs("new", r.file);
	assert_int_equal(replacement_close(&r, 0, &err), 0);
	check_text(in_dir("report"), "new");
	check_alone("report");
}

static void one_report_is_made_by_one(void **state)
{
	struct replacement r, other;
	struct proctor_error err;

	(void)state;
	assert_int_equal(replacement_open(&r, in_dir("report"), &err), 0);
	assert_int_equal(replacement_open(&other, in_dir("report"), &err), -EBUSY);
	assert_non_null(strstr(err.text, "report is being written by another proctor"));
	fputs("mine", r.file);
	assert_int_equal(replacement_close(&r, 0, &err), 0);
	check_text(in_dir("report"), "mine");
	assert_int_equal(replacement_open(&other, in_dir("report"), &err), 0);
	/* Nor by one that writes to the file itself, under another name. */
	assert_int_equal(symlink("report", in_dir("link")), 0);
	assert_int_equal(replacement_open(&r, in_dir("link"), &err), -EBUSY);
	assert_int_equal(replacement_close(&other, -ECANCELED, &err), -ECANCELED);
	assert_int_equal(unlink(in_dir("link")), 0);
	check_text(in_dir("report"), "mine");
	check_alone("report");
}

/* Whoever foresees the name of the temporary file gets nothing written to where it leads. */
static void a_link_in_the_way_is_not_followed(void **state)
{
	struct replacement r;
	struct proctor_error err;

	(void)state;
	write_text(in_dir("victim"), "precious");
	assert_int_equal(symlink("victim", in_dir("report.proctor-new")), 0);
	assert_int_equal(replacement_open(&r, in_dir("report"), &err), -ELOOP);
	assert_non_null(strstr(err.text, "report.proctor-new"));
	assert_int_equal(unlink(in_dir("report.proctor-new")), 0);
	check_text(in_dir("victim"), "precious");
	check_alone("victim");
}

/* As root, a replacement of /dev/null or /dev/stdout would take it from the whole machine. */
static void links_and_devices_are_written_to(void **state)
{
	struct replacement r;
	struct proctor_error err;
	struct stat st;

	(void)state;
	assert_true(replacement_in_place("/dev/null"));
	assert_false(replacement_in_place(in_dir("absent")));
	write_text(in_dir("target"), "old and longer");
	assert_int_equal(symlink("target", in_dir("link")), 0);
	assert_int_equal(replacement_open(&r, in_dir("link"), &err), 0);
	fputs("new", r.file);
	assert_int_equal(replacement_close(&r, 0, &err), 0);
	assert_int_equal(lstat(in_dir("link"), &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	check_text(in_dir("target"), "new");
	assert_int_equal(unlink(in_dir("link")), 0);
	check_alone("target");
}

/* More than a buffer: the write that failed is long over at the end. */
static void a_full_device_is_told_as_such(void **state)
{
	struct replacement r;
	struct proctor_error err;

	(void)state;
	assert_int_equal(symlink("/dev/full", in_dir("link")), 0);
	assert_int_equal(replacement_open(&r, in_dir("link"), &err), 0);
	for (int i = 0; i < 100000; i++)
		fputs("0123456789", r.file);
	assert_int_equal(replacement_close(&r, 0, &err), -ENOSPC);
	assert_non_null(strstr(err.text, "cannot write "));
	assert_non_null(strstr(err.text, "No space left on device"));
	check_alone("link");
}

static void what_cannot_be_opened_is_named(void **state)
{
	struct replacement r;
	struct proctor_error err;

	(void)state;
	assert_int_equal(replacement_open(&r, "/nonexistent/report", &err), -ENOENT);
	assert_string_equal(err.text,
			    "cannot write /nonexistent/report: No such file or directory");
	assert_int_equal(replacement_open(&r, dir, &err), -EISDIR);
}

static int make_dir(void **state)
{
	(void)state;
	return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state)
{
	(void)state;
	return rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_old_one_stands_until_the_new_one_is_whole),
		cmocka_unit_test(the_mode_stays),
		cmocka_unit_test(after_a_failure_the_old_one_stands),
		cmocka_unit_test(what_a_killed_process_left_is_no_hindrance),
		cmocka_unit_test(one_report_is_made_by_one),
		cmocka_unit_test(a_link_in_the_way_is_not_followed),
		cmocka_unit_test(links_and_devices_are_written_to),
		cmocka_unit_test(a_full_device_is_told_as_such),
		cmocka_unit_test(what_cannot_be_opened_is_named),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
