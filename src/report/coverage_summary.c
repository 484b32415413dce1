/* SPDX-License-Identifier: MIT */
#include "report/coverage_summary.h"

#include "base/escape.h"
#include "base/percent.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define BAR_CELLS 20u
#define FIGURES_COLUMNS 46u	/* what a line needs beside the path */
#define PATH_COLUMNS_MIN 16u
#define PATH_COLUMNS_MAX 60u

static double percent_covered(const struct proctor_coverage_numbers *n)
{
	return percent_shown(n->covered, n->count);
}

static const char *color_of(double percent)
{
	return percent >= 80 ? "\033[32m" : percent >= 50 ? "\033[33m" : "\033[31m";
}

/* How many bytes at the start of all paths are the same directory: that is said once. */
static size_t common_directory(const struct proctor_coverage_summary *s)
{
	const char *first = s->nfiles > 1 ? s->files[0].path : "";
	size_t n = strlen(first);

	for (size_t i = 1; i < s->nfiles; i++) {
		size_t same = 0;

		while (same < n && s->files[i].path[same] == first[same])
			same++;
		n = same;
	}
	while (n > 0 && first[n - 1] != '/')
		n--;
	return n;
}

/* Is it a byte of a UTF-8 character, but not the first? */
static bool is_rest(char byte)
{
	return ((unsigned char)byte & 0xc0) == 0x80;
}

/* The columns of a text, counting one for each character. */
static size_t text_columns(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += !is_rest(*text);
	return n;
}

/* The path within `columns`, cut from the left. */
static void append_path(struct bytes *to, const char *path, unsigned columns)
{
	size_t n = text_columns(path);

	if (n > columns) {
		for (size_t skip = n - columns + 3; skip > 0; skip--)
			do
				path++;
			while (is_rest(*path));
		bytes_text(to, "...");
		n = columns;
	}
	escape_line(to, path);
	bytes_printf(to, "%*s", (int)(columns - n), "");
}

static void append_bar(struct bytes *to, double percent)
{
	unsigned full = (unsigned)(percent * BAR_CELLS / 100 + 0.5);

	/* As with the number: the bar is full only if all is covered. */
	if (percent < 100 && full == BAR_CELLS)
		full--;
	for (unsigned i = 0; i < BAR_CELLS; i++)
		bytes_text(to, i < full ? "#" : ".");
}

static void append_row(struct bytes *to, const char *path, const struct proctor_coverage_numbers *n,
		       bool color, unsigned columns)
{
	double percent = percent_covered(n);
	char figures[48];

	bytes_text(to, "  ");
	append_path(to, path, columns);
	snprintf(figures, sizeof(figures), "%" PRIu64 "/%" PRIu64, n->covered, n->count);
	if (n->count == 0) {
		bytes_printf(to, " %13s      -\n", figures);
		return;
	}
	bytes_printf(to, " %13s  %s%5.1f %%%s  ", figures, color ? color_of(percent) : "", percent,
		     color ? "\033[0m" : "");
	append_bar(to, percent);
	bytes_text(to, "\n");
}

static void append_part(struct bytes *to, const char *name,
			const struct proctor_coverage_numbers *n)
{
	if (n->count > 0)
		bytes_printf(to, ", %s %.1f %%", name, percent_covered(n));
}

static void append_table(struct bytes *to, const struct proctor_coverage_summary *s, bool color,
			 unsigned columns)
{
	size_t common = common_directory(s), longest = strlen("total");
	unsigned room = columns > FIGURES_COLUMNS + PATH_COLUMNS_MIN ? columns - FIGURES_COLUMNS
			: columns ? PATH_COLUMNS_MIN : PATH_COLUMNS_MAX;

	if (common > 0) {
		bytes_text(to, "  in ");
		escape_append(to, s->files[0].path, common, "\t");
		bytes_text(to, "\n");
	}
	for (size_t i = 0; i < s->nfiles; i++) {
		size_t n = text_columns(s->files[i].path + common);

		longest = n > longest ? n : longest;
	}
	if (longest < room)
		room = (unsigned)longest;
	for (size_t i = 0; i < s->nfiles; i++)
		append_row(to, s->files[i].path + common, &s->files[i].lines, color, room);
	if (s->nfiles > 1)
		append_row(to, "total", &s->total.lines, color, room);
}

static void append_sentences(struct bytes *to, const char *kind, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		bytes_printf(to, "  %s: ", kind);
		escape_line(to, list[i]);
		bytes_text(to, "\n");
	}
}

static void append_reports(struct bytes *to, const struct proctor_coverage_summary *s)
{
	const char *paths[] = { s->json_path, s->lcov_path, s->html_path };

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		if (paths[i]) {
			bytes_text(to, "  report: ");
			escape_line(to, paths[i]);
			bytes_text(to, "\n");
		}
}

static void append_heading(struct bytes *to, const struct proctor_coverage_summary *s, bool color)
{
	const struct proctor_coverage_numbers *lines = &s->total.lines;

	if (!s->json_path) {
		bytes_text(to, "Coverage: there is no report");
	} else if (lines->count == 0 && s->unmapped_functions.count > 0) {
		const struct proctor_coverage_numbers *functions = &s->unmapped_functions;

		bytes_printf(to, "Coverage: %s%.1f %%%s of functions (%" PRIu64 " of %" PRIu64
			     "), no lines: there is no coverage map",
			     color ? color_of(percent_covered(functions)) : "",
			     percent_covered(functions), color ? "\033[0m" : "",
			     functions->covered, functions->count);
	} else if (lines->count == 0 && s->ntml_functions > 0) {
		bytes_printf(to, "Coverage: %zu TML functions ran", s->ntml_functions);
	} else if (lines->count == 0) {
		bytes_text(to, "Coverage: no line of source was counted");
	} else {
		bytes_printf(to, "Coverage: %s%.1f %%%s of lines (%" PRIu64 " of %" PRIu64 ")",
			     color ? color_of(percent_covered(lines)) : "", percent_covered(lines),
			     color ? "\033[0m" : "", lines->covered, lines->count);
		append_part(to, "functions", &s->total.functions);
		append_part(to, "regions", &s->total.regions);
		append_part(to, "branches", &s->total.branches);
	}
	bytes_text(to, "\n");
}

void coverage_append(struct bytes *to, const struct proctor_coverage_summary *s, bool color,
		     unsigned columns)
{
	append_heading(to, s, color);
	if (s->nfiles > 0)
		append_table(to, s, color, columns);
	if (s->unmapped_functions.count > 0 && s->total.lines.count > 0)
		bytes_printf(to, "  functions without a coverage map: %" PRIu64 " of %" PRIu64
			     " ran\n", s->unmapped_functions.covered, s->unmapped_functions.count);
	if (s->has_tml && (s->total.lines.count > 0 || s->unmapped_functions.count > 0))
		bytes_printf(to, "  TML functions that ran: %zu\n", s->ntml_functions);
	if (s->below_minimum)
		bytes_printf(to, "  below the minimum of %g %% of lines\n", s->minimum_percent);
	append_sentences(to, "incomplete", s->problems, s->nproblems);
	append_sentences(to, "note", s->notes, s->nnotes);
	append_reports(to, s);
}
