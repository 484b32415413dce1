/* SPDX-License-Identifier: MIT */
#include "coverage/report.h"

#include "base/bytes.h"
#include "base/escape.h"
#include "base/percent.h"
#include "base/replacement.h"
#include "coverage/lines.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char page_head[] =
	"<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
	"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
	"<title>Coverage</title>\n<style>\n"
	":root{color-scheme:light dark;--good:#2a7d3f;--fair:#a06a00;--poor:#b3261e;"
	"--line:#8884;--no:#e5393522;--yes:#43a04718;--dim:#888}\n"
	"body{font:15px/1.45 system-ui,sans-serif;margin:1.2rem auto;max-width:72rem;padding:0 1rem}\n"
	"h1{font-size:1.4rem}table{border-collapse:collapse;width:100%}\n"
	"th,td{padding:.2rem .5rem;text-align:right;border-bottom:1px solid var(--line)}\n"
	"th:first-child,td:first-child{text-align:left;overflow-wrap:anywhere}\n"
	"meter{width:6rem}.warn{border-left:4px solid var(--poor);padding:.4rem .8rem;margin:1rem 0}\n"
	".note{color:var(--dim)}details{margin:.4rem 0}summary{cursor:pointer;"
	"overflow-wrap:anywhere}\n"
	"pre{overflow-x:auto;font:13px/1.4 ui-monospace,monospace;tab-size:8;margin:.3rem 0}\n"
	".l{display:block;min-width:max-content}.n,.c{display:inline-block;color:var(--dim);"
	"text-align:right;user-select:none}.n{width:5ch}.c{width:7ch;margin-right:1.5ch}\n"
	".y{background:var(--yes)}.x{background:var(--no)}.x .c{color:var(--poor);font-weight:bold}\n"
	"u{text-decoration:underline wavy var(--poor)}\n"
	"</style>\n</head>\n<body>\n";

/* The page under way. */
struct html {
	FILE *file;
	struct bytes scratch;
};

/* Text: markup is escaped, and so are bytes that no browser could show. */
static void put_text(struct html *h, const char *bytes, size_t n)
{
	bytes_clear(&h->scratch);
	escape_html(&h->scratch, bytes, n);
	fwrite(h->scratch.data, 1, h->scratch.nbytes, h->file);
}

static void put_string(struct html *h, const char *text)
{
	put_text(h, text, strlen(text));
}

static void put_numbers(struct html *h, const struct proctor_coverage_numbers *n)
{
	if (n->count == 0) {
		fputs("<td>-</td>", h->file);
		return;
	}
	fprintf(h->file, "<td title=\"%" PRIu64 " of %" PRIu64 "\">%.1f&#8239;%%</td>", n->covered,
		n->count, percent_shown(n->covered, n->count));
}

static void put_bar(struct html *h, const struct proctor_coverage_numbers *n)
{
	double percent = percent_shown(n->covered, n->count);

	if (n->count == 0) {
		fputs("<td></td>", h->file);
		return;
	}
	fprintf(h->file, "<td><meter min=\"0\" max=\"100\" low=\"50\" high=\"80\" optimum=\"100\" "
		"value=\"%.1f\">%.1f %%</meter></td>", percent, percent);
}

static void put_row(struct html *h, const struct proctor_coverage_file *f, size_t number)
{
	fputs("<tr><td>", h->file);
	if (number > 0)
		fprintf(h->file, "<a href=\"#f%zu\">", number);
	put_string(h, number > 0 ? f->path : "total");
	fputs(number > 0 ? "</a></td>" : "</td>", h->file);
	fprintf(h->file, "<td>%" PRIu64 "/%" PRIu64 "</td>", f->lines.covered, f->lines.count);
	put_numbers(h, &f->lines);
	put_bar(h, &f->lines);
	put_numbers(h, &f->functions);
	put_numbers(h, &f->regions);
	put_numbers(h, &f->branches);
	fputs("</tr>\n", h->file);
}

static void put_table(struct html *h, const struct report_summary *s)
{
	fputs("<table>\n<tr><th>File</th><th>Lines</th><th></th><th></th><th>Functions</th>"
	      "<th>Regions</th><th>Branches</th></tr>\n", h->file);
	put_row(h, &s->total, 0);
	for (size_t i = 0; i < s->nfiles; i++)
		put_row(h, &s->files[i], i + 1);
	fputs("</table>\n", h->file);
}

static void put_sentences(struct html *h, const char *class, const char *title,
			  const struct texts *texts)
{
	if (texts->n == 0)
		return;
	fprintf(h->file, "<div class=\"%s\"><strong>%s</strong><ul>\n", class, title);
	for (size_t i = 0; i < texts->n; i++) {
		fputs("<li>", h->file);
		put_string(h, texts->list[i]);
		fputs("</li>\n", h->file);
	}
	fputs("</ul></div>\n", h->file);
}

/* A count in at most six characters. */
static void put_count(struct html *h, uint64_t count)
{
	static const char units[] = " kMGTPE";
	double value = (double)count;
	size_t unit = 0;

	if (count < 100000) {
		fprintf(h->file, "%" PRIu64, count);
		return;
	}
	for (; value >= 1000 && units[unit + 1]; unit++)
		value /= 1000;
	fprintf(h->file, "%.*f%c", value < 100, value, units[unit]);
}

/* The text of a line, in which regions that were never entered are marked. */
static void put_line_text(struct html *h, const struct lines *l, size_t first, bool was_missed,
			  const char *text, size_t n)
{
	bool missed = was_missed;
	size_t at = 0;

	if (missed)
		fputs("<u>", h->file);
	for (size_t i = first; i < l->next; i++) {
		const struct segment *s = &l->segments[i];
		size_t to = s->column > 0 && s->column - 1 < n ? (size_t)s->column - 1 : n;
		bool misses = s->has_count && s->count == 0 && !s->is_gap;

		if (to > at)
			put_text(h, text + at, to - at);
		at = to > at ? to : at;
		if (misses != missed)
			fputs(misses ? "<u>" : "</u>", h->file);
		missed = misses;
	}
	put_text(h, text + at, n - at);
	if (missed)
		fputs("</u>", h->file);
}

static void put_line(struct html *h, struct lines *l, uint64_t number, const char *text, size_t n)
{
	const struct segment *before = l->next > 0 ? &l->segments[l->next - 1] : NULL;
	bool missed = before && before->has_count && before->count == 0 && !before->is_gap;
	uint64_t count;
	size_t first;
	bool code = lines_next(l, number, &count, &first);

	fprintf(h->file, "<span class=\"l%s\"><span class=\"n\">%" PRIu64 "</span><span class=\"c\">",
		!code ? "" : count ? " y" : " x", number);
	if (code)
		put_count(h, count);
	fputs("</span>", h->file);
	/* A line that is missed as a whole is coloured; marks are for parts of lines. */
	if (code && count == 0)
		put_text(h, text, n);
	else
		put_line_text(h, l, first, missed, text, n);
	fputs("</span>", h->file);
}

/* A name from a binary may be anything's: no FIFO is waited for. */
static FILE *source_open(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;
	FILE *f = NULL;

	if (fd < 0)
		return NULL;
	errno = EINVAL;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		f = fdopen(fd, "r");
	if (!f)
		close(fd);
	return f;
}

static void put_source(struct html *h, const char *path, struct lines *l)
{
	FILE *source = source_open(path);
	uint64_t number = 0;
	char *line = NULL;
	size_t cap = 0;
	ssize_t n;

	if (!source) {
		fprintf(h->file, "<p class=\"note\">The source cannot be shown: %s.</p>\n",
			strerror(errno));
		return;
	}
	fputs("<pre>", h->file);
	while ((n = getline(&line, &cap, source)) >= 0) {
		while (n > 0 && (line[n - 1] == '\n' || line[n - 1] == '\r'))
			n--;
		put_line(h, l, ++number, line, (size_t)n);
	}
	fputs("</pre>\n", h->file);
	if (l->n > 0 && l->segments[l->n - 1].line > number)
		fprintf(h->file, "<p class=\"note\">The file has changed: the code that was counted "
			"had at least %" PRIu64 " lines.</p>\n", l->segments[l->n - 1].line);
	free(line);
	fclose(source);
}

static bool put_file(struct html *h, const struct proctor_coverage_file *f, size_t number,
		     const json_t *segments)
{
	struct lines l;

	if (!lines_init(&l, segments))
		return false;
	fprintf(h->file, "<details id=\"f%zu\"><summary>", number);
	put_string(h, f->path);
	if (f->lines.count > 0)
		fprintf(h->file, " <span class=\"note\">%.1f&#8239;%%</span>",
			percent_shown(f->lines.covered, f->lines.count));
	fputs("</summary>\n", h->file);
	put_source(h, f->path, &l);
	fputs("</details>\n", h->file);
	lines_fini(&l);
	return true;
}

static bool put_files(struct html *h, const json_t *doc, const struct report_summary *s)
{
	json_t *data, *file;
	size_t i, j, n = 0;

	json_array_foreach(json_object_get(doc, "data"), i, data) {
		json_array_foreach(json_object_get(data, "files"), j, file) {
			if (!put_file(h, &s->files[n], n + 1, json_object_get(file, "segments")))
				return false;
			n++;
		}
	}
	return true;
}

static void put_functions(struct html *h, const struct functions *f)
{
	fprintf(h->file, "<h2>TML functions that ran: %zu</h2>\n<table>\n<tr><th>Function</th>"
		"<th>Processes</th><th>Calls</th></tr>\n", f->n);
	for (size_t i = 0; i < f->n; i++) {
		fputs("<tr><td>", h->file);
		put_string(h, f->list[i].name);
		fprintf(h->file, "</td><td>%u</td><td>", f->list[i].nprocesses);
		if (f->list[i].counted)
			fprintf(h->file, "%" PRIu64, f->list[i].hits);
		else
			fputs("-", h->file);
		fputs("</td></tr>\n", h->file);
	}
	fputs("</table>\n", h->file);
}

static void put_unmapped_binary(struct html *h, const struct unmapped *u)
{
	fputs("<details><summary>", h->file);
	put_string(h, u->paths.list[0]);
	if (u->paths.n > 1)
		fprintf(h->file, " and %zu more with the same functions", u->paths.n - 1);
	fprintf(h->file, " <span class=\"note\">%zu of %zu ran</span></summary>\n<table>\n"
		"<tr><th>Function</th><th>Calls</th></tr>\n", u->nran, u->n);
	for (size_t i = 0; i < u->n; i++) {
		fputs("<tr><td>", h->file);
		put_string(h, u->list[i].name);
		if (u->list[i].counted)
			fprintf(h->file, "</td><td>%" PRIu64 "</td></tr>\n", u->list[i].hits);
		else
			fprintf(h->file, "</td><td>%s</td></tr>\n",
				u->list[i].ran ? "ran" : "did not run");
	}
	fputs("</table>\n</details>\n", h->file);
}

static void put_unmapped(struct html *h, const struct unmapped_list *unmapped)
{
	fprintf(h->file, "<h2>Functions without a coverage map: %" PRIu64 " of %" PRIu64 " ran</h2>\n",
		unmapped->nran, unmapped->nfunctions);
	for (size_t i = 0; i < unmapped->n; i++)
		put_unmapped_binary(h, &unmapped->list[i]);
}

static bool put_page(struct html *h, const json_t *doc, const struct report_summary *summary,
		     const struct store *store)
{
	bool whole = true;

	fputs(page_head, h->file);
	fputs("<h1>Coverage</h1>\n", h->file);
	put_sentences(h, "warn", "This report is not complete.", &store->problems);
	put_table(h, summary);
	put_sentences(h, "note", "Notes", &store->notes);
	whole = put_files(h, doc, summary);
	if (store->has_functions)
		put_functions(h, &store->functions);
	if (store->unmapped.n > 0)
		put_unmapped(h, &store->unmapped);
	fputs("</body>\n</html>\n", h->file);
	return whole && !h->scratch.failed;
}

int report_html(const json_t *doc, const struct report_summary *summary, const struct store *store,
		const char *path, struct proctor_error *err)
{
	struct replacement r;
	struct html h = { .file = NULL };
	int ret = replacement_open(&r, path, err);

	if (ret < 0)
		return ret;
	h.file = r.file;
	if (!put_page(&h, doc, summary, store))
		ret = error_set(err, -ENOMEM, "no memory to write %s", path);
	bytes_fini(&h.scratch);
	return replacement_close(&r, ret, err);
}
