/* SPDX-License-Identifier: MIT */
#include "run/orphans.h"

#include "base/process.h"
#include "run/undead.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define ENVIRON_MAX_BYTES (256 * 1024)

bool orphans_reap(void)
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

struct process_stat {
	int parent, group, session;
	uint64_t started;	/* ticks since boot */
	bool ended;		/* and is to be reaped yet */
};

static bool process_stat(int pid, struct process_stat *st)
{
	char stat[1024], *at;

	if (process_read(pid, "stat", stat, sizeof(stat)) < 0)
		return false;
	/* The name in parentheses may hold anything, also parentheses. */
	at = strrchr(stat, ')');
	return at && sscanf(at, ") %*c %d %d %d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d "
			    "%*d %*d %" SCNu64, &st->parent, &st->group, &st->session,
			    &st->started) == 4;
}

int process_parent(int pid)
{
	struct process_stat st;

	return process_stat(pid, &st) ? st.parent : 0;
}

static const char *environ_value(const char *vars, size_t nvars, const char *name)
{
	size_t nname = strlen(name);

	for (const char *at = vars; at < vars + nvars; at += strlen(at) + 1)
		if (strncmp(at, name, nname) == 0 && at[nname] == '=')
			return at + nname + 1;
	return NULL;
}

/* A variable of the environment that `pid` was started with; false: it has none such. */
static bool process_variable(int pid, const char *name, char *buf, size_t nbuf)
{
	char *vars = malloc(ENVIRON_MAX_BYTES);
	const char *value = NULL;
	ssize_t n;

	if (!vars)
		return false;
	n = process_read(pid, "environ", vars, ENVIRON_MAX_BYTES);
	if (n > 0)
		value = environ_value(vars, (size_t)n, name);
	if (value)
		snprintf(buf, nbuf, "%s", value);
	free(vars);
	return value != NULL;
}

uint64_t process_host(int pid, const char *run_id)
{
	char *vars = malloc(ENVIRON_MAX_BYTES);
	const char *id, *number;
	uint64_t host = 0;
	ssize_t n;

	if (!vars)
		return 0;
	n = process_read(pid, "environ", vars, ENVIRON_MAX_BYTES);
	if (n > 0) {
		id = environ_value(vars, (size_t)n, "PROCTOR_RUN_ID");
		number = environ_value(vars, (size_t)n, "PROCTOR_HOST");
		if (id && number && strcmp(id, run_id) == 0)
			host = strtoull(number, NULL, 10);
	}
	free(vars);
	return host;
}

/* What is said of an orphan, taken while it lives: a dead one has no command line. */
struct orphan_words {
	char what[PROCESS_WORDS_BYTES];
	char test[256];		/* of its environment; "": it does not tell */
};

static void orphan_words(int pid, struct orphan_words *words)
{
	process_words(pid, words->what, sizeof(words->what));
	if (!process_variable(pid, "PROCTOR_TEST", words->test, sizeof(words->test)))
		words->test[0] = '\0';
}

/* Appends it as a line; with `whose` also the test, where that is known. */
static void orphan_name(int pid, const struct orphan_words *words, int errnum, bool whose,
			char **lines)
{
	char why[UNDEAD_BYTES] = "", *longer;

	whose = whose && words->test[0];
	if (errnum != 0)
		undead_words(pid, errnum, why, sizeof(why));
	if (asprintf(&longer, "%s%s%s%s%s%s%s%s", *lines ? *lines : "", *lines ? "\n" : "",
		     words->what, whose ? ", left by " : "", whose ? words->test : "",
		     *why ? " (could not be killed: " : "", why, *why ? ")" : "") < 0)
		return;
	free(*lines);
	*lines = longer;
}

static struct orphan *orphan_seen(const struct orphans *o, int pid, uint64_t started)
{
	for (size_t i = 0; i < o->nseen; i++)
		if (o->seen[i].pid == pid && o->seen[i].started == started)
			return &o->seen[i];
	return NULL;
}

/* Without memory it will be named again. */
static void orphan_note(struct orphans *o, int pid, uint64_t started, bool hopeless)
{
	struct orphan *longer = reallocarray(o->seen, o->nseen + 1, sizeof(*longer));

	if (!longer)
		return;
	o->seen = longer;
	o->seen[o->nseen++] = (struct orphan){ .pid = pid, .started = started,
					       .hopeless = hopeless };
}

/* The next child of this thread that is not hopeless; 0: no more. */
static int orphan_next(const struct orphans *o, DIR *dir, struct process_stat *st)
{
	struct dirent *entry;

	while ((entry = readdir(dir))) {
		int pid = isdigit((unsigned char)entry->d_name[0]) ? atoi(entry->d_name) : 0;
		const struct orphan *seen;
		siginfo_t si;

		if (pid <= 0 || !process_stat(pid, st) || st->parent != getpid())
			continue;
		/* A child of another thread is a host or the guard. */
		si.si_pid = 0;
		if (waitid(P_PID, (id_t)pid, &si, WEXITED | WNOHANG | WNOWAIT | __WNOTHREAD) < 0)
			continue;
		st->ended = si.si_pid != 0;
		seen = orphan_seen(o, pid, st->started);
		if (!seen || !seen->hopeless)
			return pid;
	}
	return 0;
}

/* The number of the host it descends from; 0: not known. */
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
	DIR *dir = opendir("/proc");
	struct process_stat st;
	bool found = false;
	int pid;

	while (dir && !found && (pid = orphan_next(o, dir, &st)) > 0)
		found = !st.ended && orphan_host(pid, &st, owner) == owner->number;
	if (dir)
		closedir(dir);
	return found;
}

size_t orphans_kill(struct orphans *o, const struct orphan_owner *owner, bool all,
		    orphans_alive *alive, void *data, char **left, char **others)
{
	DIR *dir = opendir("/proc");
	struct process_stat st;
	size_t ndying = 0;
	int pid;

	while (dir && (pid = orphan_next(o, dir, &st)) > 0) {
		struct orphan_words words;
		uint64_t host;
		int errnum;

		/* It ended since the last reaping; its environment is gone. */
		if (st.ended) {
			ndying++;
			continue;
		}
		host = orphan_host(pid, &st, owner);
		if (host == 0 ? !all : host != owner->number && alive(host, data))
			continue;
		orphan_words(pid, &words);
		/* Not reaped yet, and by nobody else: the number is still its own. */
		errnum = kill(pid, SIGKILL) < 0 ? errno : 0;
		ndying += errnum == 0;
		if (orphan_seen(o, pid, st.started))
			continue;
		orphan_name(pid, &words, errnum, host != owner->number,
			    host == owner->number ? left : others);
		orphan_note(o, pid, st.started, errnum != 0);
	}
	if (dir)
		closedir(dir);
	return ndying;
}

void orphans_give_up(struct orphans *o, int pid)
{
	struct process_stat st;

	if (process_stat(pid, &st))
		orphan_note(o, pid, st.started, true);
}

void orphans_name_undead(const struct orphans *o, char **lines)
{
	struct orphan_words words;
	DIR *dir = opendir("/proc");
	struct process_stat st;
	int pid;

	while (dir && (pid = orphan_next(o, dir, &st)) > 0)
		if (!st.ended && orphan_seen(o, pid, st.started)) {
			orphan_words(pid, &words);
			orphan_name(pid, &words, ETIMEDOUT, true, lines);
		}
	if (dir)
		closedir(dir);
}

void orphans_fini(struct orphans *o)
{
	free(o->seen);
	*o = (struct orphans){ 0 };
}
