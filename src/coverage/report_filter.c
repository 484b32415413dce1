/* SPDX-License-Identifier: MIT */
/* Which source files are in the reports. */
#include "coverage/report.h"

#include "base/file_content.h"
#include "base/pattern.h"

#include <fnmatch.h>
#include <string.h>

/* A glob matches the whole path; without a slash also the name of the file; other text is a part of
 * the path. */
static bool glob_fits(const char *glob, const char *path)
{
	const char *name = strrchr(path, '/');

	if (pattern_matches(path, glob))
		return true;
	return name && !strchr(glob, '/') && fnmatch(glob, name + 1, 0) == 0;
}

/*
 * Is it proctor's own header, whose code is in every suite that includes it? A name says nothing, so
 * its first lines must be there; where it cannot be read it is taken for anybody's file.
 */
static bool is_own_header(const char *path)
{
	static const char name[] = "/proctor/suite.h", mark[] = REPORT_OWN_HEADER;
	size_t n = strlen(path);
	struct bytes content = { 0 };
	struct proctor_error err;
	bool own;

	if (n < strlen(name) || strcmp(path + n - strlen(name), name) != 0)
		return false;
	own = file_content(&content, path, &err) == 0 &&
	      strncmp(bytes_string(&content), mark, strlen(mark)) == 0;
	bytes_fini(&content);
	return own;
}

bool report_wants(const struct proctor_coverage *options, const char *path)
{
	bool wanted = options->nincludes == 0;

	for (size_t i = 0; i < options->nincludes && !wanted; i++)
		wanted = glob_fits(options->includes[i], path);
	for (size_t i = 0; i < options->nexcludes && wanted; i++)
		wanted = !glob_fits(options->excludes[i], path);
	return wanted && !is_own_header(path);
}
