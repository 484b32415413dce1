/* SPDX-License-Identifier: MIT */
#include "coverage/report.h"

#include "base/file_replace.h"

#include <errno.h>
#include <stdlib.h>

/* "DA:7,3": a count below zero comes as one of the largest numbers, and is copied as 0. */
static void line_copy(FILE *to, const char *line)
{
	const char *count = strrchr(line, ',');

	if (strncmp(line, "DA:", 3) == 0 && count && strtoull(count + 1, NULL, 10) >= 1ull << 62)
		fprintf(to, "%.*s,0\n", (int)(count - line), line);
	else
		fprintf(to, "%s\n", line);
}

/* Copies the wanted records. Test names (TN:) and what else stands between records are passed on. */
static int records_copy(FILE *from, FILE *to, const struct proctor_coverage *options,
			struct proctor_error *err)
{
	char *line = NULL;
	size_t cap = 0, number = 0;
	bool within = false, wanted = true;

	for (; getline(&line, &cap, from) > 0; number++) {
		bool begins = strncmp(line, "SF:", 3) == 0;

		line[strcspn(line, "\r\n")] = '\0';
		if (begins)
			wanted = report_wants(options, line + 3);
		if (wanted)
			line_copy(to, line);
		if (begins || strcmp(line, "end_of_record") == 0) {
			within = begins;
			wanted = wanted || !begins;
		}
	}
	free(line);
	if (within)
		return error_set(err, -EBADMSG, "the export of llvm-cov is truncated: its last record, "
				 "at line %zu, does not end", number);
	return ferror(from) ? error_sys(err, EIO, "cannot read the export of llvm-cov") : 0;
}

/* A name's line breaks would be lines of the format. */
static void name_put(FILE *to, const char *name)
{
	for (; *name; name++)
		fputc(*name == '\n' || *name == '\r' ? '?' : *name, to);
	fputc('\n', to);
}

/* Where it is only known that a function ran, that is one time. */
static void unmapped_put(FILE *to, const struct unmapped *u)
{
	fputs("TN:\nSF:", to);
	name_put(to, u->paths.list[0]);
	for (size_t i = 0; i < u->functions.n; i++) {
		fputs("FN:0,", to);
		name_put(to, u->functions.list[i].name);
	}
	for (size_t i = 0; i < u->functions.n; i++) {
		const struct function *f = &u->functions.list[i];

		fprintf(to, "FNDA:%llu,", (unsigned long long)(f->counted ? f->hits : f->nprocesses));
		name_put(to, f->name);
	}
	fprintf(to, "FNF:%zu\nFNH:%zu\nend_of_record\n", u->functions.n, u->nran);
}

int report_lcov(FILE *exported, const struct proctor_coverage *options,
		const struct unmapped_list *unmapped, const char *path, struct proctor_error *err)
{
	struct replacement to;
	int ret = replacement_open(&to, path, err);

	if (ret < 0)
		return ret;
	if (exported)
		ret = records_copy(exported, to.file, options, err);
	for (size_t i = 0; ret == 0 && i < unmapped->n; i++)
		unmapped_put(to.file, &unmapped->list[i]);
	return replacement_close(&to, ret, err);
}
