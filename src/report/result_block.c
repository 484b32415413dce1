/* SPDX-License-Identifier: MIT */
#include "report/result_block.h"

#include <string.h>

#include "base/escape.h"

static void block_text(struct sheet *s, const char *title, const char *text)
{
	struct bytes *to = &s->bytes;

	if (!text || lines_trimmed(text, strlen(text)) == 0)
		return;
	bytes_printf(to, "  %s\n", title);
	lines_append(to, "    ", text, lines_trimmed(text, strlen(text)));
}

/* One stream as it was captured: its head, how much is missing, its tail. */
static void block_stream(struct sheet *s, const char *name, const char *bytes, size_t nbytes,
			 size_t head, uint64_t total_bytes)
{
	struct bytes *to = &s->bytes;

	if (total_bytes == 0)
		return;
	bytes_printf(to, "  %s, ", name);
	sheet_number(s, total_bytes);
	bytes_text(to, total_bytes == 1 ? " byte:\n" : " bytes:\n");
	lines_append(to, "    | ", bytes, head);
	if (total_bytes > nbytes) {
		bytes_text(to, "    … ");
		sheet_number(s, total_bytes - nbytes);
		bytes_text(to, " bytes not kept …\n");
	}
	lines_append(to, "    | ", bytes + head, nbytes - head);
}

/* The suite, its group and its file. The test of a program has the name of its suite, which was
 * said above: then only the file is. */
static void block_suite(struct bytes *to, const struct proctor_test *test)
{
	bool program = strcmp(test->id, test->suite) == 0;

	bytes_text(to, program ? "  program  " : "  suite    ");
	escape_line(to, program ? test->path : test->suite);
	if (test->group[0]) {
		bytes_text(to, " of ");
		escape_line(to, test->group);
	}
	if (program)
		return;
	bytes_text(to, ", ");
	escape_line(to, test->path);
}

static void block_where(struct sheet *s, const struct proctor_test *test,
			const struct proctor_result *r)
{
	struct bytes *to = &s->bytes;

	if (test->file[0]) {
		bytes_text(to, "  file     ");
		escape_line(to, test->file);
		bytes_text(to, "\n");
	}
	block_suite(to, test);
	bytes_printf(to, "\n  verdict  %s", verdict_faces[r->verdict].words);
	if (r->verdict == PROCTOR_FAIL && r->exit_code > 0)
		bytes_printf(to, " with %d", r->exit_code);
	if (r->signal && sigabbrev_np(r->signal))
		bytes_printf(to, ", SIG%s", sigabbrev_np(r->signal));
	else if (r->signal)
		bytes_printf(to, ", signal %d", r->signal);
	if (r->core_dumped)
		bytes_text(to, ", core dumped");
	bytes_printf(to, ", on worker %u", r->worker);
	if (r->core >= 0)
		bytes_printf(to, ", core %d", r->core);
	if (r->attempt > 1)
		bytes_printf(to, ", attempt %u", r->attempt);
	if (r->repetition > 1)
		bytes_printf(to, ", repetition %u", r->repetition);
	bytes_text(to, "\n");
	if (r->temp_dir) {
		bytes_text(to, "  files    ");
		escape_line(to, r->temp_dir);
		bytes_text(to, "\n");
	}
}

void result_output(struct sheet *s, const struct proctor_result *r)
{
	block_stream(s, "stdout", r->out, r->nout, r->out_head, r->out_bytes);
	block_stream(s, "stderr", r->err, r->nerr, r->err_head, r->err_bytes);
}

static uint64_t result_time(const struct proctor_result *r)
{
	return r->start_us != 0 ? r->duration_us : DURATION_NONE;
}

void result_block(struct sheet *s, const struct proctor_test *test,
		  const struct proctor_result *r, bool output)
{
	const struct verdict_face *face = &verdict_faces[r->verdict];
	struct bytes *to = &s->bytes;

	sheet_part(s);
	sheet_test(s, face->color, face->tag, result_time(r), test->id);
	bytes_text(to, "\n");
	block_where(s, test, r);
	block_text(s, "message", r->message);
	block_text(s, "backtrace", r->backtrace);
	block_text(s, "left behind", r->left);
	if (output)
		result_output(s, r);
	bytes_text(to, "\n");
	s->said = false;
}

void result_line(struct sheet *s, enum color color, const char *tag,
		 const struct proctor_test *test, const struct proctor_result *r)
{
	struct bytes *to = &s->bytes;

	sheet_test(s, color, tag, result_time(r), test->id);
	if (r->message && r->message[0]) {
		bytes_text(to, ": ");
		escape_append(to, r->message, strcspn(r->message, "\n"), "\t");
	}
	bytes_text(to, "\n");
	s->said = true;
}
