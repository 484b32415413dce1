/* SPDX-License-Identifier: MIT */
/* A variable that the compiler marks as unique in the process (STB_GNU_UNIQUE). */
#include <cstdint>
#include <cstdio>

template <typename T> struct counter {
	static inline int value = 0;
};

extern "C" __attribute__((visibility("default"))) std::int32_t tml_test_0()
{
	counter<int>::value += OWN;
	std::printf("counted %d\n", counter<int>::value);
	return counter<int>::value == OWN ? 0 : 1;
}
