/* SPDX-License-Identifier: MIT */
/* One test that writes 1 GiB. */
#include "way.h"

#include <string.h>
#include <unistd.h>

#define CHUNK_BYTES (1 << 16)

static int write_all(const char *bytes, size_t nbytes)
{
	while (nbytes > 0) {
		ssize_t n = write(1, bytes, nbytes);

		if (n <= 0)
			return 1;
		bytes += n;
		nbytes -= (size_t)n;
	}
	return 0;
}

NEIGHBOUR(0)

WAY(1, gib)
{
	static char chunk[CHUNK_BYTES];
	int i, ret;

	memset(chunk, 'g', sizeof(chunk));
	chunk[sizeof(chunk) - 1] = '\n';
	ret = write_all("first line\n", 11);
	for (i = 0; i < (1 << 30) / CHUNK_BYTES && ret == 0; i++)
		ret = write_all(chunk, sizeof(chunk));
	return ret ? ret : write_all("last line\n", 10);
}

NEIGHBOUR(2)
