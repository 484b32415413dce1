/* SPDX-License-Identifier: MIT */
/*
 * Closes all descriptors from `first` to `last`. Where close_range is refused, those that are open
 * are looked up in /proc. Makes nothing but system calls: may be used between vfork and exec.
 */
#ifndef BASE_FDS_H
#define BASE_FDS_H

void fds_close(unsigned first, unsigned last);
/* The same, but has them closed at the next exec. */
void fds_hide(unsigned first, unsigned last);

#endif
