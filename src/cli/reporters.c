/* SPDX-License-Identifier: MIT */
#include "cli/reporters.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/container.h"
#include "cli/color.h"
#include "cli/commands.h"
#include "report/events.h"
#include "report/junit.h"
#include "report/tml_style.h"

/* Blocks SIGPIPE in this thread: if the reader of an output is gone, the write shall fail with
 * EPIPE. It is not ignored, as tests would inherit that. */
static void block_sigpipe(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGPIPE);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
}

static void channel_failed(struct channel *c, const struct proctor_error *err)
{
	if (!c->failed)
		say_error(err);
	c->failed = true;
	c->all->broken = true;
}

/* The run ends early only if the reader of stdout is gone. If another output fails it is
 * incomplete, and the run goes on. */
static int channel_event(const struct proctor_event *event, void *data)
{
	struct channel *c = data;
	struct proctor_error err;
	int ret;

	if (event->kind == PROCTOR_RUN_START)
		block_sigpipe();
	ret = c->reporter->ops->event(c->reporter, event, &err);
	if (ret < 0 && c->is_stdout && ret == -EPIPE)
		return ret;
	if (ret < 0)
		channel_failed(c, &err);
	return 0;
}

static void say_running(const char *text)
{
	while (*text) {
		size_t nline = strcspn(text, "\n");
		char *line = strndup(text, nline);

		say(line ? line : "no memory to say what runs");
		free(line);
		text += nline + (text[nline] == '\n');
	}
}

/* What is said on stderr, whatever stdout is for. It is the last of the list: by then the
 * terminal's reporter has taken its live line away. */
static int stderr_event(const struct proctor_event *event, void *data)
{
	struct reporters *all = data;

	if (event->kind == PROCTOR_COVERAGE)
		all->nproblems = event->coverage->nproblems;
	if (event->kind == PROCTOR_RUNNING)
		say_running(event->text);
	return 0;
}

/* Events that go to stdout have it for themselves: the report goes to stderr. */
static bool events_on_stdout(const struct options *o)
{
	return o->events_path && strcmp(o->events_path, "-") == 0;
}

static int open_terminal(struct channel *c, const struct options *o, struct proctor_error *err)
{
	bool events = events_on_stdout(o);
	int fd = events ? STDERR_FILENO : STDOUT_FILENO;
	struct terminal_options options = {
		.volume = o->volume,
		.output = o->output,
		.nslowest = o->nslowest,
		.color = color_use(o->color, fd),
		/* No live line where tests or events are written to the same terminal, into the
		 * middle of it. */
		.status = color_terminal(fd) && !o->run.nocapture &&
			  !(events && isatty(STDOUT_FILENO)) && o->volume != TERMINAL_QUIET,
	};

	c->is_stdout = !events;
	if (o->tml_style)
		return tml_style_open(&c->reporter, fd, &options, err);
	return terminal_open(&c->reporter, fd, &options, err);
}

static int open_events(struct channel *c, const struct options *o, struct proctor_error *err)
{
	c->is_stdout = events_on_stdout(o);
	return o->events_path ? events_open(&c->reporter, o->events_path, err) : 0;
}

static int open_junit(struct channel *c, const struct options *o, struct proctor_error *err)
{
	return o->junit_path ? junit_open(&c->reporter, o->junit_path, err) : 0;
}

/* The kinds of reporters. Each opens one if the options ask for it, else it leaves `reporter`
 * NULL. */
static int (*const openers[])(struct channel *c, const struct options *o,
			      struct proctor_error *err) = {
	open_terminal,
	open_events,
	open_junit,
};

static_assert(ARRAY_SIZE(openers) <= REPORTERS_MAX, "each kind may be open at once");

int reporters_open(struct reporters *all, const struct options *o, struct proctor_error *err)
{
	*all = (struct reporters){ 0 };
	for (size_t i = 0; i < ARRAY_SIZE(openers); i++) {
		struct channel *c = &all->channels[all->nchannels];
		int ret;

		*c = (struct channel){ .all = all };
		ret = openers[i](c, o, err);
		if (ret < 0) {
			reporters_close(all);
			return ret;
		}
		if (!c->reporter)
			continue;
		all->nchannels++;
		all->list[all->nlist++] = (struct proctor_reporter){ channel_event, c };
	}
	all->list[all->nlist++] = (struct proctor_reporter){ stderr_event, all };
	return 0;
}

void reporters_close(struct reporters *all)
{
	struct proctor_error err;

	block_sigpipe();
	for (size_t i = 0; i < all->nchannels; i++) {
		struct channel *c = &all->channels[i];
		int ret = c->reporter->ops->close(c->reporter, &err);

		if (ret < 0 && !(c->is_stdout && ret == -EPIPE))
			channel_failed(c, &err);
	}
	all->nchannels = 0;
}
