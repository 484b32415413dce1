/* SPDX-License-Identifier: MIT */
#include "base/process.h"

#include <ctype.h>
#include <elf.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

/* The command line of a host, with which processes that tests fork show up, too. */
#define HOST_TITLE "proctor-host serve"
#define HOST_COMM "proctor-host"

ssize_t process_read(pid_t pid, const char *name, char *buf, size_t nbuf)
{
	char path[64];
	size_t nread = 0;
	ssize_t n = 0;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	while (nread < nbuf - 1 && (n = read(fd, buf + nread, nbuf - 1 - nread)) > 0)
		nread += (size_t)n;
	close(fd);
	buf[nread] = '\0';
	return n < 0 ? -1 : (ssize_t)nread;
}

bool process_memory(pid_t pid, uint64_t address, void *to, uint64_t nbytes)
{
	uint64_t done = 0;

	while (done < nbytes) {
		struct iovec here = { (char *)to + done, nbytes - done };
		struct iovec there = { (void *)(uintptr_t)(address + done), nbytes - done };
		ssize_t n = process_vm_readv(pid, &here, 1, &there, 1, 0);

		if (n <= 0)
			return false;
		done += (uint64_t)n;
	}
	return true;
}

bool process_phdrs(pid_t pid, uint64_t *address)
{
	union {
		char bytes[2048];
		Elf64_auxv_t entries[2048 / sizeof(Elf64_auxv_t)];
	} auxv;
	ssize_t n = process_read(pid, "auxv", auxv.bytes, sizeof(auxv.bytes));

	*address = 0;
	for (size_t i = 0; n > 0 && i < (size_t)n / sizeof(auxv.entries[0]); i++)
		if (auxv.entries[i].a_type == AT_PHDR)
			*address = auxv.entries[i].a_un.a_val;
	return n > 0;
}

/* A process may have any name: what is said of it shall stay on one line. */
static void one_line(char *text, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)text[i] < ' ')
			text[i] = ' ';
}

static bool stat_read(pid_t pid, const char *name, struct process_stat *st)
{
	char text[1024], *begin, *end;

	*st = (struct process_stat){ .comm = "?" };
	if (process_read(pid, name, text, sizeof(text)) <= 0)
		return false;
	/* The name stands in parentheses and may contain some itself: it ends at the last one. */
	begin = strchr(text, '(');
	end = strrchr(text, ')');
	if (!begin || !end || end < begin)
		return false;
	snprintf(st->comm, sizeof(st->comm), "%.*s", (int)(end - begin - 1), begin + 1);
	one_line(st->comm, strlen(st->comm));
	return sscanf(end, ") %c %d %d %d %*d %*d %u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d "
		      "%*d %" SCNu64, &st->state, &st->parent, &st->group, &st->session, &st->flags,
		      &st->started) == 6;
}

bool process_stat(pid_t pid, struct process_stat *st)
{
	return stat_read(pid, "stat", st);
}

bool thread_stat(pid_t tid, struct process_stat *st)
{
	char name[32];

	snprintf(name, sizeof(name), "task/%d/stat", (int)tid);
	return stat_read(getpid(), name, st);
}

pid_t process_next(DIR *dir)
{
	struct dirent *entry;

	while ((entry = readdir(dir)) != NULL)
		if (isdigit((unsigned char)entry->d_name[0]))
			return (pid_t)strtol(entry->d_name, NULL, 10);
	return 0;
}

/* If `entry` is the variable `name`, copies its value to `buf`. */
static bool entry_value(const char *entry, const char *name, char *buf, size_t nbuf)
{
	size_t nname = strlen(name);

	if (strncmp(entry, name, nname) != 0 || entry[nname] != '=')
		return false;
	snprintf(buf, nbuf, "%s", entry + nname + 1);
	return true;
}

/* Allocates nothing: a lack of memory must not hide whose a process is. So the file is read piece by
 * piece, and only the beginning of each entry is kept. */
bool process_variable(pid_t pid, const char *name, char *buf, size_t nbuf)
{
	char path[64], chunk[4096], entry[512] = "";
	size_t nentry = 0;
	bool found = false;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/environ", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	while (!found && (n = read(fd, chunk, sizeof(chunk))) > 0)
		for (ssize_t i = 0; i < n && !found; i++) {
			if (chunk[i] != '\0') {
				if (nentry < sizeof(entry) - 1)
					entry[nentry++] = chunk[i];
				continue;
			}
			entry[nentry] = '\0';
			nentry = 0;
			found = entry_value(entry, name, buf, nbuf);
		}
	close(fd);
	entry[nentry] = '\0';
	return found || entry_value(entry, name, buf, nbuf);
}

/* The kernel gives the start in ticks, mostly hundredths of a second. */
static void age_words(uint64_t started, char *buf, size_t nbuf)
{
	uint64_t hz = (uint64_t)sysconf(_SC_CLK_TCK), ms, now_ms;
	struct timespec now;

	buf[0] = '\0';
	if (started == 0 || clock_gettime(CLOCK_BOOTTIME, &now) < 0)
		return;
	now_ms = (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
	ms = started * 1000 / hz;
	ms = now_ms > ms ? now_ms - ms : 0;
	if (ms < 1000)
		snprintf(buf, nbuf, ", %" PRIu64 " ms old", ms);
	else if (ms < 60000)
		snprintf(buf, nbuf, ", %" PRIu64 ".%" PRIu64 " s old", ms / 1000, ms / 100 % 10);
	else
		snprintf(buf, nbuf, ", %" PRIu64 " min old", ms / 60000);
}

/* The command line; "" where there is none. */
static void command_words(pid_t pid, char *buf, size_t nbuf)
{
	ssize_t n = process_read(pid, "cmdline", buf, nbuf);

	while (n > 0 && buf[n - 1] == '\0')
		n--;
	if (n > 0)
		one_line(buf, (size_t)n);
	buf[n > 0 ? n : 0] = '\0';
}

const char *process_words(pid_t pid, char *buf, size_t nbuf)
{
	char command[256], age[48], name[48] = "";
	struct process_stat st;

	process_stat(pid, &st);
	age_words(st.started, age, sizeof(age));
	command_words(pid, command, sizeof(command));
	if ((st.flags & PROCESS_FORKED) &&
	    strncmp(command, HOST_TITLE, strlen(HOST_TITLE)) == 0) {
		if (strcmp(st.comm, HOST_COMM) != 0)
			snprintf(name, sizeof(name), " (%s)", st.comm);
		snprintf(buf, nbuf, "process %d%s%s: forked by the suite's code", (int)pid, name, age);
	} else if (st.flags & PROCESS_FORKED) {
		snprintf(buf, nbuf, "process %d (%s)%s: a fork of %s", (int)pid, st.comm, age,
			 command[0] ? command : st.comm);
	} else {
		snprintf(buf, nbuf, "process %d (%s)%s%s%s", (int)pid, st.comm, age,
			 command[0] ? ": " : "", command);
	}
	return buf;
}
