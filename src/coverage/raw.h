/* SPDX-License-Identifier: MIT */
/*
 * The raw profile that LLVM's profile runtime writes at the exit of a process: a header, then the
 * data records of the functions, their counters, MC/DC bitmaps, the names, and value profiles.
 * Source of the format: compiler-rt's include/profile/InstrProfData.inc and InstrProfilingWriter.c.
 * Understood here are versions 8 (LLVM 14 to 17) and 10 (LLVM 19 on) of 64-bit little-endian
 * machines, whose data records point to their counters by an offset that is the same in every run.
 *
 * Any thread. The bytes may be damaged or hostile; every size is checked against the file's.
 */
#ifndef COVERAGE_RAW_H
#define COVERAGE_RAW_H

#include "base/error.h"

#include <stdbool.h>

#define RAW_MAGIC 0xff6c70726f667281ull
#define RAW_HEADER_BYTES_MAX 160
/* The low bits of the header's version; above them stand variants (IR level, byte counters ...). */
#define RAW_VERSION_MASK 0x00ffffffffffffffull

/* What the header tells, and where the parts of the profile are, in bytes from its beginning. */
struct raw_header {
	uint64_t version;		/* with the variant bits */
	uint64_t nids;			/* binary ids: length, bytes, padded to 8; ... */
	uint64_t ndata;			/* records of data_record_bytes each */
	uint64_t ncounters;		/* 8 bytes each */
	uint64_t nbitmap_bytes;		/* version 10 */
	uint64_t nnames;		/* bytes, as the compiler wrote them (often compressed) */
	uint64_t nvtables, nvnames;	/* version 10 */
	uint64_t npad_before, npad_after, npad_bitmaps;	/* before and after the counters; after the bitmaps */
	uint64_t counters_delta, bitmap_delta, names_delta, last_kind;	/* as in the file */
	/* Worked out from these. */
	uint64_t nheader, data_record_bytes;
	uint64_t data_at, counters_at, names_at;
	uint64_t nbytes;		/* up to the value profiles, padding of the names included */
};

/* What of a data record (see InstrProfData.inc) is the same in each process of a binary. */
struct raw_function {
	uint64_t name_hash;
	uint64_t counters_offset;	/* of its first, in bytes from the first of all; checked */
	uint32_t ncounters;
	uint32_t nvalue_sites;		/* of all kinds */
	uint32_t nbitmap_bytes;
};

/* Is the first counter of each function that of its entry? So what the compiler's front end has
 * instrumented; what the optimizer has, if it was told to. */
bool raw_counts_entries(uint64_t version);

/* The version that the bytes claim, when they begin as a raw profile of any version does; 0: they
 * do not. */
uint64_t raw_version(const void *bytes, size_t nbytes);

/*
 * Reads the header of the profile that `bytes` begin with; `file_nbytes` is what the file has from
 * there on. -EBADMSG: truncated or damaged, the sentence says where; -ENOTSUP: another version,
 * byte order or word size, or byte-sized counters: only LLVM's own tool can tell.
 */
int raw_read_header(const void *bytes, size_t nbytes, uint64_t file_nbytes, struct raw_header *h,
		    struct proctor_error *err);

/* Data record `i`. -EBADMSG: its counters are not among the profile's. */
int raw_read_function(const struct raw_header *h, const void *data_record, uint64_t i,
		      struct raw_function *f, struct proctor_error *err);

/*
 * Lays out a profile by the sizes of a binary's sections: `h` has version, names, bitmaps and deltas, all
 * else is filled in. -ENOTSUP, -EBADMSG as raw_read_header().
 */
int raw_lay_out(struct raw_header *h, uint64_t ndata_bytes, uint64_t ncounter_bytes,
		struct proctor_error *err);
/* Writes the header in the file's form into `bytes`; returns how many. */
size_t raw_write_header(const struct raw_header *h, unsigned char bytes[RAW_HEADER_BYTES_MAX]);

#endif
