/* SPDX-License-Identifier: MIT */
#include "hosts/shared_page.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

static int page_size(int fd, const char *what, size_t nbytes, struct proctor_error *err)
{
	if (ftruncate(fd, (off_t)nbytes) < 0)
		return error_sys(err, errno, "cannot size a %s", what);
	/* A test that shrank the file would have the run killed by SIGBUS at its next look. */
	if (fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) < 0)
		return error_sys(err, errno, "cannot seal a %s", what);
	return 0;
}

int shared_page_open(const char *what, size_t nbytes, void **at, struct proctor_error *err)
{
	int fd = memfd_create("proctor-page", MFD_CLOEXEC | MFD_ALLOW_SEALING), ret;

	if (fd < 0)
		return error_sys(err, errno, "cannot make a %s", what);
	ret = page_size(fd, what, nbytes, err);
	if (ret == 0) {
		*at = mmap(NULL, nbytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		if (*at == MAP_FAILED)
			ret = error_sys(err, errno, "cannot map a %s", what);
	}
	if (ret == 0)
		return fd;
	close(fd);
	return ret;
}
