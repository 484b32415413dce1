/* SPDX-License-Identifier: MIT */
/* Mistakes that sanitizers find, each between tests that have none. */
#include <limits.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int32_t tml_test_0(void);
int32_t tml_test_1(void);
int32_t tml_test_2(void);

int32_t tml_test_0(void)
{
	printf("clean\n");
	return 0;
}

int32_t tml_test_2(void)
{
	printf("clean too\n");
	return 0;
}

#if defined(MISTAKE_ADDRESS)

int32_t tml_test_1(void)
{
	volatile char *block = malloc(8);
	volatile int past = 8;

	block[past] = 1;
	free((void *)block);
	return 0;
}

#elif defined(MISTAKE_THREAD)

static volatile int shared;

static void *thread_adds(void *arg)
{
	int i;

	for (i = 0; i < 1000; i++)
		shared++;
	return arg;
}

int32_t tml_test_1(void)
{
	pthread_t one, other;

	pthread_create(&one, NULL, thread_adds, NULL);
	pthread_create(&other, NULL, thread_adds, NULL);
	pthread_join(one, NULL);
	pthread_join(other, NULL);
	return 0;
}

#elif defined(MISTAKE_UNDEFINED)

int32_t tml_test_1(void)
{
	volatile int most = INT_MAX;

	most = most + 1;
	return 0;
}

#endif
