/* SPDX-License-Identifier: MIT */
#include "adapter/version.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/elf_sections.h"

/* How many of the bytes are a version such as 1.12.1 or 1.97.0-nightly. */
static size_t version_bytes(const char *bytes, size_t nbytes)
{
	size_t n = 0;

	if (nbytes == 0 || !isdigit((unsigned char)bytes[0]))
		return 0;
	while (n < nbytes && (isalnum((unsigned char)bytes[n]) || memchr(".-+~_", bytes[n], 5)))
		n++;
	return n;
}

/* Three numbers with dots between them, and nothing else? */
static bool is_three_numbers(const char *text, size_t ntext)
{
	size_t nnumbers = 0, i = 0;

	while (i < ntext && isdigit((unsigned char)text[i])) {
		while (i < ntext && isdigit((unsigned char)text[i]))
			i++;
		nnumbers++;
		if (i < ntext && text[i] == '.')
			i++;
		else
			break;
	}
	return nnumbers == 3 && i == ntext && text[ntext - 1] != '.';
}

/* The next version from `*at` on, which becomes what is behind it. NULL: there are no more. */
static const char *next_behind(const struct version_mark *mark, const char *bytes, const char **at,
			       const char *end, size_t *n)
{
	size_t nbehind = strlen(mark->behind);
	const char *found, *version;

	while ((found = memmem(*at, (size_t)(end - *at), mark->behind, nbehind))) {
		version = *at = found + nbehind;
		*n = version_bytes(version, (size_t)(end - version));
		if (mark->counted) {
			size_t nboth = found > bytes ? (unsigned char)found[-1] : 0;

			/* What stands behind it may look as if it were a part of it. */
			*n = nboth > nbehind && nboth - nbehind <= *n ? nboth - nbehind : 0;
		}
		if (*n > 0)
			return version;
	}
	return NULL;
}

static const char *next_alone(const char **at, const char *end, size_t *n)
{
	while (*at < end) {
		const char *text = *at;

		*n = strnlen(text, (size_t)(end - text));
		*at = text + *n + (text + *n < end);
		if (*n > 0 && is_three_numbers(text, *n))
			return text;
	}
	return NULL;
}

const char *version_find(const struct version_mark *mark, const char *bytes, size_t nbytes,
			 size_t *nversion)
{
	const char *at = bytes, *end = bytes + nbytes, *first = NULL, *next;
	size_t n;

	while ((next = mark->behind ? next_behind(mark, bytes, &at, end, &n) :
				      next_alone(&at, end, &n))) {
		if (first && (n != *nversion || memcmp(first, next, n) != 0))
			return NULL;
		first = next;
		*nversion = n;
	}
	return first;
}

bool version_of_file(const struct version_mark *mark, const char *path, char *text, size_t ntext)
{
	const char *name, *version = NULL;
	struct elf_sections e;
	Elf_Data *data = NULL;
	Elf_Scn *scn = NULL;
	GElf_Shdr shdr;
	size_t n = 0;

	if (!mark->section || !elf_sections_open(&e, path))
		return false;
	while (!data && (scn = elf_sections_next(&e, scn, &shdr, &name)))
		if (strcmp(name, mark->section) == 0)
			data = elf_rawdata(scn, NULL);
	if (data && data->d_buf)
		version = version_find(mark, data->d_buf, data->d_size, &n);
	if (version)
		snprintf(text, ntext, "%.*s", (int)n, version);
	elf_sections_close(&e);
	return version && n < ntext;
}
