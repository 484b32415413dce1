/* SPDX-License-Identifier: MIT */
#include "run/orphans.h"

#include "run/stuck.h"
#include "run/writer.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

uint64_t process_host(int pid, const char *run_id)
{
	char id[64], number[32];

	if (!process_variable(pid, "PROCTOR_RUN_ID", id, sizeof(id)) || strcmp(id, run_id) != 0 ||
	    !process_variable(pid, "PROCTOR_HOST", number, sizeof(number)))
		return 0;
	return strtoull(number, NULL, 10);
}

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

/* The time since boot in ticks, as /proc gives the start of a process. */
static uint64_t ticks_now(void)
{
	struct timespec ts;
	uint64_t hz = (uint64_t)sysconf(_SC_CLK_TCK);

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return (uint64_t)ts.tv_sec * hz + (uint64_t)ts.tv_nsec * hz / 1000000000u;
}

int orphans_open(struct orphans *o, orphans_alive *alive, void *data, struct proctor_error *err)
{
	struct children children;
	struct process_stat st;
	siginfo_t si;
	int pid;
	bool failed;

	*o = (struct orphans){ .alive = alive, .data = data, .session = getsid(0), .began = ticks_now() };
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

void orphan_search_open(struct orphan_search *s, struct orphans *o,
			const struct orphan_owner *owner, bool all)
{
	*s = (struct orphan_search){ .orphans = o, .owner = owner, .all = all };
	children_open(&s->children);
}

/* May it be killed? Then `s->host` is the number of its host. */
static bool orphan_is_doomed(struct orphan_search *s, int pid, const struct process_stat *st)
{
	s->host = orphan_host(pid, st, s->owner);
	if (s->host == 0 ? !s->all : s->host != s->owner->number &&
	    s->orphans->alive(s->host, s->orphans->data))
		return false;
	return orphans_origin(s->orphans, pid, st, s->host) == ORIGIN_TEST;
}

int orphan_search_next(struct orphan_search *s)
{
	struct process_stat st;

	while ((s->pid = orphan_next(s->orphans, &s->children, &st)) > 0) {
		/* It ended since the last reaping; its environment is gone. */
		if (s->children.ended) {
			s->ndying++;
			continue;
		}
		if (!orphan_is_doomed(s, s->pid, &st))
			continue;
		s->started = st.started;
		orphan_words(s->pid, &s->words);
		return s->pid;
	}
	return 0;
}

void orphan_search_killed(struct orphan_search *s, int errnum)
{
	struct orphans *o = s->orphans;
	bool owned = s->host == s->owner->number;

	s->ndying += errnum == 0;
	if (orphan_seen(o, s->pid, s->started))
		return;
	if (!orphan_name(s->pid, &s->words, errnum, !owned, owned ? &s->left : &s->others))
		o->lost = true;
	orphan_note(o, s->pid, s->started, errnum != 0);
}

void orphan_search_close(struct orphan_search *s)
{
	children_close(&s->children);
	free(s->left);
	free(s->others);
}

void orphans_give_up(struct orphans *o, int pid)
{
	struct process_stat st;

	if (process_stat(pid, &st))
		orphan_note(o, pid, st.started, true);
}

/* Adds a line for each orphan that was killed and lives all the same. */
static void orphans_name_undead(struct orphans *o, char **lines)
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

void orphans_tell_last(struct orphans *o, struct writer *w, const char *left, bool undead)
{
	char *lines = NULL;

	if (left)
		writer_note(w, "killed what some test had left behind: %s", left);
	if (undead)
		orphans_name_undead(o, &lines);
	if (lines)
		writer_note(w, "what some test had left behind does not die: %s", lines);
	free(lines);
}

void orphans_fini(struct orphans *o)
{
	free(o->inherited);
	free(o->seen);
	*o = (struct orphans){ 0 };
}
