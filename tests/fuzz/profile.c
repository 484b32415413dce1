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
	char path[32], *paths = "library";
	struct merge m;

	if (fd < 0)
		fd = memfd_create("profile", 0);
	if (ftruncate(fd, 0) < 0 || pwrite(fd, bytes, nbytes, 0) != (ssize_t)nbytes)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	merge_init(&m);
	for (int i = 0; i < 2; i++) {
		size_t nsums = m.nsums, nothers = m.nothers;

		if (merge_add_file(&m, path, &found, &err) < 0 &&
		    (m.nsums != nsums || m.nothers != nothers || !err.text[0]))
			abort();
	}
	merge_fini(&m);
	if (unmapped_add(&unmapped, path, &paths, 1, &err) < 0 && !err.text[0])
		abort();
	unmapped_fini(&unmapped);
	return 0;
}
