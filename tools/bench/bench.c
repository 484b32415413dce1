/* SPDX-License-Identifier: MIT */
/*
 * usage: bench [--rounds=N] [--check] PROCTOR DIRECTORY [a|b|...|l]...
 *
 * Measures PROCTOR on what tools/bench/material made in DIRECTORY, beside its opponents, and
 * prints a table. Opponents run in the same rounds, in turn, after one round that does not count;
 * a ratio is taken within a round and its median shown. Exit status 1 if something could not be
 * measured, or, with --check, if a target was missed.
 */
#include "measure.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#define ROUNDS_MIN 5
#define ROUNDS_MAX 99
#define CONTENDERS_MAX 12
#define LANES "4"
#define STARTS 50		/* of a command that takes a millisecond, for one sample */

struct contender {
	const char *name;
	char **argv;			/* allocated, its strings too; ends with NULL */
	size_t nargs;
	size_t npassed;			/* tests proctor must report as passed; 0: not proctor */
	const char *path;		/* PATH; NULL: the bench's own */
	int status;			/* it exits with */
	unsigned times;			/* > 1: runs that make one sample */
	double units;			/* tests in one sample */
	struct sample samples[ROUNDS_MAX];
};

struct bench {
	const char *proctor, *dir;
	char out[4096];			/* what the contender now running prints */
	unsigned nrounds;
	struct contender set[CONTENDERS_MAX];	/* of the measurement now made */
	size_t nset;
	unsigned nmissed, nbroken;
};

static void *need(void *memory)
{
	if (memory)
		return memory;
	fputs("bench: no memory\n", stderr);
	exit(1);
}

static void add_arg(struct contender *c, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static void add_arg(struct contender *c, const char *fmt, ...)
{
	va_list args;
	char *arg;

	va_start(args, fmt);
	if (vasprintf(&arg, fmt, args) < 0)
		arg = NULL;
	va_end(args);
	c->argv = need(reallocarray(c->argv, c->nargs + 2, sizeof(*c->argv)));
	c->argv[c->nargs++] = need(arg);
	c->argv[c->nargs] = NULL;
}

/* Adds `n` numbered files: `kind` is their directory and the letter their names begin with. */
static void add_files(struct contender *c, const struct bench *b, const char *kind,
		      const char *suffix, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		add_arg(c, "%s/%s%04u%s", b->dir, kind, i, suffix);
}

/* A new contender of the measurement; `units` tests in one run of it. */
static struct contender *enter(struct bench *b, const char *name, double units)
{
	struct contender *c = &b->set[b->nset++];

	*c = (struct contender){ .name = name, .units = units };
	return c;
}

static struct contender *enter_proctor(struct bench *b, const char *name, size_t npassed)
{
	struct contender *c = enter(b, name, (double)npassed);

	c->npassed = npassed;
	add_arg(c, "%s", b->proctor);
	add_arg(c, "run");
	add_arg(c, "--quiet");
	return c;
}

static struct contender *enter_ctest(struct bench *b)
{
	struct contender *c = enter(b, "ctest -j4, 500 executables", 500);

	add_arg(c, "ctest");
	add_arg(c, "-j" LANES);
	add_arg(c, "-Q");
	add_arg(c, "--test-dir");
	add_arg(c, "%s/ctest", b->dir);
	return c;
}

static void leave_all(struct bench *b)
{
	for (size_t i = 0; i < b->nset; i++) {
		for (size_t k = 0; k < b->set[i].nargs; k++)
			free(b->set[i].argv[k]);
		free(b->set[i].argv);
	}
	b->nset = 0;
}

/* A speed is worth nothing if a verdict was lost: the last line must count every test as passed. */
static bool all_passed(const struct bench *b, size_t npassed)
{
	char line[4096], want[128], last[4096] = "";
	FILE *file = fopen(b->out, "re");

	if (!file)
		return false;
	while (fgets(line, sizeof(line), file))
		if (strncmp(line, "Tests: ", 7) == 0)
			memcpy(last, line, sizeof(last));
	fclose(file);
	snprintf(want, sizeof(want), "Tests: %zu passed, 0 failed, 0 skipped\n", npassed);
	return strcmp(last, want) == 0;
}

static int contender_run(const struct bench *b, const struct contender *c, struct sample *sample)
{
	char *path = need(strdup(getenv("PATH") ?: ""));
	int ret;

	if (c->path)
		setenv("PATH", c->path, 1);
	ret = c->times > 1 ? measure_many(c->argv, c->times, sample)
			   : measure(c->argv, b->out, sample);
	setenv("PATH", path, 1);
	free(path);
	return ret;
}

/* Runs the rounds. False, and said so, if one run of one contender went wrong. */
static bool run_rounds(struct bench *b)
{
	for (unsigned round = 0; round <= b->nrounds; round++) {
		for (size_t i = 0; i < b->nset; i++) {
			struct contender *c = &b->set[i];
			struct sample *sample = &c->samples[round > 0 ? round - 1 : 0];
			int ret = contender_run(b, c, sample);

			if (ret == c->status && (c->npassed == 0 || all_passed(b, c->npassed)))
				continue;
			printf("    not measured: %s failed", c->name);
			printf(c->times > 1 ? "\n" : "; what it printed is in %s\n", b->out);
			b->nbroken++;
			return false;
		}
	}
	return true;
}

static int compare_doubles(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double *values, unsigned n)
{
	qsort(values, n, sizeof(*values), compare_doubles);
	return n % 2 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

/* What one test costs with this contender, in seconds: the median of the rounds. */
static double cost_s(const struct bench *b, const struct contender *c)
{
	double values[ROUNDS_MAX] = { 0 };

	for (unsigned r = 0; r < b->nrounds; r++)
		values[r] = c->samples[r].wall_s / c->units;
	return median(values, b->nrounds);
}

/* How many times the cost of a test with `y` it is with `x`: the median of the rounds' ratios. */
static double ratio(const struct bench *b, const struct contender *x, const struct contender *y)
{
	double values[ROUNDS_MAX] = { 0 };

	for (unsigned r = 0; r < b->nrounds; r++)
		values[r] = x->samples[r].wall_s / x->units / (y->samples[r].wall_s / y->units);
	return median(values, b->nrounds);
}

static double peak_mib(const struct bench *b, const struct contender *c)
{
	double values[ROUNDS_MAX] = { 0 };

	for (unsigned r = 0; r < b->nrounds; r++)
		values[r] = c->samples[r].peak_kb / 1024;
	return median(values, b->nrounds);
}

/* A part of the CPU time that the contender and its children used, in per cent. */
static double cpu_percent(const struct bench *b, const struct contender *c, bool first_thread)
{
	double part = 0, all = 0;

	for (unsigned r = 0; r < b->nrounds; r++) {
		const struct sample *s = &c->samples[r];
		double own = first_thread ? s->first_cpu_s : s->own_cpu_s;

		if (own < 0)
			return -1;
		part += own;
		all += s->cpu_s;
	}
	return all > 0 ? 100 * part / all : -1;
}

static void show_title(const char *title)
{
	printf("\n%s\n", title);
}

/* One line for each contender: what a run and what one test of it takes. */
static void show_times(const struct bench *b)
{
	for (size_t i = 0; i < b->nset; i++) {
		const struct contender *c = &b->set[i];
		double each = cost_s(b, c);

		printf("    %-44s %9.1f ms %12.2f us each\n", c->name, each * c->units * 1e3,
		       each * 1e6);
	}
}

/* A figure and its target. `least`: the target is a lower bound. */
static void show_target(struct bench *b, const char *what, double value, const char *unit,
			bool least, double target)
{
	bool met = least ? value >= target : value <= target;

	if (value < 0) {
		printf("  %-46s not known here\n", what);
		b->nbroken++;
		return;
	}
	printf("  %-46s %9.2f%-9s %s %.10g%-9s %s\n", what, value, unit, least ? ">=" : "<=", target,
	       unit, met ? "met" : "MISSED");
	if (!met)
		b->nmissed++;
}

static void bench_a(struct bench *b)
{
	struct contender *suites, *many, *ctest;

	show_title("(a) cost of a trivial test in a library");
	suites = enter_proctor(b, "proctor, 100 suites of 100 tests", 10000);
	add_files(suites, b, "hundred/s", ".so", 100);
	many = enter_proctor(b, "proctor, 1 suite of 20,000 tests", 20000);
	add_arg(many, "%s/many.so", b->dir);
	ctest = enter_ctest(b);
	if (!run_rounds(b))
		return;
	show_times(b);
	show_target(b, "ctest's cost per test over proctor's", ratio(b, ctest, suites), "x", true, 40);
	show_target(b, "tests a second, one suite of 20,000", 1 / cost_s(b, many), "/s", true, 40000);
}

static void bench_b(struct bench *b)
{
	struct contender *run, *keeps, *closes, *list, *single;

	show_title("(b) 1,000 libraries of one test");
	run = enter_proctor(b, "proctor", 1000);
	add_files(run, b, "one/s", ".so", 1000);
	keeps = enter(b, "bare loop of dlopen and call, one process", 1000);
	add_arg(keeps, "%s/bare_dlopen", b->dir);
	add_arg(keeps, "keep");
	add_files(keeps, b, "one/s", ".so", 1000);
	closes = enter(b, "the same that closes each after its test", 1000);
	add_arg(closes, "%s/bare_dlopen", b->dir);
	add_arg(closes, "close");
	add_files(closes, b, "one/s", ".so", 1000);
	list = enter(b, "of it the plan (proctor list)", 1000);
	add_arg(list, "%s", b->proctor);
	add_arg(list, "list");
	add_files(list, b, "one/s", ".so", 1000);
	single = enter_proctor(b, "of it start and end (a run of one library)", 1);
	add_files(single, b, "one/s", ".so", 1);
	if (!run_rounds(b))
		return;
	show_times(b);
	show_target(b, "proctor's time over the bare loop's", ratio(b, run, keeps), "x", false, 1.5);
	show_target(b, "over that of the loop that closes", ratio(b, run, closes), "x", false, 2);
}

static void bench_c(struct bench *b)
{
	struct contender *run, *plain, *bare, *ctest;

	show_title("(c) 500 trivial executables, a process for each, " LANES " at a time");
	run = enter_proctor(b, "proctor --isolation=test", 500);
	add_arg(run, "--isolation=test");
	add_arg(run, "--test-threads=" LANES);
	add_files(run, b, "exe/t", "", 500);
	plain = enter_proctor(b, "the same with --no-inject", 500);
	add_arg(plain, "--isolation=test");
	add_arg(plain, "--no-inject");
	add_arg(plain, "--test-threads=" LANES);
	add_files(plain, b, "exe/t", "", 500);
	bare = enter(b, "bare loop of posix_spawn and wait", 500);
	add_arg(bare, "%s/bare_spawn", b->dir);
	add_arg(bare, LANES);
	add_files(bare, b, "exe/t", "", 500);
	ctest = enter_ctest(b);
	if (!run_rounds(b))
		return;
	show_times(b);
	show_target(b, "proctor's time over the bare loop's", ratio(b, run, bare), "x", false, 1.25);
	show_target(b, "of it injection: over that without", ratio(b, run, plain), "x", false, 1.1);
	show_target(b, "proctor's time over ctest's", ratio(b, run, ctest), "x", false, 0.5);
	show_target(b, "the supervisor's CPU time, of the run's", cpu_percent(b, run, true), " %", false,
		    10);
	printf("  that of all of proctor's threads         %16.2f %%\n", cpu_percent(b, run, false));
}

static void bench_d(struct bench *b)
{
	struct contender *sizes[3];

	show_title("(d) growth: suites of 100 trivial tests");
	sizes[0] = enter_proctor(b, "proctor, 1,000 tests", 1000);
	add_files(sizes[0], b, "hundred/s", ".so", 10);
	sizes[1] = enter_proctor(b, "proctor, 10,000 tests", 10000);
	add_files(sizes[1], b, "hundred/s", ".so", 100);
	sizes[2] = enter_proctor(b, "proctor, 100,000 tests", 100000);
	add_files(sizes[2], b, "hundred/s", ".so", 1000);
	if (!run_rounds(b))
		return;
	show_times(b);
	show_target(b, "cost per test, 10,000 over 1,000", ratio(b, sizes[1], sizes[0]), "x", false, 1.2);
	show_target(b, "cost per test, 100,000 over 1,000", ratio(b, sizes[2], sizes[0]), "x", false, 1.2);
	show_target(b, "the supervisor's memory, 100,000 tests", peak_mib(b, sizes[2]), " MiB", false, 40);
}

static void bench_e(struct bench *b)
{
	struct contender *run, *cat;

	show_title("(e) one test that writes 1 GiB");
	run = enter_proctor(b, "proctor", 1);
	add_arg(run, "%s/flood", b->dir);
	cat = enter(b, "the same program into cat >/dev/null", 1);
	add_arg(cat, "sh");
	add_arg(cat, "-c");
	add_arg(cat, "\"$0\" | cat >/dev/null");
	add_arg(cat, "%s/flood", b->dir);
	if (!run_rounds(b))
		return;
	show_times(b);
	show_target(b, "proctor's speed over cat's", ratio(b, cat, run), "x", true, 0.7);
	show_target(b, "the supervisor's memory", peak_mib(b, run), " MiB", false, 40);
}

static void bench_f(struct bench *b)
{
	static const char *const loops[] = { "uring", "epoll" };
	struct contender *version, *git, *one;

	show_title("(f) both loops side by side");
	for (size_t i = 0; i < 2; i++) {
		struct contender *c = enter_proctor(b, i ? "epoll, 100 suites of 100 tests"
							 : "io_uring, 100 suites of 100 tests", 10000);

		add_arg(c, "--loop=%s", loops[i]);
		add_files(c, b, "hundred/s", ".so", 100);
	}
	for (size_t i = 0; i < 2; i++) {
		struct contender *c = enter_proctor(b, i ? "epoll, 500 executables"
							 : "io_uring, 500 executables", 500);

		add_arg(c, "--loop=%s", loops[i]);
		add_files(c, b, "exe/t", "", 500);
	}
	for (size_t i = 0; i < 2; i++) {
		struct contender *c = enter_proctor(b, i ? "epoll, 1 GiB of output"
							 : "io_uring, 1 GiB of output", 1);

		add_arg(c, "--loop=%s", loops[i]);
		add_arg(c, "%s/flood", b->dir);
	}
	if (run_rounds(b))
		show_times(b);
	leave_all(b);

	show_title("(f) start-up");
	version = enter(b, "proctor --version", STARTS);
	version->times = STARTS;
	add_arg(version, "%s", b->proctor);
	add_arg(version, "--version");
	git = enter(b, "git --version", STARTS);
	git->times = STARTS;
	add_arg(git, "git");
	add_arg(git, "--version");
	one = enter(b, "proctor run of one trivial program", STARTS);
	one->times = STARTS;
	add_arg(one, "%s", b->proctor);
	add_arg(one, "run");
	add_arg(one, "--quiet");
	add_arg(one, "%s/trivial", b->dir);
	if (!run_rounds(b))
		return;
	show_times(b);
	show_target(b, "proctor's start-up over git's", ratio(b, version, git), "x", false, 2);
	show_target(b, "a run of one program over the start-up", ratio(b, one, version), "x", false, 4);
}

/* The first line of a file of the material; "": there is none. */
static void read_line(const struct bench *b, const char *name, char *line, size_t nline)
{
	char path[4096];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", b->dir, name);
	file = fopen(path, "re");
	line[0] = '\0';
	if (!file)
		return;
	if (fgets(line, (int)nline, file))
		line[strcspn(line, "\n")] = '\0';
	fclose(file);
}

static double file_bytes(const struct bench *b, const char *name)
{
	char path[4096];
	struct stat st;

	snprintf(path, sizeof(path), "%s/%s", b->dir, name);
	return stat(path, &st) < 0 ? -1 : (double)st.st_size;
}

static void bench_g(struct bench *b)
{
	struct contender *ours, *llvm, *nothing;
	char profdata[4096];
	double grown_bytes, profile_bytes = file_bytes(b, "coverage/first.profraw");

	show_title("(g) merging 2,000 raw profiles of a program with 3,000 functions");
	read_line(b, "coverage/profdata", profdata, sizeof(profdata));
	ours = enter(b, "proctor's merge", 2000);
	add_arg(ours, "%s/../merge_profiles", b->dir);
	add_arg(ours, "%s/coverage/list", b->dir);
	add_arg(ours, "%s/coverage/ours.profraw", b->dir);
	nothing = enter(b, "the same of none", 2000);
	add_arg(nothing, "%s/../merge_profiles", b->dir);
	add_arg(nothing, "%s/coverage/nothing", b->dir);
	add_arg(nothing, "%s/coverage/nothing.profraw", b->dir);
	llvm = enter(b, "llvm-profdata merge -sparse", 2000);
	add_arg(llvm, "%s", profdata);
	add_arg(llvm, "merge");
	add_arg(llvm, "-sparse");
	add_arg(llvm, "-f");
	add_arg(llvm, "%s/coverage/list", b->dir);
	add_arg(llvm, "-o");
	add_arg(llvm, "%s/coverage/llvm.profdata", b->dir);
	if (!run_rounds(b))
		return;
	show_times(b);
	show_target(b, "llvm-profdata's time over proctor's", ratio(b, llvm, ours), "x", true, 8);
	grown_bytes = (peak_mib(b, ours) - peak_mib(b, nothing)) * 1024 * 1024;
	show_target(b, "memory over the size of one profile", grown_bytes / profile_bytes, "x", false,
		    2);
}

static void bench_h(struct bench *b)
{
	struct contender *with, *without, *whole;
	char *profile;

	show_title("(h) 100 instrumented suites of 500 tests, in batches");
	without = enter_proctor(b, "proctor", 50000);
	add_files(without, b, "coverage/counted/s", ".so", 100);
	/* The report is made by LLVM's tools: where there are none, the run ends after all the rest. */
	with = enter_proctor(b, "proctor --coverage, all but the report", 50000);
	with->path = "/nonexistent";
	with->status = 3;
	add_arg(with, "--coverage");
	add_arg(with, "--coverage-dir=%s/coverage/out", b->dir);
	add_files(with, b, "coverage/counted/s", ".so", 100);
	whole = enter_proctor(b, "proctor --coverage", 50000);
	add_arg(whole, "--coverage");
	add_arg(whole, "--coverage-dir=%s/coverage/out", b->dir);
	add_files(whole, b, "coverage/counted/s", ".so", 100);
	/* Without --coverage LLVM's runtime writes its profiles as well: by default each over the last. */
	if (asprintf(&profile, "%s/coverage/default.profraw", b->dir) < 0)
		profile = NULL;
	setenv("LLVM_PROFILE_FILE", need(profile), 1);
	free(profile);
	if (run_rounds(b)) {
		show_times(b);
		show_target(b, "with coverage but its report, over without", ratio(b, with, without),
			    "x", false, 1.1);
	}
	unsetenv("LLVM_PROFILE_FILE");
}

/* Threads are worth what tests wait, on however few cores: the more threads, the more is waited
 * for at once. */
static void bench_i(struct bench *b)
{
	static const struct {
		unsigned nthreads;
		const char *name, *claim;
		double times;
	} rows[] = {
		{ 1, "proctor --test-threads=1", NULL, 1 },
		{ 2, "proctor --test-threads=2", "2 threads are faster than one", 1.9 },
		{ 4, "proctor --test-threads=4", "4 threads", 3.7 },
		{ 8, "proctor --test-threads=8", "8 threads", 6.5 },
	};
	struct contender *runs[sizeof(rows) / sizeof(rows[0])];
	size_t n = sizeof(rows) / sizeof(rows[0]);

	show_title("(i) 224 tests that wait 10 ms, 28 suites of 8");
	for (size_t i = 0; i < n; i++) {
		runs[i] = enter_proctor(b, rows[i].name, 224);
		add_arg(runs[i], "--test-threads=%u", rows[i].nthreads);
		add_files(runs[i], b, "waits/s", ".so", 28);
	}
	if (!run_rounds(b))
		return;
	show_times(b);
	for (size_t i = 1; i < n; i++)
		show_target(b, rows[i].claim, ratio(b, runs[0], runs[i]), "x", true, rows[i].times);
}

/* ---- programs of frameworks ---- */

static bool has_material(const struct bench *b, const char *name)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/framework/%s", b->dir, name);
	if (access(path, X_OK) == 0)
		return true;
	printf("    skipped: %s could not be built on this machine\n", name);
	return false;
}

static bool has_opponent(const char *name)
{
	char command[256];

	snprintf(command, sizeof(command), "command -v %s >/dev/null", name);
	if (system(command) == 0)
		return true;
	printf("    skipped: there is no %s on this machine\n", name);
	return false;
}

/* A program of `n` tests, run by proctor. */
static struct contender *enter_program(struct bench *b, const char *name, const char *program, unsigned n,
				       const char *isolation)
{
	struct contender *c = enter_proctor(b, name, n);

	add_arg(c, "--isolation=%s", isolation);
	add_arg(c, "--test-threads=" LANES);
	add_arg(c, "%s/framework/%s", b->dir, program);
	return c;
}

/* The program by itself. */
static struct contender *enter_own(struct bench *b, const char *program, unsigned n)
{
	struct contender *c = enter(b, "the program itself", n);

	add_arg(c, "%s/framework/%s", b->dir, program);
	return c;
}

/* The program once a test, each with an argument that selects it. */
static struct contender *enter_each(struct bench *b, const char *program, const char *selects, unsigned n)
{
	struct contender *c = enter(b, "bare loop: the program once a test", n);

	add_arg(c, "%s/bare_spawn", b->dir);
	add_arg(c, LANES);
	add_arg(c, "--each");
	add_arg(c, "%s/framework/%s", b->dir, program);
	for (unsigned i = 0; i < n; i++)
		add_arg(c, "%s%u", selects, i);
	return c;
}

/* How many times the time of both `y` together is that of `x`. */
static double ratio_of_sum(const struct bench *b, const struct contender *x, const struct contender *y,
			   const struct contender *z)
{
	double values[ROUNDS_MAX] = { 0 };

	for (unsigned r = 0; r < b->nrounds; r++)
		values[r] = x->samples[r].wall_s / (y->samples[r].wall_s + z->samples[r].wall_s);
	return median(values, b->nrounds);
}

/* 200 trivial tests. The opponent that starts a process for each is the caller's, the last one entered; NULL: none. */
static void bench_small(struct bench *b, const char *program, const char *selects, const struct contender *opponent,
			const char *opponent_claim)
{
	struct contender *batch, *forks, *own, *each, *one;

	batch = enter_program(b, "proctor, batch", program, 200, "batch");
	forks = enter_program(b, "proctor, fork", program, 200, "fork");
	own = enter_own(b, program, 200);
	each = enter_each(b, program, selects, 200);
	one = enter_proctor(b, "proctor, one trivial executable", 1);
	add_arg(one, "%s/trivial", b->dir);
	if (!run_rounds(b))
		return;
	show_times(b);
	show_target(b, "batch over the program and one executable", ratio_of_sum(b, batch, own, one), "x", false, 1.4);
	show_target(b, "fork over the bare loop", ratio(b, forks, each), "x", false, 0.6);
	if (opponent)
		show_target(b, opponent_claim, ratio(b, opponent, batch), "x", true, 20);
}

static void bench_large(struct bench *b, const char *program, unsigned n)
{
	struct contender *batch, *own;

	batch = enter_program(b, "proctor, batch", program, n, "batch");
	own = enter_own(b, program, n);
	if (!run_rounds(b))
		return;
	show_times(b);
	show_target(b, "batch over the program", ratio(b, batch, own), "x", false, 1.5);
}

static void bench_j(struct bench *b)
{
	struct contender *parallel = NULL, *forks, *each;

	show_title("(j) 200 trivial tests of GoogleTest, " LANES " lanes");
	if (!has_material(b, "googletest200"))
		return;
	if (has_opponent("gtest-parallel")) {
		parallel = enter(b, "gtest-parallel", 200);
		add_arg(parallel, "gtest-parallel");
		add_arg(parallel, "--workers=" LANES);
		add_arg(parallel, "%s/framework/googletest200", b->dir);
	}
	bench_small(b, "googletest200", "--gtest_filter=Trivial.T", parallel, "gtest-parallel's time over batch's");
	leave_all(b);
	show_title("(j) 20,000 trivial tests of GoogleTest");
	bench_large(b, "googletest20000", 20000);
	leave_all(b);
	show_title("(j) 200 trivial tests of GoogleTest, linked to libLLVM");
	if (!has_material(b, "googletest_llvm"))
		return;
	forks = enter_program(b, "proctor, fork", "googletest_llvm", 200, "fork");
	each = enter_each(b, "googletest_llvm", "--gtest_filter=Trivial.T", 200);
	if (!run_rounds(b))
		return;
	show_times(b);
	show_target(b, "fork over the bare loop", ratio(b, forks, each), "x", false, 0.25);
}

static void bench_k(struct bench *b)
{
	show_title("(k) 200 trivial tests of Catch2, " LANES " lanes");
	if (!has_material(b, "catch200") || !has_material(b, "catch2000"))
		return;
	bench_small(b, "catch200", "T", NULL, NULL);
	leave_all(b);
	show_title("(k) 2,000 trivial tests of Catch2");
	bench_large(b, "catch2000", 2000);
}

static void bench_l(struct bench *b)
{
	struct contender *batch, *forks, *alone, *nextest;

	show_title("(l) 200 trivial tests of Rust's libtest, " LANES " lanes");
	if (!has_material(b, "rust200"))
		return;
	batch = enter_program(b, "proctor, batch", "rust200", 200, "batch");
	forks = enter_program(b, "proctor, fork", "rust200", 200, "fork");
	alone = enter_program(b, "proctor, test", "rust200", 200, "test");
	enter_own(b, "rust200", 200);
	if (has_opponent("cargo-nextest")) {
		/* What is to be built was built, and need not be looked for. */
		nextest = enter(b, "cargo-nextest", 200);
		add_arg(nextest, "cargo-nextest");
		add_arg(nextest, "nextest");
		add_arg(nextest, "run");
		add_arg(nextest, "--test-threads=" LANES);
		add_arg(nextest, "--cargo-metadata=%s/rust/cargo.json", b->dir);
		add_arg(nextest, "--binaries-metadata=%s/rust/binaries.json", b->dir);
		if (!run_rounds(b))
			return;
		show_times(b);
		show_target(b, "cargo-nextest's time over batch's", ratio(b, nextest, batch), "x", true, 20);
		show_target(b, "over fork's", ratio(b, nextest, forks), "x", true, 4);
		show_target(b, "over that of a process started for each", ratio(b, nextest, alone), "x", true, 2);
	} else if (run_rounds(b)) {
		show_times(b);
	}
}

static void (*const benches[])(struct bench *b) = {
	bench_a, bench_b, bench_c, bench_d, bench_e, bench_f, bench_g, bench_h, bench_i,
	bench_j, bench_k, bench_l,
};

static int usage(void)
{
	fputs("usage: bench [--rounds=N] [--check] PROCTOR DIRECTORY [a|b|...|l]...\n", stderr);
	return 2;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "rounds", required_argument, NULL, 'r' },
		{ "check", no_argument, NULL, 'c' },
		{ NULL, 0, NULL, 0 },
	};
	static struct bench b = { .nrounds = ROUNDS_MIN };
	const char *chosen = "abcdefghijkl";
	char picked[64] = "";
	struct utsname machine;
	bool check = false;
	int opt;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (opt) {
		case 'r': {
			unsigned long n = strtoul(optarg, NULL, 10);

			if (n < ROUNDS_MIN || n > ROUNDS_MAX) {
				fprintf(stderr, "bench: %d to %d rounds\n", ROUNDS_MIN, ROUNDS_MAX);
				return 2;
			}
			b.nrounds = (unsigned)n;
			break;
		}
		case 'c':
			check = true;
			break;
		default:
			return usage();
		}
	}
	if (argc - optind < 2)
		return usage();
	b.proctor = argv[optind++];
	b.dir = argv[optind++];
	snprintf(b.out, sizeof(b.out), "%s/out", b.dir);
	for (; optind < argc; optind++) {
		if (strlen(argv[optind]) != 1 || !strchr(chosen, argv[optind][0]) ||
		    strlen(picked) + 1 >= sizeof(picked))
			return usage();
		strcat(picked, argv[optind]);
	}
	if (picked[0])
		chosen = picked;

	setvbuf(stdout, NULL, _IOLBF, 0);
	uname(&machine);
	printf("%s %s, %s, %ld processors; medians of %u rounds\n", machine.sysname, machine.release,
	       machine.machine, sysconf(_SC_NPROCESSORS_ONLN), b.nrounds);
	for (const char *p = chosen; *p; p++) {
		benches[*p - 'a'](&b);
		leave_all(&b);
	}
	printf("\n%u targets missed, %u measurements failed\n", b.nmissed, b.nbroken);
	return b.nbroken || (check && b.nmissed) ? 1 : 0;
}
