/* SPDX-License-Identifier: MIT */
/*
 * A suite whose file is changed while it runs, in two versions. The tests of VERSION 1 pass and those
 * of VERSION 2 fail. The first test waits until the FIFO named by GATE is opened for writing;
 * with TOUCH_SELF in the environment the constructor changes the file's times.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

__attribute__((constructor)) static void touch_self(void)
{
	struct timespec times[2] = { { .tv_sec = 1 }, { .tv_sec = 1 } };
	Dl_info self;

	if (getenv("TOUCH_SELF") && dladdr((void *)touch_self, &self))
		utimensat(AT_FDCWD, self.dli_fname, times, 0);
}

int32_t tml_test_0(void);
int32_t tml_test_0(void)
{
	const char *gate = getenv("GATE");
	char byte;
	int fd = gate ? open(gate, O_RDONLY) : -1;

	if (fd >= 0 && read(fd, &byte, 1) < 0)
		return 3;
	close(fd);
	return VERSION - 1;
}

#define TEST(n) \
	int32_t tml_test_##n(void); \
	int32_t tml_test_##n(void) { return VERSION - 1; }

TEST(1) TEST(2) TEST(3) TEST(4) TEST(5) TEST(6) TEST(7) TEST(8) TEST(9) TEST(10) TEST(11) TEST(12)
