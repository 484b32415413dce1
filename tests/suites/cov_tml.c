/* SPDX-License-Identifier: MIT */
/* TML's function coverage: a table of functions that ran, and its accessors. */
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define SLOTS 4093

static struct {
	char name[192];
	int32_t hits;
} table[SLOTS];
static int32_t nfunctions;

int32_t tml_get_func_count(void);
const char *tml_get_func_name(int32_t i);
int32_t tml_get_func_hits(int32_t i);
void tml_reset_coverage(void);
void tml_coverage_write_file(const char *path);

int32_t tml_get_func_count(void)
{
	if (nfunctions < 0)
		abort();
	return nfunctions;
}

const char *tml_get_func_name(int32_t i)
{
	return i >= 0 && i < nfunctions ? table[i].name : NULL;
}

int32_t tml_get_func_hits(int32_t i)
{
	return i >= 0 && i < nfunctions ? table[i].hits : 0;
}

void tml_reset_coverage(void)
{
	nfunctions = 0;
}

void tml_coverage_write_file(const char *path)
{
	FILE *f = fopen(path, "w");

	for (int32_t i = 0; f && i < nfunctions; i++)
		fprintf(f, "%s\n", table[i].name);
	if (f)
		fclose(f);
}

static void hit(const char *name)
{
	int32_t i = 0;

	while (i < nfunctions && strcmp(table[i].name, name) != 0)
		i++;
	if (i == nfunctions && nfunctions < SLOTS) {
		strncpy(table[i].name, name, sizeof(table[i].name) - 1);
		table[i].hits = 0;
		nfunctions++;
	}
	table[i].hits++;
}

static int bad(void)
{
	const char *value = getenv("COVERAGE_BAD");

	return value && *value == '1';
}

int32_t tml_test_0(void);
int32_t tml_test_1(void);
int32_t tml_test_2(void);
int32_t tml_test_3(void);
int32_t tml_test_4(void);
int32_t tml_test_5(void);

int32_t tml_test_0(void)
{
	pid_t pid = bad() ? fork() : 0;

	if (pid == 0)
		hit("core::parse[Str]");
	if (pid == 0 && bad())
		_exit(0);
	if (pid > 0)
		waitpid(pid, NULL, 0);
	hit("core::add");
	hit("core::add");
	return 0;
}

/* It can open no file when it crashes. */
int32_t tml_test_1(void)
{
	const struct rlimit none = { 0, 0 };

	hit("core::add");
	hit("core::crash");
	if (bad()) {
		setrlimit(RLIMIT_NOFILE, &none);
		abort();
	}
	return 0;
}

int32_t tml_test_2(void)
{
	hit("core::wait");
	while (bad())
		pause();
	return 0;
}

/* With COVERAGE_LOST, a child of it ends as nothing can be kept of. */
int32_t tml_test_3(void)
{
	const char *lost = getenv("COVERAGE_LOST");
	pid_t pid = lost && strcmp(lost, "1") == 0 ? fork() : -1;

	if (pid == 0) {
		hit("core::lost");
		kill(getpid(), SIGKILL);
	}
	if (pid > 0)
		waitpid(pid, NULL, 0);
	return 0;
}

/* More often than the runtime's number can tell. */
int32_t tml_test_4(void)
{
	hit("core::hot");
	for (int32_t i = 0; i < nfunctions; i++)
		if (strcmp(table[i].name, "core::hot") == 0)
			table[i].hits = INT32_MIN;
	return 0;
}

static sigjmp_buf back;

static void jump_back(int sig)
{
	siglongjmp(back, sig);
}

/* A crash that the test handles, and then an end that leaves nothing; or a table that was damaged. */
int32_t tml_test_5(void)
{
	const char *lost = getenv("COVERAGE_LOST");

	if (lost && strcmp(lost, "handled") == 0) {
		signal(SIGSEGV, jump_back);
		hit("core::before");
		if (sigsetjmp(back, 1) == 0)
			raise(SIGSEGV);
		hit("core::after");
		kill(getpid(), SIGKILL);
	}
	if (lost && strcmp(lost, "name") == 0)
		hit("core::two\nlines");
	if (lost && strcmp(lost, "table") == 0) {
		nfunctions = -1;
		abort();
	}
	return 0;
}

#ifdef EXECUTABLE
int main(void)
{
	const char *path = getenv("TML_COVERAGE_FILE");
	int32_t (*const tests[])(void) = { tml_test_0, tml_test_1 };

	for (int i = 0; i < 2; i++) {
		tests[i]();
		if (path)
			tml_coverage_write_file(path);
	}
	return 0;
}
#endif
