/* SPDX-License-Identifier: MIT */
/* What the ways share: the check that a neighbour's process was put back, and main() of WAY_EXE. */
#include "way.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

/* What tests of one process must find as they were. */
struct surroundings {
	char cwd[PATH_MAX];
	char *env;			/* of WAY_VARIABLE; NULL: unset */
	mode_t umask;
	sigset_t mask;
	struct sigaction term, usr1, segv;
	struct rlimit nofile, core, as;
	int lowest_fd;
	int stdout_flags, stderr_flags;
	struct stat out, err, root;
	uid_t user;
	gid_t group;
	bool alarm;
};

static struct surroundings opened;
/* Taken at the first test: the host may open descriptors of its own after dlopen. */
static int first_lowest_fd = -1;

static void surroundings_read(struct surroundings *s)
{
	struct itimerval timer;

	memset(s, 0, sizeof(*s));
	if (!getcwd(s->cwd, sizeof(s->cwd)))
		strcpy(s->cwd, "(none)");
	s->env = getenv("WAY_VARIABLE");
	s->umask = umask(0);
	umask(s->umask);
	sigprocmask(SIG_SETMASK, NULL, &s->mask);
	sigaction(SIGTERM, NULL, &s->term);
	sigaction(SIGUSR1, NULL, &s->usr1);
	sigaction(SIGSEGV, NULL, &s->segv);
	getrlimit(RLIMIT_NOFILE, &s->nofile);
	getrlimit(RLIMIT_CORE, &s->core);
	getrlimit(RLIMIT_AS, &s->as);
	s->lowest_fd = fcntl(0, F_DUPFD, 0);
	if (s->lowest_fd >= 0)
		close(s->lowest_fd);
	s->stdout_flags = fcntl(1, F_GETFL);
	s->stderr_flags = fcntl(2, F_GETFL);
	fstat(1, &s->out);
	fstat(2, &s->err);
	stat("/", &s->root);
	s->user = geteuid();
	s->group = getegid();
	getitimer(ITIMER_REAL, &timer);
	s->alarm = timer.it_value.tv_sec != 0 || timer.it_value.tv_usec != 0;
}

static __attribute__((constructor)) void surroundings_keep(void)
{
	surroundings_read(&opened);
}

static int differs(bool is_different, const char *what)
{
	if (is_different)
		fprintf(stderr, "found changed: %s\n", what);
	return is_different;
}

int neighbour_run(int index)
{
	struct surroundings now;
	int ndiffering = 0, signum;

	printf("neighbour %d\n", index);
	fprintf(stderr, "neighbour %d\n", index);
	surroundings_read(&now);
	if (first_lowest_fd < 0)
		first_lowest_fd = now.lowest_fd;
	ndiffering += differs(strcmp(now.cwd, opened.cwd) != 0, "working directory");
	ndiffering += differs(!now.env != !opened.env, "environment");
	ndiffering += differs(now.umask != opened.umask, "umask");
	for (signum = 1; signum < NSIG; signum++)
		ndiffering += differs(sigismember(&now.mask, signum) !=
				      sigismember(&opened.mask, signum), strsignal(signum));
	ndiffering += differs(now.term.sa_handler != opened.term.sa_handler, "SIGTERM's handler");
	ndiffering += differs(now.usr1.sa_handler != opened.usr1.sa_handler, "SIGUSR1's handler");
	ndiffering += differs(now.nofile.rlim_cur != opened.nofile.rlim_cur, "RLIMIT_NOFILE");
	ndiffering += differs(now.core.rlim_cur != opened.core.rlim_cur, "RLIMIT_CORE");
	ndiffering += differs(now.as.rlim_cur != opened.as.rlim_cur, "RLIMIT_AS");
	ndiffering += differs(now.lowest_fd != first_lowest_fd, "lowest free descriptor");
	ndiffering += differs(now.stdout_flags != opened.stdout_flags, "flags of stdout");
	ndiffering += differs(now.stderr_flags != opened.stderr_flags, "flags of stderr");
	ndiffering += differs(now.out.st_ino != opened.out.st_ino, "stdout");
	ndiffering += differs(now.err.st_ino != opened.err.st_ino, "stderr");
	ndiffering += differs(now.root.st_ino != opened.root.st_ino, "root directory");
	ndiffering += differs(now.user != opened.user, "user");
	ndiffering += differs(now.group != opened.group, "group");
	ndiffering += differs(now.alarm, "alarm");
	return ndiffering;
}

void wait_for_ever(void)
{
	for (;;)
		pause();
}

#ifdef WAY_EXE

extern const struct way __start_ways[], __stop_ways[];

int main(int argc, char **argv)
{
	const struct way *way;
	const char *name = strrchr(argv[0], '/');

	(void)argc;
	name = name ? name + 1 : argv[0];
	for (way = __start_ways; way < __stop_ways; way++)
		if (strcmp(way->name, name) == 0)
			return way->run();
	fprintf(stderr, "no way is called %s\n", name);
	return 98;
}

#endif
