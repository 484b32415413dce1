/* SPDX-License-Identifier: MIT */
#include "base/clock.h"

#include <elf.h>
#include <link.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__aarch64__)
#define VDSO_SYMBOL "__kernel_clock_gettime"
#else
#define VDSO_SYMBOL "__vdso_clock_gettime"
#endif

typedef int clock_function(clockid_t clock, struct timespec *ts);

/* The library that the kernel maps into each process, where reading the clock is no system call. */
struct vdso {
	uintptr_t bias;
	const ElfW(Sym) *symbols;
	const char *names;
	const uint32_t *hash, *gnu_hash;
};

static int clock_by_syscall(clockid_t clock, struct timespec *ts)
{
	return (int)syscall(SYS_clock_gettime, clock, ts);
}

static const ElfW(Dyn) *vdso_dynamic(struct vdso *v, uintptr_t base)
{
	const ElfW(Ehdr) *head = (const void *)base;
	const ElfW(Phdr) *ph = (const void *)(base + head->e_phoff);
	const ElfW(Dyn) *dynamic = NULL;
	bool loaded = false;

	for (unsigned i = 0; i < head->e_phnum; i++) {
		if (ph[i].p_type == PT_LOAD && !loaded) {
			v->bias = base + ph[i].p_offset - ph[i].p_vaddr;
			loaded = true;
		} else if (ph[i].p_type == PT_DYNAMIC) {
			dynamic = (const void *)(base + ph[i].p_offset);
		}
	}
	return loaded ? dynamic : NULL;
}

static bool vdso_open(struct vdso *v)
{
	uintptr_t base = getauxval(AT_SYSINFO_EHDR);
	const ElfW(Dyn) *dyn;

	*v = (struct vdso){ 0 };
	dyn = base ? vdso_dynamic(v, base) : NULL;
	for (; dyn && dyn->d_tag != DT_NULL; dyn++) {
		const void *at = (const void *)(v->bias + dyn->d_un.d_ptr);

		switch (dyn->d_tag) {
		case DT_SYMTAB:		v->symbols = at; break;
		case DT_STRTAB:		v->names = at; break;
		case DT_HASH:		v->hash = at; break;
		case DT_GNU_HASH:	v->gnu_hash = at; break;
		}
	}
	return v->symbols && v->names && (v->hash || v->gnu_hash);
}

/* How many symbols there are, which is written nowhere. The old hash table has a chain for each
 * symbol; in the GNU one the last symbol is at the end of the chain that begins last. */
static uint32_t vdso_nsymbols(const struct vdso *v)
{
	const uint32_t *h = v->gnu_hash, *buckets, *chains;
	uint32_t last = 0;

	if (v->hash)
		return v->hash[1];
	buckets = h + 4 + h[2] * (sizeof(ElfW(Addr)) / sizeof(uint32_t));
	chains = buckets + h[0];
	for (uint32_t i = 0; i < h[0]; i++)
		if (buckets[i] > last)
			last = buckets[i];
	if (last < h[1])
		return 0;
	while (!(chains[last - h[1]] & 1))
		last++;
	return last + 1;
}

static clock_function *clock_find(void)
{
	clock_function *found = clock_by_syscall;
	struct vdso v;

	if (!vdso_open(&v))
		return found;
	for (uint32_t i = 0, n = vdso_nsymbols(&v); i < n; i++) {
		uintptr_t at = v.bias + v.symbols[i].st_value;

		if (v.symbols[i].st_shndx != SHN_UNDEF &&
		    strcmp(v.names + v.symbols[i].st_name, VDSO_SYMBOL) == 0)
			memcpy(&found, &at, sizeof(found));
	}
	return found;
}

uint64_t clock_us(void)
{
	static clock_function *_Atomic clock;
	clock_function *call = atomic_load_explicit(&clock, memory_order_relaxed);
	struct timespec ts;

	if (!call) {
		/* Other threads may be here at the same time: they find the same function. */
		call = clock_find();
		atomic_store_explicit(&clock, call, memory_order_relaxed);
	}
	if (call(CLOCK_MONOTONIC, &ts) != 0)
		clock_by_syscall(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000u + (uint64_t)ts.tv_nsec / 1000u;
}
