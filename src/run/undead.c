/* SPDX-License-Identifier: MIT */
#include "run/undead.h"

#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

struct undead *undead_add(struct undead **list, pid_t pid, pid_t group, int pidfd)
{
	struct undead *u = calloc(1, sizeof(*u));

	if (!u) {
		close(pidfd);
		return NULL;
	}
	u->pid = pid;
	u->group = group;
	u->death.fd = pidfd;
	u->death.kind = STREAM_ONCE;
	u->next = *list;
	*list = u;
	return u;
}

void undead_remove(struct undead **list, struct undead *u)
{
	while (*list != u)
		list = &(*list)->next;
	*list = u->next;
	waitpid(u->pid, NULL, WNOHANG);
	close(u->death.fd);
	free(u);
}
