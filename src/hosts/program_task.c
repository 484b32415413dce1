/* SPDX-License-Identifier: MIT */
#include "hosts/program_task.h"

#include "base/clock.h"
#include "base/executable.h"

#include <errno.h>
#include <stdlib.h>

/* How many of its tests run; more than `enough` are not counted. */
static size_t suite_count_run(const struct suite *suite, size_t enough)
{
	size_t nrun = 0;

	for (size_t i = 0; i < suite->ntests && nrun <= enough; i++)
		nrun += test_is_run(&suite->tests[i]);
	return nrun;
}

bool task_is_whole(const struct task *task)
{
	return suite_count_run(task->suite, task->ntests) == task->ntests;
}

bool task_names_fit(const struct task *task)
{
	unsigned most = task->suite->adapter->names_max;
	size_t nrun;

	if (most == 0 || task->ntests <= most)
		return true;
	nrun = suite_count_run(task->suite, (size_t)task->ntests + most);
	return nrun >= task->ntests && nrun - task->ntests <= most;
}

/* The tests of its suite that run, but not in this task, where they are fewer than those that do: `nothers` of them,
 * on the heap. -ENOMEM. */
static int task_others(const struct proctor_plan *plan, const struct task *task, const char ***others,
		       size_t *nothers)
{
	const struct suite *suite = task->suite;
	size_t nrun, n = 0;
	bool *asked;

	*others = NULL;
	*nothers = 0;
	if (suite->adapter->names_max == 0)
		return 0;
	nrun = suite_count_run(suite, (size_t)task->ntests * 2);
	if (nrun <= task->ntests || nrun >= (size_t)task->ntests * 2)
		return 0;
	asked = calloc(suite->ntests, sizeof(*asked));
	*others = calloc(suite->ntests, sizeof(**others));
	if (!asked || !*others) {
		free(asked);
		free(*others);
		*others = NULL;
		return -ENOMEM;
	}
	for (unsigned i = 0; i < task->ntests; i++)
		asked[item_test(plan, task_item(task, i)) - suite->tests] = true;
	for (size_t i = 0; i < suite->ntests; i++)
		if (!asked[i] && test_is_run(&suite->tests[i]))
			(*others)[n++] = test_own_name(&suite->tests[i]);
	/* Else a test is in it that does not run by itself. */
	*nothers = n == nrun - task->ntests ? n : 0;
	free(asked);
	return 0;
}

/* What the adapter wants its program to be started with. */
static int program_ask(const struct host *h, const struct task *task, struct command_line *line,
		       struct proctor_error *err)
{
	const struct adapter *adapter = task->suite->adapter;
	struct program_request request = { .path = task->suite->path, .dir = h->dir };
	const char **names = NULL, **others = NULL;
	unsigned *indices = NULL;
	int ret;

	if (!adapter->single) {
		names = calloc(task->ntests, sizeof(*names));
		indices = calloc(task->ntests, sizeof(*indices));
		if (!names || !indices || task_others(h->launch->plan, task, &others, &request.nothers) < 0) {
			free(names);
			free(indices);
			return error_sys(err, ENOMEM, "cannot start %s", task->suite->path);
		}
		for (unsigned i = 0; i < task->ntests; i++) {
			const struct test *t = item_test(h->launch->plan, task_item(task, i));

			names[i] = test_own_name(t);
			indices[i] = t->pub.index;
		}
		request.whole = task_is_whole(task);
	}
	request.names = names;
	request.others = others;
	request.indices = indices;
	request.ntests = task->ntests;
	ret = adapter->run_command(&request, line, err);
	free(names);
	free(others);
	free(indices);
	return ret;
}

static void add_words(struct start *start, char *const *words)
{
	for (size_t i = 0; words && words[i]; i++)
		start_add_word(start, words[i]);
}

/* Adds the words and variables with which the adapter wants the program to be started. */
static int program_command(const struct host *h, const struct task *task, struct start *start,
			   struct proctor_error *err)
{
	const struct suite *suite = task->suite;
	struct command_line line = { 0 };
	char **vars, **words;
	int ret = program_ask(h, task, &line, err);

	words = ret == 0 ? texts_words(&line.words) : NULL;
	start_add_word(start, suite->path);
	if (suite->adapter->words_first)
		add_words(start, words);
	add_words(start, suite->arguments);
	if (!suite->adapter->words_first)
		add_words(start, words);
	vars = texts_words(&line.vars);
	if (ret == 0 && (!words || !vars || child_environment_add(&start->env, vars) < 0))
		ret = error_sys(err, ENOMEM, "cannot start %s", suite->path);
	command_line_fini(&line);
	return ret;
}

int program_prepare(struct host *h, const struct task *task, struct start *start,
		    struct proctor_error *err)
{
	const struct suite *suite = task->suite;
	int ret = suite->adapter->needs_dir ? temp_dirs_take(h->launch->temp_dirs, &h->dir, err) : 0;

	if (ret == 0)
		ret = program_command(h, task, start, err);

	start->path = suite->path;
	start->leads = suite->leads;
	/* The process has its task as soon as it is started. No lock is needed: no other thread
	 * knows of this host yet. */
	h->shared.work = (struct host_work){ .busy = true, .task = *task, .serial = h->next_serial,
					     .handed_us = clock_us() };
	h->next_serial += task->ntests;
	return ret;
}

void program_refused(const struct task *task, struct proctor_error *err)
{
	executable_explain(task->suite->path, err);
}

int program_hand_out(struct host *h, const struct task *task, struct proctor_error *err)
{
	(void)h, (void)task, (void)err;
	return 0;
}

/* Such a host is never idle, so it is not told to end. */
void program_tell_end(struct host *h)
{
	(void)h;
}

_Atomic uint32_t *program_word(struct host *h)
{
	return &h->shared.own_done;
}

bool program_is_done(const struct host *h, uint32_t word)
{
	(void)h, (void)word;
	return false;
}

uint32_t program_exit_turn(const struct host *h)
{
	(void)h;
	return 0;
}

const uint8_t *program_marker_key(const struct host *h)
{
	(void)h;
	return NULL;
}

void program_read_crash(const struct host *h, struct evidence *e)
{
	const struct crash_page *p = h->crash.page;

	if (!p || crash_page_crash(p, &e->crash, NULL) < 0 || e->crash.state != CRASH_WRITTEN)
		return;
	if (crash_page_modules(p, &e->modules, NULL) < 0)
		e->modules = (struct module_list){ 0 };
}
