/* SPDX-License-Identifier: MIT */
#include "inject/counters.h"

#include "inject/functions.h"
#include "inject/others.h"

#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <linux/futex.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define LINE_COUNTERS 8u	/* looked at together, so that zeros are passed over quickly */
#define OTHER_THREAD_MS 1000
#define PROFILE_VARIABLE "LLVM_PROFILE_FILE"

/* Global because handlers come here with nothing but a signal's number. */
static struct {
	struct area *area;	/* NULL: no coverage is collected */
	/* By object: what the loader added to its addresses, plus 1; 0: not loaded. Not the area's: what
	 * was loaded after a fork is not in the child. */
	uint64_t *biases;
	pid_t pid;		/* whose counters these are: not those of a vfork's child */
	bool forked;		/* begun by fork(2) from the process the area belongs to */
	bool exited;		/* LLVM's exit handlers have run */
	bool counts;		/* forked: there was something to count */
	bool left;		/* forked: has left its counts once */
	unsigned slot;		/* forked: in area->children; AREA_CHILDREN_MAX: none */
	pid_t stranger;		/* made without fork(2)'s handlers, and noted as lost */
	_Atomic uint32_t leaver;	/* the thread that leaves the counters now; 0: none does */
	_Atomic bool unwritten;	/* a profile could not be opened */
	char name[AREA_PATH_BYTES];	/* of the profile of what was opened when exec was called; "" */
} counters;

bool counters_active(void)
{
	return counters.area != NULL;
}

static uint64_t *object_counters(const struct area_object *o, uint64_t bias)
{
	return (uint64_t *)(uintptr_t)(o->counters_address + bias);
}

static unsigned char *object_bitmaps(const struct area_object *o, uint64_t bias)
{
	return (unsigned char *)(uintptr_t)(o->bitmaps_address + bias);
}

/* The counters come in lines; the last may be shorter. */
static unsigned line_length(const struct area_object *o, uint64_t i)
{
	uint64_t left = o->ncounter_bytes / sizeof(uint64_t) - i;

	return left < LINE_COUNTERS ? (unsigned)left : LINE_COUNTERS;
}

static bool line_is_zero(const uint64_t *line, unsigned n)
{
	uint64_t any = 0;

	for (unsigned i = 0; i < n; i++)
		any |= line[i];
	return any == 0;
}

/* Zeros are not written: neither here nor there does an untouched page become memory. */
static void object_zero(const struct area_object *o, uint64_t bias)
{
	uint64_t *from = object_counters(o, bias), n = o->ncounter_bytes / sizeof(*from);
	unsigned char *bits = object_bitmaps(o, bias);

	for (uint64_t i = 0; i < n; i += LINE_COUNTERS)
		if (!line_is_zero(from + i, line_length(o, i)))
			memset(from + i, 0, line_length(o, i) * sizeof(*from));
	for (uint64_t i = 0; i < o->nbitmap_bytes; i++)
		if (bits[i])
			bits[i] = 0;
}

static void object_copy(const struct area_object *o, uint64_t bias)
{
	unsigned char *to = (unsigned char *)counters.area + o->own_at;
	const uint64_t *from = object_counters(o, bias);
	uint64_t n = o->ncounter_bytes / sizeof(*from);
	const unsigned char *bits = object_bitmaps(o, bias);

	for (uint64_t i = 0; i < n; i += LINE_COUNTERS)
		if (!line_is_zero(from + i, line_length(o, i)))
			memcpy(to + i * sizeof(*from), from + i,
			       line_length(o, i) * sizeof(*from));
	for (uint64_t i = 0; i < o->nbitmap_bytes; i++)
		if (bits[i])
			to[o->ncounter_bytes + i] = bits[i];
}

/* Saturates, as LLVM does when it merges. Several children may add at once. */
static void counter_add(_Atomic uint64_t *to, uint64_t n)
{
	uint64_t before = atomic_fetch_add_explicit(to, n, memory_order_relaxed);

	if (before + n < before)
		atomic_store_explicit(to, UINT64_MAX, memory_order_relaxed);
}

/* Moves the counts: what is added once is not there to be added again. */
static void object_move(const struct area_object *o, uint64_t bias)
{
	unsigned char *to = (unsigned char *)counters.area + o->forked_at;
	uint64_t *from = object_counters(o, bias), n = o->ncounter_bytes / sizeof(*from);
	_Atomic uint64_t *sum = (_Atomic uint64_t *)to;
	_Atomic unsigned char *sum_bits = (_Atomic unsigned char *)(to + o->ncounter_bytes);
	unsigned char *bits = object_bitmaps(o, bias);

	for (uint64_t i = 0; i < n; i++)
		if (from[i])
			counter_add(&sum[i], __atomic_exchange_n(&from[i], 0, __ATOMIC_RELAXED));
	for (uint64_t i = 0; i < o->nbitmap_bytes; i++)
		if (bits[i]) {
			atomic_fetch_or_explicit(&sum_bits[i], bits[i], memory_order_relaxed);
			bits[i] = 0;
		}
}

typedef void object_function(const struct area_object *o, uint64_t bias);

/* Calls `each` for the objects that are loaded. */
static void objects_each(object_function *each)
{
	const struct area_object *o = area_objects(counters.area);

	for (uint64_t i = 0; i < counters.area->nobjects; i++, o++) {
		uint64_t bias = __atomic_load_n(&counters.biases[i], __ATOMIC_ACQUIRE);

		if (bias != 0)
			each(o, bias - 1);
	}
}

static bool is_registered(const struct link_map *map)
{
	for (uint64_t i = 0; i < counters.area->nobjects; i++)
		if (counters.biases[i] == map->l_addr + 1)
			return true;
	return false;
}

/* Is anything loaded that counts? */
static bool objects_count(void)
{
	const struct area_object *o = area_objects(counters.area);

	for (uint64_t i = 0; i < counters.area->nobjects; i++)
		if (counters.biases[i] != 0 && o[i].ncounter_bytes > 0)
			return true;
	return false;
}

static void child_claim_slot(void)
{
	for (counters.slot = 0; counters.slot < AREA_CHILDREN_MAX; counters.slot++) {
		int32_t empty = 0;

		if (atomic_compare_exchange_strong(&counters.area->children[counters.slot], &empty,
						   counters.pid))
			return;
	}
}

static void register_opened(void)
{
	if (atomic_load(&counters.area->opening))
		counters_register(_r_debug.r_map);
}

/* In the child, before fork() returns. The one thread there is is this one. */
static void counters_in_child(void)
{
	counters.pid = getpid();
	counters.forked = true;
	counters.left = false;
	atomic_store(&counters.leaver, 0);
	atomic_store(&counters.unwritten, false);
	register_opened();
	objects_each(object_zero);
	functions_in_child();
	others_in_child();
	counters.counts = objects_count();
	if (!counters.counts)
		return;
	child_claim_slot();
	atomic_fetch_add(&counters.area->nforked, 1);
}

/* Several threads may crash at once: the second waits for the first, which would be killed by it
 * half-way. False: it took too long, or this thread has crashed in here. */
static bool leave_enter(void)
{
	struct timespec timeout = { .tv_sec = OTHER_THREAD_MS / 1000,
				    .tv_nsec = OTHER_THREAD_MS % 1000 * 1000000L };
	uint32_t self = (uint32_t)syscall(SYS_gettid), other = 0;

	while (!atomic_compare_exchange_strong(&counters.leaver, &other, self)) {
		if (other == self)
			return false;
		if (syscall(SYS_futex, &counters.leaver, FUTEX_WAIT, other, &timeout, NULL, 0) < 0 &&
		    errno == ETIMEDOUT)
			return false;
		other = 0;
	}
	return true;
}

static void leave_exit(void)
{
	atomic_store(&counters.leaver, 0);
	syscall(SYS_futex, &counters.leaver, FUTEX_WAKE, INT32_MAX, NULL, NULL, 0);
}

static void child_note_left(void)
{
	if (counters.left || !counters.counts)
		return;
	counters.left = true;
	if (counters.slot < AREA_CHILDREN_MAX)
		atomic_store(&counters.area->children[counters.slot], 0);
	atomic_fetch_add(&counters.area->nleft, 1);
}

/* The counters come first: what follows calls into a library, and reads a list, that the test may have
 * damaged. */
static void child_leave(void)
{
	objects_each(object_move);
	child_note_left();
	others_note_child(counters.area, is_registered);
	functions_leave();
}

/* A later copy is put over an earlier one, which has counted all the while. */
static void own_leave(int sig)
{
	uint32_t none = AREA_OWN_NONE;
	uint64_t endings;

	atomic_compare_exchange_strong(&counters.area->own, &none, AREA_OWN_WRITING);
	objects_each(object_copy);
	endings = atomic_fetch_or(&counters.area->own_endings, ~0ull) | 1ull << sig;
	atomic_store(&counters.area->own, AREA_OWN_WRITTEN);
	/* However it ends in here, the counters are there. */
	if (!counters.exited)
		others_note(counters.area, is_registered);
	functions_leave();
	atomic_store(&counters.area->own_endings, endings);
}

void counters_leave(int sig)
{
	int saved_errno = errno;

	if (counters.area && getpid() == counters.pid && leave_enter()) {
		register_opened();
		if (counters.forked)
			child_leave();
		else
			own_leave(sig);
		leave_exit();
	}
	errno = saved_errno;
}

void counters_exec(void)
{
	const char *name = getenv(PROFILE_VARIABLE);

	if (counters.area && getpid() == counters.pid && name &&
	    atomic_load(&counters.area->opening)) {
		snprintf(counters.name, sizeof(counters.name), "%s", name);
		counters_name(NULL);
	}
	counters_leave(0);
}

void counters_stay(void)
{
	if (!counters.area || getpid() != counters.pid)
		return;
	if (counters.name[0])
		counters_name(counters.name);
	counters.name[0] = '\0';
	functions_owe();
	if (!counters.forked)
		atomic_fetch_and(&counters.area->own_endings, ~1ull);
}

static bool ends_with(const char *text, const char *end)
{
	size_t n = strlen(text), nend = strlen(end);

	return n >= nend && strcmp(text + n - nend, end) == 0;
}

/* Of a profile's path what comes behind the prefix; NULL: it is none of this process's. */
static const char *profile_rest(const char *path)
{
	size_t n = counters.area && path ? strlen(counters.area->prefix) : 0;

	return n > 0 && strncmp(path, counters.area->prefix, n) == 0 &&
	       ends_with(path + n, AREA_PROFILE) ? path + n : NULL;
}

/* Does the pid in the name of the profile, of a library loaded later, tell another process? */
static bool other_is_foreign(const char *rest)
{
	return strtol(rest + strlen(AREA_OTHER), NULL, 10) != getpid();
}

/* Is the directory of the profiles where it was? */
static bool directory_is_there(void)
{
	char path[AREA_PATH_BYTES];
	size_t n = (size_t)(strrchr(counters.area->prefix, '/') - counters.area->prefix);
	struct stat st;

	memcpy(path, counters.area->prefix, n);
	path[n] = '\0';
	return stat(path, &st) == 0 && st.st_dev == counters.area->directory_dev &&
	       st.st_ino == counters.area->directory_ino;
}

/* A child that fork(2)'s handlers did not see carries its parent's counts: they are not written, and
 * what it has counted itself is missed. */
static void stranger_note(void)
{
	if (counters.stranger == getpid())
		return;
	counters.stranger = getpid();
	atomic_fetch_add(&counters.area->nforked, 1);
	functions_lose_child();
}

const char *counters_profile_path(const char *path)
{
	const char *rest = profile_rest(path);
	bool stranger = rest && getpid() != counters.pid;

	if (!rest)
		return path;
	if (strncmp(rest, AREA_OTHER, strlen(AREA_OTHER)) == 0) {
		if (!other_is_foreign(rest))
			return path;
		atomic_fetch_add(&counters.area->nothers_lost, 1);
		return "/dev/null";
	}
	if (stranger)
		stranger_note();
	if (stranger || counters.forked)
		return "/dev/null";
	if (directory_is_there())
		return path;
	errno = ENOENT;
	return NULL;
}

void counters_not_opened(const char *path)
{
	if (profile_rest(path) && getpid() == counters.pid && !counters.forked)
		atomic_store(&counters.unwritten, true);
}

/* The last of the exit handlers, as it was the first to be registered: LLVM's have run. */
static void counters_at_exit(void)
{
	if (!counters.area || getpid() != counters.pid)
		return;
	counters.exited = !atomic_load(&counters.unwritten);
	if (counters.forked || !counters.exited || atomic_load(&counters.area->opening)) {
		counters_leave(0);
	} else if (leave_enter()) {
		functions_leave();
		leave_exit();
	}
}

static void counters_at_quick_exit(void)
{
	counters_leave(0);
}

/* A sanitizer that found something ends the process in a way that is nobody else's. */
static void counters_at_death(void)
{
	counters_leave(0);
}

static void counters_watch_sanitizer(void)
{
	void (*set_callback)(void (*callback)(void));

	*(void **)&set_callback = dlsym(RTLD_DEFAULT, "__sanitizer_set_death_callback");
	if (set_callback)
		set_callback(counters_at_death);
}

bool counters_open(void)
{
	struct stat st;
	struct area *area;

	if (fstat(AREA_FD, &st) < 0 || st.st_size < (off_t)sizeof(*area))
		return false;
	area = mmap(NULL, (size_t)st.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, AREA_FD, 0);
	if (area == MAP_FAILED)
		return false;
	if (area->magic == AREA_MAGIC && area->nbytes == (uint64_t)st.st_size)
		counters.biases = calloc(area->nobjects + 1, sizeof(*counters.biases));
	if (!counters.biases) {
		munmap(area, (size_t)st.st_size);
		return false;
	}
	close(AREA_FD);
	madvise(area, (size_t)st.st_size, MADV_DONTDUMP);
	counters.area = area;
	counters.pid = getpid();
	functions_open(area);
	counters_watch_sanitizer();
	return pthread_atfork(NULL, NULL, counters_in_child) == 0 &&
	       atexit(counters_at_exit) == 0 && at_quick_exit(counters_at_quick_exit) == 0;
}

void counters_name(const char *profile)
{
	if (counters.area)
		setenv(PROFILE_VARIABLE, profile ? profile : counters.area->others, 1);
}

static void counters_register_file(const char *path, uint64_t bias)
{
	struct area_object *objects = area_objects(counters.area);
	struct stat st;

	if (stat(path, &st) < 0)
		return;
	for (uint64_t i = 0; i < counters.area->nobjects; i++)
		if (objects[i].ino == st.st_ino && objects[i].dev == st.st_dev) {
			__atomic_store_n(&counters.biases[i], bias + 1, __ATOMIC_RELEASE);
			atomic_store(&objects[i].bias, bias + 1);
		}
}

void counters_register(const struct link_map *map)
{
	if (!counters.area)
		return;
	for (; map; map = map->l_next)
		/* The program's own entry has no name. */
		counters_register_file(*map->l_name ? map->l_name : "/proc/self/exe", map->l_addr);
}

void counters_opening(bool opening)
{
	if (counters.area)
		atomic_store(&counters.area->opening, opening);
}
