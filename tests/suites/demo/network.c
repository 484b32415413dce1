/* SPDX-License-Identifier: MIT */
/* A deadlock: ended at its deadline, while the other suites run on. */
#include "proctor/suite.h"

#include <pthread.h>
#include <stdio.h>

static pthread_mutex_t connections = PTHREAD_MUTEX_INITIALIZER;

static void close_all(void)
{
	pthread_mutex_lock(&connections);
	pthread_mutex_unlock(&connections);
}

PROCTOR_TEST(connects)
{
	PROCTOR_ASSERT_EQ(pthread_mutex_trylock(&connections), 0);
	PROCTOR_ASSERT_EQ(pthread_mutex_unlock(&connections), 0);
}

PROCTOR_TEST(disconnects_while_connecting)
{
	pthread_mutex_lock(&connections);
	printf("closing all connections with the lock held\n");
	close_all();
	pthread_mutex_unlock(&connections);
}

PROCTOR_TEST(resolves_names)
{
	PROCTOR_ASSERT_EQ(1, 1);
}
