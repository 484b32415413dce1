/* SPDX-License-Identifier: MIT */
/*
 * For libFuzzer: any bytes as a raw profile, added twice, and read for its functions. Whatever they
 * are there is an answer, and a file that is refused has changed nothing.
 */
#include "coverage/merge.h"
#include "coverage/unmapped.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t nbytes);
int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t nbytes)
{
	static int fd = -1;
	struct proctor_error err;
	struct merge_found found;
	struct unmapped_list unmapped = { 0 };
	char path[32];
	struct merge m;

	if (fd < 0)
		fd = memfd_create("profile", 0);
	if (ftruncate(fd, 0) < 0 || pwrite(fd, bytes, nbytes, 0) != (ssize_t)nbytes)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	m = (struct merge){ 0 };
	for (int i = 0; i < 2; i++) {
		size_t nsums = m.sums.n, nothers = m.others.n;

		if (merge_add_file(&m, path, &found, &err) < 0 &&
		    (m.sums.n != nsums || m.others.n != nothers || !err.text[0]))
			abort();
	}
	for (size_t i = 0; i < m.sums.n; i++) {
		struct texts paths = { 0 };

		texts_add(&paths, "library");
		if (unmapped_add(&unmapped, m.sums.list[i], &paths, &err) < 0 && !err.text[0])
			abort();
	}
	unmapped_sort(&unmapped);
	unmapped_fini(&unmapped);
	merge_fini(&m);
	return 0;
}
