/* SPDX-License-Identifier: MIT */
#include "inject/counters.h"

#include "inject/opened.h"
#include "inject/tml_tables.h"

#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <linux/futex.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define OTHER_THREAD_MS 1000

/* Global because handlers come here with nothing but a signal's number. */
static struct {
	struct area *area;	/* NULL: no coverage is collected */
	/* By object: what the loader added to its addresses, plus 1; 0: not loaded. Not the area's: what
	 * was loaded after a fork is not in the child. */
	uint64_t *biases;
	pid_t pid;		/* whose counters these are: not those of a vfork's child */
	bool forked;		/* begun by fork(2) from the process the area belongs to */
	bool counts;		/* forked: there was something to count */
	bool saved;		/* forked: has added its counts once */
	unsigned slot;		/* forked: in area->children; AREA_CHILDREN_MAX: none */
	_Atomic uint32_t saver;	/* the thread that saves the counters now; 0: none does */
} counters;

bool counters_active(void)
{
	return counters.area != NULL;
}

/* The counters of one object in memory: `from` of this process, `to` in the area. */
struct image {
	uint64_t *from;
	_Atomic uint64_t *to;
	uint64_t n;
};

typedef void image_function(const struct image *image);

/* Here and below a zero is not written over a zero: a page that nobody writes to takes no memory. */
static void image_zero(const struct image *image)
{
	for (uint64_t i = 0; i < image->n; i++)
		if (image->from[i])
			image->from[i] = 0;
}

static void image_copy(const struct image *image)
{
	for (uint64_t i = 0; i < image->n; i++)
		if (image->from[i])
			atomic_store_explicit(&image->to[i], image->from[i], memory_order_relaxed);
}

/* Saturates, as LLVM does when it merges. Several children may add at once. */
static void counter_add(_Atomic uint64_t *to, uint64_t n)
{
	uint64_t before = atomic_fetch_add_explicit(to, n, memory_order_relaxed);

	if (before + n < before)
		atomic_store_explicit(to, UINT64_MAX, memory_order_relaxed);
}

/* Adds the counts to the area and sets them to zero, so that a second call adds only what came after the first. */
static void image_move(const struct image *image)
{
	for (uint64_t i = 0; i < image->n; i++)
		if (image->from[i])
			counter_add(&image->to[i],
				    __atomic_exchange_n(&image->from[i], 0, __ATOMIC_RELAXED));
}

/* Calls `each` for the objects that are loaded. */
static void images_each(image_function *each)
{
	const struct area_object *o = area_objects(counters.area);

	for (uint64_t i = 0; i < counters.area->nobjects; i++, o++) {
		uint64_t bias = __atomic_load_n(&counters.biases[i], __ATOMIC_ACQUIRE);
		uint64_t at = counters.forked ? o->forked_at : o->own_at;

		if (bias != 0)
			each(&(struct image){
				.from = (uint64_t *)(uintptr_t)(o->counters_address + bias - 1),
				.to = (_Atomic uint64_t *)((char *)counters.area + at),
				.n = o->ncounter_bytes / sizeof(uint64_t),
			});
	}
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

/* The object that was loaded from this file; NULL: none was. */
static struct area_object *object_of(const struct link_map *map)
{
	struct area_object *o = area_objects(counters.area);
	struct stat st;

	/* The program's own entry has no name. */
	if (stat(*map->l_name ? map->l_name : "/proc/self/exe", &st) < 0)
		return NULL;
	for (uint64_t i = 0; i < counters.area->nobjects; i++, o++)
		if (o->ino == st.st_ino && o->dev == st.st_dev)
			return o;
	return NULL;
}

static void register_maps(const struct link_map *map)
{
	for (; map; map = map->l_next) {
		struct area_object *o = object_of(map);

		if (!o)
			continue;
		__atomic_store_n(&counters.biases[o - area_objects(counters.area)], map->l_addr + 1,
				 __ATOMIC_RELEASE);
		atomic_store(&o->bias, map->l_addr + 1);
	}
}

static void register_opened(void)
{
	if (atomic_load(&counters.area->opening))
		register_maps(_r_debug.r_map);
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

/* In the child, before fork() returns. The one thread there is is this one. */
static void counters_in_child(void)
{
	counters.pid = getpid();
	counters.forked = true;
	counters.saved = false;
	atomic_store(&counters.saver, 0);
	register_opened();
	images_each(image_zero);
	tml_tables_in_child();
	opened_in_child();
	counters.counts = objects_count();
	if (!counters.counts)
		return;
	child_claim_slot();
	atomic_fetch_add(&counters.area->nforked, 1);
}

/* Several threads may crash at once: the second waits for the first, which would be killed by it
 * half-way. False: it took too long, or this thread has crashed in here. */
static bool save_begin(void)
{
	struct timespec timeout = { .tv_sec = OTHER_THREAD_MS / 1000,
				    .tv_nsec = OTHER_THREAD_MS % 1000 * 1000000L };
	uint32_t self = (uint32_t)syscall(SYS_gettid), other = 0;

	while (!atomic_compare_exchange_strong(&counters.saver, &other, self)) {
		if (other == self)
			return false;
		if (syscall(SYS_futex, &counters.saver, FUTEX_WAIT, other, &timeout, NULL, 0) < 0 &&
		    errno == ETIMEDOUT)
			return false;
		other = 0;
	}
	return true;
}

static void save_end(void)
{
	atomic_store(&counters.saver, 0);
	syscall(SYS_futex, &counters.saver, FUTEX_WAKE, INT32_MAX, NULL, NULL, 0);
}

static void child_note_saved(void)
{
	if (counters.saved || !counters.counts)
		return;
	counters.saved = true;
	if (counters.slot < AREA_CHILDREN_MAX)
		atomic_store(&counters.area->children[counters.slot], 0);
	atomic_fetch_add(&counters.area->nsaved, 1);
}

/* The counters come first: what follows calls into a library that the test may have damaged. */
static void child_save(void)
{
	images_each(image_move);
	child_note_saved();
	tml_tables_save();
}

/* Of the process itself: its counters are never set to zero, so a later copy has all that an earlier one had. */
static void own_save(int sig)
{
	uint64_t endings;

	images_each(image_copy);
	/* The counters are copied. If the next call crashes in a library that the test has damaged, they count all the
	 * same: until it returns, every kind of ending is allowed. */
	endings = atomic_fetch_or(&counters.area->own_endings, ~0ull) | 1ull << sig;
	tml_tables_save();
	atomic_store(&counters.area->own_endings, endings);
}

/* A test may have written over it: numbers of objects that are none lead out of it, and the run says that
 * it is not used. */
static bool area_is_intact(void)
{
	return counters.area->magic == AREA_MAGIC;
}

void counters_save(int sig)
{
	int saved_errno = errno;

	if (counters.area && getpid() == counters.pid && area_is_intact() && save_begin()) {
		register_opened();
		if (counters.forked)
			child_save();
		else
			own_save(sig);
		save_end();
	}
	errno = saved_errno;
}

void counters_exec(void)
{
	/* A program was started with a name that is its own. That cannot be changed any earlier: the C library
	 * takes the environment as it was after the first constructor has run. */
	if (counters.area && getpid() == counters.pid && atomic_load(&counters.area->opening))
		setenv(COUNTERS_PROFILE_VARIABLE, counters.area->profiles, 1);
	counters_save(0);
}

void counters_stay(void)
{
	if (!counters.area || getpid() != counters.pid)
		return;
	tml_tables_owe();
	if (!counters.forked)
		atomic_fetch_and(&counters.area->own_endings, ~1ull);
}

/* Who calls from there; NULL: no file that is loaded does. */
static const struct link_map *map_of(const void *caller)
{
	struct link_map *map;
	Dl_info info;

	return dladdr1(caller, &info, (void **)&map, RTLD_DL_LINKMAP) ? map : NULL;
}

char *counters_profile_name(const void *caller, char *value)
{
	bool opening = counters.area && atomic_load(&counters.area->opening);
	const struct area_object *o;
	const struct link_map *map;

	if (!counters.area || getpid() != counters.pid ||
	    (!opening && strcmp(value, counters.area->profiles) != 0) || !(map = map_of(caller)))
		return value;
	o = object_of(map);
	/* A library that has told where its counters are asks for itself: it is none that a test has opened. */
	if (!o || (!opening && counters.biases[o - area_objects(counters.area)] == 0))
		opened_add(counters.area, map);
	return o && opening && o->ncounter_bytes > 0 ? counters.area->unwanted : counters.area->profiles;
}

/* Behind what all profiles begin with stands the process that has opened the library; 0: it is none. */
static pid_t profile_opener(const char *path)
{
	size_t n = counters.area && path ? strcspn(counters.area->profiles, "%") : 0;

	return n > 0 && strncmp(path, counters.area->profiles, n) == 0 ? (pid_t)strtol(path + n, NULL, 10) : 0;
}

const char *counters_profile_path(const char *path)
{
	pid_t opener = profile_opener(path);

	if (opener == 0 || opener == getpid())
		return path;
	atomic_fetch_add(&counters.area->nprofiles_lost, 1);
	return "/dev/null";
}

void counters_profile_opened(const char *path, const void *caller)
{
	const struct link_map *map = profile_opener(path) == getpid() ? map_of(caller) : NULL;

	if (map)
		opened_written(map);
}

/* The last of the exit handlers, as it was the first to be registered: LLVM's have run. */
static void counters_at_exit(void)
{
	if (getpid() != counters.pid) {
		/* A child that fork(2)'s handlers did not see carries its parent's counts: what it has
		 * counted itself is lost. */
		atomic_fetch_add(&counters.area->nforked, objects_count());
		tml_tables_lose_child();
		return;
	}
	counters_save(0);
}

static void counters_at_end(void)
{
	counters_save(0);
}

/* A sanitizer that found something ends the process in a way of its own. */
static void watch_sanitizer(void)
{
	void (*set_callback)(void (*callback)(void));

	*(void **)&set_callback = dlsym(RTLD_DEFAULT, "__sanitizer_set_death_callback");
	if (set_callback)
		set_callback(counters_at_end);
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
	tml_tables_open(area);
	watch_sanitizer();
	return pthread_atfork(NULL, NULL, counters_in_child) == 0 &&
	       atexit(counters_at_exit) == 0 && at_quick_exit(counters_at_end) == 0;
}

void counters_opening(void)
{
	if (counters.area)
		atomic_store(&counters.area->opening, 1);
}

void counters_opened(const struct link_map *map)
{
	if (!counters.area)
		return;
	register_maps(map);
	setenv(COUNTERS_PROFILE_VARIABLE, counters.area->profiles, 1);
	atomic_store(&counters.area->opening, 0);
}
