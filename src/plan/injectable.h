/* SPDX-License-Identifier: MIT */
/* Can a library be put into a program, by LD_PRELOAD? */
#ifndef PLAN_INJECTABLE_H
#define PLAN_INJECTABLE_H

#include "base/elf.h"

#include <stdbool.h>
#include <sys/stat.h>

/* Of a program that elf_is_program() has approved, with its first bytes and its dynamic segment. */
bool program_is_injectable(int fd, const void *head, size_t nhead, const struct stat *st,
			   const struct elf_dynamic *dynamic);

#endif
