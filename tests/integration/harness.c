/* SPDX-License-Identifier: MIT */
#include "harness.h"

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
#include <sys/inotify.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MARK "PROCTOR_INTEGRATION"
/* How long a guard looks around at most, and a little. */
#define GUARD_S 7
#define ARGS_MAX 64
#define DEADLINE_S 60
/* For what comes at once, on a machine that has time. */
#define SOON_S 30
#define TRIES 3

static struct run *runs;

static uint64_t now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000u + (uint64_t)ts.tv_nsec / 1000u;
}

/* ---- where things are ---- */

const char *proctor_path(void)
{
	const char *path = getenv("PROCTOR");

	return path ? path : "build/proctor";
}

const char *suite_path(const char *name)
{
	static struct name {
		struct name *next;
		char path[4096];
	} *names;
	const char *dir = getenv("PROCTOR_SUITES");
	const char *slash = strrchr(proctor_path(), '/');
	struct name *n = malloc(sizeof(*n));

	if (!n)
		abort();
	if (dir)
		snprintf(n->path, sizeof(n->path), "%s/%s", dir, name);
	else
		snprintf(n->path, sizeof(n->path), "%.*s/tests/suites/%s",
			 slash ? (int)(slash - proctor_path()) : 1, slash ? proctor_path() : ".",
			 name);
	n->next = names;	/* reachable to the end */
	names = n;
	return n->path;
}

void need_program(const char *name)
{
	char path[4096], *dirs = strdup(getenv("PATH") ? getenv("PATH") : "/usr/bin:/bin");
	char *dir, *rest = dirs;
	bool found = false;

	while ((dir = strsep(&rest, ":"))) {
		snprintf(path, sizeof(path), "%s/%s", dir, name);
		found = found || access(path, X_OK) == 0;
	}
	free(dirs);
	if (!found) {
		print_message("%s is not installed\n", name);
		skip();
	}
}

/* ---- what carries the mark ---- */

static bool process_is_called(pid_t pid, const char *comm)
{
	char name[32];
	ssize_t n = proc_read(pid, "comm", name, sizeof(name) - 1);

	if (n <= 0)
		return false;
	name[n - 1] = '\0';
	/* The kernel keeps 15 characters. */
	return strncmp(name, comm, 15) == 0;
}

/* Calls `each` for every process that carries the run's mark; how many there are. */
static unsigned marked_each(const struct run *run, const char *comm,
			    void (*each)(pid_t pid, int sig), int sig)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	unsigned n = 0;

	while (proc && (entry = readdir(proc))) {
		pid_t pid = (pid_t)atoi(entry->d_name);

		if (pid <= 0 || !process_is_marked(pid, run->mark))
			continue;
		if (comm && !process_is_called(pid, comm))
			continue;
		n++;
		if (each)
			each(pid, sig);
	}
	closedir(proc);
	return n;
}

static void process_kill(pid_t pid, int sig)
{
	kill(pid, sig);
}

static void process_print(pid_t pid, int sig)
{
	char name[32] = "";
	ssize_t n = proc_read(pid, "comm", name, sizeof(name) - 1);

	(void)sig;
	if (n > 0)
		name[n - 1] = '\0';
	print_error("left running: %d (%s)\n", (int)pid, name);
}

/* Orphans of a run fall to the harness, a subreaper. The number reaped. */
static unsigned orphans_reap(const struct run *run)
{
	unsigned n = 0;
	siginfo_t si;

	for (;;) {
		si.si_pid = 0;
		if (waitid(P_ALL, 0, &si, WEXITED | WNOHANG | WNOWAIT) < 0 || si.si_pid == 0)
			return n;
		if (run && si.si_pid == run->pid)
			return n;
		waitpid(si.si_pid, NULL, 0);
		n++;
	}
}

static void pause_ms(long ms)
{
	struct timespec ts = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };

	nanosleep(&ts, NULL);
}

/* ---- start ---- */

static const char *words_add(const char **argv, size_t *n, const char *word)
{
	if (*n == ARGS_MAX)
		fail_msg("more than %d arguments", ARGS_MAX);
	argv[*n] = word;
	argv[++*n] = NULL;
	return word;
}

static void child_exec(const struct run *run, int out, int err, const char *const *argv)
{
	const struct run_setup *setup = &run->setup;
	const char *const *word;
	int null = open("/dev/null", O_RDONLY);

	if (setup->cwd && chdir(setup->cwd) < 0)
		_exit(126);
	setpgid(0, 0);
	/* A shell has these ignored in what it starts in the background; so would proctor then. */
	signal(SIGINT, SIG_DFL);
	signal(SIGQUIT, SIG_DFL);
	dup2(null, 0);
	dup2(out, 1);
	dup2(err, 2);
	setenv("TMPDIR", run->dir, 1);
	/* Nothing is kept from one run to another, and no directory of the user is touched. */
	setenv("XDG_CACHE_HOME", "/dev/null", 1);
	putenv((char *)run->mark);
	unsetenv("PROCTOR_LOOP");
	for (word = setup->env; word && *word; word++)
		putenv((char *)*word);
	execvp(argv[0], (char *const *)argv);
	fprintf(stderr, "cannot execute %s: %s\n", argv[0], strerror(errno));
	_exit(127);
}

struct run *run_start(const struct run_setup *setup)
{
	static unsigned nruns;
	const char *argv[ARGS_MAX + 1], *const *word;
	char loop[32], events[96], program[4096];
	struct run *run = calloc(1, sizeof(*run));
	int out[2], err[2];
	size_t n = 0;

	assert_non_null(run);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	signal(SIGPIPE, SIG_IGN);
	run->setup = *setup;
	run->out_fd = run->err_fd = run->pid_fd = run->events_fd = run->watch_fd = -1;
	run->next = runs;
	runs = run;
	run->events = json_array();
	run->ends = json_object();
	snprintf(run->mark, sizeof(run->mark), MARK "=%d-%u", (int)getpid(), ++nruns);
	snprintf(run->dir, sizeof(run->dir), "/tmp/proctor-it-XXXXXX");
	assert_non_null(mkdtemp(run->dir));

	for (word = setup->prefix; word && *word; word++)
		words_add(argv, &n, *word);
	/* Absolute: the run may be somewhere else. */
	if (!realpath(proctor_path(), program))
		fail_msg("no program at %s: %s", proctor_path(), strerror(errno));
	words_add(argv, &n, program);
	if (!setup->command || setup->command[0])
		words_add(argv, &n, setup->command ? setup->command : "run");
	if (!setup->no_loop && getenv("PROCTOR_LOOP")) {
		snprintf(loop, sizeof(loop), "--loop=%s", getenv("PROCTOR_LOOP"));
		words_add(argv, &n, loop);
	}
	if (!setup->no_events) {
		snprintf(events, sizeof(events), "--events=%s.events", run->dir);
		words_add(argv, &n, events);
		run->events_fd = open(events + strlen("--events="),
				      O_RDONLY | O_CREAT | O_CLOEXEC, 0600);
		run->watch_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
		inotify_add_watch(run->watch_fd, events + strlen("--events="), IN_MODIFY);
	}
	for (word = setup->args; word && *word; word++)
		words_add(argv, &n, *word);

	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	assert_int_equal(pipe2(err, O_CLOEXEC), 0);
	run->start_us = now_us();
	run->deadline_us = run->start_us +
			   (setup->deadline_s ? setup->deadline_s : DEADLINE_S) * 1000000ull;
	run->pid = fork();
	if (run->pid == 0)
		child_exec(run, out[1], err[1], argv);
	close(out[1]);
	close(err[1]);
	run->out_fd = out[0];
	run->err_fd = err[0];
	run->pid_fd = (int)syscall(SYS_pidfd_open, run->pid, 0);
	fcntl(run->out_fd, F_SETFL, O_NONBLOCK);
	fcntl(run->err_fd, F_SETFL, O_NONBLOCK);
	if (setup->close_stdout) {
		close(run->out_fd);
		run->out_fd = -1;
	}
	return run;
}

/* ---- the events ---- */

const char *event_text(const json_t *event, const char *field)
{
	const char *text = json_string_value(json_object_get(event, field));

	return text ? text : "";
}

json_int_t event_number(const json_t *event, const char *field)
{
	const json_t *value = json_object_get(event, field);

	if (!json_is_integer(value))
		fail_msg("an event %s without a number %s", event_text(event, "event"), field);
	return json_integer_value(value);
}

bool event_flag(const json_t *event, const char *field)
{
	return json_is_true(json_object_get(event, field));
}

static bool event_is(const json_t *event, const char *kind, const char *id)
{
	return strcmp(event_text(event, "event"), kind) == 0 &&
	       (!id || strcmp(event_text(event, "id"), id) == 0);
}

static void events_line(struct run *run, const char *line, size_t nbytes)
{
	json_error_t error;
	json_t *event = json_loadb(line, nbytes, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &error);

	if (!json_is_object(event))
		fail_msg("an event that is no JSON object (%s): %.*s", error.text,
			 (int)(nbytes > 300 ? 300 : nbytes), line);
	json_array_append_new(run->events, event);
	if (event_is(event, "test-end", NULL))
		json_object_set(run->ends, event_text(event, "id"), event);
}

/* How much is allocated for `nbytes`: powers of two, as a sanitizer's realloc always copies. */
static size_t bytes_room(size_t nbytes)
{
	size_t room = 65536;

	while (room < nbytes)
		room *= 2;
	return room;
}

static void bytes_add(char **bytes, size_t *nbytes, const char *more, size_t nmore)
{
	if (!*bytes || bytes_room(*nbytes + 1) < *nbytes + nmore + 1) {
		*bytes = realloc(*bytes, bytes_room(*nbytes + nmore + 1));
		assert_non_null(*bytes);
	}
	memcpy(*bytes + *nbytes, more, nmore);
	*nbytes += nmore;
	(*bytes)[*nbytes] = '\0';
}

static void events_read(struct run *run)
{
	char chunk[65536], *newline;
	size_t start = 0;
	ssize_t n;

	while (run->events_fd >= 0 && (n = read(run->events_fd, chunk, sizeof(chunk))) > 0)
		bytes_add(&run->pending, &run->npending, chunk, (size_t)n);
	while (run->npending > start &&
	       (newline = memchr(run->pending + start, '\n', run->npending - start))) {
		size_t end = (size_t)(newline - run->pending);

		events_line(run, run->pending + start, end - start);
		start = end + 1;
	}
	if (start > 0) {
		run->npending -= start;
		memmove(run->pending, run->pending + start, run->npending);
	}
}

static const json_t *events_find(const struct run *run, const char *kind, const char *id)
{
	const json_t *event;
	size_t i;

	json_array_foreach(run->events, i, event)
		if (event_is(event, kind, id))
			return event;
	return NULL;
}

const json_t *run_event(const struct run *run, const char *kind)
{
	const json_t *event = events_find(run, kind, NULL);

	if (!event)
		fail_msg("no event %s", kind);
	return event;
}

size_t run_count(const struct run *run, const char *kind)
{
	const json_t *event;
	size_t i, n = 0;

	json_array_foreach(run->events, i, event)
		n += event_is(event, kind, NULL);
	return n;
}

const json_t *run_end(const struct run *run, const char *id)
{
	const json_t *end = json_object_get(run->ends, id);

	if (!end)
		fail_msg("no end of %s; stderr: %s", id, run->err);
	return end;
}

const json_t *run_end_of(const struct run *run, const char *suite, const char *name)
{
	char id[512];

	snprintf(id, sizeof(id), "%s::%s", suite, name);
	return run_end(run, id);
}

void run_check_verdict(const struct run *run, const char *id, const char *verdict)
{
	const json_t *end = run_end(run, id);

	if (strcmp(event_text(end, "verdict"), verdict) != 0)
		fail_msg("%s is %s, not %s; message: %s; stdout: %.500s; stderr: %.500s", id,
			 event_text(end, "verdict"), verdict, event_text(end, "message"),
			 event_text(end, "stdout"), event_text(end, "stderr"));
}

/* ---- the run ---- */

static void stream_read(int *fd, char **bytes, size_t *nbytes)
{
	char chunk[65536];
	ssize_t n;

	while (*fd >= 0 && (n = read(*fd, chunk, sizeof(chunk))) >= 0) {
		if (n == 0) {
			close(*fd);
			*fd = -1;
			break;
		}
		bytes_add(bytes, nbytes, chunk, (size_t)n);
	}
}

/* Waits for anything to happen, at most until the deadline; false: it has passed. */
static bool run_turn(struct run *run, uint64_t until_us)
{
	char notices[4096];
	struct pollfd fds[] = {
		{ .fd = run->setup.hold_stdout ? -1 : run->out_fd, .events = POLLIN },
		{ .fd = run->err_fd, .events = POLLIN },
		{ .fd = run->pid_fd, .events = POLLIN },
		{ .fd = run->watch_fd, .events = POLLIN },
	};
	uint64_t now = now_us();

	if (now >= until_us)
		return false;
	poll(fds, sizeof(fds) / sizeof(fds[0]), (int)((until_us - now) / 1000 + 1));
	if (!run->setup.hold_stdout)
		stream_read(&run->out_fd, &run->out, &run->nout);
	stream_read(&run->err_fd, &run->err, &run->nerr);
	if (fds[3].revents)
		while (read(run->watch_fd, notices, sizeof(notices)) > 0)
			;
	events_read(run);
	return true;
}

static bool run_has_ended(const struct run *run)
{
	siginfo_t si = { .si_pid = 0 };

	return waitid(P_PID, (id_t)run->pid, &si, WEXITED | WNOHANG | WNOWAIT) == 0 &&
	       si.si_pid != 0;
}

/* What it wrote last may not have been read yet. */
static bool run_ended_before(struct run *run, const char *kind, const char *id)
{
	if (!run_has_ended(run))
		return false;
	events_read(run);
	return !events_find(run, kind, id);
}

const json_t *run_await(struct run *run, const char *kind, const char *id)
{
	const json_t *event;

	while (!(event = events_find(run, kind, id))) {
		if (run_ended_before(run, kind, id))
			fail_msg("ended before %s %s; stderr: %s", kind, id ? id : "", run->err);
		if (!run_turn(run, run->deadline_us))
			fail_msg("no %s %s before the deadline", kind, id ? id : "");
	}
	return event;
}

void run_await_count(struct run *run, const char *kind, size_t n)
{
	while (run_count(run, kind) < n) {
		const bool ended = run_has_ended(run);

		events_read(run);
		if (ended && run_count(run, kind) < n)
			fail_msg("ended before %zu times %s; stderr: %s", n, kind, run->err);
		if (!run_turn(run, run->deadline_us))
			fail_msg("no %zu times %s before the deadline", n, kind);
	}
}

static unsigned ncatching;

static void process_catches(pid_t pid, int sig)
{
	char status[8192], *line;
	ssize_t n = proc_read(pid, "status", status, sizeof(status) - 1);

	status[n > 0 ? n : 0] = '\0';
	line = strstr(status, "SigCgt:");
	ncatching += line && (strtoull(line + strlen("SigCgt:"), NULL, 16) >> (sig - 1) & 1);
}

void run_await_handler(struct run *run, const char *comm, int sig)
{
	/* Nothing tells of another's handlers. */
	for (ncatching = 0; marked_each(run, comm, process_catches, sig), ncatching == 0;) {
		if (now_us() >= run->deadline_us)
			fail_msg("no %s with a handler of signal %d", comm, sig);
		pause_ms(5);
	}
}

/* Reaps the dead; whether another child of ours lives. What a proctor that has ended left behind
 * is a child of ours, or below one. */
static bool child_lives(void)
{
	orphans_reap(NULL);
	return waitid(P_ALL, 0, &(siginfo_t){ 0 }, WEXITED | WNOHANG | WNOWAIT) == 0;
}

void run_await_processes(struct run *run, const char *comm, unsigned n)
{
	const bool none_at_all = !comm && n == 0 && run->pid == 0;
	const uint64_t until_us = now_us() + SOON_S * 1000000ull;
	unsigned found;

	/*
	 * Nothing tells of another's children: /proc is asked again and again. A process that is about
	 * to be dead has lost its environment, and the mark in it, but can be reaped only later.
	 */
	while ((found = marked_each(run, comm, NULL, 0)) != n || (none_at_all && child_lives())) {
		if (now_us() >= until_us) {
			marked_each(run, comm, process_print, 0);
			fail_msg("%u processes %s, not %u", found, comm ? comm : "", n);
		}
		orphans_reap(run);
		pause_ms(5);
	}
	orphans_reap(run);
}

void run_signal_processes(struct run *run, const char *comm, int sig)
{
	assert_true(marked_each(run, comm, process_kill, sig) > 0);
}

void run_release_stdout(struct run *run)
{
	run->setup.hold_stdout = false;
}

/* Nothing it made is left: no file, no process, not even a dead one. */
static void run_check_clean(const struct run *run)
{
	DIR *dir = opendir(run->dir);
	struct dirent *entry;

	while ((entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			fail_msg("left in TMPDIR: %s", entry->d_name);
	closedir(dir);
	if (marked_each(run, NULL, process_print, 0) > 0)
		fail_msg("processes are left");
	if (orphans_reap(NULL) > 0)
		fail_msg("dead children were left to the parent");
}

/* Starts and ends pair up, in order, one at a time for each test. */
static void run_check_pairs(const struct run *run)
{
	json_t *open = json_object();
	const json_t *event;
	size_t i;

	json_array_foreach(run->events, i, event) {
		char key[600];

		snprintf(key, sizeof(key), "%s/%lld", event_text(event, "id"),
			 (long long)json_integer_value(json_object_get(event, "repetition")));
		if (event_is(event, "test-start", NULL)) {
			if (json_object_get(open, key))
				fail_msg("%s started twice", key);
			json_object_set_new(open, key, json_incref((json_t *)event));
		} else if (event_is(event, "test-end", NULL) &&
			   strcmp(event_text(event, "verdict"), "not-run") == 0) {
			if (event_number(event, "start_us") != 0 || !*event_text(event, "message"))
				fail_msg("%s was not run, and started or has no reason", key);
		} else if (event_is(event, "test-end", NULL)) {
			const json_t *start = json_object_get(open, key);

			if (!start)
				fail_msg("%s ended without a start", key);
			if (event_number(start, "attempt") != event_number(event, "attempt") ||
			    event_number(start, "worker") != event_number(event, "worker"))
				fail_msg("%s started as another attempt or elsewhere", key);
			if (event_number(start, "time_us") > event_number(event, "time_us"))
				fail_msg("%s ended before it started", key);
			json_object_del(open, key);
		}
	}
	if (json_object_size(open) > 0)
		fail_msg("%s and %zu others did not end", json_object_iter_key(json_object_iter(open)),
			 json_object_size(open) - 1);
	json_decref(open);
}

static json_int_t count_of(const json_t *end, const char *verdict)
{
	return event_number(json_object_get(end, "counts"), verdict);
}

/* The counts of run-end, the ends of the tests and the last line agree. */
static void run_check_counts(const struct run *run)
{
	static const char *const verdicts[] = {
		"pass", "fail", "crash", "timeout", "skip", "error", "cancelled", "not-run",
	};
	const json_t *start = run_event(run, "run-start"), *end = run_event(run, "run-end"), *event;
	const char *last;
	char line[128];
	json_int_t sum = 0;
	size_t i, j, nlast;

	assert_ptr_equal(json_array_get(run->events, 0), start);
	assert_ptr_equal(json_array_get(run->events, json_array_size(run->events) - 1), end);
	for (i = 0; i < sizeof(verdicts) / sizeof(verdicts[0]); i++) {
		json_int_t n = 0;

		json_array_foreach(run->events, j, event) {
			json_int_t more = json_integer_value(json_object_get(event, "repetitions"));

			if (event_is(event, "test-end", NULL) &&
			    strcmp(event_text(event, "verdict"), verdicts[i]) == 0 &&
			    !json_is_false(json_object_get(event, "final")))
				n += more ? more : 1;
		}
		if (n != count_of(end, verdicts[i]))
			fail_msg("%lld tests ended as %s, run-end says %lld", (long long)n,
				 verdicts[i], (long long)count_of(end, verdicts[i]));
		sum += n;
	}
	/* A host's exit that fails counts as one test more than were planned. */
	assert_int_equal(sum, event_number(end, "tests"));
	/* What is missing has a reason. */
	if (count_of(end, "not-run") > 0 || count_of(end, "cancelled") > 0)
		assert_true(*event_text(end, "stopped"));
	assert_true(event_number(end, "tests") >= event_number(start, "tests"));
	assert_int_equal(event_number(end, "exit_code"), run->exit_code);

	if (run->setup.close_stdout || run->setup.no_last_line)
		return;
	snprintf(line, sizeof(line), "Tests: %lld passed, %lld failed, %lld skipped\n",
		 (long long)count_of(end, "pass"),
		 (long long)(count_of(end, "fail") + count_of(end, "crash") +
			     count_of(end, "timeout") + count_of(end, "error")),
		 (long long)count_of(end, "skip"));
	nlast = strlen(line);
	last = run->nout >= nlast ? run->out + run->nout - nlast : "";
	if (strcmp(last, line) != 0)
		fail_msg("stdout ends with \"%s\", not with \"%s\"",
			 run->out ? run->out + (run->nout > 200 ? run->nout - 200 : 0) : "", line);
}

void run_finish(struct run *run)
{
	int status;

	while (!run_has_ended(run))
		if (!run_turn(run, run->deadline_us))
			fail_msg("still running after %u s; stdout: %s; stderr: %s",
				 run->setup.deadline_s ? run->setup.deadline_s : DEADLINE_S,
				 run->out ? run->out : "", run->err ? run->err : "");
	run->duration_us = now_us() - run->start_us;
	waitpid(run->pid, &status, 0);
	run->pid = 0;
	run->exit_code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	run->setup.hold_stdout = false;
	/* What proctor wrote is in the pipes by now; who else holds them does not matter. */
	stream_read(&run->out_fd, &run->out, &run->nout);
	stream_read(&run->err_fd, &run->err, &run->nerr);
	if (!run->out)
		run->out = strdup("");
	if (!run->err)
		run->err = strdup("");
	events_read(run);
	if (!run->setup.cut_short)
		run_check(run);
}

void run_check(const struct run *run)
{
	run_check_clean(run);
	if (run->npending > 0)
		fail_msg("the last event is cut off");
	if (json_array_size(run->events) == 0)
		return;
	run_check_pairs(run);
	run_check_counts(run);
}

struct run *run_proctor(const struct run_setup *setup)
{
	struct run *run = run_start(setup);

	run_finish(run);
	return run;
}

static int entry_remove(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static void dir_remove(const char *path)
{
	if (nftw(path, entry_remove, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT) < 0)
		print_error("cannot remove %s: %s\n", path, strerror(errno));
}

void run_await_guard(const struct run *run)
{
	const uint64_t until_us = now_us() + GUARD_S * 1000000ull;

	while (run->exit_code == 128 + SIGKILL && now_us() < until_us && waitpid(-1, NULL, WNOHANG) >= 0)
		pause_ms(1);
}

void run_free(struct run *run)
{
	char events[96];
	struct run **link;

	for (link = &runs; *link && *link != run; link = &(*link)->next)
		;
	if (*link)
		*link = run->next;
	if (run->pid > 0) {
		kill(-run->pid, SIGKILL);
		waitpid(run->pid, NULL, 0);
	}
	while (marked_each(run, NULL, process_kill, SIGKILL) > 0) {
		orphans_reap(NULL);
		pause_ms(1);
	}
	run_await_guard(run);
	orphans_reap(NULL);
	if (run->out_fd >= 0)
		close(run->out_fd);
	if (run->err_fd >= 0)
		close(run->err_fd);
	if (run->pid_fd >= 0)
		close(run->pid_fd);
	if (run->events_fd >= 0)
		close(run->events_fd);
	if (run->watch_fd >= 0)
		close(run->watch_fd);
	snprintf(events, sizeof(events), "%s.events", run->dir);
	unlink(events);
	dir_remove(run->dir);
	json_decref(run->ends);
	json_decref(run->events);
	free(run->pending);
	free(run->out);
	free(run->err);
	free(run);
}

void test_in_time(bool (*body)(void))
{
	for (unsigned i = 1; !body(); i++)
		if (i == TRIES)
			fail_msg("late %d times", TRIES);
}

int harness_teardown(void **state)
{
	(void)state;
	while (runs)
		run_free(runs);
	return 0;
}
