/* SPDX-License-Identifier: MIT */
#include "run/sender.h"

#include <sys/wait.h>
#include <unistd.h>

/* How far up a sender's ancestors are followed. */
#define ANCESTORS_MAX 64

static struct watch *host_of_session(struct watch *hosts, int pid, const struct process_stat *st)
{
	for (struct watch *h = hosts; h; h = h->next)
		if (h->pid > 0 && (h->pid == pid || h->group == st->session))
			return h;
	return NULL;
}

static struct watch *host_of_number(struct watch *hosts, uint64_t number)
{
	for (struct watch *h = hosts; h; h = h->next)
		if (h->number == number)
			return h;
	return NULL;
}

/* Is it a child of another thread than this one? Such are the processes that workers start, and the
 * guard. */
static bool is_workers_child(int pid)
{
	siginfo_t si;

	return waitid(P_PID, (id_t)pid, &si, WEXITED | WNOHANG | WNOWAIT | __WNOTHREAD) < 0;
}

/* `pid` is a child of this process and in no session of a host that is known. */
static struct sender sender_of_child(const struct orphans *orphans, int pid,
				     const struct process_stat *st)
{
	if (is_workers_child(pid))
		return (struct sender){ .kind = SENDER_EARLY, .number = (uint64_t)pid };
	switch (orphans_origin(orphans, pid, st, 0)) {
	case ORIGIN_TEST:
		return (struct sender){ .kind = SENDER_TEST };
	case ORIGIN_ELSEWHERE:
		return (struct sender){ .kind = SENDER_STRANGER };
	case ORIGIN_UNKNOWN:
		break;
	}
	return (struct sender){ .kind = SENDER_UNKNOWN };
}

/* Goes from the sender to its parent, and so on, until it meets a host or leaves the run. */
static struct sender sender_climb(int pid, struct process_stat st, struct watch *hosts,
				  const struct orphans *orphans)
{
	for (int i = 0; i < ANCESTORS_MAX; i++) {
		struct watch *h = host_of_session(hosts, pid, &st);

		if (h)
			return (struct sender){ .kind = SENDER_TEST, .host = h };
		/* No test gets into proctor's own session. */
		if (st.session == orphans->session)
			break;
		if (st.parent == getpid())
			return sender_of_child(orphans, pid, &st);
		pid = st.parent;
		if (pid <= 1 || !process_stat(pid, &st))
			break;
	}
	return (struct sender){ .kind = SENDER_STRANGER };
}

struct sender sender_find(int pid, const struct process_stat *st, struct watch *hosts,
			  const struct orphans *orphans, const char *run_id)
{
	struct sender sender = sender_climb(pid, *st, hosts, orphans);
	uint64_t number;

	if (sender.kind == SENDER_EARLY || sender.host)
		return sender;
	number = process_host(pid, run_id);
	if (number != 0)
		sender = (struct sender){ .kind = SENDER_TEST, .number = number,
					  .host = host_of_number(hosts, number) };
	return sender;
}
