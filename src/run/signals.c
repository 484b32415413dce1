/* SPDX-License-Identifier: MIT */
#include "run/signals.h"

#include "base/clock.h"
#include "base/container.h"
#include "run/life.h"
#include "run/orphans.h"
#include "run/words.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

/* How far up a sender's ancestors are followed. */
#define ANCESTORS_MAX 64

static const int stop_signals[] = { SIGINT, SIGTERM, SIGHUP };

/* The SigBlk line of a thread's status. */
static bool thread_blocks_sigchld(const char *tid)
{
	char path[64], line[128];
	unsigned long long blocked = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/task/%.20s/status", tid);
	file = fopen(path, "re");
	if (!file)
		return true;	/* it has ended */
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "SigBlk: %llx", &blocked) == 1)
			break;
	fclose(file);
	return blocked >> (SIGCHLD - 1) & 1;
}

static int signals_check_threads(struct proctor_error *err)
{
	DIR *dir = opendir("/proc/self/task");
	struct dirent *entry;
	int ret = 0;

	while (dir && ret == 0 && (entry = readdir(dir))) {
		if (!isdigit((unsigned char)entry->d_name[0]) || atoi(entry->d_name) == gettid())
			continue;
		if (!thread_blocks_sigchld(entry->d_name))
			ret = error_set(err, -EBUSY, "cannot own the process: its thread %s has "
					"SIGCHLD unblocked", entry->d_name);
	}
	if (dir)
		closedir(dir);
	return ret;
}

/* Did a test send it? Then the sender is below us; `*host` is the one it came from, or NULL if its
 * start has not been posted yet. */
static bool signals_from_test(struct supervisor *sup, int pid, struct host **host)
{
	int self = getpid();

	*host = NULL;
	supervisor_posts(sup);
	for (int i = 0; i < ANCESTORS_MAX && pid > 1 && pid != self; i++) {
		int parent = process_parent(pid);

		for (struct host *h = sup->hosts; h && !*host; h = h->next)
			if (h->pid == pid)
				*host = h;
		if (parent == self)
			return true;
		pid = parent;
	}
	return *host != NULL;
}

/* What runs in a host. Its phase is PROGRESS_TEST only where a test does. */
static struct progress host_progress(struct host *h, struct host_work *work)
{
	struct hand_out out;
	struct progress p = { .phase = PROGRESS_ENDING };

	pthread_mutex_lock(&h->lock);
	*work = h->work;
	out = host_hand_out_of(h, work);
	if (work->busy && (h->state == HOST_RUNNING || h->state == HOST_STOPPING ||
			   h->state == HOST_KILLED))
		p = progress_read(&out, clock_us());
	pthread_mutex_unlock(&h->lock);
	return p;
}

static void signals_disobey(struct supervisor *sup, struct host *h, int signo, int pid)
{
	char name[WORDS_BYTES];
	struct host_work work;
	struct progress p = host_progress(h, &work);

	/* Between two tests it is the former's doing: it may have been on its way. */
	h->sender_serial = work.serial + p.nended -
			   (p.phase != PROGRESS_TEST && p.nended > 0 ? 1 : 0);
	h->sender_signal = signo;
	supervisor_note(sup, "%s from process %d of a test in %s was not obeyed",
			signal_name(signo, name, sizeof(name)), pid,
			work.task.suite ? work.task.suite->name : "?");
}

/* The test that runs in a host, or NULL. */
static const char *host_running_id(struct host *h)
{
	struct host_work work;
	struct progress p = host_progress(h, &work);

	return p.phase == PROGRESS_TEST ? run_test(h->run, work.task.first + p.nended)->pub.id : NULL;
}

/* What is known at the first interrupt: people want to see that it was heard, and what hangs. */
static void signals_tell(struct supervisor *sup, int signo)
{
	size_t ndone = sup->run->plan->ntests * sup->run->options.repeat - sup->nunfinished;
	char name[WORDS_BYTES], running[512] = "";
	size_t n = 0;

	for (struct host *h = sup->hosts; h && n < sizeof(running); h = h->next) {
		const char *id = host_running_id(h);

		if (id)
			n += (size_t)snprintf(running + n, sizeof(running) - n, "%s%s",
					      n ? ", " : "; stopping ", id);
	}
	supervisor_note(sup, "interrupted by %s: %zu tests are done%s", signal_name(signo, name,
			sizeof(name)), ndone, running);
}

void signals_started(struct supervisor *sup, struct host *host)
{
	if (sup->early_pid != host->pid)
		return;
	signals_disobey(sup, host, sup->early_signal, sup->early_pid);
	sup->early_pid = 0;
}

static void signals_stop(struct supervisor *sup, int signo)
{
	char name[WORDS_BYTES];

	if (sup->stop_signal != 0) {
		supervisor_stop(sup, STOPPING_KILLED);
		return;
	}
	sup->stop_signal = signo;
	supervisor_reason(sup, "the run was ended by %s", signal_name(signo, name, sizeof(name)));
	supervisor_stop(sup, STOPPING_ASKED);
	signals_tell(sup, signo);
}

static void signals_group(struct supervisor *sup, int signo)
{
	for (struct host *h = sup->hosts; h; h = h->next)
		if (h->pid > 0)
			spawned_signal(h->pid, h->group, signo);
}

/* Ctrl-Z: the tests stand still, and their deadlines with them. */
static void signals_suspend(struct supervisor *sup)
{
	uint64_t from_us = clock_us();

	signals_group(sup, SIGSTOP);
	kill(getpid(), SIGSTOP);
	signals_group(sup, SIGCONT);
	supervisor_paused(sup, from_us, clock_us());
}

static void signals_one(struct supervisor *sup, const struct signalfd_siginfo *si)
{
	int pid = (int)si->ssi_pid, signo = (int)si->ssi_signo;
	struct host *sender;

	switch (si->ssi_signo) {
	case SIGCHLD:
		orphans_reap();
		life_orphan_ended(sup);
		break;
	case SIGTSTP:
		signals_suspend(sup);
		break;
	default:
		/* Positive codes come from the kernel, as Ctrl-C does. */
		if (si->ssi_code > 0 || !signals_from_test(sup, pid, &sender)) {
			signals_stop(sup, signo);
		} else if (sender) {
			signals_disobey(sup, sender, signo, pid);
		} else {
			sup->early_pid = pid;
			sup->early_signal = signo;
		}
	}
}

void signals_take(struct supervisor *sup)
{
	struct signalfd_siginfo si;

	while (sup->signals.fd >= 0 && read(sup->signals.fd, &si, sizeof(si)) == (ssize_t)sizeof(si))
		signals_one(sup, &si);
}

static bool signal_ignored(int signo)
{
	struct sigaction sa;

	return sigaction(signo, NULL, &sa) == 0 && sa.sa_handler == SIG_IGN;
}

int signals_cancel_fd(struct supervisor *sup)
{
	sigset_t set;

	if (sup->signals.fd < 0)
		return -1;
	sigemptyset(&set);
	for (size_t i = 0; i < ARRAY_SIZE(stop_signals); i++)
		if (!signal_ignored(stop_signals[i]))
			sigaddset(&set, stop_signals[i]);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static void signals_read(struct stream *s, const char *bytes, size_t nbytes, int error)
{
	(void)bytes, (void)nbytes, (void)error;
	signals_take(container_of(s, struct supervisor, signals));
}

static void signals_restore(struct supervisor *sup)
{
	signal(SIGCHLD, sup->run->inherited.sigchld_ignored ? SIG_IGN : SIG_DFL);
	prctl(PR_SET_CHILD_SUBREAPER, sup->saved_subreaper);
	pthread_sigmask(SIG_SETMASK, &sup->saved_mask, NULL);
}

int signals_open(struct supervisor *sup, struct proctor_error *err)
{
	sigset_t set;
	int ret;

	if (gettid() < 0)
		return error_set(err, -ENOSYS, "cannot own the process: gettid is refused");
	if (getpid() != gettid())
		return error_set(err, -EBUSY, "cannot own the process: this is not its first thread");
	ret = signals_check_threads(err);
	if (ret < 0)
		return ret;
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	/* What was ignored when proctor was started stays so: nohup, a job in the background. */
	for (size_t i = 0; i < ARRAY_SIZE(stop_signals); i++)
		if (!signal_ignored(stop_signals[i]))
			sigaddset(&set, stop_signals[i]);
	if (!signal_ignored(SIGTSTP))
		sigaddset(&set, SIGTSTP);
	pthread_sigmask(SIG_BLOCK, &set, &sup->saved_mask);
	prctl(PR_GET_CHILD_SUBREAPER, &sup->saved_subreaper);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	/* An ignored SIGCHLD would have the kernel reap, and no status would be left. */
	signal(SIGCHLD, SIG_DFL);
	signal(SIGPIPE, SIG_IGN);
	sup->signals = (struct stream){ .fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK),
					.kind = STREAM_READY, .call = signals_read };
	if (sup->signals.fd < 0) {
		ret = error_sys(err, errno, "cannot make a signalfd");
		signals_restore(sup);
		signals_restore_pipe(sup);
	}
	return ret;
}

void signals_close(struct supervisor *sup)
{
	struct signalfd_siginfo si;

	if (sup->signals.fd < 0)
		return;
	while (read(sup->signals.fd, &si, sizeof(si)) == (ssize_t)sizeof(si))
		continue;
	if (sup->signals.started)
		sup->ops->stop(sup->lp, &sup->signals);
	close(sup->signals.fd);
	sup->signals.fd = -1;
	signals_restore(sup);
}

void signals_restore_pipe(struct supervisor *sup)
{
	if (sup->run->options.own_process)
		signal(SIGPIPE, sup->run->inherited.sigpipe_ignored ? SIG_IGN : SIG_DFL);
}
