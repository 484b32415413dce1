/* SPDX-License-Identifier: MIT */
/*
 * What a process in which tests run leaves of its crash: memory that it shares with the run. proctor-host
 * has it within its progress page (wire/page.h); a program has one of its own, written by the library
 * that is put into it (inject/program.c). It is written by a process that has crashed, so the run checks
 * each field when it reads it (hosts/crash_map.h).
 */
#ifndef WIRE_CRASH_PAGE_H
#define WIRE_CRASH_PAGE_H

#include <stdatomic.h>
#include <stdint.h>

#define CRASH_PAGE_MAGIC 0x70726f6363726173ull	/* "proccras" */

/* The descriptor at which a program finds its crash page; closed once it is mapped. */
#define CRASH_PAGE_FD 5

/* The library that writes it: it finds its own entry in LD_PRELOAD by this name, to take it out. */
#define PROGRAM_LIBRARY_NAME "proctor-inject.so"

#define PAGE_MODULES_MAX 1024
#define PAGE_MODULE_PATHS_BYTES (128 * 1024)
#define PAGE_STACK_BYTES (128 * 1024)
#define PAGE_FRAMES_MAX 64
#define PAGE_BUILD_ID_MAX 32

enum crash_state {
	CRASH_NONE,
	CRASH_WRITING,			/* the handler was entered and did not get through */
	CRASH_WRITTEN,
};

/* Registers in the order of the DWARF numbering of the machine (x86-64: rax rdx rcx rbx rsi rdi
 * rbp rsp r8..r15 rip; aarch64: x0..x30 sp pc), so that libdw can unwind from them. */
#define PAGE_REGS_MAX 33

/*
 * The handler does not unwind: it copies the registers and the top of the stack, and
 * proctor-symbolizer unwinds from the copy with libdw and the recorded modules. Copying is async-signal-safe, needs
 * no unwinder in the host, and works for code without frame pointers.
 */
struct page_crash {			/* the process's, published by `state` */
	_Atomic uint32_t state;		/* enum crash_state */
	int32_t signal, si_code;
	int32_t sender_pid;		/* where si_code says there is one (si_pid is a macro) */
	uint64_t address;
	uint32_t nregs;
	uint64_t regs[PAGE_REGS_MAX];
	uint64_t stack_address;		/* of stack[0] */
	uint32_t nstack;
};

struct page_module {			/* the process's, published by `nmodules` */
	uint64_t address;		/* load bias (dlpi_addr) */
	uint64_t start, end;		/* addresses its segments span */
	uint32_t path, npath;		/* in `module_paths` */
	uint8_t build_id[PAGE_BUILD_ID_MAX];
	uint32_t nbuild_id;
};

/* Untouched parts of it cost nothing. */
struct crash_page {
	uint64_t magic;			/* the run's, constant; 0 within a progress page */
	struct page_crash crash;
	_Atomic uint32_t nmodules;
	struct page_module modules[PAGE_MODULES_MAX];
	char module_paths[PAGE_MODULE_PATHS_BYTES];
	unsigned char stack[PAGE_STACK_BYTES];
};

#endif
