/* SPDX-License-Identifier: MIT */
#include "coverage/report.h"

#include "base/bytes.h"
#include "base/escape.h"
#include "base/file_content.h"
#include "base/file_replace.h"
#include "base/percent.h"
#include "coverage/line_counts.h"

#include <errno.h>
#include <inttypes.h>

/* How each page begins: src/coverage/page_head.html, with a NUL behind it. */
__asm__(".pushsection .rodata\n"
	".globl coverage_page_head\n.hidden coverage_page_head\ncoverage_page_head:\n"
	".incbin \"src/coverage/page_head.html\"\n.byte 0\n.popsection");
extern const char coverage_page_head[] __attribute__((visibility("hidden")));

struct html_page {
	FILE *file;
	struct bytes shown;		/* the text that was written last */
	bool lost;			/* no memory for a part of it */
};

static void put_text(struct html_page *page, const char *text, size_t n)
{
	bytes_clear(&page->shown);
	escape_html(&page->shown, text, n);
	page->lost = page->lost || page->shown.failed;
	fputs(bytes_string(&page->shown) ?: "", page->file);
}

/* Foreign text between two pieces of markup. */
static void put(struct html_page *page, const char *before, const char *text, const char *after)
{
	fputs(before, page->file);
	put_text(page, text, strlen(text));
	fputs(after, page->file);
}

static void put_numbers(struct html_page *page, const struct proctor_coverage_numbers *n)
{
	if (n->count == 0)
		fputs("<td>-</td>", page->file);
	else
		fprintf(page->file, "<td title=\"%" PRIu64 " of %" PRIu64 "\">%.1f&#8239;%%</td>",
			n->covered, n->count, percent_shown(n->covered, n->count));
}

static void put_bar(struct html_page *page, const struct proctor_coverage_numbers *n)
{
	double percent = percent_shown(n->covered, n->count);

	if (n->count == 0)
		fputs("<td></td>", page->file);
	else
		fprintf(page->file, "<td><meter min=\"0\" max=\"100\" low=\"50\" high=\"80\" "
			"optimum=\"100\" value=\"%.1f\">%.1f %%</meter></td>", percent, percent);
}

/* The rest of a row, behind the file's name. */
static void put_figures(struct html_page *page, const struct proctor_coverage_file *f)
{
	fprintf(page->file, "<td>%" PRIu64 "/%" PRIu64 "</td>", f->lines.covered, f->lines.count);
	put_numbers(page, &f->lines);
	put_bar(page, &f->lines);
	put_numbers(page, &f->functions);
	put_numbers(page, &f->regions);
	put_numbers(page, &f->branches);
	fputs("</tr>\n", page->file);
}

static void put_table(struct html_page *page, const struct proctor_coverage_summary *s)
{
	fputs("<table>\n<tr><th>File</th><th>Lines</th><th></th><th></th><th>Functions</th>"
	      "<th>Regions</th><th>Branches</th></tr>\n<tr><td>total</td>", page->file);
	put_figures(page, &s->total);
	for (size_t i = 0; i < s->nfiles; i++) {
		fprintf(page->file, "<tr><td><a href=\"#f%zu\">", i + 1);
		put(page, "", s->files[i].path, "</a></td>");
		put_figures(page, &s->files[i]);
	}
	fputs("</table>\n", page->file);
}

static void put_sentences(struct html_page *page, const char *class, const char *title,
			  const struct texts *texts)
{
	if (texts->n == 0)
		return;
	fprintf(page->file, "<div class=\"%s\"><strong>%s</strong><ul>\n", class, title);
	for (size_t i = 0; i < texts->n; i++)
		put(page, "<li>", texts->list[i], "</li>\n");
	fputs("</ul></div>\n", page->file);
}

/* A count in at most six characters. */
static void put_count(struct html_page *page, uint64_t count)
{
	static const char units[] = " kMGTPE";
	double value = (double)count;
	size_t unit = 0;

	if (count < 100000) {
		fprintf(page->file, "%" PRIu64, count);
		return;
	}
	for (; value >= 1000 && units[unit + 1]; unit++)
		value /= 1000;
	fprintf(page->file, "%.*f%c", value < 100, value, units[unit]);
}

static bool is_missed(const struct segment *s)
{
	return s->has_count && s->count == 0 && !s->is_gap;
}

/* The text of a line, in which regions that were never entered are marked. */
static void put_line_text(struct html_page *page, const struct line_counts *l, size_t first, bool missed,
			  const char *text, size_t n)
{
	size_t at = 0;

	fputs(missed ? "<u>" : "", page->file);
	for (size_t i = first; i < l->next; i++) {
		const struct segment *s = &l->list[i];
		size_t to = s->column > 0 && s->column - 1 < n ? (size_t)s->column - 1 : n;

		if (to > at) {
			put_text(page, text + at, to - at);
			at = to;
		}
		if (is_missed(s) != missed)
			fputs(missed ? "</u>" : "<u>", page->file);
		missed = is_missed(s);
	}
	put_text(page, text + at, n - at);
	fputs(missed ? "</u>" : "", page->file);
}

static void put_line(struct html_page *page, struct line_counts *l, uint64_t number, const char *text,
		     size_t n)
{
	bool missed = l->next > 0 && is_missed(&l->list[l->next - 1]);
	uint64_t count;
	size_t first;
	bool code = line_counts_next(l, number, &count, &first);

	fprintf(page->file, "<span class=\"l%s\"><span class=\"n\">%" PRIu64
		"</span><span class=\"c\">", !code ? "" : count ? " y" : " x", number);
	if (code)
		put_count(page, count);
	fputs("</span>", page->file);
	/* A line that is missed as a whole is coloured; marks are for parts of lines. */
	if (code && count == 0)
		put_text(page, text, n);
	else
		put_line_text(page, l, first, missed, text, n);
	fputs("</span>", page->file);
}

static void put_source(struct html_page *page, const char *path, struct line_counts *l)
{
	uint64_t number = 0, last = l->n > 0 ? l->list[l->n - 1].line : 0;
	struct bytes source = { 0 };
	struct proctor_error err;
	int ret = file_content(&source, path, &err);
	const char *line = source.data, *end = line + source.nbytes, *stop;

	if (ret < 0) {
		fprintf(page->file, "<p class=\"note\">The source cannot be shown: %s.</p>\n",
			ret == -EBADMSG ? "it is not a file" : strerror(-ret));
		bytes_fini(&source);
		return;
	}
	fputs("<pre>", page->file);
	for (; line < end; line = stop + 1) {
		size_t n;

		stop = memchr(line, '\n', (size_t)(end - line)) ?: end;
		n = (size_t)(stop - line);
		while (n > 0 && line[n - 1] == '\r')
			n--;
		put_line(page, l, ++number, line, n);
	}
	fputs("</pre>\n", page->file);
	if (last > number)
		fprintf(page->file, "<p class=\"note\">The file has changed: the code that was counted "
			"had at least %" PRIu64 " lines.</p>\n", last);
	bytes_fini(&source);
}

static void put_file(struct html_page *page, const struct proctor_coverage_file *f, size_t number,
		     const json_t *segments)
{
	struct line_counts l;

	if (!line_counts_init(&l, segments))
		page->lost = true;
	fprintf(page->file, "<details id=\"f%zu\">", number);
	put(page, "<summary>", f->path, "");
	if (f->lines.count > 0)
		fprintf(page->file, " <span class=\"note\">%.1f&#8239;%%</span>",
			percent_shown(f->lines.covered, f->lines.count));
	fputs("</summary>\n", page->file);
	put_source(page, f->path, &l);
	fputs("</details>\n", page->file);
	free(l.list);
}

static void put_functions(struct html_page *page, const struct functions *f, bool tml)
{
	fprintf(page->file, "<table>\n<tr><th>Function</th>%s<th>Calls</th></tr>\n",
		tml ? "<th>Processes</th>" : "");
	for (size_t i = 0; i < f->n; i++) {
		const struct function *one = &f->list[i];

		put(page, "<tr><td>", one->name, "</td>");
		if (tml)
			fprintf(page->file, "<td>%u</td>", one->nprocesses);
		if (one->counted)
			fprintf(page->file, "<td>%" PRIu64 "</td></tr>\n", one->hits);
		else
			fprintf(page->file, "<td>%s</td></tr>\n",
				tml ? "-" : one->nprocesses ? "ran" : "did not run");
	}
	fputs("</table>\n", page->file);
}

static void put_unmapped_binary(struct html_page *page, const struct unmapped *u)
{
	put(page, "<details><summary>", u->paths.list[0], "");
	if (u->paths.n > 1)
		fprintf(page->file, " and %zu more with the same functions", u->paths.n - 1);
	fprintf(page->file, " <span class=\"note\">%zu of %zu ran</span></summary>\n", u->nran,
		u->functions.n);
	put_functions(page, &u->functions, false);
	fputs("</details>\n", page->file);
}

static void put_unmapped(struct html_page *page, const struct unmapped_list *unmapped)
{
	fprintf(page->file, "<h2>Functions without a coverage map: %" PRIu64 " of %" PRIu64
		" ran</h2>\n", unmapped->nran, unmapped->nfunctions);
	for (size_t i = 0; i < unmapped->n; i++)
		put_unmapped_binary(page, &unmapped->list[i]);
}

static void put_page(struct html_page *page, const json_t *doc,
		     const struct proctor_coverage_summary *summary, const struct store *store)
{
	json_t *file;
	size_t i;

	fputs(coverage_page_head, page->file);
	fputs("<h1>Coverage</h1>\n", page->file);
	put_sentences(page, "warn", "This report is not complete.", &store->problems);
	put_table(page, summary);
	put_sentences(page, "note", "Notes", &store->notes);
	json_array_foreach(report_files(doc), i, file) {
		put_file(page, &summary->files[i], i + 1, json_object_get(file, "segments"));
	}
	if (store->has_functions) {
		fprintf(page->file, "<h2>TML functions that ran: %zu</h2>\n", store->functions.n);
		put_functions(page, &store->functions, true);
	}
	if (store->unmapped.n > 0)
		put_unmapped(page, &store->unmapped);
	fputs("</body>\n</html>\n", page->file);
}

int report_html(const json_t *doc, const struct proctor_coverage_summary *summary,
		const struct store *store, const char *path, struct proctor_error *err)
{
	struct replacement r;
	int ret = replacement_open(&r, path, err);
	struct html_page page = { .file = r.file };

	if (ret < 0)
		return ret;
	put_page(&page, doc, summary, store);
	bytes_fini(&page.shown);
	if (page.lost)
		ret = error_set(err, -ENOMEM, "no memory to write %s", path);
	return replacement_close(&r, ret, err);
}
