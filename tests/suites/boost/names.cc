/* SPDX-License-Identifier: MIT */
/* Tests with odd names, registered by hand, with the newer way to do that. */
#define BOOST_TEST_DYN_LINK
#define BOOST_TEST_NO_MAIN
#define BOOST_TEST_ALTERNATIVE_INIT_API
#include <boost/test/unit_test.hpp>

namespace utf = boost::unit_test;

static const char *const odd[] = {
	"a b", " lead", "trail ", "comma,s", "slash/es", "*star", "star*", "*both*", "in*ner", "colon:s", "quo\"te",
	"\"q\"", "'", "!not", "+plus", "@at", "new\nline", "tab\t", "back\\slash", "pipe|x(3)", "a,b:c/d*", "-dash",
	"--run_test=x", "Entering test case \"x\"", "a=b", "x;y", "%s%n", "bracket<int, std::pair<a,b>>", "*", "",
};

static void passes() { BOOST_TEST(true); }
static void fails() { BOOST_TEST(false); }

static bool init()
{
	utf::test_suite *suite = BOOST_TEST_SUITE("man/ual, s*");

	for (const char *name : odd) {
		suite->add(new utf::test_case(name, "odd.cc", 3, &passes));
		utf::framework::master_test_suite().add(new utf::test_case(name, "odd.cc", 4, &fails));
	}
	suite->add(BOOST_TEST_CASE_NAME(&passes, "made/by, *a* \"macro\""));
	utf::framework::master_test_suite().add(suite);
	return true;
}

int main(int argc, char **argv)
{
	return utf::unit_test_main(&init, argc, argv);
}
