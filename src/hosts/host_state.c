/* SPDX-License-Identifier: MIT */
#include "hosts/host_state.h"

enum host_state host_next(enum host_state state, enum host_event event)
{
	switch (event) {
	case HOST_DIED:
		return state == HOST_OVER || state == HOST_UNDEAD ? state : HOST_DRAINING;
	case HOST_ENDED:	return state == HOST_DRAINING ? HOST_OVER : state;
	case HOST_CONDEMNED:
	case HOST_OVERDUE:
		switch (state) {
		case HOST_RUNNING:
			return event == HOST_OVERDUE ? HOST_STOPPING : HOST_KILLED;
		case HOST_STOPPING:	return HOST_KILLED;
		case HOST_KILLED:	return event == HOST_OVERDUE ? HOST_UNDEAD : HOST_KILLED;
		case HOST_DRAINING:	return HOST_OVER;	/* a leaked child holds the pipe */
		case HOST_UNDEAD:	return HOST_UNDEAD;
		case HOST_OVER:		return HOST_OVER;	/* the timer lost the race */
		}
	}
	return state;	/* not reached: both switches are exhaustive */
}
