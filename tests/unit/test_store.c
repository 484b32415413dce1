/* SPDX-License-Identifier: MIT */
/* src/coverage/store.h: whose a coverage directory is, and what a run leaves in it. */
#include "coverage/store.h"

#include "fixture.h"

static void open_good(struct store *s, const char *dir, bool make)
{
	struct proctor_error err;

	if (store_open(s, dir, make, &err) < 0)
		fail_msg("%s", err.text);
}

static void open_bad(const char *dir, bool make, int code, const char *says)
{
	struct proctor_error err;
	struct store s;

	assert_int_equal(store_open(&s, dir, make, &err), code);
	if (!strstr(err.text, says))
		fail_msg("\"%s\" does not say \"%s\"", err.text, says);
	/* Nothing is open: closing it once more does no harm. */
	assert_int_equal(s.lock_fd, -1);
	store_close(&s);
}

static void a_directory_is_made_with_those_above_it(void **state)
{
	struct store s;
	char *path;

	(void)state;
	open_good(&s, "a/b/../b/c", true);
	assert_int_equal(s.dir[0], '/');
	assert_non_null(strstr(s.dir, "/a/b/c"));
	path = store_path(&s, "x");
	assert_true(strncmp(path, s.dir, strlen(s.dir)) == 0 && strcmp(path + strlen(s.dir), "/x") == 0);
	free(path);
	store_close(&s);
	fixture_run("test -s a/b/c/.proctor-coverage && rm -r a");
}

static void one_run_at_a_time_works_in_it(void **state)
{
	struct store s;

	(void)state;
	open_good(&s, "d", true);
	open_bad("d", true, -EBUSY, "in use by another run");
	store_close(&s);
	open_good(&s, "d", true);
	store_close(&s);
	fixture_run("rm -r d");
}

static void what_is_not_a_runs_is_refused_and_stays(void **state)
{
	static const char *const names[] = { "raw", "merged", "state.json", "coverage.json", "index.html",
					     ".proctor-coverage" };

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char path[64];

		fixture_run("mkdir d");
		snprintf(path, sizeof(path), "d/%s", names[i]);
		fixture_write(path, "mine", 4);
		open_bad("d", true, -EEXIST, names[i]);
		fixture_run("test \"$(cat %s)\" = mine && test $(ls -A d | wc -l) = 1 && rm -r d", path);
	}
	/* The mark is no link, and no FIFO is waited for. */
	fixture_run("mkdir d && ln -s nowhere d/.proctor-coverage");
	open_bad("d", true, -ELOOP, ".proctor-coverage");
	fixture_run("test ! -e nowhere && rm -r d && mkdir d && mkfifo d/.proctor-coverage");
	open_bad("d", true, -EEXIST, ".proctor-coverage");
	fixture_run("rm -r d");
}

static void an_empty_mark_is_filled_where_nothing_would_be_lost(void **state)
{
	struct store s;

	(void)state;
	fixture_run("mkdir d && touch d/.proctor-coverage d/photo");
	open_good(&s, "d", true);
	store_close(&s);
	fixture_run("test -s d/.proctor-coverage && rm -r d");
	fixture_run("mkdir -p d/raw && touch d/.proctor-coverage");
	open_bad("d", true, -EEXIST, "d/raw is there");
	fixture_run("rm -r d");
}

static void nothing_left_is_said_and_nothing_is_made(void **state)
{
	(void)state;
	open_bad("none", false, -ENODATA, "has left anything in none");
	fixture_run("test ! -e none && mkdir d");
	open_bad("d", false, -ENODATA, "has left anything in d");
	fixture_run("touch d/state.json");
	open_bad("d", false, -ENODATA, "has left anything in");
	fixture_run("test ! -e d/.proctor-coverage && rm -r d");
}

static void names_that_llvm_would_take_apart_are_refused(void **state)
{
	(void)state;
	open_bad("", true, -EINVAL, "is empty");
	open_bad("50%", true, -EINVAL, "percent sign");
	open_bad("a\nb", true, -EINVAL, "line break");
	fixture_run("touch file");
	open_bad("file/d", true, -ENOTDIR, "cannot make the coverage directory file/d");
}

static void a_former_run_is_cleaned_away_and_nothing_else(void **state)
{
	struct proctor_error err;
	struct store s;

	(void)state;
	open_good(&s, "d", true);
	assert_int_equal(store_clean(&s, &err), 0);
	fixture_run("cd d && touch raw/a merged/b coverage.profdata coverage.json coverage.lcov index.html "
		    "state.json mine && ln -s ../kept raw/link && mkdir ../kept && touch ../kept/x");
	assert_int_equal(store_clean(&s, &err), 0);
	fixture_run("test \"$(ls -A d | tr '\\n' ' ')\" = '.proctor-coverage merged mine raw ' && "
		    "test -z \"$(ls -A d/raw d/merged | grep -v :)\" && test -e kept/x");
	/* What leads elsewhere is not followed. */
	fixture_run("rmdir d/raw && ln -s ../kept d/raw");
	assert_true(store_clean_raw(&s, &err) < 0);
	fixture_run("test -e kept/x && rm d/raw && mkdir -p d/raw/directory");
	assert_true(store_clean(&s, &err) < 0);
	assert_non_null(strstr(err.text, "cannot remove directory from"));
	store_close(&s);
	fixture_run("rm -r d kept");
}

static void add_function(struct functions *to, const char *name, uint64_t hits, bool counted,
			 unsigned nprocesses)
{
	struct function *f = vector_add(to);

	if (!f)
		abort();
	*f = (struct function){ .name = strdup(name), .hits = hits, .counted = counted,
				.nprocesses = nprocesses };
}

static void add_unmapped(struct store *s)
{
	struct unmapped *u = vector_add(&s->unmapped);

	if (!u)
		abort();
	texts_add(&u->paths, "/b.so");
	texts_add(&u->paths, "/c.so");
	add_function(&u->functions, "z", 5, true, 1);
	add_function(&u->functions, "a", 0, false, 0);
}

static void what_was_saved_is_loaded(void **state)
{
	struct proctor_error err;
	char *before, *after;
	json_t *facts;
	struct store s;

	(void)state;
	open_good(&s, "d", true);
	texts_add(&s.profiles, "merged/0.profraw");
	texts_add(&s.binaries, "/lib/%s.so", "one");
	texts_add(&s.problems, "the counts of \377\n are missing");
	texts_add(&s.notes, "\"note\"");
	s.has_functions = true;
	add_function(&s.functions, "core::f", UINT64_MAX, true, 3);
	add_unmapped(&s);
	facts = store_facts(&s);
	before = json_dumps(facts, JSON_COMPACT);
	json_decref(facts);
	assert_non_null(strstr(before, "the counts of \\\\xff\\\\x0a are missing"));
	assert_int_equal(store_save(&s, &err), 0);
	store_close(&s);

	open_good(&s, "d", false);
	if (store_load(&s, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(s.profiles.n, 1);
	assert_string_equal(s.profiles.list[0], "merged/0.profraw");
	assert_int_equal(s.binaries.n, 1);
	assert_string_equal(s.binaries.list[0], "/lib/one.so");
	assert_true(s.has_functions && s.functions.list[0].hits == UINT64_MAX);
	assert_int_equal(s.unmapped.nbinaries, 2);
	assert_int_equal(s.unmapped.nfunctions, 2);
	assert_int_equal(s.unmapped.nran, 1);
	assert_string_equal(s.unmapped.list[0].functions.list[0].name, "a");
	/* Functions are sorted by then; all else is as it was. */
	facts = store_facts(&s);
	after = json_dumps(facts, JSON_COMPACT);
	json_decref(facts);
	assert_int_equal(strlen(before), strlen(after));
	free(before);
	free(after);
	store_close(&s);
	fixture_run("rm -r d");
}

#define STATE(version, profiles, binaries, facts) \
	"{\"version\":" version ",\"profiles\":" profiles ",\"binaries\":" binaries \
	",\"facts\":{" facts "}}"
#define NO_FACTS "\"problems\":[],\"notes\":[]"

static void what_is_no_state_is_refused_by_name(void **state)
{
	static const char *const bad[] = {
		"", "{", "[]", "{}", "{\"version\":4}",
		STATE("3", "[]", "[]", NO_FACTS), STATE("4", "3", "[]", NO_FACTS),
		STATE("4", "[{}]", "[]", NO_FACTS), STATE("4", "[]", "[1]", NO_FACTS),
		STATE("4", "[]", "[]", "\"problems\":{},\"notes\":[]"),
		STATE("4", "[]", "[]", NO_FACTS ",\"tml_functions\":[{\"name\":\"f\"}]"),
		STATE("4", "[]", "[]", NO_FACTS ",\"unmapped\":[{\"paths\":[],\"functions\":[]}]"),
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct proctor_error err;
		struct store s;

		open_good(&s, "d", true);
		fixture_write("d/state.json", bad[i], strlen(bad[i]));
		assert_int_equal(store_load(&s, &err), -EBADMSG);
		assert_non_null(strstr(err.text, "d/state.json"));
		store_close(&s);
	}
	fixture_run("rm -r d");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_directory_is_made_with_those_above_it),
		cmocka_unit_test(one_run_at_a_time_works_in_it),
		cmocka_unit_test(what_is_not_a_runs_is_refused_and_stays),
		cmocka_unit_test(an_empty_mark_is_filled_where_nothing_would_be_lost),
		cmocka_unit_test(nothing_left_is_said_and_nothing_is_made),
		cmocka_unit_test(names_that_llvm_would_take_apart_are_refused),
		cmocka_unit_test(a_former_run_is_cleaned_away_and_nothing_else),
		cmocka_unit_test(what_was_saved_is_loaded),
		cmocka_unit_test(what_is_no_state_is_refused_by_name),
	};

	return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
