/* SPDX-License-Identifier: MIT */
/*
 * For libFuzzer: any bytes as a manifest, in the working directory, which has the suites that good ones name. What is
 * refused says where and why, and adds nothing.
 */
#include "plan/manifest.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PATH "fuzzed.json"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t nbytes);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t nbytes)
{
	static int fd = -1;
	struct proctor_plan *plan = plan_new();
	struct proctor_error err = { 0 };
	int ret;

	if (fd < 0)
		fd = open(PATH, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (!plan || ftruncate(fd, 0) < 0 || pwrite(fd, bytes, nbytes, 0) != (ssize_t)nbytes)
		abort();
	ret = manifest_add(plan, PATH, &err);
	if (ret < 0 && (plan->nsuites > 0 || !err.text[0] || strchr(err.text, '\n')))
		abort();
	for (size_t i = 0; i < plan->nsuites; i++)
		if (!plan->suites[i] || (!plan->suites[i]->adapter && !plan->suites[i]->error))
			abort();
	plan_free(plan);
	return 0;
}
