/* SPDX-License-Identifier: MIT */
/*
 * A framework: how proctor knows its files, lists and runs their tests, and understands what they print.
 * Each is a constant table in a file of its own; what else is special about a framework's suites is a
 * property here, so that nobody has to ask which framework it is.
 */
#ifndef ADAPTER_ADAPTER_H
#define ADAPTER_ADAPTER_H

#include "adapter/listing.h"
#include "adapter/version.h"
#include "base/elf.h"
#include "base/elf_texts.h"
#include "base/error.h"
#include "base/texts.h"
#include "proctor/proctor.h"
#include "wire/page.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a file shows without being run. */
struct file_view {
	const char *path;
	const char *head;		/* its first bytes */
	size_t nhead;
	const struct elf_file *elf;	/* NULL: not ELF, or a program that was not read as a whole */
	struct elf_texts *texts;	/* of a program; file_view_says() asks them */
};

/* Does the program have this text among its constants, or the names of libraries that it needs and of symbols
 * that it takes from them? Never so of a script. */
bool file_view_says(const struct file_view *file, const char *text);

/* How sure an adapter is that a program is one of its framework's. The surest gets it. */
enum sureness {
	SURE_NOT,
	SURE_LAST_RESORT,	/* any program will do */
	SURE_OF_FILE,		/* the file shows it */
};

/*
 * The tests of a library, from its symbols: all adapters share one pass over them. A library with
 * tests of no adapter is none of proctor's, one with tests of two is an error.
 */
struct symbol_lister {
	const char *prefix;	/* of every symbol that matters */
	const char *tests;	/* "… function": how a sentence names what was looked for */
	/* Gets each defined symbol with the prefix; adds it to `list` if it is of a test. -ENOMEM. */
	int (*take)(const struct elf_file *f, size_t i, struct listing *list,
		    struct proctor_error *err);
	/* After the last symbol: completes the tests of `list` and puts them in the order of their
	 * indices. -ENOEXEC: the library is damaged. */
	int (*finish)(const struct elf_file *f, struct listing *list, struct proctor_error *err);
};

/* What a program is started for. Lent for the call. */
struct program_request {
	const char *path;
	const char *const *names;	/* of exactly these tests, as they were listed; NULL: of its only one */
	const unsigned *indices;	/* and their indices; NULL with the names */
	size_t ntests;			/* 0: it is to list its tests */
	bool whole;			/* they are all of it but the disabled ones */
	/* Those that it would run besides them if none were named; 0: not told. Of an adapter with `names_max`, where
	 * they are fewer. */
	const char *const *others;
	size_t nothers;
	/* An empty directory of its own, absolute, removed when the process is over; NULL: there is none. Adapters
	 * that need it say so (`needs_dir`). */
	const char *dir;
};

/* How it is started for that: all zero is the program without arguments. Texts are allocated. */
struct command_line {
	struct texts words;		/* behind the program's name */
	struct texts vars;		/* NAME=VALUE: set; NAME: taken out of its environment */
};

/* What a program that was asked for its tests has left. Lent for the call. */
struct list_output {
	const char *out, *err;		/* its stdout and stderr, with a NUL behind */
	size_t nout, nerr;
	const char *file;		/* the adapter's `result_file`; NULL: it wrote none */
	size_t nfile;
	int status;			/* as wait(2) gives it */
};

/* What a parser tells. Lent until the function that tells it returns. */
struct parser_event {
	enum parser_event_kind {
		PARSER_STARTED,
		PARSER_OUTPUT,
		PARSER_ENDED,
		PARSER_COMPLETE,	/* the framework says that it has run all that it was to run */
		/* It has begun, and goes on when those after it have ended: what comes of it is told when the
		 * process is over. If it has no end then, it runs again. */
		PARSER_SET_ASIDE,
		/* The framework runs none of the tests that have not started, and says why. No test's name. */
		PARSER_PASSED_OVER,
		/* The test that has ended last gets this end instead: what was torn down after it failed. Told before the
		 * next test starts. */
		PARSER_AMENDED,
	} kind;
	const char *name;		/* as it was listed; NULL: the only test of the process */
	/* Where the framework tells it: of tests that have the same name it is that one. "" or NULL, 0: it
	 * does not. */
	const char *file;
	unsigned line;
	/* OUTPUT: what the test wrote and the framework kept from the process's stdout or stderr. */
	const char *output;
	size_t noutput;
	bool is_stderr;
	uint64_t nbytes;		/* of the stream that lie before this event */
	enum proctor_verdict verdict;	/* ENDED, AMENDED, PASSED_OVER: */
	const char *message;		/* why it is no pass; NULL: nothing to say */
	/* It may be wrong: unless it is told again without that, the test runs again, alone. But the list knows better if it
	 * says that no failures are expected of the test (`none_expected`). */
	bool unsure;
	/* The test is known by its index, whatever it is called. */
	bool by_index;
	unsigned index;
	/* Of all tests that have not begun and whose names begin with `name`, as those of a suite do. */
	bool of_suite;
	uint64_t duration_us;		/* as the framework measured it; 0: it did not say */
};

/*
 * Understands what a program writes to its standard output, or to its channel. It does nothing but that: it is
 * given bytes in the order in which they were written, in pieces of any size, and tells what they mean.
 */
struct parser;
struct parser_ops {
	/* What is told goes to `tell`, from within feed and end. NULL: no memory. */
	struct parser *(*open)(void (*tell)(const struct parser_event *event, void *data),
			       void *data);
	/* Where memory is short the parser goes on as well as it can; the test's verdict is then an error. */
	void (*feed)(struct parser *p, const char *bytes, size_t nbytes);
	/* What it wrote to its standard error, which is read apart from the other stream: which came first nobody
	 * can say. For words only, never for a verdict. NULL: the parser wants none. */
	void (*feed_stderr)(struct parser *p, const char *bytes, size_t nbytes);
	/* What the program left in the adapter's `result_file`, before end; not called where there is none.
	 * NULL: the parser wants none. A verdict that was told before may be told again: the last one counts.
	 * One that grows is given while the program runs, too, in pieces that end with a line, and as a whole at the end. */
	void (*file)(struct parser *p, const char *bytes, size_t nbytes);
	/* That file has each test's result as soon as there is one, and is what counts: of a process that crashed or
	 * was killed, too. A test that it does not have has not ended, whatever the stream said. */
	bool file_grows;
	/* The stream is complete and the process over, with a status as wait(2) gives it. Tells the end of
	 * what had started. A verdict from here counts where the process ended by itself: what was killed or
	 * crashed is judged by that. */
	void (*end)(struct parser *p, int status);
	void (*close)(struct parser *p);
	/* It tells PARSER_COMPLETE: a program that ends without it was ended by the test before that. Else what
	 * did not start when it ended was passed over. */
	bool tells_complete;
	int all_skipped_status;		/* with which a program ends none of whose tests did more than skip */
};

/* The number that the channel has in the process: a pipe for results alone, which a program opens as
 * PARSER_CHANNEL_PATH and that no test writes to by accident. */
#define PARSER_CHANNEL_FD 3
#define PARSER_CHANNEL_PATH "/proc/self/fd/3"

enum parser_source { PARSER_STDOUT, PARSER_CHANNEL };

struct adapter {
	const char *name;		/* as --framework=NAME has it and lists show it */
	const char *known_by;		/* what its files have that others do not: a line for people */
	struct version_mark version;	/* of the framework; all zero: its files do not show it */

	/* A library, which proctor-host opens; else a program, which is started itself. */
	bool in_host;
	/* The whole file is one test, called as the suite is, unless it was given a name. */
	bool single;
	/* A crash ends the run, where nothing else was asked for and all suites are such. */
	bool crash_stops;
	/* Its users do not know the symbols of their tests: one that is missing is told by its index. */
	bool hides_symbols;

	/* Libraries: their tests, and how proctor-host calls one. */
	const struct symbol_lister *lister;
	enum page_call call;

	/* Programs: from the file alone, never by running it. NULL: only where --framework says so. */
	enum sureness (*recognize)(const struct file_view *file);
	int (*run_command)(const struct program_request *request, struct command_line *line,
			   struct proctor_error *err);
	/* Where the program has to be asked for its tests: how, and what its answer means. `list` gets the tests
	 * in the order in which they run; -ENOEXEC: it is no answer, and the sentence, which goes on behind
	 * the program's name, says why. NULL: the whole program is one test. */
	int (*list_command)(const struct program_request *request, struct command_line *line,
			    struct proctor_error *err);
	int (*list_parse)(const struct list_output *output, struct listing *list,
			  struct proctor_error *err);
	/* Where the file says it: nobody has to be asked. An empty list: it does not say it, and whoever hands the suite
	 * in has to. -ENOMEM. */
	int (*list_file)(const char *path, struct listing *list, struct proctor_error *err);
	/* How much of a command line a name takes, and what there is room for; NULL: any number of names fits. */
	size_t (*name_bytes)(const char *name);
	size_t names_max_bytes;
	/* Each name costs the program time for each of its tests: so many are named at most, of those that run or of
	 * those that do not. 0: names cost next to nothing. */
	unsigned names_max;
	bool words_first;		/* its own words stand before those that the suite has: behind these they are lost */
	/* It runs all tests or one, in the order of their indices: the first begins with the process, and each other one
	 * where the one before it ends. */
	bool all_or_one;
	bool needs_dir;			/* its commands use request->dir */
	bool runs_others;		/* names select no more exactly than that others may run, too, and fail */
	const char *result_file;	/* a name in that directory; NULL: it writes none */
	const struct parser_ops *parser;	/* NULL: the exit status tells all */
	enum parser_source source;	/* of the parser's bytes */
};

/* Every adapter: a line here and a file are what a new one needs. */
#define ADAPTERS \
	ADAPTER(tml) \
	ADAPTER(tml_exe) \
	ADAPTER(suite_h) \
	ADAPTER(exe) \
	ADAPTER(tap) \
	ADAPTER(googletest) \
	ADAPTER(rust) \
	ADAPTER(go) \
	ADAPTER(catch2) \
	ADAPTER(catch2_v2) \
	ADAPTER(doctest) \
	ADAPTER(boost)

#define ADAPTER(name) extern const struct adapter adapter_##name;
ADAPTERS
#undef ADAPTER

#define ADAPTER(name) NUMBER_OF_##name,
enum { ADAPTERS ADAPTERS_COUNT };
#undef ADAPTER

extern const struct adapter *const adapters[ADAPTERS_COUNT];

/* The adapter of this name. -EINVAL: there is none, and the sentence says which there are. */
int adapter_find(const char *name, const struct adapter **adapter, struct proctor_error *err);

void command_line_fini(struct command_line *line);

/* The one that is surest of a program; there always is one. */
const struct adapter *adapter_of_program(const struct file_view *file);

#endif
