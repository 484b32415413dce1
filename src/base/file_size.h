/* SPDX-License-Identifier: MIT */
/*
 * A write beyond the limit of file sizes (ulimit -f) sends SIGXFSZ, which would end the program.
 * Where the signal is blocked the write fails with EFBIG instead. These block it for one thread and
 * for a time; nothing else in the process is changed.
 */
#ifndef BASE_FILE_SIZE_H
#define BASE_FILE_SIZE_H

#include <signal.h>

/* Blocks the signal in the calling thread, if it has no handler; `*mask` is the thread's mask
 * before. */
void file_size_hold(sigset_t *mask);
/* Puts the mask back. Signals of that kind that have come meanwhile are thrown away. */
void file_size_release(const sigset_t *mask);

#endif
