/* SPDX-License-Identifier: MIT */
/*
 * Signals to proctor: killed, interrupted once and twice, stopped and continued in a terminal.
 * Whatever it is, nothing that a test started outlives the run.
 */
#include "harness.h"

#include "../common/draw.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* For what a terminal or an events file shows at once, on a machine that has time; shorter than the
 * grace time that a second Ctrl-C cuts short. */
#define WITHIN_S 25

static uint64_t now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000u + (uint64_t)ts.tv_nsec / 1000u;
}

/* Tests that hang, with children and daemons, in a library and in executables. */
static struct run *start_hanging(const char *grace)
{
	struct run *run = run_start(&(struct run_setup){
		.args = WORDS("--test-threads=4", "--timeout=60s", grace,
			      suite_path("exe/hangs_with_children"),
			      suite_path("exe/hangs_with_daemon"),
			      suite_path("exe/ignores_sigterm")),
	});

	run_await(run, "test-start", "hangs_with_children");
	run_await(run, "test-start", "hangs_with_daemon");
	run_await(run, "test-start", "ignores_sigterm");
	/* The daemon is the last to come into being. */
	run_await_processes(run, "left-daemon", 1);
	/* A child of this one has left the process group. */
	run_await_processes(run, "hangs_with_children", 3);
	return run;
}

static void a_killed_proctor_leaves_nothing(void **state)
{
	struct run *run;

	(void)state;
	run = start_hanging("--grace=30s");
	run->setup.cut_short = true;
	kill(run->pid, SIGKILL);
	run_finish(run);
	assert_int_equal(run->exit_code, 128 + SIGKILL);
	run_await_processes(run, NULL, 0);
	/* What was known by then stands in the events. */
	assert_int_equal(run_count(run, "run-start"), 1);
	assert_int_equal(run_count(run, "test-start"), 3);
}

static void a_killed_proctor_leaves_no_host(void **state)
{
	struct run *run;

	(void)state;
	run = run_start(&(struct run_setup){
		.args = WORDS("--test-threads=2", "--timeout=60s", "hangs::tml_test_7",
			      "hangs::tml_test_11", suite_path("ways/libhangs.so")),
		.cut_short = true,
	});
	run_await(run, "test-start", "hangs::tml_test_7");
	run_await(run, "test-start", "hangs::tml_test_11");
	run_await_processes(run, "left-daemon", 1);
	/* Two hosts, and what the first one forked. */
	run_await_processes(run, "proctor-host", 4);
	kill(run->pid, SIGKILL);
	run_finish(run);
	run_await_processes(run, NULL, 0);
}

/* Every test that had started is told; the exit status is the signal's. */
static void check_stopped(const struct run *run, int signum)
{
	const json_t *counts = json_object_get(run_event(run, "run-end"), "counts");

	assert_int_equal(run->exit_code, 128 + signum);
	assert_int_equal(event_number(counts, "cancelled"), 3);
	assert_non_null(strstr(run->out, "cancelled"));
}

static void one_signal_asks(void **state)
{
	const int signum = *(const int *)*state;
	struct run *run = start_hanging("--grace=300ms");

	kill(run->pid, signum);
	run_finish(run);
	check_stopped(run, signum);
}

/* Until an interrupt is another one: only time tells. */
static void pass_a_second(void)
{
	poll(NULL, 0, 1050);
}

static void a_second_interrupt_kills(void **state)
{
	uint64_t before_us;
	struct run *run;

	(void)state;
	run = start_hanging("--grace=30s");
	kill(run->pid, SIGINT);
	/* hangs_with_daemon obeys SIGTERM: its end shows that the first one was taken. */
	run_await(run, "test-end", "hangs_with_daemon");
	pass_a_second();
	before_us = now_us();
	kill(run->pid, SIGINT);
	run_finish(run);
	assert_true(now_us() - before_us < 20000000);
	check_stopped(run, SIGINT);
}

static bool two_interrupts_are_one(void)
{
	struct run *run;
	bool in_time;

	run = run_start(&(struct run_setup){
		.args = WORDS("--grace=30s", "--timeout=60s", "--verbose",
			      suite_path("exe/cleans_up")),
	});
	run_await(run, "test-start", NULL);
	run_await_handler(run, "cleans_up", SIGTERM);
	kill(run->pid, SIGINT);
	kill(run->pid, SIGINT);
	kill(run->pid, SIGTERM);
	run_finish(run);
	assert_int_equal(run->exit_code, 130);
	/* It had its grace time and made use of it. */
	in_time = strstr(event_text(run_end(run, "cleans_up"), "stdout"), "cleaned up") != NULL;
	run_free(run);
	return in_time;
}

/* Ctrl-C arrives twice where npm, timeout(1) or a shell passes it on, too. */
static void two_interrupts_within_a_second_are_one(void **state)
{
	(void)state;
	test_in_time(two_interrupts_are_one);
}

/* Whatever a task is at when the interrupt comes: popped, handed out, or in a host that starts. */
static void an_interrupt_at_any_moment_ends_the_run(void **state)
{
	const unsigned nruns = soaking() ? 300 : 20;

	(void)state;
	for (unsigned i = 0; i < nruns; i++) {
		struct run *run = run_start(&(struct run_setup){
			.args = WORDS("--isolation=test", "--test-threads=4", "--grace=100ms",
				      "--timeout=60s", "--repeat=20", "senders::sleeps",
				      suite_path("senders/libsenders.so")),
		});

		/* Once it owns its signals: before, an interrupt is nobody's to handle. */
		run_await(run, "run-start", NULL);
		usleep(draw(15000));
		kill(run->pid, SIGINT);
		run_finish(run);
		assert_int_equal(run->exit_code, 130);
		assert_true(run->duration_us < 40000000);
		assert_null(strstr(run->err, "ThreadSanitizer"));
		run_free(run);
	}
}

/* Short tests in long hosts: what workers and the supervisor share changes all the time. */
static void an_interrupt_between_tests_loses_nothing(void **state)
{
	const unsigned nruns = soaking() ? 300 : 10;

	(void)state;
	for (unsigned i = 0; i < nruns; i++) {
		struct run *run = run_start(&(struct run_setup){
			.args = WORDS("--test-threads=4", "--repeat=100000", "--quiet",
				      "senders::before", "senders::after",
				      suite_path("senders/libsenders.so")),
		});

		run_await(run, "test-end", NULL);
		usleep(draw(30000));
		kill(run->pid, SIGINT);
		run_finish(run);
		assert_int_equal(run->exit_code, 130);
		assert_null(strstr(run->err, "ThreadSanitizer"));
		run_free(run);
	}
}

static void usr1_says_what_runs(void **state)
{
	struct run *run;

	(void)state;
	run = run_start(&(struct run_setup){
		.args = WORDS("--grace=300ms", "--timeout=60s", "senders::sleeps", "hangs",
			      suite_path("senders/libsenders.so"), suite_path("session/hangs")),
	});
	run_await(run, "test-start", "senders::sleeps");
	run_await(run, "test-start", "hangs");
	kill(run->pid, SIGUSR1);
	run_await(run, "running", NULL);
	kill(run->pid, SIGTERM);
	run_finish(run);
	assert_int_equal(run->exit_code, 143);
	assert_non_null(strstr(run->err, "proctor: senders::sleeps has run for "));
	assert_non_null(strstr(run->err, "proctor: hangs has run for "));
}

static bool is_said(const struct run *run, const char *kind, const char *what)
{
	json_t *event;
	size_t i;

	json_array_foreach(run->events, i, event)
		if (strcmp(event_text(event, "event"), kind) == 0 &&
		    strstr(event_text(event, "text"), what))
			return true;
	return false;
}

/* Asks what runs until it is this. */
static void await_running(struct run *run, const char *what)
{
	run_await(run, "test-end", NULL);
	for (size_t n = 1; !is_said(run, "running", what); n++) {
		kill(run->pid, SIGUSR1);
		run_await_count(run, "running", n);
	}
}

/* Also where other suites are open in the host, if it can be known whose function hangs. */
static void whose_exit_hangs_is_said_as_far_as_it_is_known(void **state)
{
	static const char *const rows[][2] = {
		{ "openings/libexit_hangs.so", "exit_hangs::(exit)" },
		{ "openings/libend_hangs.so", "the exit of the host of end_hangs and smoke_0" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct run *run = run_start(&(struct run_setup){
			.args = WORDS("--test-threads=1", "--timeout=60s", "--grace=200ms",
				      suite_path(rows[i][0]), suite_path("smoke/libsmoke_0.so")),
		});
		char what[128];

		snprintf(what, sizeof(what), "%s has run for ", rows[i][1]);
		await_running(run, what);
		kill(run->pid, SIGTERM);
		run_finish(run);
		assert_int_equal(run->exit_code, 143);
		snprintf(what, sizeof(what), "; stopping %s", rows[i][1]);
		assert_true(is_said(run, "note", what));
		run_free(run);
	}
}

static struct run *start_hanging_exit(const char *grace)
{
	struct run *run = run_start(&(struct run_setup){
		.args = WORDS("--test-threads=1", "--timeout=60s", grace,
			      suite_path("openings/libend_hangs.so")),
	});

	await_running(run, "end_hangs::(exit) has run for ");
	return run;
}

static void check_hanging_exit(struct run *run)
{
	run_finish(run);
	assert_int_equal(run->exit_code, 143);
	assert_true(run->duration_us < 40000000);
	run_check_verdict(run, "end_hangs::(exit)", "cancelled");
	assert_non_null(strstr(event_text(run_end(run, "end_hangs::(exit)"), "message"),
			       "was not through when the run was ended"));
	assert_true(is_said(run, "note", "; stopping end_hangs::(exit)"));
}

/* A host is not waited for until its deadline, and that its exit was cut short is told. */
static void an_interrupt_ends_an_exit_that_hangs(void **state)
{
	struct run *run;

	(void)state;
	run = start_hanging_exit("--grace=200ms");
	kill(run->pid, SIGTERM);
	check_hanging_exit(run);
}

static void a_second_interrupt_ends_an_exit_that_hangs_at_once(void **state)
{
	struct run *run;

	(void)state;
	run = start_hanging_exit("--grace=50s");
	kill(run->pid, SIGTERM);
	run_await(run, "note", NULL);
	pass_a_second();
	kill(run->pid, SIGTERM);
	check_hanging_exit(run);
}

/* By default these end a process on the spot. */
static void other_signals_end_the_run_with_its_reports(void **state)
{
	const int signum = *(const int *)*state;
	char junit[64];
	struct run *run;

	snprintf(junit, sizeof(junit), "--junit=/tmp/proctor-signals-%d.xml", (int)getpid());
	run = run_start(&(struct run_setup){
		.args = WORDS("--grace=300ms", "--timeout=60s",
			      junit, suite_path("session/hangs")),
	});
	run_await(run, "test-start", NULL);
	kill(run->pid, signum);
	run_finish(run);
	assert_int_equal(run->exit_code, 128 + signum);
	run_check_verdict(run, "hangs", "cancelled");
	assert_int_equal(unlink(junit + strlen("--junit=")), 0);
}

/* ---- whose signal ---- */

static void what_tests_send_is_noted_and_not_obeyed(void **state)
{
	struct run *run;
	const char *message;

	(void)state;
	run = run_proctor(&(struct run_setup){
		.args = WORDS("--test-threads=1", "senders::before", "senders::every_signal",
			      "senders::to_the_group", "senders::after",
			      suite_path("senders/libsenders.so")),
	});
	assert_int_equal(run->exit_code, 0);
	message = event_text(run_end(run, "senders::every_signal"), "message");
	for (int signo = 1; signo <= 31; signo++) {
		char name[32];

		/* Those that do nothing, and those that nobody can take. */
		if (strchr("\x09\x0d\x11\x12\x13\x17\x19\x1c", signo))
			continue;
		if (getenv("SAN") && *getenv("SAN") && strchr("\x04\x05\x06\x07\x08\x0b", signo))
			continue;
		snprintf(name, sizeof(name), "SIG%s", sigabbrev_np(signo));
		if (!strstr(message, name))
			fail_msg("%s is not in: %s", name, message);
	}
	assert_non_null(strstr(message, "SIGRTMIN+30"));
	assert_string_equal(event_text(run_end(run, "senders::to_the_group"), "message"),
			    "sent SIGUSR2 to proctor, which was not obeyed");
	assert_string_equal(event_text(run_end(run, "senders::before"), "message"), "");
	assert_string_equal(event_text(run_end(run, "senders::after"), "message"), "");
}

/* The text of all notes. */
static char *notes_of(const struct run *run)
{
	static char text[8192];
	size_t i, n = 0;
	json_t *event;

	text[0] = '\0';
	json_array_foreach(run->events, i, event)
		if (strcmp(event_text(event, "event"), "note") == 0 && n < sizeof(text))
			n += (size_t)snprintf(text + n, sizeof(text) - n, "%s\n",
					      event_text(event, "text"));
	return text;
}

static void what_a_file_sends_is_noted_and_not_obeyed(void **state)
{
	struct run *run;
	char *notes;

	(void)state;
	run = run_proctor(&(struct run_setup){
		.args = WORDS("senders::by_a_file", suite_path("senders/libsenders.so")),
	});
	assert_int_equal(run->exit_code, 0);
	notes = notes_of(run);
	assert_non_null(strstr(notes, "SIGTERM, by which the kernel told of a file"));
	/* The C library's name of SIGIO. */
	assert_non_null(strstr(notes, "SIGPOLL, by which the kernel told of a file"));
	assert_non_null(strstr(notes, "SIGUSR1, by which the kernel told of a file"));
}

/* It is of none of the tests, but the last one is the best hint. */
static void what_is_sent_at_a_hosts_exit_is_not_its_first_tests(void **state)
{
	struct run *run;

	(void)state;
	run = run_proctor(&(struct run_setup){
		.args = WORDS("--test-threads=1", "senders::before", "senders::at_exit",
			      "senders::after", suite_path("senders/libsenders.so")),
	});
	assert_int_equal(run->exit_code, 0);
	assert_non_null(strstr(notes_of(run), " of a host at its exit, after senders::after was not "
			       "obeyed"));
	assert_string_equal(event_text(run_end(run, "senders::before"), "message"), "");
}

/* The sender has ended, or is a daemon without environment: it can still be told whose it was. */
static void senders_are_known_by_what_is_left_of_them(void **state)
{
	char gate[64];
	const char *const env[] = { gate, NULL };
	struct run *run;

	(void)state;
	snprintf(gate, sizeof(gate), "GATE=/tmp/proctor-gate-%d", (int)getpid());
	run = run_start(&(struct run_setup){
		.args = WORDS("--timeout=60s", "senders::from_a_zombie", "senders::from_a_daemon",
			      suite_path("senders/libsenders.so")),
		.env = env,
	});
	run_await_count(run, "note", 2);
	close(open(gate + strlen("GATE="), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
	run_finish(run);
	unlink(gate + strlen("GATE="));
	assert_int_equal(run->exit_code, 0);
	assert_non_null(strstr(event_text(run_end(run, "senders::from_a_zombie"), "message"),
			       "sent SIGTERM to proctor"));
	assert_non_null(strstr(event_text(run_end(run, "senders::from_a_daemon"), "message"),
			       "sent SIGHUP to proctor"));
}

static void a_sender_that_cannot_be_told_is_obeyed_and_named(void **state)
{
	struct run *run;

	(void)state;
	run = run_proctor(&(struct run_setup){
		.args = WORDS("--timeout=60s", "--grace=300ms", "senders::from_nobody",
			      suite_path("senders/libsenders.so")),
	});
	assert_int_equal(run->exit_code, 143);
	assert_non_null(strstr(run->out, "the run was ended by SIGTERM from process "));
	assert_non_null(strstr(run->out, "may have been of a test; these ran: "
			       "senders::from_nobody"));
}

/* A shell's background children, when it becomes proctor by exec. */
static void children_from_before_the_run_are_left_alone(void **state)
{
	struct run *run;

	(void)state;
	run = run_proctor(&(struct run_setup){
		.prefix = WORDS("bash", "-c", "exec 3> >(cat >/dev/null); sleep 600 & true & "
				"exec \"$@\"", "bash"),
		.args = WORDS("--isolation=test", suite_path("smoke/libsmoke_0.so"),
			      suite_path("exe_options/passes")),
		.cut_short = true,
	});
	assert_int_equal(run->exit_code, 0);
	run_check_verdict(run, "passes", "pass");
	assert_null(strstr(run->out, "left behind"));
	run_await_processes(run, "sleep", 1);
	run_signal_processes(run, "sleep", SIGKILL);
	run_await_processes(run, NULL, 0);
}

/* It does what it does once a test runs, as the events tell. */
static void a_watchdog_from_before_the_run_is_obeyed(void **state)
{
	const char *does = *state;
	char script[512];
	struct run *run;

	snprintf(script, sizeof(script), "for a; do case $a in --events=*) e=${a#*=};; esac; done; "
		 "(until grep -qs test-start \"$e\"; do sleep 0.05; done; %s) & exec \"$@\"", does);
	run = run_proctor(&(struct run_setup){
		.prefix = WORDS("bash", "-c", script, "bash"),
		.args = WORDS("--timeout=60s", "--grace=300ms", suite_path("session/hangs")),
		.cut_short = true,
	});
	assert_int_equal(run->exit_code, 143);
	run_check_verdict(run, "hangs", "cancelled");
	assert_null(strstr(run->out, "may have been of a test"));
	/* What there was before the run is not ended, nor reaped, with it. */
	run_await_processes(run, NULL, 0);
}

static void a_closed_stdout_ends_the_run(void **state)
{
	struct run *run;

	(void)state;
	run = run_proctor(&(struct run_setup){
		.args = WORDS("--verbose", "--grace=300ms", suite_path("smoke"),
			      suite_path("exe/endless_loop")),
		.close_stdout = true,
		.cut_short = true,
	});
	assert_int_equal(run->exit_code, 128 + SIGPIPE);
	run_await_processes(run, NULL, 0);
}

/* ---- in a real terminal ---- */

struct terminal {
	char socket[96];
};

/* Runs a tmux command; its stdout in `out`. */
static void tmux(const struct terminal *t, const char *const *args, char *out, size_t nout)
{
	const char *argv[16] = { "tmux", "-S", t->socket, "-f", "/dev/null" };
	size_t n = 5, have = 0;
	ssize_t got;
	int fds[2];
	pid_t pid;

	while (*args && n < 15)
		argv[n++] = *args++;
	argv[n] = NULL;
	assert_int_equal(pipe(fds), 0);
	pid = fork();
	if (pid == 0) {
		dup2(fds[1], 1);
		close(fds[0]);
		close(fds[1]);
		unsetenv("TMUX");
		execvp(argv[0], (char *const *)argv);
		_exit(127);
	}
	close(fds[1]);
	while (out && have < nout - 1 && (got = read(fds[0], out + have, nout - 1 - have)) > 0)
		have += (size_t)got;
	if (out)
		out[have] = '\0';
	close(fds[0]);
	waitpid(pid, NULL, 0);
}

static void terminal_type(const struct terminal *t, const char *text)
{
	tmux(t, WORDS("send-keys", "-l", text), NULL, 0);
	tmux(t, WORDS("send-keys", "Enter"), NULL, 0);
}

static void terminal_key(const struct terminal *t, const char *key)
{
	tmux(t, WORDS("send-keys", key), NULL, 0);
}

/* Waits until the screen shows `text`. */
static void terminal_await(const struct terminal *t, const char *text)
{
	const uint64_t until_us = now_us() + WITHIN_S * 1000000ull;
	char screen[65536];

	for (;;) {
		tmux(t, WORDS("capture-pane", "-p", "-S", "-200"), screen, sizeof(screen));
		if (strstr(screen, text))
			return;
		if (now_us() >= until_us)
			fail_msg("the screen does not show \"%s\": %s", text, screen);
		poll(NULL, 0, 20);
	}
}

/* The one that is open: a test that fails leaves it to the teardown. */
static struct terminal open_terminal;

static void terminal_open(struct terminal *t)
{
	static unsigned nterminals;

	need_program("tmux");
	need_program("bash");
	snprintf(t->socket, sizeof(t->socket), "/tmp/proctor-tmux-%d-%u", (int)getpid(),
		 ++nterminals);
	tmux(t, WORDS("new-session", "-d", "-x", "120", "-y", "50",
		      "PS1='ready> ' exec bash --norc --noprofile"), NULL, 0);
	open_terminal = *t;
	terminal_await(t, "ready>");
}

static void terminal_close(const struct terminal *t)
{
	tmux(t, WORDS("kill-server"), NULL, 0);
	unlink(t->socket);
	open_terminal.socket[0] = '\0';
}

static int terminal_teardown(void **state)
{
	if (open_terminal.socket[0])
		terminal_close(&open_terminal);
	return harness_teardown(state);
}

/* Starts proctor in the terminal; its events go to `events`. */
static void terminal_run(const struct terminal *t, const char *args, const char *events)
{
	const char *loop = getenv("PROCTOR_LOOP");
	char program[4096], line[16384];

	unlink(events);
	assert_non_null(realpath(proctor_path(), program));
	snprintf(line, sizeof(line), "%s run --events=%s %s%s %s; echo \"exit $?\"", program,
		 events, loop ? "--loop=" : "", loop ? loop : "", args);
	terminal_type(t, line);
}

static void events_path(char *path, size_t size)
{
	snprintf(path, size, "/tmp/proctor-terminal-%d.events", (int)getpid());
}

/* Waits for a line with `text` in the events file. */
static void events_await(const char *path, const char *text)
{
	const uint64_t until_us = now_us() + WITHIN_S * 1000000ull;
	static char bytes[1 << 20];

	for (;;) {
		FILE *f = fopen(path, "re");
		size_t n = f ? fread(bytes, 1, sizeof(bytes) - 1, f) : 0;

		if (f)
			fclose(f);
		bytes[n] = '\0';
		if (strstr(bytes, text))
			return;
		if (now_us() >= until_us)
			fail_msg("no event %s", text);
		poll(NULL, 0, 10);
	}
}

static json_t *events_last(const char *path, const char *kind)
{
	json_t *found = NULL, *event;
	FILE *f = fopen(path, "re");

	assert_non_null(f);
	while ((event = json_loadf(f, JSON_DISABLE_EOF_CHECK, NULL))) {
		if (strcmp(event_text(event, "event"), kind) == 0) {
			json_decref(found);
			found = json_incref(event);
		}
		json_decref(event);
	}
	fclose(f);
	if (!found)
		fail_msg("no event %s", kind);
	return found;
}

/* While a program is asked for its tests, and has not answered yet. */
static bool listing_is_ended(int signo, const char *command)
{
	static const char script[] = "#!/bin/sh\nsleep 77 &\nsleep 78\n";
	char dir[] = "/tmp/proctor-lister-XXXXXX", path[64];
	const struct dirent *e;
	uint64_t since_us;
	struct run *run;
	DIR *temp;
	int fd;

	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/lister", dir);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0755);
	assert_true(fd >= 0 && write(fd, script, strlen(script)) == (ssize_t)strlen(script));
	close(fd);
	run = run_start(&(struct run_setup){
		.args = WORDS("--framework=googletest", path), .command = command, .no_events = true,
		.no_loop = strcmp(command, "list") == 0, .cut_short = true,
	});
	run_await_processes(run, "sleep", 2);
	since_us = now_us();
	kill(run->pid, signo);
	run_finish(run);
	since_us = now_us() - since_us;
	assert_int_equal(run->exit_code, 128 + signo);
	run_await_processes(run, NULL, 0);
	temp = opendir(run->dir);
	assert_non_null(temp);
	while ((e = readdir(temp)))
		if (e->d_name[0] != '.')
			fail_msg("%s is left", e->d_name);
	closedir(temp);
	unlink(path);
	rmdir(dir);
	return since_us < 1000000;
}

static bool listings_are_ended(void)
{
	return listing_is_ended(SIGINT, "run") && listing_is_ended(SIGTERM, "run") &&
	       listing_is_ended(SIGHUP, "run") && listing_is_ended(SIGINT, "list");
}

static void an_interrupt_while_tests_are_listed_leaves_nothing(void **state)
{
	(void)state;
	test_in_time(listings_are_ended);
}

static void ctrl_c_in_a_terminal(void **state)
{
	const bool twice = *state != NULL;
	struct terminal t;
	char events[64], args[8192];

	events_path(events, sizeof(events));
	terminal_open(&t);
	snprintf(args, sizeof(args), "--grace=%s --timeout=60s %s", twice ? "30s" : "300ms",
		 suite_path("exe/ignores_sigterm"));
	terminal_run(&t, args, events);
	events_await(events, "test-start");
	/* The live status line names what runs. */
	terminal_await(&t, "ignores_sigterm");
	terminal_key(&t, "C-c");
	if (twice) {
		terminal_await(&t, "nterrupt");
		pass_a_second();
		terminal_key(&t, "C-c");
	}
	terminal_await(&t, "exit 130");
	terminal_close(&t);
	unlink(events);
}

static bool deadline_stands_still(void)
{
	struct terminal t;
	char events[64], args[8192];
	json_t *start, *end;
	bool in_time;

	events_path(events, sizeof(events));
	terminal_open(&t);
	snprintf(args, sizeof(args), "--grace=300ms --timeout=3s %s", suite_path("exe/deadlock"));
	terminal_run(&t, args, events);
	events_await(events, "test-start");
	terminal_key(&t, "C-z");
	terminal_await(&t, "Stopped");
	/* Longer than the deadline: that nothing happens can only be waited for. */
	poll(NULL, 0, 3500);
	terminal_type(&t, "fg");
	events_await(events, "run-end");
	start = events_last(events, "test-start");
	end = events_last(events, "test-end");
	assert_string_equal(event_text(end, "verdict"), "timeout");
	in_time = event_number(end, "duration_us") >= 2900000 &&
		  event_number(end, "duration_us") <= 4000000;
	assert_true(event_number(end, "time_us") - event_number(start, "time_us") > 6300000);
	json_decref(start);
	json_decref(end);
	terminal_close(&t);
	unlink(events);
	return in_time;
}

/* The deadline stands still for as long as the run does. */
static void ctrl_z_and_fg_in_a_terminal(void **state)
{
	(void)state;
	test_in_time(deadline_stands_still);
}

int main(void)
{
	static int hangup = SIGHUP, interrupt = SIGINT, terminate = SIGTERM;
	static int quit = SIGQUIT, usr2 = SIGUSR2, alarm_clock = SIGALRM;
	const struct CMUnitTest tests[] = {
		harness_test(a_killed_proctor_leaves_nothing),
		harness_test(a_killed_proctor_leaves_no_host),
		harness_row_test("one SIGINT asks", one_signal_asks, &interrupt),
		harness_row_test("one SIGTERM asks", one_signal_asks, &terminate),
		harness_row_test("one SIGHUP asks", one_signal_asks, &hangup),
		harness_test(a_second_interrupt_kills),
		harness_test(two_interrupts_within_a_second_are_one),
		harness_test(an_interrupt_at_any_moment_ends_the_run),
		harness_test(an_interrupt_between_tests_loses_nothing),
		harness_test(usr1_says_what_runs),
		harness_test(an_interrupt_while_tests_are_listed_leaves_nothing),
		harness_test(whose_exit_hangs_is_said_as_far_as_it_is_known),
		harness_test(an_interrupt_ends_an_exit_that_hangs),
		harness_test(a_second_interrupt_ends_an_exit_that_hangs_at_once),
		harness_row_test("SIGQUIT ends the run with its reports",
				 other_signals_end_the_run_with_its_reports, &quit),
		harness_row_test("SIGUSR2 ends the run with its reports",
				 other_signals_end_the_run_with_its_reports, &usr2),
		harness_row_test("SIGALRM ends the run with its reports",
				 other_signals_end_the_run_with_its_reports, &alarm_clock),
		harness_test(what_tests_send_is_noted_and_not_obeyed),
		harness_test(what_a_file_sends_is_noted_and_not_obeyed),
		harness_test(what_is_sent_at_a_hosts_exit_is_not_its_first_tests),
		harness_test(senders_are_known_by_what_is_left_of_them),
		harness_test(a_sender_that_cannot_be_told_is_obeyed_and_named),
		harness_test(children_from_before_the_run_are_left_alone),
		harness_row_test("a watchdog is obeyed", a_watchdog_from_before_the_run_is_obeyed,
				 "kill $$"),
		harness_row_test("a watchdog's child is obeyed",
				 a_watchdog_from_before_the_run_is_obeyed,
				 "sh -c \"kill $$; sleep 0.2\"; true"),
		harness_test(a_closed_stdout_ends_the_run),
		{ "Ctrl-C in a terminal", ctrl_c_in_a_terminal, NULL, terminal_teardown, NULL },
		{ "Ctrl-C twice in a terminal", ctrl_c_in_a_terminal, NULL, terminal_teardown,
		  (void *)"twice" },
		cmocka_unit_test_teardown(ctrl_z_and_fg_in_a_terminal, terminal_teardown),
	};

	return cmocka_run_group_tests_name("signals", tests, NULL, NULL);
}
