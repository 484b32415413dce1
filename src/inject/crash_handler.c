/* SPDX-License-Identifier: MIT */
#include "inject/crash_handler.h"

#include "inject/dispositions.h"

#include <errno.h>
#include <linux/futex.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#define ALTSTACK_BYTES (64 * 1024)
#define VM_PAGE_BYTES 4096u	/* the smallest: where pages are larger, copying is only finer */
/* How far above the stack pointer the stack may begin: a frame larger than the guard area. */
#define GAP_PAGES 64
#define OTHER_THREAD_MS 100

static struct {
	struct crash_page *page;	/* NULL: nothing is recorded */
	struct crash_tasks tasks;
	pid_t pid;
	stack_t altstack;
} crash;

#if defined(__x86_64__)
static const uint8_t dwarf_order[] = {
	REG_RAX, REG_RDX, REG_RCX, REG_RBX, REG_RSI, REG_RDI, REG_RBP, REG_RSP, REG_R8,
	REG_R9,	 REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15, REG_RIP,
};

static uint64_t registers_copy(struct page_crash *to, const ucontext_t *uc)
{
	for (to->nregs = 0; to->nregs < sizeof(dwarf_order); to->nregs++)
		to->regs[to->nregs] = (uint64_t)uc->uc_mcontext.gregs[dwarf_order[to->nregs]];
	return (uint64_t)uc->uc_mcontext.gregs[REG_RSP];
}
#elif defined(__aarch64__)
static uint64_t registers_copy(struct page_crash *to, const ucontext_t *uc)
{
	for (to->nregs = 0; to->nregs < 31; to->nregs++)
		to->regs[to->nregs] = uc->uc_mcontext.regs[to->nregs];
	to->regs[to->nregs++] = uc->uc_mcontext.sp;
	to->regs[to->nregs++] = uc->uc_mcontext.pc;
	return uc->uc_mcontext.sp;
}
#else
#error "the order of the registers is not known for this machine"
#endif

/*
 * Copies the stack from `sp` upwards, by way of the kernel: what is not mapped ends the copy
 * instead of crashing once more. After an overflow the first pages are the guard's.
 */
static void stack_copy(struct crash_page *page, uint64_t sp)
{
	struct iovec from[PAGE_STACK_BYTES / VM_PAGE_BYTES];
	struct iovec to = { page->stack, PAGE_STACK_BYTES };
	uint64_t start = sp & ~(uint64_t)15;
	unsigned gap;

	page->crash.nstack = 0;
	for (gap = 0; gap < GAP_PAGES; gap++) {
		uint64_t at = start;
		size_t nfrom = 0, nbytes = 0;
		ssize_t n;

		while (nfrom < sizeof(from) / sizeof(from[0])) {
			size_t len = VM_PAGE_BYTES - (size_t)(at % VM_PAGE_BYTES);

			if (len > PAGE_STACK_BYTES - nbytes)
				len = PAGE_STACK_BYTES - nbytes;
			from[nfrom].iov_base = (void *)(uintptr_t)at;
			from[nfrom++].iov_len = len;
			at += len;
			nbytes += len;
		}
		n = process_vm_readv(getpid(), &to, 1, from, nfrom, 0);
		if (n > 0) {
			page->crash.stack_address = start;
			page->crash.nstack = (uint32_t)n;
			return;
		}
		start = (start & ~(uint64_t)(VM_PAGE_BYTES - 1)) + VM_PAGE_BYTES;
	}
}

/* Becomes the one thread that writes the record; one that comes second waits for the first, which
 * would otherwise be killed half-way. */
static bool crash_claim(struct page_crash *c)
{
	struct timespec timeout = { .tv_nsec = OTHER_THREAD_MS * 1000000L };
	uint32_t state = atomic_load(&c->state);

	if (state == CRASH_WRITING) {
		syscall(SYS_futex, &c->state, FUTEX_WAIT, CRASH_WRITING, &timeout, NULL, 0);
		return false;
	}
	return atomic_compare_exchange_strong(&c->state, &state, CRASH_WRITING);
}

static void crash_record(int sig, const siginfo_t *si, const ucontext_t *uc)
{
	struct page_crash *c = &crash.page->crash;

	if (!crash_claim(c))
		return;
	c->signal = sig;
	c->si_code = si->si_code;
	c->sender_pid = si->si_code <= 0 ? si->si_pid : 0;
	c->address = si->si_code > 0 ? (uint64_t)(uintptr_t)si->si_addr : 0;
	if (crash.tasks.other_thread && syscall(SYS_gettid) != getpid())
		crash.tasks.other_thread();
	stack_copy(crash.page, registers_copy(c, uc));
	if (crash.tasks.record)
		crash.tasks.record(crash.page);
	atomic_store_explicit(&c->state, CRASH_WRITTEN, memory_order_release);
	syscall(SYS_futex, &c->state, FUTEX_WAKE, INT32_MAX, NULL, NULL, 0);
}

static bool theirs_is_default(const struct sigaction *theirs)
{
	return !(theirs->sa_flags & SA_SIGINFO) && theirs->sa_handler == SIG_DFL;
}

static void tasks_before_death(int sig)
{
	if (crash.tasks.save)
		crash.tasks.save(sig);
}

static void tasks_after_all(void)
{
	if (crash.tasks.stay)
		crash.tasks.stay();
}

/* Signal handler: async-signal-safe, and so is all that it calls. */
static void crash_handle(int sig, siginfo_t *si, void *context)
{
	struct sigaction theirs = disposition_theirs(sig);
	struct sigaction dfl = { .sa_handler = SIG_DFL };
	sigset_t only;
	int saved_errno = errno;

	if (crash.page && getpid() == crash.pid && signal_is_crash(sig))
		crash_record(sig, si, context);
	/* By another signal for which there is a handler it does not end, and may get many. */
	if (signal_is_crash(sig) || theirs_is_default(&theirs))
		tasks_before_death(sig);
	if (signal_is_crash(sig) && !theirs_is_default(&theirs))
		tasks_after_all();
	errno = saved_errno;
	if (theirs.sa_flags & SA_SIGINFO) {
		theirs.sa_sigaction(sig, si, context);
		return;
	}
	if (theirs.sa_handler == SIG_IGN)
		return;		/* set while the signal was on its way */
	if (theirs.sa_handler != SIG_DFL) {
		theirs.sa_handler(sig);
		return;
	}
	disposition_real(sig, &dfl, NULL);
	sigemptyset(&only);
	sigaddset(&only, sig);
	raise(sig);
	sigprocmask(SIG_UNBLOCK, &only, NULL);
	_exit(128 + sig);	/* not reached: each of these signals kills by default */
}

static bool altstack_open(void)
{
	long guard = sysconf(_SC_PAGESIZE);
	char *stack;

	/* A sanitizer has set one, and will unmap what it finds. */
	if (sigaltstack(NULL, &crash.altstack) == 0 && !(crash.altstack.ss_flags & SS_DISABLE))
		return true;
	stack = mmap(NULL, ALTSTACK_BYTES + (size_t)guard, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (stack == MAP_FAILED)
		return false;
	mprotect(stack, (size_t)guard, PROT_NONE);
	crash.altstack = (stack_t){ .ss_sp = stack + guard, .ss_size = ALTSTACK_BYTES };
	return sigaltstack(&crash.altstack, NULL) == 0;
}

bool crash_open(struct crash_page *page, const struct crash_tasks *tasks)
{
	if (!altstack_open())
		return false;
	crash.page = page;
	crash.tasks = *tasks;
	crash.pid = getpid();
	dispositions_take(crash_handle, tasks->save ? DISPOSITIONS_ALL :
			  tasks->aside ? DISPOSITIONS_ASIDE : DISPOSITIONS_CRASH);
	return true;
}

void crash_watch(pid_t pid)
{
	crash.pid = pid;
}

void crash_reset(void)
{
	if (crash.page)
		atomic_store_explicit(&crash.page->crash.state, CRASH_NONE, memory_order_relaxed);
}

void crash_put_back(void)
{
	stack_t now;

	if (crash.page && sigaltstack(NULL, &now) == 0 && now.ss_sp != crash.altstack.ss_sp)
		sigaltstack(&crash.altstack, NULL);
}
