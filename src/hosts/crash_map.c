/* SPDX-License-Identifier: MIT */
#include "hosts/crash_map.h"

#include "base/spawn.h"
#include "hosts/shared_page.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static int crash_map_open(struct crash_map *m, struct proctor_error *err)
{
	void *at;
	int fd = shared_page_open("crash page", sizeof(struct crash_page), &at, err);

	if (fd < 0)
		return fd;
	m->page = at;
	m->fd = fd_high(fd);
	if (m->fd >= 0)
		return 0;
	munmap(at, sizeof(struct crash_page));
	m->page = NULL;
	return error_sys(err, -m->fd, "cannot keep a crash page");
}

static void crash_map_close(struct crash_map *m)
{
	close(m->fd);
	munmap(m->page, sizeof(*m->page));
	m->page = NULL;
}

void crash_pool_init(struct crash_pool *pool)
{
	pthread_mutex_init(&pool->lock, NULL);
	pool->n = 0;
}

void crash_pool_fini(struct crash_pool *pool)
{
	while (pool->n > 0)
		crash_map_close(&pool->maps[--pool->n]);
	pthread_mutex_destroy(&pool->lock);
}

int crash_map_take(struct crash_pool *pool, struct crash_map *m, struct proctor_error *err)
{
	bool found;
	int ret;

	pthread_mutex_lock(&pool->lock);
	found = pool->n > 0;
	if (found)
		*m = pool->maps[--pool->n];
	pthread_mutex_unlock(&pool->lock);
	ret = found ? 0 : crash_map_open(m, err);
	if (ret == 0) {
		assert(m->page);
		/* The last program may have written anything there. */
		memset(&m->page->crash, 0, sizeof(m->page->crash));
		atomic_store(&m->page->nmodules, 0);
		m->page->magic = CRASH_PAGE_MAGIC;
	}
	return ret;
}

void crash_map_give(struct crash_pool *pool, struct crash_map *m, bool alive)
{
	if (!m->page)
		return;
	pthread_mutex_lock(&pool->lock);
	if (!alive && atomic_load(&m->page->crash.state) == CRASH_NONE && pool->n < PROCTOR_THREADS_MAX) {
		pool->maps[pool->n++] = *m;
		m->page = NULL;
	}
	pthread_mutex_unlock(&pool->lock);
	if (m->page)
		crash_map_close(m);
}

int crash_page_crash(const struct crash_page *p, struct crash *out, struct proctor_error *err)
{
	struct page_crash copy;
	uint32_t s;

	memset(out, 0, sizeof(*out));
	s = atomic_load_explicit(&p->crash.state, memory_order_acquire);
	page_copy(&copy, &p->crash, sizeof(copy));
	if (s > CRASH_WRITTEN)
		return error_set(err, -EBADMSG, PAGE_OVERWRITTEN "the crash record is in state %u", s);
	if (s != CRASH_WRITTEN) {
		out->state = (enum crash_state)s;
		return 0;
	}
	if (copy.signal < 1 || copy.signal > SIGRTMAX)
		return error_set(err, -EBADMSG, PAGE_OVERWRITTEN "the crash record has signal %d",
				 copy.signal);
	if (copy.nregs > PAGE_REGS_MAX)
		return error_set(err, -EBADMSG, PAGE_OVERWRITTEN "the crash record has %u registers",
				 copy.nregs);
	if (copy.nstack > PAGE_STACK_BYTES ||
	    !range_fits(copy.stack_address, copy.nstack, UINT64_MAX))
		return error_set(err, -EBADMSG, PAGE_OVERWRITTEN
				 "the crash record has a stack of %u bytes at 0x%llx", copy.nstack,
				 (unsigned long long)copy.stack_address);
	if (copy.nstack > 0) {
		out->stack = malloc(copy.nstack);
		/* Without the stack there is one frame: what the registers tell. */
		if (!out->stack)
			copy.nstack = 0;
		else
			page_copy(out->stack, p->stack, copy.nstack);
	}
	out->state = CRASH_WRITTEN;
	out->signal = copy.signal;
	out->si_code = copy.si_code;
	out->sender_pid = copy.sender_pid;
	out->address = copy.address;
	out->nregs = copy.nregs;
	memcpy(out->regs, copy.regs, copy.nregs * sizeof(copy.regs[0]));
	out->stack_address = copy.stack_address;
	out->nstack = copy.nstack;
	return 0;
}

/* Copies one module, its path behind the `*used` bytes of the list's paths. */
static int module_copy(const struct crash_page *p, uint32_t i, struct module_list *list, size_t *used,
		       struct proctor_error *err)
{
	struct module *m = &list->modules[i];
	struct page_module copy;
	char *path = list->paths + *used;
	uint32_t k;

	page_copy(&copy, &p->modules[i], sizeof(copy));
	if (copy.npath >= PATH_MAX || !range_fits(copy.path, copy.npath, PAGE_MODULE_PATHS_BYTES))
		return error_set(err, -EBADMSG, PAGE_OVERWRITTEN
				 "the path of module %u is %u bytes at %u", i, copy.npath, copy.path);
	/* Every module's path has bytes of its own, so together they fit. */
	if (copy.npath > PAGE_MODULE_PATHS_BYTES + i - *used)
		return error_set(err, -EBADMSG, PAGE_OVERWRITTEN "the paths of its modules overlap");
	if (copy.nbuild_id > PAGE_BUILD_ID_MAX)
		return error_set(err, -EBADMSG, PAGE_OVERWRITTEN "the build id of module %u is %u bytes",
				 i, copy.nbuild_id);
	if (copy.start > copy.end)
		return error_set(err, -EBADMSG, PAGE_OVERWRITTEN "module %u ends before it starts", i);
	page_copy(path, p->module_paths + copy.path, copy.npath);
	for (k = 0; k < copy.npath; k++)
		if (path[k] == '\0')
			path[k] = '?';
	path[copy.npath] = '\0';
	*used += (size_t)copy.npath + 1;
	m->address = copy.address;
	m->start = copy.start;
	m->end = copy.end;
	m->path = path;
	m->nbuild_id = copy.nbuild_id;
	memcpy(m->build_id, copy.build_id, copy.nbuild_id);
	return 0;
}

int crash_page_modules(const struct crash_page *p, struct module_list *out, struct proctor_error *err)
{
	uint32_t n = atomic_load_explicit(&p->nmodules, memory_order_acquire);
	size_t used = 0;
	int ret;

	memset(out, 0, sizeof(*out));
	if (n > PAGE_MODULES_MAX)
		return error_set(err, -EBADMSG, PAGE_OVERWRITTEN "it lists %u modules", n);
	if (n == 0)
		return 0;
	out->modules = calloc(n, sizeof(*out->modules));
	out->paths = malloc((size_t)PAGE_MODULE_PATHS_BYTES + n);
	if (!out->modules || !out->paths) {
		ret = error_sys(err, ENOMEM, "cannot copy the list of %u modules", n);
		goto fini;
	}
	for (; out->nmodules < n; out->nmodules++) {
		ret = module_copy(p, (uint32_t)out->nmodules, out, &used, err);
		if (ret < 0)
			goto fini;
	}
	return 0;
fini:
	module_list_fini(out);
	return ret;
}
