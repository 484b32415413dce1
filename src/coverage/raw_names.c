/* SPDX-License-Identifier: MIT */
#include "coverage/raw_names.h"

#include "base/md5.h"

#include <errno.h>
#include <stdbool.h>
#include <zlib.h>

/* zlib cannot make more than this of a byte: a block that claims more is not read. */
#define ZLIB_FACTOR_MAX 1033u

struct name_cursor {
	const unsigned char *at, *end;
};

static int no_memory(struct proctor_error *err)
{
	return error_set(err, -ENOMEM, "no memory for the names of functions");
}

/* Reads a number as LEB128 has it. False: the bytes end before the number does. */
static bool number_take(struct name_cursor *c, uint64_t *number)
{
	*number = 0;
	for (unsigned shift = 0; shift < 63 && c->at < c->end; shift += 7) {
		unsigned char byte = *c->at++;

		*number |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80))
			return true;
	}
	return false;
}

/* Splits a block's text, which ends with a NUL behind its `ntext` bytes. */
static int names_split(struct raw_names *names, char *text, size_t ntext)
{
	char *end = text + ntext;

	while (text < end) {
		char *stop = memchr(text, 1, (size_t)(end - text));
		struct raw_name *name = vector_add(names);

		if (!name)
			return -ENOMEM;
		if (!stop)
			stop = end;
		*stop = '\0';
		*name = (struct raw_name){ .hash = md5_low64(text, (size_t)(stop - text)), .text = text };
		text = stop + 1;
	}
	return 0;
}

static int block_read(struct raw_names *names, struct name_cursor *c, struct proctor_error *err)
{
	uint64_t ntext, ncompressed, nbytes;
	char *text, **block;
	uLongf nmade;

	if (!number_take(c, &ntext) || !number_take(c, &ncompressed))
		return error_set(err, -EBADMSG, "its names are damaged: a size does not end");
	nbytes = ncompressed ? ncompressed : ntext;
	if (nbytes > (uint64_t)(c->end - c->at) ||
	    (ncompressed && ntext / ZLIB_FACTOR_MAX > ncompressed))
		return error_set(err, -EBADMSG, "its names are damaged: they claim to be longer than "
				 "they are");
	block = vector_add(&names->blocks);
	text = block ? *block = malloc(ntext + 1) : NULL;
	if (!text)
		return no_memory(err);
	nmade = ntext;
	if (!ncompressed)
		memcpy(text, c->at, ntext);
	else if (uncompress((Bytef *)text, &nmade, c->at, ncompressed) != Z_OK || nmade != ntext)
		return error_set(err, -EBADMSG, "its names are damaged: they cannot be decompressed");
	text[ntext] = '\0';
	c->at += nbytes;
	return names_split(names, text, ntext) < 0 ? no_memory(err) : 0;
}

static int name_compare(const void *a, const void *b)
{
	uint64_t left = ((const struct raw_name *)a)->hash;
	uint64_t right = ((const struct raw_name *)b)->hash;

	return left < right ? -1 : left > right;
}

int raw_names_read(struct raw_names *names, const void *bytes, size_t nbytes,
		   struct proctor_error *err)
{
	struct name_cursor c = { .at = bytes, .end = (const unsigned char *)bytes + nbytes };
	int ret = 0;

	*names = (struct raw_names){ 0 };
	while (ret == 0) {
		/* A linker pads between the blocks of several files. */
		while (c.at < c.end && *c.at == 0)
			c.at++;
		if (c.at == c.end)
			break;
		ret = block_read(names, &c, err);
	}
	if (ret < 0)
		raw_names_fini(names);
	else if (names->n > 1)
		qsort(names->list, names->n, sizeof(*names->list), name_compare);
	return ret;
}

void raw_names_fini(struct raw_names *names)
{
	for (size_t i = 0; i < names->blocks.n; i++)
		free(names->blocks.list[i]);
	free(names->blocks.list);
	free(names->list);
	*names = (struct raw_names){ 0 };
}

const char *raw_names_find(const struct raw_names *names, uint64_t hash)
{
	struct raw_name key = { .hash = hash }, *found = NULL;

	if (names->n > 0)
		found = bsearch(&key, names->list, names->n, sizeof(key), name_compare);
	return found ? found->text : NULL;
}
