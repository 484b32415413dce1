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

int undead_watch(struct undead *u, const struct loop_ops *ops, struct loop *lp,
		 stream_callback *died, void *owner, struct proctor_error *err)
{
	u->ops = ops;
	u->lp = lp;
	u->owner = owner;
	u->death.call = died;
	return ops->start(lp, &u->death, err);
}

void undead_remove(struct undead **list, struct undead *u)
{
	if (u->ops)
		u->ops->stop(u->lp, &u->death);
	while (*list != u)
		list = &(*list)->next;
	*list = u->next;
	waitpid(u->pid, NULL, WNOHANG);
	close(u->death.fd);
	free(u);
}

void undead_remove_all(struct undead **list)
{
	while (*list)
		undead_remove(list, *list);
}
