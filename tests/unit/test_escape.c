/* SPDX-License-Identifier: MIT */
#include "base/escape.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void only_harmless_characters_stay(void **state)
{
	static const char bytes[] = "ok\t\n\r\x7f\xc2\x9b\xc3\xa4\xed\xa0\x80\xf0\x9f\x98\x80\xef\xbf\xbf\xe2\x82";
	struct bytes to = { 0 };

	(void)state;
	escape_append(&to, bytes, sizeof(bytes) - 1, "\n\t");
	assert_string_equal(to.data, "ok\t\n\\x0d\\x7f\\xc2\\x9bä\\xed\\xa0\\x80😀"
				     "\\xef\\xbf\\xbf\\xe2\\x82");
	bytes_clear(&to);
	/* What turns a name round or breaks its line; the dash and the mark beside them stay. */
	escape_line(&to, "\u2027\u2028\u202a\u202e\u202f\u2065\u2066\u2069\u206a\u200f");
	assert_string_equal(to.data, "\u2027\\xe2\\x80\\xa8\\xe2\\x80\\xaa\\xe2\\x80\\xae\u202f"
				     "\u2065\\xe2\\x81\\xa6\\xe2\\x81\\xa9\u206a\u200f");
	bytes_clear(&to);
	escape_line(&to, "a\nb");
	assert_string_equal(to.data, "a\\x0ab");
	bytes_fini(&to);
}

static void xml_has_entities_and_keeps_the_lines_of_its_text(void **state)
{
	static const char text[] = "a<b>&\"\t\n\x1b";
	struct bytes to = { 0 };

	(void)state;
	escape_xml(&to, text, sizeof(text) - 1, false);
	assert_string_equal(bytes_string(&to), "a&lt;b&gt;&amp;\"\t\n\\x1b");
	bytes_clear(&to);
	escape_xml(&to, text, sizeof(text) - 1, true);
	assert_string_equal(bytes_string(&to), "a&lt;b&gt;&amp;&quot;&#9;&#10;\\x1b");
	bytes_fini(&to);
}

static void html_is_one_line_that_fits_into_an_attribute(void **state)
{
	static const char text[] = "<a href=\"x\">\t&\n";
	struct bytes to = { 0 };

	(void)state;
	escape_html(&to, text, sizeof(text) - 1);
	assert_string_equal(bytes_string(&to), "&lt;a href=&quot;x&quot;&gt;\t&amp;\\x0a");
	bytes_fini(&to);
}

static void bytes_for_json_are_utf8(void **state)
{
	static const char bytes[] = "\xc3\xa4\xff\xe2\x82";
	struct bytes to = { 0 };

	(void)state;
	escape_utf8(&to, bytes, sizeof(bytes) - 1);
	assert_string_equal(bytes_string(&to), "ä\ufffd\ufffd\ufffd");
	bytes_fini(&to);
}

static void base64_has_all_bytes(void **state)
{
	static const char *const words[] = { "", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==" };
	struct bytes to = { 0 };

	(void)state;
	for (size_t n = 0; n < sizeof(words) / sizeof(words[0]); n++) {
		bytes_clear(&to);
		escape_base64(&to, "foob", n);
		assert_string_equal(bytes_string(&to), words[n]);
	}
	bytes_fini(&to);
}

/* A real shell is asked: whatever it makes of the word is what was given. */
static void a_shell_reads_the_word_as_it_is(void **state)
{
	static const char word[] = "a'b \"c\" $HOME `x` \\ ;&|*\n''";
	struct bytes command = { 0 };
	char got[64] = "";
	FILE *f;

	(void)state;
	bytes_text(&command, "printf %s ");
	escape_shell(&command, word);
	f = popen(bytes_string(&command), "re");
	assert_non_null(f);
	assert_int_equal(fread(got, 1, sizeof(got) - 1, f), sizeof(word) - 1);
	assert_int_equal(pclose(f), 0);
	assert_string_equal(got, word);
	bytes_fini(&command);
}

static void an_argument_keeps_quotes_and_backslashes(void **state)
{
	struct bytes to = { 0 };

	(void)state;
	escape_argument(&to, "/a b/\"c\"\\d");
	assert_string_equal(bytes_string(&to), "\"/a b/\\\"c\\\"\\\\d\"");
	bytes_fini(&to);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_harmless_characters_stay),
		cmocka_unit_test(xml_has_entities_and_keeps_the_lines_of_its_text),
		cmocka_unit_test(html_is_one_line_that_fits_into_an_attribute),
		cmocka_unit_test(bytes_for_json_are_utf8),
		cmocka_unit_test(base64_has_all_bytes),
		cmocka_unit_test(a_shell_reads_the_word_as_it_is),
		cmocka_unit_test(an_argument_keeps_quotes_and_backslashes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
