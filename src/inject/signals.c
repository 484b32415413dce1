/* SPDX-License-Identifier: MIT */
#include "inject/signals.h"

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
	signals_handler *handler;	/* NULL: nothing is taken, calls are passed on */
	bool aside;			/* a suite's own handlers are called by the kernel, not by ours */
	uint64_t taken;
	_Atomic uint64_t touched;
	struct sigaction theirs[NSIG];	/* of those taken: what the suite set */
	/* As later tests are to find them: those taken always, others where `touched`. */
	struct sigaction base[NSIG];
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
	return sig > 0 && sig < NSIG && (signals.taken & SIGNAL_BIT(sig));
}

/* One that is reset by its first call comes by us all the same: after it the signal is ours again. */
static bool goes_past_us(const struct sigaction *theirs)
{
	return signals.aside && theirs->sa_handler != SIG_DFL && !(theirs->sa_flags & (int)SA_RESETHAND);
}

/* Tells the kernel what serves signals.theirs[sig]. */
static int signal_install(int sig)
{
	const struct sigaction *theirs = &signals.theirs[sig];
	struct sigaction action = *theirs;

	if (theirs->sa_handler == SIG_IGN || goes_past_us(theirs))
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

/* A handler that is there already is a sanitizer's, which says more than ours. */
static void signal_take(int sig)
{
	struct sigaction now;

	if (signal_real(sig, NULL, &now) < 0 ||
	    (now.sa_handler != SIG_DFL && now.sa_handler != SIG_IGN))
		return;
	signals.taken |= SIGNAL_BIT(sig);
	signals.theirs[sig] = (struct sigaction){ .sa_handler = now.sa_handler };
	signal_install(sig);
}

void signals_take(signals_handler *handler, enum signals_which which)
{
	signals.handler = handler;
	signals.aside = which == SIGNALS_ASIDE;
	for (size_t i = 0; i < ARRAY_SIZE(crash_signals); i++)
		signal_take(crash_signals[i]);
	for (size_t i = 0; which == SIGNALS_ALL && i < ARRAY_SIZE(end_signals); i++)
		signal_take(end_signals[i]);
}

bool signal_is_crash(int sig)
{
	for (size_t i = 0; i < ARRAY_SIZE(crash_signals); i++)
		if (crash_signals[i] == sig)
			return true;
	return false;
}

struct sigaction signal_theirs(int sig)
{
	struct sigaction theirs = signals.theirs[sig];

	if (theirs.sa_flags & SA_RESETHAND) {
		signals.theirs[sig].sa_handler = SIG_DFL;
		signals.theirs[sig].sa_flags = 0;
		atomic_fetch_or(&signals.touched, SIGNAL_BIT(sig));
	}
	return theirs;
}

void signals_adopt(void)
{
	atomic_store(&signals.touched, 0);
	for (int sig = 1; sig < NSIG; sig++)
		if (signal_taken(sig))
			signals.base[sig] = signals.theirs[sig];
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

static void signal_put_back(int sig)
{
	if (signal_taken(sig)) {
		signals.theirs[sig] = signals.base[sig];
		signal_install(sig);
	} else {
		signal_real(sig, &signals.base[sig], NULL);
	}
}

void signals_put_back(void)
{
	uint64_t touched = 0;

	if (atomic_load_explicit(&signals.touched, memory_order_relaxed) != 0)
		touched = atomic_exchange(&signals.touched, 0);
	for (size_t i = 0; i < ARRAY_SIZE(crash_signals); i++) {
		int sig = crash_signals[i];

		if (signal_taken(sig) && !signal_is_ours(sig))
			touched |= SIGNAL_BIT(sig);
	}
	for (int sig = 1; touched != 0 && sig < NSIG; sig++)
		if (touched & SIGNAL_BIT(sig))
			signal_put_back(sig);
}

/* Before a change: keeps what was there, if it is the first since the base line. */
static void signal_touch(int sig)
{
	if (sig < 1 || sig >= NSIG || (atomic_load(&signals.touched) & SIGNAL_BIT(sig)))
		return;
	if (signal_taken(sig) || signal_real(sig, NULL, &signals.base[sig]) == 0)
		atomic_fetch_or(&signals.touched, SIGNAL_BIT(sig));
}

/* What follows stands before the C library's functions of the same names. */

int sigaction(int sig, const struct sigaction *restrict action, struct sigaction *restrict old)
{
	struct sigaction before;
	int ret;

	if (action)
		signal_touch(sig);
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
