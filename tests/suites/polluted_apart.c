/* SPDX-License-Identifier: MIT */
/* Two libraries: a test of the first (SETS) changes the locale, which is the process's, and one of the second minds. */
#include <locale.h>
#include <string.h>

#define PASSES(n) \
	int tml_test_##n(void); \
	int tml_test_##n(void) { return 0; }

PASSES(0)
PASSES(2)
#ifdef SETS
PASSES(3)
int tml_test_1(void);
int tml_test_1(void)
{
	return setlocale(LC_ALL, "C.UTF-8") ? 0 : 1;
}
#else
PASSES(1)
int tml_test_3(void);
int tml_test_3(void)
{
	return strcmp(setlocale(LC_ALL, NULL), "C") != 0;
}
#endif
