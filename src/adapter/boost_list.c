/* SPDX-License-Identifier: MIT */
/*
 * The tree of a Boost.Test program's suites and tests, as it writes it for dot(1). A text within is written as it
 * is, so the end of a unit's line is known by the line after it, which ties the unit to its parent.
 *
 * Tests run in the order in which they are declared, but that one on which another depends runs before it: among
 * the units of a suite that ask for nothing come first, then those that ask for these, and so on.
 *
 * What depends on a disabled test is skipped by the framework. If it were asked for by its name, the disabled one
 * would run, so it is disabled here.
 */
#include "adapter/boost.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NONE SIZE_MAX
/* As the framework numbers them. */
#define FIRST_TEST_ID 65536u
#define DEPTH_MAX 256
/* So many steps, at most, are taken to follow dependencies: no program that lives comes near. */
#define STEPS_MAX 20000000u

/* A suite or a test. */
struct unit {
	unsigned id;
	size_t parent;			/* which stands before it; NONE: the module itself */
	size_t first, last, next;	/* child, child, sibling; NONE */
	size_t order;			/* as declared */
	unsigned depth, rank;
	bool disabled;			/* a test that does not run unless it is asked for */
	size_t nidle;			/* tests below it that do not run */
	const char *why;		/* it depends on such; NULL: it does not */
	const char *label;		/* NAME|FILE(LINE)|…; lent */
	size_t nname, nplace;		/* of it: the name, and all until behind the line */
	bool none_expected;		/* no failures */
	const char *name;		/* with its suites'; of the listing */
	size_t nname_full;
};

struct depends {
	unsigned id, on_id;
	size_t unit, on;
};

struct tree {
	struct listing *list;
	struct unit *units;
	size_t nunits, cap_units;
	struct depends *depends;
	size_t ndepends, cap_depends;
	size_t *by_id;			/* numbers of units */
	struct bytes name;		/* for names that are put together */
	bool no_memory;
};

/* ---- names ---- */

void boost_name_append(struct bytes *to, const char *part, size_t npart)
{
	for (size_t i = 0; i < npart; i++) {
		unsigned char c = (unsigned char)part[i];

		if (c == '/' || c < ' ' || c == 0x7f)
			bytes_printf(to, "\\x%02X", c);
		else
			bytes_append(to, part + i, 1);
	}
}

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

void boost_name_plain(struct bytes *to, const char *name, size_t nname)
{
	for (size_t i = 0; i < nname; i++) {
		char c = name[i];

		if (c == '\\' && nname - i >= 4 && name[i + 1] == 'x' && hex(name[i + 2]) >= 0 &&
		    hex(name[i + 3]) >= 0) {
			c = (char)(hex(name[i + 2]) << 4 | hex(name[i + 3]));
			i += 3;
		}
		bytes_append(to, &c, 1);
	}
}

/* ---- reading ---- */

/* Grows a list for one more; false: no memory. */
static bool room_for_one(void *list, size_t n, size_t *cap, size_t size)
{
	void *grown;

	if (n < *cap)
		return true;
	grown = reallocarray(*(void **)list, *cap ? *cap * 2 : 64, size);
	if (!grown)
		return false;
	*(void **)list = grown;
	*cap = *cap ? *cap * 2 : 64;
	return true;
}

/* Behind "tu" a number; NULL: there is none. */
static const char *read_id(const char *at, const char *end, unsigned *id)
{
	unsigned long long value = 0;
	const char *digit = at + 2;

	if (end - at < 3 || memcmp(at, "tu", 2) != 0)
		return NULL;
	while (digit < end && *digit >= '0' && *digit <= '9' && value <= UINT32_MAX)
		value = value * 10 + (unsigned)(*digit++ - '0');
	*id = (unsigned)value;
	return digit > at + 2 && value <= UINT32_MAX ? digit : NULL;
}

static bool begins(const char *at, const char *end, const char *text)
{
	return (size_t)(end - at) >= strlen(text) && memcmp(at, text, strlen(text)) == 0;
}

/* The end of the label of unit `id`, behind which its parent's line stands; `*behind` is that line's end. */
static const char *label_end(const char *at, const char *end, unsigned id, unsigned *parent_id,
			     const char **behind)
{
	static const char mark[] = "\"];\ntu";
	const char *line;
	unsigned child_id;

	for (; (at = memmem(at, (size_t)(end - at), mark, sizeof(mark) - 1)); at++) {
		line = read_id(at + 4, end, parent_id);
		if (!line || !begins(line, end, " -> tu"))
			continue;
		line = read_id(line + 4, end, &child_id);
		if (!line || child_id != id || !begins(line, end, ";\n"))
			continue;
		*behind = line + 2;
		return at;
	}
	return NULL;
}

static bool ends_place(const char *rest, const char *end)
{
	return rest == end || begins(rest, end, "|timeout=") || begins(rest, end, "|expected failures=") ||
	       begins(rest, end, "|labels:");
}

/* Behind the place stands how many failures are expected, if any are. A name or a label may have the same words: such
 * a test is taken for one of which some are. */
static bool expects_none(const char *label, size_t n)
{
	static const char words[] = "|expected failures=";

	return !memmem(label, n, words, sizeof(words) - 1);
}

/* The name ends before "|FILE(LINE)", behind which there may be what else is known of the unit, labels in any words last. */
static void unit_label(struct unit *u, const char *label, size_t n)
{
	u->label = label;
	u->none_expected = expects_none(label, n);
	u->nname = u->nplace = n;
	for (size_t close = 0; close < n; close++) {
		size_t i = close;

		if (label[close] != ')' || !ends_place(label + close + 1, label + n))
			continue;
		while (i > 0 && label[i - 1] >= '0' && label[i - 1] <= '9')
			i--;
		if (i == 0 || label[i - 1] != '(')
			continue;
		while (i > 0 && label[i - 1] != '|')
			i--;
		if (i > 0) {
			u->nname = i - 1;
			u->nplace = close + 1;
		}
		return;
	}
}

static void unit_name(struct tree *t, struct unit *u)
{
	struct unit *parent = &t->units[u->parent];

	bytes_clear(&t->name);
	bytes_append(&t->name, parent->name, parent->nname_full);
	if (parent->nname_full > 0)
		bytes_text(&t->name, "/");
	boost_name_append(&t->name, u->label, u->nname);
	u->name = t->name.failed ? NULL : listing_text(t->list, bytes_string(&t->name), t->name.nbytes);
	u->nname_full = t->name.nbytes;
	t->no_memory |= !u->name;
}

/* Puts it under its parent; false: there is no such suite around it. */
static bool unit_place(struct tree *t, struct unit *u, size_t around, unsigned parent_id)
{
	struct unit *parent;
	size_t number = t->nunits;

	while (around != NONE && t->units[around].id != parent_id)
		around = t->units[around].parent;
	if (around == NONE)
		return false;
	parent = &t->units[around];
	u->parent = around;
	u->depth = parent->depth + 1;
	if (parent->last == NONE)
		parent->first = number;
	else
		t->units[parent->last].next = number;
	parent->last = number;
	return u->depth < DEPTH_MAX;
}

/* A unit's line, and its parent's. `*around`: the suite that the one before it is, or is in. NULL: damaged. */
static const char *read_unit(struct tree *t, const char *at, const char *end, unsigned id, size_t *around)
{
	static const char key[] = ",label=\"";
	const char *label = memmem(at, (size_t)(end - at), key, sizeof(key) - 1);
	const char *colour = label ? memmem(at, (size_t)(label - at), "color=yellow", 12) : NULL;
	struct unit u = { .id = id, .parent = NONE, .first = NONE, .last = NONE, .next = NONE,
			  .order = t->nunits, .name = "", .disabled = colour && id >= FIRST_TEST_ID };
	const char *label_ends, *behind = NULL;
	unsigned parent_id = 0;

	if (!room_for_one(&t->units, t->nunits, &t->cap_units, sizeof(u)))
		t->no_memory = true;
	if (!label || t->no_memory)
		return NULL;
	label += sizeof(key) - 1;
	if (t->nunits == 0) {
		label_ends = memmem(label, (size_t)(end - label), "\"];\n{\n", 6);
		behind = label_ends ? label_ends + 6 : NULL;
	} else {
		label_ends = label_end(label, end, id, &parent_id, &behind);
	}
	if (!label_ends || (t->nunits > 0 && !unit_place(t, &u, *around, parent_id)))
		return NULL;
	unit_label(&u, label, (size_t)(label_ends - label));
	if (t->nunits > 0)
		unit_name(t, &u);
	*around = id < FIRST_TEST_ID ? t->nunits : u.parent;
	t->units[t->nunits++] = u;
	return behind;
}

/* "tu5 -> tu3[color=red,…": it depends on that. */
static const char *read_edge(struct tree *t, const char *at, const char *end, unsigned id)
{
	struct depends d = { .id = id };
	const char *eol = memchr(at, '\n', (size_t)(end - at));

	at = read_id(at + 4, end, &d.on_id);
	if (!at || !eol)
		return NULL;
	if (begins(at, end, "[color=red")) {
		if (!room_for_one(&t->depends, t->ndepends, &t->cap_depends, sizeof(d)))
			return NULL;
		t->depends[t->ndepends++] = d;
	}
	return eol + 1;
}

/* False: it is damaged, or there was no memory. */
static bool tree_read(struct tree *t, const char *at, const char *end)
{
	size_t around = NONE, nopen = 0;
	unsigned id;

	while (at && at < end) {
		const char *eol = memchr(at, '\n', (size_t)(end - at)), *rest = read_id(at, end, &id);

		if (rest && *rest == '[') {
			at = read_unit(t, rest, end, id, &around);
			nopen += at && t->nunits == 1;
		} else if (rest && begins(rest, end, " -> tu")) {
			at = read_edge(t, rest, end, id);
		} else if (!eol) {
			return false;
		} else {
			nopen += begins(at, end, "{\n") || begins(at, end, "digraph G {");
			/* What stands behind the tree is none of it. */
			if (begins(at, end, "}\n") && nopen > 0 && --nopen == 0)
				return t->nunits > 0;
			at = eol + 1;
		}
	}
	return false;
}

/* ---- order ---- */

static int id_compare(const void *a, const void *b, void *data)
{
	const struct tree *t = data;
	unsigned x = t->units[*(const size_t *)a].id, y = t->units[*(const size_t *)b].id;

	return x < y ? -1 : x > y;
}

static size_t find_unit(const struct tree *t, unsigned id)
{
	size_t low = 0, high = t->nunits;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (t->units[t->by_id[middle]].id < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low < t->nunits && t->units[t->by_id[low]].id == id ? t->by_id[low] : NONE;
}

/* Dependencies get the units they are between; false: no memory. */
static bool tree_tie(struct tree *t)
{
	size_t n = 0;

	t->by_id = calloc(t->nunits + 1, sizeof(*t->by_id));
	if (!t->by_id) {
		t->no_memory = true;
		return false;
	}
	for (size_t i = 0; i < t->nunits; i++)
		t->by_id[i] = i;
	qsort_r(t->by_id, t->nunits, sizeof(*t->by_id), id_compare, t);
	for (size_t i = 0; i < t->ndepends; i++) {
		struct depends d = t->depends[i];

		d.unit = find_unit(t, d.id);
		d.on = find_unit(t, d.on_id);
		if (d.unit != NONE && d.on != NONE)
			t->depends[n++] = d;
	}
	t->ndepends = n;
	return true;
}

/* The units of one suite that hold the two, which may be these themselves. */
static void siblings(const struct tree *t, size_t *a, size_t *b)
{
	while (t->units[*a].depth > t->units[*b].depth)
		*a = t->units[*a].parent;
	while (t->units[*b].depth > t->units[*a].depth)
		*b = t->units[*b].parent;
	while (t->units[*a].parent != t->units[*b].parent) {
		*a = t->units[*a].parent;
		*b = t->units[*b].parent;
	}
}

/* A unit's rank is one more than the highest of those that it waits for. */
static void tree_rank(struct tree *t)
{
	bool changed = true;

	for (size_t steps = 0; changed && steps < STEPS_MAX; steps += t->ndepends) {
		changed = false;
		for (size_t i = 0; i < t->ndepends; i++) {
			size_t unit = t->depends[i].unit, on = t->depends[i].on;

			siblings(t, &unit, &on);
			if (unit != on && t->units[unit].rank <= t->units[on].rank) {
				t->units[unit].rank = t->units[on].rank + 1;
				changed = true;
			}
		}
	}
}

/* ---- what does not run ---- */

static void count_idle(struct tree *t, size_t unit)
{
	for (; unit != NONE; unit = t->units[unit].parent)
		t->units[unit].nidle++;
}

static bool is_within(const struct tree *t, size_t unit, size_t suite)
{
	while (t->units[unit].depth > t->units[suite].depth)
		unit = t->units[unit].parent;
	return unit == suite;
}

/* It, and what is below it, is skipped for the sake of `on`. */
static void skip_unit(struct tree *t, size_t unit, const struct unit *on)
{
	char *why;
	const char *kept;
	int n = asprintf(&why, "dependency test %s \"%s\" %s", on->id < FIRST_TEST_ID ? "suite" : "case", on->name,
			 on->id < FIRST_TEST_ID ? "has skipped test cases" :
			 on->disabled ? "is disabled" : "was skipped");

	kept = n >= 0 ? listing_text(t->list, why, (size_t)n) : NULL;
	t->no_memory |= !kept;
	if (n >= 0)
		free(why);
	if (!kept)
		return;
	/* Units below it stand behind it, until one that is not. */
	for (size_t i = unit; i < t->nunits && is_within(t, i, unit); i++) {
		struct unit *u = &t->units[i];

		if (u->id >= FIRST_TEST_ID && !u->disabled && !u->why)
			count_idle(t, i);
		if (!u->why)
			u->why = kept;
	}
}

static void tree_skip(struct tree *t)
{
	bool changed = true;

	for (size_t i = 0; i < t->nunits; i++)
		if (t->units[i].disabled)
			count_idle(t, i);
	for (size_t steps = 0; changed && steps < STEPS_MAX; steps += t->ndepends) {
		changed = false;
		for (size_t i = 0; i < t->ndepends; i++) {
			const struct unit *on = &t->units[t->depends[i].on];

			if (t->units[t->depends[i].unit].why || (on->nidle == 0 && !on->why))
				continue;
			skip_unit(t, t->depends[i].unit, on);
			changed = !t->no_memory;
		}
	}
}

/* ---- the list ---- */

static void list_unit(struct tree *t, const struct unit *u)
{
	const char *place = u->label + u->nname, *end = u->label + u->nplace;
	const char *open = memrchr(place, '(', (size_t)(end - place));
	struct listed *l = listing_add(t->list);

	if (!l) {
		t->no_memory = true;
		return;
	}
	l->name = u->name;
	l->file = "";
	if (open) {
		l->file = listing_text(t->list, place + 1, (size_t)(open - place) - 1);
		l->line = (unsigned)strtoul(open + 1, NULL, 10);
	}
	l->disabled = u->disabled ? "disabled" : u->why;
	l->none_expected = u->none_expected;
	t->no_memory |= !l->file;
}

static int rank_compare(const void *a, const void *b, void *data)
{
	const struct tree *t = data;
	const struct unit *x = &t->units[*(const size_t *)a], *y = &t->units[*(const size_t *)b];

	if (x->rank != y->rank)
		return x->rank < y->rank ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

/* Goes no deeper than DEPTH_MAX. */
static void list_suite(struct tree *t, const struct unit *suite)
{
	size_t n = 0, *children;

	for (size_t i = suite->first; i != NONE; i = t->units[i].next)
		n++;
	children = calloc(n + 1, sizeof(*children));
	if (!children) {
		t->no_memory = true;
		return;
	}
	n = 0;
	for (size_t i = suite->first; i != NONE; i = t->units[i].next)
		children[n++] = i;
	qsort_r(children, n, sizeof(*children), rank_compare, t);
	for (size_t i = 0; i < n && !t->no_memory; i++) {
		const struct unit *u = &t->units[children[i]];

		if (u->id < FIRST_TEST_ID)
			list_suite(t, u);
		else
			list_unit(t, u);
	}
	free(children);
}

int boost_list_read(const char *text, size_t ntext, struct listing *list, struct proctor_error *err)
{
	struct tree t = { .list = list };
	int ret = 0;

	if (!tree_read(&t, text, text + ntext) && !t.no_memory)
		ret = error_set(err, -ENOEXEC, "was asked for its tests, and its list is damaged");
	if (ret == 0 && !t.no_memory && tree_tie(&t)) {
		tree_rank(&t);
		tree_skip(&t);
		list_suite(&t, &t.units[0]);
	}
	if (t.no_memory)
		ret = error_set(err, -ENOMEM, "no memory for its tests");
	free(t.units);
	free(t.depends);
	free(t.by_id);
	bytes_fini(&t.name);
	return ret;
}
