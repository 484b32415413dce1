/* SPDX-License-Identifier: MIT */
#include "plan/list_file.h"

#include <stdint.h>
#include <string.h>

/* Numbers are in this machine's order: the file is of no use to another one. */
#define MAGIC UINT64_C(0x33747369726f7270)
#define NO_TEXT UINT32_MAX

/* The key, the tests and the texts follow it, the first two padded to 8 bytes. */
struct header {
	uint64_t magic;
	uint64_t sum;			/* of all that follows the times */
	struct list_file_times times;
	int64_t asked_s;
	uint64_t nkey, ntests, ntexts;
	char adapter[32];
};

_Static_assert(offsetof(struct header, times) == LIST_FILE_TIMES_AT, "as the header says");

/* Texts by where they begin among all of them. */
struct record {
	uint64_t timeout_us;
	uint32_t name, file, disabled;	/* `disabled` may be NO_TEXT */
	uint32_t line;
	uint32_t none_expected;		/* 1: so it is */
	uint32_t unused;
};

static uint64_t padded(uint64_t nbytes)
{
	return (nbytes + 7) / 8 * 8;
}

/* Against accidents, not against malice: a file that is not its user's own is not read. */
static uint64_t sum_of(const void *bytes, size_t nbytes)
{
	const char *at = bytes;
	uint64_t sum = nbytes, word;

	for (; nbytes > 0; at += sizeof(word), nbytes -= nbytes < sizeof(word) ? nbytes : sizeof(word)) {
		word = 0;
		memcpy(&word, at, nbytes < sizeof(word) ? nbytes : sizeof(word));
		sum = (sum ^ word) * 0x9e3779b97f4a7c15u;
		sum ^= sum >> 29;
	}
	return sum;
}

#define SUMMED_FROM offsetof(struct header, asked_s)

uint64_t list_file_sum(const void *bytes, size_t nbytes)
{
	return sum_of((const char *)bytes + SUMMED_FROM, nbytes - SUMMED_FROM);
}

/* ---- writing ---- */

static uint32_t put_text(struct bytes *texts, const char *text)
{
	size_t at = texts->nbytes;

	/* No offset is NO_TEXT. */
	if (at >= UINT32_MAX)
		texts->failed = true;
	bytes_append(texts, text, strlen(text) + 1);
	return (uint32_t)at;
}

/* Most tests have the file, and the reason why they are disabled, of the one before. */
static uint32_t put_shared(struct bytes *texts, const char *text, const char *last, uint32_t last_at)
{
	if (!text)
		return NO_TEXT;
	return last && strcmp(text, last) == 0 ? last_at : put_text(texts, text);
}

static void put_tests(struct bytes *records, struct bytes *texts, const struct listing *list)
{
	struct listed last = { 0 };
	struct record r = { .file = NO_TEXT, .disabled = NO_TEXT };

	for (size_t i = 0; i < list->ntests; i++) {
		const struct listed *l = &list->tests[i];

		r = (struct record){
			.timeout_us = l->timeout_us, .name = put_text(texts, l->name), .line = l->line,
			.none_expected = l->none_expected,
			.file = put_shared(texts, l->file, last.file, r.file),
			.disabled = put_shared(texts, l->disabled, last.disabled, r.disabled),
		};
		bytes_append(records, &r, sizeof(r));
		last = *l;
	}
}

struct list_file_times list_file_times(const struct program_times *times)
{
	return (struct list_file_times){ .times = *times, .sum = sum_of(times, sizeof(*times)) };
}

bool list_file_is(const void *bytes, size_t nbytes, uint64_t sum)
{
	struct header header;

	if (nbytes < sizeof(header))
		return false;
	memcpy(&header, bytes, sizeof(header));
	return header.magic == MAGIC && header.sum == sum;
}

uint64_t list_file_write(struct bytes *file, const struct bytes *key, const struct adapter *adapter,
			 const struct listing *list, int64_t asked_s)
{
	static const char padding[8];
	struct header header = { .magic = MAGIC, .asked_s = asked_s, .nkey = key->nbytes,
				 .ntests = list->ntests };
	struct bytes records = { 0 }, texts = { 0 };

	put_tests(&records, &texts, list);
	header.ntexts = texts.nbytes;
	if (strlen(adapter->name) < sizeof(header.adapter))
		strcpy(header.adapter, adapter->name);
	else
		file->failed = true;
	bytes_append(file, &header, sizeof(header));
	bytes_append(file, key->data, key->nbytes);
	bytes_append(file, padding, padded(key->nbytes) - key->nbytes);
	bytes_append(file, records.data, records.nbytes);
	bytes_append(file, texts.data, texts.nbytes);
	file->failed = file->failed || records.failed || texts.failed || key->failed;
	if (!file->failed) {
		header.sum = list_file_sum(file->data, file->nbytes);
		memcpy(file->data, &header, sizeof(header));
	}
	bytes_fini(&records);
	bytes_fini(&texts);
	return header.sum;
}

/* ---- reading ---- */

/* A file's parts, once they are known to fill it. */
struct parts {
	const char *key, *texts;
	const struct record *records;
};

static bool parts_find(const struct header *h, const char *bytes, size_t nbytes, struct parts *parts)
{
	uint64_t left = nbytes - sizeof(*h);

	if (h->nkey > left || padded(h->nkey) > left)
		return false;
	parts->key = bytes + sizeof(*h);
	left -= padded(h->nkey);
	if (h->ntests == 0 || h->ntests > left / sizeof(struct record))
		return false;
	parts->records = (const void *)(parts->key + padded(h->nkey));
	left -= h->ntests * sizeof(struct record);
	parts->texts = (const char *)(parts->records + h->ntests);
	return h->ntexts == left && left > 0 && parts->texts[left - 1] == '\0';
}

/* True: it is one of them, or NULL where that is allowed. */
static bool text_find(const struct header *h, const struct parts *parts, uint32_t at, bool may_miss,
		      const char **text)
{
	*text = at < h->ntexts ? parts->texts + at : NULL;
	return *text || (may_miss && at == NO_TEXT);
}

static bool test_read(const struct header *h, const struct parts *parts, size_t i, struct listed *l)
{
	const struct record *r = &parts->records[i];

	l->index = (unsigned)i;
	l->line = r->line;
	l->timeout_us = r->timeout_us;
	l->none_expected = r->none_expected == 1;
	return text_find(h, parts, r->name, false, &l->name) && l->name[0] &&
	       text_find(h, parts, r->file, false, &l->file) &&
	       text_find(h, parts, r->disabled, true, &l->disabled);
}

bool list_file_read(const void *bytes, size_t nbytes, const struct bytes *key, struct arena *arena,
		    struct kept_list *kept)
{
	struct listed *tests;
	struct header header;
	struct parts parts;

	if (nbytes < sizeof(header))
		return false;
	memcpy(&header, bytes, sizeof(header));
	if (header.magic != MAGIC || !memchr(header.adapter, '\0', sizeof(header.adapter)) ||
	    header.sum != list_file_sum(bytes, nbytes) ||
	    !parts_find(&header, bytes, nbytes, &parts) || header.nkey != key->nbytes ||
	    memcmp(parts.key, key->data, key->nbytes) != 0 ||
	    adapter_find(header.adapter, &kept->adapter, NULL) < 0 || !kept->adapter->list_parse)
		return false;
	tests = arena_alloc(arena, header.ntests * sizeof(*tests));
	for (size_t i = 0; tests && i < header.ntests; i++)
		if (!test_read(&header, &parts, i, &tests[i]))
			return false;
	kept->tests = tests;
	kept->ntests = header.ntests;
	kept->asked_s = header.asked_s;
	kept->sum = header.sum;
	if (list_file_times(&header.times.times).sum == header.times.sum)
		kept->times = header.times.times;
	return tests != NULL;
}
