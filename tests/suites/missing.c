/* SPDX-License-Identifier: MIT */
/* A library that needs a function which nothing defines. */
#include <stdint.h>

int nowhere_to_be_found(void);
int32_t tml_test_0(void);

int32_t tml_test_0(void)
{
	return nowhere_to_be_found();
}
