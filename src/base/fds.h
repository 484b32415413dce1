/* SPDX-License-Identifier: MIT */
/*
 * What to do with all descriptors from `first` to `last`. Where close_range is refused what is open is
 * looked up in /proc. System calls only: also between vfork and exec.
 */
#ifndef BASE_FDS_H
#define BASE_FDS_H

void fds_close(unsigned first, unsigned last);
/* They are closed at exec. */
void fds_hide(unsigned first, unsigned last);

#endif
