/* SPDX-License-Identifier: MIT */
#include "run/interrupts.h"

#include "base/clock.h"
#include "base/container.h"
#include "base/crash_words.h"
#include "base/process.h"
#include "run/own_signals.h"
#include "run/running.h"
#include "run/sender.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

/* Ctrl-C reaches proctor more than once where npm, timeout(1) or a shell passes it on, too. */
#define SAME_INTERRUPT_US 1000000u

/* The SigBlk line of a thread's status. */
static bool thread_blocks_sigchld(pid_t tid)
{
	char path[64], line[128];
	unsigned long long blocked = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/task/%d/status", (int)tid);
	file = fopen(path, "re");
	if (!file)
		return true;	/* it has ended */
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "SigBlk: %llx", &blocked) == 1)
			break;
	fclose(file);
	return blocked >> (SIGCHLD - 1) & 1;
}

static int check_threads(struct proctor_error *err)
{
	DIR *dir = opendir("/proc/self/task");
	pid_t tid;
	int ret = 0;

	while (dir && ret == 0 && (tid = process_next(dir)) > 0)
		if (tid != gettid() && !thread_blocks_sigchld(tid))
			ret = error_set(err, -EBUSY, "cannot own the process: its thread %d has "
					"SIGCHLD unblocked", (int)tid);
	if (dir)
		closedir(dir);
	return ret;
}

/* Bit `signo` - 1 of a set. False: it was there before. */
static bool signals_add(uint64_t *signals, int signo)
{
	uint64_t bit = UINT64_C(1) << (signo - 1);
	bool before = *signals & bit;

	*signals |= bit;
	return !before;
}

/* Which test of its last task something is the doing of: between two the former's, as it may have
 * been on its way, and the last one's when all have ended. */
static unsigned work_blamed(const struct host_work *work, const struct progress *p)
{
	unsigned last = work->task.ntests > 0 ? work->task.ntests - 1 : 0;
	unsigned at = p->nended - (p->phase != PROGRESS_TEST && p->nended > 0 ? 1 : 0);

	return !work->busy || work->ending || at > last ? last : at;
}

/* Noted with the test, or with the host's exit, and told once for each of them and signal. */
static void disobey(struct interrupts *in, struct watch *h, int signo, int pid)
{
	char name[WORDS_BYTES];
	struct host_work work;
	struct progress p = running_progress(h, &work);
	unsigned at = work_blamed(&work, &p);
	uint32_t serial = work.ending ? MARKER_LAST : work.serial + at;
	struct sent *sent = watch_add_sent(h, serial);

	if (!sent)
		in->run->writer.lost = true;
	else if (signals_add(&sent->signals, signo))
		writer_note(&in->run->writer, "%s from process %d of %s%s was not obeyed",
			    signal_name(signo, name, sizeof(name)), pid,
			    work.ending ? "a host at its exit, after " : "", work.task.ntests > 0 ?
			    run_test(in->run, task_item(&work.task, at))->pub.id : "a test");
}

static void disobey_orphan(struct interrupts *in, int signo, int pid)
{
	char name[WORDS_BYTES];

	writer_note(&in->run->writer, "%s from process %d, which a test had left behind, was not "
		    "obeyed", signal_name(signo, name, sizeof(name)), pid);
}

static void disobey_early(struct interrupts *in, int signo, int pid)
{
	char name[WORDS_BYTES];

	writer_note(&in->run->writer, "%s from process %d, which belongs to the run and ran no "
		    "test, was not obeyed", signal_name(signo, name, sizeof(name)), pid);
}

/* It may come with every byte of the file: told once. */
static void disobey_file(struct interrupts *in, int signo)
{
	char name[WORDS_BYTES];

	if (signals_add(&in->of_files, signo))
		writer_note(&in->run->writer, "%s, by which the kernel told of a file that some "
			    "process had opened, was not obeyed",
			    signal_name(signo, name, sizeof(name)));
}

/* A worker starts one host at a time, so there is room for all. */
static void keep_early(struct interrupts *in, int signo, int pid, int host_pid)
{
	unsigned i = 0;

	while (i < in->nearly && in->early[i].host_pid != host_pid)
		i++;
	if (i == ARRAY_SIZE(in->early)) {
		disobey_early(in, signo, pid);
		return;
	}
	if (i == in->nearly)
		in->early[in->nearly++] = (struct early){ .host_pid = host_pid, .pid = pid };
	signals_add(&in->early[i].signals, signo);
}

void interrupts_met(struct interrupts *in, struct watch *host)
{
	unsigned i = 0;

	while (i < in->nearly && in->early[i].host_pid != host->pid)
		i++;
	if (i == in->nearly)
		return;
	for (int signo = 1; signo <= 64; signo++)
		if (in->early[i].signals >> (signo - 1) & 1)
			disobey(in, host, signo, in->early[i].pid);
	in->early[i] = in->early[--in->nearly];
}

void interrupts_note_early(struct interrupts *in)
{
	for (; in->nearly > 0; in->nearly--) {
		const struct early *early = &in->early[in->nearly - 1];

		for (int signo = 1; signo <= 64; signo++)
			if (early->signals >> (signo - 1) & 1)
				disobey_early(in, signo, early->pid);
	}
}

/* One that is to end the run: the first asks, another one forces. */
static enum request request_end(struct interrupts *in)
{
	uint64_t now_us = clock_us();

	if (in->nobeyed == 0) {
		in->nobeyed = 1;
		in->first_us = now_us;
		return REQUEST_STOP;
	}
	if (now_us - in->first_us < SAME_INTERRUPT_US)
		return REQUEST_NOTHING;
	in->nobeyed++;
	return REQUEST_KILL;
}

static enum request request_of(struct interrupts *in, int signo)
{
	switch (signal_use(signo)) {
	case SIGNAL_SHOW:
		return REQUEST_SHOW;
	case SIGNAL_STOP:
		return job_can_stop() ? REQUEST_SUSPEND : REQUEST_NOTHING;
	case SIGNAL_END:
		return request_end(in);
	case SIGNAL_CHILD:
	case SIGNAL_NOT_TAKEN:
		break;
	}
	return REQUEST_NOTHING;
}

enum request interrupts_judge(struct interrupts *in, struct interrupt *i, struct watch *hosts,
			      const struct orphans *orphans, const char **doubt)
{
	struct sender sender = { .kind = SENDER_STRANGER };

	*doubt = NULL;
	if (i->gone)
		*doubt = "was gone before it could be looked at and may have been of a test";
	else if (i->pid > 0 && i->pid != getpid())
		sender = sender_find(i->pid, &i->stat, hosts, orphans, in->run->run_id);
	switch (sender.kind) {
	case SENDER_UNKNOWN:
		*doubt = "may have been of a test or may not";
		break;
	case SENDER_STRANGER:
		break;
	case SENDER_EARLY:
		keep_early(in, i->signo, i->pid, (int)sender.number);
		return REQUEST_NOTHING;
	case SENDER_TEST:
		if (sender.host)
			disobey(in, sender.host, i->signo, i->pid);
		else
			disobey_orphan(in, i->signo, i->pid);
		return REQUEST_NOTHING;
	}
	return request_of(in, i->signo);
}

/* The kernel tells a file's owner of it, and whoever has opened a file may name any process its owner.
 * What is sent by no process otherwise, as by Ctrl-C or an alarm, has the code SI_KERNEL. */
static bool signal_is_of_file(const struct signalfd_siginfo *si)
{
	return si->ssi_code == SI_SIGIO || (si->ssi_code > 0 && si->ssi_code != SI_KERNEL) ||
	       (si->ssi_code == SI_KERNEL && si->ssi_signo == SIGIO);
}

bool interrupts_next(struct interrupts *in, struct interrupt *i, bool *orphan_ended)
{
	struct signalfd_siginfo si;

	while (in->stream.fd >= 0 && read(in->stream.fd, &si, sizeof(si)) == (ssize_t)sizeof(si)) {
		if (si.ssi_signo == SIGCHLD) {
			*orphan_ended = true;
		} else if (signal_is_of_file(&si)) {
			disobey_file(in, (int)si.ssi_signo);
		} else {
			/* Positive codes come from the kernel, as Ctrl-C does. A sender with the
			 * number 0 is in a pid namespace that this one does not see, so no test's. */
			*i = (struct interrupt){ .signo = (int)si.ssi_signo,
						 .pid = si.ssi_code <= 0 ? (int)si.ssi_pid : 0 };
			i->gone = i->pid > 0 && !process_stat(i->pid, &i->stat);
			return true;
		}
	}
	return false;
}

/* What was ignored when proctor was started stays so (nohup, a job in the background), and what has a
 * handler is its owner's. */
static bool signal_is_default(int signo)
{
	struct sigaction sa;

	return sigaction(signo, NULL, &sa) == 0 && sa.sa_handler == SIG_DFL;
}

static void interrupts_set(sigset_t *set, bool all)
{
	sigemptyset(set);
	for (int signo = 1; signo < NSIG; signo++) {
		enum signal_use use = signal_use(signo);

		if (use == SIGNAL_END ? signal_is_default(signo) :
		    all && (use == SIGNAL_CHILD ||
			    (use != SIGNAL_NOT_TAKEN && signal_is_default(signo))))
			sigaddset(set, signo);
	}
}

int interrupts_cancel_fd(const struct interrupts *in)
{
	sigset_t set;

	if (in->stream.fd < 0)
		return -1;
	interrupts_set(&set, false);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static void restore(const struct interrupts *in)
{
	signal(SIGCHLD, in->run->inherited.sigchld_ignored ? SIG_IGN : SIG_DFL);
	prctl(PR_SET_CHILD_SUBREAPER, in->saved_subreaper);
	pthread_sigmask(SIG_SETMASK, &in->saved_mask, NULL);
}

int interrupts_open(struct interrupts *in, struct run *run, struct proctor_error *err)
{
	sigset_t set;
	int ret;

	*in = (struct interrupts){ .run = run, .stream = { .fd = -1, .kind = STREAM_READY } };
	if (gettid() < 0)
		return error_set(err, -ENOSYS, "cannot own the process: gettid is refused");
	if (getpid() != gettid())
		return error_set(err, -EBUSY, "cannot own the process: this is not its first thread");
	ret = check_threads(err);
	if (ret < 0)
		return ret;
	interrupts_set(&set, true);
	pthread_sigmask(SIG_BLOCK, &set, &in->saved_mask);
	prctl(PR_GET_CHILD_SUBREAPER, &in->saved_subreaper);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	/* An ignored SIGCHLD would have the kernel reap, and no status would be left. */
	signal(SIGCHLD, SIG_DFL);
	signal(SIGPIPE, SIG_IGN);
	in->stream.fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (in->stream.fd < 0) {
		ret = error_sys(err, errno, "cannot make a signalfd");
		restore(in);
		interrupts_restore_pipe(in);
		return ret;
	}
	job_open(&in->job);
	return 0;
}

void interrupts_close(struct interrupts *in)
{
	struct signalfd_siginfo si;

	if (in->stream.fd < 0)
		return;
	while (read(in->stream.fd, &si, sizeof(si)) == (ssize_t)sizeof(si))
		continue;
	close(in->stream.fd);
	in->stream.fd = -1;
	job_close(&in->job);
	restore(in);
}

void interrupts_restore_pipe(const struct interrupts *in)
{
	signal(SIGPIPE, in->run->inherited.sigpipe_ignored ? SIG_IGN : SIG_DFL);
}
