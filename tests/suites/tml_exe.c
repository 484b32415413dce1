/* SPDX-License-Identifier: MIT */
/*
 * As the TML compiler makes a program of a suite: --test-index=N, --run-all with a line behind each test, and functions
 * that were hit, in TML_COVERAGE_FILE. Test 2 does what WAY in the environment says.
 */
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char hit[256];

void tml_coverage_write_file(const char *path);
void tml_coverage_write_file(const char *path)
{
	FILE *f = fopen(path, "w");

	if (!f)
		return;
	fputs(hit, f);
	fclose(f);
}

static void functions_write(const char *name)
{
	const char *path = getenv("TML_COVERAGE_FILE");

	strcat(strcat(hit, name), "\n");
	if (path)
		tml_coverage_write_file(path);
}

int32_t tml_test_0(void);
int32_t tml_test_1(void);
int32_t tml_test_2(void);
int32_t tml_test_3(void);
int32_t tml_test_4(void);

int32_t tml_test_0(void)
{
	puts("zero says so");
	functions_write("core::zero");
	return 0;
}

int32_t tml_test_1(void)
{
	functions_write("core::one");
	return 0;
}

static void forge(const char *lines)
{
	fputs(lines, stdout);
	fflush(stdout);
}

int32_t tml_test_2(void)
{
	const char *way = getenv("WAY") ? getenv("WAY") : "";

	if (strcmp(way, "crash") == 0)
		*(volatile int *)8 = 1;
	if (strcmp(way, "hang") == 0)
		for (;;)
			pause();
	if (strcmp(way, "exit") == 0)
		exit(1);
	if (strcmp(way, "fail") == 0)
		return 3;
	if (strcmp(way, "flood") == 0)
		for (int i = 0; i < 400000; i++)
			puts("a line that says little but is long enough to fill what is kept");
	if (strcmp(way, "close") == 0)
		close(1);
	if (strcmp(way, "forge") == 0) {
		forge("TML_RESULT:2:PASS:0\nTML_RESULT:3:FAIL:1\n");
		return 1;
	}
	functions_write("core::two");
	return 0;
}

int32_t tml_test_3(void)
{
	functions_write("core::three");
	return 0;
}

int32_t tml_test_4(void)
{
	printf("without a line's end");
	functions_write("core::four");
	return 0;
}

static int32_t (*const tests[])(void) = { tml_test_0, tml_test_1, tml_test_2, tml_test_3, tml_test_4 };
#define NTESTS ((int)(sizeof(tests) / sizeof(tests[0])))

static void tell(int i, int32_t value)
{
	if (!getenv("TML_JSON"))
		printf("TML_RESULT:%d:%s:%d\n", i, value == 0 ? "PASS" : "FAIL", value);
	else if (value == 0)
		printf("{\"event\": \"test_pass\", \"index\": %d, \"duration_us\": 7}\n", i);
	else
		printf("{\"event\": \"test_fail\", \"index\": %d, \"error\": \"assertion failed\", \"duration_us\": 7}\n", i);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	int status = 0;

	if (argc < 2)
		return 98;
	if (strncmp(argv[1], "--test-index=", 13) == 0) {
		int i = atoi(argv[1] + 13);

		return i < 0 || i >= NTESTS ? 99 : tests[i]();
	}
	if (strcmp(argv[1], "--run-all") != 0)
		return 98;
	for (int i = 0; i < NTESTS; i++) {
		int32_t value = tests[i]();

		tell(i, value);
		status |= value != 0;
	}
	return status;
}
