/* SPDX-License-Identifier: MIT */
/*
 * What the answer of a program that is asked for its tests depends on, as far as that can be known without asking
 * it: as long as its key is the same, so are its tests. docs/12-FRAMEWORKS.md tells what is in it.
 */
#ifndef PLAN_LIST_KEY_H
#define PLAN_LIST_KEY_H

#include "base/bytes.h"
#include "plan/model.h"

#include <sys/stat.h>

/* A program's open file, which elf_is_program() knows. */
struct program_file {
	int fd;
	const void *head;
	size_t nhead;
	const struct stat *st;
	const struct elf_dynamic *dynamic;
};

struct list_key {
	struct bytes text;		/* the question first */
	size_t nquestion;
	/* A file was written to so recently that what is written next may leave no trace in its times. */
	bool fresh;
};

/* What is asked of which path, whatever the file there is; to the end of `question`. */
void list_key_question(struct bytes *question, const struct suite *suite);

/* All of it. False: what the answer depends on is not known, or there is no memory. The caller ends key->text in
 * either case. */
bool list_key_make(struct list_key *key, const struct suite *suite, const struct program_file *file);

/* All variables of this process whose values make a difference, as a number. */
uint64_t list_key_environment(char *const *vars);

/* May a file with these times be written to at `now_ns` (CLOCK_REALTIME), or later, and have the same afterwards? */
bool list_key_is_fresh(const struct file_stamp *stamp, int64_t now_ns);

#endif
