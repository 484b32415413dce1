/* SPDX-License-Identifier: MIT */
/* The adapter of Boost.Test: what its list, its log and its report say, and how tests are named to it. */
#include "cmocka_headers.h"
