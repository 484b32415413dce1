/* SPDX-License-Identifier: MIT */
#include "coverage/raw.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "base/container.h"

/* The upper bits of the version; from LLVM's InstrProfData.inc. */
#define VARIANT_OPTIMIZER (1ull << 56)
#define VARIANT_ENTRY (1ull << 58)
#define VARIANT_BYTE_COVERAGE (1ull << 60)
#define VARIANT_TEMPORAL (1ull << 63)

#define COUNTER_BYTES 8u

/* A version of the format. Behind magic and version its header has words for these members of struct raw_header, in
 * this order. */
struct format {
	uint64_t number, data_record_bytes, last_kind;
	size_t nwords;
	size_t words[14];
};

#define AT(member) offsetof(struct raw_header, member)
static const struct format formats[] = {
	{ 8, 48, 1, 9, { AT(nids), AT(ndata), AT(npad_before), AT(ncounters), AT(npad_after), AT(nnames),
		AT(counters_delta), AT(names_delta), AT(last_kind) } },
	{ 10, 64, 2, 14, { AT(nids), AT(ndata), AT(npad_before), AT(ncounters), AT(npad_after),
		AT(nbitmap_bytes), AT(npad_bitmaps), AT(nnames), AT(counters_delta), AT(bitmap_delta),
		AT(names_delta), AT(nvtables), AT(nvnames), AT(last_kind) } },
};

/* 32-bit profiles end their magic number with another letter; others come byte by byte reversed. */
#define RAW_MAGIC_32 0xff6c70726f665281ull

static uint64_t word_at(const void *bytes, size_t i)
{
	uint64_t word;

	memcpy(&word, (const char *)bytes + i * sizeof(word), sizeof(word));
	return word;
}

static bool magic_known(uint64_t magic)
{
	return magic == RAW_MAGIC || magic == RAW_MAGIC_32 ||
	       __builtin_bswap64(magic) == RAW_MAGIC || __builtin_bswap64(magic) == RAW_MAGIC_32;
}

bool raw_counts_entries(uint64_t version)
{
	return !(version & VARIANT_OPTIMIZER) || (version & VARIANT_ENTRY);
}

uint64_t raw_version(const void *bytes, size_t nbytes)
{
	uint64_t magic, version;

	if (nbytes < 2 * sizeof(uint64_t))
		return 0;
	magic = word_at(bytes, 0);
	version = word_at(bytes, 1);
	if (!magic_known(magic))
		return 0;
	if (magic != RAW_MAGIC && magic != RAW_MAGIC_32)
		version = __builtin_bswap64(version);
	return version;
}

/* Lays out one part of the profile behind the other: where the next one begins, and how long the file is. */
struct section_cursor {
	uint64_t at, limit;
	const char *failed;		/* the part that did not fit; NULL: all did */
};

/* Takes `n` items of `size` bytes; returns where they begin. */
static uint64_t cursor_take(struct section_cursor *c, uint64_t n, uint64_t size, const char *what)
{
	uint64_t at = c->at, nbytes;

	if (c->failed)
		return at;
	if (__builtin_mul_overflow(n, size, &nbytes) || nbytes > c->limit - c->at)
		c->failed = what;
	else
		c->at += nbytes;
	return at;
}

static uint64_t padding_to_8(uint64_t nbytes)
{
	return (8 - nbytes % 8) % 8;
}

/* NULL: this version or variant is not understood here. */
static const struct format *format_of(uint64_t version)
{
	if (version & (VARIANT_BYTE_COVERAGE | VARIANT_TEMPORAL))
		return NULL;
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++)
		if (formats[i].number == (version & RAW_VERSION_MASK))
			return &formats[i];
	return NULL;
}

/* Lays the parts out, one behind the other. */
static int header_lay_out(struct raw_header *h, const struct format *format, uint64_t limit,
			  struct proctor_error *err)
{
	struct section_cursor c = { .limit = limit };

	h->data_record_bytes = format->data_record_bytes;
	h->nheader = (2 + format->nwords) * sizeof(uint64_t);
	cursor_take(&c, h->nheader, 1, "the header");
	cursor_take(&c, h->nids, 1, "the binary ids");
	h->data_at = cursor_take(&c, h->ndata, h->data_record_bytes, "the data records");
	cursor_take(&c, h->npad_before, 1, "the padding before the counters");
	h->counters_at = cursor_take(&c, h->ncounters, COUNTER_BYTES, "the counters");
	cursor_take(&c, h->npad_after, 1, "the padding after the counters");
	cursor_take(&c, h->nbitmap_bytes, 1, "the bitmaps");
	cursor_take(&c, h->npad_bitmaps, 1, "the padding after the bitmaps");
	h->names_at = cursor_take(&c, h->nnames, 1, "the names");
	cursor_take(&c, padding_to_8(h->nnames), 1, "the padding after the names");
	cursor_take(&c, h->nvtables, 16, "the virtual tables");
	cursor_take(&c, h->nvnames, 1, "the names of virtual tables");
	cursor_take(&c, padding_to_8(h->nvnames), 1, "the padding at the end");
	if (c.failed)
		return error_set(err, -EBADMSG, "%s would end past the end of the file", c.failed);
	h->nbytes = c.at;
	return 0;
}

static int header_check(const struct raw_header *h, const struct format *format,
			struct proctor_error *err)
{
	if (h->nids % 8 != 0)
		return error_set(err, -EBADMSG, "the size of its binary ids, %llu, is no multiple of 8",
				 (unsigned long long)h->nids);
	if (h->last_kind != format->last_kind)
		return error_set(err, -EBADMSG, "the header ends with %llu where its version has %llu",
				 (unsigned long long)h->last_kind,
				 (unsigned long long)format->last_kind);
	if (h->npad_before > 4096 || h->npad_after > 4096 || h->npad_bitmaps > 4096)
		return error_set(err, -EBADMSG, "the header speaks of more padding than a page");
	return 0;
}

int raw_read_header(const void *bytes, size_t nbytes, uint64_t file_nbytes, struct raw_header *h,
		    struct proctor_error *err)
{
	const struct format *format;
	int ret;

	*h = (struct raw_header){ .version = raw_version(bytes, nbytes) };
	if (nbytes < 2 * sizeof(uint64_t) || !magic_known(word_at(bytes, 0)))
		return error_set(err, -EBADMSG, nbytes < 2 * sizeof(uint64_t)
				 ? "it is too short for a raw profile"
				 : "it does not begin as a raw profile does");
	if (word_at(bytes, 0) != RAW_MAGIC)
		return error_set(err, -ENOTSUP, "it is of another word size or byte order");
	format = format_of(h->version);
	if (!format)
		return error_set(err, -ENOTSUP, "it is of version %llu, variant %llx",
				 (unsigned long long)(h->version & RAW_VERSION_MASK),
				 (unsigned long long)(h->version >> 56));
	if (nbytes < (2 + format->nwords) * sizeof(uint64_t))
		return error_set(err, -EBADMSG, "it is truncated within the header");
	for (size_t i = 0; i < format->nwords; i++)
		memcpy((char *)h + format->words[i], (const char *)bytes + (2 + i) * sizeof(uint64_t),
		       sizeof(uint64_t));
	ret = header_lay_out(h, format, file_nbytes, err);
	return ret < 0 ? ret : header_check(h, format, err);
}

int raw_read_function(const struct raw_header *h, const void *data_record, uint64_t i,
		      struct raw_function *f, struct proctor_error *err)
{
	const char *record = data_record;
	bool is_10 = h->data_record_bytes == 64;
	uint16_t sites[3] = { 0 };
	uint64_t pointer;

	*f = (struct raw_function){ .name_hash = word_at(record, 0) };
	/* Relative to the record, as counters_delta is for the first one. */
	pointer = word_at(record, 2);
	memcpy(&f->ncounters, record + (is_10 ? 48 : 40), sizeof(f->ncounters));
	memcpy(sites, record + (is_10 ? 52 : 44), is_10 ? 6 : 4);
	if (is_10)
		memcpy(&f->nbitmap_bytes, record + 60, sizeof(f->nbitmap_bytes));
	f->nvalue_sites = (uint32_t)sites[0] + sites[1] + sites[2];
	f->counters_offset = pointer - (h->counters_delta - i * h->data_record_bytes);
	if (f->counters_offset % COUNTER_BYTES != 0 ||
	    f->counters_offset > h->ncounters * COUNTER_BYTES ||
	    f->ncounters > h->ncounters - f->counters_offset / COUNTER_BYTES)
		return error_set(err, -EBADMSG, "the counters of function %llu are outside of its "
				 "counters", (unsigned long long)i);
	if (f->ncounters == 0)
		return error_set(err, -EBADMSG, "function %llu has no counters", (unsigned long long)i);
	if (f->nbitmap_bytes > h->nbitmap_bytes)
		return error_set(err, -EBADMSG, "function %llu has more bitmap than there is",
				 (unsigned long long)i);
	return 0;
}

int raw_lay_out(struct raw_header *h, uint64_t ndata_bytes, uint64_t ncounter_bytes,
		struct proctor_error *err)
{
	const struct format *format = format_of(h->version);

	if (!format)
		return error_set(err, -ENOTSUP, "raw profiles of version %llu, variant %llx, cannot be "
				 "written here", (unsigned long long)(h->version & RAW_VERSION_MASK),
				 (unsigned long long)(h->version >> 56));
	if (ndata_bytes % format->data_record_bytes != 0 || ncounter_bytes % COUNTER_BYTES != 0)
		return error_set(err, -EBADMSG, "the sections of its profile data have odd sizes");
	h->ndata = ndata_bytes / format->data_record_bytes;
	h->ncounters = ncounter_bytes / COUNTER_BYTES;
	h->npad_bitmaps = padding_to_8(h->nbitmap_bytes);
	h->last_kind = format->last_kind;
	return header_lay_out(h, format, UINT64_MAX, err);
}

size_t raw_write_header(const struct raw_header *h, unsigned char bytes[RAW_HEADER_BYTES_MAX])
{
	const struct format *format = format_of(h->version);
	const uint64_t begin[] = { RAW_MAGIC, h->version };

	memcpy(bytes, begin, sizeof(begin));
	for (size_t i = 0; i < format->nwords; i++)
		memcpy(bytes + (2 + i) * sizeof(uint64_t), (const char *)h + format->words[i],
		       sizeof(uint64_t));
	return h->nheader;
}
