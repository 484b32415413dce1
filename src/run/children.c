/* SPDX-License-Identifier: MIT */
#include "run/children.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

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
	int pid;

	while (dir && (pid = process_next(dir)) > 0)
		if (process_stat(pid, &st) && st.parent == getpid())
			children_add(c, pid);
	c->failed = c->failed || (!dir && errno == ENOMEM);
	if (dir)
		closedir(dir);
}

void children_open(struct children *c)
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

int children_next(struct children *c, struct process_stat *st)
{
	while (c->next < c->n) {
		int pid = c->pids[c->next++];

		if (process_stat(pid, st) && st->parent == getpid() && is_own_child(pid, &c->ended))
			return pid;
	}
	return 0;
}

void children_close(struct children *c)
{
	free(c->pids);
}
