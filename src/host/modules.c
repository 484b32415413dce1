/* SPDX-License-Identifier: MIT */
#include "host/modules.h"

#include <elf.h>
#include <limits.h>
#include <link.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#define NOTE_ALIGN(n) (((n) + 3u) & ~(size_t)3)

struct walk {
	struct modules *m;
	uint32_t position;	/* of the next module in the loader's list */
	bool compares;		/* a module was unloaded since: positions may differ */
};

/* Finds the build id among the notes at `note`. */
static void notes_read(struct page_module *mod, const char *note, size_t nbytes)
{
	while (nbytes >= sizeof(ElfW(Nhdr))) {
		const ElfW(Nhdr) *head = (const void *)note;
		size_t name = NOTE_ALIGN((size_t)head->n_namesz);
		size_t size = sizeof(*head) + name + NOTE_ALIGN((size_t)head->n_descsz);

		if (size > nbytes)
			return;
		if (head->n_type == NT_GNU_BUILD_ID && head->n_namesz == 4 &&
		    memcmp(note + sizeof(*head), "GNU", 4) == 0) {
			mod->nbuild_id = head->n_descsz < PAGE_BUILD_ID_MAX ? head->n_descsz
									   : PAGE_BUILD_ID_MAX;
			memcpy(mod->build_id, note + sizeof(*head) + name, mod->nbuild_id);
			return;
		}
		note += size;
		nbytes -= size;
	}
}

/* Is the note in memory? A file may have notes outside of its loaded segments. */
static bool is_loaded(const struct dl_phdr_info *info, const ElfW(Phdr) *note)
{
	int i;

	for (i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *ph = &info->dlpi_phdr[i];

		if (ph->p_type == PT_LOAD && (ph->p_flags & PF_R) && note->p_vaddr >= ph->p_vaddr &&
		    note->p_vaddr + note->p_filesz <= ph->p_vaddr + ph->p_filesz)
			return true;
	}
	return false;
}

static void module_add(struct modules *m, const struct dl_phdr_info *info)
{
	struct page_module *mod;
	char self[PATH_MAX];
	const char *path = info->dlpi_name;
	size_t npath;
	int i;

	if (path[0] == '\0') {		/* the program itself */
		ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

		self[n > 0 ? n : 0] = '\0';
		path = self;
	}
	npath = strlen(path);
	m->full = m->nmodules == PAGE_MODULES_MAX || m->npaths + npath > PAGE_MODULE_PATHS_BYTES;
	if (m->full)
		return;
	mod = &m->page->modules[m->nmodules];
	memset(mod, 0, sizeof(*mod));
	mod->address = info->dlpi_addr;
	mod->start = UINT64_MAX;
	for (i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *ph = &info->dlpi_phdr[i];
		uint64_t start = info->dlpi_addr + ph->p_vaddr;

		if (ph->p_type == PT_LOAD) {
			if (start < mod->start)
				mod->start = start;
			if (start + ph->p_memsz > mod->end)
				mod->end = start + ph->p_memsz;
		} else if (ph->p_type == PT_NOTE && mod->nbuild_id == 0 && is_loaded(info, ph)) {
			notes_read(mod, (const char *)start, ph->p_filesz);
		}
	}
	memcpy(m->page->module_paths + m->npaths, path, npath);
	mod->path = m->npaths;
	mod->npath = (uint32_t)npath;
	m->npaths += (uint32_t)npath;
	m->nmodules++;
	m->paths[m->nmodules] = m->npaths;
	atomic_store_explicit(&m->page->nmodules, m->nmodules, memory_order_release);
}

/* Is the module at `i` of the record the one that the loader has there? */
static bool module_is(const struct modules *m, uint32_t i, const struct dl_phdr_info *info)
{
	size_t npath = strlen(info->dlpi_name);

	return m->page->modules[i].address == info->dlpi_addr &&
	       (npath == 0 || (npath == m->paths[i + 1] - m->paths[i] &&
			       memcmp(m->page->module_paths + m->paths[i], info->dlpi_name,
				      npath) == 0));
}

/* Drops the modules from `i` on from the record: they are gone, or at another place of the loader's
 * list. */
static void modules_cut(struct modules *m, uint32_t i)
{
	m->nmodules = i;
	m->npaths = m->paths[i];
	m->full = false;
	atomic_store_explicit(&m->page->nmodules, i, memory_order_release);
}

/* The record has the same order as the loader's list, to which new modules are added at the end.
 * When one was unloaded, all behind it have moved: from the first difference on the record is made
 * anew. */
static int module_visit(struct dl_phdr_info *info, size_t size, void *data)
{
	struct walk *w = data;
	struct modules *m = w->m;
	uint32_t i = w->position++;

	(void)size;
	if (i == 0) {
		w->compares = info->dlpi_subs != m->nclosed;
		m->nclosed = info->dlpi_subs;
	}
	if (w->compares && i < m->nmodules && !module_is(m, i, info))
		modules_cut(m, i);
	if (i >= m->nmodules && !m->full)
		module_add(m, info);
	return 0;
}

void modules_record(struct modules *m)
{
	struct walk w = { .m = m };

	dl_iterate_phdr(module_visit, &w);
	/* It was the last modules of the list that were unloaded. */
	if (w.position < m->nmodules)
		modules_cut(m, w.position);
}
