/* SPDX-License-Identifier: MIT */
/* Can the dynamic loader be told (LD_PRELOAD) to put a library of ours into a program, and does the program run as
 * it would without it? */
#ifndef PLAN_INJECTABLE_H
#define PLAN_INJECTABLE_H

#include "base/elf.h"

#include <stdbool.h>
#include <sys/stat.h>

/* `fd` is the program's file, `head` its first bytes and `dynamic` its dynamic segment, as elf_is_program() has read
 * them. */
bool program_is_injectable(int fd, const void *head, size_t nhead, const struct stat *st,
			   const struct elf_dynamic *dynamic);

#endif
