// SPDX-License-Identifier: MIT
/* A C++ program, without frame pointers, that ends by an exception nobody catches. */
#include <stdexcept>
#include <string>

__attribute__((noinline)) static void throws_it(const std::string &why)
{
	throw std::runtime_error(why);
}

struct thrower {
	__attribute__((noinline)) void call(int n) const
	{
		throws_it(std::string("number ") + std::to_string(n));
	}
};

int main()
{
	thrower().call(7);
	return 0;
}
