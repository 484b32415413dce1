/* SPDX-License-Identifier: MIT */
#include "host/checks.h"

#include "inject/crash_handler.h"
#include "inject/dispositions.h"
#include "wire/page.h"

#include "base/container.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

struct limit_name {
	__rlimit_resource_t resource;
	const char *name;
};

static const struct limit_name limit_names[CHECKS_NLIMITS] = {
	{ RLIMIT_NOFILE, "open files" }, { RLIMIT_AS, "address space" },
	{ RLIMIT_DATA, "data" },	 { RLIMIT_STACK, "stack" },
	{ RLIMIT_CORE, "core file" },	 { RLIMIT_FSIZE, "file size" },
	{ RLIMIT_CPU, "CPU time" },	 { RLIMIT_NPROC, "processes" },
};

static void hide(int *fd)
{
	int hidden;

	if (*fd < 0)
		return;
	hidden = descriptor_hide(*fd);
	close(*fd);
	*fd = hidden;
}

static void task_open(struct checks *c)
{
	struct stat st;

	c->task_fd = open("/proc/self/task", O_PATH | O_DIRECTORY | O_CLOEXEC);
	hide(&c->task_fd);
	if (c->task_fd >= 0 && fstat(c->task_fd, &st) == 0)
		c->task_dev = st.st_dev;
}

/*
 * How many threads there are; 0: not known. The link count of /proc/self/task is 2, plus one for
 * each thread; to ask for it costs a sixth of reading /proc/self/stat.
 */
static unsigned thread_count(struct checks *c)
{
	struct stat st;

	if (c->task_fd < 0 || fstat(c->task_fd, &st) < 0 || st.st_dev != c->task_dev) {
		/* A test has closed it, and the number may stand for another file by now. */
		task_open(c);
		if (c->task_fd < 0 || fstat(c->task_fd, &st) < 0)
			return 0;
	}
	return st.st_nlink > 2 ? (unsigned)st.st_nlink - 2 : 0;
}

static int lowest_fd(void)
{
	int fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0);

	if (fd >= 0)
		close(fd);
	return fd;
}

static void cwd_adopt(struct checks *c)
{
	char now[PATH_MAX];

	if (!getcwd(now, sizeof(now)) || (c->cwd_fd >= 0 && strcmp(now, c->cwd) == 0))
		return;
	if (c->cwd_fd >= 0)
		close(c->cwd_fd);
	strcpy(c->cwd, now);
	c->cwd_fd = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	hide(&c->cwd_fd);
}

static void root_adopt(struct checks *c)
{
	struct stat st = { 0 };

	stat("/", &st);
	c->root_dev = st.st_dev;
	c->root_ino = st.st_ino;
}

static void ids_read(struct ids *ids)
{
	getresuid(&ids->users[0], &ids->users[1], &ids->users[2]);
	getresgid(&ids->groups[0], &ids->groups[1], &ids->groups[2]);
}

void checks_open(struct checks *c)
{
	c->cwd_fd = -1;
	task_open(c);
}

void checks_adopt(struct checks *c)
{
	size_t i;

	if (!kept_environment_same(&c->environment))
		kept_environment_adopt(&c->environment);
	cwd_adopt(c);
	root_adopt(c);
	ids_read(&c->ids);
	c->umask = umask(0);
	umask(c->umask);
	sigprocmask(SIG_SETMASK, NULL, &c->mask);
	for (i = 0; i < ARRAY_SIZE(limit_names); i++)
		getrlimit(limit_names[i].resource, &c->limits[i]);
	known_children(&c->children);
	c->threads.n = 0;
	c->nthreads = thread_count(c);
	if (c->nthreads > 1)
		known_threads(&c->threads);
	dispositions_adopt();
	c->lowest_fd = lowest_fd();
}

static uint32_t root_check(const struct checks *c, struct text_lines *left)
{
	struct stat st = { 0 };

	stat("/", &st);
	if (st.st_dev == c->root_dev && st.st_ino == c->root_ino)
		return 0;
	text_line_add(left, "root directory: changed");
	return RECORD_CHANGED;
}

/* The path alone does not tell: a test that changed the root directory changed what the path stands
 * for. So where anything differs, the root is looked at, too. */
static uint32_t cwd_put_back(struct checks *c, struct text_lines *left)
{
	char now[PATH_MAX];

	if (getcwd(now, sizeof(now)) && strcmp(now, c->cwd) == 0)
		return 0;
	if ((c->cwd_fd >= 0 && fchdir(c->cwd_fd) == 0) || chdir(c->cwd) == 0)
		return root_check(c, left);
	text_line_add(left, "working directory: cannot go back to %s: %s", c->cwd, strerror(errno));
	return RECORD_CHANGED | root_check(c, left);
}

/*
 * They are put back, for what the host has yet to do. But it is replaced in any case: with a change
 * of the ids the kernel forgets that the process asked to be killed when its parent dies, and
 * others of its own user may no longer read its entries of /proc.
 */
static uint32_t ids_put_back(const struct checks *c, struct text_lines *left)
{
	const uid_t *users = c->ids.users;
	const gid_t *groups = c->ids.groups;
	struct ids now;
	bool back;

	ids_read(&now);
	if (memcmp(&now, &c->ids, sizeof(now)) == 0)
		return 0;
	/* The user first: if that is root again, the group may be set as well. */
	back = setresuid(users[0], users[1], users[2]) == 0;
	back = setresgid(groups[0], groups[1], groups[2]) == 0 && back;
	text_line_add(left, "user %u and group %u: changed to %u and %u%s", users[1], groups[1],
		 now.users[1], now.groups[1], back ? "" : " for good");
	return RECORD_CHANGED;
}

static uint32_t limits_put_back(struct checks *c, struct text_lines *left)
{
	struct rlimit now;
	uint32_t flags = 0;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(limit_names); i++) {
		const struct rlimit *want = &c->limits[i];

		if (getrlimit(limit_names[i].resource, &now) < 0 ||
		    (now.rlim_cur == want->rlim_cur && now.rlim_max == want->rlim_max))
			continue;
		/* Only a privileged process may raise a hard limit that was lowered. */
		if (setrlimit(limit_names[i].resource, want) < 0) {
			text_line_add(left, "limit on %s: lowered for good", limit_names[i].name);
			flags = RECORD_CHANGED;
		}
	}
	return flags;
}

/* If the test left signals blocked, those that wait are thrown away before the mask is put back:
 * they were not meant for the next test. */
static void mask_put_back(struct checks *c)
{
	static const struct timespec at_once;
	sigset_t now;

	sigprocmask(SIG_SETMASK, NULL, &now);
	if (memcmp(&now, &c->mask, NSIG / 8) == 0)
		return;
	while (sigtimedwait(&now, NULL, &at_once) > 0)
		;
	sigprocmask(SIG_SETMASK, &c->mask, NULL);
}

static void timers_stop(void)
{
	static const struct itimerval off;

	setitimer(ITIMER_REAL, &off, NULL);
	setitimer(ITIMER_VIRTUAL, &off, NULL);
	setitimer(ITIMER_PROF, &off, NULL);
}

/* Descriptors that a test left open are not closed: a library may have opened one and rely on
 * it. */
static uint32_t descriptors_check(struct checks *c, struct text_lines *left)
{
	int lowest = lowest_fd(), fd;
	char path[32], name[256];

	if (lowest == c->lowest_fd)
		return 0;
	if (lowest >= 0 && lowest < c->lowest_fd) {
		text_line_add(left, "descriptor %d: closed", lowest);
		return RECORD_CHANGED;
	}
	for (fd = c->lowest_fd; fd < (lowest < 0 ? c->lowest_fd + 8 : lowest); fd++) {
		ssize_t n;

		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		n = readlink(path, name, sizeof(name));
		if (n > 0)
			text_line_add(left, "descriptor %d: left open (%.*s)", fd, (int)n, name);
	}
	return RECORD_CHANGED;
}

uint32_t checks_threads(struct checks *c, struct text_lines *left)
{
	/* thread_count() is of no use here: the open /proc/self/task is the parent's. */
	return left_threads(&c->threads, c->leak_us, left) ? RECORD_LEAKY_THREAD : 0;
}

uint32_t checks_processes(struct checks *c, struct text_lines *left)
{
	if (!left_none() && left_processes(&c->children, c->leak_us, left))
		return RECORD_LEAKY_PROCESS;
	return 0;
}

uint32_t checks_run(struct checks *c, struct text_lines *left)
{
	uint32_t flags = 0;
	unsigned nthreads;

	/* First timers and signal handlers, which could interrupt the rest of the checks. */
	timers_stop();
	dispositions_put_back();
	/* Then the ids: to put back other things may need the rights. */
	flags |= ids_put_back(c, left);
	nthreads = thread_count(c);
	if (nthreads == 0 && c->nthreads > 0) {
		text_line_add(left, "/proc/self/task cannot be looked at any more: %s", strerror(errno));
		flags |= RECORD_CHANGED;
	} else if (nthreads > c->nthreads && left_threads(&c->threads, c->leak_us, left)) {
		flags |= RECORD_LEAKY_THREAD;
	}
	mask_put_back(c);
	crash_put_back();
	flags |= checks_processes(c, left);
	umask(c->umask);
	if (!kept_environment_same(&c->environment))
		kept_environment_put_back(&c->environment);
	flags |= limits_put_back(c, left);
	flags |= cwd_put_back(c, left);
	flags |= descriptors_check(c, left);
	return flags;
}
