/* SPDX-License-Identifier: MIT */
/* What is hard to find and to kill: processes that fork on, each parent gone at once. */
#include <proctor/suite.h>

#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

/* A process that lives for `us` and has a child by then; 4,000 of them, then one that stays. */
static void chain(bool own_session, useconds_t us)
{
	if (fork() != 0)
		return;
	if (own_session)
		setsid();
	for (int i = 0; i < 4000; i++) {
		if (fork() > 0)
			_exit(0);
		usleep(us);
	}
	sleep(60);
	_exit(0);
}

PROCTOR_TEST(chain_in_its_own_session)
{
	chain(true, 1000);
	sleep(20);
}

PROCTOR_TEST(chain_in_the_group)
{
	chain(false, 300);
	sleep(20);
}

/* Each in a session of its own: no signal reaches all of them. */
PROCTOR_TEST(chain_of_sessions)
{
	if (fork() == 0) {
		for (int i = 0; i < 4000; i++) {
			if (fork() > 0)
				_exit(0);
			setsid();
			usleep(3000);
		}
		sleep(60);
		_exit(0);
	}
	sleep(20);
}

PROCTOR_TEST(daemon_of_its_own)
{
	if (fork() == 0) {
		setsid();
		if (fork() == 0)
			sleep(60);
		_exit(0);
	}
	sleep(20);
}
