/* SPDX-License-Identifier: MIT */
/*
 * libproctor inside a program that has threads, children and signal handlers of its own: it gets
 * its verdicts, and finds its process as it left it. Also runs the example of the documentation.
 * Environment: PROCTOR (the program, beside which host and example are; build/proctor),
 * PROCTOR_SUITES (the fixtures; build/tests/suites), PROCTOR_LOOP (which loop; the default one).
 */
#include "proctor/proctor.h"

#include <dirent.h>
#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define SMOKE_TESTS 8		/* in each library of the smoke set */

static const char *fixture(const char *name)
{
	static char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", getenv("PROCTOR_SUITES"), name);
	return path;
}

/* A file beside the binary under test. */
static const char *product(const char *name)
{
	static char path[PATH_MAX];
	char proctor[PATH_MAX];

	snprintf(proctor, sizeof(proctor), "%s", getenv("PROCTOR"));
	if (snprintf(path, sizeof(path), "%s/%s", dirname(proctor), name) >= (int)sizeof(path))
		fail_msg("the path of %s is too long", name);
	return path;
}

static enum proctor_loop loop_wanted(void)
{
	const char *name = getenv("PROCTOR_LOOP");

	if (!name)
		return PROCTOR_LOOP_AUTO;
	return strcmp(name, "uring") == 0 ? PROCTOR_LOOP_URING : PROCTOR_LOOP_EPOLL;
}

struct seen {
	unsigned nstarts, nends, nrun_starts, nrun_ends;
	pthread_t thread;		/* of the callback */
	bool other_threads;		/* it was called on more than one */
	unsigned stop_after;		/* test ends, then the callback asks to stop; 0: never */
	size_t nnot_run;		/* repetitions that never started */
	bool reasons;			/* each of them, and the run's end, said why */
};

static int on_event(const struct proctor_event *event, void *data)
{
	struct seen *seen = data;

	if (seen->nrun_starts == 0)
		seen->thread = pthread_self();
	else if (!pthread_equal(seen->thread, pthread_self()))
		seen->other_threads = true;
	switch (event->kind) {
	case PROCTOR_RUN_START:
		seen->nrun_starts++;
		break;
	case PROCTOR_TEST_START:
		seen->nstarts++;
		break;
	case PROCTOR_TEST_END:
		seen->nends++;
		if (event->result->verdict == PROCTOR_NOT_RUN) {
			seen->nnot_run += event->result->nrepetitions;
			seen->reasons &= event->result->message && event->result->start_us == 0;
		}
		if (seen->nends == seen->stop_after)
			return -ECANCELED;
		break;
	case PROCTOR_RUN_END:
		seen->nrun_ends++;
		seen->reasons &= event->text != NULL;
		break;
	case PROCTOR_TEST_SLOW:
	case PROCTOR_TEST_CONFIRMED:
	case PROCTOR_NOTE:
	case PROCTOR_RUNNING:
	case PROCTOR_TICK:
	case PROCTOR_COVERAGE:
		break;
	}
	return 0;
}

static struct proctor_plan *smoke_plan(unsigned nsuites)
{
	struct proctor_plan *plan = proctor_plan_new();
	struct proctor_error err;

	assert_non_null(plan);
	for (unsigned i = 0; i < nsuites; i++) {
		char name[64];

		snprintf(name, sizeof(name), "smoke/libsmoke_%u.so", i);
		if (proctor_plan_add_path(plan, fixture(name), NULL, &err) < 0)
			fail_msg("%s", err.text);
	}
	return plan;
}

/* What a library must not change in the process that uses it. */
struct process {
	sigset_t mask;
	struct sigaction actions[NSIG];
	int subreaper;
	unsigned nfds;
	char fds[4096];			/* number and target of each, a line each */
	char dir[PATH_MAX];
};

static void process_look(struct process *p)
{
	struct dirent *entry;
	size_t used = 0;
	DIR *dir;

	memset(p, 0, sizeof(*p));
	pthread_sigmask(SIG_SETMASK, NULL, &p->mask);
	for (int sig = 1; sig < NSIG; sig++)
		sigaction(sig, NULL, &p->actions[sig]);
	prctl(PR_GET_CHILD_SUBREAPER, &p->subreaper);
	assert_non_null(getcwd(p->dir, sizeof(p->dir)));
	dir = opendir("/proc/self/fd");
	assert_non_null(dir);
	while ((entry = readdir(dir))) {
		char target[PATH_MAX];
		ssize_t n;

		if (entry->d_name[0] == '.' || atoi(entry->d_name) == dirfd(dir))
			continue;
		n = readlinkat(dirfd(dir), entry->d_name, target, sizeof(target) - 1);
		target[n > 0 ? n : 0] = '\0';
		used += (size_t)snprintf(p->fds + used, sizeof(p->fds) - used, "%s %s\n",
					 entry->d_name, target);
		assert_true(used < sizeof(p->fds));
		p->nfds++;
	}
	closedir(dir);
}

static void assert_same_process(const struct process *before, const struct process *after)
{
	for (int sig = 1; sig < NSIG; sig++) {
		assert_int_equal(sigismember(&before->mask, sig), sigismember(&after->mask, sig));
		assert_ptr_equal(before->actions[sig].sa_handler, after->actions[sig].sa_handler);
		assert_int_equal(before->actions[sig].sa_flags, after->actions[sig].sa_flags);
	}
	assert_int_equal(before->subreaper, after->subreaper);
	assert_string_equal(before->fds, after->fds);
	assert_int_equal(before->nfds, after->nfds);
	assert_string_equal(before->dir, after->dir);
}

static atomic_uint nchild_signals;

static void on_child(int sig)
{
	(void)sig;
	atomic_fetch_add(&nchild_signals, 1);
}

/* A thread of the program's own, with every signal unblocked, busy until told to end. */
struct work {
	pthread_t thread;
	sem_t running;
	atomic_bool stop;
	unsigned long turns;
};

static void *work_run(void *arg)
{
	struct work *work = arg;

	/* A thread is born with its signals blocked: they are open once it gets here. */
	sem_post(&work->running);
	do {
		struct timespec moment = { .tv_nsec = 200000 };

		nanosleep(&moment, NULL);
		work->turns++;
	} while (!atomic_load(&work->stop));
	return NULL;
}

static void work_start(struct work *work)
{
	assert_int_equal(sem_init(&work->running, 0, 0), 0);
	atomic_init(&work->stop, false);
	work->turns = 0;
	assert_int_equal(pthread_create(&work->thread, NULL, work_run, work), 0);
	while (sem_wait(&work->running) < 0)
		assert_int_equal(errno, EINTR);
}

static void work_end(struct work *work)
{
	atomic_store(&work->stop, true);
	assert_int_equal(pthread_join(work->thread, NULL), 0);
	assert_true(work->turns > 0);
	sem_destroy(&work->running);
}

static pid_t child_start(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		signal(SIGTERM, SIG_DFL);
		for (;;)
			pause();
	}
	assert_true(pid > 0);
	return pid;
}

static void run_smoke(unsigned nsuites, struct seen *seen, const struct proctor_options *options)
{
	struct proctor_plan *plan = smoke_plan(nsuites);
	struct proctor_counts counts;
	struct proctor_error err;
	int exit_code = -1;

	memset(seen, 0, sizeof(*seen));
	if (proctor_run(plan, options, on_event, seen, &counts, &exit_code, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(exit_code, 0);
	assert_int_equal(counts.total, nsuites * SMOKE_TESTS);
	assert_int_equal(counts.by_verdict[PROCTOR_PASS], nsuites * SMOKE_TESTS);
	proctor_plan_free(plan);
	assert_int_equal(seen->nstarts, nsuites * SMOKE_TESTS);
	assert_int_equal(seen->nends, nsuites * SMOKE_TESTS);
	assert_int_equal(seen->nrun_starts, 1);
	assert_int_equal(seen->nrun_ends, 1);
	assert_false(seen->other_threads);
}

static void a_program_keeps_its_threads_children_and_signals(void **state)
{
	struct sigaction action = { .sa_handler = on_child, .sa_flags = SA_RESTART }, old;
	struct proctor_options options = { .nthreads = 4, .loop = loop_wanted(),
					   .host_path = product("proctor-host") };
	static struct process before, after;
	struct work work;
	struct seen seen;
	pid_t child, dead;
	int status;

	(void)state;
	assert_int_equal(sigaction(SIGCHLD, &action, &old), 0);
	work_start(&work);
	child = child_start();
	dead = child_start();
	/* Dead before the run: nobody but this program may reap it. */
	kill(dead, SIGTERM);

	process_look(&before);
	for (int i = 0; i < 2; i++) {
		run_smoke(6, &seen, &options);
		process_look(&after);
		assert_same_process(&before, &after);
	}
	assert_int_equal(waitpid(dead, &status, 0), dead);
	assert_int_equal(WTERMSIG(status), SIGTERM);
	assert_int_equal(waitpid(child, &status, WNOHANG), 0);
	kill(child, SIGTERM);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(WTERMSIG(status), SIGTERM);
	assert_int_equal(waitpid(-1, &status, 0), -1);
	assert_int_equal(errno, ECHILD);

	work_end(&work);
	sigaction(SIGCHLD, &old, NULL);
}

/* Tests leave a child behind that holds both their pipes, which end as it is killed. */
static void what_tests_leave_costs_no_child_of_the_program(void **state)
{
	struct proctor_options options = { .nthreads = 2, .loop = loop_wanted(), .repeat = 100,
					   .leak_us = 2000,
					   .host_path = product("proctor-host") };
	struct proctor_plan *plan = proctor_plan_new();
	struct proctor_counts counts;
	struct proctor_error err;
	struct seen seen = { 0 };
	pid_t dead[8];
	int status;

	(void)state;
	for (unsigned i = 0; i < 8; i++) {
		siginfo_t si;

		dead[i] = child_start();
		kill(dead[i], SIGTERM);
		assert_int_equal(waitid(P_PID, (id_t)dead[i], &si, WEXITED | WNOWAIT), 0);
	}
	assert_int_equal(proctor_plan_add_path(plan, fixture("exe_ends/leaves_child"), NULL, &err), 0);
	if (proctor_run(plan, &options, on_event, &seen, &counts, NULL, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(counts.by_verdict[PROCTOR_PASS], 100);
	for (unsigned i = 0; i < 8; i++)
		assert_int_equal(waitpid(dead[i], &status, 0), dead[i]);
	proctor_plan_free(plan);
}

static void a_process_with_open_signals_cannot_be_owned(void **state)
{
	struct proctor_options options = { .own_process = true,
					   .host_path = product("proctor-host") };
	struct proctor_plan *plan = smoke_plan(1);
	static struct process before, after;
	struct proctor_error err;
	struct seen seen = { 0 };
	struct work work;

	(void)state;
	work_start(&work);
	process_look(&before);
	assert_int_equal(proctor_run(plan, &options, on_event, &seen, NULL, NULL, &err), -EBUSY);
	assert_non_null(strstr(err.text, "SIGCHLD"));
	assert_int_equal(seen.nstarts, 0);
	process_look(&after);
	assert_same_process(&before, &after);
	work_end(&work);
	proctor_plan_free(plan);
}

static void a_callback_may_stop_the_run(void **state)
{
	struct proctor_options options = { .nthreads = 2, .loop = loop_wanted(),
					   .host_path = product("proctor-host") };
	struct proctor_plan *plan = smoke_plan(20);
	static struct process before, after;
	struct seen seen = { .stop_after = 3 };
	struct proctor_counts counts = { .total = 0 };
	struct proctor_error err = { .code = 0 };
	int ret, status;

	(void)state;
	process_look(&before);
	ret = proctor_run(plan, &options, on_event, &seen, &counts, NULL, &err);
	assert_int_equal(ret, -ECANCELED);
	assert_true(err.text[0] != '\0');
	assert_true(seen.nends >= 3);
	process_look(&after);
	assert_same_process(&before, &after);
	/* No host outlives the run. */
	assert_int_equal(waitpid(-1, &status, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
	proctor_plan_free(plan);
}

/* The second of three asks for the end; all three hear of all that was run, in their order. */
static void a_reporter_that_stops_the_run_disturbs_no_other(void **state)
{
	struct proctor_options options = { .nthreads = 2, .loop = loop_wanted(),
					   .host_path = product("proctor-host") };
	struct proctor_plan *plan = smoke_plan(20);
	struct seen seen[3] = { [1] = { .stop_after = 3 } };
	const struct proctor_reporter reporters[] = {
		{ on_event, &seen[0] }, { on_event, &seen[1] }, { on_event, &seen[2] },
	};
	struct proctor_error err = { .code = 0 };

	(void)state;
	assert_int_equal(proctor_run_reporters(plan, &options, reporters, 3, NULL, NULL, &err), -ECANCELED);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(seen[i].nrun_starts, 1);
		assert_int_equal(seen[i].nrun_ends, 1);
		assert_int_equal(seen[i].nstarts, seen[0].nstarts);
		assert_int_equal(seen[i].nends, seen[0].nends);
		assert_int_equal(seen[i].nnot_run, seen[0].nnot_run);
	}
	assert_true(seen[0].nends >= 3);
	proctor_plan_free(plan);
}

static void a_run_may_be_heard_by_nobody(void **state)
{
	struct proctor_options options = { .nthreads = 2, .loop = loop_wanted(),
					   .host_path = product("proctor-host") };
	struct proctor_plan *plan = smoke_plan(2);
	struct proctor_counts counts = { .total = 0 };
	struct proctor_error err = { .code = 0 };

	(void)state;
	assert_int_equal(proctor_run_reporters(plan, &options, NULL, 0, &counts, NULL, &err), 0);
	assert_int_equal(proctor_run(plan, &options, NULL, NULL, &counts, NULL, &err), 0);
	assert_int_equal(counts.by_verdict[PROCTOR_PASS], 2 * SMOKE_TESTS);
	proctor_plan_free(plan);
}

/* Waits for any child of the program, whoever started it. */
static void *reaper_run(void *arg)
{
	atomic_bool *stop = arg;
	struct timespec moment = { .tv_nsec = 200000 };

	while (!atomic_load(stop))
		if (waitpid(-1, NULL, 0) < 0)
			nanosleep(&moment, NULL);
	return NULL;
}

/* It may be faster or slower than the run: what it took is an error, and no error is a pass. */
static void a_status_that_the_program_took_is_no_pass(void **state)
{
	struct proctor_options options = { .nthreads = 2, .loop = loop_wanted(), .repeat = 50,
					   .host_path = product("proctor-host") };
	struct proctor_plan *plan = proctor_plan_new();
	struct proctor_counts counts;
	struct proctor_error err;
	struct seen seen = { 0 };
	atomic_bool stop = false;
	pthread_t reaper;
	int exit_code = -1;

	(void)state;
	assert_int_equal(proctor_plan_add_path(plan, fixture("exe_options/fails"), NULL, &err), 0);
	assert_int_equal(pthread_create(&reaper, NULL, reaper_run, &stop), 0);
	if (proctor_run(plan, &options, on_event, &seen, &counts, &exit_code, &err) < 0)
		fail_msg("%s", err.text);
	atomic_store(&stop, true);
	assert_int_equal(pthread_join(reaper, NULL), 0);
	assert_int_equal(exit_code, 1);
	assert_int_equal(seen.nends, 50);
	assert_int_equal(counts.by_verdict[PROCTOR_ERROR] + counts.by_verdict[PROCTOR_FAIL], 50);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	proctor_plan_free(plan);
}

static void an_empty_plan_is_nothing_to_run(void **state)
{
	struct proctor_plan *plan = proctor_plan_new();
	struct proctor_options options = { .host_path = product("proctor-host") };
	struct seen seen = { 0 };
	struct proctor_error err;
	int exit_code = -1;

	(void)state;
	if (proctor_run(plan, &options, on_event, &seen, NULL, &exit_code, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(exit_code, 4);
	proctor_plan_free(plan);
}

/* Runs the example on `suite` and reads what it prints; returns its exit status. */
static int example_run(const char *suite, char *text, size_t ntext)
{
	char command[2 * PATH_MAX + 64];
	size_t used = 0, n;
	FILE *out;
	int status;

	snprintf(command, sizeof(command), "'%s' '%s' 2>&1", product("embed"), suite);
	out = popen(command, "re");
	assert_non_null(out);
	while ((n = fread(text + used, 1, ntext - 1 - used, out)) > 0)
		used += n;
	text[used] = '\0';
	status = pclose(out);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void the_example_runs_what_it_finds(void **state)
{
	char text[8192];

	(void)state;
	assert_int_equal(example_run(fixture("smoke/libsmoke_1.so"), text, sizeof(text)), 0);
	assert_non_null(strstr(text, "8 tests, "));
	assert_non_null(strstr(text, "pass     smoke_1::tml_test_7\n"));
	assert_non_null(strstr(text, "8 of 8 passed\n"));
}

static void the_example_runs_what_is_handed_in(void **state)
{
	char suite[PATH_MAX + 8], text[8192];

	(void)state;
	snprintf(suite, sizeof(suite), "%s:3", fixture("smoke/libsmoke_2.so"));
	assert_int_equal(example_run(suite, text, sizeof(text)), 0);
	assert_non_null(strstr(text, "pass     smoke_2::number-2\n"));
	assert_null(strstr(text, "number-3"));
	assert_non_null(strstr(text, "3 of 3 passed\n"));
}

static void the_example_names_a_library_that_is_missing(void **state)
{
	char text[8192];

	(void)state;
	assert_int_equal(example_run(fixture("libnowhere.so"), text, sizeof(text)), 2);
	assert_non_null(strstr(text, "error    nowhere::"));
	assert_non_null(strstr(text, "libnowhere.so: No such file"));
}

/* The default goes by the suites; who embeds may choose. */
static void a_crash_does_to_the_run_what_was_asked(void **state)
{
	static const struct {
		const char *suite;
		enum proctor_on_crash on_crash;
		bool stops;
	} cases[] = {
		{ "ways/libtml.so", PROCTOR_ON_CRASH_AUTO, true },
		{ "ways/libtml.so", PROCTOR_ON_CRASH_CONTINUE, false },
		{ "exe/segv", PROCTOR_ON_CRASH_AUTO, false },
		{ "exe/segv", PROCTOR_ON_CRASH_STOP, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct proctor_options options = { .loop = loop_wanted(), .nthreads = 1, .repeat = 3,
						   .on_crash = cases[i].on_crash,
						   .host_path = product("proctor-host") };
		struct proctor_plan *plan = proctor_plan_new();
		struct seen seen = { .reasons = true };
		struct proctor_counts counts;
		struct proctor_error err;

		assert_int_equal(proctor_plan_add_path(plan, fixture(cases[i].suite), NULL, &err), 0);
		assert_int_equal(proctor_run(plan, &options, on_event, &seen, &counts, NULL, &err), 0);
		assert_int_equal(counts.by_verdict[PROCTOR_NOT_RUN] > 0, cases[i].stops);
		assert_int_equal(seen.nnot_run, counts.by_verdict[PROCTOR_NOT_RUN]);
		assert_int_equal(seen.reasons, cases[i].stops);
		proctor_plan_free(plan);
	}
}

static void so_many_failures_are_enough(void **state)
{
	struct proctor_options options = { .loop = loop_wanted(), .nthreads = 1, .repeat = 9,
					   .max_failures = 2, .host_path = product("proctor-host") };
	struct proctor_plan *plan = proctor_plan_new();
	struct seen seen = { .reasons = true };
	struct proctor_counts counts;
	struct proctor_error err;

	(void)state;
	assert_int_equal(proctor_plan_add_path(plan, fixture("exe_options/fails"), NULL, &err), 0);
	assert_int_equal(proctor_run(plan, &options, on_event, &seen, &counts, NULL, &err), 0);
	assert_int_equal(counts.by_verdict[PROCTOR_FAIL], 2);
	assert_true(seen.reasons);
	/* One event for all that is missing. */
	assert_in_range(seen.nends, 3, 4);
	proctor_plan_free(plan);
}

/* A suite that is stopped cannot remove its temporary files. */
static char tmpdir[] = "/tmp/proctor-embed-XXXXXX";

static int tmpdir_make(void **state)
{
	(void)state;
	return mkdtemp(tmpdir) ? setenv("TMPDIR", tmpdir, 1) : -1;
}

static int tmpdir_remove(void **state)
{
	DIR *dir = opendir(tmpdir);
	struct dirent *entry;

	(void)state;
	while (dir && (entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			unlinkat(dirfd(dir), entry->d_name, 0);
	if (dir)
		closedir(dir);
	return rmdir(tmpdir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_program_keeps_its_threads_children_and_signals),
		cmocka_unit_test(what_tests_leave_costs_no_child_of_the_program),
		cmocka_unit_test(a_process_with_open_signals_cannot_be_owned),
		cmocka_unit_test(a_callback_may_stop_the_run),
		cmocka_unit_test(a_reporter_that_stops_the_run_disturbs_no_other),
		cmocka_unit_test(a_run_may_be_heard_by_nobody),
		cmocka_unit_test(a_crash_does_to_the_run_what_was_asked),
		cmocka_unit_test(so_many_failures_are_enough),
		cmocka_unit_test(a_status_that_the_program_took_is_no_pass),
		cmocka_unit_test(an_empty_plan_is_nothing_to_run),
		cmocka_unit_test(the_example_runs_what_it_finds),
		cmocka_unit_test(the_example_runs_what_is_handed_in),
		cmocka_unit_test(the_example_names_a_library_that_is_missing),
	};

	setenv("PROCTOR", "build/proctor", 0);
	setenv("PROCTOR_SUITES", "build/tests/suites", 0);
	return cmocka_run_group_tests_name("embedding", tests, tmpdir_make, tmpdir_remove);
}
