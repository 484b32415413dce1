/* SPDX-License-Identifier: MIT */
#include "coverage/raw.h"

#include <errno.h>
#include <string.h>

/* The upper bits of the version; from LLVM's InstrProfData.inc. */
#define VARIANT_OPTIMIZER (1ull << 56)
#define VARIANT_ENTRY (1ull << 58)
#define VARIANT_BYTE_COVERAGE (1ull << 60)
#define VARIANT_TEMPORAL (1ull << 63)

#define HEADER_8_WORDS 11
#define HEADER_10_WORDS 16
#define RECORD_8_BYTES 48u
#define RECORD_10_BYTES 64u
#define COUNTER_BYTES 8u

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

/* Where the next part of the profile begins, as long as everything fits. */
struct cursor {
	uint64_t at, limit;
	const char *failed;		/* the part that did not fit; NULL: all did */
};

/* Takes `n` items of `size` bytes; returns where they begin. */
static uint64_t cursor_take(struct cursor *c, uint64_t n, uint64_t size, const char *what)
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

static bool version_supported(uint64_t version)
{
	uint64_t number = version & RAW_VERSION_MASK;

	return (number == 8 || number == 10) &&
	       !(version & (VARIANT_BYTE_COVERAGE | VARIANT_TEMPORAL));
}

/* The fields after magic number and version. */
struct fields {
	uint64_t nids, ndata, pad_before, ncounters, pad_after, nbitmap_bytes, pad_bitmaps, nnames;
	uint64_t counters_delta, bitmap_delta, names_delta, nvtables, nvnames, last_kind;
};

static void fields_read(struct fields *f, const void *bytes, uint64_t number)
{
	uint64_t *const of_8[] = {
		&f->nids, &f->ndata, &f->pad_before, &f->ncounters, &f->pad_after, &f->nnames,
		&f->counters_delta, &f->names_delta, &f->last_kind,
	};
	uint64_t *const of_10[] = {
		&f->nids, &f->ndata, &f->pad_before, &f->ncounters, &f->pad_after,
		&f->nbitmap_bytes, &f->pad_bitmaps, &f->nnames, &f->counters_delta,
		&f->bitmap_delta, &f->names_delta, &f->nvtables, &f->nvnames, &f->last_kind,
	};

	*f = (struct fields){ 0 };
	for (size_t i = 0; number == 8 && i < HEADER_8_WORDS - 2; i++)
		*of_8[i] = word_at(bytes, i + 2);
	for (size_t i = 0; number == 10 && i < HEADER_10_WORDS - 2; i++)
		*of_10[i] = word_at(bytes, i + 2);
}

/* Lays the parts out, one behind the other. */
static int header_lay_out(struct raw_header *h, const struct fields *f, uint64_t limit,
			  struct proctor_error *err)
{
	bool is_10 = (h->version & RAW_VERSION_MASK) == 10;
	struct cursor c = { .limit = limit };

	h->record_bytes = is_10 ? RECORD_10_BYTES : RECORD_8_BYTES;
	h->nheader = (is_10 ? HEADER_10_WORDS : HEADER_8_WORDS) * sizeof(uint64_t);
	h->nids = f->nids;
	h->ndata = f->ndata;
	h->ncounters = f->ncounters;
	h->nbitmap_bytes = f->nbitmap_bytes;
	h->nnames = f->nnames;
	h->nvtables = f->nvtables;
	h->nvnames = f->nvnames;
	h->counters_delta = f->counters_delta;
	h->bitmap_delta = f->bitmap_delta;
	h->names_delta = f->names_delta;

	cursor_take(&c, h->nheader, 1, "the header");
	h->ids_at = cursor_take(&c, h->nids, 1, "the binary ids");
	h->data_at = cursor_take(&c, h->ndata, h->record_bytes, "the data records");
	cursor_take(&c, f->pad_before, 1, "the padding before the counters");
	h->counters_at = cursor_take(&c, h->ncounters, COUNTER_BYTES, "the counters");
	cursor_take(&c, f->pad_after, 1, "the padding after the counters");
	h->bitmaps_at = cursor_take(&c, h->nbitmap_bytes, 1, "the bitmaps");
	cursor_take(&c, f->pad_bitmaps, 1, "the padding after the bitmaps");
	h->names_at = cursor_take(&c, h->nnames, 1, "the names");
	cursor_take(&c, padding_to_8(h->nnames), 1, "the padding after the names");
	h->vtables_at = cursor_take(&c, h->nvtables, 16, "the virtual tables");
	h->vnames_at = cursor_take(&c, h->nvnames, 1, "the names of virtual tables");
	cursor_take(&c, padding_to_8(h->nvnames), 1, "the padding at the end");
	if (c.failed)
		return error_set(err, -EBADMSG, "%s would end past the end of the file", c.failed);
	h->nbytes = c.at;
	return 0;
}

static int header_check(const struct raw_header *h, const struct fields *f,
			struct proctor_error *err)
{
	uint64_t last_kind = (h->version & RAW_VERSION_MASK) == 10 ? 2 : 1;

	if (h->nids % 8 != 0)
		return error_set(err, -EBADMSG, "the size of its binary ids, %llu, is no multiple of 8",
				 (unsigned long long)h->nids);
	if (f->last_kind != last_kind)
		return error_set(err, -EBADMSG, "the header ends with %llu where its version has %llu",
				 (unsigned long long)f->last_kind, (unsigned long long)last_kind);
	if (f->pad_before > 4096 || f->pad_after > 4096 || f->pad_bitmaps > 4096)
		return error_set(err, -EBADMSG, "the header speaks of more padding than a page");
	return 0;
}

int raw_read_header(const void *bytes, size_t nbytes, uint64_t file_nbytes, struct raw_header *h,
		    struct proctor_error *err)
{
	struct fields f;
	size_t need;
	int ret;

	*h = (struct raw_header){ 0 };
	if (nbytes < 2 * sizeof(uint64_t) || !magic_known(word_at(bytes, 0)))
		return error_set(err, -EBADMSG, nbytes < 2 * sizeof(uint64_t)
				 ? "it is too short for a raw profile"
				 : "it does not begin as a raw profile does");
	h->version = raw_version(bytes, nbytes);
	if (word_at(bytes, 0) != RAW_MAGIC)
		return error_set(err, -ENOTSUP, "it is of another word size or byte order");
	if (!version_supported(h->version))
		return error_set(err, -ENOTSUP, "it is of version %llu, variant %llx",
				 (unsigned long long)(h->version & RAW_VERSION_MASK),
				 (unsigned long long)(h->version >> 56));
	need = ((h->version & RAW_VERSION_MASK) == 10 ? HEADER_10_WORDS : HEADER_8_WORDS) *
	       sizeof(uint64_t);
	if (nbytes < need)
		return error_set(err, -EBADMSG, "it is truncated within the header");
	fields_read(&f, bytes, h->version & RAW_VERSION_MASK);
	ret = header_lay_out(h, &f, file_nbytes, err);
	return ret < 0 ? ret : header_check(h, &f, err);
}

int raw_read_function(const struct raw_header *h, const void *data, uint64_t i,
		      struct raw_function *f, struct proctor_error *err)
{
	const char *record = (const char *)data + i * h->record_bytes;
	bool is_10 = h->record_bytes == RECORD_10_BYTES;
	uint16_t sites[3] = { 0 };
	uint64_t pointer;

	*f = (struct raw_function){ .name_hash = word_at(record, 0),
				    .structure_hash = word_at(record, 1) };
	/* Relative to the record, as counters_delta is for the first one. */
	pointer = word_at(record, 2);
	memcpy(&f->ncounters, record + (is_10 ? 48 : 40), sizeof(f->ncounters));
	memcpy(sites, record + (is_10 ? 52 : 44), is_10 ? 6 : 4);
	if (is_10)
		memcpy(&f->nbitmap_bytes, record + 60, sizeof(f->nbitmap_bytes));
	f->nvalue_sites = (uint32_t)sites[0] + sites[1] + sites[2];
	f->counters_offset = pointer - (h->counters_delta - i * h->record_bytes);
	if (f->counters_offset % COUNTER_BYTES != 0 ||
	    f->counters_offset > h->ncounters * COUNTER_BYTES ||
	    f->ncounters > h->ncounters - f->counters_offset / COUNTER_BYTES)
		return error_set(err, -EBADMSG, "the counters of function %llu are outside of its "
				 "counters", (unsigned long long)i);
	if (f->nbitmap_bytes > h->nbitmap_bytes)
		return error_set(err, -EBADMSG, "function %llu has more bitmap than there is",
				 (unsigned long long)i);
	return 0;
}

int raw_shape_header(const struct raw_shape *shape, struct raw_header *h,
		     struct proctor_error *err)
{
	uint64_t record = (shape->version & RAW_VERSION_MASK) == 10 ? RECORD_10_BYTES
								    : RECORD_8_BYTES;
	struct fields f = {
		.ndata = shape->ndata_bytes / record,
		.ncounters = shape->ncounter_bytes / COUNTER_BYTES,
		.nbitmap_bytes = shape->nbitmap_bytes,
		.pad_bitmaps = padding_to_8(shape->nbitmap_bytes),
		.nnames = shape->nnames,
		.counters_delta = shape->counters_delta, .bitmap_delta = shape->bitmap_delta,
		.names_delta = shape->names_delta,
	};

	*h = (struct raw_header){ .version = shape->version };
	if (!version_supported(shape->version))
		return error_set(err, -ENOTSUP, "raw profiles of version %llu, variant %llx, cannot be "
				 "written here",
				 (unsigned long long)(shape->version & RAW_VERSION_MASK),
				 (unsigned long long)(shape->version >> 56));
	if (shape->ndata_bytes % record != 0 || shape->ncounter_bytes % COUNTER_BYTES != 0)
		return error_set(err, -EBADMSG, "the sections of its profile data have odd sizes");
	return header_lay_out(h, &f, UINT64_MAX, err);
}

size_t raw_write_header(const struct raw_header *h, unsigned char bytes[RAW_HEADER_BYTES_MAX])
{
	uint64_t counters_end = h->counters_at + h->ncounters * COUNTER_BYTES;
	uint64_t before = h->counters_at - (h->data_at + h->ndata * h->record_bytes);
	const uint64_t of_8[HEADER_8_WORDS] = {
		RAW_MAGIC, h->version, h->nids, h->ndata, before, h->ncounters,
		h->names_at - counters_end, h->nnames, h->counters_delta, h->names_delta, 1,
	};
	const uint64_t of_10[HEADER_10_WORDS] = {
		RAW_MAGIC, h->version, h->nids, h->ndata, before, h->ncounters,
		h->bitmaps_at - counters_end, h->nbitmap_bytes,
		h->names_at - (h->bitmaps_at + h->nbitmap_bytes), h->nnames, h->counters_delta,
		h->bitmap_delta, h->names_delta, h->nvtables, h->nvnames, 2,
	};
	bool is_10 = (h->version & RAW_VERSION_MASK) == 10;

	memcpy(bytes, is_10 ? of_10 : of_8, h->nheader);
	return h->nheader;
}
