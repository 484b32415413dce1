/* SPDX-License-Identifier: MIT */
#include "inject/tml_tables.h"

#include "base/hash.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#define TABLE_SLOTS 4093	/* of the runtime's table */

struct tml_table {			/* the runtime's, in one library */
	int32_t (*count)(void);
	const char *(*name)(int32_t i);
	int32_t (*hits)(int32_t i);
	void (*reset)(void);
	struct tml_table *next;
};

/* Read by a signal handler, hence linked by one store. */
static _Atomic(struct tml_table *) tables;
static struct area *area;	/* NULL: nothing is collected */
static bool running;		/* a test of a suite that has a table */
static bool owes;		/* this process is to save what it called, and has not yet */
static bool forked;		/* it is a child of the area's process */
/* By slot of the index: has been counted as run in this process. */
static unsigned char noted[AREA_FUNCTIONS / 8];
static bool noted_any;

void tml_tables_open(struct area *counters)
{
	area = counters->functions_at ? counters : NULL;
}

bool tml_tables_add(void *handle)
{
	struct tml_table *t = area ? calloc(1, sizeof(*t)) : NULL;

	if (!t)
		return false;
	*(void **)&t->count = dlsym(handle, "tml_get_func_count");
	*(void **)&t->name = dlsym(handle, "tml_get_func_name");
	*(void **)&t->hits = dlsym(handle, "tml_get_func_hits");
	*(void **)&t->reset = dlsym(handle, "tml_reset_coverage");
	if (!t->count || !t->name || !t->hits || !t->reset) {
		free(t);
		return false;
	}
	t->next = atomic_load(&tables);
	atomic_store(&tables, t);
	return true;
}

void tml_tables_running(bool has)
{
	running = has;
}

static _Atomic uint32_t *owing(void)
{
	return forked ? &area->functions_owing_forked : &area->functions_owing;
}

void tml_tables_owe(void)
{
	if (running && !owes)
		atomic_fetch_add(owing(), 1);
	owes |= running;
}

static struct area_function *entry_at(uint32_t slot_value)
{
	return (struct area_function *)(area_function_entries(area) + slot_value - 1);
}

/* A new entry, as a slot holds it, or 0: there is no room. */
static uint32_t entry_make(const char *name, size_t n)
{
	uint64_t nbytes = (sizeof(struct area_function) + n + 7) / 8 * 8;
	uint64_t at = atomic_fetch_add(&area->functions_used, nbytes);
	struct area_function *entry;

	if (at + nbytes > AREA_FUNCTION_BYTES)
		return 0;
	entry = entry_at((uint32_t)at + 1);
	entry->nname = (uint32_t)n;
	memcpy(entry->name, name, n);
	return (uint32_t)at + 1;
}

/* The slot of the name's entry, which is made if there is none; AREA_FUNCTIONS: there is no room. Other
 * processes may do the same: an entry that another was quicker to make is left unused. */
static uint32_t slot_of(const char *name, size_t n)
{
	_Atomic uint32_t *index = area_function_index(area);
	uint32_t hash = hash_string(name), made = 0;

	for (uint32_t i = 0; i < AREA_FUNCTIONS; i++) {
		uint32_t slot = (hash + i) % AREA_FUNCTIONS, value = atomic_load(&index[slot]);
		const struct area_function *entry;

		if (value == 0 && made == 0 && (made = entry_make(name, n)) == 0)
			return AREA_FUNCTIONS;
		if (value == 0 && atomic_compare_exchange_strong(&index[slot], &value, made))
			return slot;
		entry = entry_at(value);
		if (entry->nname == n && memcmp(entry->name, name, n) == 0)
			return slot;
	}
	return AREA_FUNCTIONS;
}

/* False: there is no room. */
static bool function_add(const char *name, size_t n, uint32_t hits)
{
	uint32_t slot = slot_of(name, n);
	struct area_function *entry;

	if (slot == AREA_FUNCTIONS)
		return false;
	entry = entry_at(atomic_load(&area_function_index(area)[slot]));
	atomic_fetch_add(&entry->hits, hits);
	if (!(noted[slot / 8] >> slot % 8 & 1))
		atomic_fetch_add(&entry->nprocesses, 1);
	noted[slot / 8] |= (unsigned char)(1u << slot % 8);
	noted_any = true;
	return true;
}

static bool table_save(const struct tml_table *t)
{
	int32_t count = t->count();
	bool whole = true;

	for (int32_t i = 0; i < count && i < TABLE_SLOTS; i++) {
		const char *name = t->name(i);
		uint32_t hits = (uint32_t)t->hits(i);	/* of a function called often, it is negative */
		size_t n = name ? strnlen(name, AREA_FUNCTION_NAME_BYTES) : 0;

		if (hits != 0 && n > 0)
			whole &= n < AREA_FUNCTION_NAME_BYTES && !memchr(name, '\n', n) &&
				 function_add(name, n, hits);
	}
	t->reset();
	return whole;
}

void tml_tables_save(void)
{
	bool whole = true;

	for (struct tml_table *t = atomic_load(&tables); t; t = t->next)
		whole &= table_save(t);
	if (!whole)
		atomic_fetch_add(&area->functions_lost, 1);
	if (owes)
		atomic_fetch_sub(owing(), 1);
	owes = false;
}

void tml_tables_lose_child(void)
{
	if (running)
		atomic_fetch_add(&area->functions_owing_forked, 1);
}

void tml_tables_in_child(void)
{
	forked = true;
	owes = false;
	tml_tables_owe();
	if (noted_any)
		memset(noted, 0, sizeof(noted));
	noted_any = false;
	for (struct tml_table *t = atomic_load(&tables); t; t = t->next)
		t->reset();
}
