// SPDX-License-Identifier: MIT
/* Programs that crash, handle crashes and start others, by the name they are called by. */
#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef GO_NOTE
/* By such a note programs in Go are known. As Go's linker writes it, its name has four bytes. */
__asm__(".pushsection .note.go.buildid, \"a\", %note\n"
	".balign 4\n.long 4, 4, 4\n.asciz \"Go\"\n.balign 4\n.ascii \"abcd\"\n.popsection\n");
#endif

static volatile int *nowhere = (volatile int *)16;

__attribute__((noinline)) static int reads_nowhere(void)
{
	return *nowhere + 1;
}

__attribute__((noinline)) static int calls_the_reader(void)
{
	return reads_nowhere() * 2;
}

static int faults(void)
{
	puts("last words");
	return calls_the_reader();
}

static void leave(int sig)
{
	static const char words[] = "handled\n";

	_exit(write(STDOUT_FILENO, words, strlen(words)) < 0 || sig != SIGSEGV ? 1 : 3);
}

static int handles(void)
{
	signal(SIGSEGV, leave);
	return calls_the_reader();
}

static struct sigaction before;

/* As Catch2 and doctest do. */
static void restore_and_raise(int sig)
{
	sigaction(sig, &before, NULL);
	raise(sig);
}

static int restores(void)
{
	struct sigaction action = { .sa_handler = restore_and_raise };

	sigaction(SIGSEGV, &action, &before);
	puts(before.sa_handler == SIG_DFL ? "there was none" : "there was one");
	fflush(stdout);
	return calls_the_reader();
}

/* As Rust's standard library does: the access is made again. */
static void restore_and_return(int sig)
{
	struct sigaction none = { .sa_handler = SIG_DFL };

	sigaction(sig, &none, NULL);
}

static int returns(void)
{
	signal(SIGSEGV, restore_and_return);
	return calls_the_reader();
}

static void nothing(int sig)
{
	(void)sig;
}

static int resets(void)
{
	struct sigaction action = { .sa_handler = nothing, .sa_flags = (int)SA_RESETHAND };

	sigaction(SIGSEGV, &action, NULL);
	return calls_the_reader();
}

static int ignores(void)
{
	signal(SIGSEGV, SIG_IGN);
	kill(getpid(), SIGSEGV);
	return 0;
}

static int closes_all(void)
{
	for (int fd = 3; fd < 100; fd++)
		close(fd);
	return calls_the_reader();
}

static int executes(void)
{
	execl("/bin/sh", "sh", "-c", "echo preloaded: ${LD_PRELOAD-no}; ls /proc/self/fd | wc -l; kill -SEGV $$",
	      (char *)NULL);
	return 1;
}

static int looks(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int n = 0;

	while (dir && readdir(dir))
		n++;
	/* The three, the directory itself, "." and "..". */
	printf("descriptors: %d\npreloaded: %s\n", n - 3, getenv("LD_PRELOAD") ? getenv("LD_PRELOAD") : "no");
	fflush(stdout);
	return system("echo in a child: ${LD_PRELOAD-no}") != 0;
}

static int child_crashes(void)
{
	pid_t pid = fork();
	int status;

	if (pid == 0)
		_exit(calls_the_reader());
	waitpid(pid, &status, 0);
	return !WIFSIGNALED(status) || WTERMSIG(status) != SIGSEGV;
}

__attribute__((noinline)) static int gives_up(void)
{
	abort();
}

static int parent_crashes_later(void)
{
	return child_crashes() || gives_up();
}

static int daemonizes(void)
{
	return daemon(0, 0) < 0;
}

static int crashes_in_library(void)
{
	void *library = dlopen("libm.so.6", RTLD_NOW);
	double (*function)(double, int *) = NULL;

	if (library)
		*(void **)&function = dlsym(library, "lgamma_r");
	return !function || function(2.5, (int *)16) > 0;
}

__attribute__((noinline)) static int recurses(int n)
{
	volatile char room[4096];

	room[0] = (char)n;
	return n < 0 ? 0 : recurses(n + 1) + room[0];
}

static int overflows(void)
{
	return recurses(0);
}

static int passes(void)
{
	return 0;
}

static const struct way {
	const char *name;
	int (*run)(void);
} ways[] = {
	{ "faults", faults }, { "faults_stripped", faults }, { "faults_static", faults },
	{ "faults_setuid", faults }, { "faults_go", faults }, { "handles", handles }, { "restores", restores },
	{ "returns", returns }, { "resets", resets }, { "ignores", ignores },
	{ "closes_all", closes_all }, { "executes", executes }, { "looks", looks },
	{ "child_crashes", child_crashes }, { "parent_crashes_later", parent_crashes_later },
	{ "daemonizes", daemonizes }, { "crashes_in_library", crashes_in_library },
	{ "overflows", overflows }, { "passes", passes },
};

int main(int argc, char **argv)
{
	const char *slash = strrchr(argv[0], '/');

	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]) && argc > 0; i++)
		if (strcmp(ways[i].name, slash ? slash + 1 : argv[0]) == 0)
			return ways[i].run();
	return 99;
}
