/* SPDX-License-Identifier: MIT */
/* A suite that needs many instrumented libraries: what is loaded together writes into one file. */
#include <stdint.h>

#ifdef PART
int PART(void);
int PART(void)
{
	return 1;
}
#else
#define DECLARE(n) int part_##n(void);
DECLARE(0) DECLARE(1) DECLARE(2) DECLARE(3) DECLARE(4)
DECLARE(5) DECLARE(6) DECLARE(7) DECLARE(8) DECLARE(9)

int32_t tml_test_0(void);
int32_t tml_test_0(void)
{
	return part_0() + part_1() + part_2() + part_3() + part_4() + part_5() + part_6() + part_7() +
	       part_8() + part_9() - 10;
}
#endif
