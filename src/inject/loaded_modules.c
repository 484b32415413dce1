/* SPDX-License-Identifier: MIT */
#include "inject/loaded_modules.h"

#include <elf.h>
#include <limits.h>
#include <link.h>
#include <stdbool.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/uio.h>
#include <unistd.h>

#define SEGMENTS_MAX 64
#define NOTES_BYTES 512
#define PEEK_BYTES 256	/* of a path at once: within one page of memory, as it divides its size */

/* Where the table of segments of a file is in memory. */
struct segments {
	uintptr_t at;
	size_t n;
};

/* Reads this process's own memory by a system call: an address that is not mapped is an error, and no crash within
 * the crash. */
static bool peek(uintptr_t from, void *to, size_t nbytes)
{
	struct iovec theirs = { (void *)from, nbytes }, ours = { to, nbytes };

	return process_vm_readv(getpid(), &ours, 1, &theirs, 1, 0) == (ssize_t)nbytes;
}

/* Copies a text that ends with a NUL. Returns its length; 0: it is empty, longer than `room`, or not in memory. */
static size_t peek_text(uintptr_t from, char *to, size_t room)
{
	size_t n = 0;

	while (n < room) {
		size_t part = PEEK_BYTES - (from + n) % PEEK_BYTES;
		const char *end;

		if (part > room - n)
			part = room - n;
		if (!peek(from + n, to + n, part))
			return 0;
		end = memchr(to + n, '\0', part);
		if (end)
			return (size_t)(end - to);
		n += part;
	}
	return 0;
}

static size_t note_aligned(size_t n)
{
	return (n + 3) & ~(size_t)3;
}

static void build_id_find(struct page_module *mod, const char *notes, size_t nbytes)
{
	ElfW(Nhdr) head;

	for (size_t at = 0; nbytes - at >= sizeof(head);) {
		size_t name, end;

		memcpy(&head, notes + at, sizeof(head));
		name = at + sizeof(head);
		end = name + note_aligned(head.n_namesz) + note_aligned(head.n_descsz);
		if (end > nbytes || end < name)
			return;
		if (head.n_type == NT_GNU_BUILD_ID && head.n_namesz == 4 &&
		    memcmp(notes + name, "GNU", 4) == 0) {
			mod->nbuild_id = head.n_descsz < PAGE_BUILD_ID_MAX ? head.n_descsz
									   : PAGE_BUILD_ID_MAX;
			memcpy(mod->build_id, notes + name + 4, mod->nbuild_id);
			return;
		}
		at = end;
	}
}

static void segment_take(struct page_module *mod, const ElfW(Phdr) *ph)
{
	uint64_t start = mod->address + ph->p_vaddr;
	size_t nnotes = ph->p_filesz < NOTES_BYTES ? ph->p_filesz : NOTES_BYTES;
	char notes[NOTES_BYTES];

	if (ph->p_type == PT_LOAD) {
		if (start < mod->start)
			mod->start = start;
		if (start + ph->p_memsz > mod->end)
			mod->end = start + ph->p_memsz;
	} else if (ph->p_type == PT_NOTE && mod->nbuild_id == 0 && peek(start, notes, nnotes)) {
		build_id_find(mod, notes, nnotes);
	}
}

/* A library's table, as the ELF header at the beginning of its memory tells it. False: there is no such header. */
static bool segments_of_library(uintptr_t base, struct segments *s)
{
	ElfW(Ehdr) head;

	if (!peek(base, &head, sizeof(head)) || memcmp(head.e_ident, ELFMAG, SELFMAG) != 0 ||
	    head.e_phentsize != sizeof(ElfW(Phdr)))
		return false;
	*s = (struct segments){ base + head.e_phoff, head.e_phnum };
	return true;
}

/* The program has no name in the loader's list. Returns the length of its path, 0: none. */
static size_t program_path(char *to, size_t room)
{
	ssize_t n = readlink("/proc/self/exe", to, room);

	return n > 0 && (size_t)n < room ? (size_t)n : 0;
}

/* Fills module `i` of the page, whose path begins at `path` among the paths. False: what the loader has of it cannot be
 * read. */
static bool module_read(struct crash_page *page, uint32_t i, uint32_t path, const struct link_map *map)
{
	struct page_module *mod = &page->modules[i];
	size_t room = PAGE_MODULE_PATHS_BYTES - path < PATH_MAX ? PAGE_MODULE_PATHS_BYTES - path : PATH_MAX;
	size_t npath = peek_text((uintptr_t)map->l_name, page->module_paths + path, room);
	struct segments s = { getauxval(AT_PHDR), getauxval(AT_PHNUM) };
	ElfW(Phdr) ph;

	if (npath > 0 && !segments_of_library(map->l_addr, &s))
		return false;
	if (npath == 0)
		npath = program_path(page->module_paths + path, room);
	*mod = (struct page_module){ .address = map->l_addr, .start = UINT64_MAX, .path = path,
				     .npath = (uint32_t)npath };
	for (size_t k = 0; k < s.n && k < SEGMENTS_MAX && peek(s.at + k * sizeof(ph), &ph, sizeof(ph)); k++)
		segment_take(mod, &ph);
	return npath > 0 && mod->start < mod->end;
}

void loaded_modules_record(struct crash_page *page)
{
	uintptr_t next = (uintptr_t)_r_debug.r_map;
	uint32_t n = 0, path = 0;
	struct link_map map = { 0 };

	/* The count of turns is bounded: a damaged list may lead back to its beginning. */
	for (size_t i = 0; i < PAGE_MODULES_MAX && next && peek(next, &map, sizeof(map)); i++) {
		if (module_read(page, n, path, &map))
			path += page->modules[n++].npath;
		next = (uintptr_t)map.l_next;
	}
	atomic_store_explicit(&page->nmodules, n, memory_order_release);
}
