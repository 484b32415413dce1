/* SPDX-License-Identifier: MIT */
/*
 * A file in which a program notes the result of each test as soon as there is one, read while it grows.
 * Supervisor's thread.
 */
#ifndef HOSTS_RESULT_LOG_H
#define HOSTS_RESULT_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct result_log {		/* all zero: not opened yet */
	int fd;			/* 0: it is not open */
	off_t at;		/* what lies before was read */
	bool given_up;		/* a line of it is longer than any that a framework writes */
};

/* Calls `each` with what was added since the last call, up to the end of its last line. A file that is not there, or
 * cannot be read, has nothing in it. */
void result_log_read(struct result_log *log, const char *dir, const char *name,
		     void (*each)(const char *bytes, size_t nbytes, void *data), void *data);
void result_log_close(struct result_log *log);

#endif
