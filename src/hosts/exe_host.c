/* SPDX-License-Identifier: MIT */
/* A program that is one test: its exit status alone says how the test went. */
#include "hosts/program_task.h"
#include "hosts/status.h"

static struct progress exe_host_progress(const struct host *h, const struct host_work *work,
					 uint64_t now_us)
{
	(void)h, (void)now_us;
	return progress_of_one(work->handed_us);
}

static unsigned exe_host_output(struct host *h, const char *bytes, size_t nbytes,
				const struct output_cut **cuts)
{
	(void)h, (void)bytes, (void)nbytes, (void)cuts;
	return 0;
}

static void exe_host_died(struct host *h)
{
	(void)h;
}

static void exe_host_read(struct host *h, const struct task *task, bool over, struct evidence *e)
{
	const struct host_end *end = &h->shared.end;

	(void)task;
	e->progress = progress_of_one(h->shared.work.handed_us);
	e->start_us = h->shared.work.handed_us;
	if (!over)
		return;
	program_read_crash(h, e);
	status_usage(&e->usage, end, e->start_us);
	if (!status_is_its_own(end))
		return;
	e->tests[0].record = e->usage;
	status_tell(&e->tests[0], end->status);
	e->progress.nended = e->nheld = 1;
	e->death_told = true;
}

static void exe_host_close(struct host *h)
{
	(void)h;
}

const struct host_ops exe_host_ops = {
	.name = "program",
	.nbytes = sizeof(struct host),
	.is_task = true,
	.silent = true,
	.tests_max = 1,
	.prepare = program_prepare,
	.explain = program_refused,
	.hand_out = program_hand_out,
	.tell_end = program_tell_end,
	.word = program_word,
	.is_done = program_is_done,
	.progress = exe_host_progress,
	.start_us = host_progress_start_us,
	.exit_turn = program_exit_turn,
	.marker_key = program_marker_key,
	.output = exe_host_output,
	.died = exe_host_died,
	.read = exe_host_read,
	.read_crash = program_read_crash,
	.close = exe_host_close,
};
