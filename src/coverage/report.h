/* SPDX-License-Identifier: MIT */
/*
 * What coverage is shown as: coverage.json and coverage.lcov, both narrowed to the source files
 * that were asked for, an HTML page, and the numbers for the terminal.
 */
#ifndef COVERAGE_REPORT_H
#define COVERAGE_REPORT_H

#include "coverage/store.h"
#include "proctor/proctor.h"

#include <stdio.h>

/* How proctor's own header begins: what it puts into each suite is nobody's to cover. */
#define REPORT_OWN_HEADER \
	"/* SPDX-License-Identifier: MIT */\n" \
	"/* This header is proctor's own: reports of coverage leave it out. */\n"

/*
 * Which source files count: any of the options' `includes` (none: all) and none of their
 * `excludes`. Globs as for test ids (base/text.h) on the whole path; one without a slash is tried
 * on the file's name too. Never proctor's own header, which is known by its path and first lines.
 */
bool report_wants(const struct proctor_coverage *options, const char *path);

/*
 * Reads what `llvm-cov export -format=text` wrote (NULL: there is none; the document is made then
 * with no files), keeps the wanted files and the functions that have a wanted file, counts the
 * totals anew, and sets counts below zero to 0, which a note says (in the store too). A member
 * "proctor" is added: store_facts(). The schema is otherwise llvm-cov's: type, version,
 * data[].files[].summary ... A new reference in `*doc`.
 */
int report_json(FILE *exported, const struct proctor_coverage *options, struct store *store,
		json_t **doc, struct proctor_error *err);
/* The list of its files, lent. */
json_t *report_files(const json_t *doc);
/* Writes the document: by a temporary file and rename, so it is whole or as it was. */
int report_write_json(json_t *doc, const char *path, struct proctor_error *err);

/*
 * Copies the records (SF: to end_of_record) of wanted files; `exported` NULL: none. Binaries
 * without a map have a record each, of functions at line 0: no line is known, and the format has
 * no functions without one.
 */
int report_lcov(FILE *exported, const struct proctor_coverage *options,
		const struct unmapped_list *unmapped, const char *path, struct proctor_error *err);

/* Fills `files` (sorted by path, which the document lends) and `total` of the summary from a
 * document of report_json(). -ENOMEM. On success free() summary->files. */
int report_summarize(const json_t *doc, struct proctor_coverage_summary *summary,
		     struct proctor_error *err);

/*
 * One page that needs no other file: totals, what is missing, a table of the files (sorted by
 * path) with a bar each, per file its source with the count of each line and the regions never
 * entered marked (read from disk now; a file that is gone or has changed to fewer lines is said to
 * be so), TML's functions, and those of binaries without a map. Readable in light and dark, without scripts.
 */
int report_html(const json_t *doc, const struct proctor_coverage_summary *summary,
		const struct store *store, const char *path, struct proctor_error *err);

#endif
