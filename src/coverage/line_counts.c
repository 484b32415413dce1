/* SPDX-License-Identifier: MIT */
#include "coverage/line_counts.h"

#include "base/vector.h"

bool line_counts_init(struct line_counts *l, const json_t *segments)
{
	json_t *item;
	size_t i;

	*l = (struct line_counts){ .list = NULL };
	json_array_foreach((json_t *)segments, i, item) {
		struct segment *to, s = {
			.line = (uint64_t)json_integer_value(json_array_get(item, 0)),
			.column = (uint64_t)json_integer_value(json_array_get(item, 1)),
			.count = (uint64_t)json_integer_value(json_array_get(item, 2)),
			.has_count = json_is_true(json_array_get(item, 3)),
			.is_entry = json_is_true(json_array_get(item, 4)),
			.is_gap = json_is_true(json_array_get(item, 5)),
		};

		if (s.line == 0 || (l->n > 0 && s.line < l->list[l->n - 1].line))
			continue;
		to = vector_add(l);
		if (!to)
			return false;
		*to = s;
	}
	return true;
}

static bool starts_region(const struct segment *s)
{
	return !s->is_gap && s->has_count && s->is_entry;
}

bool line_counts_next(struct line_counts *l, uint64_t line, uint64_t *count, size_t *first)
{
	/* What the line before ended in goes on. */
	const struct segment wrapped = l->next > 0 ? l->list[l->next - 1]
						   : (struct segment){ 0 };
	bool mapped, starts = false, entered = false;
	uint64_t most = wrapped.count;

	*first = l->next;
	for (; l->next < l->n && l->list[l->next].line <= line; l->next++) {
		const struct segment *s = &l->list[l->next];

		entered = entered || (s->is_entry && s->has_count);
		if (starts_region(s)) {
			starts = true;
			most = s->count > most ? s->count : most;
		}
	}
	mapped = starts || wrapped.has_count;
	/* A region that was left out (by #if) begins here. */
	if (*first < l->next && !l->list[*first].has_count && l->list[*first].is_entry)
		mapped = false;
	*count = most;
	return mapped || entered;
}
