/* SPDX-License-Identifier: MIT */
#include "adapter/exe.h"

#include <errno.h>
#include <string.h>

bool exe_is_script(const void *head, size_t nhead)
{
	return nhead >= 2 && memcmp(head, "#!", 2) == 0;
}

int exe_check(const struct stat *st, const char *path, struct proctor_error *err)
{
	if (!(st->st_mode & (S_IXUSR | S_IXGRP | S_IXOTH)))
		return error_set(err, -ENOTSUP, "%s is a program but has no execute "
					 "permission", path);
	return 0;
}
