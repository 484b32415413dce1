/* SPDX-License-Identifier: MIT */
#include "coverage/report.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Copies the wanted records. Test names (TN:) and what else stands between records are passed on. */
static int records_copy(FILE *from, FILE *to, const struct report_filter *filter, const char *path,
			struct proctor_error *err)
{
	char *line = NULL;
	size_t cap = 0, number = 0;
	bool within = false, wanted = true;
	ssize_t n;

	while ((n = getline(&line, &cap, from)) > 0) {
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
			fwrite(line, (size_t)n, 1, to);
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
	FILE *from = export_path ? fopen(export_path, "re") : NULL, *to;
	char *temporary;
	int ret = 0;

	if (export_path && !from)
		return error_sys(err, errno, "cannot open %s", export_path);
	if (asprintf(&temporary, "%s.new", path) < 0) {
		if (from)
			fclose(from);
		return error_set(err, -ENOMEM, "no memory to write %s", path);
	}
	to = fopen(temporary, "we");
	if (!to)
		ret = error_sys(err, errno, "cannot write %s", path);
	if (ret == 0 && from)
		ret = records_copy(from, to, filter, export_path, err);
	errno = 0;
	if (to && (fflush(to) != 0 || ferror(to)) && ret == 0)
		ret = error_sys(err, errno ? errno : EIO, "cannot write %s", path);
	if (to && fclose(to) != 0 && ret == 0)
		ret = error_sys(err, errno, "cannot write %s", path);
	if (ret == 0 && rename(temporary, path) < 0)
		ret = error_sys(err, errno, "cannot write %s", path);
	if (ret < 0)
		unlink(temporary);
	if (from)
		fclose(from);
	free(temporary);
	return ret;
}
