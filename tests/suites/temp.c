/* SPDX-License-Identifier: MIT */
/* What tests do with their temporary directory: a program that is one test, and a library of some. WAY says what is
 * left in it. */
#include <dirent.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static char early[4096];	/* what it was before main() */

static void __attribute__((constructor)) before(void)
{
	snprintf(early, sizeof(early), "%s", getenv("TMPDIR") ? getenv("TMPDIR") : "");
}

static int nentries(const char *path)
{
	DIR *dir = opendir(path);
	int n = -2;

	while (dir && readdir(dir))
		n++;
	if (dir)
		closedir(dir);
	return n;
}

static int bind_socket(const char *path)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), ret;

	snprintf(name.sun_path, sizeof(name.sun_path), "%s", path);
	ret = bind(fd, (const struct sockaddr *)&name, sizeof(name));
	close(fd);
	return ret;
}

/* A deep tree, with rights taken away, links to what is not its own. */
static int leave_all(void)
{
	const char *outside = getenv("OUTSIDE");
	int ret = outside ? symlink(outside, "link") : 0;

	ret |= symlink("/nowhere", "dangling") | bind_socket("socket") | mkfifo("fifo", 0);
	for (int i = 0; i < 20 && ret == 0; i++)
		ret = mkdir("some_directory", 0700) | chdir("some_directory");
	ret |= mkdir("shut", 0700) | mkdir("shut/in", 0700) | close(creat("shut/in/file", 0));
	ret |= chmod("shut/in", 0) | chmod("shut", 0) | chdir("/");
	return ret;
}

static int leave_immutable(void)
{
	int fd = creat("stays", 0600), flags = FS_IMMUTABLE_FL;

	if (ioctl(fd, FS_IOC_SETFLAGS, &flags) == 0)
		return close(fd);
	unlink("stays");
	return 77;
}

/* Waits until four have come to the directory above: so they run at one time. */
static int meet(const char *temp)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/../.%d", temp, (int)getpid());
	close(creat(path, 0600));
	snprintf(path, sizeof(path), "%s/..", temp);
	for (;;) {
		DIR *dir = opendir(path);
		const struct dirent *e;
		int n = 0;

		while (dir && (e = readdir(dir)))
			n += e->d_name[0] == '.' && e->d_name[1] >= '0' && e->d_name[1] <= '9';
		if (dir)
			closedir(dir);
		if (n >= 4)
			return 0;
		usleep(10000);
	}
}

static int use(const char *name)
{
	const char *temp = getenv("TMPDIR"), *way = getenv("WAY") ? getenv("WAY") : "";
	struct stat st;

	if (!temp || stat(temp, &st) < 0 || stat(early, &st) < 0 || !S_ISDIR(st.st_mode))
		return 1;
	printf("%s temp=%s\ntest_temp=%s\n%d entries, mode %o\n", name, temp,
	       getenv("TEST_TMPDIR"), nentries(temp), (unsigned)st.st_mode & 07777);
	fflush(stdout);
	if (strcmp(way, "waits") == 0)
		pause();
	if (strcmp(way, "together") == 0)
		return meet(temp);
	if (chdir(temp) < 0)
		return 2;
	if (strcmp(way, "all") == 0)
		return leave_all();
	if (strcmp(way, "immutable") == 0)
		return leave_immutable();
	if (strcmp(way, "fails") == 0)
		return close(creat(name, 0600)) | 1;
	return strcmp(way, "file") == 0 ? close(creat(name, 0600)) : chdir("/");
}

#ifdef LIBRARY
#include "proctor/suite.h"

PROCTOR_TEST(first)
{
	PROCTOR_ASSERT_EQ(use("first"), 0);
}

PROCTOR_TEST(second)
{
	PROCTOR_ASSERT_EQ(use("second"), 0);
}
#else
int main(int argc, char **argv)
{
	(void)argc;
	return use(strrchr(argv[0], '/') + 1);
}
#endif
