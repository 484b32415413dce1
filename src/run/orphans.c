/* SPDX-License-Identifier: MIT */
#include "run/orphans.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define ENVIRON_MAX_BYTES (256 * 1024)

bool orphans_reap(void)
{
	siginfo_t si;

	for (;;) {
		si.si_pid = 0;
		if (waitid(P_ALL, 0, &si, WEXITED | WNOHANG | __WNOTHREAD) < 0)
			return false;	/* ECHILD */
		if (si.si_pid == 0)
			return true;
	}
}

/* A file of /proc/PID, whole or its first `nbuf` - 1 bytes, with a NUL behind; -1: gone. */
static ssize_t process_read(int pid, const char *name, char *buf, size_t nbuf)
{
	char path[64];
	size_t nread = 0;
	ssize_t n = 0;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	while (nread < nbuf - 1 && (n = read(fd, buf + nread, nbuf - 1 - nread)) > 0)
		nread += (size_t)n;
	close(fd);
	buf[nread] = '\0';
	return n < 0 ? -1 : (ssize_t)nread;
}

int process_parent(int pid)
{
	char stat[512], *at;
	int parent;

	if (process_read(pid, "stat", stat, sizeof(stat)) < 0)
		return 0;
	/* The name in parentheses may hold anything, also parentheses. */
	at = strrchr(stat, ')');
	return at && sscanf(at, ") %*c %d", &parent) == 1 ? parent : 0;
}

static const char *environ_value(const char *vars, size_t nvars, const char *name)
{
	size_t nname = strlen(name);

	for (const char *at = vars; at < vars + nvars; at += strlen(at) + 1)
		if (strncmp(at, name, nname) == 0 && at[nname] == '=')
			return at + nname + 1;
	return NULL;
}

uint64_t process_host(int pid, const char *run_id)
{
	char *vars = malloc(ENVIRON_MAX_BYTES);
	const char *id, *number;
	uint64_t host = 0;
	ssize_t n;

	if (!vars)
		return 0;
	n = process_read(pid, "environ", vars, ENVIRON_MAX_BYTES);
	if (n > 0) {
		id = environ_value(vars, (size_t)n, "PROCTOR_RUN_ID");
		number = environ_value(vars, (size_t)n, "PROCTOR_HOST");
		if (id && number && strcmp(id, run_id) == 0)
			host = strtoull(number, NULL, 10);
	}
	free(vars);
	return host;
}

/* Appends "sleep 100 (process 123)" as a line. */
static void orphan_name(int pid, char **lines)
{
	char words[256], *longer;
	ssize_t n = process_read(pid, "cmdline", words, sizeof(words));

	if (n <= 0) {
		n = process_read(pid, "comm", words, sizeof(words));
		if (n > 0 && words[n - 1] == '\n')
			words[n - 1] = '\0';
	}
	for (ssize_t i = 0; i < n - 1; i++)
		if (words[i] == '\0')
			words[i] = ' ';
	if (asprintf(&longer, "%s%sprocess %d: %s", *lines ? *lines : "", *lines ? "\n" : "", pid,
		     n > 0 ? words : "?") < 0)
		return;
	free(*lines);
	*lines = longer;
}

void orphans_kill(const char *run_id, uint64_t number, bool all, orphans_alive *alive, void *data,
		  char **left, char **others)
{
	DIR *dir = opendir("/proc");
	struct dirent *entry;
	int self = getpid();

	while (dir && (entry = readdir(dir))) {
		uint64_t host;
		int pid = isdigit((unsigned char)entry->d_name[0]) ? atoi(entry->d_name) : 0;
		siginfo_t si;

		if (pid <= 0 || process_parent(pid) != self)
			continue;
		/* A child of another thread is a host or the guard. */
		if (waitid(P_PID, (id_t)pid, &si, WEXITED | WNOHANG | WNOWAIT | __WNOTHREAD) < 0)
			continue;
		host = process_host(pid, run_id);
		if (host == 0 ? !all : alive(host, data))
			continue;
		orphan_name(pid, host == number ? left : others);
		/* Not reaped yet, and by nobody else: the number is still its own. */
		kill(pid, SIGKILL);
	}
	if (dir)
		closedir(dir);
}
