/* SPDX-License-Identifier: MIT */
#include "coverage/merge.h"

#include "base/file_content.h"
#include "base/file_replace.h"

#include <errno.h>
#include <unistd.h>

/* So much of a section is read at once: whole words, and whole data records of 48 and of 64 bytes. */
#define PIECE_BYTES 65472

/* The two largest numbers are no counts for LLVM, but marks of its own. */
#define COUNT_MAX (UINT64_MAX - 2)

/* Takes back all sums but the first `n`. */
static void sums_cut(struct merge *m, size_t n)
{
	for (size_t i = n; i < m->sums.n; i++) {
		free(m->sums.list[i]->profile);
		free(m->sums.list[i]);
	}
	m->sums.n = n;
	/* No addition fails: the table had room for more. */
	hash_table_clear(&m->by_identity);
	for (size_t i = 0; i < n; i++)
		hash_table_add(&m->by_identity, m->sums.list[i]->identity, m->sums.list[i]);
}

void merge_fini(struct merge *m)
{
	sums_cut(m, 0);
	free(m->sums.list);
	texts_fini(&m->others);
	texts_fini(&m->reasons);
	hash_table_fini(&m->by_identity);
	bytes_fini(&m->counters);
	free(m->parts.list);
	*m = (struct merge){ .parts = { .list = NULL } };
}

#define ODD 0x9e3779b97f4a7c15ull

static uint64_t mix(uint64_t hash, uint64_t word)
{
	hash = (hash ^ word) * ODD;
	return hash ^ (hash >> 29);
}

/* The number of a binary is made of its profile's names and data, piece by piece. Those of the names have
 * whole words, but for the last one. */
static uint64_t identity_names(uint64_t hash, const char *names, uint64_t nbytes)
{
	uint64_t word;

	for (; nbytes >= sizeof(word); nbytes -= sizeof(word), names += sizeof(word)) {
		memcpy(&word, names, sizeof(word));
		hash = mix(hash, word);
	}
	word = 0;
	memcpy(&word, names, nbytes);
	return nbytes > 0 ? mix(hash, word) : hash;
}

static uint64_t identity_data(uint64_t hash, const struct raw_header *h, const char *data, uint64_t n)
{
	/* The words of a data record that are the same in each process: hashes, the relative place of
	 * the counters, their number. The others hold addresses. */
	static const unsigned words_8[] = { 0, 1, 2, 5, 5 }, words_10[] = { 0, 1, 2, 6, 7 };
	const unsigned *words = h->data_record_bytes == 48 ? words_8 : words_10;

	for (uint64_t i = 0; i < n; i++, data += h->data_record_bytes) {
		uint64_t sum = 0, word, odd = ODD;

		/* Products that do not wait for each other: this is the time that a merge takes. */
		for (unsigned j = 0; j < 5; j++, odd *= ODD) {
			memcpy(&word, data + words[j] * sizeof(word), sizeof(word));
			sum += word * odd;
		}
		hash = mix(hash, sum);
	}
	return hash;
}

static uint64_t identity_begin(const struct raw_header *h)
{
	return mix(mix(mix(mix(h->version, h->ncounters), h->nbitmap_bytes), h->nvtables), h->nnames);
}

/* 0 is no number of a binary. */
static uint64_t identity_end(uint64_t hash)
{
	return hash ? hash : 1;
}

/* Only the number of counters is looked at again: so many are added, whatever a file was made to have
 * in common with others. */
static bool sum_is(const void *item, const void *key)
{
	const struct merge_sum *sum = item;
	const struct merge_part *p = key;

	return sum->identity == p->identity && sum->header.ncounters == p->header.ncounters;
}

static struct merge_sum *sum_find(const struct merge *m, const struct merge_part *p)
{
	return hash_table_find(&m->by_identity, p->identity, sum_is, p);
}

/* A new sum for the part; its profile, without counts yet, is taken over (NULL: no memory). */
static int sum_make(struct merge *m, struct merge_part *p, unsigned char *profile,
		    struct proctor_error *err)
{
	struct merge_sum *sum = malloc(sizeof(*sum)), **to = vector_add(&m->sums);

	if (!profile || !sum || !to || !hash_table_add(&m->by_identity, p->identity, sum)) {
		m->sums.n -= to != NULL;
		free(sum);
		free(profile);
		error_set(err, -ENOMEM, "no memory for a profile of %llu bytes",
			  (unsigned long long)p->header.nbytes);
		return -ENOMEM;
	}
	*sum = (struct merge_sum){ .identity = p->identity, .header = p->header, .profile = profile };
	memset(profile + p->header.counters_at, 0, p->header.ncounters * 8);
	*to = p->sum = sum;
	return 0;
}

void counts_add(void *sums, const void *counts, uint64_t n)
{
	for (uint64_t i = 0; i < n; i++) {
		uint64_t a, b;

		memcpy(&b, (const char *)counts + 8 * i, 8);
		/* What is left as it was does not become memory. */
		if (b == 0)
			continue;
		memcpy(&a, (char *)sums + 8 * i, 8);
		b = b > COUNT_MAX - a ? COUNT_MAX : a + b;
		memcpy((char *)sums + 8 * i, &b, 8);
	}
}

static void sum_add(struct merge_sum *sum, const void *counters)
{
	counts_add(sum->profile + sum->header.counters_at, counters, sum->header.ncounters);
	sum->nprofiles++;
}

/* Is it a profile that can be merged here, by its header? -ENOTSUP: no. */
static int header_check(const struct raw_header *h, struct proctor_error *err)
{
	if (h->nbitmap_bytes > 0)
		return error_set(err, -ENOTSUP, "it has MC/DC bitmaps");
	if (h->nvtables > 0)
		return error_set(err, -ENOTSUP, "it has virtual tables");
	return 0;
}

/* And by `n` of its data records, of which `data` is number `first`? */
static int data_check(const struct raw_header *h, const char *data, uint64_t first, uint64_t n,
		      struct proctor_error *err)
{
	struct raw_function f;

	for (uint64_t i = 0; i < n; i++) {
		int ret = raw_read_function(h, data + i * h->data_record_bytes, first + i, &f, err);

		if (ret < 0)
			return ret;
		if (f.nvalue_sites > 0)
			return error_set(err, -ENOTSUP, "it has value profiles");
	}
	return 0;
}

/* Is one of them no count but a mark of LLVM's own? Such a profile is left to LLVM. */
static bool counters_have_marks(const char *counters, uint64_t n)
{
	uint64_t count, all = 0;

	/* Hardly any profile has a number as large as a mark: most are gone through by this line alone. */
	for (uint64_t i = 0; i < n; i++) {
		memcpy(&count, counters + 8 * i, 8);
		all |= count;
	}
	for (uint64_t i = 0; all > COUNT_MAX && i < n; i++) {
		memcpy(&count, counters + 8 * i, 8);
		if (count > COUNT_MAX)
			return true;
	}
	return false;
}

/* A file that profiles are read from. */
struct profile_file {
	const char *path;
	int fd;
	uint64_t nbytes;
};

/* Reads exactly so much; `to` NULL: there is no memory for it. */
static int file_read(const struct profile_file *f, uint64_t at, void *to, uint64_t nbytes,
		     struct proctor_error *err)
{
	for (uint64_t done = 0; to && done < nbytes;) {
		ssize_t n = pread(f->fd, (char *)to + done, nbytes - done, (off_t)(at + done));

		if (n == 0)
			return error_set(err, -EBADMSG, "it was cut while it was read");
		if (n < 0 && errno != EINTR)
			return error_sys(err, errno, "cannot read %s", f->path);
		done += n > 0 ? (uint64_t)n : 0;
	}
	return to ? 0 : error_set(err, -ENOMEM, "no memory to read %s", f->path);
}

/* What is done with each piece of a section: the bytes from `at` on, counted from its beginning. */
typedef int piece_function(struct merge_part *p, const char *piece, uint64_t at, uint64_t nbytes,
			   struct proctor_error *err);

static int names_piece(struct merge_part *p, const char *piece, uint64_t at, uint64_t nbytes,
		       struct proctor_error *err)
{
	(void)at, (void)err;
	p->identity = identity_names(p->identity, piece, nbytes);
	return 0;
}

static int data_piece(struct merge_part *p, const char *piece, uint64_t at, uint64_t nbytes,
		      struct proctor_error *err)
{
	(void)at, (void)err;
	p->identity = identity_data(p->identity, &p->header, piece, nbytes / p->header.data_record_bytes);
	return 0;
}

static int data_check_piece(struct merge_part *p, const char *piece, uint64_t at, uint64_t nbytes,
			    struct proctor_error *err)
{
	uint64_t size = p->header.data_record_bytes;

	return data_check(&p->header, piece, at / size, nbytes / size, err);
}

/* Goes through a section of the part, which may be large: one piece of it after the other is where the part's
 * counters will be, for which there is room from here on. */
static int section_read(struct merge *m, const struct profile_file *f, struct merge_part *p,
			uint64_t section, uint64_t nsection, piece_function *each,
			struct proctor_error *err)
{
	uint64_t ncounter_bytes = p->header.ncounters * 8;
	char *piece = bytes_room(&m->counters, ncounter_bytes > PIECE_BYTES ? ncounter_bytes : PIECE_BYTES);
	int ret = 0;

	for (uint64_t at = 0, n; at < nsection && ret == 0; at += n) {
		n = nsection - at < PIECE_BYTES ? nsection - at : PIECE_BYTES;
		ret = file_read(f, p->at + section + at, piece, n, err);
		if (ret == 0)
			ret = each(p, piece, at, n, err);
	}
	return ret;
}

/* Reads the header of the part, and of which binary it is. -ENOTSUP: it is for LLVM's own tool. */
static int part_read(struct merge *m, const struct profile_file *f, struct merge_part *p,
		     struct proctor_error *err)
{
	uint64_t left = f->nbytes - p->at, ndata_bytes;
	uint64_t nhead = left < RAW_HEADER_BYTES_MAX ? left : RAW_HEADER_BYTES_MAX;
	const struct raw_header *h = &p->header;
	unsigned char head[RAW_HEADER_BYTES_MAX];
	int ret = file_read(f, p->at, head, nhead, err);

	if (ret == 0)
		ret = raw_read_header(head, nhead, left, &p->header, err);
	if (ret < 0)
		return ret;
	ndata_bytes = h->ndata * h->data_record_bytes;
	p->identity = identity_begin(h);
	ret = section_read(m, f, p, h->names_at, h->nnames, names_piece, err);
	if (ret == 0)
		ret = section_read(m, f, p, h->data_at, ndata_bytes, data_piece, err);
	p->identity = identity_end(p->identity);
	/* If there is a sum, the records of its first profile were checked, and these are the same. */
	if (ret < 0 || sum_find(m, p))
		return ret;
	ret = header_check(h, err);
	return ret < 0 ? ret : section_read(m, f, p, h->data_at, ndata_bytes, data_check_piece, err);
}

/* Keeps the counters of the part. */
static int part_keep(struct merge *m, const struct profile_file *f, const struct merge_part *p,
		     struct proctor_error *err)
{
	uint64_t nbytes = p->header.ncounters * 8;
	char *to = bytes_room(&m->counters, nbytes);
	int ret = file_read(f, p->at + p->header.counters_at, to, nbytes, err);

	if (ret == 0 && counters_have_marks(to, p->header.ncounters))
		ret = error_set(err, -ENOTSUP, "it has counts which are marks");
	m->counters.nbytes += nbytes;
	return ret;
}

static int parts_read(struct merge *m, const struct profile_file *f, struct proctor_error *err)
{
	struct merge_part *p;
	int ret = 0;

	m->parts.n = 0;
	bytes_clear(&m->counters);
	for (uint64_t at = 0; at < f->nbytes && ret == 0; at += p->header.nbytes) {
		struct proctor_error why;

		p = vector_add(&m->parts);
		if (!p)
			return error_set(err, -ENOMEM, "no memory to read %s", f->path);
		p->at = at;
		ret = part_read(m, f, p, &why);
		if (ret == 0)
			ret = part_keep(m, f, p, &why);
		if (ret == -EBADMSG)
			error_set(err, ret, "%s is damaged: in the profile at byte %llu, %s", f->path,
				  (unsigned long long)at, why.text);
		else if (ret < 0)
			*err = why;
	}
	return ret == 0 && m->parts.n == 0
		? error_set(err, -EBADMSG, "%s is damaged: it is empty", f->path) : ret;
}

/* Adds the profiles that were read; all of them or none. */
static int parts_add(struct merge *m, const struct profile_file *f, struct proctor_error *err)
{
	const char *counters = m->counters.data;
	size_t nbefore = m->sums.n;
	int ret = 0;

	for (size_t i = 0; i < m->parts.n && ret == 0; i++) {
		struct merge_part *p = &m->parts.list[i];
		unsigned char *profile;

		p->sum = sum_find(m, p);
		if (p->sum)
			continue;
		profile = malloc(p->header.nbytes);
		ret = file_read(f, p->at, profile, p->header.nbytes, err);
		if (ret == 0)
			ret = sum_make(m, p, profile, err);
		else
			free(profile);
	}
	for (size_t i = 0; i < m->parts.n && ret == 0; i++) {
		sum_add(m->parts.list[i].sum, counters);
		counters += m->parts.list[i].header.ncounters * 8;
	}
	if (ret < 0)
		sums_cut(m, nbefore);
	return ret;
}

int merge_add_file(struct merge *m, const char *path, struct merge_found *found,
		   struct proctor_error *err)
{
	struct proctor_error why;
	struct stat st;
	struct profile_file f = { .path = path, .fd = file_open(path, &st, err) };
	int ret;

	*found = (struct merge_found){ 0 };
	if (f.fd < 0)
		return f.fd;
	f.nbytes = (uint64_t)st.st_size;
	ret = parts_read(m, &f, &why);
	if (ret == 0) {
		found->nprofiles = m->parts.n;
		found->parts = m->parts.list;
		ret = parts_add(m, &f, &why);
	} else if (ret == -ENOTSUP) {
		found->other = true;
		texts_add(&m->others, "%s", path);
		texts_add(&m->reasons, "%s", why.text);
		ret = m->others.lost || m->reasons.lost
			? error_set(&why, -ENOMEM, "no memory to read %s", path) : 0;
	}
	close(f.fd);
	return ret < 0 ? error_set(err, ret, "%s", why.text) : 0;
}

int merge_check(const struct raw_header *h, const unsigned char *profile, uint64_t *identity,
		struct proctor_error *err)
{
	const char *bytes = (const char *)profile;
	uint64_t hash = identity_names(identity_begin(h), bytes + h->names_at, h->nnames);
	int ret = header_check(h, err);

	*identity = identity_end(identity_data(hash, h, bytes + h->data_at, h->ndata));
	return ret < 0 ? ret : data_check(h, bytes + h->data_at, 0, h->ndata, err);
}

int merge_add_counters(struct merge *m, const struct raw_header *h, unsigned char *profile,
		       const uint64_t *counters, struct merge_sum **sum, struct proctor_error *err)
{
	struct merge_part p = { .header = *h };
	int ret = merge_check(h, profile, &p.identity, err);

	p.sum = sum_find(m, &p);
	if (ret < 0 || p.sum)
		free(profile);
	else
		ret = sum_make(m, &p, profile, err);
	if (ret < 0 || !p.sum)
		return ret;
	sum_add(p.sum, counters);
	*sum = p.sum;
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
