/* SPDX-License-Identifier: MIT */
/* Test programs that change their session, their group or the terminal, each in its way: the one it
 * is called by. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

/* As a daemon's own test, and what ends in login_tty(), do in their first process. */
static int sets_sid(void)
{
	return setsid() == getpid() ? 0 : 1;
}

static int sets_pgid(void)
{
	return setpgid(0, 0) == 0 && getpgrp() == getpid() ? 0 : 1;
}

static int hangs(void)
{
	while (pause() < 0)
		continue;
	return 0;
}

/* Out of reach, if that worked: of its own deadline, too. */
static int joins_proctor(void)
{
	if (setpgid(0, getpgid(getppid())) == 0)
		puts("joined");
	fflush(stdout);
	return hangs();
}

/* An interactive shell's start. */
static int takes_terminal(void)
{
	int tty = open("/dev/tty", O_RDWR);

	signal(SIGTTOU, SIG_IGN);
	return tty >= 0 && tcsetpgrp(tty, getpgrp()) == 0 ? 1 : 0;
}

/* As getpass() asks for a password. */
static int reads_terminal(void)
{
	int tty = open("/dev/tty", O_RDWR);
	char c;

	return tty >= 0 && read(tty, &c, 1) == 1 ? 1 : 0;
}

/* A full-screen program that dies. */
static int makes_raw(void)
{
	struct termios modes;

	if (tcgetattr(STDOUT_FILENO, &modes) < 0)
		return 1;
	cfmakeraw(&modes);
	if (tcsetattr(STDOUT_FILENO, TCSANOW, &modes) < 0)
		return 1;
	raise(SIGKILL);
	return 1;
}

static int says(void)
{
	puts("said by a test");
	return 0;
}

static int naps(void)
{
	usleep(1500000);
	return 0;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(void);
	} ways[] = {
		{ "sets_sid", sets_sid }, { "sets_pgid", sets_pgid },
		{ "joins_proctor", joins_proctor }, { "takes_terminal", takes_terminal },
		{ "reads_terminal", reads_terminal }, { "makes_raw", makes_raw },
		{ "says", says }, { "naps", naps }, { "hangs", hangs },
	};
	const char *name = strrchr(argv[0], '/');

	(void)argc;
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
		if (strcmp(ways[i].name, name ? name + 1 : argv[0]) == 0)
			return ways[i].run();
	return 2;
}
