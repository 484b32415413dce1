/* SPDX-License-Identifier: MIT */
/* What comes from a fork server is checked, what goes to it is what the test is to have. */
#include "hosts/fork_client.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct answer_row {
	struct fork_answer answer;
	size_t nbytes;		/* 0: all of it */
	uint32_t serial;	/* that is waited for */
	bool holds;
} answers[] = {
	{ { FORK_SERVER_MAGIC, FORK_SERVES, 0, 0, 0 }, 0, 0, true },
	{ { FORK_SERVER_MAGIC, FORK_REFUSES, 0, FORK_REFUSAL_FILES, 0 }, 0, 0, true },
	{ { FORK_SERVER_MAGIC, FORK_CREATED, 7, 1234, 1234 }, 0, 7, true },
	{ { FORK_SERVER_MAGIC, FORK_CREATED, 7, 1234, 1230 }, 0, 7, true },
	{ { FORK_SERVER_MAGIC, FORK_BEGINS, 7, 0, 0 }, 0, 7, true },
	{ { FORK_SERVER_MAGIC, FORK_FAILED, 7, EAGAIN, 0 }, 0, 7, true },
	{ { FORK_SERVER_MAGIC, FORK_UNREADY, 7, ENOENT, 0 }, 0, 7, true },
	/* Another's, cut off, or too long. */
	{ { FORK_SERVER_MAGIC + 1, FORK_BEGINS, 7, 0, 0 }, 0, 7, false },
	{ { FORK_SERVER_MAGIC, FORK_BEGINS, 7, 0, 0 }, sizeof(struct fork_answer) - 1, 7, false },
	{ { FORK_SERVER_MAGIC, FORK_BEGINS, 7, 0, 0 }, sizeof(struct fork_answer) + 1, 7, false },
	/* Not to this request. */
	{ { FORK_SERVER_MAGIC, FORK_BEGINS, 6, 0, 0 }, 0, 7, false },
	{ { FORK_SERVER_MAGIC, FORK_CREATED, 0, 1234, 0 }, 0, 0, false },
	{ { FORK_SERVER_MAGIC, FORK_SERVES, 7, 0, 0 }, 0, 7, false },
	/* No such word, or value. */
	{ { FORK_SERVER_MAGIC, 0, 7, 0, 0 }, 0, 7, false },
	{ { FORK_SERVER_MAGIC, FORK_NWORDS, 7, 0, 0 }, 0, 7, false },
	{ { FORK_SERVER_MAGIC, UINT32_MAX, 7, 0, 0 }, 0, 7, false },
	{ { FORK_SERVER_MAGIC, FORK_REFUSES, 0, FORK_NREFUSALS, 0 }, 0, 0, false },
	{ { FORK_SERVER_MAGIC, FORK_REFUSES, 0, -1, 0 }, 0, 0, false },
	{ { FORK_SERVER_MAGIC, FORK_CREATED, 7, -1, 1234 }, 0, 7, false },
	{ { FORK_SERVER_MAGIC, FORK_CREATED, 7, 0, 1234 }, 0, 7, false },
	{ { FORK_SERVER_MAGIC, FORK_CREATED, 7, 1, 1234 }, 0, 7, false },
	{ { FORK_SERVER_MAGIC, FORK_CREATED, 7, 1234, 0 }, 0, 7, false },
	{ { FORK_SERVER_MAGIC, FORK_FAILED, 7, 5, -2 }, 0, 7, false },
	{ { FORK_SERVER_MAGIC, FORK_FAILED, 7, -5, 0 }, 0, 7, false },
};

static void an_answer_is_believed_if_it_can_be_one(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		const struct answer_row *row = &answers[i];
		struct proctor_error err;
		int ret = fork_answer_check(&row->answer, row->nbytes ? row->nbytes : sizeof(row->answer),
					    row->serial, &err);

		if (ret != (row->holds ? 0 : -EBADMSG))
			fail_msg("answer %zu: %d", i, ret);
	}
}

static void each_refusal_has_words(void **state)
{
	(void)state;
	for (int i = FORK_REFUSAL_NONE + 1; i < FORK_NREFUSALS; i++)
		assert_string_not_equal(fork_refusal_words((enum fork_refusal)i), "it does not say why");
}

static char bytes[FORK_REQUEST_BYTES];

/* The texts of a request, parted by '|'. */
static const char *texts_of(ssize_t n)
{
	static char texts[FORK_REQUEST_BYTES];

	assert_true(n >= (ssize_t)sizeof(struct fork_request));
	memcpy(texts, bytes + sizeof(struct fork_request), (size_t)n - sizeof(struct fork_request));
	for (size_t i = 0; i + 1 < (size_t)n - sizeof(struct fork_request); i++)
		if (texts[i] == '\0')
			texts[i] = '|';
	return texts;
}

static void a_request_has_what_differs_from_the_server(void **state)
{
	char *server_vars[] = { "A=1", "B=2", "GONE=3", "AB=4" }, *vars[] = { "A=1", "B=5", "AB=4", "NEW=6=7" };
	const struct child_environment server = { server_vars, 4, 4 }, env = { vars, 4, 4 };
	char *words[] = { "program", "", "an argument", NULL };
	struct fork_request head = { .serial = 9, .nfds = 2, .as = { 1, 2 } };
	ssize_t n = fork_request_pack(bytes, &head, words, &server, &env, "/some where");

	(void)state;
	assert_string_equal(texts_of(n), "program||an argument|GONE|B=5|NEW=6=7|/some where");
	memcpy(&head, bytes, sizeof(head));
	assert_true(head.magic == FORK_SERVER_MAGIC);
	assert_int_equal(head.serial, 9);
	assert_int_equal(head.nwords, 3);
	assert_int_equal(head.nvars, 3);
	assert_int_equal(head.has_workdir, 1);
	assert_int_equal(head.nfds, 2);
	n = fork_request_pack(bytes, &head, words, &server, &server, NULL);
	assert_string_equal(texts_of(n), "program||an argument");
}

static void a_request_that_is_too_long_is_refused(void **state)
{
	const struct child_environment none = { 0 };
	const struct fork_request head = { .serial = 1 };
	char *words[] = { malloc(FORK_REQUEST_BYTES), NULL };
	size_t room = FORK_REQUEST_BYTES - sizeof(head);

	(void)state;
	memset(words[0], 'x', FORK_REQUEST_BYTES);
	words[0][room - 1] = '\0';
	assert_int_equal(fork_request_pack(bytes, &head, words, &none, &none, NULL), FORK_REQUEST_BYTES);
	words[0][room - 1] = 'x';
	words[0][room] = '\0';
	assert_int_equal(fork_request_pack(bytes, &head, words, &none, &none, NULL), -E2BIG);
	free(words[0]);
}

static void a_refusal_is_remembered_and_the_first_is_told(void **state)
{
	struct fork_refusals r;
	int one, two;

	(void)state;
	fork_refusals_init(&r);
	assert_false(fork_refusals_have(&r, &one));
	assert_true(fork_refusals_add(&r, &one));
	assert_false(fork_refusals_add(&r, &two));
	assert_false(fork_refusals_add(&r, &one));
	assert_true(fork_refusals_have(&r, &one) && fork_refusals_have(&r, &two));
	fork_refusals_fini(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_answer_is_believed_if_it_can_be_one),
		cmocka_unit_test(each_refusal_has_words),
		cmocka_unit_test(a_request_has_what_differs_from_the_server),
		cmocka_unit_test(a_request_that_is_too_long_is_refused),
		cmocka_unit_test(a_refusal_is_remembered_and_the_first_is_told),
	};

	return cmocka_run_group_tests_name("fork_server", tests, NULL, NULL);
}
