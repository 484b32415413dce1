/* SPDX-License-Identifier: MIT */
/*
 * Every way in which a test can misbehave, as a TML test, with suite.h and as an executable, under
 * each isolation: its verdict, whom it is blamed on, its output; and its neighbours, which pass
 * with nothing but their own output. One run for each kind, in which all misbehave together.
 */
#include "harness.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

struct way {
	const char *suite;		/* without the kind's ending */
	unsigned index;
	const char *name;
	/* By kind; NULL: not run so. A '|' between two that are both right. */
	const char *tml, *suite_h, *exe;
	const char *out, *err;		/* exactly; NULL: any */
	const char *message;		/* in it; NULL: any */
	int signal;			/* 0: any */
	bool leaky;
	/* A forked test's parent is its host. */
	const char *forked;		/* verdict; NULL: the same */
	bool thread;			/* what it leaves is a thread */
	/* Noted beside the test's end: the note's text, where the message has nothing. */
	const char *note;
};

static const struct way ways[] = {
	{ "returns", 1, "return_nonzero", "fail", "fail", "fail", .out = "returns 3\n" },
	{ "returns", 3, "exit_0", "fail", "fail", "pass", .out = "exits with 0\n" },
	{ "returns", 5, "exit_1", "fail", "fail", "fail", .out = "exits with 1\n" },
	{ "returns", 7, "_exit_0", "fail", "fail", "pass", .err = "leaves with 0\n" },
	{ "returns", 9, "_exit_5", "fail", "fail", "fail", .err = "leaves with 5\n" },
	{ "returns", 11, "quick_exit_0", "fail", "fail", NULL, .out = "" },
	{ "returns", 13, "return_minus_one", "fail", "fail", NULL },
	{ "returns", 15, "return_minus_two", "fail", "fail", NULL },

	{ "signals", 1, "segv", "crash", "crash", "crash", .message = "SIGSEGV",
	  .signal = SIGSEGV },
	{ "signals", 3, "abrt", "crash", "crash", "crash", .message = "SIGABRT",
	  .signal = SIGABRT },
	{ "signals", 5, "fpe", "crash", "crash", "crash", .message = "SIGFPE", .signal = SIGFPE },
	{ "signals", 7, "bus", "crash", "crash", "crash", .message = "SIGBUS", .signal = SIGBUS },
	{ "signals", 9, "ill", "crash", "crash", "crash", .message = "SIGILL", .signal = SIGILL },
	{ "signals", 11, "stack_overflow", "crash", "crash", "crash", .message = "SIGSEGV",
	  .signal = SIGSEGV },
	{ "signals", 13, "sigkill_itself", "crash", "crash", "crash", .message = "SIGKILL",
	  .signal = SIGKILL },
	{ "signals", 15, "sigstop_itself", "timeout", "timeout", "timeout" },
	{ "signals", 17, "sigterm_to_parent", "pass", "pass", "pass", .note = "SIGTERM",
	  .forked = "crash" },
	{ "signals", 19, "sigint_to_parent", "pass", "pass", NULL, .note = "SIGINT",
	  .forked = "crash" },
	{ "signals", 21, "assert_c", "crash", "crash", NULL, .message = "SIGABRT",
	  .signal = SIGABRT },
	{ "signals", 23, "sigterm_itself", "crash", "crash", NULL, .message = "SIGTERM",
	  .signal = SIGTERM },
	{ "signals", 25, "sigterm_to_group", "crash", "crash", "crash", .message = "SIGTERM",
	  .signal = SIGTERM },

	{ "hangs", 1, "endless_loop", "timeout", "timeout", "timeout" },
	{ "hangs", 3, "ignores_sigterm", "timeout", "timeout", "timeout", .err = "ignores\n" },
	{ "hangs", 5, "deadlock", "timeout", "timeout", "timeout" },
	{ "hangs", 7, "hangs_with_children", "timeout", "timeout", "timeout" },
	{ "hangs", 9, "blocks_all_signals", "timeout", "timeout", NULL },
	{ "hangs", 11, "hangs_with_daemon", "timeout", "timeout", "timeout" },
	{ "hangs", 13, "cleans_up", "timeout", "timeout", "timeout", .out = "cleaned up\n" },

	{ "output", 1, "no_newline", "pass", "pass", "pass", .out = "no end of line",
	  .err = "none here either" },
	{ "output", 3, "binary", "pass", "pass", "pass" },
	{ "output", 5, "unflushed_before_crash", "crash", "crash", "crash" },
	{ "output", 7, "closes_stdio", "pass", "pass", "pass", .out = "", .err = "" },
	{ "output", 9, "fcloses_stdio", "pass", "pass", NULL, .out = "before the end\n" },
	{ "output", 11, "nonblocking", "pass", "pass", "pass" },
	{ "output", 13, "stdout_to_file", "pass", "pass", NULL, .out = "before the detour\n" },
	{ "output", 15, "escapes", "fail", "fail", NULL },

	{ "leaves", 1, "thread", "pass", "pass", "pass", .leaky = true,
	  .thread = true },
	{ "leaves", 3, "writing_thread", "pass", "pass", NULL, .leaky = true,
	  .thread = true },
	{ "leaves", 5, "writing_child", "pass", "pass", "pass", .leaky = true },
	{ "leaves", 7, "daemon", "pass", "pass", "pass", .leaky = true },
	{ "leaves", 9, "fork_returns_in_child", "pass", "pass", "pass" },
	{ "leaves", 11, "zombie", "pass", "pass", NULL },
	{ "leaves", 13, "joins_everything", "pass", "pass", NULL },
	{ "leaves", 15, "orphan", "pass", "pass", "pass", .leaky = true },

	{ "changes", 1, "chdir", "pass", "pass", NULL },
	{ "changes", 3, "setenv", "pass", "pass", NULL },
	{ "changes", 5, "umask", "pass", "pass", NULL },
	{ "changes", 7, "rlimit", "pass", "pass", NULL },
	{ "changes", 9, "handlers", "pass", "pass", NULL },
	{ "changes", 11, "mask", "pass", "pass", NULL },
	{ "changes", 13, "alarm", "pass", "pass", NULL },
	{ "changes", 15, "descriptors", "pass", "pass", NULL },
	{ "changes", 17, "memory", "pass", "pass", NULL },
	{ "changes", 19, "scribbles", "crash", "crash", NULL, .message = "page" },
	{ "changes", 21, "closes_all", "pass", "pass", NULL },
	{ "changes", 23, "covers_all", "pass", "pass", NULL },
	{ "changes", 25, "clears_environment", "pass", "pass", NULL },
	{ "changes", 27, "removes_directory", "pass", "pass", NULL },
	{ "changes", 29, "ids", "pass", "pass", NULL },
	{ "changes", 31, "ids_for_good", "pass", "pass", NULL },
	{ "changes", 33, "root", "pass", "pass", NULL },
	{ "changes", 35, "root_and_directory", "pass", "pass", NULL },

	{ "tml", 1, "panic", "fail", .out = "about to panic\n", .message = "the sky is falling" },
	{ "tml", 3, "assertion", "fail", .message = "1 + 1 == 3" },
	{ "tml", 5, "assertion_exits", "fail",
	  .err = "test assertion failed: two equals three\n" },
	{ "tml", 7, "caught_segv", "crash", .message = "SIGSEGV" },
	{ "tml", 8, "caught_again", "crash", .message = "SIGSEGV" },
	{ "tml", 10, "should_panic", "pass" },
	{ "tml", 12, "panic_after_should_panic", "fail",
	  .err = "panic: nobody catches this\n" },
	{ "tml", 14, "panic_in_thread", "fail|crash" },
	{ "tml", 16, "leaks", "pass" },
	{ "tml", 18, "prints", "pass", .out = "one line\n" },
	{ "tml", 20, "double_free", "crash", .message = "SIGABRT" },
};

#define NWAYS (sizeof(ways) / sizeof(ways[0]))

/* How many neighbours each suite has. */
static const struct {
	const char *suite;
	unsigned nneighbours;
	bool tml_only;
} suites[] = {
	{ "returns", 9 }, { "signals", 14 }, { "hangs", 8 }, { "output", 9 }, { "leaves", 9 },
	{ "changes", 19 }, { "tml", 11, .tml_only = true },
};

#define NSUITES (sizeof(suites) / sizeof(suites[0]))

enum kind {
	KIND_TML,
	KIND_SUITE_H,
	KIND_EXE,
};

struct variant {
	const char *title;
	enum kind kind;
	const char *isolation;
	struct run *run;	/* all the rows look at one; NULL: not done yet */
	bool forks;
	bool broken;		/* it did not come to a good end: each row fails */
};

static struct variant variants[] = {
	{ "tml, batch", KIND_TML, "--isolation=batch" },
	{ "suite.h, batch", KIND_SUITE_H, "--isolation=batch" },
	{ "tml, --no-suite", KIND_TML, "--no-suite" },
	{ "tml, fork", KIND_TML, "--isolation=fork", .forks = true },
	{ "suite.h, fork", KIND_SUITE_H, "--isolation=fork", .forks = true },
	{ "executable", KIND_EXE, "--isolation=test" },
};

#define NVARIANTS (sizeof(variants) / sizeof(variants[0]))

struct row {
	struct variant *variant;
	const struct way *way;
	char title[96];
};

static struct row rows[NVARIANTS * NWAYS];

static const char *way_verdict(const struct way *way, enum kind kind)
{
	switch (kind) {
	case KIND_TML:		return way->tml;
	case KIND_SUITE_H:	return way->suite_h;
	case KIND_EXE:		return way->exe;
	}
	return NULL;
}

static const json_t *way_end(const struct run *run, const struct way *way, enum kind kind)
{
	char suite[64], name[64];

	switch (kind) {
	case KIND_TML:
		snprintf(name, sizeof(name), "tml_test_%u", way->index);
		return run_end_of(run, way->suite, name);
	case KIND_SUITE_H:
		snprintf(suite, sizeof(suite), "%s_h", way->suite);
		return run_end_of(run, suite, way->name);
	case KIND_EXE:
		return run_end(run, way->name);
	}
	return NULL;
}

/* Does the variant's run at its first row. */
static const struct run *variant_run(struct variant *variant)
{
	const char *args[] = {
		variant->isolation, "--test-threads=4", "--timeout=1500ms", "--grace=200ms",
		"--on-crash=continue", NULL, NULL, NULL,
	};

	if (variant->broken)
		fail_msg("the run did not come to a good end");
	if (variant->run)
		return variant->run;
	switch (variant->kind) {
	case KIND_TML:
		args[5] = suite_path("ways");
		break;
	case KIND_SUITE_H:
		args[5] = suite_path("ways_h");
		break;
	case KIND_EXE:
		args[5] = "--exe=*";
		args[6] = suite_path("exe");
		break;
	}
	variant->broken = true;
	variant->run = run_start(&(struct run_setup){ .args = args, .cut_short = true });
	run_finish(variant->run);
	variant->broken = false;
	return variant->run;
}

static bool verdict_is(const json_t *end, const char *wanted)
{
	const char *is = event_text(end, "verdict");
	const char *bar = strchr(wanted, '|');

	return bar ? strcmp(is, bar + 1) == 0 || strncmp(is, wanted, (size_t)(bar - wanted)) == 0
		   : strcmp(is, wanted) == 0;
}

static bool is_leaky(const json_t *end)
{
	const json_t *mark;
	size_t i;

	json_array_foreach(json_object_get(end, "marks"), i, mark)
		if (strcmp(json_string_value(mark), "leaky") == 0)
			return true;
	return false;
}

/*
 * What is said of a signal that a test sent to proctor: by the test's end or by a note. Whom the note
 * names is not asked here: the sender's host may have gone on or died by then.
 */
static bool is_noted(const struct run *run, const json_t *end, const char *text)
{
	const json_t *event;
	size_t i;

	if (strstr(event_text(end, "message"), text))
		return true;
	json_array_foreach(run->events, i, event)
		if (strcmp(event_text(event, "event"), "note") == 0 &&
		    strstr(event_text(event, "text"), text) &&
		    strstr(event_text(event, "text"), "not obeyed"))
			return true;
	return false;
}

static void a_way_gets_its_verdict(void **state)
{
	const struct row *row = *state;
	const struct way *way = row->way;
	const struct variant *variant = row->variant;
	const struct run *run = variant_run(row->variant);
	const json_t *end = way_end(run, way, variant->kind);
	const char *verdict = variant->forks && way->forked ? way->forked
							    : way_verdict(way, variant->kind);
	const bool ends_with_it = way->thread && variant->kind == KIND_EXE;

	if (!verdict_is(end, verdict))
		fail_msg("is %s, not %s; message: %s; stdout: %.300s; stderr: %.300s",
			 event_text(end, "verdict"), verdict, event_text(end, "message"),
			 event_text(end, "stdout"), event_text(end, "stderr"));
	if (way->message && !strstr(event_text(end, "message"), way->message))
		fail_msg("message \"%s\" without \"%s\"", event_text(end, "message"), way->message);
	if (way->note && !is_noted(run, end, way->note))
		fail_msg("%s is not noted", way->note);
	if (way->out)
		assert_string_equal(event_text(end, "stdout"), way->out);
	if (way->err && !strstr(event_text(end, "stderr"), way->err))
		fail_msg("stderr \"%s\" without \"%s\"", event_text(end, "stderr"), way->err);
	/* The wrapper of TML turns signals into a value; the words in the message stay. */
	if (way->signal && variant->kind != KIND_TML)
		assert_int_equal(event_number(end, "signal"), way->signal);
	/* One that ended badly may have been stopped before it left anything. */
	if (strcmp(verdict, "pass") == 0 && is_leaky(end) != (way->leaky && !ends_with_it))
		fail_msg("leaky is %d; left: %s", is_leaky(end), event_text(end, "left"));
	/* What was forked in a host is no host. */
	if (strstr(event_text(end, "left"), "proctor-host"))
		fail_msg("left: %s", event_text(end, "left"));
}

static void the_run_holds_together(void **state)
{
	struct variant *variant = *state;
	const struct run *run = variant_run(variant);

	assert_int_equal(run->exit_code, 1);
	run_check(run);
}

/* Neighbours pass, and nobody else's bytes are among theirs. */
static void neighbours_are_left_alone(void **state)
{
	struct variant *variant = *state;
	const struct run *run = variant_run(variant);
	size_t s, w;

	for (s = 0; s < NSUITES; s++) {
		unsigned index, nfound = 0, last = 0;

		if (variant->kind != KIND_TML && suites[s].tml_only)
			continue;
		for (w = 0; w < NWAYS; w++)
			if (strcmp(ways[w].suite, suites[s].suite) == 0)
				last = ways[w].index + 1;
		for (index = 0; index <= last; index++) {
			struct way neighbour = { .suite = suites[s].suite, .index = index };
			char name[32], text[32];
			const json_t *end;

			for (w = 0; w < NWAYS; w++)
				if (strcmp(ways[w].suite, suites[s].suite) == 0 &&
				    ways[w].index == index)
					break;
			if (w < NWAYS)
				continue;
			/* Of the executables two are neighbours, for all. */
			if (variant->kind == KIND_EXE && (s > 0 || index > 2))
				continue;
			nfound++;
			snprintf(name, sizeof(name), "neighbour_%u", index);
			neighbour.name = name;
			end = way_end(run, &neighbour, variant->kind);
			snprintf(text, sizeof(text), "neighbour %u\n", index);
			if (!verdict_is(end, "pass") || is_leaky(end) ||
			    strcmp(event_text(end, "stdout"), text) != 0 ||
			    strcmp(event_text(end, "stderr"), text) != 0)
				fail_msg("%s: %s%s; message: %s; stdout: %.300s; stderr: %.300s",
					 event_text(end, "id"), event_text(end, "verdict"),
					 is_leaky(end) ? ", leaky" : "", event_text(end, "message"),
					 event_text(end, "stdout"), event_text(end, "stderr"));
		}
		if (variant->kind == KIND_EXE)
			assert_int_equal(nfound, s == 0 ? 2 : 0);
		else
			assert_int_equal(nfound, suites[s].nneighbours);
	}
}

static void last_words_survive_a_crash(void **state)
{
	const struct way way = { "output", 5, "unflushed_before_crash" };
	struct variant *variant = *state;
	const json_t *end = way_end(variant_run(variant), &way, variant->kind);

	assert_string_equal(event_text(end, "stdout"), "last words\n");
}

static void bytes_that_are_no_text_are_kept(void **state)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const struct way way = { "output", 3, "binary" };
	struct variant *variant = *state;
	const json_t *end = way_end(variant_run(variant), &way, variant->kind);
	char wanted[345], *p = wanted;
	unsigned i;

	for (i = 0; i < 255; i += 3) {
		unsigned group = i << 16 | (i + 1) << 8 | (i + 2);

		*p++ = digits[group >> 18];
		*p++ = digits[group >> 12 & 63];
		*p++ = digits[group >> 6 & 63];
		*p++ = digits[group & 63];
	}
	/* The 256th byte, 0xff, alone. */
	strcpy(p, "/w==");
	assert_string_equal(event_text(end, "stdout_base64"), wanted);
	assert_int_equal(event_number(end, "stdout_bytes"), 256);
}

static void a_nonblocking_pipe_loses_nothing(void **state)
{
	const struct way way = { "output", 11, "nonblocking" };
	struct variant *variant = *state;
	const json_t *end = way_end(variant_run(variant), &way, variant->kind);

	assert_int_equal(event_number(end, "stdout_bytes"), 4096 * 64);
}

static void no_escape_codes_come_through(void **state)
{
	struct variant *variant = *state;
	const struct run *run = variant_run(variant);

	assert_null(memchr(run->out, '\033', run->nout));
	assert_null(memchr(run->out, '\r', run->nout));
}

static void leaks_are_counted(void **state)
{
	const struct way way = { "tml", 16, "leaks" };
	struct variant *variant = *state;
	const json_t *end = way_end(variant_run(variant), &way, variant->kind);

	assert_int_equal(event_number(end, "leaks"), 2);
	assert_int_equal(event_number(end, "leak_bytes"), 128);
}

static void a_gib_of_output_costs_its_head_and_tail(void **state)
{
	const json_t *end;
	const char *out;
	size_t nout;
	struct run *run;

	(void)state;
	run = run_proctor(&(struct run_setup){
		.args = WORDS("--timeout=60s", suite_path("flood/libflood.so")),
		.deadline_s = 90,
	});
	assert_int_equal(run->exit_code, 0);
	end = run_end(run, "flood::tml_test_1");
	out = event_text(end, "stdout");
	nout = strlen(out);
	assert_int_equal(event_number(end, "stdout_bytes"), (1 << 30) + 11 + 10);
	assert_true(nout <= (1 << 20) && nout > (1 << 20) - 65536);
	assert_int_equal(strncmp(out, "first line\n", 11), 0);
	assert_string_equal(out + nout - 10, "last line\n");
	assert_string_equal(event_text(run_end(run, "flood::tml_test_2"), "stdout"),
			    "neighbour 2\n");
	run_free(run);
}

static int variants_free(void **state)
{
	(void)state;
	return harness_teardown(NULL);
}

/* One way uses up all descriptors. Where a process may have a million of them that takes longer than a
 * test has; 4096 are enough, as a host hides its own below 1024. */
static void descriptors_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur <= 4096)
		return;
	limit.rlim_cur = 4096;
	setrlimit(RLIMIT_NOFILE, &limit);
}

int main(void)
{
	static const struct {
		const char *title;
		CMUnitTestFunction function;
		bool exe, tml_only;
	} extras[] = {
		{ "the run holds together", the_run_holds_together, true },
		{ "neighbours are left alone", neighbours_are_left_alone, true },
		{ "last words survive a crash", last_words_survive_a_crash },
		{ "bytes that are no text are kept", bytes_that_are_no_text_are_kept, true },
		{ "a nonblocking pipe loses nothing", a_nonblocking_pipe_loses_nothing, true },
		{ "no escape codes come through", no_escape_codes_come_through, true },
		{ "leaks are counted", leaks_are_counted, .tml_only = true },
	};
	static char titles[NVARIANTS][sizeof(extras) / sizeof(extras[0])][96];
	static struct CMUnitTest tests[NVARIANTS * (NWAYS + sizeof(extras) / sizeof(extras[0])) + 1];
	size_t ntests = 0, nrows = 0, v, w, e;

	descriptors_limit();
	for (v = 0; v < NVARIANTS; v++) {
		for (e = 0; e < sizeof(extras) / sizeof(extras[0]); e++) {
			if ((variants[v].kind == KIND_EXE && !extras[e].exe) ||
			    (variants[v].kind != KIND_TML && extras[e].tml_only))
				continue;
			snprintf(titles[v][e], sizeof(titles[v][e]), "%s (%s)", extras[e].title,
				 variants[v].title);
			tests[ntests++] = (struct CMUnitTest){
				titles[v][e], extras[e].function, NULL, NULL, &variants[v],
			};
		}
		for (w = 0; w < NWAYS; w++) {
			struct row *row = &rows[nrows];

			if (!way_verdict(&ways[w], variants[v].kind))
				continue;
			nrows++;
			row->variant = &variants[v];
			row->way = &ways[w];
			snprintf(row->title, sizeof(row->title), "%s (%s)", ways[w].name,
				 variants[v].title);
			tests[ntests++] = (struct CMUnitTest){
				row->title, a_way_gets_its_verdict, NULL, NULL, row,
			};
		}
	}
	tests[ntests++] = (struct CMUnitTest)cmocka_unit_test(a_gib_of_output_costs_its_head_and_tail);
	return _cmocka_run_group_tests("misbehave", tests, ntests, NULL, variants_free);
}
