/* SPDX-License-Identifier: MIT */
#include "run/ending.h"

#include "base/crash_words.h"

#include <stdarg.h>
#include <stdio.h>

void ending_reason(struct ending *e, const char *fmt, ...)
{
	va_list ap;

	if (e->why[0])
		return;
	va_start(ap, fmt);
	vsnprintf(e->why, sizeof(e->why), fmt, ap);
	va_end(ap);
}

void ending_by_signal(struct ending *e, int signo, int pid, const char *doubt, const char *running)
{
	char name[WORDS_BYTES];

	e->signo = signo;
	signal_name(signo, name, sizeof(name));
	if (doubt && *running)
		ending_reason(e, "the run was ended by %s from process %d, which %s; these ran: %s",
			      name, pid, doubt, running);
	else
		ending_reason(e, "the run was ended by %s", name);
}

bool ending_begin(struct ending *e, enum stopping how, uint64_t now_us)
{
	if (e->stopping >= how)
		return false;
	e->stopping = how;
	e->since_us = now_us;
	return true;
}

enum ending_verb ending_verb(const struct ending *e, enum host_state state, bool works)
{
	bool kill = e->stopping == STOPPING_KILLED;

	if (e->stopping == STOPPING_NOT)
		return ENDING_SPARES;
	switch (state) {
	case HOST_RUNNING:
		return kill ? ENDING_KILLS : works ? ENDING_ASKS : ENDING_SPARES;
	case HOST_STOPPING:
	case HOST_KILLED:
		return kill ? ENDING_KILLS : ENDING_SPARES;
	case HOST_DRAINING:
		return kill ? ENDING_HURRIES : ENDING_SPARES;
	case HOST_UNDEAD:
	case HOST_OVER:
		break;
	}
	return ENDING_SPARES;
}
