/* SPDX-License-Identifier: MIT */
#include "coverage/merge.h"

#include "base/file_replace.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* Files are read in pieces of this many: profiles may be large, and there may be many. */
#define PIECE_BYTES ((uint64_t)64 << 10)

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
	free(m->parts.list);
	free(m->counters);
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

/* Tells most binaries apart by what stands in the header. */
static uint64_t header_hash(const struct raw_header *h)
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

/* Where a profile is read from, piece by piece: a file, or memory. */
struct source {
	const char *path;
	int fd;				/* -1: `bytes` has all of it */
	const unsigned char *bytes;
	uint64_t nbytes;
	unsigned char *piece;		/* PIECE_BYTES, of a file */
	int ret;			/* why it could not be read; 0: it could */
	struct proctor_error err;
};

static int damaged(const char *path, uint64_t at, const char *why, struct proctor_error *err)
{
	return error_set(err, -EBADMSG, "%s is damaged: in the profile at byte %llu, %s", path,
			 (unsigned long long)at, why);
}

/* Reads exactly so much: the file's size was looked at, it can only have been cut since. */
static int source_copy(const struct source *s, uint64_t at, void *to, uint64_t nbytes,
		       struct proctor_error *err)
{
	for (uint64_t done = 0; s->fd >= 0 && done < nbytes;) {
		ssize_t n = pread(s->fd, (char *)to + done, nbytes - done, (off_t)(at + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_sys(err, errno, "cannot read %s", s->path);
		if (n == 0)
			return damaged(s->path, at, "it was cut while it was read", err);
		done += (uint64_t)n;
	}
	if (s->fd < 0)
		memcpy(to, s->bytes + at, nbytes);
	return 0;
}

/* Lends up to PIECE_BYTES, until the next call. NULL: s->ret says why. */
static const unsigned char *source_piece(struct source *s, uint64_t at, uint64_t nbytes)
{
	if (s->fd < 0)
		return s->bytes + at;
	s->ret = source_copy(s, at, s->piece, nbytes, &s->err);
	return s->ret < 0 ? NULL : s->piece;
}

/* Do the constant parts of these records agree? */
static bool records_equal(const struct raw_header *h, const unsigned char *a, const unsigned char *b,
			  uint64_t n)
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

/* What a sum is looked for by: a profile in a source. */
struct wanted {
	struct source *source;
	uint64_t at;
	const struct raw_header *h;
};

static bool sum_is(const void *item, const void *key)
{
	const struct merge_sum *sum = item;
	const struct wanted *w = key;
	const struct raw_header *h = w->h;
	uint64_t step = PIECE_BYTES / h->record_bytes, n;
	const unsigned char *piece;

	if (w->source->ret < 0 || !headers_alike(&sum->header, h))
		return false;
	for (uint64_t i = 0; i < h->ndata; i += n) {
		n = h->ndata - i < step ? h->ndata - i : step;
		piece = source_piece(w->source, w->at + h->data_at + i * h->record_bytes,
				     n * h->record_bytes);
		if (!piece || !records_equal(h, piece, sum->profile + sum->header.data_at +
							i * h->record_bytes, n))
			return false;
	}
	for (uint64_t i = 0; i < h->nnames; i += n) {
		n = h->nnames - i < PIECE_BYTES ? h->nnames - i : PIECE_BYTES;
		piece = source_piece(w->source, w->at + h->names_at + i, n);
		if (!piece || memcmp(piece, sum->profile + sum->header.names_at + i, n) != 0)
			return false;
	}
	return true;
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

/* A new sum, of no profiles yet, for those that are as this one. */
static int sum_make(struct merge *m, const struct wanted *w, struct merge_sum **result,
		    struct proctor_error *err)
{
	struct merge_sum *sum = calloc(1, sizeof(*sum)), **to = NULL;
	const struct raw_header *h = w->h;
	struct proctor_error why;
	int ret = sum && (sum->profile = malloc(h->nbytes)) ? 0 : -ENOMEM;

	if (ret == 0)
		ret = source_copy(w->source, w->at, sum->profile, h->nbytes, err);
	if (ret == 0) {
		ret = records_check(h, sum->profile + h->data_at, &why);
		if (ret == -ENOTSUP)
			error_set(err, ret, "%s", why.text);
		else if (ret < 0)
			damaged(w->source->path, w->at, why.text, err);
	}
	if (ret == 0 && (!(to = vector_add(&m->sums)) || !table_add(&m->table, header_hash(h), sum)))
		ret = -ENOMEM;
	if (ret == -ENOMEM)
		error_set(err, ret, "no memory for a profile of %llu bytes (%s)",
			  (unsigned long long)h->nbytes, w->source->path);
	if (ret != 0) {
		m->sums.n -= to != NULL;
		sum_free(sum);
		return ret;
	}
	sum->header = *h;
	sum->identity = merge_identity(h, sum->profile + h->data_at, sum->profile + h->names_at);
	memset(sum->profile + h->counters_at, 0, h->ncounters * 8);
	*to = *result = sum;
	return 0;
}

/* The sum of the profiles of this binary. */
static int sum_of(struct merge *m, const struct wanted *w, struct merge_sum **sum,
		  struct proctor_error *err)
{
	*sum = table_find(&m->table, header_hash(w->h), sum_is, w);
	if (w->source->ret < 0) {
		*err = w->source->err;
		return w->source->ret;
	}
	return *sum ? 0 : sum_make(m, w, sum, err);
}

/* Forgets the newest sums, those of a file that turned out to be damaged. */
static void sums_drop(struct merge *m, size_t nsums)
{
	while (m->sums.n > nsums)
		sum_free(m->sums.list[--m->sums.n]);
	table_clear(&m->table);
	for (size_t i = 0; i < nsums; i++)
		table_add(&m->table, header_hash(&m->sums.list[i]->header), m->sums.list[i]);
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

/* Room for more counters, behind those of the profiles before in the file; NULL: no memory. */
static unsigned char *counters_room(struct merge *m, uint64_t nbytes)
{
	uint64_t need = m->ncounter_bytes + nbytes;
	unsigned char *grown = need > m->counters_room ? realloc(m->counters, need) : m->counters;

	if (!grown && nbytes > 0)
		return NULL;
	/* Not more than one file has needed: the files of a run are mostly alike. */
	if (need > m->counters_room)
		m->counters_room = need;
	m->counters = grown;
	m->ncounter_bytes = need;
	return grown + need - nbytes;
}

/* Reads the profile at p->at: its header, which binary it is of, and its counters. */
static int part_read(struct merge *m, struct source *s, struct merge_part *p, struct proctor_error *err)
{
	uint64_t left = s->nbytes - p->at;
	uint64_t nhead = left < RAW_HEADER_BYTES_MAX ? left : RAW_HEADER_BYTES_MAX;
	const struct wanted wanted = { .source = s, .at = p->at, .h = &p->header };
	const unsigned char *head = source_piece(s, p->at, nhead);
	unsigned char *counters;
	struct proctor_error why;
	uint64_t nbytes;
	int ret;

	if (!head)
		return error_set(err, s->ret, "%s", s->err.text);
	ret = raw_read_header(head, nhead, left, &p->header, &why);
	if (ret < 0)
		return ret == -EBADMSG ? damaged(s->path, p->at, why.text, err)
				       : error_set(err, ret, "%s", why.text);
	ret = sum_of(m, &wanted, &p->sum, err);
	if (ret < 0)
		return ret;
	nbytes = p->header.ncounters * 8;
	counters = counters_room(m, nbytes);
	if (!counters)
		return error_set(err, -ENOMEM, "no memory to read %s", s->path);
	ret = source_copy(s, p->at + p->header.counters_at, counters, nbytes, err);
	if (ret == 0 && counters_have_marks(counters, p->header.ncounters))
		ret = error_set(err, -ENOTSUP, "it has counts which are marks");
	return ret;
}

static int parts_read(struct merge *m, struct source *s, struct proctor_error *err)
{
	struct merge_part *p;
	int ret = 0;

	m->parts.n = m->ncounter_bytes = 0;
	for (uint64_t at = 0; at < s->nbytes && ret == 0; at += p->header.nbytes) {
		p = vector_add(&m->parts);
		if (!p)
			return error_set(err, -ENOMEM, "no memory to read %s", s->path);
		p->at = at;
		ret = part_read(m, s, p, err);
	}
	return ret;
}

static int others_add(struct merge *m, struct source *s, const char *why, struct proctor_error *err)
{
	struct merge_other *o = vector_add(&m->others);
	const unsigned char *head = s->nbytes >= 16 ? source_piece(s, 0, 16) : NULL;

	if (o)
		*o = (struct merge_other){ .path = strdup(s->path), .why = strdup(why),
					   .version = head ? raw_version(head, 16) : 0 };
	if (o && o->path && o->why)
		return 0;
	if (o) {
		free(o->path);
		free(o->why);
		m->others.n--;
	}
	return error_set(err, -ENOMEM, "no memory to read %s", s->path);
}

/* Tests can put anything there: no FIFO is waited for. */
static int source_open(struct source *s, const char *path, struct proctor_error *err)
{
	struct stat st;

	s->path = path;
	s->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (s->fd < 0)
		return error_sys(err, errno, "cannot open %s", path);
	if (fstat(s->fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0) {
		s->nbytes = (uint64_t)st.st_size;
		return 0;
	}
	close(s->fd);
	return error_set(err, -EBADMSG, "%s is damaged: it is %s", path,
			 S_ISREG(st.st_mode) ? "empty" : "not a file");
}

int merge_add_file(struct merge *m, const char *path, struct merge_found *found,
		   struct proctor_error *err)
{
	unsigned char piece[PIECE_BYTES];
	struct source source = { .piece = piece };
	const unsigned char *counters;
	size_t nsums = m->sums.n;
	struct proctor_error why;
	int ret = source_open(&source, path, err);

	*found = (struct merge_found){ 0 };
	if (ret < 0)
		return ret;
	ret = parts_read(m, &source, &why);
	if (ret < 0 && m->sums.n > nsums)
		sums_drop(m, nsums);
	if (ret == -ENOTSUP) {
		ret = others_add(m, &source, why.text, err);
		found->other = ret == 0;
	} else if (ret < 0) {
		error_set(err, ret, "%s", why.text);
	} else {
		/* All counters are in memory before the first is added. */
		counters = m->counters;
		for (size_t i = 0; i < m->parts.n; i++) {
			sum_add(m->parts.list[i].sum, counters);
			counters += m->parts.list[i].header.ncounters * 8;
		}
		found->nprofiles = m->parts.n;
		found->parts = m->parts.list;
	}
	close(source.fd);
	return ret;
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
	struct source source = { .path = "of a process", .fd = -1 };
	unsigned char *profile;
	struct raw_header h;
	int ret = raw_shape_header(shape, &h, err);

	if (ret == 0)
		ret = records_check(&h, shape->data, err);
	if (ret < 0)
		return ret;
	profile = calloc(1, h.nbytes);
	if (!profile)
		return error_set(err, -ENOMEM, "no memory for a profile of %llu bytes",
				 (unsigned long long)h.nbytes);
	raw_write_header(&h, profile);
	memcpy(profile + h.data_at, shape->data, shape->ndata_bytes);
	memcpy(profile + h.names_at, shape->names, shape->nnames);
	source.bytes = profile;
	ret = sum_of(m, &(struct wanted){ .source = &source, .h = &h }, sum, err);
	free(profile);
	if (ret < 0)
		return ret;
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
