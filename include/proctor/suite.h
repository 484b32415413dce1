/* SPDX-License-Identifier: MIT */
/* This header is proctor's own: reports of coverage leave it out. */
/*
 * Writing tests for proctor in C (from C11) and C++ (from C++11). A suite is a shared library that
 * includes this header and links nothing of proctor's. docs/04-SUITES.md is the guide.
 *
 *	PROCTOR_TEST(adds) { PROCTOR_ASSERT_EQ(1 + 1, 2); }
 *	PROCTOR_TEST(is_slow, .timeout_ms = 60000) { ... }
 *	PROCTOR_TEST(known_bug, .expect_fail = 1) { PROCTOR_FAIL("not done: %s", "parser"); }
 *
 *	PROCTOR_FIXTURE(stack) { int *values; size_t n; };
 *	PROCTOR_SETUP(stack) { self->values = malloc(64); }
 *	PROCTOR_TEARDOWN(stack) { free(self->values); }
 *	PROCTOR_TEST_F(stack, is_empty_at_first) { PROCTOR_ASSERT_EQ(self->n, 0); }
 *
 * A failed assertion ends the test: in C by longjmp(), in C++ by an exception. On another thread
 * than the test's own it ends that thread and the test fails; in a forked child it ends the child.
 */
#ifndef PROCTOR_SUITE_H
#define PROCTOR_SUITE_H

#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifdef __cplusplus
#include <type_traits>
#if defined(__cpp_exceptions) || defined(__EXCEPTIONS)
#define PROCTOR_EXCEPTIONS_ 1
#include <exception>
#ifdef __GLIBCXX__
#include <cxxabi.h>
#endif
#endif
extern "C" {
#endif

/*
 * The binary contract (version 1), read by `proctor` from the file and used by proctor-host.
 *
 * Each test NAME exports two data objects with default visibility:
 *   proctor_entry__NAME   struct proctor_entry
 *   proctor_label__NAME   char[]: "name\0file\0", the test's display name and source file
 * The fields of the entry up to `line` are constants in the file, not relocated.
 */
#define PROCTOR_SUITE_ABI 1

struct proctor_host_calls {		/* filled by the host */
	/* Ends the test: does not return on the test's own thread. Where it returns NULL was
	 * false; `file`, `message` are copied. */
	void (*fail)(const char *file, int line, const char *message);
	void (*skip)(const char *file, int line, const char *reason);
};

struct proctor_entry {
	uint32_t abi;			/* PROCTOR_SUITE_ABI */
	uint32_t size;			/* sizeof(struct proctor_entry) */
	uint32_t timeout_ms;		/* 0: the run's */
	uint32_t expect_fail;		/* 1: must fail to pass */
	uint32_t line;
	uint32_t reserved;
	void (*run)(void);		/* set up, test, tear down */
	const struct proctor_host_calls **calls;	/* the suite's variable, set by the host */
};

/* The rest serves the macros. Names that end in an underscore are not for suites. */

enum proctor_verdict_ {
	PROCTOR_NONE_,
	PROCTOR_FAILED_,
	PROCTOR_SKIPPED_
};

/* One per library, whatever the number of files: the linker merges the weak definitions. */
struct proctor_state_ {
	const struct proctor_host_calls *calls;
	pthread_t thread;		/* the test's own */
	pid_t pid;			/* of the process it runs in; 0: no test runs */
	jmp_buf back;
	enum proctor_verdict_ verdict;	/* of the test's own thread */
	const char *file;
	int line;
	char message[2048];
};

__attribute__((weak, visibility("hidden"))) struct proctor_state_ proctor_state_;

#ifdef __cplusplus
}

namespace proctor_ {
struct stop { };	/* thrown by a failed assertion; deliberately no std::exception */
}
#endif

/* snprintf() has filled `text`: where it had to cut, the end says so. */
__attribute__((unused, cold)) static void proctor_mark_cut_(char *text, size_t size, int nbytes)
{
	static const char sign[] = "... (cut)";
	size_t at = size - sizeof(sign);

	if (nbytes < 0 || (size_t)nbytes < size)
		return;
	/* Not within a character of UTF-8. */
	while (at > 0 && ((unsigned char)text[at] & 0xc0) == 0x80)
		at--;
	memcpy(text + at, sign, sizeof(sign));
}

/* Hands the verdict to the host, which ends the test, the thread or the child. */
__attribute__((unused, noreturn, cold)) static void
proctor_report_(enum proctor_verdict_ verdict, const char *file, int line, const char *message)
{
	const struct proctor_host_calls *calls = proctor_state_.calls;

	if (!calls)
		fprintf(stderr, "%s:%d: %s\n", file, line, message);
	else if (verdict == PROCTOR_SKIPPED_)
		calls->skip(file, line, message);
	else
		calls->fail(file, line, message);
	abort();
}

__attribute__((unused, cold)) static void
proctor_note_(enum proctor_verdict_ verdict, const char *file, int line, const char *message)
{
	/* The first one counts: a teardown may fail after its test. */
	if (proctor_state_.verdict != PROCTOR_NONE_)
		return;
	proctor_state_.verdict = verdict;
	proctor_state_.file = file;
	proctor_state_.line = line;
	strncpy(proctor_state_.message, message, sizeof(proctor_state_.message) - 1);
}

__attribute__((unused, noreturn, cold, format(printf, 4, 5))) static void
proctor_stop_(enum proctor_verdict_ verdict, const char *file, int line, const char *fmt, ...)
{
	char message[sizeof(proctor_state_.message)];
	va_list args;
	int nbytes;

	va_start(args, fmt);
	nbytes = vsnprintf(message, sizeof(message), fmt, args);
	va_end(args);
	proctor_mark_cut_(message, sizeof(message), nbytes);
	if (proctor_state_.pid != getpid() || !pthread_equal(proctor_state_.thread, pthread_self()))
		proctor_report_(verdict, file, line, message);
	/* Noted before it is thrown: a test that swallows every exception fails all the same. */
	proctor_note_(verdict, file, line, message);
#ifdef PROCTOR_EXCEPTIONS_
	throw proctor_::stop();
#else
	longjmp(proctor_state_.back, 1);
#endif
}

/*
 * Calls one step of a test (a function of this header's macros) and comes back also when an
 * assertion ended it. It stands alone so that no variable of a caller lives across setjmp().
 */
#ifdef PROCTOR_EXCEPTIONS_
__attribute__((unused)) static void proctor_step_(void (*step)(void *), void *self)
{
	const char *what = "an exception of unknown type was not caught";

	try {
		step(self);
		return;
	} catch (const proctor_::stop &) {
		return;
	} catch (const std::exception &e) {
		char message[sizeof(proctor_state_.message)];

		proctor_mark_cut_(message, sizeof(message),
				  snprintf(message, sizeof(message),
					   "an exception was not caught: %s", e.what()));
		proctor_note_(PROCTOR_FAILED_, "?", 0, message);
		return;
#ifdef __GLIBCXX__
	} catch (const abi::__forced_unwind &) {
		throw;		/* pthread_exit(), cancellation */
#endif
	} catch (...) {
	}
	proctor_note_(PROCTOR_FAILED_, "?", 0, what);
}
#else
__attribute__((unused)) static void proctor_step_(void (*step)(void *), void *self)
{
	if (setjmp(proctor_state_.back) == 0)
		step(self);
}
#endif

__attribute__((unused)) static void proctor_begin_(void)
{
	proctor_state_.thread = pthread_self();
	proctor_state_.pid = getpid();
	proctor_state_.verdict = PROCTOR_NONE_;
}

/* Reports what was noted. In a child that came back from its test nothing is: the host sees to it. */
__attribute__((unused)) static void proctor_end_(const char *file, int line)
{
	pid_t pid = proctor_state_.pid;

	proctor_state_.pid = 0;
	if (proctor_state_.verdict == PROCTOR_NONE_ || pid != getpid())
		return;
	/* An exception has no place of its own: the test's serves. */
	if (proctor_state_.line == 0) {
		proctor_state_.file = file;
		proctor_state_.line = line;
	}
	proctor_report_(proctor_state_.verdict, proctor_state_.file, proctor_state_.line,
			proctor_state_.message);
}

/* Values are compared as mathematics has it: -1 is less than 1u. */
enum proctor_kind_ {
	PROCTOR_SIGNED_,
	PROCTOR_UNSIGNED_,
	PROCTOR_REAL_,
	PROCTOR_POINTER_
};

struct proctor_value_ {
	enum proctor_kind_ kind;
	long long s;
	unsigned long long u;		/* of a pointer: its address */
	long double r;
};

enum proctor_relation_ {
	PROCTOR_EQ_,
	PROCTOR_NE_,
	PROCTOR_LT_,
	PROCTOR_LE_,
	PROCTOR_GT_,
	PROCTOR_GE_
};

__attribute__((unused)) static struct proctor_value_ proctor_of_signed_(long long s)
{
	struct proctor_value_ v = { PROCTOR_SIGNED_, s, 0, 0 };

	return v;
}

__attribute__((unused)) static struct proctor_value_ proctor_of_unsigned_(unsigned long long u)
{
	struct proctor_value_ v = { PROCTOR_UNSIGNED_, 0, u, 0 };

	return v;
}

__attribute__((unused)) static struct proctor_value_ proctor_of_real_(long double r)
{
	struct proctor_value_ v = { PROCTOR_REAL_, 0, 0, r };

	return v;
}

__attribute__((unused)) static struct proctor_value_
proctor_of_pointer_(const volatile void *pointer)
{
	struct proctor_value_ v = { PROCTOR_POINTER_, 0, (unsigned long long)(uintptr_t)pointer, 0 };

	return v;
}

__attribute__((unused)) static long double proctor_real_(struct proctor_value_ v)
{
	return v.kind == PROCTOR_REAL_ ? v.r
	     : v.kind == PROCTOR_SIGNED_ ? (long double)v.s : (long double)v.u;
}

/* -1, 0, 1; 2 if they have no order (a NaN). */
__attribute__((unused)) static int proctor_order_(struct proctor_value_ a, struct proctor_value_ b)
{
	if (a.kind == PROCTOR_REAL_ || b.kind == PROCTOR_REAL_) {
		long double x = proctor_real_(a), y = proctor_real_(b);

		return x < y ? -1 : x > y ? 1 : x <= y && x >= y ? 0 : 2;
	}
	if (a.kind == PROCTOR_SIGNED_ && b.kind == PROCTOR_SIGNED_)
		return a.s < b.s ? -1 : a.s > b.s;
	if (a.kind == PROCTOR_SIGNED_ && a.s < 0)
		return -1;
	if (b.kind == PROCTOR_SIGNED_ && b.s < 0)
		return 1;
	a.u = a.kind == PROCTOR_SIGNED_ ? (unsigned long long)a.s : a.u;
	b.u = b.kind == PROCTOR_SIGNED_ ? (unsigned long long)b.s : b.u;
	return a.u < b.u ? -1 : a.u > b.u;
}

__attribute__((unused)) static int
proctor_holds_(enum proctor_relation_ relation, struct proctor_value_ a, struct proctor_value_ b)
{
	int order = proctor_order_(a, b);

	switch (relation) {
	case PROCTOR_EQ_:	return order == 0;
	case PROCTOR_NE_:	return order != 0;
	case PROCTOR_LT_:	return order == -1;
	case PROCTOR_LE_:	return order == -1 || order == 0;
	case PROCTOR_GT_:	return order == 1;
	case PROCTOR_GE_:	return order == 1 || order == 0;
	}
	return 0;
}

__attribute__((unused, cold)) static void
proctor_print_(char *to, size_t size, struct proctor_value_ v)
{
	switch (v.kind) {
	case PROCTOR_SIGNED_:	snprintf(to, size, "%lld", v.s); break;
	case PROCTOR_UNSIGNED_:	snprintf(to, size, "%llu", v.u); break;
	case PROCTOR_REAL_:	snprintf(to, size, "%.17Lg", v.r); break;
	case PROCTOR_POINTER_:	snprintf(to, size, "0x%llx", v.u); break;
	}
}

__attribute__((unused)) static void
proctor_compare_(const char *file, int line, const char *expression,
		 enum proctor_relation_ relation, struct proctor_value_ a, struct proctor_value_ b)
{
	char left[64], right[64];

	if (proctor_holds_(relation, a, b))
		return;
	proctor_print_(left, sizeof(left), a);
	proctor_print_(right, sizeof(right), b);
	proctor_stop_(PROCTOR_FAILED_, file, line, "%s is false: left is %s, right is %s",
		      expression, left, right);
}

__attribute__((unused)) static void
proctor_near_(const char *file, int line, const char *a_text, const char *b_text, double a,
	      double b, double tolerance)
{
	/* So written, a NaN is near to nothing. */
	if (fabs(a - b) <= tolerance || (a <= b && a >= b))
		return;
	proctor_stop_(PROCTOR_FAILED_, file, line,
		      "%s is not within %g of %s: left is %.17g, right is %.17g", a_text, tolerance,
		      b_text, a, b);
}

/* How many bytes of a string are shown: whole characters of UTF-8. */
__attribute__((unused, cold)) static int proctor_shown_(const char *s)
{
	int n = 0;

	while (n < 900 && s[n])
		n++;
	while (n > 0 && s[n] && ((unsigned char)s[n] & 0xc0) == 0x80)
		n--;
	return n;
}

__attribute__((unused, noreturn, cold)) static void
proctor_str_differ_(const char *file, int line, const char *a_text, const char *b_text,
		    const char *a, const char *b)
{
	const char *left = a ? a : "NULL", *right = b ? b : "NULL";
	const char *qa = a ? "\"" : "", *qb = b ? "\"" : "";
	int nleft = proctor_shown_(left), nright = proctor_shown_(right);
	int cut = left[nleft] || right[nright];
	char where[64];
	size_t at = 0;

	while (left[at] && left[at] == right[at])
		at++;
	where[0] = '\0';
	if (cut)
		snprintf(where, sizeof(where), "; they differ from byte %zu on", at);
	proctor_stop_(PROCTOR_FAILED_, file, line,
		      "%s is not %s: left is %s%.*s%s%s, right is %s%.*s%s%s%s", a_text, b_text, qa,
		      nleft, left, qa, left[nleft] ? "... (cut)" : "", qb, nright, right, qb,
		      right[nright] ? "... (cut)" : "", where);
}

__attribute__((unused)) static void
proctor_str_eq_(const char *file, int line, const char *a_text, const char *b_text, const char *a,
		const char *b)
{
	if (a != b && (!a || !b || strcmp(a, b) != 0))
		proctor_str_differ_(file, line, a_text, b_text, a, b);
}

__attribute__((unused)) static void
proctor_mem_eq_(const char *file, int line, const char *a_text, const char *b_text, const void *a,
		const void *b, size_t nbytes)
{
	const unsigned char *x = (const unsigned char *)a, *y = (const unsigned char *)b;
	size_t i;

	for (i = 0; i < nbytes; i++)
		if (x[i] != y[i])
			proctor_stop_(PROCTOR_FAILED_, file, line,
				      "%s is not %s: byte %zu of %zu: left is 0x%02x, right is "
				      "0x%02x", a_text, b_text, i, nbytes, (unsigned)x[i],
				      (unsigned)y[i]);
}

#ifdef __cplusplus
namespace proctor_ {

template <typename T, bool is_integer = std::is_integral<T>::value,
	  bool is_enum = std::is_enum<T>::value, bool is_real = std::is_floating_point<T>::value>
struct maker {		/* pointers, and what converts to one */
	static proctor_value_ make(T v) { return proctor_of_pointer_((const volatile void *)v); }
};

template <typename T> struct maker<T, true, false, false> {
	static proctor_value_ make(T v)
	{
		return std::is_signed<T>::value ? proctor_of_signed_((long long)v)
						: proctor_of_unsigned_((unsigned long long)v);
	}
};

template <typename T> struct maker<T, false, true, false> {
	typedef typename std::underlying_type<T>::type integer;
	static proctor_value_ make(T v) { return maker<integer>::make((integer)v); }
};

template <typename T> struct maker<T, false, false, true> {
	static proctor_value_ make(T v) { return proctor_of_real_((long double)v); }
};

/* By value: arrays become pointers, bit-fields and static constants are read. */
template <typename T> inline proctor_value_ value_of(T v)
{
	return maker<T>::make(v);
}

inline proctor_value_ value_of(std::nullptr_t)
{
	return proctor_of_pointer_(nullptr);
}

struct options {
	uint32_t timeout_ms, expect_fail;
};

}
#define PROCTOR_VALUE_(x) proctor_::value_of(x)
#else
#define PROCTOR_VALUE_(x)							\
	_Generic((x),								\
		_Bool: proctor_of_unsigned_,					\
		char: proctor_of_signed_,					\
		signed char: proctor_of_signed_,				\
		short: proctor_of_signed_,					\
		int: proctor_of_signed_,					\
		long: proctor_of_signed_,					\
		long long: proctor_of_signed_,					\
		unsigned char: proctor_of_unsigned_,				\
		unsigned short: proctor_of_unsigned_,				\
		unsigned int: proctor_of_unsigned_,				\
		unsigned long: proctor_of_unsigned_,				\
		unsigned long long: proctor_of_unsigned_,			\
		float: proctor_of_real_,					\
		double: proctor_of_real_,					\
		long double: proctor_of_real_,					\
		default: proctor_of_pointer_)(x)
#endif

/* ---- assertions ---- */

#define PROCTOR_FAIL(...) proctor_stop_(PROCTOR_FAILED_, __FILE__, __LINE__, __VA_ARGS__)
#define PROCTOR_SKIP(...) proctor_stop_(PROCTOR_SKIPPED_, __FILE__, __LINE__, __VA_ARGS__)

#define PROCTOR_ASSERT(condition)						\
	((condition) ? (void)0							\
		     : proctor_stop_(PROCTOR_FAILED_, __FILE__, __LINE__,	\
				     "%s is false", #condition))

#define PROCTOR_COMPARE_(a, sign, b, relation)					\
	proctor_compare_(__FILE__, __LINE__, #a " " sign " " #b, relation,	\
			 PROCTOR_VALUE_(a), PROCTOR_VALUE_(b))

/* Numbers of any type, enumerators, pointers; each argument is evaluated once. */
#define PROCTOR_ASSERT_EQ(a, b) PROCTOR_COMPARE_(a, "==", b, PROCTOR_EQ_)
#define PROCTOR_ASSERT_NE(a, b) PROCTOR_COMPARE_(a, "!=", b, PROCTOR_NE_)
#define PROCTOR_ASSERT_LT(a, b) PROCTOR_COMPARE_(a, "<", b, PROCTOR_LT_)
#define PROCTOR_ASSERT_LE(a, b) PROCTOR_COMPARE_(a, "<=", b, PROCTOR_LE_)
#define PROCTOR_ASSERT_GT(a, b) PROCTOR_COMPARE_(a, ">", b, PROCTOR_GT_)
#define PROCTOR_ASSERT_GE(a, b) PROCTOR_COMPARE_(a, ">=", b, PROCTOR_GE_)

#define PROCTOR_ASSERT_NEAR(a, b, tolerance)					\
	proctor_near_(__FILE__, __LINE__, #a, #b, (double)(a), (double)(b), (double)(tolerance))
#define PROCTOR_ASSERT_STR_EQ(a, b) proctor_str_eq_(__FILE__, __LINE__, #a, #b, a, b)
#define PROCTOR_ASSERT_MEM_EQ(a, b, nbytes) \
	proctor_mem_eq_(__FILE__, __LINE__, #a, #b, a, b, nbytes)

/* ---- tests ---- */

#ifdef __cplusplus
#define PROCTOR_C_ extern "C"
/* Before C++20 designators are an extension, of which each compiler warns under another name. */
#ifdef __clang__
#define PROCTOR_QUIET_ _Pragma("GCC diagnostic ignored \"-Wc++20-designator\"")
#else
#define PROCTOR_QUIET_								\
	_Pragma("GCC diagnostic ignored \"-Wpragmas\"")				\
	_Pragma("GCC diagnostic ignored \"-Wc++20-extensions\"")
#endif
#define PROCTOR_CXX_PUSH_							\
	_Pragma("GCC diagnostic push")						\
	_Pragma("GCC diagnostic ignored \"-Wpedantic\"")			\
	PROCTOR_QUIET_								\
	_Pragma("GCC diagnostic ignored \"-Wmissing-field-initializers\"")
#define PROCTOR_CXX_POP_ _Pragma("GCC diagnostic pop")
/* Designators in the order of the fields only: so C++ has it. */
#define PROCTOR_ENTRY_(symbol, ...)						\
	PROCTOR_CXX_PUSH_							\
	static constexpr proctor_::options proctor_options__##symbol = { __VA_ARGS__ };	\
	PROCTOR_CXX_POP_							\
	struct proctor_entry proctor_entry__##symbol = {	\
		PROCTOR_SUITE_ABI, sizeof(struct proctor_entry),		\
		proctor_options__##symbol.timeout_ms,				\
		proctor_options__##symbol.expect_fail,				\
		__LINE__, 0, proctor_run__##symbol, &proctor_state_.calls,	\
	};
#else
#define PROCTOR_C_ extern
#define PROCTOR_ENTRY_(symbol, ...)						\
	struct proctor_entry proctor_entry__##symbol = {	\
		.abi = PROCTOR_SUITE_ABI,					\
		.size = sizeof(struct proctor_entry),				\
		.line = __LINE__,						\
		.run = proctor_run__##symbol,					\
		.calls = &proctor_state_.calls,					\
		__VA_ARGS__							\
	};
#endif
#define PROCTOR_VISIBLE_ __attribute__((visibility("default")))

#define PROCTOR_DECLARE_(symbol, label)						\
	PROCTOR_C_ PROCTOR_VISIBLE_ const char proctor_label__##symbol[];	\
	PROCTOR_C_ PROCTOR_VISIBLE_ struct proctor_entry proctor_entry__##symbol;	\
	const char proctor_label__##symbol[] = label "\0" __FILE__;

#define PROCTOR_TEST_(name, ...)						\
	static void proctor_test__##name(void);					\
	static void proctor_call__##name(void *self)				\
	{									\
		(void)self;							\
		proctor_test__##name();						\
	}									\
	static void proctor_run__##name(void)					\
	{									\
		proctor_begin_();						\
		proctor_step_(proctor_call__##name, NULL);			\
		proctor_end_(__FILE__, __LINE__);				\
	}									\
	PROCTOR_DECLARE_(name, #name)						\
	PROCTOR_ENTRY_(name, __VA_ARGS__)					\
	static void proctor_test__##name(void)

/* PROCTOR_TEST(name) or PROCTOR_TEST(name, .timeout_ms = …, .expect_fail = 1), then the body. */
#define PROCTOR_TEST(...) PROCTOR_TEST_(__VA_ARGS__, )

/* The struct that set-up, test and tear-down get as `self`; all zero before the set-up. */
#define PROCTOR_FIXTURE(fixture) struct proctor_fixture__##fixture
#define PROCTOR_SETUP(fixture)							\
	static void proctor_setup__##fixture(					\
		__attribute__((unused)) struct proctor_fixture__##fixture *self)
/* Called also after a failed test and a failed set-up. */
#define PROCTOR_TEARDOWN(fixture)						\
	static void proctor_teardown__##fixture(				\
		__attribute__((unused)) struct proctor_fixture__##fixture *self)

/* In C++ the fixture is an object: its members are constructed, and destroyed after the test. */
#ifdef __cplusplus
#define PROCTOR_SELF_(type) type object{}
#else
#define PROCTOR_SELF_(type) type object; memset(&object, 0, sizeof(object))
#endif

#define PROCTOR_TEST_F_(fixture, name, ...)					\
	static void proctor_test__##fixture##__##name(				\
		struct proctor_fixture__##fixture *self);			\
	static void proctor_call__##fixture##__##name(void *self)		\
	{									\
		proctor_setup__##fixture((struct proctor_fixture__##fixture *)self);	\
		proctor_test__##fixture##__##name(				\
			(struct proctor_fixture__##fixture *)self);		\
	}									\
	static void proctor_clear__##fixture##__##name(void *self)		\
	{									\
		proctor_teardown__##fixture((struct proctor_fixture__##fixture *)self);	\
	}									\
	static void proctor_both__##fixture##__##name(void *unused)		\
	{									\
		PROCTOR_SELF_(struct proctor_fixture__##fixture);		\
		(void)unused;							\
		proctor_step_(proctor_call__##fixture##__##name, &object);	\
		if (proctor_state_.pid == getpid())				\
			proctor_step_(proctor_clear__##fixture##__##name, &object);	\
	}									\
	static void proctor_run__##fixture##__##name(void)			\
	{									\
		proctor_begin_();						\
		proctor_step_(proctor_both__##fixture##__##name, NULL);		\
		proctor_end_(__FILE__, __LINE__);				\
	}									\
	PROCTOR_DECLARE_(fixture##__##name, #fixture "." #name)			\
	PROCTOR_ENTRY_(fixture##__##name, __VA_ARGS__)				\
	static void proctor_test__##fixture##__##name(				\
		__attribute__((unused)) struct proctor_fixture__##fixture *self)

#define PROCTOR_TEST_F(...) PROCTOR_TEST_F_ARGS_(__VA_ARGS__, )
#define PROCTOR_TEST_F_ARGS_(fixture, ...) PROCTOR_TEST_F_(fixture, __VA_ARGS__)

#endif
