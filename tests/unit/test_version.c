/* SPDX-License-Identifier: MIT */
/* Versions of frameworks, in bytes as real programs have them. */
#include "adapter/adapter.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/container.h"

#define BYTES(text) (text), sizeof(text)

static void a_version_is_found_or_none_is_told(void **state)
{
	static const struct {
		const struct adapter *adapter;
		const char *bytes;
		size_t nbytes;
		const char *version;	/* NULL: none */
	} rows[] = {
		{ &adapter_googletest, BYTES("\0libgtest.so.1.12.1\0_ZN7testing4TestD2Ev"), "1.12.1" },
		{ &adapter_googletest, BYTES("\0libgtest.so\0libc.so.6"), NULL },
		{ &adapter_googletest, BYTES("\0libstdc++.so.6\0libc.so.6"), NULL },
		{ &adapter_catch2, BYTES("\0libCatch2.so.3.7.1\0libc.so.6"), "3.7.1" },
		{ &adapter_boost, BYTES("\0libboost_unit_test_framework.so.1.74.0\0libc.so.6"), "1.74.0" },
		{ &adapter_rust, BYTES("rustc version 1.95.0 (59807616e 2026-04-14)\0"
				       "GCC: (Debian 12.2.0-14+deb12u1) 12.2.0"), "1.95.0" },
		{ &adapter_rust, BYTES("GCC: (GNU) 13\0rustc version 1.97.0-nightly (0 2026-04-14)"),
		  "1.97.0-nightly" },
		/* Parts of two compilers. */
		{ &adapter_rust, BYTES("rustc version 1.95.0 (5)\0rustc version 1.94.1 (4)"), NULL },
		{ &adapter_rust, BYTES("rustc version 1.95.0 (5)\0rustc version 1.95.0 (5)"), "1.95.0" },
		{ &adapter_go, BYTES("\xff Go buildinf:\x08\x02\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
				     "\x08go1.26.8\x96\x06\x30w\xaf\x0c\x92t"), "1.26.8" },
		/* The length of what follows looks like a digit. */
		{ &adapter_go, BYTES("\xff Go buildinf:\x08\x02\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
				     "\x08go1.26.8" "5path\tways.test"), "1.26.8" },
		{ &adapter_go, BYTES("\xff Go buildinf:\x08\x02\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
				     "\x09go1.26rc1"), "1.26rc1" },
		{ &adapter_go, BYTES("\x16" "devel go1.27-0123456789"), NULL },
		{ &adapter_go, "go1.26.8", 8, NULL },
		{ &adapter_doctest, BYTES("\0doctest version is \"\0" "2.4.9\0ok\0" "12.5\0"), "2.4.9" },
		{ &adapter_doctest, BYTES("doctest version is \"\0" "2.4.9\0" "1.0.3\0"), NULL },
		{ &adapter_doctest, BYTES("v2.4.9\0" "2.4.9 \0" "2.4.\0" "2.4.9.\0" "2..9\0" "2.4.9.1\0"), NULL },
		{ &adapter_doctest, "2.4.9", 5, "2.4.9" },
		{ &adapter_doctest, "", 0, NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		/* Of exactly that size, so that a sanitizer sees what is read behind it. */
		char *bytes = malloc(rows[i].nbytes + !rows[i].nbytes);
		const char *found;
		size_t n = 0;

		assert_non_null(bytes);
		memcpy(bytes, rows[i].bytes, rows[i].nbytes);
		found = version_find(&rows[i].adapter->version, bytes, rows[i].nbytes, &n);
		if (!rows[i].version != !found ||
		    (found && (n != strlen(rows[i].version) || memcmp(found, rows[i].version, n) != 0)))
			fail_msg("row %zu: %.*s", i, found ? (int)n : 4, found ? found : "none");
		free(bytes);
	}
}

static void what_is_no_elf_file_shows_none(void **state)
{
	char text[8] = "";

	(void)state;
	assert_false(version_of_file(&adapter_rust.version, "/dev/null", text, sizeof(text)));
	assert_false(version_of_file(&adapter_rust.version, "/etc/passwd", text, sizeof(text)));
	assert_false(version_of_file(&adapter_exe.version, "/proc/self/exe", text, sizeof(text)));
}

/* Read as a file alone. */
static const char in_this_file[] __attribute__((used)) = "only in this test 7.8.9";

static void a_file_is_searched_in_one_section(void **state)
{
	const struct version_mark here = { .section = ".rodata", .behind = "only in this test " };
	const struct version_mark elsewhere = { .section = ".comment", .behind = "only in this test " };
	const struct version_mark nowhere = { .section = ".none", .behind = "only in this test " };
	char text[8] = "";

	(void)state;
	assert_true(version_of_file(&here, "/proc/self/exe", text, sizeof(text)));
	assert_string_equal(text, "7.8.9");
	assert_false(version_of_file(&here, "/proc/self/exe", text, 5));
	assert_false(version_of_file(&elsewhere, "/proc/self/exe", text, sizeof(text)));
	assert_false(version_of_file(&nowhere, "/proc/self/exe", text, sizeof(text)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_version_is_found_or_none_is_told),
		cmocka_unit_test(what_is_no_elf_file_shows_none),
		cmocka_unit_test(a_file_is_searched_in_one_section),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
