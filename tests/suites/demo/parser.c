/* SPDX-License-Identifier: MIT */
/* A crash, two calls deep: the tests before and after it keep their verdicts. */
#include "proctor/suite.h"

#include <stdio.h>

struct node {
	struct node *next;
	int value;
};

static int node_value(const struct node *node)
{
	return node->value;
}

static int second_value(const struct node *first)
{
	return node_value(first->next);
}

PROCTOR_TEST(reads_a_list_of_two)
{
	struct node two = { .value = 2 }, one = { .next = &two, .value = 1 };

	PROCTOR_ASSERT_EQ(second_value(&one), 2);
}

PROCTOR_TEST(reads_a_list_of_one)
{
	struct node one = { .value = 1 };

	printf("last words: a list of one\n");
	PROCTOR_ASSERT_EQ(second_value(&one), 0);
}

PROCTOR_TEST(reads_the_head)
{
	struct node one = { .value = 1 };

	PROCTOR_ASSERT_EQ(node_value(&one), 1);
}
