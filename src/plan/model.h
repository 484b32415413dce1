/* SPDX-License-Identifier: MIT */
/*
 * What is to be run: suites and their tests. Filled by discovery (discover.h), narrowed (select.h) and
 * ordered (order.h); immutable from the start of the run.
 */
#ifndef PLAN_MODEL_H
#define PLAN_MODEL_H

#include "adapter/adapter.h"
#include "base/arena.h"
#include "base/error.h"
#include "base/file_stamp.h"
#include "plan/file_key.h"
#include "plan/libraries.h"
#include "proctor/proctor.h"

#include <stdint.h>
#include <sys/types.h>

/* The index of a handed-in test that is known by its name only, until its suite is inspected. */
#define TEST_INDEX_BY_NAME UINT32_MAX

/* A library that a suite needs: where sonames are equal, the files must be, to share a host. */
struct need {
	char *soname;
	const char *path;	/* NULL: found by the default search, the same for every suite */
	dev_t dev;		/* 0, 0 then */
	ino_t ino;
};

/* What holds for a test when it is run: its own wish, else the run's (resolve.h). */
struct test_settings {
	uint64_t timeout_us;		/* until it is stopped */
	uint64_t grace_us;		/* between SIGTERM and SIGKILL */
	uint64_t slow_after_us;
	size_t max_output_bytes;	/* kept of each stream */
	unsigned retries;
	enum proctor_isolation isolation;
	bool own_host;			/* shares its process with no other test */
};

struct test {
	struct proctor_test pub;	/* as reporters see it; strings owned by the plan */
	struct suite *suite;
	char *symbol;			/* to call it by; NULL for a program */
	const char *own_name;		/* where pub.name tells equal ones apart, the one that they share; or NULL */
	char *missing;			/* why its suite has no such test; NULL: it has, or may have */
	uint64_t duration_us;		/* known from earlier; 0: unknown */
	char *workdir;			/* NULL: the run's */
	char **env;			/* NAME=VALUE added; NULL: none */
	const struct test_settings *settings;	/* NULL until plan_resolve() */
	bool none_expected;		/* its framework expects no failures of it; false: it may */
	bool selected;
	bool placeholder;		/* "(load)": for the unknown tests of a broken suite */
};

/* As its framework has it. */
static inline const char *test_own_name(const struct test *t)
{
	return t->own_name ? t->own_name : t->pub.name;
}

/* Of a program that runs many tests in a process, as measured. */
struct program_times {		/* all zero: not known */
	uint64_t start_ns;	/* until its first test begins */
	uint64_t test_ns;	/* of a test, on average */
};

struct suite {
	/* Whose its tests are; until its file was looked at, what it is taken for. */
	const struct adapter *adapter;
	char *name;
	char *group;			/* "" if none */
	char *path;			/* absolute */
	struct test *tests;		/* in index order */
	size_t ntests, cap_tests;
	struct proctor_plan *plan;
	size_t number;			/* as added, from 0 */
	char *own_name;			/* as it was given; `name` tells equal ones apart */
	bool asks;			/* a program that has yet to be asked for its tests */
	bool inspected;			/* false: handed in, and its file not yet looked at */
	char *error;			/* why it cannot be run: tests are `error`; NULL: it can */
	const struct file_key *key;	/* remembers its file; NULL: another has it, or nothing */
	struct file_stamp file;		/* as it was when it was inspected */
	/* From the ELF file, for the choice of a host. */
	bool unique;			/* has global symbols of which a process has but one */
	bool closable;			/* once its tests are over nothing can point into it */
	enum sanitizer sanitizer;
	/* The sanitizer's runtime: a path or a soname; NULL: none. SANITIZER_NONE may have one too:
	 * that of clang's UndefinedBehaviorSanitizer, which the default search does not find. */
	char *preload;
	const struct adapter *framework;	/* that its file is taken for; NULL: what it shows */
	char **arguments;		/* a program's first ones, NULL at the end; NULL: none */
	char *workdir;			/* of its tests that have none of their own; NULL: the run's */
	char **env;			/* and what is added to theirs */
	struct remembered *remembered;	/* of its tests, in an earlier run (list_cache.h); NULL: nothing */
	struct program_times times;	/* in an earlier run */
	bool leads;			/* a program that may lead a session: it calls nothing that fails there */
	bool injectable;		/* a program that a library can be put into */
	struct need *needs;		/* its own soname too; sorted by soname, each once */
	size_t nneeds;
};

/* Is a process started for it? What is disabled, or missing in a program, is told without one. */
static inline bool test_is_run(const struct test *t)
{
	return !t->pub.disabled && (!t->missing || t->suite->adapter->in_host);
}

/* All texts, and all that a comment calls the plan's, are in `arena` and live until the plan is freed. */
struct proctor_plan {
	struct suite **suites;		/* as they were added */
	size_t nsuites, cap_suites;
	struct test **tests;		/* the selected ones, in plan order */
	size_t ntests;
	char **sequence;		/* ids of the tests to be run, in this order, NULL at the end; NULL: the selected ones */
	bool stale;			/* something changed since plan_collect */
	struct suite **order;		/* plan_collect's; plan_shuffle reorders it */
	struct test_settings settings;	/* the run's, of what is no test's: opening, ending */
	struct arena settings_arena;	/* the tests' own */
	struct arena arena;
	struct libraries *libraries;	/* what was learned of needed libraries */
	struct file_set files;		/* of suites added by path */
	bool cancels_listing;		/* once there is something to read from: */
	int cancel_fd;
	uint64_t list_timeout_us;	/* for a program that is asked for its tests; 0: the default */
	char *list_cache;		/* the directory where lists of tests are kept; NULL: nowhere */
	uint64_t environment;		/* of this process, as lists depend on it; 0: not looked at */
	const struct adapter *framework;	/* of what is added; NULL: what each file shows */
	char **arguments;		/* of the programs that are added; as struct suite has them */
	char **wrap;		/* before every test process, from a path on; NULL: nothing */
};

/* An empty plan; NULL: no memory. */
struct proctor_plan *plan_new(void);
void plan_free(struct proctor_plan *plan);

/* Adds an empty suite, of which nothing is known yet; `path` is made absolute. NULL: no memory. */
struct suite *plan_suite_new(struct proctor_plan *plan, const char *name, const char *group,
			     const char *path);
/* Adds a test to the end of `suite`; sets its id. May move suite->tests. NULL: no memory. */
struct test *suite_test_new(struct suite *suite, unsigned index, const char *name,
			    const char *file, const char *symbol);
/* The same for a test that is handed in by its index, and perhaps a name: it is taken for one of TML's
 * until the file was looked at. */
struct test *suite_test_by_index(struct suite *suite, unsigned index, const char *name,
				 const char *file);
/* Copies NAME=VALUE texts, NULL at the end, into the test. -ENOMEM. */
int test_set_env(struct test *t, const char *const *env);
/* Room for `ntests` more tests at once. -ENOMEM. */
int suite_reserve(struct suite *suite, size_t ntests, struct proctor_error *err);
/* Takes the last suite of the plan out again, for a discovery that failed. */
void plan_suite_drop(struct proctor_plan *plan);

/* Copies texts, NULL at the end, to `*copy`, which becomes NULL where there are none. -ENOMEM. */
int plan_copy_words(struct proctor_plan *plan, const char *const *words, char ***copy);

/* `path` from the root on, without "." and doubled slashes; links and ".." stay as they are.
 * NULL: no memory. */
char *path_absolute(struct arena *arena, const char *path);

/* "libfoo.so" is "foo"; allocated. */
char *suite_name_of(const char *path);

/*
 * SUITE::NAME for `suite` as it is called now; SUITE for an executable's test that has no name of its
 * own. The plan's. NULL: no memory.
 */
char *suite_test_id(struct suite *suite, const char *name);

#endif
