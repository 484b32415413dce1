/* SPDX-License-Identifier: MIT */
/* A crash as a host left it, checked and copied, with the files that were mapped at the time. */
#ifndef WIRE_CRASH_RECORD_H
#define WIRE_CRASH_RECORD_H

#include "wire/crash_page.h"

#include <stddef.h>
#include <sys/types.h>

struct crash {
	enum crash_state state;		/* CRASH_WRITTEN, or the rest is zero */
	int signal, si_code;
	pid_t sender_pid;		/* where si_code says there is one */
	uint64_t address;
	uint32_t nregs;
	uint64_t regs[PAGE_REGS_MAX];
	uint64_t stack_address;		/* of stack[0] */
	unsigned char *stack;		/* NULL: none was copied */
	size_t nstack;
};

/* A file mapped in a host. */
struct module {
	uint64_t address;		/* load bias */
	uint64_t start, end;
	const char *path;		/* in the list's `paths` */
	uint8_t build_id[PAGE_BUILD_ID_MAX];
	size_t nbuild_id;		/* 0: it has none */
};

struct module_list {
	struct module *modules;
	size_t nmodules;
	char *paths;
};

void crash_fini(struct crash *c);
void module_list_fini(struct module_list *list);

/* The module at `address`, as an index; -1: none. */
ssize_t module_at(const struct module_list *list, uint64_t address);

#endif
