/* SPDX-License-Identifier: MIT */
/*
 * usage: tml_compiler LIBRARY DIR N COMMAND…
 *
 * The compiler's side of a handing over: "builds" N suites (copies of LIBRARY in DIR), one after the
 * other, and writes each as a line of a manifest to the standard input of COMMAND, which is a proctor that
 * was started at the beginning.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* 0, or -1: it cannot be written. */
static int build(const char *library, const char *path)
{
	int from = open(library, O_RDONLY | O_CLOEXEC);
	int to = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0755);
	struct stat st;
	int ret = from >= 0 && to >= 0 && fstat(from, &st) == 0 &&
		  sendfile(to, from, NULL, (size_t)st.st_size) == st.st_size ? 0 : -1;

	close(from);
	close(to);
	return ret;
}

static int compile(const char *library, const char *dir, int nsuites, FILE *to)
{
	char path[4096];

	for (int i = 0; i < nsuites; i++) {
		snprintf(path, sizeof(path), "%s/core_tests_%d.so", dir, i);
		if (build(library, path) < 0)
			return -1;
		fprintf(to, "{\"name\": \"core_tests_%d\", \"group\": \"core_%d\", \"path\": \"%s\", "
			"\"tests\": [{\"index\": 0, \"file\": \"lib/core/%d.test.tml\", \"tests\": 7}]}\n",
			i, i % 4, path, i);
		/* It goes on compiling: proctor sees the line at once. */
		if (fflush(to) != 0)
			return -1;
	}
	return fclose(to);
}

int main(int argc, char **argv)
{
	int fds[2], status = 0;
	pid_t pid;

	if (argc < 5 || pipe2(fds, O_CLOEXEC) < 0)
		return 2;
	pid = fork();
	if (pid == 0) {
		dup2(fds[0], STDIN_FILENO);
		execvp(argv[4], argv + 4);
		_exit(2);
	}
	close(fds[0]);
	if (pid < 0 || compile(argv[1], argv[2], atoi(argv[3]), fdopen(fds[1], "w")) < 0 ||
	    waitpid(pid, &status, 0) < 0)
		return 2;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 2;
}
