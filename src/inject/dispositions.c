/* SPDX-License-Identifier: MIT */
#include "inject/dispositions.h"

#include "base/container.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SIGNAL_BIT(sig) ((uint64_t)1 << ((sig) - 1))

typedef int sigaction_function(int, const struct sigaction *, struct sigaction *);

static const int crash_signals[] = {
	SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS,
};

/* The others that end a process and can be caught. */
static const int end_signals[] = {
	SIGTERM, SIGHUP, SIGINT, SIGQUIT, SIGPIPE, SIGALRM, SIGUSR1, SIGUSR2, SIGXCPU, SIGXFSZ,
	SIGVTALRM, SIGPROF, SIGIO, SIGPWR, SIGSTKFLT,
};

/* Global because a suite calls in here with nothing but a signal's number. */
static struct {
	disposition_handler *handler;	/* NULL: nothing is taken, calls are passed on */
	bool aside;			/* a suite's own handlers are called by the kernel, not by ours */
	uint64_t taken;
	_Atomic uint64_t touched;
	struct sigaction theirs[NSIG];	/* of those taken: what the suite set */
	/* As later tests are to find them: those taken always, others where `touched`. */
	struct sigaction base[NSIG];
} dispositions;

int disposition_real(int sig, const struct sigaction *action, struct sigaction *old)
{
	static _Atomic(sigaction_function *) next;
	sigaction_function *function = atomic_load_explicit(&next, memory_order_relaxed);

	if (!function) {
		/* The next one is not always the C library's: a sanitizer's runtime may stand
		 * between, and has to see the call. */
		*(void **)&function = dlsym(RTLD_NEXT, "sigaction");
		atomic_store_explicit(&next, function, memory_order_relaxed);
	}
	if (!function) {
		errno = ENOSYS;
		return -1;
	}
	return function(sig, action, old);
}

static bool disposition_taken(int sig)
{
	return sig > 0 && sig < NSIG && (dispositions.taken & SIGNAL_BIT(sig));
}

/* One that is reset by its first call comes by us all the same: after it the signal is ours again. */
static bool goes_past_us(const struct sigaction *theirs)
{
	return dispositions.aside && theirs->sa_handler != SIG_DFL &&
	       !(theirs->sa_flags & (int)SA_RESETHAND);
}

/* Tells the kernel what serves dispositions.theirs[sig]. */
static int disposition_install(int sig)
{
	const struct sigaction *theirs = &dispositions.theirs[sig];
	struct sigaction action = *theirs;

	if (theirs->sa_handler == SIG_IGN || goes_past_us(theirs))
		return disposition_real(sig, theirs, NULL);
	/* Always on the alternate stack: only there an overflow of the stack can be recorded. The
	 * mask stays theirs, and so does whether the signal itself is blocked meanwhile. */
	action.sa_flags = (theirs->sa_flags & ~SA_RESETHAND) | SA_SIGINFO | SA_ONSTACK;
	action.sa_sigaction = dispositions.handler;
	if (theirs->sa_handler == SIG_DFL) {
		sigfillset(&action.sa_mask);
		action.sa_flags &= ~SA_NODEFER;
	}
	return disposition_real(sig, &action, NULL);
}

/* A handler that is there already is a sanitizer's, which says more than ours. */
static void disposition_take(int sig)
{
	struct sigaction now;

	if (disposition_real(sig, NULL, &now) < 0 ||
	    (now.sa_handler != SIG_DFL && now.sa_handler != SIG_IGN))
		return;
	dispositions.taken |= SIGNAL_BIT(sig);
	dispositions.theirs[sig] = (struct sigaction){ .sa_handler = now.sa_handler };
	disposition_install(sig);
}

void dispositions_take(disposition_handler *handler, enum dispositions_of which)
{
	dispositions.handler = handler;
	dispositions.aside = which == DISPOSITIONS_ASIDE;
	for (size_t i = 0; i < ARRAY_SIZE(crash_signals); i++)
		disposition_take(crash_signals[i]);
	for (size_t i = 0; which == DISPOSITIONS_ALL && i < ARRAY_SIZE(end_signals); i++)
		disposition_take(end_signals[i]);
}

bool signal_is_crash(int sig)
{
	for (size_t i = 0; i < ARRAY_SIZE(crash_signals); i++)
		if (crash_signals[i] == sig)
			return true;
	return false;
}

struct sigaction disposition_theirs(int sig)
{
	struct sigaction theirs = dispositions.theirs[sig];

	if (theirs.sa_flags & SA_RESETHAND) {
		dispositions.theirs[sig].sa_handler = SIG_DFL;
		dispositions.theirs[sig].sa_flags = 0;
		atomic_fetch_or(&dispositions.touched, SIGNAL_BIT(sig));
	}
	return theirs;
}

void dispositions_adopt(void)
{
	atomic_store(&dispositions.touched, 0);
	for (int sig = 1; sig < NSIG; sig++)
		if (disposition_taken(sig))
			dispositions.base[sig] = dispositions.theirs[sig];
}

/* A suite may get past the interposed functions with a system call of its own. */
static bool disposition_is_ours(int sig)
{
	const struct sigaction *theirs = &dispositions.theirs[sig];
	struct sigaction now;

	if (disposition_real(sig, NULL, &now) < 0)
		return false;
	if (theirs->sa_handler == SIG_IGN)
		return now.sa_handler == SIG_IGN;
	return (now.sa_flags & SA_SIGINFO) && now.sa_sigaction == dispositions.handler;
}

static void disposition_put_back(int sig)
{
	if (disposition_taken(sig)) {
		dispositions.theirs[sig] = dispositions.base[sig];
		disposition_install(sig);
	} else {
		disposition_real(sig, &dispositions.base[sig], NULL);
	}
}

void dispositions_put_back(void)
{
	uint64_t touched = 0;

	if (atomic_load_explicit(&dispositions.touched, memory_order_relaxed) != 0)
		touched = atomic_exchange(&dispositions.touched, 0);
	for (size_t i = 0; i < ARRAY_SIZE(crash_signals); i++) {
		int sig = crash_signals[i];

		if (disposition_taken(sig) && !disposition_is_ours(sig))
			touched |= SIGNAL_BIT(sig);
	}
	for (int sig = 1; touched != 0 && sig < NSIG; sig++)
		if (touched & SIGNAL_BIT(sig))
			disposition_put_back(sig);
}

/* Before a change: keeps what was there, if it is the first since the base line. */
static void disposition_touch(int sig)
{
	if (sig < 1 || sig >= NSIG || (atomic_load(&dispositions.touched) & SIGNAL_BIT(sig)))
		return;
	if (disposition_taken(sig) || disposition_real(sig, NULL, &dispositions.base[sig]) == 0)
		atomic_fetch_or(&dispositions.touched, SIGNAL_BIT(sig));
}

/* What follows stands before the C library's functions of the same names. */

int sigaction(int sig, const struct sigaction *restrict action, struct sigaction *restrict old)
{
	struct sigaction before;
	int ret;

	if (action)
		disposition_touch(sig);
	if (!disposition_taken(sig))
		return disposition_real(sig, action, old);
	before = dispositions.theirs[sig];
	if (action) {
		dispositions.theirs[sig] = *action;
		ret = disposition_install(sig);
		if (ret < 0) {
			dispositions.theirs[sig] = before;
			return ret;
		}
	}
	if (old)
		*old = before;
	return 0;
}

static sighandler_t signal_set(int sig, sighandler_t handler, int flags)
{
	struct sigaction action = { .sa_handler = handler, .sa_flags = flags }, old;

	if (handler == SIG_ERR || sig < 1 || sig >= NSIG) {
		errno = EINVAL;
		return SIG_ERR;
	}
	sigemptyset(&action.sa_mask);
	if (!(flags & SA_NODEFER))
		sigaddset(&action.sa_mask, sig);
	return sigaction(sig, &action, &old) < 0 ? SIG_ERR : old.sa_handler;
}

sighandler_t signal(int sig, sighandler_t handler)
{
	return signal_set(sig, handler, SA_RESTART);
}

sighandler_t bsd_signal(int sig, sighandler_t handler);
sighandler_t bsd_signal(int sig, sighandler_t handler)
{
	return signal_set(sig, handler, SA_RESTART);
}

sighandler_t ssignal(int sig, sighandler_t handler)
{
	return signal_set(sig, handler, SA_RESTART);
}

/* What signal() is in programs compiled for plain C or old X/Open. */
sighandler_t __sysv_signal(int sig, sighandler_t handler)
{
	return signal_set(sig, handler, (int)(SA_RESETHAND | SA_NODEFER));
}

sighandler_t sysv_signal(int sig, sighandler_t handler)
{
	return signal_set(sig, handler, (int)(SA_RESETHAND | SA_NODEFER));
}

/* The C library's own sigset() and sigignore() would not come by sigaction() above. */

int sigignore(int sig)
{
	return signal_set(sig, SIG_IGN, 0) == SIG_ERR ? -1 : 0;
}

sighandler_t sigset(int sig, sighandler_t handler)
{
	sigset_t only, before;
	sighandler_t old;

	if (sigemptyset(&only) < 0 || sigaddset(&only, sig) < 0)
		return SIG_ERR;
	if (handler == SIG_HOLD) {
		struct sigaction action;

		if (sigprocmask(SIG_BLOCK, &only, &before) < 0 || sigaction(sig, NULL, &action) < 0)
			return SIG_ERR;
		return sigismember(&before, sig) ? SIG_HOLD : action.sa_handler;
	}
	old = signal_set(sig, handler, 0);
	if (old == SIG_ERR || sigprocmask(SIG_UNBLOCK, &only, &before) < 0)
		return SIG_ERR;
	return sigismember(&before, sig) ? SIG_HOLD : old;
}
