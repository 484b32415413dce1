/* SPDX-License-Identifier: MIT */
#include "host/signals.h"

#include "base/container.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>

typedef int sigaction_function(int, const struct sigaction *, struct sigaction *);

static const int crash_signals[] = {
	SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS,
};

/* Global because a suite calls in here with nothing but a signal's number. */
static struct {
	signals_handler *handler;	/* NULL: nothing is taken, calls are passed on */
	uint64_t crashes;
	_Atomic uint64_t touched;
	uint64_t ignored, caught;	/* of the base line */
	struct sigaction theirs[NSIG];	/* crash signals: what the suite set */
	struct sigaction base[NSIG];	/* all of them, as later tests are to find them */
} signals;

int signal_real(int sig, const struct sigaction *action, struct sigaction *old)
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

static bool signal_taken(int sig)
{
	return sig > 0 && sig < NSIG && (signals.crashes & SIGNAL_BIT(sig));
}

/* Tells the kernel what serves signals.theirs[sig]. */
static int signal_install(int sig)
{
	const struct sigaction *theirs = &signals.theirs[sig];
	struct sigaction action = *theirs;

	if (theirs->sa_handler == SIG_IGN)
		return signal_real(sig, theirs, NULL);
	/* Always on the alternate stack: only there an overflow of the stack can be recorded. The
	 * mask stays theirs, and so does whether the signal itself is blocked meanwhile. */
	action.sa_flags = (theirs->sa_flags & ~SA_RESETHAND) | SA_SIGINFO | SA_ONSTACK;
	action.sa_sigaction = signals.handler;
	if (theirs->sa_handler == SIG_DFL) {
		sigfillset(&action.sa_mask);
		action.sa_flags &= ~SA_NODEFER;
	}
	return signal_real(sig, &action, NULL);
}

void signals_take(signals_handler *handler)
{
	size_t i;

	signals.handler = handler;
	for (i = 0; i < ARRAY_SIZE(crash_signals); i++) {
		signals.crashes |= SIGNAL_BIT(crash_signals[i]);
		signals.theirs[crash_signals[i]].sa_handler = SIG_DFL;
		signal_install(crash_signals[i]);
	}
}

struct sigaction signal_theirs(int sig)
{
	struct sigaction theirs = signals.theirs[sig];

	if (theirs.sa_flags & SA_RESETHAND) {
		signals.theirs[sig].sa_handler = SIG_DFL;
		signals.theirs[sig].sa_flags = 0;
	}
	return theirs;
}

/* The signals of which only the kernel or the interposed functions know that they changed. */
static uint64_t signals_changed(uint64_t ignored, uint64_t caught)
{
	uint64_t touched = 0;

	if (atomic_load_explicit(&signals.touched, memory_order_relaxed) != 0)
		touched = atomic_exchange(&signals.touched, 0);
	return touched | (ignored ^ signals.ignored) | (caught ^ signals.caught);
}

void signals_adopt(uint64_t ignored, uint64_t caught)
{
	uint64_t changed = signals_changed(ignored, caught);
	int sig;

	signals.ignored = ignored;
	signals.caught = caught;
	for (sig = 1; sig < NSIG; sig++) {
		if (signal_taken(sig))
			signals.base[sig] = signals.theirs[sig];
		else if (changed & SIGNAL_BIT(sig))
			signal_real(sig, NULL, &signals.base[sig]);
	}
}

/* A suite may get past the interposed functions with a system call of its own. */
static bool signal_is_ours(int sig)
{
	const struct sigaction *theirs = &signals.theirs[sig];
	struct sigaction now;

	if (signal_real(sig, NULL, &now) < 0)
		return false;
	if (theirs->sa_handler == SIG_IGN)
		return now.sa_handler == SIG_IGN;
	return (now.sa_flags & SA_SIGINFO) && now.sa_sigaction == signals.handler;
}

void signals_put_back(uint64_t ignored, uint64_t caught)
{
	uint64_t changed = signals_changed(ignored, caught);
	size_t i;
	int sig;

	for (i = 0; signals.handler && i < ARRAY_SIZE(crash_signals); i++) {
		sig = crash_signals[i];
		signals.theirs[sig] = signals.base[sig];
		if ((changed & SIGNAL_BIT(sig)) || !signal_is_ours(sig))
			signal_install(sig);
	}
	changed &= ~signals.crashes;
	for (sig = 1; changed != 0 && sig < NSIG; sig++)
		if (changed & SIGNAL_BIT(sig))
			signal_real(sig, &signals.base[sig], NULL);
}

/* What follows stands before the C library's functions of the same names. */

int sigaction(int sig, const struct sigaction *restrict action, struct sigaction *restrict old)
{
	struct sigaction before;
	int ret;

	if (action && sig > 0 && sig < NSIG)
		atomic_fetch_or(&signals.touched, SIGNAL_BIT(sig));
	if (!signal_taken(sig))
		return signal_real(sig, action, old);
	before = signals.theirs[sig];
	if (action) {
		signals.theirs[sig] = *action;
		ret = signal_install(sig);
		if (ret < 0) {
			signals.theirs[sig] = before;
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
