/* SPDX-License-Identifier: MIT */
#include "inject/fork_server.h"

#include "inject/crash_handler.h"
#include "wire/fork_messages.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

/* Above the numbers that a test's own descriptors get. */
#define SERVER_FD_MIN 200

static struct {
	int fd;				/* -1: this is no server */
	struct crash_page *page;
	unsigned nhandlers;		/* registered with pthread_atfork() */
	pid_t *tid;			/* where the C library keeps the thread's number */
	void *robust;			/* the list of robust mutexes */
	size_t nrobust;
} server = { .fd = -1 };

/* A request as it came. The texts of a child's arguments and environment stay here. */
static struct {
	struct fork_request head;
	char texts[FORK_REQUEST_BYTES];
} request;

/* Without anything that the program does at its exit. */
static void __attribute__((noreturn)) leave(int status)
{
	for (;;)
		syscall(SYS_exit_group, status);
}

/* ---- may it be one? ---- */

typedef int register_atfork_function(void (*prepare)(void), void (*parent)(void), void (*child)(void),
				     void *object);

register_atfork_function __register_atfork;
/* Stands before the C library's, to which pthread_atfork() leads. */
int __register_atfork(void (*prepare)(void), void (*parent)(void), void (*child)(void), void *object)
{
	register_atfork_function *real;

	*(void **)&real = dlsym(RTLD_NEXT, "__register_atfork");
	server.nhandlers++;
	return real ? real(prepare, parent, child, object) : ENOMEM;
}

static bool has_threads(void)
{
	struct stat st;

	/* A directory has a link for itself, one in its parent, and one for each directory in it. */
	return stat("/proc/self/task", &st) < 0 || st.st_nlink != 3;
}

static bool has_timers(void)
{
	static const int timers[] = { ITIMER_REAL, ITIMER_VIRTUAL, ITIMER_PROF };
	struct itimerval now;

	for (size_t i = 0; i < sizeof(timers) / sizeof(timers[0]); i++)
		if (getitimer((__itimer_which_t)timers[i], &now) < 0 || now.it_value.tv_sec != 0 ||
		    now.it_value.tv_usec != 0)
			return true;
	return false;
}

/* Anything but devices: files, pipes and the like have a state that all who have it open share. */
static bool has_files(void)
{
	DIR *dir = opendir("/proc/self/fd");
	bool found = !dir;
	struct dirent *entry;
	struct stat st;

	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		found = found || fstat(fd, &st) < 0;
	while (!found && (entry = readdir(dir))) {
		int fd = atoi(entry->d_name);

		found = entry->d_name[0] != '.' && fd > STDERR_FILENO && fd != server.fd &&
			fd != dirfd(dir) && fstat(fd, &st) == 0 && !S_ISCHR(st.st_mode);
	}
	if (dir)
		closedir(dir);
	return found;
}

/* Where the C library keeps the number of this thread; NULL: that is not known. */
static pid_t *tid_find(void)
{
	/* For debuggers: the size in bits, how many, and the offset in a thread's record. */
	const uint32_t *place = dlsym(RTLD_DEFAULT, "_thread_db_pthread_tid");
	pid_t *tid = place ? (pid_t *)((char *)pthread_self() + place[2]) : NULL;

	return tid && place[0] == 8 * sizeof(pid_t) && *tid == (pid_t)syscall(SYS_gettid) ? tid : NULL;
}

static enum fork_refusal refusal_find(void)
{
	siginfo_t si;

	server.tid = tid_find();
	if (!server.tid || syscall(SYS_get_robust_list, 0, &server.robust, &server.nrobust) < 0)
		return FORK_REFUSAL_LIBRARY;
	if (has_threads())
		return FORK_REFUSAL_THREADS;
	if (server.nhandlers > 0)
		return FORK_REFUSAL_HANDLERS;
	if (has_timers())
		return FORK_REFUSAL_TIMERS;
	if (waitid(P_ALL, 0, &si, WEXITED | WNOHANG | WNOWAIT) == 0)
		return FORK_REFUSAL_CHILDREN;
	return has_files() ? FORK_REFUSAL_FILES : FORK_REFUSAL_NONE;
}

/* ---- talk ---- */

static bool is_socket(int fd)
{
	int type = 0;
	socklen_t n = sizeof(type);

	return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &n) == 0 && type == SOCK_SEQPACKET;
}

bool fork_server_open(struct crash_page *page)
{
	if (!is_socket(FORK_SERVER_FD))
		return false;
	server.fd = fcntl(FORK_SERVER_FD, F_DUPFD_CLOEXEC, SERVER_FD_MIN);
	close(FORK_SERVER_FD);
	server.page = page;
	return server.fd >= 0;
}

/* Without a reader there is nothing to do any more. */
static void answer(enum fork_word word, int32_t value, pid_t group)
{
	const struct fork_answer a = { .magic = FORK_SERVER_MAGIC, .word = word, .group = group,
				       .serial = request.head.serial, .value = value };

	if (send(server.fd, &a, sizeof(a), MSG_NOSIGNAL) != (ssize_t)sizeof(a))
		leave(0);
}

/* The next request and its descriptors; ends the process where there is none. Returns how many bytes the
 * texts have. */
static size_t request_take(int fds[FORK_FDS_MAX])
{
	union {
		char bytes[CMSG_SPACE(FORK_FDS_MAX * sizeof(int))];
		struct cmsghdr align;
	} control;
	struct iovec iov = { &request, sizeof(request) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.bytes,
			      .msg_controllen = sizeof(control.bytes) };
	const struct cmsghdr *c;
	ssize_t n;

	do {
		n = recvmsg(server.fd, &msg, MSG_CMSG_CLOEXEC);
	} while (n < 0 && errno == EINTR);
	if (n < (ssize_t)sizeof(request.head) || request.head.magic != FORK_SERVER_MAGIC ||
	    request.head.nfds > FORK_FDS_MAX)
		leave(0);
	c = CMSG_FIRSTHDR(&msg);
	if (request.head.nfds > 0 && (!c || c->cmsg_len < CMSG_LEN(request.head.nfds * sizeof(int))))
		leave(0);
	if (c)
		memcpy(fds, CMSG_DATA(c), request.head.nfds * sizeof(int));
	return (size_t)n - sizeof(request.head);
}

/* ---- the child ---- */

/* Puts its descriptors where they belong: first all of them out of the way. */
static int child_files(int fds[FORK_FDS_MAX])
{
	for (uint32_t i = 0; i < request.head.nfds; i++) {
		int high = fcntl(fds[i], F_DUPFD_CLOEXEC, SERVER_FD_MIN);

		if (high < 0)
			return -errno;
		close(fds[i]);
		fds[i] = high;
	}
	for (uint32_t i = 0; i < request.head.nfds; i++) {
		if (dup2(fds[i], (int)request.head.as[i]) < 0)
			return -errno;
		close(fds[i]);
	}
	return 0;
}

/* In place of the server's own. */
static int child_page(void)
{
	bool has = false;
	void *at = MAP_FAILED;

	for (uint32_t i = 0; i < request.head.nfds; i++)
		has |= request.head.as[i] == CRASH_PAGE_FD;
	if (server.page && has)
		at = mmap(server.page, sizeof(*server.page), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED,
			  CRASH_PAGE_FD, 0);
	if (has)
		close(CRASH_PAGE_FD);
	/* Without a page of its own it leaves no record. */
	if (at != MAP_FAILED)
		crash_watch(getpid());
	return 0;
}

/* The number is written over the server's, where /proc shows it, and is a variable like all others too. */
static void child_mark(const char *var)
{
	const size_t nname = strlen(FORK_HOST_VARIABLE);
	char *mark = getenv("PROCTOR_HOST");
	size_t ndigits = strlen(var) - nname;

	if (!mark || strlen(mark) != FORK_HOST_DIGITS || ndigits > FORK_HOST_DIGITS)
		return;
	memset(mark, '0', FORK_HOST_DIGITS);
	memcpy(mark + FORK_HOST_DIGITS - ndigits, var + nname, ndigits);
}

static const char *text_next(char **at, const char *end)
{
	char *text = *at, *nul = text < end ? memchr(text, '\0', (size_t)(end - text)) : NULL;

	if (!nul)
		leave(127);
	*at = nul + 1;
	return text;
}

static int child_texts(size_t ntexts, int *argc, char ***argv)
{
	const size_t nbytes = (request.head.nwords + 1) * sizeof(char *);
	char *at = request.texts, *end = at + ntexts, **words;

	words = mmap(NULL, nbytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (words == MAP_FAILED)
		return -errno;
	for (uint32_t i = 0; i < request.head.nwords; i++)
		words[i] = (char *)text_next(&at, end);
	*argc = (int)request.head.nwords;
	*argv = words;
	for (uint32_t i = 0; i < request.head.nvars; i++) {
		char *var = (char *)text_next(&at, end);

		if (strncmp(var, FORK_HOST_VARIABLE, strlen(FORK_HOST_VARIABLE)) == 0)
			child_mark(var);
		/* What has no '=' is taken out. */
		if (putenv(var) != 0)
			return -ENOMEM;
	}
	if (request.head.has_workdir && chdir(text_next(&at, end)) < 0)
		return -errno;
	return 0;
}

/* All that proctor's own start of a process does between fork and exec, and what fork() would do. */
static int child_begin(size_t ntexts, int fds[FORK_FDS_MAX], int *argc, char ***argv)
{
	int ret;

	syscall(SYS_set_robust_list, server.robust, server.nrobust);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* If proctor died before that call, there is another parent now. */
	if (getppid() != (pid_t)request.head.parent)
		leave(127);
	if (request.head.leads && setsid() < 0)
		return -errno;
	ret = child_files(fds);
	if (ret == 0)
		ret = child_page();
	if (ret == 0)
		ret = child_texts(ntexts, argc, argv);
	return ret;
}

static pid_t child_clone(void)
{
	const unsigned long flags = CLONE_PARENT | CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID | SIGCHLD;

#if defined(__x86_64__)
	return (pid_t)syscall(SYS_clone, flags, NULL, NULL, server.tid, NULL);
#else
	return (pid_t)syscall(SYS_clone, flags, NULL, NULL, NULL, server.tid);
#endif
}

/* In a child that is to lead nothing: it starts the test's process beside itself, in a session that it has
 * made, and ends. Returns in that process. */
static void child_beside(void)
{
	pid_t leader = getpid(), pid = setsid() < 0 ? -1 : child_clone();

	if (pid == 0)
		return;
	answer(pid < 0 ? FORK_FAILED : FORK_CREATED, pid < 0 ? errno : pid, leader);
	leave(0);
}

/* True: this is a child, and main() is next. */
static bool serve_one(int *argc, char ***argv)
{
	int fds[FORK_FDS_MAX] = { 0 }, ret;
	size_t ntexts = request_take(fds);
	pid_t pid = child_clone();

	if (pid == 0) {
		if (!request.head.leads)
			child_beside();
		ret = child_begin(ntexts, fds, argc, argv);
		answer(ret < 0 ? FORK_UNREADY : FORK_BEGINS, -ret, 0);
		if (ret < 0)
			leave(127);
		close(server.fd);
		server.fd = -1;
		return true;
	}
	if (pid < 0)
		answer(FORK_FAILED, errno, 0);
	else if (request.head.leads)
		answer(FORK_CREATED, pid, pid);
	for (uint32_t i = 0; i < request.head.nfds; i++)
		close(fds[i]);
	return false;
}

void fork_server_serve(int *argc, char ***argv)
{
	enum fork_refusal refusal;

	if (server.fd < 0)
		return;
	refusal = refusal_find();
	answer(refusal == FORK_REFUSAL_NONE ? FORK_SERVES : FORK_REFUSES, (int32_t)refusal, 0);
	/* Nothing of the program runs here any more, also no function at its exit. */
	if (refusal != FORK_REFUSAL_NONE)
		leave(0);
	while (!serve_one(argc, argv))
		continue;
}
