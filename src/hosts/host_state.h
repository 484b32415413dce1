/* SPDX-License-Identifier: MIT */
/* The states of a host's process, from its start to its last byte, and what leads from one to another. */
#ifndef HOSTS_HOST_STATE_H
#define HOSTS_HOST_STATE_H

enum host_state {
	HOST_RUNNING,
	HOST_STOPPING,		/* was sent SIGTERM, has its grace time */
	HOST_KILLED,		/* was sent SIGKILL */
	HOST_UNDEAD,		/* does not die of SIGKILL: given up, its worker waits no longer */
	HOST_DRAINING,		/* died; what it left may still write, for the leak time */
	HOST_OVER,
};

enum host_event {
	HOST_OVERDUE,		/* a deadline, the grace or the leak time has passed, or it is to stop */
	HOST_CONDEMNED,		/* it is to die at once */
	HOST_DIED,
	HOST_ENDED,		/* its output is complete, and nothing of it lives */
};

/* The next state. This changes nothing: who enters a state sends the signal that belongs to it. */
enum host_state host_next(enum host_state state, enum host_event event);

#endif
