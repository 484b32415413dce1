/* SPDX-License-Identifier: MIT */
#include "run/undead.h"

#include "base/container.h"
#include "run/guard_client.h"
#include "run/supervisor.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* A process that did not die of SIGKILL. Its host is gone. */
struct undead {
	struct undead *next;
	struct supervisor *sup;
	pid_t pid, group;
	struct stream death;
};

/* An orphan that waits for its own end; here nobody waits for it any more. */
static void undead_on_death(struct stream *s, const char *bytes, size_t nbytes, int error)
{
	struct undead *u = container_of(s, struct undead, death), **at = &u->sup->undead;
	struct supervisor *sup = u->sup;

	(void)bytes, (void)nbytes, (void)error;
	sup->ops->stop(sup->lp, s);
	/* Its worker may have ended before it: then it was reaped as an orphan is. */
	if (spawned_is_zombie(u->pid))
		spawned_signal(u->pid, u->group, SIGKILL);
	guard_remove(sup->run->guard, u->group);
	waitpid(u->pid, NULL, WNOHANG);
	close(s->fd);
	while (*at != u)
		at = &(*at)->next;
	*at = u->next;
	free(u);
}

void undead_watch(struct supervisor *sup, struct host *h)
{
	struct undead *u = calloc(1, sizeof(*u));
	struct proctor_error err;

	if (!u)
		return;
	u->sup = sup;
	u->pid = h->pid;
	u->group = h->group;
	u->death = (struct stream){ .fd = h->pidfd, .kind = STREAM_ONCE, .call = undead_on_death };
	h->pidfd = -1;
	u->next = sup->undead;
	sup->undead = u;
	if (sup->ops->start(sup->lp, &u->death, &err) < 0)
		supervisor_note(sup, "process %d is not watched any longer: %s", u->pid, err.text);
}

void undead_fini(struct supervisor *sup)
{
	while (sup->undead) {
		struct undead *u = sup->undead;

		sup->undead = u->next;
		sup->ops->stop(sup->lp, &u->death);
		waitpid(u->pid, NULL, WNOHANG);
		close(u->death.fd);
		free(u);
	}
}
