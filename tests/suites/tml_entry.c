/* SPDX-License-Identifier: MIT */
/* A library for a single file, and one without any of the runtime's symbols. */
#include <stdint.h>
#include <stdio.h>

int32_t tml_test_entry(void);

int32_t tml_test_entry(void)
{
	printf("the only one\n");
	return 0;
}
