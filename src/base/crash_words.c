/* SPDX-License-Identifier: MIT */
#include "base/crash_words.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "base/container.h"

struct code_words {
	int signal, code;
	const char *words;
};

/* Plain numbers are codes that the kernel sends and glibc 2.36 has no name for. */
static const struct code_words code_table[] = {
	{ SIGSEGV, SEGV_MAPERR, "address not mapped" },
	{ SIGSEGV, SEGV_ACCERR, "access not permitted" },
	{ SIGSEGV, SEGV_BNDERR, "outside of its bounds" },
	{ SIGSEGV, SEGV_PKUERR, "forbidden by a protection key" },
	{ SIGSEGV, SEGV_ACCADI, "memory tagging is not on for the address" },
	{ SIGSEGV, SEGV_ADIDERR, "memory tag mismatch, seen late" },
	{ SIGSEGV, SEGV_ADIPERR, "memory tag mismatch" },
	{ SIGSEGV, SEGV_MTEAERR, "memory tag mismatch, seen late" },
	{ SIGSEGV, SEGV_MTESERR, "memory tag mismatch" },
	{ SIGSEGV, 10, "return address differs from the shadow stack" },
	{ SIGBUS, BUS_ADRALN, "address not aligned" },
	{ SIGBUS, BUS_ADRERR, "no memory behind the address" },
	{ SIGBUS, BUS_OBJERR, "hardware error of the object" },
	{ SIGBUS, BUS_MCEERR_AR, "hardware memory error" },
	{ SIGBUS, BUS_MCEERR_AO, "hardware memory error, seen early" },
	{ SIGFPE, FPE_INTDIV, "integer divide by zero" },
	{ SIGFPE, FPE_INTOVF, "integer overflow" },
	{ SIGFPE, FPE_FLTDIV, "floating-point divide by zero" },
	{ SIGFPE, FPE_FLTOVF, "floating-point overflow" },
	{ SIGFPE, FPE_FLTUND, "floating-point underflow" },
	{ SIGFPE, FPE_FLTRES, "floating-point inexact result" },
	{ SIGFPE, FPE_FLTINV, "invalid floating-point operation" },
	{ SIGFPE, FPE_FLTSUB, "subscript out of range" },
	{ SIGFPE, FPE_FLTUNK, "unknown floating-point exception" },
	{ SIGFPE, FPE_CONDTRAP, "trap on condition" },
	{ SIGILL, ILL_ILLOPC, "illegal opcode" },
	{ SIGILL, ILL_ILLOPN, "illegal operand" },
	{ SIGILL, ILL_ILLADR, "illegal addressing mode" },
	{ SIGILL, ILL_ILLTRP, "illegal trap" },
	{ SIGILL, ILL_PRVOPC, "privileged opcode" },
	{ SIGILL, ILL_PRVREG, "privileged register" },
	{ SIGILL, ILL_COPROC, "coprocessor error" },
	{ SIGILL, ILL_BADSTK, "internal stack error" },
	{ SIGILL, ILL_BADIADDR, "unimplemented instruction address" },
	{ SIGTRAP, TRAP_BRKPT, "breakpoint" },
	{ SIGTRAP, TRAP_TRACE, "single step" },
	{ SIGTRAP, TRAP_BRANCH, "branch taken" },
	{ SIGTRAP, TRAP_HWBKPT, "hardware breakpoint" },
	{ SIGTRAP, TRAP_UNK, "unknown trap" },
	{ SIGTRAP, 6, "performance counter" },
	{ SIGSYS, 1, "system call forbidden by seccomp" },
	{ SIGSYS, 2, "system call handed back to user space" },
};

/* Words for the codes that any signal may have; NULL: not one of them. */
static const char *code_words_common(int signal, int si_code)
{
	switch (si_code) {
	case SI_USER:
		return "sent by kill";
	case SI_TKILL:
		return signal == SIGABRT ? "sent by itself (abort)" : "sent by itself (raise)";
	case SI_QUEUE:
		return "sent by sigqueue";
	case SI_TIMER:
		return "sent by a timer";
	case SI_MESGQ:
		return "sent by a message queue";
	case SI_ASYNCIO:
		return "sent by asynchronous I/O";
	case SI_SIGIO:
		return "sent by signal-driven I/O";
	case SI_ASYNCNL:
		return "sent by a name look-up";
	case SI_KERNEL:
		switch (signal) {
		case SIGSEGV:
			return "an address or instruction the processor refuses";
		case SIGTRAP:
			return "breakpoint";
		case SIGBUS:
			return "stack fault";
		}
		return "sent by the kernel";
	}
	return NULL;
}

/* Only a fault has an address: other signals have something else in the place of si_addr. */
static bool code_has_address(int signal, int si_code)
{
	if (si_code <= 0 || si_code == SI_KERNEL)
		return false;
	return signal == SIGSEGV || signal == SIGBUS || signal == SIGFPE || signal == SIGILL ||
	       signal == SIGTRAP || signal == SIGSYS;
}

const char *signal_name(int signal, char *buf, size_t nbuf)
{
	const char *abbrev = sigabbrev_np(signal);

	if (abbrev)
		snprintf(buf, nbuf, "SIG%s", abbrev);
	else if (signal == SIGRTMIN)
		snprintf(buf, nbuf, "SIGRTMIN");
	else if (signal > SIGRTMIN && signal <= SIGRTMAX)
		snprintf(buf, nbuf, "SIGRTMIN+%d", signal - SIGRTMIN);
	else
		snprintf(buf, nbuf, "signal %d", signal);
	return buf;
}

const char *signal_words(int signal, int si_code, uint64_t address, bool has_address, char *buf,
			 size_t nbuf)
{
	char name[WORDS_BYTES], unknown[32], at[32] = "";
	const char *words = code_words_common(signal, si_code);
	size_t i;

	for (i = 0; !words && i < ARRAY_SIZE(code_table); i++)
		if (code_table[i].signal == signal && code_table[i].code == si_code)
			words = code_table[i].words;
	if (!words) {
		snprintf(unknown, sizeof(unknown), "code %d", si_code);
		words = unknown;
	}
	if (has_address && code_has_address(signal, si_code))
		snprintf(at, sizeof(at), ", at 0x%" PRIx64, address);
	snprintf(buf, nbuf, "%s, %s%s", signal_name(signal, name, sizeof(name)), words, at);
	return buf;
}

const char *signal_words_unrecorded(int signal, char *buf, size_t nbuf)
{
	char name[WORDS_BYTES];

	snprintf(buf, nbuf, "%s, no record was left", signal_name(signal, name, sizeof(name)));
	return buf;
}

const char *status_words(int status, char *buf, size_t nbuf)
{
	char name[WORDS_BYTES];

	if (WIFEXITED(status))
		snprintf(buf, nbuf, "exited with %d", WEXITSTATUS(status));
	else if (WIFSIGNALED(status))
		snprintf(buf, nbuf, "ended by %s%s",
			 signal_name(WTERMSIG(status), name, sizeof(name)),
			 WCOREDUMP(status) ? " (core dumped)" : "");
	else if (WIFSTOPPED(status))
		snprintf(buf, nbuf, "stopped by %s",
			 signal_name(WSTOPSIG(status), name, sizeof(name)));
	else
		snprintf(buf, nbuf, "wait status 0x%x", (unsigned)status);
	return buf;
}
