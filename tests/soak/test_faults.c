/* SPDX-License-Identifier: MIT */
/*
 * System calls of proctor that fail, at each place where they are made, once or for good: an error
 * that is said, or right results; never a hang, a wrong verdict, a process left behind.
 */
#include "inject.h"
#include "trial.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define DEADLINE_MS 25000
/* All of them together are 3,000 and more. */
#define PLACES_MAX 120
#define SAMPLE 10

struct row {
	const char *name;
	int calls[4];			/* alike; -1 ends a shorter list */
	int errnum;
	bool for_good;			/* from a place on, for ever */
};

#define CALL(name) SYS_##name
/* Not close(): whatever it answers the descriptor is gone, which a filter cannot do. Not brk(): it
 * answers no error. */
#define CREATE { CALL(clone), CALL(clone3), CALL(vfork), -1 }
static const struct row rows[] = {
	{ "pipe2", { CALL(pipe2), -1 }, EMFILE, false },
	{ "pipe2", { CALL(pipe2), -1 }, ENFILE, true },
	{ "memfd_create", { CALL(memfd_create), -1 }, EMFILE, false },
	{ "memfd_create", { CALL(memfd_create), -1 }, ENOMEM, true },
	{ "clone", CREATE, EAGAIN, false },
	{ "clone", CREATE, ENOMEM, false },
	{ "clone", CREATE, EAGAIN, true },
	{ "execve", { CALL(execve), -1 }, ENOMEM, false },
	{ "execve", { CALL(execve), -1 }, EACCES, true },
	{ "execve", { CALL(execve), -1 }, ETXTBSY, false },
	{ "mmap", { CALL(mmap), -1 }, ENOMEM, false },
	{ "mmap", { CALL(mmap), -1 }, ENOMEM, true },
	{ "mprotect", { CALL(mprotect), -1 }, ENOMEM, false },
	{ "ftruncate", { CALL(ftruncate), -1 }, EINTR, false },
	{ "ftruncate", { CALL(ftruncate), -1 }, ENOSPC, true },
	{ "write", { CALL(write), CALL(writev), -1 }, EINTR, false },
	{ "write", { CALL(write), CALL(writev), -1 }, ENOSPC, false },
	{ "write", { CALL(write), CALL(writev), -1 }, EIO, true },
	{ "read", { CALL(read), CALL(pread64), -1 }, EINTR, false },
	{ "read", { CALL(read), CALL(pread64), -1 }, EIO, false },
	{ "openat", { CALL(openat), CALL(open), -1 }, EMFILE, false },
	{ "openat", { CALL(openat), CALL(open), -1 }, ENOMEM, false },
	{ "openat", { CALL(openat), CALL(open), -1 }, EACCES, false },
	{ "openat", { CALL(openat), CALL(open), -1 }, EMFILE, true },
	{ "stat", { CALL(newfstatat), CALL(fstat), CALL(statx), -1 }, EIO, false },
	{ "stat", { CALL(newfstatat), CALL(fstat), CALL(statx), -1 }, ENOMEM, false },
	{ "readlink", { CALL(readlink), CALL(readlinkat), -1 }, EACCES, false },
	{ "access", { CALL(access), CALL(faccessat2), -1 }, EACCES, false },
	{ "getdents64", { CALL(getdents64), -1 }, ENOENT, false },
	{ "fcntl", { CALL(fcntl), -1 }, EMFILE, false },
	{ "fcntl", { CALL(fcntl), -1 }, EPERM, true },
	{ "dup2", { CALL(dup2), CALL(dup3), -1 }, EBUSY, false },
	{ "close_range", { CALL(close_range), -1 }, ENOSYS, true },
	{ "socketpair", { CALL(socketpair), -1 }, EMFILE, false },
	{ "sendto", { CALL(sendto), CALL(sendmsg), -1 }, ENOBUFS, false },
	{ "recvfrom", { CALL(recvfrom), CALL(recvmsg), -1 }, EINTR, false },
	{ "pidfd_open", { CALL(pidfd_open), -1 }, EMFILE, false },
	{ "pidfd_open", { CALL(pidfd_open), -1 }, EPERM, false },
	{ "pidfd_open", { CALL(pidfd_open), -1 }, ENOSYS, true },
	{ "eventfd2", { CALL(eventfd2), -1 }, EMFILE, false },
	{ "signalfd4", { CALL(signalfd4), -1 }, EMFILE, false },
	{ "epoll_create1", { CALL(epoll_create1), -1 }, EMFILE, false },
	{ "epoll_ctl", { CALL(epoll_ctl), -1 }, ENOMEM, false },
	{ "epoll_ctl", { CALL(epoll_ctl), -1 }, ENOSPC, true },
	{ "epoll_wait", { CALL(epoll_wait), CALL(epoll_pwait), CALL(epoll_pwait2), -1 }, EINTR, false },
	{ "epoll_wait", { CALL(epoll_wait), CALL(epoll_pwait), CALL(epoll_pwait2), -1 }, EBADF, false },
	{ "epoll_wait", { CALL(epoll_wait), CALL(epoll_pwait), CALL(epoll_pwait2), -1 }, EBADF, true },
	{ "io_uring_setup", { CALL(io_uring_setup), -1 }, ENOMEM, false },
	{ "io_uring_register", { CALL(io_uring_register), -1 }, ENOMEM, false },
	{ "io_uring_enter", { CALL(io_uring_enter), -1 }, EINTR, false },
	{ "io_uring_enter", { CALL(io_uring_enter), -1 }, EAGAIN, false },
	{ "io_uring_enter", { CALL(io_uring_enter), -1 }, EBUSY, false },
	{ "io_uring_enter", { CALL(io_uring_enter), -1 }, ENOMEM, false },
	{ "io_uring_enter", { CALL(io_uring_enter), -1 }, EPERM, true },
	{ "poll", { CALL(poll), CALL(ppoll), -1 }, EINTR, false },
	{ "poll", { CALL(poll), CALL(ppoll), -1 }, ENOMEM, false },
	{ "wait", { CALL(wait4), CALL(waitid), -1 }, EINTR, false },
	{ "kill", { CALL(kill), -1 }, EPERM, false },
	{ "prctl", { CALL(prctl), -1 }, EPERM, true },
	{ "setsid", { CALL(setsid), -1 }, EPERM, false },
	{ "setsid", { CALL(setsid), -1 }, EPERM, true },
	{ "chdir", { CALL(chdir), -1 }, EACCES, false },
	{ "sigaction", { CALL(rt_sigaction), -1 }, EINVAL, false },
	{ "affinity", { CALL(sched_getaffinity), CALL(sched_setaffinity), -1 }, EINVAL, false },
	{ "affinity", { CALL(sched_getaffinity), CALL(sched_setaffinity), -1 }, EPERM, true },
	{ "getrandom", { CALL(getrandom), -1 }, EINTR, false },
	{ "getrandom", { CALL(getrandom), -1 }, ENOSYS, true },
	{ "prlimit64", { CALL(prlimit64), CALL(getrlimit), -1 }, EPERM, false },
	{ "unlink", { CALL(unlink), CALL(rename), CALL(mkdir), -1 }, EIO, false },
};
#define NROWS (sizeof(rows) / sizeof(rows[0]))

static char program[PATH_MAX];
/* With the program's argument only rows of that name. */
static const char *only;

static void injector_init(struct injector *in, const struct row *row)
{
	*in = (struct injector){ .program = program, .errnum = row->errnum };
	while (in->ncalls < 4 && row->calls[in->ncalls] != -1) {
		in->calls[in->ncalls] = row->calls[in->ncalls];
		in->ncalls++;
	}
}

/* How many such calls an undisturbed proctor makes. */
static unsigned count_places(const struct row *row, const char *word, const char *const *args)
{
	struct injector in;
	struct trial t;
	unsigned n = 0;

	injector_init(&in, row);
	inject_begin(&in);
	trial_start(&t, &(struct trial_setup){ .word = word, .args = args,
					       .before_exec = inject_child, .data = &in });
	if (!trial_wait(&t, DEADLINE_MS))
		fail_msg("with %s only counted the run did not end; stderr: %s", row->name, t.err);
	trial_end(&t);
	inject_end(&in);
	for (unsigned i = 0; i < in.ncalls; i++)
		n += in.seen[i];
	return n;
}

/*
 * A sanitizer's runtime makes calls of its own (to find a thread's stack it asks for the affinity)
 * and ends the process, by a signal or with status 1, where one fails: that says nothing about proctor.
 */
static bool died_of_its_sanitizer(const struct trial *t)
{
	const char *san = getenv("SAN");

	return san && *san && strstr(t->err, "Sanitizer: CHECK failed:");
}

static void fail_at(struct tally *tally, const struct truth *truth, const char *const *args,
		    const struct row *row, unsigned from)
{
	char title[96], problem[600];
	struct injector in;
	struct trial t;
	bool in_time;

	injector_init(&in, row);
	in.from = from;
	in.upto = row->for_good ? UINT_MAX : from;
	snprintf(title, sizeof(title), "%s %u%s: %s", row->name, from,
		 row->for_good ? " and all after it" : "", strerrorname_np(row->errnum));
	inject_begin(&in);
	trial_start(&t, &(struct trial_setup){ .args = args, .before_exec = inject_child,
					       .data = &in });
	in_time = trial_wait(&t, DEADLINE_MS);
	trial_judge(&t, in_time, truth, problem, sizeof(problem));
	if (in.nfailed > 0 && !died_of_its_sanitizer(&t))
		tally_add(tally, &t, title, *problem ? problem : NULL);
	trial_end(&t);
	inject_end(&in);
}

/* A sanitizer's own runtime does not go on without its memory. */
static bool row_applies(const struct row *row)
{
	const char *san = getenv("SAN");

	return (!san || !*san || (row->calls[0] != SYS_mmap && row->calls[0] != SYS_mprotect)) &&
	       (!only || strcmp(only, row->name) == 0);
}

/* At each place, or at some of them if there are more than `most`. */
static void fail_row(struct tally *tally, const struct truth *truth, const char *const *args,
		     const struct row *row, unsigned most)
{
	/* The first are the loader's, before main(). */
	unsigned early = count_places(row, "--version", WORDS(NULL));
	unsigned total = count_places(row, NULL, args), nplaces = total > early ? total - early : 0;

	for (unsigned i = 1; i <= nplaces && i <= most; i++)
		fail_at(tally, truth, args, row, early + (nplaces <= most ? i : 1 + draw(nplaces)));
}

static void failures_are_survived(void **state)
{
	const char *const *args = *state;
	struct tally tally = { .what = "system calls failed" };
	unsigned sample = SAMPLE;
	struct truth truth;

	if (!inject_possible())
		skip();
	truth_find(&truth, &(struct trial_setup){ .args = args });
	while (!soaking() && sample-- > 0) {
		const struct row *row = &rows[draw(NROWS)];

		if (row_applies(row))
			fail_row(&tally, &truth, args, row, 1);
	}
	for (size_t r = 0; soaking() && r < NROWS; r++)
		if (row_applies(&rows[r]))
			fail_row(&tally, &truth, args, &rows[r], PLACES_MAX);
	truth_fini(&truth);
	tally_end(&tally);
}

int main(int argc, char **argv)
{
	const char *const *args = WORDS("--test-threads=2", "--timeout=10s", "--grace=100ms",
					"--on-crash=continue", suite_path("soak/libmixed.so"),
					suite_path("soak/libfine.so"), suite_path("entry/libentry.so"),
					suite_path("exe_options/fails"),
					suite_path("exe_options/passes"));
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_prestate(failures_are_survived, (void *)args),
	};
	const char *proctor = getenv("PROCTOR");

	if (argc > 1)
		only = argv[1];
	if (!realpath(proctor ? proctor : "build/proctor", program))
		return 1;
	/* The leak sanitizer's own calls fail as well. */
	setenv("ASAN_OPTIONS", "detect_leaks=0", 1);
	return cmocka_run_group_tests_name("faults", tests, NULL, NULL);
}
