/* SPDX-License-Identifier: MIT */
/* The kinds of host: what each says of its tests. No process is started. */
#include "hosts/host.h"

#include "base/container.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define HANDED_US 1000000u
#define DIED_US 3000000u
#define NTESTS 3

/* ---- a parser of lines: "start NAME", "pass NAME", "fail NAME"; NAME "-" is no name ---- */

struct parser {
	void (*tell)(const struct parser_event *event, void *data);
	void *data;
	uint64_t nbytes;
	char line[64];
	size_t nline;
};

static struct parser *lines_open(void (*tell)(const struct parser_event *event, void *data),
				 void *data)
{
	struct parser *p = calloc(1, sizeof(*p));

	assert_non_null(p);
	p->tell = tell;
	p->data = data;
	return p;
}

static void lines_tell(struct parser *p)
{
	const char *name = strchr(p->line, ' ') + 1;
	struct parser_event event = { .name = strcmp(name, "-") == 0 ? NULL : name,
				      .nbytes = p->nbytes };

	event.kind = *p->line == 's' ? PARSER_STARTED : PARSER_ENDED;
	event.verdict = *p->line == 'f' ? PROCTOR_FAIL : PROCTOR_PASS;
	event.message = *p->line == 'f' ? "it says so" : NULL;
	p->tell(&event, p->data);
}

static void lines_feed(struct parser *p, const char *bytes, size_t nbytes)
{
	for (size_t i = 0; i < nbytes; i++) {
		p->nbytes++;
		if (bytes[i] != '\n') {
			p->line[p->nline++] = bytes[i];
			continue;
		}
		p->line[p->nline] = '\0';
		p->nline = 0;
		lines_tell(p);
	}
}

static void lines_end(struct parser *p, int status)
{
	(void)p, (void)status;
}

static void lines_close(struct parser *p)
{
	free(p);
}

static const struct parser_ops lines = { .open = lines_open, .feed = lines_feed, .end = lines_end,
					 .close = lines_close };

static int run_plainly(const struct program_request *request, struct command_line *line,
		       struct proctor_error *err)
{
	(void)err;
	assert_string_equal(request->path, "/bin/program");
	texts_add(&line->words, "--run");
	texts_add(&line->vars, "SET=1");
	texts_add(&line->vars, "GONE");
	return 0;
}

/* ---- a host without a process ---- */

struct scene {
	struct adapter adapter;
	struct suite suite;
	struct test tests[NTESTS], *list[NTESTS];
	struct proctor_plan plan;
	struct proctor_options options;
	struct launch launch;
	struct host *host;
	struct task task;
	struct evidence e;
};

static void scene_open(struct scene *s, const struct parser_ops *parser, unsigned ntests)
{
	static const char *const names[NTESTS] = { "a", "b", "c" };
	struct proctor_error err;
	char *vars[] = { "GONE=0", NULL };
	char *const *argv;
	struct start start = { 0 };

	*s = (struct scene){ .adapter = { .name = "lines", .single = ntests == 1,
					  .run_command = run_plainly, .parser = parser } };
	s->suite = (struct suite){ .adapter = &s->adapter, .path = "/bin/program" };
	for (unsigned i = 0; i < NTESTS; i++) {
		s->tests[i] = (struct test){ .pub.name = names[i], .suite = &s->suite };
		s->list[i] = &s->tests[i];
	}
	s->plan = (struct proctor_plan){ .tests = s->list, .ntests = NTESTS };
	s->launch = (struct launch){ .plan = &s->plan, .options = &s->options };
	s->task = (struct task){ .suite = &s->suite, .ntests = ntests };
	assert_int_equal(evidence_init(&s->e, ntests), 0);
	s->host = calloc(1, host_ops_of(&s->suite)->nbytes);
	assert_non_null(s->host);
	s->host->ops = host_ops_of(&s->suite);
	s->host->launch = &s->launch;
	s->host->next_serial = 1;
	assert_int_equal(child_environment_add(&start.env, vars), 0);
	assert_int_equal(s->host->ops->prepare(s->host, &s->task, &start, &err), 0);
	assert_string_equal(start.path, "/bin/program");
	argv = start_argv(&start);
	assert_non_null(argv);
	assert_string_equal(argv[0], "/bin/program");
	assert_string_equal(argv[1], "--run");
	assert_null(argv[2]);
	assert_string_equal(child_environment_get(&start.env, "SET"), "1");
	assert_null(child_environment_get(&start.env, "GONE"));
	start_fini(&start);
	s->host->shared.work.handed_us = HANDED_US;
}

static unsigned scene_write(struct scene *s, const char *text, const struct output_cut **cuts)
{
	const struct output_cut *mine;

	return s->host->ops->output(s->host, text, strlen(text), cuts ? cuts : &mine);
}

static void scene_die(struct scene *s, int status, enum host_stop stop)
{
	struct host_end *end = &s->host->shared.end;

	end->status = status;
	end->stop = stop;
	end->died_us = DIED_US;
	s->host->ops->died(s->host);
	s->host->ops->read(s->host, &s->task, true, &s->e);
}

static void scene_close(struct scene *s)
{
	evidence_fini(&s->e);
	s->host->ops->close(s->host);
	free(s->host);
}

/* ---- tests ---- */

static void every_kind_has_every_function(void **state)
{
	const struct host_ops *const kinds[] = { &page_host_ops, &exe_host_ops, &stream_host_ops };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		const struct host_ops *k = kinds[i];

		assert_true(k->name && k->nbytes >= sizeof(struct host));
		assert_true(k->prepare && k->explain && k->hand_out && k->tell_end);
		assert_true(k->word && k->is_done && k->progress && k->exit_turn);
		assert_true(k->marker_key && k->output && k->died);
		assert_true(k->read && k->read_crash && k->close);
	}
}

static void the_kind_follows_from_the_adapter(void **state)
{
	const struct adapter library = { .in_host = true }, program = { .single = true },
			     parsed = { .parser = &lines };
	struct suite suite = { .adapter = &library };

	(void)state;
	assert_ptr_equal(host_ops_of(&suite), &page_host_ops);
	suite.adapter = &program;
	assert_ptr_equal(host_ops_of(&suite), &exe_host_ops);
	suite.adapter = &parsed;
	assert_ptr_equal(host_ops_of(&suite), &stream_host_ops);
}

static void an_executable_is_judged_by_its_status(void **state)
{
	static const struct {
		int status;
		enum proctor_verdict verdict;
		int exit_code, signal;
	} table[] = {
		{ 0, PROCTOR_PASS, 0, 0 },
		{ 1 << 8, PROCTOR_FAIL, 1, 0 },
		{ 77 << 8, PROCTOR_SKIP, 77, 0 },
		{ SIGABRT, PROCTOR_CRASH, -1, SIGABRT },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		struct scene s;

		scene_open(&s, NULL, 1);
		scene_die(&s, table[i].status, STOP_NOT);
		assert_int_equal(s.e.nheld, 1);
		assert_true(s.e.tests[0].told && s.e.death_told);
		assert_int_equal(s.e.tests[0].verdict, table[i].verdict);
		assert_int_equal(s.e.tests[0].exit_code, table[i].exit_code);
		assert_int_equal(s.e.tests[0].signal, table[i].signal);
		assert_int_equal(s.e.tests[0].record.start_us, HANDED_US);
		assert_int_equal(s.e.tests[0].record.end_us, DIED_US);
		scene_close(&s);
	}
}

static void a_program_that_was_stopped_was_running_its_test(void **state)
{
	const struct parser_ops *const parsers[] = { NULL, &lines };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(parsers); i++) {
		struct scene s;

		scene_open(&s, parsers[i], 1);
		scene_die(&s, SIGTERM, STOP_TIMEOUT);
		assert_int_equal(s.e.nheld, 0);
		assert_false(s.e.death_told);
		assert_int_equal(s.e.progress.phase, PROGRESS_TEST);
		assert_int_equal(s.e.start_us, HANDED_US);
		scene_close(&s);
	}
}

static void who_was_stopped_in_the_middle_keeps_what_had_ended(void **state)
{
	struct scene s;

	(void)state;
	scene_open(&s, &lines, 3);
	scene_write(&s, "start a\npass a\nstart b\n", NULL);
	scene_die(&s, SIGKILL, STOP_TIMEOUT);
	assert_int_equal(s.e.nheld, 1);
	assert_int_equal(s.e.tests[0].verdict, PROCTOR_PASS);
	assert_int_equal(s.e.progress.phase, PROGRESS_TEST);
	assert_int_equal(s.e.progress.nended, 1);
	assert_false(s.e.death_told);
	scene_close(&s);
}

static void what_a_parser_told_is_the_verdict(void **state)
{
	struct scene s;

	(void)state;
	scene_open(&s, &lines, 3);
	scene_write(&s, "start a\npass a\nstart b\nfa", NULL);
	scene_write(&s, "il b\nstart c\npass c\n", NULL);
	scene_die(&s, 1 << 8, STOP_NOT);
	assert_int_equal(s.e.nheld, 3);
	assert_int_equal(s.e.tests[0].verdict, PROCTOR_PASS);
	assert_int_equal(s.e.tests[1].verdict, PROCTOR_FAIL);
	assert_string_equal(s.e.tests[1].record.message, "it says so");
	assert_int_equal(s.e.tests[2].verdict, PROCTOR_PASS);
	scene_close(&s);
}

static void what_did_not_start_or_end_is_no_pass(void **state)
{
	struct scene s;

	(void)state;
	scene_open(&s, &lines, 3);
	/* The end of a test that did not start, and tests that nobody asked for. */
	scene_write(&s, "pass a\nstart z\npass z\nstart b\n", NULL);
	scene_die(&s, 0, STOP_NOT);
	assert_int_equal(s.e.nheld, 3);
	assert_int_equal(s.e.tests[0].verdict, PROCTOR_ERROR);
	assert_string_equal(s.e.tests[0].record.message, "it was asked for and did not start");
	assert_int_equal(s.e.tests[1].verdict, PROCTOR_FAIL);
	assert_string_equal(s.e.tests[1].record.message,
			    "the process ended with exit status 0 before the test had");
	assert_int_equal(s.e.tests[2].verdict, PROCTOR_ERROR);
	scene_close(&s);
}

static void a_crash_is_of_the_test_that_ran(void **state)
{
	struct scene s;

	(void)state;
	scene_open(&s, &lines, 3);
	scene_write(&s, "start a\npass a\nstart b\n", NULL);
	scene_die(&s, SIGSEGV, STOP_NOT);
	/* The third is handed out again. */
	assert_int_equal(s.e.nheld, 2);
	assert_true(s.e.death_told);
	assert_int_equal(s.e.tests[0].verdict, PROCTOR_PASS);
	assert_int_equal(s.e.tests[1].verdict, PROCTOR_CRASH);
	assert_int_equal(s.e.tests[1].signal, SIGSEGV);
	scene_close(&s);
}

static void a_crash_is_stronger_than_what_a_single_test_told(void **state)
{
	struct scene s;

	(void)state;
	scene_open(&s, &lines, 1);
	scene_write(&s, "pass -\n", NULL);
	scene_die(&s, SIGSEGV, STOP_NOT);
	assert_int_equal(s.e.nheld, 1);
	assert_int_equal(s.e.tests[0].verdict, PROCTOR_CRASH);
	scene_close(&s);
}

static void a_stream_tells_which_test_runs(void **state)
{
	struct scene s;
	struct progress p;

	(void)state;
	scene_open(&s, &lines, 3);
	p = s.host->ops->progress(s.host, &s.host->shared.work, DIED_US);
	assert_int_equal(p.phase, PROGRESS_STARTING);
	assert_int_equal(p.since_us, HANDED_US);
	scene_write(&s, "start a\npass a\n", NULL);
	p = s.host->ops->progress(s.host, &s.host->shared.work, DIED_US);
	assert_int_equal(p.phase, PROGRESS_BETWEEN);
	assert_int_equal(p.nended, 1);
	scene_write(&s, "start b\n", NULL);
	p = s.host->ops->progress(s.host, &s.host->shared.work, DIED_US);
	assert_int_equal(p.phase, PROGRESS_TEST);
	assert_int_equal(p.nended, 1);
	scene_close(&s);
}

static void output_is_cut_where_a_test_ends(void **state)
{
	const struct output_cut *cuts;
	struct scene s;

	(void)state;
	scene_open(&s, &lines, 3);
	assert_int_equal(scene_write(&s, "start a\npass", &cuts), 0);
	assert_int_equal(scene_write(&s, " a\nstart b\npass b\nstart c\npass c\n", &cuts), 2);
	assert_int_equal(cuts[0].serial, 1);
	assert_int_equal(cuts[0].at, strlen(" a\n"));
	assert_int_equal(cuts[1].serial, 2);
	assert_int_equal(cuts[1].at, strlen(" a\nstart b\npass b\n"));
	scene_die(&s, 0, STOP_NOT);
	scene_close(&s);
}

static int scene_settled(struct scene *s, bool hurry, struct test_evidence *t)
{
	*t = (struct test_evidence){ 0 };
	return s->host->ops->settled(s->host, hurry, t);
}

static void a_test_is_settled_when_another_has_started_after_it(void **state)
{
	struct test_evidence t;
	struct scene s;

	(void)state;
	scene_open(&s, &lines, 3);
	s.adapter.source = PARSER_CHANNEL;
	scene_write(&s, "start a\nfail a\n", NULL);
	assert_int_equal(scene_settled(&s, true, &t), -1);
	scene_write(&s, "start b\n", NULL);
	assert_int_equal(scene_settled(&s, false, &t), 0);
	assert_int_equal(t.verdict, PROCTOR_FAIL);
	assert_string_equal(t.record.message, "it says so");
	test_record_fini(&t.record);
	assert_int_equal(scene_settled(&s, true, &t), -1);
	scene_die(&s, SIGSEGV, STOP_NOT);
	/* It is told once; what it was still counts. */
	assert_int_equal(s.e.nheld, 2);
	assert_true(s.e.tests[0].settled);
	assert_int_equal(s.e.tests[0].verdict, PROCTOR_FAIL);
	assert_null(s.e.tests[0].record.message);
	assert_false(s.e.tests[1].settled);
	assert_int_equal(s.e.tests[1].verdict, PROCTOR_CRASH);
	scene_close(&s);
}

static void what_tests_can_print_is_settled_later(void **state)
{
	struct test_evidence t;
	struct scene s;

	(void)state;
	scene_open(&s, &lines, 3);
	/* The test a prints its own end and all of b; the true lines follow. */
	scene_write(&s, "start a\npass a\nstart b\npass b\nstart c\n", NULL);
	assert_int_equal(scene_settled(&s, false, &t), -1);
	scene_write(&s, "pass a\nstart b\n", NULL);
	/* What is in doubt is never settled, however much memory it takes. */
	assert_int_equal(scene_settled(&s, true, &t), -1);
	scene_write(&s, "pass c\n", NULL);
	scene_die(&s, 0, STOP_NOT);
	assert_true(s.e.tests[0].again && s.e.tests[1].again);
	assert_false(s.e.tests[2].again);
	assert_int_equal(s.e.ncontradicted, 0);
	scene_close(&s);
}

static void a_contradiction_after_that_is_told(void **state)
{
	struct test_evidence t;
	struct scene s;

	(void)state;
	scene_open(&s, &lines, 3);
	scene_write(&s, "start a\npass a\nstart b\npass b\nstart c\n", NULL);
	assert_int_equal(scene_settled(&s, true, &t), 0);
	assert_int_equal(scene_settled(&s, true, &t), 1);
	scene_write(&s, "start b\nfail b\npass c\n", NULL);
	scene_die(&s, 0, STOP_NOT);
	assert_true(s.e.tests[1].settled);
	assert_false(s.e.tests[1].again);
	assert_int_equal(s.e.tests[1].verdict, PROCTOR_PASS);
	assert_int_equal(s.e.ncontradicted, 1);
	assert_int_equal(s.e.first_contradicted, 1);
	scene_close(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_has_every_function),
		cmocka_unit_test(the_kind_follows_from_the_adapter),
		cmocka_unit_test(an_executable_is_judged_by_its_status),
		cmocka_unit_test(a_program_that_was_stopped_was_running_its_test),
		cmocka_unit_test(who_was_stopped_in_the_middle_keeps_what_had_ended),
		cmocka_unit_test(what_a_parser_told_is_the_verdict),
		cmocka_unit_test(what_did_not_start_or_end_is_no_pass),
		cmocka_unit_test(a_crash_is_of_the_test_that_ran),
		cmocka_unit_test(a_crash_is_stronger_than_what_a_single_test_told),
		cmocka_unit_test(a_stream_tells_which_test_runs),
		cmocka_unit_test(output_is_cut_where_a_test_ends),
		cmocka_unit_test(a_test_is_settled_when_another_has_started_after_it),
		cmocka_unit_test(what_tests_can_print_is_settled_later),
		cmocka_unit_test(a_contradiction_after_that_is_told),
	};

	return cmocka_run_group_tests_name("host_kinds", tests, NULL, NULL);
}
