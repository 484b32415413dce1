/* SPDX-License-Identifier: MIT */
#include "symbolizer/files.h"

#include <elf.h>
#include <elfutils/libdwelf.h>
#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <unistd.h>

/* So much of files is copied for one crash; modules beyond that stay without names. */
#define CRASH_BYTES_MAX (1024ull * 1024 * 1024)

/* There is room for 2^22 places. So many files are never kept: memory has a smaller bound
 * (main.c). */
#define PLACE_FIRST 0x8000000000000000ull
#define PLACE_BYTES (1ull << 40)
#define PLACE_ALIGN_MAX (1ull << 30)

#if defined(__x86_64__)
#define MACHINE EM_X86_64
#elif defined(__aarch64__)
#define MACHINE EM_AARCH64
#else
#error "proctor knows the files of x86-64 and aarch64"
#endif

/* Keeps libdw from looking for files by itself, on disk or in the network: it gets those it may
 * read from file_report(). */
static int dwfl_find_elf(Dwfl_Module *mod, void **userdata, const char *name, Dwarf_Addr base,
			 char **file_name, Elf **elf)
{
	(void)mod;
	(void)userdata;
	(void)name;
	(void)base;
	(void)file_name;
	(void)elf;
	return -1;
}

static int dwfl_find_debuginfo(Dwfl_Module *mod, void **userdata, const char *name, Dwarf_Addr base,
			       const char *file_name, const char *link, GElf_Word crc,
			       char **debug_name)
{
	char path[sizeof("/usr/lib/debug/.build-id//.debug") + 2 * PAGE_BUILD_ID_MAX];
	const unsigned char *id;
	GElf_Addr vaddr;
	int nid, i, n;

	(void)name;
	(void)base;
	(void)link;
	(void)crc;
	(void)debug_name;
	/* libdw also calls this without a file name, for the part that debug files share (dwz): not
	 * given. */
	if (!userdata || !file_name)
		return -1;
	nid = dwfl_module_build_id(mod, &id, &vaddr);
	if (nid < 2 || nid > PAGE_BUILD_ID_MAX)
		return -1;
	n = snprintf(path, sizeof(path), "/usr/lib/debug/.build-id/%02x/", id[0]);
	for (i = 1; i < nid; i++)
		n += snprintf(path + n, sizeof(path) - (size_t)n, "%02x", id[i]);
	snprintf(path + n, sizeof(path) - (size_t)n, ".debug");
	return open(path, O_RDONLY | O_CLOEXEC);
}

static const Dwfl_Callbacks dwfl_callbacks = {
	.find_elf = dwfl_find_elf,
	.find_debuginfo = dwfl_find_debuginfo,
	.section_address = dwfl_offline_section_address,
};

int files_init(struct files *files, struct proctor_error *err)
{
	*files = (struct files){ .dwfl = dwfl_begin(&dwfl_callbacks) };
	if (!files->dwfl)
		return error_set(err, -ENOMEM, "cannot unwind a crash: %s", dwfl_errmsg(-1));
	elf_version(EV_CURRENT);
	return 0;
}

int files_begin(struct files *files, const struct module_list *modules, struct proctor_error *err)
{
	files->modules = modules;
	files->states = calloc(modules->nmodules + 1, sizeof(*files->states));
	files->places = calloc(modules->nmodules + 1, sizeof(*files->places));
	files->left_bytes = CRASH_BYTES_MAX;
	files->nread = 0;
	for (size_t i = 0; i < files->nlist; i++)
		files->list[i].module = NO_MODULE;
	if (files->states && files->places)
		return 0;
	files_end(files);
	return error_sys(err, ENOMEM, "cannot unwind a crash");
}

void files_end(struct files *files)
{
	free(files->states);
	free(files->places);
	files->states = NULL;
	files->places = NULL;
}

/* O_NONBLOCK: there may be a fifo of that name by now, and to open one would wait. -1: no regular
 * file. */
static int file_open(const char *path, struct stat *st)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd >= 0 && (fstat(fd, st) < 0 || !S_ISREG(st->st_mode))) {
		close(fd);
		fd = -1;
	}
	return fd;
}

/* A copy in memory; -1: none could be made. libdw maps the files that it reads, and a compiler may
 * rewrite a library at any time: if it shortened a mapped file, reading it would be SIGBUS. Nobody
 * else has the copy. */
static int file_copy(int fd, off_t nbytes)
{
	int copy = memfd_create("proctor-symbols", MFD_CLOEXEC);
	off_t offset = 0;

	while (copy >= 0 && offset < nbytes) {
		ssize_t n = sendfile(copy, fd, &offset, (size_t)(nbytes - offset));

		if (n == 0)
			break;
		if (n < 0 && errno != EINTR) {
			close(copy);
			return -1;
		}
	}
	return copy;
}

/* Do all its segments lie within the address space that a place has? */
static bool elf_fits(Elf *elf)
{
	size_t nphdrs;
	GElf_Phdr ph;

	if (elf_getphdrnum(elf, &nphdrs) < 0 || nphdrs > INT16_MAX)
		return false;
	for (int i = 0; i < (int)nphdrs; i++) {
		if (!gelf_getphdr(elf, i, &ph))
			return false;
		if (ph.p_type == PT_LOAD &&
		    (ph.p_align > PLACE_ALIGN_MAX || ph.p_vaddr > PLACE_BYTES / 2 ||
		     ph.p_memsz > PLACE_BYTES / 2 - PLACE_ALIGN_MAX))
			return false;
	}
	return true;
}

/* Is it a program or library of this machine? Notes its build id. */
static bool file_read(int fd, struct file *file)
{
	const void *id = NULL;
	GElf_Ehdr ehdr;
	ssize_t nid;
	Elf *elf = elf_begin(fd, ELF_C_READ, NULL);
	bool holds = elf && elf_kind(elf) == ELF_K_ELF && gelf_getehdr(elf, &ehdr) &&
		     ehdr.e_ident[EI_CLASS] == ELFCLASS64 && ehdr.e_machine == MACHINE &&
		     (ehdr.e_type == ET_DYN || ehdr.e_type == ET_EXEC) && elf_fits(elf);

	if (holds) {
		nid = dwelf_elf_gnu_build_id(elf, &id);
		if (nid > 0 && nid <= PAGE_BUILD_ID_MAX) {
			memcpy(file->build_id, id, (size_t)nid);
			file->nbuild_id = (size_t)nid;
		}
	}
	elf_end(elf);
	return holds;
}

/* Makes the copy look like a position-independent program: others libdw puts at the address they
 * were linked for, whatever address it is given. */
static bool file_make_movable(int fd)
{
	Elf64_Half type = ET_DYN;

	return pwrite(fd, &type, sizeof(type), offsetof(Elf64_Ehdr, e_type)) == sizeof(type);
}

static uint64_t place_address(size_t place)
{
	return PLACE_FIRST + place * PLACE_BYTES;
}

/* Gives libdw a copy of the file, at the address of `place`. */
static bool file_report(struct files *files, struct file *file, size_t place, int fd)
{
	uint64_t nbytes = (uint64_t)file->st.st_size;
	bool reported;
	int copy;

	if (nbytes > files->left_bytes)
		return false;
	copy = file_copy(fd, file->st.st_size);
	if (copy < 0)
		return false;
	files->left_bytes -= nbytes;
	files->nread++;
	reported = file_read(copy, file) && file_make_movable(copy);
	if (reported) {
		dwfl_report_begin_add(files->dwfl);
		reported = dwfl_report_elf(files->dwfl, file->path, file->path, copy,
					   place_address(place), true) != NULL;
		dwfl_report_end(files->dwfl, NULL, NULL);
	}
	if (reported)
		files->copied_bytes += nbytes;	/* libdw has taken `copy` over and closes it */
	else
		close(copy);
	return reported;
}

static bool file_is(const struct file *file, const char *path, const struct stat *st)
{
	return file->st.st_dev == st->st_dev && file->st.st_ino == st->st_ino &&
	       file->st.st_size == st->st_size &&
	       file->st.st_mtim.tv_sec == st->st_mtim.tv_sec &&
	       file->st.st_mtim.tv_nsec == st->st_mtim.tv_nsec &&
	       file->st.st_ctim.tv_sec == st->st_ctim.tv_sec &&
	       file->st.st_ctim.tv_nsec == st->st_ctim.tv_nsec &&
	       strcmp(file->path, path) == 0;
}

static struct file *file_new(struct files *files, const char *path, const struct stat *st)
{
	struct file *list = files->list;
	char *copy = strdup(path);

	if (copy && files->nlist == files->cap) {
		list = reallocarray(list, files->cap + 64, sizeof(*list));
		if (list) {
			files->list = list;
			files->cap += 64;
		}
	}
	if (!list || !copy) {
		free(copy);
		return NULL;
	}
	files->list[files->nlist] = (struct file){ .path = copy, .st = *st, .module = NO_MODULE };
	return &files->list[files->nlist++];
}

/* The entry of the file as it is now on disk; a new one if it was not read before, or has changed
 * since. One that the crashed process had mapped twice gets two, as crash_address() has to know
 * which one is meant. */
static struct file *file_find(struct files *files, const char *path)
{
	struct file *file = NULL;
	struct stat st;
	int fd = file_open(path, &st);

	if (fd < 0)
		return NULL;
	for (size_t i = 0; i < files->nlist && !file; i++)
		if (files->list[i].module == NO_MODULE && file_is(&files->list[i], path, &st))
			file = &files->list[i];
	if (!file) {
		file = file_new(files, path, &st);
		if (file)
			file->usable = file_report(files, file, files->nlist - 1, fd);
	}
	close(fd);
	return file;
}

void files_use(struct files *files, size_t i)
{
	const struct module *m = &files->modules->modules[i];
	struct file *file;

	if (files->states[i] != MODULE_UNREAD)
		return;
	files->states[i] = MODULE_UNUSABLE;
	file = file_find(files, m->path);
	if (!file || !file->usable)
		return;
	if (m->nbuild_id > 0 && (m->nbuild_id != file->nbuild_id ||
				 memcmp(m->build_id, file->build_id, m->nbuild_id) != 0)) {
		files->states[i] = MODULE_CHANGED;
		return;
	}
	file->module = i;
	files->places[i] = (size_t)(file - files->list);
	files->states[i] = MODULE_REPORTED;
}

uint64_t session_address(const struct files *files, uint64_t address)
{
	ssize_t i = module_at(files->modules, address);
	uint64_t offset;

	if (i < 0 || files->states[i] != MODULE_REPORTED)
		return address;
	offset = address - files->modules->modules[i].address;
	return offset < PLACE_BYTES ? place_address(files->places[i]) + offset : address;
}

uint64_t crash_address(const struct files *files, uint64_t address)
{
	uint64_t place = (address - PLACE_FIRST) / PLACE_BYTES;

	if (address < PLACE_FIRST || place >= files->nlist ||
	    files->list[place].module == NO_MODULE)
		return address;
	return files->modules->modules[files->list[place].module].address +
	       (address - place_address(place));
}

uint64_t files_bytes(const struct files *files)
{
	unsigned long long resident = 0, shared = 0;
	FILE *f = fopen("/proc/self/statm", "re");

	if (f && fscanf(f, "%*u %llu %llu", &resident, &shared) != 2)
		resident = shared = 0;
	if (f)
		fclose(f);
	if (resident < shared)
		resident = shared;
	return files->copied_bytes + (resident - shared) * (uint64_t)sysconf(_SC_PAGESIZE);
}
