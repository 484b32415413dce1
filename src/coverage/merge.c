/* SPDX-License-Identifier: MIT */
#include "coverage/merge.h"

#include "base/file_content.h"
#include "base/replacement.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The two largest numbers are no counts for LLVM, but marks of its own. */
#define COUNT_MAX (UINT64_MAX - 2)

static void sum_free(struct merge_sum *sum)
{
	if (sum)
		free(sum->profile);
	free(sum);
}

void merge_fini(struct merge *m)
{
	for (size_t i = 0; i < m->sums.n; i++)
		sum_free(m->sums.list[i]);
	free(m->sums.list);
	for (size_t i = 0; i < m->others.n; i++) {
		free(m->others.list[i].path);
		free(m->others.list[i].why);
	}
	free(m->others.list);
	table_fini(&m->table);
	bytes_fini(&m->file);
	free(m->parts.list);
	*m = (struct merge){ .parts = { .list = NULL } };
}

static uint64_t mix(uint64_t hash, uint64_t word)
{
	hash = (hash ^ word) * 0x9e3779b97f4a7c15ull;
	return hash ^ (hash >> 29);
}

static uint64_t mix_bytes(uint64_t hash, const void *bytes, uint64_t nbytes)
{
	const char *at = bytes;
	uint64_t word;

	for (; nbytes >= sizeof(word); nbytes -= sizeof(word), at += sizeof(word)) {
		memcpy(&word, at, sizeof(word));
		hash = mix(hash, word);
	}
	word = 0;
	memcpy(&word, at, nbytes);
	return mix(mix(hash, word), nbytes);
}

/* The words of a data record that are the same in each process: hashes, the relative place of the
 * counters, their number. The others hold addresses. */
static const unsigned constant_words_8[] = { 0, 1, 2, 5 };
static const unsigned constant_words_10[] = { 0, 1, 2, 6, 7 };

static unsigned constant_words(const struct raw_header *h, const unsigned **words)
{
	*words = h->record_bytes == 48 ? constant_words_8 : constant_words_10;
	return h->record_bytes == 48 ? 4 : 5;
}

uint64_t merge_identity(const struct raw_header *h, const void *data, const void *names)
{
	const unsigned *words, n = constant_words(h, &words);
	uint64_t hash = mix(mix(h->version, h->ndata), h->ncounters);

	for (uint64_t i = 0; i < h->ndata; i++)
		for (unsigned j = 0; j < n; j++) {
			uint64_t word;

			memcpy(&word, (const char *)data + i * h->record_bytes + words[j] * 8, 8);
			hash = mix(hash, word);
		}
	hash = mix_bytes(hash, names, h->nnames);
	return hash ? hash : 1;
}

uint64_t merge_shape_identity(const struct raw_shape *shape)
{
	struct raw_header h;
	struct proctor_error err;

	return raw_shape_header(shape, &h, &err) < 0 ? 0
						     : merge_identity(&h, shape->data, shape->names);
}

static bool sum_is(const void *item, const void *key)
{
	const struct merge_sum *sum = item;

	return sum->identity == *(const uint64_t *)key;
}

/* Checks every record of a profile in memory. -ENOTSUP: it has what cannot be merged here. */
static int records_check(const struct raw_header *h, const unsigned char *data,
			 struct proctor_error *err)
{
	struct raw_function f;

	if (h->nbitmap_bytes > 0)
		return error_set(err, -ENOTSUP, "it has MC/DC bitmaps");
	if (h->nvtables > 0)
		return error_set(err, -ENOTSUP, "it has virtual tables");
	for (uint64_t i = 0; i < h->ndata; i++) {
		int ret = raw_read_function(h, data, i, &f, err);

		if (ret < 0)
			return ret;
		if (f.nvalue_sites > 0)
			return error_set(err, -ENOTSUP, "it has value profiles");
	}
	return 0;
}

/* The sum of the profiles of this binary; a new one is a copy of `profile` with counters of zero. NULL: no
 * memory. */
static struct merge_sum *sum_of(struct merge *m, const struct raw_header *h, const unsigned char *profile)
{
	uint64_t identity = merge_identity(h, profile + h->data_at, profile + h->names_at);
	struct merge_sum *sum = table_find(&m->table, identity, sum_is, &identity), **to = NULL;

	if (sum)
		return sum;
	sum = calloc(1, sizeof(*sum));
	/* NOLINTNEXTLINE(bugprone-sizeof-expression): it is a list of pointers */
	if (sum && (sum->profile = malloc(h->nbytes)) && (to = vector_add(&m->sums)) &&
	    table_add(&m->table, identity, sum)) {
		memcpy(sum->profile, profile, h->nbytes);
		memset(sum->profile + h->counters_at, 0, h->ncounters * 8);
		sum->header = *h;
		sum->identity = identity;
		*to = sum;
		return sum;
	}
	m->sums.n -= to != NULL;
	sum_free(sum);
	return NULL;
}

static void sum_add(struct merge_sum *sum, const unsigned char *counters)
{
	unsigned char *to = sum->profile + sum->header.counters_at;

	for (uint64_t i = 0; i < sum->header.ncounters; i++) {
		uint64_t a, b;

		memcpy(&a, to + 8 * i, 8);
		memcpy(&b, counters + 8 * i, 8);
		b = b > COUNT_MAX - a ? COUNT_MAX : a + b;
		memcpy(to + 8 * i, &b, 8);
	}
	sum->nprofiles++;
}

/* No count but a mark of LLVM's own: to be left to LLVM. */
static bool counters_have_marks(const unsigned char *counters, uint64_t n)
{
	uint64_t most = 0;

	for (uint64_t i = 0; i < n; i++) {
		uint64_t count;

		memcpy(&count, counters + 8 * i, 8);
		most = count > most ? count : most;
	}
	return most > COUNT_MAX;
}

static int damaged(const char *path, uint64_t at, const char *why, struct proctor_error *err)
{
	return error_set(err, -EBADMSG, "%s is damaged: in the profile at byte %llu, %s", path,
			 (unsigned long long)at, why);
}

/* Checks the profile at p->at of the file. -ENOTSUP: the sentence is what does not fit. */
static int part_check(const struct merge *m, struct merge_part *p, struct proctor_error *err)
{
	const unsigned char *profile = (const unsigned char *)m->file.data + p->at;
	uint64_t nbytes = m->file.nbytes - p->at;
	int ret = raw_read_header(profile, nbytes, nbytes, &p->header, err);

	if (ret == 0)
		ret = records_check(&p->header, profile + p->header.data_at, err);
	if (ret == 0 && counters_have_marks(profile + p->header.counters_at, p->header.ncounters))
		ret = error_set(err, -ENOTSUP, "it has counts which are marks");
	return ret;
}

/* All are in order before the first is added. */
static int parts_check(struct merge *m, const char *path, struct proctor_error *err)
{
	struct proctor_error why;
	struct merge_part *p;
	int ret = 0;

	m->parts.n = 0;
	if (m->file.nbytes == 0)
		return error_set(err, -EBADMSG, "%s is damaged: it is empty", path);
	for (uint64_t at = 0; at < m->file.nbytes && ret == 0; at += p->header.nbytes) {
		p = vector_add(&m->parts);
		if (!p)
			return error_set(err, -ENOMEM, "no memory to read %s", path);
		p->at = at;
		ret = part_check(m, p, &why);
		if (ret == -ENOTSUP)
			error_set(err, ret, "%s", why.text);
		else if (ret < 0)
			damaged(path, at, why.text, err);
	}
	return ret;
}

static int others_add(struct merge *m, const char *path, const char *why, struct proctor_error *err)
{
	struct merge_other *o = vector_add(&m->others);

	if (!o)
		return error_set(err, -ENOMEM, "no memory to read %s", path);
	*o = (struct merge_other){ .path = strdup(path), .why = strdup(why),
				   .version = raw_version(m->file.data, m->file.nbytes) };
	if (o->path && o->why)
		return 0;
	free(o->path);
	free(o->why);
	m->others.n--;
	return error_set(err, -ENOMEM, "no memory to read %s", path);
}

int merge_add_file(struct merge *m, const char *path, struct merge_found *found,
		   struct proctor_error *err)
{
	const unsigned char *file;
	struct proctor_error why;
	int ret;

	*found = (struct merge_found){ 0 };
	bytes_clear(&m->file);
	ret = file_content(&m->file, path, &why);
	if (ret == 0)
		ret = parts_check(m, path, &why);
	if (ret == -ENOTSUP) {
		ret = others_add(m, path, why.text, err);
		found->other = ret == 0;
		return ret;
	}
	file = (const unsigned char *)m->file.data;
	for (size_t i = 0; i < m->parts.n && ret == 0; i++) {
		struct merge_part *p = &m->parts.list[i];

		p->sum = sum_of(m, &p->header, file + p->at);
		if (!p->sum)
			ret = error_set(&why, -ENOMEM, "no memory to read %s", path);
	}
	if (ret < 0)
		return error_set(err, ret, "%s", why.text);
	for (size_t i = 0; i < m->parts.n; i++)
		sum_add(m->parts.list[i].sum,
			file + m->parts.list[i].at + m->parts.list[i].header.counters_at);
	found->nprofiles = m->parts.n;
	found->parts = m->parts.list;
	return 0;
}

int merge_shape_check(const struct raw_shape *shape, struct proctor_error *err)
{
	struct raw_header h;
	int ret = raw_shape_header(shape, &h, err);

	return ret < 0 ? ret : records_check(&h, shape->data, err);
}

int merge_add_counters(struct merge *m, const struct raw_shape *shape, const uint64_t *counters,
		       struct merge_sum **sum, struct proctor_error *err)
{
	unsigned char *profile;
	struct raw_header h;
	int ret = raw_shape_header(shape, &h, err);

	if (ret == 0)
		ret = records_check(&h, shape->data, err);
	if (ret < 0)
		return ret;
	*sum = NULL;
	profile = calloc(1, h.nbytes);
	if (profile) {
		raw_write_header(&h, profile);
		memcpy(profile + h.data_at, shape->data, shape->ndata_bytes);
		memcpy(profile + h.names_at, shape->names, shape->nnames);
		*sum = sum_of(m, &h, profile);
	}
	free(profile);
	if (!*sum)
		return error_set(err, -ENOMEM, "no memory for a profile of %llu bytes",
				 (unsigned long long)h.nbytes);
	sum_add(*sum, (const unsigned char *)counters);
	return 0;
}

int merge_write(const struct merge_sum *sum, const char *path, struct proctor_error *err)
{
	struct replacement r;
	int ret = replacement_open(&r, path, err);

	if (ret < 0)
		return ret;
	fwrite(sum->profile, sum->header.nbytes, 1, r.file);
	return replacement_close(&r, 0, err);
}
