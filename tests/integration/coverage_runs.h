/* SPDX-License-Identifier: MIT */
/* Runs with --coverage, and what their reports say: shared by the programs test_coverage_*. */
#ifndef TESTS_INTEGRATION_COVERAGE_RUNS_H
#define TESTS_INTEGRATION_COVERAGE_RUNS_H

#include "harness.h"

#define WORDS_MAX 32
#define WAYS_WORK (36 + 8 + 2)

/* Whose libraries there are. */
extern const char *const llvms[3];

/* Their hangs are to be short. */
#define SHORT "--timeout=500ms", "--grace=200ms", "--on-crash=continue"

/* In a directory that the run may leave something in: coverage/ goes there by default. */
#define WORK ".work"
#define IN_ITS_DIRECTORY                                                                      \
	WORDS("/bin/sh", "-c",                                                                \
	      "/bin/mkdir \"$TMPDIR/" WORK "\" && cd \"$TMPDIR/" WORK "\" && exec \"$0\" \"$@\"")

/* Is all to be run, and not a sample? */
bool soaks(void);
/* A suite of one clang; the test is skipped where that is not installed. */
const char *need_suite(const char *fmt, const char *llvm);
/* Runs with --coverage, or what `words` says of it, and with one variable for the suites. */
struct run *cover_with(const char *variable, const char *const *words);
/* The same; `bad`: tests end in their own ways. */
struct run *cover(bool bad, const char *const *words);

/* A file of the run's directory as JSON. */
json_t *coverage_json(const struct run *run, const char *name);
/* The same as text, freed by the caller. */
char *coverage_text(const struct run *run, const char *name);
bool coverage_exists(const struct run *run, const char *name);
/* The count of a function, by the end of its name; -1: it is not in the report. */
json_int_t count_of(const struct run *run, const char *name);
/* How often a function of TML ran; -1: it did not. */
json_int_t function_hits(const struct run *run, const char *name);

/* Every region of every function has the same count in both. */
void check_equal(const struct run *good, const struct run *bad);
/* Its coverage is partial, and the report and the terminal say why. */
void check_problem(const struct run *run, const char *text);
void check_complete(const struct run *run, int exit_code);
/* What the tests of cov_tml.c call. */
void check_tml(const struct run *run);

#define LLVM_ROWS(title, function)                                                            \
	harness_row_test(title " (LLVM 14)", function, llvms[0]),                             \
	harness_row_test(title " (LLVM 16)", function, llvms[1]),                             \
	harness_row_test(title " (LLVM 19)", function, llvms[2])

#endif
