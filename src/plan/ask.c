/* SPDX-License-Identifier: MIT */
#include "plan/ask.h"

#include "base/child_environment.h"
#include "base/crash_words.h"
#include "base/duration_words.h"
#include "base/gather.h"
#include "base/private_dir.h"
#include "plan/inspect.h"
#include "plan/list_cache.h"
#include "plan/suite_tests.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

/* A program with a hundred thousand tests writes some megabytes. */
#define ANSWER_BYTES ((size_t)64 << 20)
#define TIMEOUT_US 20000000u
#define LAST_LINE_BYTES 200

/* What is needed to start one program so that it lists its tests. */
struct question {
	struct suite *suite;
	struct command_line line;
	struct child_environment env;
	struct texts argv;
	char *dir;			/* a temporary one, for the file that some write; NULL: not needed */
};

/* answers[i] is what the program of list[i] wrote. */
struct questions {
	struct question *list;
	struct gathering *answers;
	size_t n;
};

static int question_environment(struct question *q)
{
	int ret = child_environment_copy_own(&q->env);

	if (ret == 0)
		ret = child_environment_set(&q->env, "PROCTOR", "1");
	if (ret == 0 && q->suite->workdir)
		ret = child_environment_set(&q->env, "PWD", "%s", q->suite->workdir);
	if (ret == 0 && q->suite->env)
		ret = child_environment_add(&q->env, q->suite->env);
	if (ret == 0 && q->line.vars.n > 0)
		ret = texts_words(&q->line.vars) ? child_environment_add(&q->env, q->line.vars.list) :
						   -ENOMEM;
	return ret;
}

static void add_words(struct texts *argv, char *const *words)
{
	for (size_t i = 0; words && words[i]; i++)
		texts_add(argv, "%s", words[i]);
}

/* The command line: the same wrapper, program and arguments with which its tests are started later
 * (hosts/program_task.c), and behind them the words by which the framework is told to list. NULL: no memory. */
static char **question_words(struct question *q)
{
	add_words(&q->argv, q->suite->plan->wrap);
	texts_add(&q->argv, "%s", q->suite->path);
	if (q->suite->adapter->words_first)
		add_words(&q->argv, texts_words(&q->line.words));
	add_words(&q->argv, q->suite->arguments);
	if (!q->suite->adapter->words_first)
		add_words(&q->argv, texts_words(&q->line.words));
	return q->line.words.lost || q->line.vars.lost ? NULL : texts_words(&q->argv);
}

/* Prepares the question, and in `g` the start of its program. After -ENOMEM the plan is given up; after any other
 * failure only this suite cannot be run, and `why` is the sentence for it. */
static int question_make(struct question *q, struct gathering *g, struct proctor_error *why)
{
	const struct adapter *adapter = q->suite->adapter;
	struct program_request request = { .path = q->suite->path };
	int ret = 0;

	if (adapter->needs_dir)
		ret = private_dir_make(&q->dir, why);
	request.dir = q->dir;
	if (ret == 0)
		ret = adapter->list_command(&request, &q->line, why);
	if (ret < 0)
		return ret;
	if (!question_words(q) || question_environment(q) < 0)
		return error_sys(why, ENOMEM, "cannot ask %s for its tests", q->suite->path);
	*g = (struct gathering){ .path = q->argv.list[0], .argv = q->argv.list, .envp = q->env.vars,
				 .workdir = q->suite->workdir,
				 .leads = q->suite->leads && !q->suite->plan->wrap };
	return 0;
}

static void question_fini(struct question *q)
{
	struct proctor_error err;

	/* A directory that cannot be removed stays: nothing needed is in it, and no reporter is there yet to say so. */
	if (q->dir)
		private_dir_remove(q->dir, &err);
	free(q->dir);
	command_line_fini(&q->line);
	child_environment_fini(&q->env);
	texts_fini(&q->argv);
}

static void questions_fini(struct questions *qs)
{
	for (size_t i = 0; i < qs->n; i++) {
		question_fini(&qs->list[i]);
		bytes_fini(&qs->answers[i].out);
		bytes_fini(&qs->answers[i].err);
	}
	free(qs->list);
	free(qs->answers);
}

/* Of what the program wrote to stderr (to stdout, if that is all) the last line: ": last line", for the end of a
 * sentence. "": it wrote none. */
static void last_line(const struct gathering *g, char line[static LAST_LINE_BYTES])
{
	const struct bytes *said = g->err.nbytes > 0 ? &g->err : &g->out;
	size_t end = said->nbytes, begin, n = 2;

	while (end > 0 && ((unsigned char)said->data[end - 1] <= ' '))
		end--;
	for (begin = end; begin > 0 && (unsigned char)said->data[begin - 1] >= ' ';)
		begin--;
	memcpy(line, ": ", 2);
	while (begin < end && n < LAST_LINE_BYTES - 1)
		line[n++] = said->data[begin++];
	line[n > 2 ? n : 0] = '\0';
}

/* Did the program end by itself and in time? Otherwise what it wrote is no list of tests, and `why` says so. */
static int answer_check(const struct suite *s, const struct gathering *g, uint64_t timeout_us,
			struct proctor_error *why)
{
	char line[LAST_LINE_BYTES], words[WORDS_BYTES];

	last_line(g, line);
	switch (g->end) {
	case GATHER_NOT_STARTED:
		return error_set(why, g->why.code, "%s", g->why.text);
	case GATHER_OVERDUE:
		return error_set(why, -ETIMEDOUT, "%s was asked for its tests and did not end within %s%s",
				 s->path, duration_words(timeout_us, words, sizeof(words)), line);
	case GATHER_TOO_MUCH:
		return error_set(why, -EFBIG, "%s was asked for its tests and wrote more than %zu bytes",
				 s->path, ANSWER_BYTES);
	case GATHER_ENDED:
		break;
	}
	if (g->out.failed || g->err.failed)
		return error_sys(why, ENOMEM, "cannot read the tests of %s", s->path);
	if (WIFSIGNALED(g->status))
		return error_set(why, -ENOEXEC, "%s was asked for its tests and crashed with %s%s", s->path,
				 signal_name(WTERMSIG(g->status), words, sizeof(words)), line);
	return 0;
}

/* A skip stands for the tests of a program that has none, which is no error: many a crate of a workspace is so. Left
 * out without a word it could also be one that lost its tests. */
static int listing_add_none(struct listing *list)
{
	struct listed *l = listing_add(list);

	if (!l)
		return -ENOMEM;
	*l = (struct listed){ .name = "(no tests)", .file = "", .disabled = "the program has no tests" };
	return 0;
}

/* Has the adapter read the list, and gives its tests to the suite, numbered in the order in which the program runs
 * them. */
static int answer_read(struct suite *s, const struct list_output *output, struct listing *list,
		       struct proctor_error *why)
{
	struct proctor_error cause = { 0 };
	int ret = s->adapter->list_parse(output, list, &cause);

	if (ret == -ENOMEM)
		return error_sys(why, ENOMEM, "cannot list the tests of %s", s->path);
	if (ret < 0)
		return error_set(why, ret, "%s %s", s->path, cause.text);
	if (list->ntests == 0 && s->ntests > 0)
		return error_set(why, -ENOEXEC, "%s has no tests", s->path);
	if (list->ntests == 0 && listing_add_none(list) < 0)
		return error_sys(why, ENOMEM, "cannot list the tests of %s", s->path);
	for (size_t i = 0; i < list->ntests; i++)
		list->tests[i].index = (unsigned)i;
	return suite_take_tests(s, list, why);
}

static int answer_take(struct question *q, const struct gathering *g, uint64_t timeout_us,
		       struct proctor_error *why)
{
	struct list_output output = { .status = g->status };
	struct listing list = { 0 };
	struct bytes file = { 0 };
	int ret = answer_check(q->suite, g, timeout_us, why);

	if (ret == 0 && q->suite->adapter->result_file && q->dir) {
		ret = private_dir_read(q->dir, q->suite->adapter->result_file, ANSWER_BYTES, &file, why);
		output.file = ret == 0 ? bytes_string(&file) : NULL;
		output.nfile = file.nbytes;
		/* Whether it is an error that there is no such file, the adapter says. */
		if (ret == -ENOENT)
			ret = 0;
	}
	if (ret == 0) {
		output.out = g->out.nbytes ? g->out.data : "";
		output.nout = g->out.nbytes;
		output.err = g->err.nbytes ? g->err.data : "";
		output.nerr = g->err.nbytes;
		ret = answer_read(q->suite, &output, &list, why);
	}
	/* A program that also wrote to stderr is asked again by the next run: what it complained of may be mended. */
	if (ret == 0 && g->err.nbytes == 0)
		list_cache_keep(q->suite, &list);
	listing_fini(&list);
	bytes_fini(&file);
	return ret;
}

static int questions_init(struct questions *qs, const struct proctor_plan *plan, size_t n)
{
	qs->list = calloc(n, sizeof(*qs->list));
	qs->answers = calloc(n, sizeof(*qs->answers));
	if (!qs->list || !qs->answers) {
		free(qs->list);
		free(qs->answers);
		return -ENOMEM;
	}
	for (size_t i = 0; i < plan->nsuites; i++)
		if (plan->suites[i]->asks)
			qs->list[qs->n++].suite = plan->suites[i];
	return 0;
}

/* The program did not answer: its suite cannot be run, for this reason, and it is not asked again. */
static int suite_give_up(struct suite *s, const struct proctor_error *why, struct proctor_error *err)
{
	s->asks = false;
	if (why->code == -ENOMEM)
		return error_set(err, -ENOMEM, "%s", why->text);
	return suite_break(s, why->text, err);
}

/* Prepares all questions. One that cannot be prepared is taken off the list, so that all that stay are asked. */
static int questions_make(struct questions *qs, struct proctor_error *err)
{
	size_t nmade = 0;
	int ret = 0;

	for (size_t i = 0; i < qs->n; i++) {
		struct question *q = &qs->list[i];
		struct proctor_error why = { 0 };

		if (ret == 0 && question_make(q, &qs->answers[nmade], &why) == 0) {
			struct question made = *q;

			*q = (struct question){ 0 };
			qs->list[nmade++] = made;
			continue;
		}
		if (ret == 0)
			ret = suite_give_up(q->suite, &why, err);
		question_fini(q);
	}
	qs->n = nmade;
	return ret;
}

static int questions_take(struct questions *qs, uint64_t timeout_us, struct proctor_error *err)
{
	int ret = 0;

	for (size_t i = 0; i < qs->n && ret == 0; i++) {
		struct suite *s = qs->list[i].suite;
		struct proctor_error why = { 0 };

		if (answer_take(&qs->list[i], &qs->answers[i], timeout_us, &why) < 0)
			ret = suite_give_up(s, &why, err);
		s->asks = false;
	}
	return ret;
}

/* Suites whose list an earlier run has kept, and whose file is still the same, take their tests from there: their
 * programs are not started. */
static int plan_remember(struct proctor_plan *plan, struct proctor_error *err)
{
	int ret = 0;

	for (size_t i = 0; i < plan->nsuites && ret == 0; i++) {
		struct suite *s = plan->suites[i];
		struct listing list;

		if (!s->asks || !list_cache_answers(s))
			continue;
		list = (struct listing){ .tests = (struct listed *)s->remembered->list.tests,
					 .ntests = s->remembered->list.ntests };
		ret = suite_take_tests(s, &list, err);
		s->asks = false;
	}
	return ret;
}

int plan_ask(struct proctor_plan *plan, struct proctor_error *err)
{
	const struct gather_limits limits = {
		.timeout_us = plan->list_timeout_us ? plan->list_timeout_us : TIMEOUT_US,
		.max_bytes = ANSWER_BYTES,
		.cancel_fd = plan->cancels_listing ? plan->cancel_fd : -1,
	};
	struct questions qs = { 0 };
	size_t n = 0;
	int ret;

	ret = plan_remember(plan, err);
	if (ret < 0)
		return ret;
	for (size_t i = 0; i < plan->nsuites; i++)
		n += plan->suites[i]->asks;
	if (n == 0)
		return 0;
	if (questions_init(&qs, plan, n) < 0)
		return error_sys(err, ENOMEM, "cannot ask %zu programs for their tests", n);
	ret = questions_make(&qs, err);
	if (ret == 0 && qs.n > 0)
		ret = gather(qs.answers, qs.n, &limits, err);
	if (ret == 0)
		ret = questions_take(&qs, limits.timeout_us, err);
	if (ret == 0 && qs.n > 0 && plan->list_cache)
		list_cache_prune(plan->list_cache);
	questions_fini(&qs);
	plan->stale = true;
	return ret;
}
