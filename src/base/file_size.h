/* SPDX-License-Identifier: MIT */
/*
 * A file at the limit of its size (ulimit -f) is an error of the write, EFBIG, and not SIGXFSZ, which
 * would end the program. For one thread, and for a time: nothing of the process is changed.
 */
#ifndef BASE_FILE_SIZE_H
#define BASE_FILE_SIZE_H

#include <signal.h>

/* Holds the signal back from the calling thread, if it would end the program. */
void file_size_hold(sigset_t *mask);
/* Gives the thread its mask back; what has come meanwhile is dropped. */
void file_size_release(const sigset_t *mask);

#endif
