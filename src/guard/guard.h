/* SPDX-License-Identifier: MIT */
/* The guard: cleans up if proctor dies without a goodbye (wire/page.h). */
#ifndef GUARD_GUARD_H
#define GUARD_GUARD_H

/* Waits for the end of the pipe `fd`; if proctor did not say goodbye, kills what is left of the run
 * `run_id`, and removes its temporary directories in `temp_dirs` (NULL: there are none). Returns the exit status. */
int guard_main(int fd, const char *run_id, const char *temp_dirs);

#endif
