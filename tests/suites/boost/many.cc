/* SPDX-License-Identifier: MIT */
/* More tests than one command line can name. */
#define BOOST_TEST_MODULE many
#define BOOST_TEST_DYN_LINK
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

BOOST_AUTO_TEST_SUITE(a_suite_with_a_name_that_is_long)
BOOST_DATA_TEST_CASE(values, boost::unit_test::data::xrange(4000), n) { BOOST_TEST(n != 3999); }
BOOST_AUTO_TEST_SUITE_END()
