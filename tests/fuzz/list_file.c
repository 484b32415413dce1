/* SPDX-License-Identifier: MIT */
/*
 * For libFuzzer: any bytes as the file in which a program's list is kept, but with the sum that they have to have. What
 * comes out is a list, which is written and read again. Where PARSER_SEEDS names a directory a good file is written
 * there to begin with.
 */
#include "plan/list_file.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of the header, as list_file.c has it: the sum is behind the magic number. */
#define SUM_AT 8
#define HEADER_BYTES (LIST_FILE_TIMES_AT + sizeof(struct list_file_times) + 64)

static char key_text[] = "a key";
static const struct bytes key = { .data = key_text, .nbytes = sizeof(key_text) - 1 };

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static struct listed tests[] = {
		{ .name = "A.One", .file = "a.cc", .line = 3 },
		{ .name = "A.Two", .file = "a.cc", .line = 7, .disabled = "disabled", .timeout_us = 5 },
		{ .name = "B.Three", .file = "" },
	};
	const struct listing list = { .tests = tests, .ntests = 3 };
	const char *dir = getenv("PARSER_SEEDS");
	struct bytes file = { 0 };
	char path[4096];
	FILE *f;

	(void)argc, (void)argv;
	if (!dir)
		return 0;
	list_file_write(&file, &key, &adapter_googletest, &list, 7);
	snprintf(path, sizeof(path), "%s/good", dir);
	f = fopen(path, "we");
	if (!f || fwrite(file.data, 1, file.nbytes, f) != file.nbytes || fclose(f) != 0)
		abort();
	bytes_fini(&file);
	return 0;
}

/* What was read is a listing, and comes out as it went in. */
static void again(const struct kept_list *kept)
{
	const struct listing list = { .tests = (struct listed *)kept->tests, .ntests = kept->ntests };
	struct kept_list other = { 0 };
	struct bytes file = { 0 };
	struct arena arena = { 0 };

	list_file_write(&file, &key, kept->adapter, &list, kept->asked_s);
	if (file.failed || !list_file_read(file.data, file.nbytes, &key, &arena, &other) ||
	    other.ntests != kept->ntests || other.adapter != kept->adapter || other.asked_s != kept->asked_s)
		abort();
	for (size_t i = 0; i < kept->ntests; i++) {
		const struct listed *a = &kept->tests[i], *b = &other.tests[i];

		if (strcmp(a->name, b->name) != 0 || strcmp(a->file, b->file) != 0 || a->line != b->line ||
		    a->timeout_us != b->timeout_us || !a->disabled != !b->disabled ||
		    (a->disabled && strcmp(a->disabled, b->disabled) != 0))
			abort();
	}
	arena_fini(&arena);
	bytes_fini(&file);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t nbytes);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t nbytes)
{
	struct kept_list kept = { 0 };
	struct arena arena = { 0 };
	char *copy = malloc(nbytes + 1);
	uint64_t sum;

	if (!copy)
		abort();
	memcpy(copy, bytes, nbytes);
	if (nbytes >= HEADER_BYTES) {
		sum = list_file_sum(copy, nbytes);
		memcpy(copy + SUM_AT, &sum, sizeof(sum));
	}
	if (list_file_read(copy, nbytes, &key, &arena, &kept))
		again(&kept);
	arena_fini(&arena);
	free(copy);
	return 0;
}
