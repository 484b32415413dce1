/* SPDX-License-Identifier: MIT */
/* What Boost.Test 1.74 has. Compiled with its library, and with all of it in the program (INCLUDED). */
#define BOOST_TEST_MODULE "a module: x"
#ifdef INCLUDED
#include <boost/test/included/unit_test.hpp>
#else
#define BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>
#endif
#include <boost/mpl/list.hpp>
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <cstdio>
#include <stdexcept>

namespace utf = boost::unit_test;
namespace bdata = boost::unit_test::data;

struct fixture {
	int value;
	fixture() : value(1) { }
};
struct fails_down {
	void teardown() { BOOST_CHECK_MESSAGE(false, "down"); }
};
struct fails_softly {
	void setup() { BOOST_CHECK_MESSAGE(false, "up"); }
};

BOOST_AUTO_TEST_CASE(passes) { BOOST_TEST_MESSAGE("a message"); BOOST_TEST(true); std::puts("printed"); }
BOOST_AUTO_TEST_CASE(fails) { BOOST_TEST(1 == 2); BOOST_CHECK_EQUAL(3, 4); }
BOOST_FIXTURE_TEST_CASE(with_fixture, fixture) { BOOST_TEST(value == 1); }
BOOST_AUTO_TEST_SUITE(outer)
BOOST_AUTO_TEST_SUITE(inner)
BOOST_AUTO_TEST_CASE(deep) { BOOST_TEST(true); }
BOOST_AUTO_TEST_CASE(fails) { BOOST_TEST(false); }
BOOST_AUTO_TEST_SUITE_END()
BOOST_DATA_TEST_CASE(data, bdata::xrange(3), n) { BOOST_TEST(n != 1); }
BOOST_AUTO_TEST_SUITE_END()
typedef boost::mpl::list<int, std::pair<int, char>> types;
BOOST_AUTO_TEST_CASE_TEMPLATE(templated, T, types) { BOOST_TEST(sizeof(T) < 5); }
BOOST_AUTO_TEST_CASE(off, *utf::disabled()) { BOOST_TEST(false); }
BOOST_AUTO_TEST_CASE(off_if, *utf::enable_if<false>()) { BOOST_TEST(false); }
BOOST_AUTO_TEST_CASE(on_if, *utf::enable_if<true>()) { BOOST_TEST(true); }
BOOST_AUTO_TEST_CASE(unmet, *utf::precondition([](utf::test_unit_id) { return false; })) { BOOST_TEST(false); }
BOOST_AUTO_TEST_CASE(after_last, *utf::depends_on("last")) { BOOST_TEST(true); }
BOOST_AUTO_TEST_CASE(after_failed, *utf::depends_on("fails")) { BOOST_TEST(true); }
BOOST_AUTO_TEST_CASE(after_off, *utf::depends_on("off")) { BOOST_TEST(true); }
BOOST_AUTO_TEST_CASE(after_after_off, *utf::depends_on("after_off")) { BOOST_TEST(true); }
BOOST_AUTO_TEST_CASE(expected, *utf::expected_failures(1)) { BOOST_TEST(false); }
BOOST_AUTO_TEST_CASE(expected_in_vain, *utf::expected_failures(1)) { BOOST_TEST(true); }
BOOST_AUTO_TEST_CASE(more_than_expected, *utf::expected_failures(1)) { BOOST_TEST(false); BOOST_TEST(false); }
BOOST_AUTO_TEST_CASE(slow, *utf::timeout(1)) { for (volatile bool on = true; on;) { } }
BOOST_AUTO_TEST_CASE(labelled, *utf::label("x") * utf::label("y|z(3)")) { BOOST_WARN(false); }
BOOST_AUTO_TEST_CASE(quits) { BOOST_FAIL("no\nmore"); }
BOOST_AUTO_TEST_CASE(requires_more) { BOOST_REQUIRE(false); }
BOOST_AUTO_TEST_CASE(throws) { throw std::runtime_error("thrown"); }
BOOST_AUTO_TEST_CASE(nothing) { }
BOOST_AUTO_TEST_CASE(context) { BOOST_TEST_CONTEXT("in here") { BOOST_TEST(false); } }
BOOST_AUTO_TEST_SUITE(torn, *utf::fixture<fails_down>())
BOOST_AUTO_TEST_CASE(one) { BOOST_TEST(true); }
BOOST_AUTO_TEST_SUITE_END()
BOOST_AUTO_TEST_SUITE(soft, *utf::fixture<fails_softly>())
BOOST_AUTO_TEST_CASE(one) { BOOST_TEST(true); }
BOOST_AUTO_TEST_SUITE_END()
BOOST_AUTO_TEST_SUITE(unmet_suite, *utf::precondition([](utf::test_unit_id) { return false; }))
BOOST_AUTO_TEST_CASE(one) { BOOST_TEST(true); }
BOOST_AUTO_TEST_CASE(two) { BOOST_TEST(true); }
BOOST_AUTO_TEST_SUITE_END()
BOOST_AUTO_TEST_CASE(last) { BOOST_TEST(true); }
