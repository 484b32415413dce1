/* SPDX-License-Identifier: MIT */
#include "coverage/report.h"

#include "base/replacement.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* "DA:7,3": a count below zero comes as one of the largest numbers, and is copied as 0. */
static void line_copy(FILE *to, const char *line)
{
	const char *count = strrchr(line, ',');

	if (strncmp(line, "DA:", 3) == 0 && count && strtoull(count + 1, NULL, 10) >= 1ull << 62)
		fprintf(to, "%.*s,0\n", (int)(count - line), line);
	else
		fputs(line, to);
}

/* Copies the wanted records. Test names (TN:) and what else stands between records are passed on. */
static int records_copy(FILE *from, FILE *to, const struct report_filter *filter, const char *path,
			struct proctor_error *err)
{
	char *line = NULL;
	size_t cap = 0, number = 0;
	bool within = false, wanted = true;

	while (getline(&line, &cap, from) > 0) {
		number++;
		if (strncmp(line, "SF:", 3) == 0) {
			within = true;
			line[strcspn(line, "\r\n")] = '\0';
			wanted = report_wants(filter, line + 3);
			if (wanted)
				fprintf(to, "%s\n", line);
			continue;
		}
		if (wanted)
			line_copy(to, line);
		if (strcmp(line, "end_of_record\n") == 0) {
			within = false;
			wanted = true;
		}
	}
	free(line);
	if (within)
		return error_set(err, -EBADMSG, "%s is truncated: its last record, at line %zu, does "
				 "not end", path, number);
	return ferror(from) ? error_sys(err, EIO, "cannot read %s", path) : 0;
}

int report_lcov(const char *export_path, const struct report_filter *filter, const char *path,
		struct proctor_error *err)
{
	FILE *from = export_path ? fopen(export_path, "re") : NULL;
	struct replacement to;
	int ret;

	if (export_path && !from)
		return error_sys(err, errno, "cannot open %s", export_path);
	ret = replacement_open(&to, path, err);
	if (ret == 0) {
		if (from)
			ret = records_copy(from, to.file, filter, export_path, err);
		ret = replacement_close(&to, ret, err);
	}
	if (from)
		fclose(from);
	return ret;
}
