/* SPDX-License-Identifier: MIT */
/* Raw profiles as LLVM's runtime writes them, made by hand, so that each field can be chosen. */
#ifndef UNIT_PROFILE_FIXTURE_H
#define UNIT_PROFILE_FIXTURE_H

#include "coverage/raw.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

#define PROFILE_FUNCTIONS 3u
#define PROFILE_COUNTERS 6u	/* function i has i + 1 of them */
#define PROFILE_BYTES_MAX 1024u

struct profile {
	unsigned version;			/* 8 or 10 */
	const char *names;
	uint64_t counters[PROFILE_COUNTERS];
	uint64_t load_address;			/* differs from process to process */
	uint64_t ids[4];			/* nids of them */
	unsigned nids;
	uint16_t nvalue_sites;			/* of the first function */
	uint64_t nbitmap_bytes;
	unsigned char bytes[PROFILE_BYTES_MAX];	/* filled by profile_make() */
	size_t nbytes;
};

static inline void profile_put(struct profile *p, const void *bytes, size_t n)
{
	assert(p->nbytes + n <= sizeof(p->bytes));
	memcpy(p->bytes + p->nbytes, bytes, n);
	p->nbytes += n;
}

static inline void profile_put_word(struct profile *p, uint64_t word)
{
	profile_put(p, &word, sizeof(word));
}

static inline void profile_put_record(struct profile *p, unsigned i)
{
	uint64_t record = p->version == 10 ? 64 : 48;
	/* The counters stand before the records, as linkers place them. */
	uint64_t offset = i * (i + 1) / 2 * 8;
	uint32_t ncounters = i + 1, nbitmap = 0;
	uint16_t sites[4] = { i == 0 ? p->nvalue_sites : 0 };

	profile_put_word(p, 0x1111 * (i + 1));
	profile_put_word(p, 0x77 + i);
	profile_put_word(p, offset - PROFILE_COUNTERS * 8 - i * record);
	if (p->version == 10)
		profile_put_word(p, 0);			/* its bitmap */
	profile_put_word(p, p->load_address + 16 * i);	/* the function */
	profile_put_word(p, p->load_address + 8);	/* its value profiles */
	profile_put(p, &ncounters, 4);
	profile_put(p, sites, p->version == 10 ? 8 : 4);
	if (p->version == 10)
		profile_put(p, &nbitmap, 4);
}

/* Fills `bytes` from the other fields. */
static inline void profile_make(struct profile *p)
{
	static const unsigned char zeros[8];
	uint64_t nnames = strlen(p->names), record = p->version == 10 ? 64 : 48;

	p->nbytes = 0;
	profile_put_word(p, RAW_MAGIC);
	profile_put_word(p, p->version);
	profile_put_word(p, p->nids * 8);
	profile_put_word(p, PROFILE_FUNCTIONS);
	profile_put_word(p, 0);
	profile_put_word(p, PROFILE_COUNTERS);
	profile_put_word(p, 0);
	if (p->version == 10) {
		profile_put_word(p, p->nbitmap_bytes);
		profile_put_word(p, (8 - p->nbitmap_bytes % 8) % 8);
	}
	profile_put_word(p, nnames);
	profile_put_word(p, (uint64_t)0 - PROFILE_COUNTERS * 8);
	if (p->version == 10)
		profile_put_word(p, p->load_address);
	profile_put_word(p, p->load_address + 4096);
	if (p->version == 10) {
		profile_put_word(p, 0);
		profile_put_word(p, 0);
	}
	profile_put_word(p, p->version == 10 ? 2 : 1);
	profile_put(p, p->ids, p->nids * 8);
	for (unsigned i = 0; i < PROFILE_FUNCTIONS; i++) {
		size_t before = p->nbytes;

		profile_put_record(p, i);
		assert(p->nbytes - before == record);
		(void)record, (void)before;
	}
	profile_put(p, p->counters, sizeof(p->counters));
	for (uint64_t i = 0; i < (p->nbitmap_bytes + 7) / 8; i++)
		profile_put(p, zeros, 8);
	profile_put(p, p->names, nnames);
	profile_put(p, zeros, (8 - nnames % 8) % 8);
}

static inline struct profile profile_of(unsigned version, uint64_t first_count)
{
	struct profile p = { .version = version, .names = "main names", .load_address = 0x5000 };

	for (unsigned i = 0; i < PROFILE_COUNTERS; i++)
		p.counters[i] = first_count + i;
	profile_make(&p);
	return p;
}

#endif
