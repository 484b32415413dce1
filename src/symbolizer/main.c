/* SPDX-License-Identifier: MIT */
/*
 * proctor-symbolizer: makes backtraces of crashes for proctor (wire/symbols.h), one after the
 * other, until the socket that is its stdin ends. It is a process of its own because libdw reads
 * files that anybody may have made: if libdw crashes, hangs or runs out of memory here, one
 * backtrace is lost, and not the run.
 */
#include "symbolizer/symbolize.h"
#include "wire/symbols.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

/* With more than this in memory it answers once more and exits. libc's debug information takes 12
 * MB. */
#define KEPT_BYTES_MAX (256ull * 1024 * 1024)
/* The bound of its address space: one crash may need many large files and their debug
 * information. */
#define ADDRESS_BYTES_MAX (8ull * 1024 * 1024 * 1024)

/* A sanitizer's runtime maps terabytes: then there is no bound. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#define SANITIZED (__has_feature(address_sanitizer) || __has_feature(thread_sanitizer))
#else
#define SANITIZED 0
#endif

/* False: the stream has ended. */
static bool read_all(void *to, size_t nbytes)
{
	for (size_t nread = 0; nread < nbytes;) {
		ssize_t n = read(STDIN_FILENO, (char *)to + nread, nbytes - nread);

		if (n == 0 || (n < 0 && errno != EINTR))
			return false;
		if (n > 0)
			nread += (size_t)n;
	}
	return true;
}

static bool write_all(const void *from, size_t nbytes)
{
	for (size_t nwritten = 0; nwritten < nbytes;) {
		ssize_t n = send(STDIN_FILENO, (const char *)from + nwritten, nbytes - nwritten,
				 MSG_NOSIGNAL);

		if (n < 0 && errno != EINTR)
			return false;
		if (n > 0)
			nwritten += (size_t)n;
	}
	return true;
}

/* Sends the answer. False: this process shall take no other crash. */
static bool answer(struct files *files, int code, const char *text)
{
	struct symbols_answer head = { .magic = SYMBOLS_MAGIC, .code = code,
				       .ntext = (uint32_t)strnlen(text, SYMBOLS_TEXT_MAX),
				       .nfiles = files->nread };

	head.last = files_bytes(files) > KEPT_BYTES_MAX;
	return write_all(&head, sizeof(head)) && write_all(text, head.ntext) && !head.last;
}

/* Reads one crash and answers. False: this process shall take no other. */
static bool serve(struct files *files)
{
	struct proctor_error err = { 0 };
	struct symbols_request head;
	struct module_list list;
	struct crash crash;
	char *rest, *text;
	ssize_t nrest;
	bool more;
	int ret;

	if (!read_all(&head, sizeof(head)))
		return false;
	nrest = symbols_request_rest(&head);
	rest = nrest >= 0 ? malloc((size_t)nrest + 1) : NULL;
	if (!rest || !read_all(rest, (size_t)nrest)) {
		free(rest);
		return false;
	}
	/* If libdw hangs and proctor is no longer there to end this process, the alarm does. */
	alarm(SYMBOLS_SECONDS_MAX);
	files->nread = 0;
	ret = symbols_request_unpack(&head, rest, &crash, &list);
	free(rest);
	if (ret < 0)
		error_sys(&err, -ret, "cannot read the crash");
	else
		ret = symbolize(files, &crash, &list, &text, &err);
	more = answer(files, ret, ret < 0 ? err.text : text);
	if (ret == 0)
		free(text);
	crash_fini(&crash);
	module_list_fini(&list);
	alarm(0);
	return more;
}

static void restrict_itself(void)
{
	struct rlimit none = { 0, 0 }, address = { ADDRESS_BYTES_MAX, ADDRESS_BYTES_MAX };
	sigset_t set;

	sigemptyset(&set);
	sigprocmask(SIG_SETMASK, &set, NULL);
	signal(SIGALRM, SIG_DFL);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	/* proctor says so if this process crashes; a core file of it would only puzzle who runs
	 * tests. */
	setrlimit(RLIMIT_CORE, &none);
	if (!SANITIZED)
		setrlimit(RLIMIT_AS, &address);
}

int main(int argc, char **argv)
{
	struct proctor_error err;
	struct files files;

	if (argc != 2 || strcmp(argv[1], "serve") != 0) {
		fputs("proctor-symbolizer names the frames of crashes for proctor; it is of no use "
		      "alone.\n", stderr);
		return 2;
	}
	restrict_itself();
	if (files_init(&files, &err) < 0)
		return SYMBOLS_EXIT_NO_MEMORY;
	while (serve(&files))
		;
	/* Without freeing anything: the kernel does that faster. */
	_exit(0);
}
