/* SPDX-License-Identifier: MIT */
/*
 * What the tests of a parser give it is what a fuzzer best begins with: where PARSER_SEEDS names a directory, it is
 * written there, each input once, as tests/fuzz/parser.c reads it.
 */
#ifndef PARSER_SEEDS_H
#define PARSER_SEEDS_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct seed {
	const char *out, *err, *file;	/* NULL: none */
	size_t nout;
	int status;			/* as wait(2) gives it */
};

static inline void seed_write(const struct seed *s)
{
	const char *dir = getenv("PARSER_SEEDS");
	const char *err = s->err ? s->err : "", *file = s->file ? s->file : "";
	const char *parts[] = { s->out, err, file };
	size_t nparts[] = { s->nout, strlen(err), strlen(file) };
	/* Read as a whole. */
	char path[4096], head = (char)(s->status == 0 ? 0 : s->status == 1 << 8 ? 1 : s->status >> 8 ? 2 : 3);
	uint64_t hash = (unsigned char)head;
	FILE *f;

	/* What a test makes by damaging each byte of another is what the fuzzer does itself. */
	if (!dir || nparts[0] + nparts[1] + nparts[2] > 16000)
		return;
	for (size_t i = 0; i < 3; i++)
		for (size_t k = 0; k <= nparts[i]; k++)
			hash = (hash ^ (k < nparts[i] ? (unsigned char)parts[i][k] : 0xff)) * 1099511628211u;
	snprintf(path, sizeof(path), "%s/%016llx", dir, (unsigned long long)hash);
	f = fopen(path, "we");
	if (!f) {
		perror(path);
		exit(1);
	}
	fputc(head, f);
	for (size_t i = 0; i < 3; i++) {
		fwrite(parts[i], 1, nparts[i], f);
		if (i < 2)
			fputc(0xff, f);
	}
	fclose(f);
}

#endif
