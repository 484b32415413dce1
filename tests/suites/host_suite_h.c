/* SPDX-License-Identifier: MIT */
/* Tests in C with proctor/suite.h, for tests/unit/test_host.c: each does what it is named for. */
#include "proctor/suite.h"

#include <fcntl.h>
#include <sys/wait.h>

enum colour { RED, GREEN };

PROCTOR_TEST(passes)
{
	const char text[] = "text";
	size_t n = 4;

	PROCTOR_ASSERT(n > 3);
	PROCTOR_ASSERT_EQ(n, 4);
	PROCTOR_ASSERT_EQ(sizeof(text), n + 1);
	PROCTOR_ASSERT_EQ(GREEN, 1);
	PROCTOR_ASSERT_NE(&n, NULL);
	PROCTOR_ASSERT_LT(-1, n);
	PROCTOR_ASSERT_LE(-1.5, 0u);
	PROCTOR_ASSERT_GT(UINT64_MAX, INT64_MIN);
	PROCTOR_ASSERT_GE('b', 'a');
	PROCTOR_ASSERT_NEAR(0.1 + 0.2, 0.3, 1e-9);
	PROCTOR_ASSERT_STR_EQ(text, "text");
	PROCTOR_ASSERT_MEM_EQ(text, "text", 5);
}

PROCTOR_TEST(fails_eq)
{
	int three = 3;

	PROCTOR_ASSERT_EQ(three, 4);
	abort();
}

PROCTOR_TEST(fails_nan)
{
	PROCTOR_ASSERT_EQ((double)NAN, (double)NAN);
}

PROCTOR_TEST(fails_str)
{
	PROCTOR_ASSERT_STR_EQ("left", NULL);
}

PROCTOR_TEST(fails_mem)
{
	PROCTOR_ASSERT_MEM_EQ("abc", "abd", 3);
}

PROCTOR_TEST(fails_percent)
{
	int n = 10;

	PROCTOR_ASSERT(n % 5 == 1);
}

/* Characters of two bytes, and one of one byte: the cut falls into the middle of one. */
static const char *long_text(void)
{
	static char text[6002] = "-";

	for (size_t i = 1; i + 2 < sizeof(text); i += 2)
		memcpy(text + i, "\xc3\xa4", 2);
	return text;
}

PROCTOR_TEST(fails_long)
{
	PROCTOR_FAIL("%s", long_text());
}

PROCTOR_TEST(skips_long)
{
	PROCTOR_SKIP("%s", long_text());
}

PROCTOR_TEST(fails_long_str)
{
	char other[6002];

	strcpy(other, long_text());
	strcpy(other + 5001, "!");
	PROCTOR_ASSERT_STR_EQ(long_text(), other);
}

/* Another writer of suites may hand over more than the host keeps. */
PROCTOR_TEST(fails_longer)
{
	proctor_state_.calls->fail("a file", 1, long_text());
}

static void *stay(void *unused)
{
	for (;;)
		pause();
	return unused;
}

PROCTOR_TEST(leaves_many)
{
	pthread_attr_t attr;
	pthread_t thread;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 65536);
	for (int i = 0; i < 200; i++)
		PROCTOR_ASSERT_EQ(pthread_create(&thread, &attr, stay, NULL), 0);
}

PROCTOR_TEST(skips)
{
	PROCTOR_SKIP("needs %s", "a moon");
}

PROCTOR_TEST(fails_as_expected, .timeout_ms = 1500, .expect_fail = 1)
{
	PROCTOR_FAIL("known");
}

PROCTOR_TEST(passes_unexpectedly, .expect_fail = 1)
{
}

static void *fail_there(void *unused)
{
	(void)unused;
	PROCTOR_FAIL("on another thread");
}

PROCTOR_TEST(fails_on_thread)
{
	pthread_t thread;

	pthread_create(&thread, NULL, fail_there, NULL);
	pthread_join(thread, NULL);
}

/* The fifo is the way in which the test's driver says when. */
static void *fail_when_told(void *unused)
{
	char path[64];

	snprintf(path, sizeof(path), "/tmp/proctor-told-%d", getppid());
	close(open(path, O_RDONLY));
	(void)unused;
	PROCTOR_FAIL("too late");
}

PROCTOR_TEST(fails_when_it_is_over)
{
	pthread_t thread;

	pthread_create(&thread, NULL, fail_when_told, NULL);
}

PROCTOR_TEST(fails_in_child)
{
	pid_t pid = fork();
	int status = 0;

	if (pid == 0)
		PROCTOR_FAIL("in the child");
	waitpid(pid, &status, 0);
	PROCTOR_ASSERT(WIFEXITED(status));
	PROCTOR_ASSERT_EQ(WEXITSTATUS(status), 1);
}

PROCTOR_TEST(child_returns)
{
	pid_t pid = fork();
	int status = 0;

	if (pid == 0)
		return;
	waitpid(pid, &status, 0);
	PROCTOR_ASSERT(WIFEXITED(status));
	PROCTOR_ASSERT_EQ(WEXITSTATUS(status), 0);
}

PROCTOR_FIXTURE(box) {
	int filled;
};

PROCTOR_SETUP(box)
{
	PROCTOR_ASSERT_EQ(self->filled, 0);
	self->filled = 1;
	puts("set up");
}

PROCTOR_TEARDOWN(box)
{
	printf("torn down %d\n", self->filled);
}

PROCTOR_TEST_F(box, passes)
{
	PROCTOR_ASSERT_EQ(self->filled, 1);
	self->filled = 2;
}

PROCTOR_TEST_F(box, fails, .timeout_ms = 700)
{
	self->filled = 3;
	PROCTOR_ASSERT_EQ(self->filled, 4);
}
