/* SPDX-License-Identifier: MIT */
#include "trial.h"

#include "../common/marked.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ARGS_MAX 48
#define PROBLEMS_SHOWN 20
#define TRUTH_MS 60000
/* How long what proctor killed may take to vanish. */
#define GONE_MS 2000

static uint64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

void pause_ms(unsigned ms)
{
	struct timespec ts = { .tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000 };

	nanosleep(&ts, NULL);
}

const char *suite_path(const char *name)
{
	static struct name {
		struct name *next;
		char path[4096];
	} *names;		/* reachable to the end */
	const char *dir = getenv("PROCTOR_SUITES");
	struct name *n = malloc(sizeof(*n));

	if (!n)
		abort();
	snprintf(n->path, sizeof(n->path), "%s/%s", dir ? dir : "build/tests/suites", name);
	n->next = names;
	names = n;
	return n->path;
}

/* ---- start and end ---- */

static void child_exec(const struct trial *t, const struct trial_setup *setup, const char **argv)
{
	int null = open("/dev/null", O_RDONLY);
	char path[96];

	setpgid(0, 0);
	snprintf(path, sizeof(path), "%s.out", t->dir);
	dup2(open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600), 1);
	snprintf(path, sizeof(path), "%s.err", t->dir);
	dup2(open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600), 2);
	dup2(null, 0);
	closefrom(3);
	setenv("TMPDIR", t->dir, 1);
	putenv((char *)t->mark);
	unsetenv("PROCTOR_LOOP");
	for (const char *const *word = setup->env; word && *word; word++)
		putenv((char *)*word);
	if (setup->before_exec)
		setup->before_exec(setup->data);
	execv(argv[0], (char **)argv);
	_exit(126);
}

void trial_start(struct trial *t, const struct trial_setup *setup)
{
	static unsigned ntrials;
	const char *proctor = getenv("PROCTOR"), *loop = getenv("PROCTOR_LOOP");
	const char *argv[ARGS_MAX];
	char events[96], loop_option[32];
	size_t n = 0;

	*t = (struct trial){ .pid_fd = -1 };
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	snprintf(t->mark, sizeof(t->mark), "PROCTOR_TRIAL=%d-%u", (int)getpid(), ++ntrials);
	snprintf(t->dir, sizeof(t->dir), "/tmp/proctor-soak-XXXXXX");
	assert_non_null(mkdtemp(t->dir));
	argv[n++] = proctor ? proctor : "build/proctor";
	argv[n++] = setup->word ? setup->word : "run";
	snprintf(events, sizeof(events), "--events=%s.events", t->dir);
	if (!setup->word)
		argv[n++] = events;
	if (!setup->word && loop) {
		snprintf(loop_option, sizeof(loop_option), "--loop=%s", loop);
		argv[n++] = loop_option;
	}
	for (const char *const *word = setup->args; word && *word && n < ARGS_MAX - 1; word++)
		argv[n++] = *word;
	argv[n] = NULL;
	t->pid = fork();
	assert_true(t->pid >= 0);
	if (t->pid == 0)
		child_exec(t, setup, argv);
	t->pid_fd = (int)syscall(SYS_pidfd_open, t->pid, 0);
	assert_true(t->pid_fd >= 0);
}

/* A file of the trial, whole, with a NUL behind. */
static char *trial_file(const struct trial *t, const char *suffix)
{
	char path[96], *text = NULL;
	size_t room = 0, n = 0;
	FILE *file;

	snprintf(path, sizeof(path), "%s.%s", t->dir, suffix);
	file = fopen(path, "re");
	do {
		room += 1 << 16;
		text = realloc(text, room + 1);
		assert_non_null(text);
		n += file ? fread(text + n, 1, room - n, file) : 0;
	} while (n == room);
	text[n] = '\0';
	if (file)
		fclose(file);
	return text;
}

/* The children of what died fall to us. */
static void orphans_reap(const struct trial *t)
{
	siginfo_t si;

	for (;;) {
		si.si_pid = 0;
		if (waitid(P_ALL, 0, &si, WEXITED | WNOHANG | WNOWAIT) < 0 || si.si_pid == 0 ||
		    si.si_pid == t->pid)
			return;
		waitpid(si.si_pid, NULL, 0);
	}
}

bool trial_wait(struct trial *t, unsigned within_ms)
{
	struct pollfd ended = { .fd = t->pid_fd, .events = POLLIN };
	bool in_time = poll(&ended, 1, (int)within_ms) == 1;

	if (!in_time)
		kill(t->pid, SIGKILL);
	assert_int_equal(waitpid(t->pid, &t->status, 0), t->pid);
	t->pid = 0;
	t->out = trial_file(t, "out");
	t->err = trial_file(t, "err");
	return in_time;
}

/* One look at /proc. With `killing` what is found is killed, and its group too: a chain of forks
 * is faster than any look, but not than a signal to all of it. */
static unsigned marked_look(const struct trial *t, bool killing, char *names, size_t nnames)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	unsigned found = 0;
	size_t used = 0;

	assert_non_null(proc);
	while ((entry = readdir(proc))) {
		pid_t pid = (pid_t)atoi(entry->d_name), group;
		char comm[32] = "";
		ssize_t n;

		if (pid <= 0 || pid == t->pid || !process_is_marked(pid, t->mark))
			continue;
		found++;
		n = proc_read(pid, "comm", comm, sizeof(comm) - 1);
		if (n > 0)
			comm[n - 1] = '\0';
		if (names && used < nnames)
			used += (size_t)snprintf(names + used, nnames - used, "%s%d (%s)",
						 used ? ", " : "", (int)pid, comm);
		group = killing ? getpgid(pid) : -1;
		if (group > 1 && group != getpgrp())
			kill(-group, SIGKILL);
		if (killing)
			kill(pid, SIGKILL);
	}
	closedir(proc);
	return found;
}

unsigned trial_left(struct trial *t, unsigned within_ms, char *names, size_t nnames)
{
	uint64_t until = now_ms() + within_ms;
	unsigned empty = 0, n;

	/* Three looks that find nothing: a chain of forks may slip through one. */
	for (;;) {
		orphans_reap(t);
		n = marked_look(t, false, names, nnames);
		empty = n == 0 ? empty + 1 : 0;
		if (empty == 3)
			return 0;
		if (now_ms() >= until && n > 0)
			return n;
		pause_ms(n > 0 ? 5 : 1);
	}
}

static int entry_remove(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st, (void)type, (void)ftw;
	return remove(path);
}

void trial_end(struct trial *t)
{
	static const char *const suffixes[] = { "out", "err", "events" };
	char path[96];

	for (unsigned empty = 0; empty < 2; pause_ms(1)) {
		orphans_reap(t);
		empty = marked_look(t, true, NULL, 0) == 0 ? empty + 1 : 0;
	}
	for (size_t i = 0; !t->keep && i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		snprintf(path, sizeof(path), "%s.%s", t->dir, suffixes[i]);
		unlink(path);
	}
	nftw(t->dir, entry_remove, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
	close(t->pid_fd);
	free(t->out);
	free(t->err);
	*t = (struct trial){ .pid_fd = -1 };
}

/* ---- what holds ---- */

static const char *text_of(const json_t *event, const char *field)
{
	const char *text = json_string_value(json_object_get(event, field));

	return text ? text : "";
}

static bool event_is(const json_t *event, const char *kind)
{
	return strcmp(text_of(event, "event"), kind) == 0;
}

static bool broken(char *problem, size_t nproblem, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
static bool broken(char *problem, size_t nproblem, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(problem, nproblem, fmt, args);
	va_end(args);
	return false;
}

/* Every line whole, with the fields its kind has. */
static bool event_is_whole(const json_t *event)
{
	static const struct {
		const char *kind, *fields[12];
	} kinds[] = {
		{ "run-start", { "time_us", "version", "run_id", "tests", "threads", "cores", "loop" } },
		{ "test-start", { "time_us", "id", "suite", "group", "name", "index", "file",
				  "worker", "attempt", "repetition" } },
		{ "test-slow", { "time_us", "id", "worker", "attempt", "repetition" } },
		{ "test-end", { "time_us", "id", "suite", "name", "verdict", "final", "start_us",
				"duration_us", "stdout", "stdout_bytes", "stderr", "stderr_bytes" } },
		{ "test-confirmed", { "time_us", "id", "suite", "name", "attempt", "repetition",
				      "finding" } },
		{ "note", { "time_us", "text" } },
		{ "coverage", { "time_us", "lines", "functions" } },
		{ "run-end", { "time_us", "counts", "tests", "duration_us", "exit_code" } },
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (!event_is(event, kinds[i].kind))
			continue;
		for (size_t f = 0; f < 12 && kinds[i].fields[f]; f++)
			if (!json_object_get(event, kinds[i].fields[f]))
				return false;
		return true;
	}
	return false;
}

static json_t *events_parse(const char *text, char *problem, size_t nproblem)
{
	json_t *events = json_array();
	const char *end;

	for (; *text; text = end + 1) {
		json_error_t error;
		json_t *event;

		end = strchr(text, '\n');
		if (!end) {
			broken(problem, nproblem, "the last event is cut off");
			break;
		}
		event = json_loadb(text, (size_t)(end - text), JSON_ALLOW_NUL, &error);
		if (!event || !event_is_whole(event)) {
			broken(problem, nproblem, "an event that is not whole: %.*s",
			       (int)(end - text > 200 ? 200 : end - text), text);
			json_decref(event);
			break;
		}
		json_array_append_new(events, event);
	}
	if (!*text)
		return events;
	json_decref(events);
	return NULL;
}

/* Starts and ends pair up, no test has two final ends. */
static bool pairs_hold(const json_t *events, json_t *ends, char *problem, size_t nproblem)
{
	json_t *open = json_object();
	const json_t *event;
	bool held = true;
	size_t i;

	json_array_foreach(events, i, event) {
		const char *id = text_of(event, "id");

		if (event_is(event, "test-start")) {
			if (json_object_get(open, id))
				held = broken(problem, nproblem, "%s started twice", id);
			json_object_set_new(open, id, json_true());
		} else if (event_is(event, "test-end")) {
			if (json_object_del(open, id) < 0)
				held = broken(problem, nproblem, "%s ended without a start", id);
			if (!json_is_true(json_object_get(event, "final")))
				continue;
			if (json_object_get(ends, id))
				held = broken(problem, nproblem, "%s ended twice", id);
			json_object_set(ends, id, (json_t *)event);
		}
	}
	if (json_object_size(open) > 0)
		held = broken(problem, nproblem, "%s has a start and no end",
			      json_object_iter_key(json_object_iter(open)));
	json_decref(open);
	return held;
}

/* Verdicts that stand for a test of which nothing is said. */
static bool verdict_is_open(const char *verdict)
{
	return strcmp(verdict, "error") == 0 || strcmp(verdict, "cancelled") == 0 ||
	       strcmp(verdict, "not-run") == 0;
}

/* One test's end against the truth. */
static bool end_holds(const json_t *end, const json_t *true_end, bool output_lost, int code,
		      char *problem, size_t nproblem)
{
	const char *id = text_of(end, "id"), *verdict = text_of(end, "verdict");

	if (strcmp(verdict, text_of(true_end, "verdict")) != 0) {
		if (verdict_is_open(verdict) && code != 0)
			return true;
		return broken(problem, nproblem, "%s is %s (%.100s), in truth %s; exit code %d", id,
			      verdict, text_of(end, "message"), text_of(true_end, "verdict"), code);
	}
	if (code > 1)
		return true;
	for (int i = 0; i < 2 && !output_lost; i++) {
		const char *stream = i ? "stderr" : "stdout";
		const char *total = i ? "stderr_bytes" : "stdout_bytes";
		json_int_t n = json_integer_value(json_object_get(end, total));

		if (n != json_integer_value(json_object_get(true_end, total)))
			return broken(problem, nproblem, "%s lost %s; exit code %d", id, stream, code);
		/* Bytes that were dropped for want of memory are counted. */
		if ((json_int_t)strlen(text_of(end, stream)) == n &&
		    strcmp(text_of(end, stream), text_of(true_end, stream)) != 0)
			return broken(problem, nproblem, "%s has another %s; exit code %d", id, stream,
				      code);
	}
	if (!*text_of(end, "message") != !*text_of(true_end, "message"))
		return broken(problem, nproblem, "%s lost its message; exit code %d", id, code);
	return true;
}

/* A note says that some output could not be read. */
static bool tells_of_lost_output(const json_t *events)
{
	const json_t *event;
	size_t i;

	json_array_foreach(events, i, event)
		if (event_is(event, "note") && strstr(text_of(event, "text"), "output"))
			return true;
	return false;
}

static bool ends_hold(const json_t *events, const json_t *ends, const struct truth *truth, int code,
		      char *problem, size_t nproblem)
{
	bool output_lost = tells_of_lost_output(events);
	const char *id;
	const json_t *end;

	json_object_foreach((json_t *)ends, id, end) {
		const json_t *true_end = json_object_get(truth->ends, id);

		if (!true_end && !strstr(id, "::("))
			return broken(problem, nproblem, "%s is a test that is none", id);
		if (true_end && !end_holds(end, true_end, output_lost, code, problem, nproblem))
			return false;
	}
	return true;
}

static bool has_placeholder(const json_t *ends)
{
	const json_t *end;
	const char *id;

	json_object_foreach((json_t *)ends, id, end)
		if (strstr(id, "(load)"))
			return true;
	return false;
}

/* The last event and the last line against what was told. */
static bool sum_holds(const struct trial *t, const json_t *events, const json_t *ends,
		      const struct truth *truth, int code, char *problem, size_t nproblem)
{
	const json_t *end = json_array_get(events, json_array_size(events) - 1), *counts;
	json_int_t nopen;

	if (!event_is(end, "run-end"))
		return code > 1 || broken(problem, nproblem, "exit code %d and no run-end", code);
	/* A sink that failed at the very end makes 3 of it. */
	if (json_integer_value(json_object_get(end, "exit_code")) != code && code != 3)
		return broken(problem, nproblem, "run-end says exit code %lld, it was %d",
			      json_integer_value(json_object_get(end, "exit_code")), code);
	if (code > 1)
		return true;
	if (!strstr(t->out, "\nTests: "))
		return broken(problem, nproblem, "exit code %d and no last line", code);
	/* It stands for all tests of a suite that could not be read. */
	if (has_placeholder(ends))
		return code == 1 || broken(problem, nproblem, "a suite was not read; exit code 0");
	counts = json_object_get(end, "counts");
	nopen = json_integer_value(json_object_get(counts, "not-run"));
	if (json_object_size(ends) + (size_t)nopen < truth->ntests)
		return broken(problem, nproblem, "%zu of %zu tests ended, %lld were not run; exit "
			      "code %d", json_object_size(ends), truth->ntests, nopen, code);
	if (code == 0 && truth->exit_code != 0)
		return broken(problem, nproblem, "exit code 0, in truth %d", truth->exit_code);
	if (code == 1 && truth->exit_code == 0 && nopen == 0 &&
	    json_integer_value(json_object_get(counts, "error")) == 0)
		return broken(problem, nproblem, "exit code 1 and no failure");
	return true;
}

static bool events_hold(const struct trial *t, const struct truth *truth, int code, char *problem,
			size_t nproblem)
{
	char *text = trial_file(t, "events");
	json_t *events = events_parse(text, problem, nproblem), *ends = json_object();
	bool held = events != NULL;

	/* Where not all events could be told, exit code 3 says so. */
	if (held && code != 3)
		held = pairs_hold(events, ends, problem, nproblem);
	else if (held)
		pairs_hold(events, ends, (char[256]){ 0 }, 256);
	held = held && ends_hold(events, ends, truth, code, problem, nproblem) &&
	       sum_holds(t, events, ends, truth, code, problem, nproblem);
	json_decref(events);
	json_decref(ends);
	free(text);
	return held;
}

static bool trial_holds(const struct trial *t, const struct truth *truth, char *problem, size_t nproblem)
{
	int code;

	if (WIFSIGNALED(t->status))
		return broken(problem, nproblem, "died by signal %d; stderr: %.200s",
			      WTERMSIG(t->status), t->err);
	code = WEXITSTATUS(t->status);
	if (code > 4)
		return broken(problem, nproblem, "exit code %d; stderr: %.200s", code, t->err);
	if (code >= 2 && !*t->err)
		return broken(problem, nproblem, "exit code %d without a word on stderr", code);
	if (code == 2 || code == 4)
		return true;
	return events_hold(t, truth, code, problem, nproblem);
}

void trial_judge(struct trial *t, bool in_time, const struct truth *truth, char *problem,
		 size_t nproblem)
{
	char names[300];

	if (!in_time) {
		broken(problem, nproblem, "did not end; stderr: %.300s", t->err);
	} else if (trial_holds(t, truth, problem, nproblem)) {
		*problem = '\0';
		if (trial_left(t, GONE_MS, names, sizeof(names)) > 0)
			broken(problem, nproblem, "left: %s", names);
	}
}

/* ---- truth and tally ---- */

void truth_find(struct truth *truth, const struct trial_setup *setup)
{
	char problem[512] = "", *text;
	struct trial t;
	json_t *events;

	trial_start(&t, setup);
	assert_true(trial_wait(&t, TRUTH_MS));
	text = trial_file(&t, "events");
	events = events_parse(text, problem, sizeof(problem));
	*truth = (struct truth){ .ends = json_object(), .exit_code = WEXITSTATUS(t.status) };
	if (!events || !WIFEXITED(t.status) || truth->exit_code > 1 ||
	    !pairs_hold(events, truth->ends, problem, sizeof(problem)))
		fail_msg("undisturbed: status 0x%x, %s; stderr: %.400s", t.status, problem, t.err);
	truth->ntests = json_object_size(truth->ends);
	json_decref(events);
	free(text);
	trial_end(&t);
}

void truth_fini(struct truth *truth)
{
	json_decref(truth->ends);
	truth->ends = NULL;
}

void tally_add(struct tally *tally, struct trial *t, const char *title, const char *problem)
{
	tally->ntrials++;
	if (WIFEXITED(t->status))
		tally->by_exit[WEXITSTATUS(t->status)]++;
	if (!problem)
		return;
	tally->nbroken++;
	t->keep = getenv("PROCTOR_SOAK_KEEP") != NULL;
	if (t->keep)
		print_error("kept: %s.events\n", t->dir);
	if (tally->nbroken <= PROBLEMS_SHOWN)
		print_error("%s: %s\n", title, problem);
}

void tally_end(const struct tally *tally)
{
	char exits[256] = "";
	size_t used = 0;

	for (int i = 0; i < 256 && used < sizeof(exits); i++)
		if (tally->by_exit[i])
			used += (size_t)snprintf(exits + used, sizeof(exits) - used, ", exit code %d: %u",
						 i, tally->by_exit[i]);
	print_message("%u %s%s; broken invariants: %u\n", tally->ntrials, tally->what, exits,
		      tally->nbroken);
	assert_true(tally->ntrials > 0);
	assert_int_equal(tally->nbroken, 0);
}
