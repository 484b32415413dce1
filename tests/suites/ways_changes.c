/* SPDX-License-Identifier: MIT */
/* Tests that change what they share with the tests after them. */
#include "way.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

NEIGHBOUR(0)

WAY(1, chdir)
{
	return chdir("/");
}

NEIGHBOUR(2)

WAY(3, setenv)
{
	return setenv("WAY_VARIABLE", "left", 1);
}

NEIGHBOUR(4)

WAY(5, umask)
{
	umask(0777);
	return 0;
}

NEIGHBOUR(6)

WAY(7, rlimit)
{
	struct rlimit few = { .rlim_cur = 16, .rlim_max = 16 };

	return setrlimit(RLIMIT_NOFILE, &few);
}

NEIGHBOUR(8)

static void handler_exits(int signum)
{
	(void)signum;
	_exit(0);
}

WAY(9, handlers)
{
	signal(SIGTERM, SIG_IGN);
	signal(SIGUSR1, handler_exits);
	signal(SIGSEGV, SIG_IGN);
	return 0;
}

NEIGHBOUR(10)

WAY(11, mask)
{
	sigset_t all;

	sigfillset(&all);
	return sigprocmask(SIG_BLOCK, &all, NULL);
}

NEIGHBOUR(12)

WAY(13, alarm)
{
	alarm(1);
	return 0;
}

NEIGHBOUR(14)

WAY(15, descriptors)
{
	while (open("/dev/null", O_RDONLY) >= 0)
		;
	return errno == EMFILE ? 0 : 1;
}

NEIGHBOUR(16)

WAY(17, memory)
{
	struct rlimit little = { .rlim_cur = 256 << 20, .rlim_max = 256 << 20 };
	/* Or a compiler that knows malloc leaves it out. */
	static char *volatile last;
	size_t nbytes;

	if (setrlimit(RLIMIT_AS, &little) < 0)
		return 1;
	for (nbytes = 1 << 20; nbytes >= 16; nbytes /= 2)
		while ((last = malloc(nbytes)))
			;
	return 0;
}

NEIGHBOUR(18)

/* Every shared writable mapping: the progress page is one, under whatever name. */
WAY(19, scribbles)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	char line[512], sharing;
	unsigned long start, end;

	if (!maps)
		return 1;
	while (fgets(line, sizeof(line), maps))
		if (sscanf(line, "%lx-%lx rw%*c%c", &start, &end, &sharing) == 3 && sharing == 's')
			memset((void *)start, 0xa5, end - start);
	fclose(maps);
	return 0;
}

NEIGHBOUR(20)

WAY(21, closes_all)
{
	return close_range(3, ~0u, 0);
}

NEIGHBOUR(22)

/* Anything the host holds turns into /dev/null. */
WAY(23, covers_all)
{
	int null = open("/dev/null", O_RDWR), fd;

	for (fd = 3; fd < 4096; fd++)
		if (fd != null && fcntl(fd, F_GETFD) >= 0)
			dup2(null, fd);
	close(null);
	return 0;
}

NEIGHBOUR(24)

WAY(25, clears_environment)
{
	return clearenv();
}

NEIGHBOUR(26)

WAY(27, removes_directory)
{
	char dir[] = "/tmp/way-XXXXXX";

	if (!mkdtemp(dir) || chdir(dir) < 0)
		return 1;
	return rmdir(dir);
}

NEIGHBOUR(28)

/* What root alone can change is left as it is where the tests run as somebody else. */
WAY(29, ids)
{
	if (geteuid() != 0)
		return 0;
	return setegid(65534) < 0 || seteuid(65534) < 0;
}

NEIGHBOUR(30)

WAY(31, ids_for_good)
{
	if (geteuid() != 0)
		return 0;
	return setgid(65534) < 0 || setuid(65534) < 0;
}

NEIGHBOUR(32)

WAY(33, root)
{
	if (geteuid() != 0)
		return 0;
	return chroot("/tmp");
}

NEIGHBOUR(34)

WAY(35, root_and_directory)
{
	if (geteuid() != 0)
		return 0;
	return chroot("/tmp") < 0 || chdir("/") < 0;
}

NEIGHBOUR(36)
