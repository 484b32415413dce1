/* SPDX-License-Identifier: MIT */
/*
 * What coverage is shown as: coverage.json and coverage.lcov, both narrowed to the source files
 * that were asked for, an HTML page, and the numbers for the terminal.
 */
#ifndef COVERAGE_REPORT_H
#define COVERAGE_REPORT_H

#include "base/error.h"
#include "coverage/functions.h"
#include "coverage/unmapped.h"

#include <jansson.h>
#include <stdbool.h>

/* Which source files count: any of `includes` (none: all) and none of `excludes`. Globs as for test
 * ids (base/pattern.h) on the whole path; one without a slash is tried on the file's name too. */
struct report_filter {
	const char *const *includes;
	size_t nincludes;
	const char *const *excludes;
	size_t nexcludes;
};

/* How proctor's own header begins: what it puts into each suite is nobody's to cover. */
#define REPORT_OWN_HEADER \
	"/* SPDX-License-Identifier: MIT */\n" \
	"/* This header is proctor's own: reports of coverage leave it out. */\n"

/* False for proctor's own header, too, which is known by its path and its first lines. */
bool report_wants(const struct report_filter *filter, const char *path);

/* What the reports must say beside the numbers. */
struct report_facts {
	const char *const *problems;	/* what is missing, a sentence each */
	size_t nproblems;		/* more than 0: the report is partial */
	const char *const *notes;	/* what is worth knowing and no problem */
	size_t nnotes;
	const struct functions *functions;	/* TML's; NULL: none */
	const struct unmapped_list *unmapped;	/* NULL: none */
};

/*
 * Reads what `llvm-cov export -format=text` wrote (NULL: there is none; the document is made then
 * with no files), keeps the wanted files and the functions that have a wanted file, counts the
 * totals anew, and adds the member "proctor": {"partial", "problems", "notes", and with facts->
 * functions "tml_functions": [{"name", "processes", "hits" or null}, ...], with facts->unmapped
 * "unmapped": [{"paths", "functions": [{"name", "ran", "hits" or null}, ...]}, ...]}. The schema is
 * otherwise llvm-cov's: type, version, data[].files[].summary ... A new reference in `*doc`.
 * Counts below zero are set to 0, and how many there were is in `*nnegative`.
 */
int report_json(const char *export_path, const struct report_filter *filter,
		const struct report_facts *facts, json_t **doc, size_t *nnegative,
		struct proctor_error *err);
/* Adds one more note to the document. */
void report_add_note(json_t *doc, const char *text);
/* Writes the document: by a temporary file and rename, so it is whole or as it was. */
int report_write_json(json_t *doc, const char *path, struct proctor_error *err);

/*
 * Copies the records (SF: to end_of_record) of wanted files; `export_path` NULL: none. Binaries
 * without a map have a record each, of functions at line 0: no line is known, and the format has
 * no functions without one.
 */
int report_lcov(const char *export_path, const struct report_filter *filter,
		const struct unmapped_list *unmapped, const char *path, struct proctor_error *err);

/*
 * One page that needs no other file: totals, what is missing, a table of the files (sorted by
 * path) with a bar each, per file its source with the count of each line and the regions never
 * entered marked (read from disk now; a file that is gone or has changed to fewer lines is said to
 * be so), TML's functions, and those of binaries without a map. Readable in light and dark, without scripts.
 */
int report_html(const json_t *doc, const struct report_facts *facts, const char *path,
		struct proctor_error *err);

/* The numbers of the document: what struct proctor_coverage_summary is filled from. */
struct report_summary {
	struct proctor_coverage_file *files;	/* sorted by path, which the document lends; ours */
	size_t nfiles;
	struct proctor_coverage_file total;	/* its path is "TOTAL" */
};

/* -EBADMSG: not a document of report_json(). On success free() summary->files. */
int report_summarize(const json_t *doc, struct report_summary *summary, struct proctor_error *err);

#endif
