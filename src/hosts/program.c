/* SPDX-License-Identifier: MIT */
#include "hosts/program.h"

#include "base/clock.h"
#include "base/executable.h"

int program_prepare(struct host *h, const struct task *task, struct start *start,
		    struct proctor_error *err)
{
	const struct suite *suite = task->suite;
	struct command_line line;
	int ret = suite->adapter->run_command(suite->path, &line, err);

	start->path = suite->path;
	start->leads = suite->leads;
	for (unsigned i = 0; ret == 0 && line.argv[i]; i++)
		ret = start_add_word(start, line.argv[i]);
	/* It begins with its task when it is started: nobody else knows of it yet. */
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

/* It is never idle. */
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
	(void)h, (void)e;
}
