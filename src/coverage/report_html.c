/* SPDX-License-Identifier: MIT */
#include "coverage/report.h"

#include "base/bytes.h"
#include "base/escape.h"
#include "base/file_replace.h"
#include "base/percent.h"
#include "coverage/line_counts.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
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

/* Foreign text between two pieces of markup. */
static void put(struct bytes *page, const char *before, const char *text, const char *after)
{
	bytes_text(page, before);
	escape_html(page, text, strlen(text));
	bytes_text(page, after);
}

static void put_numbers(struct bytes *page, const struct proctor_coverage_numbers *n)
{
	if (n->count == 0)
		bytes_text(page, "<td>-</td>");
	else
		bytes_printf(page, "<td title=\"%" PRIu64 " of %" PRIu64 "\">%.1f&#8239;%%</td>",
			     n->covered, n->count, percent_shown(n->covered, n->count));
}

static void put_bar(struct bytes *page, const struct proctor_coverage_numbers *n)
{
	double percent = percent_shown(n->covered, n->count);

	if (n->count == 0)
		bytes_text(page, "<td></td>");
	else
		bytes_printf(page, "<td><meter min=\"0\" max=\"100\" low=\"50\" high=\"80\" "
			     "optimum=\"100\" value=\"%.1f\">%.1f %%</meter></td>", percent, percent);
}

/* The rest of a row, behind the file's name. */
static void put_figures(struct bytes *page, const struct proctor_coverage_file *f)
{
	bytes_printf(page, "<td>%" PRIu64 "/%" PRIu64 "</td>", f->lines.covered, f->lines.count);
	put_numbers(page, &f->lines);
	put_bar(page, &f->lines);
	put_numbers(page, &f->functions);
	put_numbers(page, &f->regions);
	put_numbers(page, &f->branches);
	bytes_text(page, "</tr>\n");
}

static void put_table(struct bytes *page, const struct proctor_coverage_summary *s)
{
	bytes_text(page, "<table>\n<tr><th>File</th><th>Lines</th><th></th><th></th><th>Functions</th>"
		   "<th>Regions</th><th>Branches</th></tr>\n<tr><td>total</td>");
	put_figures(page, &s->total);
	for (size_t i = 0; i < s->nfiles; i++) {
		bytes_printf(page, "<tr><td><a href=\"#f%zu\">", i + 1);
		put(page, "", s->files[i].path, "</a></td>");
		put_figures(page, &s->files[i]);
	}
	bytes_text(page, "</table>\n");
}

static void put_sentences(struct bytes *page, const char *class, const char *title,
			  const struct texts *texts)
{
	if (texts->n == 0)
		return;
	bytes_printf(page, "<div class=\"%s\"><strong>%s</strong><ul>\n", class, title);
	for (size_t i = 0; i < texts->n; i++)
		put(page, "<li>", texts->list[i], "</li>\n");
	bytes_text(page, "</ul></div>\n");
}

/* A count in at most six characters. */
static void put_count(struct bytes *page, uint64_t count)
{
	static const char units[] = " kMGTPE";
	double value = (double)count;
	size_t unit = 0;

	if (count < 100000) {
		bytes_printf(page, "%" PRIu64, count);
		return;
	}
	for (; value >= 1000 && units[unit + 1]; unit++)
		value /= 1000;
	bytes_printf(page, "%.*f%c", value < 100, value, units[unit]);
}

static bool is_missed(const struct segment *s)
{
	return s->has_count && s->count == 0 && !s->is_gap;
}

/* The text of a line, in which regions that were never entered are marked. */
static void put_line_text(struct bytes *page, const struct line_counts *l, size_t first, bool missed,
			  const char *text, size_t n)
{
	size_t at = 0;

	bytes_text(page, missed ? "<u>" : "");
	for (size_t i = first; i < l->next; i++) {
		const struct segment *s = &l->list[i];
		size_t to = s->column > 0 && s->column - 1 < n ? (size_t)s->column - 1 : n;

		if (to > at) {
			escape_html(page, text + at, to - at);
			at = to;
		}
		if (is_missed(s) != missed)
			bytes_text(page, missed ? "</u>" : "<u>");
		missed = is_missed(s);
	}
	escape_html(page, text + at, n - at);
	bytes_text(page, missed ? "</u>" : "");
}

static void put_line(struct bytes *page, struct line_counts *l, uint64_t number, const char *text,
		     size_t n)
{
	bool missed = l->next > 0 && is_missed(&l->list[l->next - 1]);
	uint64_t count;
	size_t first;
	bool code = line_counts_next(l, number, &count, &first);

	bytes_printf(page, "<span class=\"l%s\"><span class=\"n\">%" PRIu64
		     "</span><span class=\"c\">", !code ? "" : count ? " y" : " x", number);
	if (code)
		put_count(page, count);
	bytes_text(page, "</span>");
	/* A line that is missed as a whole is coloured; marks are for parts of lines. */
	if (code && count == 0)
		escape_html(page, text, n);
	else
		put_line_text(page, l, first, missed, text, n);
	bytes_text(page, "</span>");
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

static void put_source(struct bytes *page, const char *path, struct line_counts *l)
{
	uint64_t number = 0, last = l->n > 0 ? l->list[l->n - 1].line : 0;
	FILE *source = source_open(path);
	char *line = NULL;
	size_t cap = 0;
	ssize_t n;

	if (!source) {
		bytes_printf(page, "<p class=\"note\">The source cannot be shown: %s.</p>\n",
			     strerror(errno));
		return;
	}
	bytes_text(page, "<pre>");
	while ((n = getline(&line, &cap, source)) >= 0) {
		while (n > 0 && (line[n - 1] == '\n' || line[n - 1] == '\r'))
			n--;
		put_line(page, l, ++number, line, (size_t)n);
	}
	bytes_text(page, "</pre>\n");
	if (last > number)
		bytes_printf(page, "<p class=\"note\">The file has changed: the code that was counted "
			     "had at least %" PRIu64 " lines.</p>\n", last);
	free(line);
	fclose(source);
}

static void put_file(struct bytes *page, const struct proctor_coverage_file *f, size_t number,
		     const json_t *segments)
{
	struct line_counts l;

	if (!line_counts_init(&l, segments))
		page->failed = true;
	bytes_printf(page, "<details id=\"f%zu\">", number);
	put(page, "<summary>", f->path, "");
	if (f->lines.count > 0)
		bytes_printf(page, " <span class=\"note\">%.1f&#8239;%%</span>",
			     percent_shown(f->lines.covered, f->lines.count));
	bytes_text(page, "</summary>\n");
	put_source(page, f->path, &l);
	bytes_text(page, "</details>\n");
	free(l.list);
}

/* Writes what there is of the page, which may be large. False: not all of it is there. */
static bool page_write(struct bytes *page, FILE *to)
{
	bool whole = !page->failed;

	if (whole && page->nbytes > 0)
		fwrite(page->data, 1, page->nbytes, to);
	bytes_clear(page);
	return whole;
}

static bool put_files(struct bytes *page, FILE *to, const json_t *doc,
		      const struct proctor_coverage_summary *s)
{
	json_t *data, *file;
	size_t i, j, n = 0;
	bool whole = true;

	json_array_foreach(json_object_get(doc, "data"), i, data) {
		json_array_foreach(json_object_get(data, "files"), j, file) {
			put_file(page, &s->files[n], n + 1, json_object_get(file, "segments"));
			whole = page_write(page, to) && whole;
			n++;
		}
	}
	return whole;
}

static void put_functions(struct bytes *page, const struct functions *f)
{
	bytes_printf(page, "<h2>TML functions that ran: %zu</h2>\n<table>\n<tr><th>Function</th>"
		     "<th>Processes</th><th>Calls</th></tr>\n", f->n);
	for (size_t i = 0; i < f->n; i++) {
		put(page, "<tr><td>", f->list[i].name, "</td><td>");
		bytes_printf(page, "%u</td><td>", f->list[i].nprocesses);
		if (f->list[i].counted)
			bytes_printf(page, "%" PRIu64 "</td></tr>\n", f->list[i].hits);
		else
			bytes_text(page, "-</td></tr>\n");
	}
	bytes_text(page, "</table>\n");
}

static void put_unmapped_binary(struct bytes *page, const struct unmapped *u)
{
	put(page, "<details><summary>", u->paths.list[0], "");
	if (u->paths.n > 1)
		bytes_printf(page, " and %zu more with the same functions", u->paths.n - 1);
	bytes_printf(page, " <span class=\"note\">%zu of %zu ran</span></summary>\n<table>\n"
		     "<tr><th>Function</th><th>Calls</th></tr>\n", u->nran, u->functions.n);
	for (size_t i = 0; i < u->functions.n; i++) {
		put(page, "<tr><td>", u->functions.list[i].name, "</td><td>");
		if (u->functions.list[i].counted)
			bytes_printf(page, "%" PRIu64 "</td></tr>\n", u->functions.list[i].hits);
		else
			bytes_printf(page, "%s</td></tr>\n", u->functions.list[i].nprocesses ? "ran" : "did not run");
	}
	bytes_text(page, "</table>\n</details>\n");
}

static void put_unmapped(struct bytes *page, const struct unmapped_list *unmapped)
{
	bytes_printf(page, "<h2>Functions without a coverage map: %" PRIu64 " of %" PRIu64
		     " ran</h2>\n", unmapped->nran, unmapped->nfunctions);
	for (size_t i = 0; i < unmapped->n; i++)
		put_unmapped_binary(page, &unmapped->list[i]);
}

/* False: no memory for a part of it. */
static bool put_page(FILE *to, const json_t *doc,
		     const struct proctor_coverage_summary *summary, const struct store *store)
{
	struct bytes page = { 0 };
	bool whole;

	bytes_text(&page, page_head);
	bytes_text(&page, "<h1>Coverage</h1>\n");
	put_sentences(&page, "warn", "This report is not complete.", &store->problems);
	put_table(&page, summary);
	put_sentences(&page, "note", "Notes", &store->notes);
	whole = page_write(&page, to);
	whole = put_files(&page, to, doc, summary) && whole;
	if (store->has_functions)
		put_functions(&page, &store->functions);
	if (store->unmapped.n > 0)
		put_unmapped(&page, &store->unmapped);
	bytes_text(&page, "</body>\n</html>\n");
	whole = page_write(&page, to) && whole;
	bytes_fini(&page);
	return whole;
}

int report_html(const json_t *doc, const struct proctor_coverage_summary *summary,
		const struct store *store, const char *path, struct proctor_error *err)
{
	struct replacement r;
	int ret = replacement_open(&r, path, err);

	if (ret < 0)
		return ret;
	if (!put_page(r.file, doc, summary, store))
		ret = error_set(err, -ENOMEM, "no memory to write %s", path);
	return replacement_close(&r, ret, err);
}
