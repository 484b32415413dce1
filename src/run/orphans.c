/* SPDX-License-Identifier: MIT */
#include "run/orphans.h"

#include "run/stuck.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* If `entry` is the variable `name`, copies its value to `buf`. */
static bool entry_value(const char *entry, const char *name, char *buf, size_t nbuf)
{
	size_t nname = strlen(name);

	if (strncmp(entry, name, nname) != 0 || entry[nname] != '=')
		return false;
	snprintf(buf, nbuf, "%s", entry + nname + 1);
	return true;
}

/* Looks up a variable in the environment that `pid` was started with. Allocates nothing: a lack of
 * memory must not hide whose a process is. So the file is read piece by piece, and only the
 * beginning of each entry is kept. */
static bool process_variable(int pid, const char *name, char *buf, size_t nbuf)
{
	char path[64], chunk[4096], entry[512] = "";
	size_t nentry = 0;
	bool found = false;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/environ", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	while (!found && (n = read(fd, chunk, sizeof(chunk))) > 0)
		for (ssize_t i = 0; i < n && !found; i++) {
			if (chunk[i] != '\0') {
				if (nentry < sizeof(entry) - 1)
					entry[nentry++] = chunk[i];
				continue;
			}
			entry[nentry] = '\0';
			nentry = 0;
			found = entry_value(entry, name, buf, nbuf);
		}
	close(fd);
	entry[nentry] = '\0';
	return found || entry_value(entry, name, buf, nbuf);
}

uint64_t process_host(int pid, const char *run_id)
{
	char id[64], number[32];

	if (!process_variable(pid, "PROCTOR_RUN_ID", id, sizeof(id)) || strcmp(id, run_id) != 0 ||
	    !process_variable(pid, "PROCTOR_HOST", number, sizeof(number)))
		return 0;
	return strtoull(number, NULL, 10);
}

/* What is said of an orphan, taken while it lives: a dead one has no command line. */
struct orphan_words {
	char what[PROCESS_WORDS_BYTES];
	char test[256];		/* that left it, by its environment; "": not known */
};

static void orphan_words(int pid, struct orphan_words *words)
{
	process_words(pid, words->what, sizeof(words->what));
	if (!process_variable(pid, "PROCTOR_TEST", words->test, sizeof(words->test)))
		words->test[0] = '\0';
}

/* Appends a line that names the orphan; with `whose`, and where that is known, also the test that
 * left it. `errnum`: why it could not be killed; 0: it was. False: no memory. */
static bool orphan_name(int pid, const struct orphan_words *words, int errnum, bool whose,
			char **lines)
{
	char why[STUCK_BYTES] = "", *longer;

	whose = whose && words->test[0];
	if (errnum != 0)
		stuck_words(pid, errnum, why, sizeof(why));
	if (asprintf(&longer, "%s%s%s%s%s%s%s%s", *lines ? *lines : "", *lines ? "\n" : "",
		     words->what, whose ? ", left by " : "", whose ? words->test : "",
		     *why ? " (could not be killed: " : "", why, *why ? ")" : "") < 0)
		return false;
	free(*lines);
	*lines = longer;
	return true;
}

static struct orphan *orphan_seen(const struct orphans *o, int pid, uint64_t started)
{
	for (size_t i = 0; i < o->nseen; i++)
		if (o->seen[i].pid == pid && o->seen[i].started == started)
			return &o->seen[i];
	return NULL;
}

/* Without memory it is not noted, and will be named a second time. */
static void orphan_note(struct orphans *o, int pid, uint64_t started, bool hopeless)
{
	struct orphan *longer = reallocarray(o->seen, o->nseen + 1, sizeof(*longer));

	if (!longer)
		return;
	o->seen = longer;
	o->seen[o->nseen++] = (struct orphan){ .pid = pid, .started = started,
					       .hopeless = hopeless };
}

/* Children of this thread, as they were at one moment. */
struct children {
	int *pids;
	size_t n, next;
	bool failed;		/* there was no memory for all of them */
	bool ended;		/* the last one from children_next() is dead and not reaped */
};

static void children_add(struct children *c, int pid)
{
	int *longer = reallocarray(c->pids, c->n + 1, sizeof(*longer));

	/* The child is found when the list is read again. */
	if (!longer) {
		c->failed = true;
		return;
	}
	c->pids = longer;
	c->pids[c->n++] = pid;
}

/* Is it a child of this thread? Those of other threads are hosts, symbolizers or the guard.
 * `*ended`: it is dead, and not reaped yet. */
static bool is_own_child(int pid, bool *ended)
{
	siginfo_t si = { 0 };

	if (waitid(P_PID, (id_t)pid, &si, WEXITED | WNOHANG | WNOWAIT | __WNOTHREAD) < 0)
		return false;
	*ended = si.si_pid != 0;
	return true;
}

/* For kernels that have no file with a thread's children: goes through all processes. */
static void children_search(struct children *c)
{
	DIR *dir = opendir("/proc");
	struct process_stat st;
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		int pid = isdigit((unsigned char)entry->d_name[0]) ? atoi(entry->d_name) : 0;

		if (pid > 0 && process_stat(pid, &st) && st.parent == getpid())
			children_add(c, pid);
	}
	c->failed = c->failed || (!dir && errno == ENOMEM);
	if (dir)
		closedir(dir);
}

static void children_open(struct children *c)
{
	char path[64];
	FILE *file;
	int pid;

	*c = (struct children){ 0 };
	snprintf(path, sizeof(path), "/proc/self/task/%d/children", gettid());
	file = fopen(path, "re");
	while (file && fscanf(file, "%d", &pid) == 1)
		children_add(c, pid);
	if (file)
		fclose(file);
	else
		children_search(c);
}

/* The next child that is still there; 0: there are no more. */
static int children_next(struct children *c, struct process_stat *st)
{
	while (c->next < c->n) {
		int pid = c->pids[c->next++];

		if (process_stat(pid, st) && st->parent == getpid() && is_own_child(pid, &c->ended))
			return pid;
	}
	return 0;
}

static void children_close(struct children *c)
{
	free(c->pids);
}

/* The time since boot in ticks, as /proc gives the start of a process. */
static uint64_t ticks_now(void)
{
	struct timespec ts;
	uint64_t hz = (uint64_t)sysconf(_SC_CLK_TCK);

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return (uint64_t)ts.tv_sec * hz + (uint64_t)ts.tv_nsec * hz / 1000000000u;
}

int orphans_open(struct orphans *o, struct proctor_error *err)
{
	struct children children;
	struct process_stat st;
	siginfo_t si;
	int pid;
	bool failed;

	*o = (struct orphans){ .session = getsid(0), .began = ticks_now() };
	/* Mostly there are no children (ECHILD), and /proc need not be read. */
	if (waitid(P_ALL, 0, &si, WEXITED | WNOHANG | WNOWAIT) < 0)
		return 0;
	children_open(&children);
	failed = children.failed;
	while (!failed && (pid = children_next(&children, &st)) > 0) {
		struct earlier *longer = reallocarray(o->inherited, o->ninherited + 1,
						      sizeof(*longer));

		failed = !longer;
		if (!longer)
			break;
		o->inherited = longer;
		o->inherited[o->ninherited++] = (struct earlier){ pid, st.started };
	}
	children_close(&children);
	/* A child that is not noted here would later be killed as something a test left. */
	return failed ? error_set(err, -ENOMEM, "no memory to note what was running before") : 0;
}

static bool is_inherited(const struct orphans *o, int pid, uint64_t started)
{
	for (size_t i = 0; i < o->ninherited; i++)
		if (o->inherited[i].pid == pid && o->inherited[i].started == started)
			return true;
	return false;
}

enum origin origin_of(const struct origin_facts *facts)
{
	if (facts->inherited)
		return ORIGIN_ELSEWHERE;
	if (facts->marked)
		return ORIGIN_TEST;
	if (facts->own_session || facts->older)
		return ORIGIN_ELSEWHERE;
	return facts->alone ? ORIGIN_TEST : ORIGIN_UNKNOWN;
}

enum origin orphans_origin(const struct orphans *o, int pid, const struct process_stat *st,
			   uint64_t host)
{
	const struct origin_facts facts = {
		.inherited = is_inherited(o, pid, st->started),
		.marked = host != 0,
		.own_session = st->session == o->session,
		.older = st->started < o->began,
		.alone = o->ninherited == 0,
	};

	return origin_of(&facts);
}

/* The usual case: there were no children when the run began, so whichever ends is an orphan. */
static bool reap_all(void)
{
	siginfo_t si;

	for (;;) {
		si.si_pid = 0;
		if (waitid(P_ALL, 0, &si, WEXITED | WNOHANG | __WNOTHREAD) < 0)
			return false;	/* ECHILD */
		if (si.si_pid == 0)
			return true;
	}
}

bool orphans_reap(const struct orphans *o)
{
	struct children children;
	struct process_stat st;
	bool others = false;
	siginfo_t si;
	int pid;

	if (o->ninherited == 0)
		return reap_all();
	children_open(&children);
	while ((pid = children_next(&children, &st)) > 0) {
		if (is_inherited(o, pid, st.started))
			continue;
		si.si_pid = 0;
		others |= waitid(P_PID, (id_t)pid, &si, WEXITED | WNOHANG | __WNOTHREAD) == 0 &&
			  si.si_pid == 0;
	}
	children_close(&children);
	return others;
}

/* The next child of this thread that was not there when the run began and can be killed; 0: there
 * are no more. */
static int orphan_next(const struct orphans *o, struct children *children, struct process_stat *st)
{
	int pid;

	while ((pid = children_next(children, st)) > 0) {
		const struct orphan *seen = orphan_seen(o, pid, st->started);

		if (!is_inherited(o, pid, st->started) && !(seen && seen->hopeless))
			return pid;
	}
	return 0;
}

/* The number of the host that the process descends from; 0: not known. */
static uint64_t orphan_host(int pid, const struct process_stat *st, const struct orphan_owner *owner)
{
	uint64_t host = process_host(pid, owner->run_id);

	if (host == 0 && owner->group > 0 &&
	    (st->session == owner->group || st->group == owner->group))
		host = owner->number;
	return host;
}

bool orphans_of(const struct orphans *o, const struct orphan_owner *owner)
{
	struct children children;
	struct process_stat st;
	bool found = false;
	int pid;

	children_open(&children);
	while (!found && (pid = orphan_next(o, &children, &st)) > 0)
		found = !children.ended && orphan_host(pid, &st, owner) == owner->number;
	children_close(&children);
	return found;
}

size_t orphans_kill(struct orphans *o, const struct orphan_owner *owner, bool all,
		    orphans_alive *alive, void *data, char **left, char **others)
{
	struct children children;
	struct process_stat st;
	size_t ndying = 0;
	int pid;

	children_open(&children);
	while ((pid = orphan_next(o, &children, &st)) > 0) {
		struct orphan_words words;
		uint64_t host;
		int errnum;

		/* It ended since the last reaping; its environment is gone. */
		if (children.ended) {
			ndying++;
			continue;
		}
		host = orphan_host(pid, &st, owner);
		if (host == 0 ? !all : host != owner->number && alive(host, data))
			continue;
		if (orphans_origin(o, pid, &st, host) != ORIGIN_TEST)
			continue;
		orphan_words(pid, &words);
		/* Only this thread reaps its children, and it has not reaped this one: the number
		 * is still its own. */
		errnum = kill(pid, SIGKILL) < 0 ? errno : 0;
		ndying += errnum == 0;
		if (orphan_seen(o, pid, st.started))
			continue;
		if (!orphan_name(pid, &words, errnum, host != owner->number,
				 host == owner->number ? left : others))
			o->lost = true;
		orphan_note(o, pid, st.started, errnum != 0);
	}
	children_close(&children);
	return ndying;
}

void orphans_give_up(struct orphans *o, int pid)
{
	struct process_stat st;

	if (process_stat(pid, &st))
		orphan_note(o, pid, st.started, true);
}

void orphans_name_undead(struct orphans *o, char **lines)
{
	struct orphan_words words;
	struct children children;
	struct process_stat st;
	int pid;

	children_open(&children);
	while ((pid = orphan_next(o, &children, &st)) > 0)
		if (!children.ended && orphan_seen(o, pid, st.started)) {
			orphan_words(pid, &words);
			o->lost = !orphan_name(pid, &words, ETIMEDOUT, true, lines) || o->lost;
		}
	children_close(&children);
}

void orphans_fini(struct orphans *o)
{
	free(o->inherited);
	free(o->seen);
	*o = (struct orphans){ 0 };
}
