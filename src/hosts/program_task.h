/* SPDX-License-Identifier: MIT */
/* What all kinds of host have in common in which a program is executed for a task, and ends with
 * it. */
#ifndef HOSTS_PROGRAM_TASK_H
#define HOSTS_PROGRAM_TASK_H

#include "hosts/host.h"

/* Are these all tests of the suite but the disabled ones? */
bool task_is_whole(const struct task *task);
/* Are these so many, or the tests of the suite besides them, as their adapter can name? */
bool task_names_fit(const struct task *task);

/* As slots of struct host_ops. */
int program_prepare(struct host *h, const struct task *task, struct start *start,
		    struct proctor_error *err);
void program_refused(const struct task *task, struct proctor_error *err);
int program_hand_out(struct host *h, const struct task *task, struct proctor_error *err);
void program_tell_end(struct host *h);
_Atomic uint32_t *program_word(struct host *h);
bool program_is_done(const struct host *h, uint32_t word);
uint32_t program_exit_turn(const struct host *h);
const uint8_t *program_marker_key(const struct host *h);
void program_read_crash(const struct host *h, struct evidence *e);

#endif
