/* SPDX-License-Identifier: MIT */
#include "run/signals.h"

#include "base/clock.h"
#include "base/container.h"
#include "base/crash_words.h"
#include "base/duration_words.h"
#include "hosts/exit_suite.h"
#include "run/life.h"
#include "run/orphans.h"
#include "run/sender.h"
#include "run/signal_use.h"

#include <ctype.h>
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

/* How far a host is with its work; all zero if it is idle. */
static struct progress host_progress(struct watch *h, struct host_work *work)
{
	struct host_shared *shared = &h->host->shared;
	struct progress p = { 0 };
	struct hand_out out;

	pthread_mutex_lock(&shared->lock);
	*work = shared->work;
	out = host_hand_out_of(h->host, work);
	if (work->busy)
		p = progress_read(&out, clock_us());
	pthread_mutex_unlock(&shared->lock);
	return p;
}

/* The test that runs in a host, or the host's exit, and since when; NULL: none does. The name of an
 * exit is written to `ending`, of EXIT_NAME_BYTES. */
static const char *host_running(struct watch *h, uint64_t *since_us, char *ending)
{
	struct host_work work;
	struct progress p = host_progress(h, &work);
	bool lives = h->state == HOST_RUNNING || h->state == HOST_STOPPING || h->state == HOST_KILLED;

	*since_us = p.since_us;
	if (!lives || !work.busy)
		return NULL;
	/* From then on its worker waits, and its suites stay the same. */
	if (work.ending && h->host->nsuites > 0) {
		exit_suite_name(h->host, ending, EXIT_NAME_BYTES);
		return ending;
	}
	return p.phase == PROGRESS_TEST ?
	       run_test(h->run, work.task.first + p.nended)->pub.id : NULL;
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
static void signals_disobey(struct supervisor *sup, struct watch *h, int signo, int pid)
{
	char name[WORDS_BYTES];
	struct host_work work;
	struct progress p = host_progress(h, &work);
	unsigned at = work_blamed(&work, &p);
	uint32_t serial = work.ending ? MARKER_LAST : work.serial + at;
	struct sent *sent = watch_sent(h, serial);

	if (sent->serial != serial)
		*sent = (struct sent){ .serial = serial };
	if (sent->signals >> (signo - 1) & 1)
		return;
	sent->signals |= UINT64_C(1) << (signo - 1);
	writer_note(&sup->run->writer, "%s from process %d of %s%s was not obeyed",
			signal_name(signo, name, sizeof(name)), pid,
			work.ending ? "a host at its exit, after " : "", work.task.ntests > 0 ?
			run_test(h->run, work.task.first + at)->pub.id : "a test");
}

static void signals_disobey_orphan(struct supervisor *sup, int signo, int pid)
{
	char name[WORDS_BYTES];

	signal_name(signo, name, sizeof(name));
	writer_note(&sup->run->writer, "%s from process %d, which a test had left behind, was not obeyed",
			name, pid);
}

static void signals_disobey_early(struct supervisor *sup, int signo, int pid)
{
	char name[WORDS_BYTES];

	signal_name(signo, name, sizeof(name));
	writer_note(&sup->run->writer, "%s from process %d, which belongs to the run and ran no test, was not "
			"obeyed", name, pid);
}

/* The kernel tells a file's owner of it, and whoever has opened a file may name any process its owner.
 * What is sent by no process otherwise, as by Ctrl-C or an alarm, has the code SI_KERNEL. */
static bool signal_is_of_file(const struct signalfd_siginfo *si)
{
	return si->ssi_code == SI_SIGIO || (si->ssi_code > 0 && si->ssi_code != SI_KERNEL) ||
	       (si->ssi_code == SI_KERNEL && si->ssi_signo == SIGIO);
}

/* It may come with every byte of the file: told once. */
static void signals_disobey_file(struct supervisor *sup, int signo)
{
	char name[WORDS_BYTES];

	if (sup->of_files >> (signo - 1) & 1)
		return;
	sup->of_files |= UINT64_C(1) << (signo - 1);
	writer_note(&sup->run->writer, "%s, by which the kernel told of a file that some process had opened, was "
			"not obeyed", signal_name(signo, name, sizeof(name)));
}

/* A worker starts one host at a time, so there is room for all. */
static void signals_early(struct supervisor *sup, int signo, int pid, int host_pid)
{
	unsigned i = 0;

	while (i < sup->nearly && sup->early[i].host_pid != host_pid)
		i++;
	if (i == ARRAY_SIZE(sup->early)) {
		signals_disobey_early(sup, signo, pid);
		return;
	}
	if (i == sup->nearly)
		sup->early[sup->nearly++] = (struct early){ .host_pid = host_pid, .pid = pid };
	sup->early[i].signals |= UINT64_C(1) << (signo - 1);
}

void signals_started(struct supervisor *sup, struct watch *host)
{
	unsigned i = 0;

	while (i < sup->nearly && sup->early[i].host_pid != host->pid)
		i++;
	if (i == sup->nearly)
		return;
	for (int signo = 1; signo <= 64; signo++)
		if (sup->early[i].signals >> (signo - 1) & 1)
			signals_disobey(sup, host, signo, sup->early[i].pid);
	sup->early[i] = sup->early[--sup->nearly];
}

void signals_note_early(struct supervisor *sup)
{
	for (; sup->nearly > 0; sup->nearly--) {
		const struct early *early = &sup->early[sup->nearly - 1];

		for (int signo = 1; signo <= 64; signo++)
			if (early->signals >> (signo - 1) & 1)
				signals_disobey_early(sup, signo, early->pid);
	}
}

/* "a, b and 3 more": the tests that run; "" if none does. */
static void signals_running(struct supervisor *sup, char *words, size_t nwords)
{
	char ending[EXIT_NAME_BYTES];
	size_t n = 0, nmore = 0;

	words[0] = '\0';
	for (struct watch *h = sup->hosts; h; h = h->next) {
		uint64_t since_us;
		const char *id = host_running(h, &since_us, ending);

		if (id && n + strlen(id) + 32 < nwords)
			n += (size_t)snprintf(words + n, nwords - n, "%s%s", n ? ", " : "", id);
		else if (id)
			nmore++;
	}
	if (nmore > 0)
		snprintf(words + n, nwords - n, "%s%zu more", n ? " and " : "", nmore);
}

/* What is known at the first interrupt: people want to see that it was heard, and what hangs. */
static void signals_tell(struct supervisor *sup, int signo, const char *running)
{
	size_t ndone = sup->run->plan->ntests * sup->run->options.repeat - sup->nunfinished;
	char name[WORDS_BYTES];

	writer_note(&sup->run->writer, "interrupted by %s: %zu tests are done%s%s", signal_name(signo, name,
			sizeof(name)), ndone, *running ? "; stopping " : "", running);
}

/* `doubt`: why it may have been of a test, if one ran; NULL: it was not. */
static void signals_end(struct supervisor *sup, int signo, int pid, const char *doubt)
{
	char name[WORDS_BYTES], running[400];
	uint64_t now_us = clock_us();

	if (sup->stop_signal != 0) {
		if (now_us - sup->interrupted_us >= SAME_INTERRUPT_US) {
			sup->ninterrupts++;
			supervisor_stop(sup, STOPPING_KILLED);
		}
		return;
	}
	sup->ninterrupts++;
	/* Hosts that were just started run tests, too. */
	supervisor_meet(sup);
	sup->stop_signal = signo;
	sup->interrupted_us = now_us;
	signals_running(sup, running, sizeof(running));
	signal_name(signo, name, sizeof(name));
	if (doubt && *running)
		supervisor_reason(sup, "the run was ended by %s from process %d, which %s; these "
				  "ran: %s", name, pid, doubt, running);
	else
		supervisor_reason(sup, "the run was ended by %s", name);
	supervisor_stop(sup, STOPPING_ASKED);
	signals_tell(sup, signo, running);
}

/* A line for each test that runs, for whoever asked. */
static void signals_show(struct supervisor *sup)
{
	struct writer_entry *e = writer_entry_new(PROCTOR_RUNNING, clock_us());
	size_t ndone = sup->run->plan->ntests * sup->run->options.repeat - sup->nunfinished;
	char words[WORDS_BYTES], ending[EXIT_NAME_BYTES], *text = NULL;
	FILE *file = e ? open_memstream(&text, &(size_t){ 0 }) : NULL;
	bool any = false;

	/* Hosts that were just started run tests, too. */
	supervisor_meet(sup);
	for (struct watch *h = sup->hosts; file && h; h = h->next) {
		uint64_t since_us, now_us = clock_us();
		const char *id = host_running(h, &since_us, ending);

		if (!id)
			continue;
		any = true;
		since_us += pauses_within(&sup->run->pauses, since_us, now_us);
		fprintf(file, "%s has run for %s\n", id,
			duration_words(now_us > since_us ? now_us - since_us : 0, words,
				       sizeof(words)));
	}
	if (file && !any)
		fprintf(file, "no test runs; %zu are done\n", ndone);
	if (file && fclose(file) == 0 && text) {
		e->event.text = e->own_text = text;
		writer_add(&sup->run->writer, e);
		return;
	}
	sup->run->writer.lost = true;
	free(text);
	if (e)
		writer_entry_free(e);
}

static void signals_group(struct supervisor *sup, int signo)
{
	for (struct watch *h = sup->hosts; h; h = h->next)
		if (h->pid > 0)
			spawned_signal(h->pid, h->group, signo);
}

/* Ctrl-Z: the tests stand still, and their deadlines with them. */
static void signals_suspend(struct supervisor *sup, int signo)
{
	uint64_t from_us = clock_us();

	if (!job_can_stop())
		return;
	supervisor_meet(sup);
	signals_group(sup, SIGSTOP);
	job_stop(signo);
	signals_group(sup, SIGCONT);
	supervisor_paused(sup, from_us, clock_us());
}

static void signals_obey(struct supervisor *sup, int signo, int pid, const char *doubt)
{
	switch (signal_use(signo)) {
	case SIGNAL_SHOW:
		signals_show(sup);
		break;
	case SIGNAL_STOP:
		signals_suspend(sup, signo);
		break;
	case SIGNAL_END:
		signals_end(sup, signo, pid, doubt);
		break;
	case SIGNAL_CHILD:
	case SIGNAL_LEFT:
		break;
	}
}

static void signals_one(struct supervisor *sup, const struct signalfd_siginfo *si)
{
	int pid = (int)si->ssi_pid, signo = (int)si->ssi_signo;
	struct sender sender = { .kind = SENDER_STRANGER };

	if (signal_is_of_file(si)) {
		signals_disobey_file(sup, signo);
		return;
	}
	/* Positive codes come from the kernel, as Ctrl-C does. */
	if (si->ssi_code <= 0)
		sender = sender_find(sup, pid);
	switch (sender.kind) {
	case SENDER_STRANGER:
		signals_obey(sup, signo, pid, NULL);
		break;
	case SENDER_GONE:
		signals_obey(sup, signo, pid, "was gone before it could be looked at and may have "
			     "been of a test");
		break;
	case SENDER_UNKNOWN:
		signals_obey(sup, signo, pid, "may have been of a test or may not");
		break;
	case SENDER_EARLY:
		signals_early(sup, signo, pid, (int)sender.number);
		break;
	case SENDER_TEST:
		if (sender.host)
			signals_disobey(sup, sender.host, signo, pid);
		else
			signals_disobey_orphan(sup, signo, pid);
		break;
	}
}

void signals_take(struct supervisor *sup)
{
	struct signalfd_siginfo si;
	bool orphan_ended = false;

	/* One leads to posts, which begin by taking signals. */
	if (sup->taking)
		return;
	sup->taking = true;
	while (sup->signals.fd >= 0 && read(sup->signals.fd, &si, sizeof(si)) == (ssize_t)sizeof(si))
		if (si.ssi_signo == SIGCHLD)
			orphan_ended = true;
		else
			signals_one(sup, &si);
	sup->taking = false;
	if (!orphan_ended)
		return;
	/* Last: who is reaped can be told no more, and whose host is over is told of. */
	orphans_reap(&sup->orphans);
	life_orphan_ended(sup);
}

/* What was ignored when proctor was started stays so (nohup, a job in the background), and what has a
 * handler is its owner's. */
static bool signal_is_default(int signo)
{
	struct sigaction sa;

	return sigaction(signo, NULL, &sa) == 0 && sa.sa_handler == SIG_DFL;
}

static void signals_of_use(sigset_t *set, bool all)
{
	sigemptyset(set);
	for (int signo = 1; signo < NSIG; signo++) {
		enum signal_use use = signal_use(signo);

		if (use == SIGNAL_END ? signal_is_default(signo) :
		    all && (use == SIGNAL_CHILD ||
			    (use != SIGNAL_LEFT && signal_is_default(signo))))
			sigaddset(set, signo);
	}
}

int signals_cancel_fd(struct supervisor *sup)
{
	sigset_t set;

	if (sup->signals.fd < 0)
		return -1;
	signals_of_use(&set, false);
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
	if (ret == 0)
		ret = orphans_open(&sup->orphans, err);
	if (ret < 0)
		return ret;
	signals_of_use(&set, true);
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
		return ret;
	}
	job_open(&sup->job);
	return 0;
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
	job_close(&sup->job);
	signals_restore(sup);
}

void signals_restore_pipe(struct supervisor *sup)
{
	if (sup->run->options.own_process)
		signal(SIGPIPE, sup->run->inherited.sigpipe_ignored ? SIG_IGN : SIG_DFL);
}
