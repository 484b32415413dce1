/* SPDX-License-Identifier: MIT */
#include "run/sender.h"

#include "run/orphans.h"

#include <sys/wait.h>
#include <unistd.h>

/* How far up a sender's ancestors are followed. */
#define ANCESTORS_MAX 64

static struct watch *host_of_session(struct supervisor *sup, int pid, const struct process_stat *st)
{
	for (struct watch *h = sup->hosts; h; h = h->next)
		if (h->pid > 0 && (h->pid == pid || h->group == st->session))
			return h;
	return NULL;
}

static struct watch *host_of_number(struct supervisor *sup, uint64_t number)
{
	for (struct watch *h = sup->hosts; h; h = h->next)
		if (h->number == number)
			return h;
	return NULL;
}

/* A child of another thread than this one: what workers start, and the guard. */
static bool is_workers_child(int pid)
{
	siginfo_t si;

	return waitid(P_PID, (id_t)pid, &si, WEXITED | WNOHANG | WNOWAIT | __WNOTHREAD) < 0;
}

/* `pid` is a child of this process and in no session of a host that is known. */
static struct sender sender_of_child(struct supervisor *sup, int pid, const struct process_stat *st)
{
	if (is_workers_child(pid))
		return (struct sender){ .kind = SENDER_EARLY, .number = (uint64_t)pid };
	switch (orphans_origin(&sup->orphans, pid, st, 0)) {
	case ORIGIN_TEST:
		return (struct sender){ .kind = SENDER_TEST };
	case ORIGIN_ELSEWHERE:
		return (struct sender){ .kind = SENDER_STRANGER };
	case ORIGIN_UNKNOWN:
		break;
	}
	return (struct sender){ .kind = SENDER_UNKNOWN };
}

static struct sender sender_climb(struct supervisor *sup, int pid, struct process_stat *st)
{
	for (int i = 0; i < ANCESTORS_MAX; i++) {
		struct watch *h = host_of_session(sup, pid, st);

		if (h)
			return (struct sender){ .kind = SENDER_TEST, .host = h };
		/* No test gets into proctor's own session. */
		if (st->session == sup->orphans.session)
			break;
		if (st->parent == getpid())
			return sender_of_child(sup, pid, st);
		pid = st->parent;
		if (pid <= 1 || !process_stat(pid, st))
			break;
	}
	return (struct sender){ .kind = SENDER_STRANGER };
}

struct sender sender_find(struct supervisor *sup, int pid)
{
	struct process_stat st;
	struct sender sender;
	uint64_t number;

	/* 0: it is in a pid namespace that this one does not see, and so no test's. */
	if (pid <= 0 || pid == getpid())
		return (struct sender){ .kind = SENDER_STRANGER };
	if (!process_stat(pid, &st))
		return (struct sender){ .kind = SENDER_GONE };
	supervisor_meet(sup);
	sender = sender_climb(sup, pid, &st);
	if (sender.kind == SENDER_EARLY || sender.host)
		return sender;
	number = process_host(pid, sup->run->run_id);
	if (number != 0)
		sender = (struct sender){ .kind = SENDER_TEST, .number = number,
					  .host = host_of_number(sup, number) };
	return sender;
}
