/* SPDX-License-Identifier: MIT */
#include "coverage/merge.h"

#include "base/replacement.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* As LLVM sums: the two largest numbers are not counts but marks of its own. */
#define COUNT_MAX (UINT64_MAX - 2)

/* The file being added. */
struct input {
	const char *path;
	int fd;
	uint64_t nbytes, nread;		/* the buffer has the first `nread` of them */
};

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
	free(m->buffer);
	free(m->parts.list);
	*m = (struct merge){ .buffer = NULL };
}

static int no_memory(const char *path, struct proctor_error *err)
{
	return error_set(err, -ENOMEM, "no memory to read %s", path);
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

/* What tells most binaries apart at a glance. */
static uint64_t quick_hash(const struct raw_header *h)
{
	return mix(mix(mix(mix(h->version, h->ndata), h->ncounters), h->nnames), h->nbitmap_bytes);
}

static bool headers_alike(const struct raw_header *a, const struct raw_header *b)
{
	return a->version == b->version && a->ndata == b->ndata && a->ncounters == b->ncounters &&
	       a->nbitmap_bytes == b->nbitmap_bytes && a->nnames == b->nnames &&
	       a->nvtables == b->nvtables && a->nvnames == b->nvnames &&
	       a->counters_delta == b->counters_delta;
}

/* Do the constant parts of these records agree? */
static bool records_equal(const struct raw_header *h, const unsigned char *a,
			  const unsigned char *b)
{
	const unsigned *words, nwords = constant_words(h, &words);
	uint64_t differ = 0;

	for (uint64_t i = 0; i < h->ndata; i++, a += h->record_bytes, b += h->record_bytes)
		for (unsigned j = 0; j < nwords; j++) {
			uint64_t x, y;

			memcpy(&x, a + words[j] * 8, 8);
			memcpy(&y, b + words[j] * 8, 8);
			differ |= x ^ y;
		}
	return differ == 0;
}

/* What a sum is looked for by. */
struct wanted {
	const struct raw_header *h;
	const void *data, *names;
};

static bool sum_is(const void *item, const void *key)
{
	const struct merge_sum *sum = item;
	const struct wanted *w = key;

	return headers_alike(&sum->header, w->h) &&
	       records_equal(w->h, w->data, sum->profile + sum->header.data_at) &&
	       memcmp(w->names, sum->profile + sum->header.names_at, w->h->nnames) == 0;
}

static struct merge_sum *sum_find(const struct merge *m, const struct raw_header *h,
				  const void *data, const void *names)
{
	return table_find(&m->table, quick_hash(h), sum_is,
			  &(struct wanted){ .h = h, .data = data, .names = names });
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

/* A sum of no profiles yet, for those that are as `profile`. NULL: no memory. */
static struct merge_sum *sum_make(struct merge *m, const struct raw_header *h,
				  const unsigned char *profile)
{
	struct merge_sum *sum = calloc(1, sizeof(*sum)), **to = NULL;

	if (sum && (sum->profile = malloc(h->nbytes)) && (to = vector_add(&m->sums)) &&
	    table_add(&m->table, quick_hash(h), sum)) {
		memcpy(sum->profile, profile, h->nbytes);
		memset(sum->profile + h->counters_at, 0, h->ncounters * 8);
		sum->header = *h;
		sum->identity = merge_identity(h, profile + h->data_at, profile + h->names_at);
		*to = sum;
		return sum;
	}
	m->sums.n -= to != NULL;
	sum_free(sum);
	return NULL;
}

/* Forgets the newest sums, those of a file that turned out to be damaged. */
static void sums_drop(struct merge *m, size_t nsums)
{
	if (m->sums.n == nsums)
		return;
	while (m->sums.n > nsums)
		sum_free(m->sums.list[--m->sums.n]);
	table_clear(&m->table);
	for (size_t i = 0; i < nsums; i++)
		table_add(&m->table, quick_hash(&m->sums.list[i]->header), m->sums.list[i]);
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

static bool buffer_need(struct merge *m, uint64_t nbytes)
{
	unsigned char *buffer = nbytes > m->nbuffer ? realloc(m->buffer, nbytes) : m->buffer;

	if (nbytes <= m->nbuffer || !buffer)
		return nbytes <= m->nbuffer;
	m->buffer = buffer;
	m->nbuffer = nbytes;
	return true;
}

static int damaged(const struct input *in, uint64_t at, const char *why, struct proctor_error *err)
{
	return error_set(err, -EBADMSG, "%s is damaged: in the profile at byte %llu, %s", in->path,
			 (unsigned long long)at, why);
}

/* Reads on, up to byte `end` of the file, which has been that long at least. */
static int input_read(struct merge *m, struct input *in, uint64_t end, struct proctor_error *err)
{
	if (!buffer_need(m, end))
		return no_memory(in->path, err);
	while (in->nread < end) {
		ssize_t n = read(in->fd, m->buffer + in->nread, end - in->nread);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_sys(err, errno, "cannot read %s", in->path);
		if (n == 0)
			return damaged(in, in->nread, "it was cut while it was read", err);
		in->nread += (uint64_t)n;
	}
	return 0;
}

/* Reads the profile at p->at: its header first, which tells how much of it there is. */
static int part_read(struct merge *m, struct input *in, struct merge_part *p,
		     struct proctor_error *err)
{
	uint64_t left = in->nbytes - p->at;
	uint64_t nhead = left < RAW_HEADER_BYTES_MAX ? left : RAW_HEADER_BYTES_MAX;
	struct proctor_error why;
	int ret = input_read(m, in, p->at + nhead, err);

	if (ret < 0)
		return ret;
	ret = raw_read_header(m->buffer + p->at, nhead, left, &p->header, &why);
	if (ret == 0)
		return input_read(m, in, p->at + p->header.nbytes, err);
	return ret == -ENOTSUP ? error_set(err, ret, "%s", why.text)
			       : damaged(in, p->at, why.text, err);
}

/* Finds the sum of the part's binary, or makes it. */
static int part_find_sum(struct merge *m, const struct input *in, struct merge_part *p,
			 struct proctor_error *err)
{
	const unsigned char *profile = m->buffer + p->at;
	const struct raw_header *h = &p->header;
	struct proctor_error why;
	int ret;

	p->sum = sum_find(m, h, profile + h->data_at, profile + h->names_at);
	if (p->sum)
		return 0;
	ret = records_check(h, profile + h->data_at, &why);
	if (ret == -ENOTSUP)
		return error_set(err, ret, "%s", why.text);
	if (ret < 0)
		return damaged(in, p->at, why.text, err);
	p->sum = sum_make(m, h, profile);
	return p->sum ? 0 : no_memory(in->path, err);
}

static int parts_read(struct merge *m, struct input *in, struct proctor_error *err)
{
	struct merge_part *p;
	int ret = 0;

	m->parts.n = 0;
	for (uint64_t at = 0; at < in->nbytes && ret == 0; at += p->header.nbytes) {
		p = vector_add(&m->parts);
		if (!p)
			return no_memory(in->path, err);
		p->at = at;
		ret = part_read(m, in, p, err);
		if (ret == 0)
			ret = part_find_sum(m, in, p, err);
		if (ret == 0 && counters_have_marks(m->buffer + at + p->header.counters_at,
						    p->header.ncounters))
			ret = error_set(err, -ENOTSUP, "it has counts which are marks");
	}
	return ret;
}

static int input_open(struct input *in, const char *path, struct proctor_error *err)
{
	struct stat st;

	*in = (struct input){ .path = path };
	/* Tests can put anything there: no FIFO is waited for. */
	in->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (in->fd < 0)
		return error_sys(err, errno, "cannot open %s", path);
	if (fstat(in->fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0) {
		in->nbytes = (uint64_t)st.st_size;
		return 0;
	}
	close(in->fd);
	return error_set(err, -EBADMSG, "%s is damaged: it is %s", path,
			 S_ISREG(st.st_mode) ? "empty" : "not a file");
}

static int others_add(struct merge *m, const struct input *in, const char *why,
		      struct proctor_error *err)
{
	struct merge_other *o = vector_add(&m->others);

	if (!o)
		return no_memory(in->path, err);
	*o = (struct merge_other){ .path = strdup(in->path), .why = strdup(why),
				   .version = raw_version(m->buffer, in->nread) };
	if (o->path && o->why)
		return 0;
	free(o->path);
	free(o->why);
	m->others.n--;
	return no_memory(in->path, err);
}

int merge_add_file(struct merge *m, const char *path, struct merge_found *found,
		   struct proctor_error *err)
{
	size_t nsums = m->sums.n;
	struct proctor_error why = { 0 };
	struct input in;
	int ret = input_open(&in, path, err);

	*found = (struct merge_found){ 0 };
	if (ret < 0)
		return ret;
	ret = parts_read(m, &in, &why);
	close(in.fd);
	if (ret < 0)
		sums_drop(m, nsums);
	if (ret == -ENOTSUP) {
		ret = others_add(m, &in, why.text, err);
		found->other = ret == 0;
		return ret;
	}
	if (ret < 0)
		return error_set(err, ret, "%s", why.text);
	/* All counters are in memory before the first is added. */
	for (size_t i = 0; i < m->parts.n; i++)
		sum_add(m->parts.list[i].sum,
			m->buffer + m->parts.list[i].at + m->parts.list[i].header.counters_at);
	found->nprofiles = m->parts.n;
	found->parts = m->parts.list;
	return 0;
}

/* A profile with all counters zero, in the buffer. */
static bool shape_write(struct merge *m, const struct raw_shape *shape, const struct raw_header *h)
{
	if (!buffer_need(m, h->nbytes))
		return false;
	memset(m->buffer, 0, h->nbytes);
	raw_write_header(h, m->buffer);
	memcpy(m->buffer + h->data_at, shape->data, shape->ndata_bytes);
	memcpy(m->buffer + h->names_at, shape->names, shape->nnames);
	return true;
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
	struct raw_header h;
	int ret = raw_shape_header(shape, &h, err);

	if (ret == 0)
		ret = records_check(&h, shape->data, err);
	if (ret < 0)
		return ret;
	*sum = sum_find(m, &h, shape->data, shape->names);
	if (!*sum && shape_write(m, shape, &h))
		*sum = sum_make(m, &h, m->buffer);
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
