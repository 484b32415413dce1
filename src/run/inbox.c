/* SPDX-License-Identifier: MIT */
#include "run/inbox.h"

void inbox_fetch(struct inbox *in, struct mailbox *m)
{
	struct post **tail = &in->posts;

	while (*tail)
		tail = &(*tail)->next;
	*tail = mailbox_take(m);
}

static struct post *take(struct post **at)
{
	struct post *post = *at;

	if (post)
		*at = post->next;
	return post;
}

struct post *inbox_next(struct inbox *in)
{
	return take(&in->posts);
}

struct post *inbox_next_started(struct inbox *in)
{
	struct post **at = &in->posts;

	while (*at && (*at)->kind != POST_STARTED)
		at = &(*at)->next;
	return take(at);
}
