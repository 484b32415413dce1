/* SPDX-License-Identifier: MIT */
/*
 * Pairs of libraries that disturb each other when one process opens both. OWN is what this one
 * must find in its own copy of what a process may have only once.
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int32_t tml_test_0(void);
int32_t tml_test_1(void);

#if defined(SHARE_SONAME)

/* From a library that both call libdep.so, found beside each. */
int dep_number(void);

int32_t tml_test_0(void)
{
	printf("depends on %d\n", dep_number());
	return dep_number() == OWN ? 0 : 1;
}

#elif defined(SHARE_DEP)

int dep_number(void);

int dep_number(void)
{
	return OWN;
}

#elif defined(SHARE_TLS)

/* More static TLS than glibc sets aside for libraries that come later. */
static __thread char block[OWN] __attribute__((tls_model("initial-exec")));

int32_t tml_test_0(void)
{
	volatile char *touched = block;
	int i;

	for (i = 0; i < OWN; i++)
		if (touched[i]++ != 0)
			return 1;
	return 0;
}

#elif defined(SHARE_LINK)

/* Opened under a second name the library would be the same one, its tests run before. */
static int ncalls;

int32_t tml_test_0(void)
{
	return ncalls++;
}

#elif defined(SHARE_MAPPED)

/* Tells in which process how many libraries of this directory are mapped. */
int32_t tml_test_0(void)
{
	char line[4096];
	int nmapped = 0;
	FILE *maps = fopen("/proc/self/maps", "r");

	if (!maps)
		return 1;
	while (fgets(line, sizeof(line), maps))
		if (strstr(line, " r-xp ") && strstr(line, "/" SHARE_MAPPED "/"))
			nmapped++;
	fclose(maps);
	printf("%d in %d\n", nmapped, (int)getpid());
	return 0;
}

#if defined(STAYS)
int nended;

__attribute__((destructor)) static void ends(void)
{
	nended++;
}
#endif

#if defined(CRASHES)
__attribute__((noinline)) static int crashes_in_the_last(volatile int *nowhere)
{
	return *nowhere + 1;
}

int32_t tml_test_1(void)
{
	return crashes_in_the_last(NULL) + 1;
}
#endif

#elif defined(SHARE_PID)

/* Tells which process it is in. */
int32_t tml_test_0(void)
{
	printf("%d\n", (int)getpid());
	return 0;
}

#endif

#if defined(SHARE_SONAME) || defined(SHARE_LINK)
int32_t tml_test_1(void)
{
	return 0;
}
#endif
