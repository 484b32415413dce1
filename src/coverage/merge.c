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

#define CHUNK_BYTES (64u << 10)
#define BUCKETS_MIN 64u
/* As LLVM sums: the two largest numbers are not counts but marks of its own. */
#define COUNT_MAX (UINT64_MAX - 2)

/* By a hash of what is quickly at hand; sums of one bucket are told apart by all their bytes. */
struct merge_table {
	size_t nbuckets;
	size_t *buckets;		/* index of a sum plus 1; 0: empty; open addressing */
};

/* One profile within a file. */
struct part {
	uint64_t at;
	struct raw_header h;
	struct merge_sum *sum;
};

/* The file being added. */
struct input {
	const char *path;
	int fd;
	uint64_t nbytes;
	struct part *parts;
	size_t nparts, cap_parts;
};

void merge_init(struct merge *m)
{
	*m = (struct merge){ .sums = NULL };
}

static void sum_free(struct merge_sum *sum)
{
	free(sum->profile);
	free(sum);
}

void merge_fini(struct merge *m)
{
	for (size_t i = 0; i < m->nsums; i++)
		sum_free(m->sums[i]);
	free(m->sums);
	for (size_t i = 0; i < m->nothers; i++) {
		free(m->others[i].path);
		free(m->others[i].why);
	}
	free(m->others);
	if (m->table)
		free(m->table->buckets);
	free(m->table);
	free(m->buffer);
	free(m->found);
	merge_init(m);
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

static bool table_grow(struct merge *m)
{
	size_t nbuckets = m->table->nbuckets ? 2 * m->table->nbuckets : BUCKETS_MIN;
	size_t *buckets = calloc(nbuckets, sizeof(*buckets));

	if (!buckets)
		return false;
	for (size_t i = 0; i < m->nsums; i++) {
		size_t at = quick_hash(&m->sums[i]->header) & (nbuckets - 1);

		while (buckets[at])
			at = (at + 1) & (nbuckets - 1);
		buckets[at] = i + 1;
	}
	free(m->table->buckets);
	m->table->buckets = buckets;
	m->table->nbuckets = nbuckets;
	return true;
}

/* Takes `sum` in. -ENOMEM: it stays the caller's. */
static int sums_add(struct merge *m, struct merge_sum *sum)
{
	struct merge_sum **sums;
	size_t at;

	if (!m->table && !(m->table = calloc(1, sizeof(*m->table))))
		return -ENOMEM;
	if ((!m->table->buckets || 2 * (m->nsums + 1) > m->table->nbuckets) && !table_grow(m))
		return -ENOMEM;
	sums = reallocarray(m->sums, m->nsums + 1, sizeof(struct merge_sum *));
	if (!sums)
		return -ENOMEM;
	m->sums = sums;
	m->sums[m->nsums++] = sum;
	for (at = quick_hash(&sum->header) & (m->table->nbuckets - 1); m->table->buckets[at];)
		at = (at + 1) & (m->table->nbuckets - 1);
	m->table->buckets[at] = m->nsums;
	return 0;
}

/* Forgets the newest sums, those of a file that turned out to be damaged. */
static void sums_drop(struct merge *m, size_t nsums)
{
	if (m->nsums == nsums)
		return;
	while (m->nsums > nsums)
		sum_free(m->sums[--m->nsums]);
	memset(m->table->buckets, 0, m->table->nbuckets * sizeof(*m->table->buckets));
	for (size_t i = 0; i < m->nsums; i++) {
		size_t at = quick_hash(&m->sums[i]->header) & (m->table->nbuckets - 1);

		while (m->table->buckets[at])
			at = (at + 1) & (m->table->nbuckets - 1);
		m->table->buckets[at] = i + 1;
	}
}

static int damaged(const struct input *in, uint64_t at, const char *why, struct proctor_error *err)
{
	return error_set(err, -EBADMSG, "%s is damaged: in the profile at byte %llu, %s", in->path,
			 (unsigned long long)at, why);
}

static int no_memory(const struct input *in, struct proctor_error *err)
{
	error_set(err, -ENOMEM, "no memory to read %s", in->path);
	return -ENOMEM;
}

static bool buffer_need(struct merge *m, size_t nbytes)
{
	unsigned char *buffer;

	if (nbytes <= m->nbuffer)
		return true;
	buffer = realloc(m->buffer, nbytes);
	if (!buffer)
		return false;
	m->buffer = buffer;
	m->nbuffer = nbytes;
	return true;
}

/* Reads exactly so much: the file's size was checked, it can only have been cut since. */
static int input_read(const struct input *in, uint64_t at, void *to, uint64_t nbytes,
		      struct proctor_error *err)
{
	uint64_t done = 0;

	while (done < nbytes) {
		ssize_t n = pread(in->fd, (char *)to + done, nbytes - done, (off_t)(at + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_sys(err, errno, "cannot read %s", in->path);
		if (n == 0)
			return damaged(in, at, "it was cut while it was read", err);
		done += (uint64_t)n;
	}
	return 0;
}

/* Do the constant parts of these records agree? */
static bool records_equal(const struct raw_header *h, const unsigned char *a,
			  const unsigned char *b, uint64_t n)
{
	const unsigned *words, nwords = constant_words(h, &words);
	uint64_t differ = 0;

	for (uint64_t i = 0; i < n; i++, a += h->record_bytes, b += h->record_bytes)
		for (unsigned j = 0; j < nwords; j++) {
			uint64_t x, y;

			memcpy(&x, a + words[j] * 8, 8);
			memcpy(&y, b + words[j] * 8, 8);
			differ |= x ^ y;
		}
	return differ == 0;
}

/* Reads the part piece by piece and compares. 1: same binary, 0: not, or a negative errno. */
static int part_is_of(struct merge *m, const struct input *in, const struct part *p,
		      const struct merge_sum *sum, struct proctor_error *err)
{
	const struct raw_header *h = &p->h, *s = &sum->header;
	uint64_t step = CHUNK_BYTES / h->record_bytes, n;
	int ret;

	for (uint64_t i = 0; i < h->ndata; i += n) {
		n = h->ndata - i < step ? h->ndata - i : step;
		ret = input_read(in, p->at + h->data_at + i * h->record_bytes, m->buffer,
				 n * h->record_bytes, err);
		if (ret < 0)
			return ret;
		if (!records_equal(h, m->buffer, sum->profile + s->data_at + i * h->record_bytes,
				   n))
			return 0;
	}
	for (uint64_t i = 0; i < h->nnames; i += n) {
		n = h->nnames - i < CHUNK_BYTES ? h->nnames - i : CHUNK_BYTES;
		ret = input_read(in, p->at + h->names_at + i, m->buffer, n, err);
		if (ret < 0)
			return ret;
		if (memcmp(m->buffer, sum->profile + s->names_at + i, n) != 0)
			return 0;
	}
	return 1;
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

/* A sum of no profiles yet, with the constant bytes of this part. */
static int part_make_sum(struct merge *m, const struct input *in, struct part *p,
			 struct proctor_error *err)
{
	struct merge_sum *sum = calloc(1, sizeof(*sum));
	int ret = 0;

	if (!sum || !(sum->profile = malloc(p->h.nbytes)))
		ret = no_memory(in, err);
	if (ret == 0)
		ret = input_read(in, p->at, sum->profile, p->h.nbytes, err);
	if (ret == 0) {
		struct proctor_error why;

		ret = records_check(&p->h, sum->profile + p->h.data_at, &why);
		if (ret == -ENOTSUP)
			error_set(err, ret, "%s", why.text);
		else if (ret < 0)
			damaged(in, p->at, why.text, err);
	}
	if (ret == 0) {
		sum->header = p->h;
		sum->has_ids = p->h.nids > 0;
		sum->identity = merge_identity(&p->h, sum->profile + p->h.data_at,
					       sum->profile + p->h.names_at);
		memset(sum->profile + p->h.counters_at, 0, p->h.ncounters * 8);
		if (sums_add(m, sum) < 0)
			ret = no_memory(in, err);
	}
	if (ret < 0) {
		if (sum)
			sum_free(sum);
		return ret;
	}
	p->sum = sum;
	return 0;
}

/* Finds the sum of the part's binary, or makes it. */
static int part_find_sum(struct merge *m, const struct input *in, struct part *p,
			 struct proctor_error *err)
{
	size_t mask = m->table ? m->table->nbuckets - 1 : 0;

	if (!buffer_need(m, CHUNK_BYTES))
		return no_memory(in, err);
	for (size_t at = quick_hash(&p->h) & mask; m->table && m->table->buckets[at];
	     at = (at + 1) & mask) {
		struct merge_sum *sum = m->sums[m->table->buckets[at] - 1];
		int ret = headers_alike(&sum->header, &p->h) ? part_is_of(m, in, p, sum, err) : 0;

		if (ret < 0)
			return ret;
		if (ret > 0) {
			p->sum = sum;
			return 0;
		}
	}
	return part_make_sum(m, in, p, err);
}

static struct part *input_new_part(struct input *in)
{
	if (in->nparts == in->cap_parts) {
		size_t cap = in->cap_parts ? 2 * in->cap_parts : 1;
		struct part *parts = reallocarray(in->parts, cap, sizeof(*parts));

		if (!parts)
			return NULL;
		in->parts = parts;
		in->cap_parts = cap;
	}
	return &in->parts[in->nparts++];
}

/* Reads the profile at `*at` up to its counters and moves `*at` behind it. */
static int input_read_part(struct merge *m, struct input *in, uint64_t *at,
			   struct proctor_error *err)
{
	unsigned char head[RAW_HEADER_BYTES_MAX];
	uint64_t left = in->nbytes - *at;
	size_t nhead = left < sizeof(head) ? (size_t)left : sizeof(head);
	struct part *p = input_new_part(in);
	struct proctor_error why;
	int ret;

	if (!p)
		return no_memory(in, err);
	p->at = *at;
	ret = input_read(in, *at, head, nhead, err);
	if (ret < 0)
		return ret;
	ret = raw_read_header(head, nhead, left, &p->h, &why);
	if (ret == -ENOTSUP)
		return error_set(err, ret, "%s", why.text);
	if (ret < 0)
		return damaged(in, *at, why.text, err);
	*at += p->h.nbytes;
	return part_find_sum(m, in, p, err);
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

/* All counters are in memory before the first is added: a file that is cut now adds nothing. */
static int input_add(struct merge *m, const struct input *in, struct proctor_error *err)
{
	uint64_t ncounters = 0, at = 0;
	int ret = 0;

	for (size_t i = 0; i < in->nparts; i++)
		ncounters += in->parts[i].h.ncounters;
	if (!buffer_need(m, ncounters * 8))
		return no_memory(in, err);
	for (size_t i = 0; i < in->nparts && ret == 0; i++) {
		const struct part *p = &in->parts[i];

		ret = input_read(in, p->at + p->h.counters_at, m->buffer + at, p->h.ncounters * 8,
				 err);
		at += p->h.ncounters * 8;
	}
	if (ret < 0)
		return ret;
	if (counters_have_marks(m->buffer, ncounters))
		return error_set(err, -ENOTSUP, "it has counts which are marks");
	at = 0;
	for (size_t i = 0; i < in->nparts; i++) {
		sum_add(in->parts[i].sum, m->buffer + at);
		at += in->parts[i].h.ncounters * 8;
	}
	return 0;
}

static int input_open(struct input *in, const char *path, struct proctor_error *err)
{
	struct stat st;

	*in = (struct input){ .path = path };
	/* Tests can put anything there: no FIFO is waited for. */
	in->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (in->fd < 0)
		return error_sys(err, errno, "cannot open %s", path);
	if (fstat(in->fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		close(in->fd);
		return error_set(err, -EBADMSG, "%s is damaged: it is not a file", path);
	}
	in->nbytes = (uint64_t)st.st_size;
	return 0;
}

static void input_close(struct input *in)
{
	close(in->fd);
	free(in->parts);
}

/* Makes room for what found_fill() notes, while the file can still be refused. */
static int found_need(struct merge *m, const struct input *in, struct proctor_error *err)
{
	struct merge_sum **list;

	if (in->nparts <= m->cap_found)
		return 0;
	list = reallocarray(m->found, in->nparts, sizeof(struct merge_sum *));
	if (!list)
		return no_memory(in, err);
	m->found = list;
	m->cap_found = in->nparts;
	return 0;
}

static void found_fill(struct merge_found *found, struct merge *m, const struct input *in)
{
	found->nprofiles = in->nparts;
	found->sums = m->found;
	for (size_t i = 0; i < in->nparts; i++)
		m->found[i] = in->parts[i].sum;
}

static int others_add(struct merge *m, const struct input *in, const char *why,
		      struct proctor_error *err)
{
	struct merge_other *others = reallocarray(m->others, m->nothers + 1, sizeof(*others));
	struct merge_other *o;
	unsigned char head[16];

	if (!others)
		return error_set(err, -ENOMEM, "no memory for one more profile (%s)", in->path);
	m->others = others;
	o = &m->others[m->nothers];
	*o = (struct merge_other){ .path = strdup(in->path), .why = strdup(why) };
	if (!o->path || !o->why) {
		free(o->path);
		free(o->why);
		return error_set(err, -ENOMEM, "no memory for one more profile (%s)", in->path);
	}
	if (pread(in->fd, head, sizeof(head), 0) == (ssize_t)sizeof(head))
		o->version = raw_version(head, sizeof(head));
	m->nothers++;
	return 0;
}

int merge_add_file(struct merge *m, const char *path, struct merge_found *found,
		   struct proctor_error *err)
{
	size_t nsums = m->nsums;
	struct proctor_error why = { 0 };
	struct input in;
	uint64_t at = 0;
	int ret = input_open(&in, path, err);

	*found = (struct merge_found){ 0 };
	if (ret < 0)
		return ret;
	if (in.nbytes == 0)
		ret = error_set(&why, -EBADMSG, "%s is damaged: it is empty", path);
	while (ret == 0 && at < in.nbytes)
		ret = input_read_part(m, &in, &at, &why);
	if (ret == 0)
		ret = found_need(m, &in, &why);
	if (ret == 0)
		ret = input_add(m, &in, &why);
	if (ret == 0) {
		found_fill(found, m, &in);
	} else {
		sums_drop(m, nsums);
		if (ret == -ENOTSUP) {
			ret = others_add(m, &in, why.text, err);
			found->other = ret == 0;
		} else if (err) {
			*err = why;
		}
	}
	input_close(&in);
	return ret;
}

/* A profile with all counters zero. */
static int shape_make_sum(struct merge *m, const struct raw_shape *shape,
			  const struct raw_header *h, struct merge_sum **result,
			  struct proctor_error *err)
{
	struct merge_sum *sum = calloc(1, sizeof(*sum));

	if (!sum || !(sum->profile = calloc(1, h->nbytes)))
		goto no_memory;
	sum->header = *h;
	sum->identity = merge_identity(h, shape->data, shape->names);
	raw_write_header(h, sum->profile);
	memcpy(sum->profile + h->data_at, shape->data, shape->ndata_bytes);
	memcpy(sum->profile + h->names_at, shape->names, shape->nnames);
	if (sums_add(m, sum) < 0)
		goto no_memory;
	*result = sum;
	return 0;
no_memory:
	if (sum)
		sum_free(sum);
	error_set(err, -ENOMEM, "no memory for a profile of %llu bytes",
		  (unsigned long long)h->nbytes);
	return -ENOMEM;
}

static struct merge_sum *shape_find_sum(const struct merge *m, const struct raw_shape *shape,
					const struct raw_header *h)
{
	size_t mask = m->table ? m->table->nbuckets - 1 : 0;

	for (size_t at = quick_hash(h) & mask; m->table && m->table->buckets[at];
	     at = (at + 1) & mask) {
		struct merge_sum *sum = m->sums[m->table->buckets[at] - 1];

		if (headers_alike(&sum->header, h) &&
		    records_equal(h, shape->data, sum->profile + sum->header.data_at, h->ndata) &&
		    memcmp(shape->names, sum->profile + sum->header.names_at, h->nnames) == 0)
			return sum;
	}
	return NULL;
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
	*sum = shape_find_sum(m, shape, &h);
	if (!*sum)
		ret = shape_make_sum(m, shape, &h, sum, err);
	if (ret == 0)
		sum_add(*sum, (const unsigned char *)counters);
	return ret;
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
