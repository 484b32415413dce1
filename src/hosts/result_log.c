/* SPDX-License-Identifier: MIT */
#include "hosts/result_log.h"

#include "base/private_dir.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define PIECE_BYTES (32u << 10)
/* A test may write there, too: so much is read at a time, and no more. */
#define PIECES_MAX 64

static bool result_log_open(struct result_log *log, const char *dir, const char *name)
{
	struct proctor_error err;
	int fd;

	if (log->fd > 0)
		return true;
	fd = private_dir_open(dir, name, &err);
	log->fd = fd > 0 ? fd : 0;
	return fd > 0;
}

static ssize_t result_log_piece(const struct result_log *log, char piece[static PIECE_BYTES])
{
	ssize_t n;

	do
		n = pread(log->fd, piece, PIECE_BYTES, log->at);
	while (n < 0 && errno == EINTR);
	return n;
}

void result_log_read(struct result_log *log, const char *dir, const char *name,
		     void (*each)(const char *bytes, size_t nbytes, void *data), void *data)
{
	char piece[PIECE_BYTES];
	const char *last;
	ssize_t n;

	if (log->given_up || !result_log_open(log, dir, name))
		return;
	for (unsigned i = 0; i < PIECES_MAX && (n = result_log_piece(log, piece)) > 0; i++) {
		last = memrchr(piece, '\n', (size_t)n);
		if (!last) {
			log->given_up = n == PIECE_BYTES;
			return;
		}
		each(piece, (size_t)(last + 1 - piece), data);
		log->at += last + 1 - piece;
	}
}

void result_log_close(struct result_log *log)
{
	if (log->fd > 0)
		close(log->fd);
	log->fd = 0;
}
