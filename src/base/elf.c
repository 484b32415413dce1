/* SPDX-License-Identifier: MIT */
#include "base/elf.h"

#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/container.h"

#if defined(__x86_64__)
#define MACHINE_HERE EM_X86_64
#elif defined(__aarch64__)
#define MACHINE_HERE EM_AARCH64
#elif defined(__riscv)
#define MACHINE_HERE EM_RISCV
#elif defined(__powerpc64__)
#define MACHINE_HERE EM_PPC64
#elif defined(__s390x__)
#define MACHINE_HERE EM_S390
#else
#error "unknown machine"
#endif

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define ORDER_HERE ELFDATA2LSB
#else
#define ORDER_HERE ELFDATA2MSB
#endif

/* A file of up to so many bytes is read as a whole, which costs less than a call for each part. */
#define IMAGE_BYTES 65536

/* Names of `machine`; unknown ones are written into `unknown`. */
static const char *machine_name(unsigned machine, char unknown[static 32])
{
	static const struct {
		unsigned machine;
		const char *name;
	} names[] = {
		{EM_X86_64, "x86-64"},	{EM_AARCH64, "aarch64"}, {EM_386, "i386"},
		{EM_ARM, "ARM"},	{EM_RISCV, "RISC-V"},	 {EM_PPC64, "ppc64"},
		{EM_S390, "s390"},	{EM_MIPS, "MIPS"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (names[i].machine == machine)
			return names[i].name;
	snprintf(unknown, 32, "machine number %u", machine);
	return unknown;
}

bool elf_is(const void *head, size_t nhead)
{
	return nhead >= SELFMAG && memcmp(head, ELFMAG, SELFMAG) == 0;
}

static bool range_fits(uint64_t offset, uint64_t nbytes, uint64_t limit)
{
	return offset <= limit && nbytes <= limit - offset;
}

static void dynamic_read(int fd, const Elf64_Phdr *phdr, struct elf_dynamic *dynamic)
{
	size_t n = phdr->p_filesz < sizeof(dynamic->entries) ? phdr->p_filesz
							     : sizeof(dynamic->entries);
	ssize_t got = pread(fd, dynamic->entries, n, (off_t)phdr->p_offset);

	dynamic->n = got > 0 ? (size_t)got / sizeof(dynamic->entries[0]) : 0;
}

/* The flag by which linkers tell a program from a library of the same type. */
static bool dynamic_is_pie(const struct elf_dynamic *dynamic)
{
	for (size_t i = 0; i < dynamic->n; i++)
		if (dynamic->entries[i].d_tag == DT_FLAGS_1)
			return dynamic->entries[i].d_un.d_val & DF_1_PIE;
	return false;
}

/* Is it a header for this machine, with its table of segments within `head`? */
static bool head_is_sound(const void *head, size_t nhead, uint64_t nbytes)
{
	Elf64_Ehdr ehdr;

	if (!elf_is(head, nhead) || nhead < sizeof(ehdr))
		return false;
	memcpy(&ehdr, head, sizeof(ehdr));
	return ehdr.e_ident[EI_CLASS] == ELFCLASS64 && ehdr.e_ident[EI_DATA] == ORDER_HERE &&
	       ehdr.e_machine == MACHINE_HERE && ehdr.e_phentsize == sizeof(Elf64_Phdr) &&
	       range_fits(ehdr.e_phoff, (uint64_t)ehdr.e_phnum * sizeof(Elf64_Phdr), nhead) &&
	       range_fits(ehdr.e_shoff, (uint64_t)ehdr.e_shnum * sizeof(Elf64_Shdr), nbytes);
}

bool elf_is_program(int fd, const void *head, size_t nhead, uint64_t nbytes,
		    struct elf_dynamic *dynamic)
{
	Elf64_Phdr phdr, segment = { .p_type = PT_NULL };
	Elf64_Ehdr ehdr;

	dynamic->n = 0;
	if (!head_is_sound(head, nhead, nbytes))
		return false;
	memcpy(&ehdr, head, sizeof(ehdr));
	for (size_t i = 0; i < ehdr.e_phnum; i++) {
		memcpy(&phdr, (const char *)head + ehdr.e_phoff + i * sizeof(phdr), sizeof(phdr));
		if (phdr.p_type == PT_LOAD && !range_fits(phdr.p_offset, phdr.p_filesz, nbytes))
			return false;
		if (phdr.p_type == PT_DYNAMIC)
			segment = phdr;
	}
	if (segment.p_type == PT_DYNAMIC)
		dynamic_read(fd, &segment, dynamic);
	/* One that is linked statically has no interpreter, whichever type it is of. */
	return ehdr.e_type == ET_EXEC || (ehdr.e_type == ET_DYN && dynamic_is_pie(dynamic));
}

/* Copies segment `i` of a program that elf_is_program() has approved. */
static Elf64_Phdr head_segment(const void *head, size_t i)
{
	Elf64_Ehdr ehdr;
	Elf64_Phdr phdr;

	memcpy(&ehdr, head, sizeof(ehdr));
	memcpy(&phdr, (const char *)head + ehdr.e_phoff + i * sizeof(phdr), sizeof(phdr));
	return phdr;
}

static size_t head_nsegments(const void *head)
{
	Elf64_Ehdr ehdr;

	memcpy(&ehdr, head, sizeof(ehdr));
	return ehdr.e_phnum;
}

void elf_interpreter(int fd, const void *head, size_t nhead, char *path, size_t npath)
{
	struct elf_dynamic dynamic;

	path[0] = '\0';
	if (!elf_is_program(fd, head, nhead, UINT64_MAX, &dynamic))
		return;
	for (size_t i = 0; i < head_nsegments(head); i++) {
		Elf64_Phdr phdr = head_segment(head, i);
		ssize_t n;

		if (phdr.p_type != PT_INTERP || phdr.p_filesz >= npath)
			continue;
		n = pread(fd, path, phdr.p_filesz, (off_t)phdr.p_offset);
		path[n > 0 ? n : 0] = '\0';
	}
}

/* Notes are a few words each: what stands behind these is of no interest. */
#define NOTES_BYTES 1024

/* Goes through the first notes of each segment of notes, until `found` says that it is the one. */
static bool notes_search(int fd, const void *head,
			 bool (*found)(const Elf64_Nhdr *note, const char *owner, const void *content,
				       void *data), void *data)
{
	char notes[NOTES_BYTES];

	for (size_t i = 0; i < head_nsegments(head); i++) {
		Elf64_Phdr phdr = head_segment(head, i);
		size_t want = phdr.p_filesz < sizeof(notes) ? phdr.p_filesz : sizeof(notes), at = 0;
		ssize_t n = phdr.p_type == PT_NOTE ? pread(fd, notes, want, (off_t)phdr.p_offset) : 0;
		Elf64_Nhdr note;

		while (n > 0 && range_fits(at, sizeof(note), (uint64_t)n)) {
			size_t nowner, ncontent;

			memcpy(&note, notes + at, sizeof(note));
			at += sizeof(note);
			nowner = ((size_t)note.n_namesz + 3) / 4 * 4;
			ncontent = ((size_t)note.n_descsz + 3) / 4 * 4;
			if (!range_fits(at, nowner + ncontent, (uint64_t)n))
				break;
			if (found(&note, notes + at, notes + at + nowner, data))
				return true;
			at += nowner + ncontent;
		}
	}
	return false;
}

static bool note_is_of(const Elf64_Nhdr *note, const char *owner, const void *content, void *data)
{
	const char *name = data;
	size_t n = strlen(name) + 1;

	(void)content;
	/* Go's linker counts the bytes that fill the name up to a multiple of four, too. */
	return note->n_namesz >= n && note->n_namesz < n + 4 && memcmp(owner, name, n) == 0;
}

bool elf_program_has_note(int fd, const void *head, const char *owner)
{
	return notes_search(fd, head, note_is_of, (void *)owner);
}

static bool note_is_build_id(const Elf64_Nhdr *note, const char *owner, const void *content, void *data)
{
	struct elf_build_id *id = data;

	if (note->n_type != NT_GNU_BUILD_ID || !note_is_of(note, owner, content, "GNU") ||
	    note->n_descsz > sizeof(id->bytes))
		return false;
	id->nbytes = note->n_descsz;
	memcpy(id->bytes, content, id->nbytes);
	return true;
}

void elf_build_id_read(int fd, const void *head, size_t nhead, struct elf_build_id *id)
{
	*id = (struct elf_build_id){ 0 };
	if (head_is_sound(head, nhead, UINT64_MAX))
		notes_search(fd, head, note_is_build_id, id);
}

const char *elf_foreign(const void *head, size_t nhead, char unknown[static 32])
{
	const unsigned char *ident = head;
	unsigned machine;

	if (!elf_is(head, nhead) || nhead < sizeof(Elf32_Ehdr))
		return NULL;
	/* The field stands at the same place in 32-bit and 64-bit files, in the byte order of the
	 * file. */
	machine = ident[EI_DATA] == ELFDATA2MSB
		? (unsigned)ident[offsetof(Elf64_Ehdr, e_machine)] << 8 |
		  ident[offsetof(Elf64_Ehdr, e_machine) + 1]
		: (unsigned)ident[offsetof(Elf64_Ehdr, e_machine) + 1] << 8 |
		  ident[offsetof(Elf64_Ehdr, e_machine)];
	if (machine == MACHINE_HERE && ident[EI_DATA] == ORDER_HERE &&
	    ident[EI_CLASS] == ELFCLASS64)
		return NULL;
	return machine_name(machine, unknown);
}

/* Where in the file the contents of address `at` are. */
static bool head_offset(const void *head, uint64_t at, uint64_t *offset)
{
	for (size_t i = 0; i < head_nsegments(head); i++) {
		Elf64_Phdr phdr = head_segment(head, i);

		if (phdr.p_type == PT_LOAD && at >= phdr.p_vaddr &&
		    at - phdr.p_vaddr < phdr.p_filesz) {
			*offset = phdr.p_offset + (at - phdr.p_vaddr);
			return true;
		}
	}
	return false;
}

bool elf_dynamic_text(int fd, const void *head, const struct elf_dynamic *dynamic, uint64_t offset,
		      char *text, size_t ntext)
{
	uint64_t at = 0, in_file;
	ssize_t n;

	for (size_t i = 0; i < dynamic->n; i++)
		if (dynamic->entries[i].d_tag == DT_STRTAB)
			at = dynamic->entries[i].d_un.d_ptr;
	if (at == 0 || !head_offset(head, at + offset, &in_file))
		return false;
	n = pread(fd, text, ntext, (off_t)in_file);
	return n > 0 && memchr(text, '\0', (size_t)n);
}

/* The names of the dynamic symbols, on the heap, with a NUL behind; NULL: not known. */
static char *program_names(int fd, const void *head, const struct elf_dynamic *dynamic, size_t *nnames)
{
	uint64_t at = 0, nbytes = 0, offset;
	char *names;

	for (size_t i = 0; i < dynamic->n; i++) {
		if (dynamic->entries[i].d_tag == DT_STRTAB)
			at = dynamic->entries[i].d_un.d_ptr;
		else if (dynamic->entries[i].d_tag == DT_STRSZ)
			nbytes = dynamic->entries[i].d_un.d_val;
	}
	/* A program with more names than that takes so long to start that this look would save
	 * nothing. */
	if (nbytes == 0 || nbytes > 1 << 20 || !head_offset(head, at, &offset))
		return NULL;
	names = calloc(1, nbytes + 1);
	if (!names || pread(fd, names, nbytes, (off_t)offset) != (ssize_t)nbytes) {
		free(names);
		return NULL;
	}
	*nnames = nbytes + 1;
	return names;
}

bool elf_program_calls(int fd, const void *head, const struct elf_dynamic *dynamic,
		       const char *const *names, size_t nnames)
{
	size_t nall = 0;
	char *all = program_names(fd, head, dynamic, &nall);
	bool found = all == NULL;

	/* A name is searched with the NUL at its end, but anything may stand before it: linkers
	 * store a name that is the end of a longer one within that. */
	for (size_t i = 0; !found && i < nnames; i++)
		found = memmem(all, nall, names[i], strlen(names[i]) + 1) != NULL;
	free(all);
	return found;
}

static int elf_truncated(const struct elf_file *f, const char *what, struct proctor_error *err)
{
	return error_set(err, -ENOEXEC, "%s is truncated: its %s would end past the end of the "
			 "file", f->path, what);
}

bool elf_no_memory(void)
{
	const char *why = elf_errmsg(-1);

	return errno == ENOMEM || (why && strcmp(why, "out of memory") == 0);
}

static int elf_damaged(const struct elf_file *f, const char *what, struct proctor_error *err)
{
	if (elf_no_memory())
		return error_sys(err, ENOMEM, "cannot read %s", f->path);
	return error_set(err, -ENOEXEC, "%s is damaged: %s", f->path, what);
}

/* Checks, before libelf gets the file, that the tables which the header speaks of lie within it. */
static int elf_check_header(const struct elf_file *f, int fd, struct proctor_error *err)
{
	Elf64_Ehdr ehdr;
	ssize_t n = sizeof(ehdr);

	if (f->image)
		memcpy(&ehdr, f->image, sizeof(ehdr));
	else
		n = pread(fd, &ehdr, sizeof(ehdr), 0);
	if (n < 0)
		return error_sys(err, errno, "cannot read %s", f->path);
	if (n < EI_NIDENT)
		return elf_truncated(f, "ELF header", err);
	if (ehdr.e_ident[EI_CLASS] != ELFCLASS64 || ehdr.e_ident[EI_DATA] != ORDER_HERE)
		return 0;	/* of another machine: refused later, or left to the kernel */
	if (n < (ssize_t)sizeof(ehdr))
		return elf_truncated(f, "ELF header", err);
	if (!range_fits(ehdr.e_phoff, (uint64_t)ehdr.e_phnum * sizeof(Elf64_Phdr), f->nbytes))
		return elf_truncated(f, "table of segments", err);
	if (ehdr.e_shoff != 0 &&
	    !range_fits(ehdr.e_shoff, (uint64_t)(ehdr.e_shnum ? ehdr.e_shnum : 1) *
				      sizeof(Elf64_Shdr), f->nbytes))
		return elf_truncated(f, "table of sections", err);
	return 0;
}

static int elf_read_segments(struct elf_file *f, struct proctor_error *err)
{
	GElf_Phdr phdr;
	size_t nphdrs;

	if (elf_getphdrnum(f->elf, &nphdrs) < 0)
		return elf_damaged(f, elf_errmsg(-1), err);
	for (size_t i = 0; i < nphdrs; i++) {
		if (i > INT32_MAX || !gelf_getphdr(f->elf, (int)i, &phdr))
			return elf_damaged(f, elf_errmsg(-1), err);
		if (phdr.p_type == PT_LOAD && !range_fits(phdr.p_offset, phdr.p_filesz, f->nbytes))
			return elf_truncated(f, "segment", err);
		if (phdr.p_type == PT_INTERP)
			f->interpreter = true;
	}
	return 0;
}

/* The text at `offset` of the names that .dynamic uses; NULL if it is not there. */
static const char *elf_dynamic_string(const struct elf_file *f, uint64_t offset)
{
	return offset < f->ndynamic_strings ? f->dynamic_strings + offset : NULL;
}

/* The section `index` as names, each ended by NUL within it. */
static int elf_read_strings(const struct elf_file *f, size_t index, const char **strings,
			    size_t *nstrings, struct proctor_error *err)
{
	Elf_Scn *scn = elf_getscn(f->elf, index);
	Elf64_Shdr *shdr = scn ? elf64_getshdr(scn) : NULL;
	Elf_Data *data;

	if (!shdr || shdr->sh_type != SHT_STRTAB)
		return elf_damaged(f, "its symbols have no table of names", err);
	data = elf_rawdata(scn, NULL);
	if (!data || !data->d_buf || data->d_size == 0 ||
	    ((const char *)data->d_buf)[data->d_size - 1] != '\0')
		return elf_damaged(f, "its table of names does not end", err);
	*strings = data->d_buf;
	*nstrings = data->d_size;
	return 0;
}

static int elf_read_symbols(struct elf_file *f, Elf_Scn *scn, const Elf64_Shdr *shdr,
			    struct proctor_error *err)
{
	Elf_Data *data = elf_rawdata(scn, NULL);

	if (!data || (!data->d_buf && shdr->sh_size > 0))
		return elf_damaged(f, "its symbol table cannot be read", err);
	f->symbols = data->d_buf;
	f->nsymbols = data->d_size / sizeof(Elf64_Sym);
	return elf_read_strings(f, shdr->sh_link, &f->strings, &f->nstrings, err);
}

static int elf_read_dynamic(struct elf_file *f, Elf_Scn *scn, const Elf64_Shdr *shdr,
			    struct proctor_error *err)
{
	Elf_Data *data = elf_rawdata(scn, NULL);
	int ret;

	if (!data || !data->d_buf)
		return elf_damaged(f, "its dynamic section cannot be read", err);
	ret = elf_read_strings(f, shdr->sh_link, &f->dynamic_strings, &f->ndynamic_strings, err);
	if (ret < 0)
		return ret;
	f->dynamic = data->d_buf;
	for (size_t n = data->d_size / sizeof(Elf64_Dyn); f->ndynamic < n; f->ndynamic++) {
		const Elf64_Dyn *d = &f->dynamic[f->ndynamic];

		if (d->d_tag == DT_NULL)
			break;
		else if (d->d_tag == DT_SONAME)
			f->soname = elf_dynamic_string(f, d->d_un.d_val);
		else if (d->d_tag == DT_RPATH)
			f->rpath = elf_dynamic_string(f, d->d_un.d_val);
		else if (d->d_tag == DT_RUNPATH)
			f->runpath = elf_dynamic_string(f, d->d_un.d_val);
		else if (d->d_tag == DT_FLAGS_1 && (d->d_un.d_val & DF_1_PIE))
			f->executable = true;
	}
	return 0;
}

static int elf_read_sections(struct elf_file *f, struct proctor_error *err)
{
	Elf_Scn *scn = NULL;
	int ret;

	while ((scn = elf_nextscn(f->elf, scn))) {
		const Elf64_Shdr *shdr = elf64_getshdr(scn);

		if (!shdr)
			return elf_damaged(f, elf_errmsg(-1), err);
		if (shdr->sh_type == SHT_NOBITS || shdr->sh_type == SHT_NULL)
			continue;
		if (!range_fits(shdr->sh_offset, shdr->sh_size, f->nbytes))
			return elf_truncated(f, "section", err);
		ret = 0;
		if (shdr->sh_type == SHT_DYNSYM && !f->strings)
			ret = elf_read_symbols(f, scn, shdr, err);
		else if (shdr->sh_type == SHT_DYNAMIC && !f->dynamic)
			ret = elf_read_dynamic(f, scn, shdr, err);
		if (ret < 0)
			return ret;
	}
	if (!f->strings && !f->interpreter)
		return error_set(err, -ENOEXEC, "%s has no table of dynamic symbols (.dynsym), so "
				 "its tests cannot be listed", f->path);
	return 0;
}

/* Fills `f`, whose `elf` is open. */
static int elf_read(struct elf_file *f, struct proctor_error *err)
{
	char unknown[32];
	GElf_Ehdr ehdr;
	int ret;

	if (elf_kind(f->elf) != ELF_K_ELF || !gelf_getehdr(f->elf, &ehdr))
		return elf_damaged(f, "its ELF header makes no sense", err);
	if (ehdr.e_type != ET_DYN && ehdr.e_type != ET_EXEC)
		return error_set(err, -ENOTSUP, "%s is %s, neither a shared library nor an "
				 "executable", f->path, ehdr.e_type == ET_REL ? "an object file" :
				 ehdr.e_type == ET_CORE ? "a core dump" : "a strange ELF file");
	ret = elf_read_segments(f, err);
	if (ret < 0)
		return ret;
	/* A program for another machine may run here: the kernel may know an emulator for it. */
	if (ehdr.e_type == ET_EXEC) {
		f->executable = true;
		return 0;
	}
	if (ehdr.e_machine != MACHINE_HERE || ehdr.e_ident[EI_CLASS] != ELFCLASS64 ||
	    ehdr.e_ident[EI_DATA] != ORDER_HERE) {
		if (f->interpreter) {
			f->executable = true;
			return 0;
		}
		return error_set(err, -ENOTSUP, "%s is built for %s (%d-bit), but this machine is "
				 "%s (64-bit)", f->path, machine_name(ehdr.e_machine, unknown),
				 ehdr.e_ident[EI_CLASS] == ELFCLASS64 ? 64 : 32,
				 machine_name(MACHINE_HERE, unknown));
	}
	return elf_read_sections(f, err);
}

/* libelf gives pointers into the image itself, so the tables in it must be aligned for their types,
 * as linkers align them. */
static bool image_is_aligned(const char *image, size_t nbytes)
{
	Elf64_Ehdr ehdr;
	Elf64_Shdr shdr;

	memcpy(&ehdr, image, sizeof(ehdr));
	if (ehdr.e_phoff % _Alignof(Elf64_Phdr) != 0 || ehdr.e_shoff % _Alignof(Elf64_Shdr) != 0 ||
	    !range_fits(ehdr.e_shoff, (uint64_t)ehdr.e_shnum * sizeof(shdr), nbytes))
		return false;
	for (size_t i = 0; i < ehdr.e_shnum; i++) {
		memcpy(&shdr, image + ehdr.e_shoff + i * sizeof(shdr), sizeof(shdr));
		if ((shdr.sh_type == SHT_DYNSYM || shdr.sh_type == SHT_DYNAMIC) &&
		    shdr.sh_offset % _Alignof(Elf64_Sym) != 0)
			return false;
	}
	return true;
}

/* The whole file, if it is small; NULL: its parts are to be read one by one. */
static void *image_read(int fd, uint64_t nbytes)
{
	char *image;

	if (nbytes < sizeof(Elf64_Ehdr) || nbytes > IMAGE_BYTES)
		return NULL;
	image = malloc(nbytes);
	if (image && (pread(fd, image, nbytes, 0) != (ssize_t)nbytes ||
		      !image_is_aligned(image, nbytes))) {
		free(image);
		image = NULL;
	}
	return image;
}

int elf_open(struct elf_file *f, int fd, uint64_t nbytes, const char *path,
	     struct proctor_error *err)
{
	int ret;

	*f = (struct elf_file){ .path = path, .nbytes = nbytes, .image = image_read(fd, nbytes) };
	/* Forgets earlier failures: they are not the cause of what may fail here. */
	errno = 0;
	elf_errno();
	ret = elf_check_header(f, fd, err);
	if (ret < 0)
		goto close;
	elf_version(EV_CURRENT);
	f->elf = f->image ? elf_memory(f->image, nbytes) : elf_begin(fd, ELF_C_READ, NULL);
	ret = f->elf ? elf_read(f, err) : elf_damaged(f, elf_errmsg(-1), err);
	if (ret < 0)
		goto close;
	return 0;
close:
	elf_close(f);
	return ret;
}

void elf_close(struct elf_file *f)
{
	elf_end(f->elf);
	f->elf = NULL;
	free(f->image);
	f->image = NULL;
}

int elf_open_path(struct elf_file *f, const char *path, struct stat *st)
{
	int ret = -ENOEXEC, fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return -errno;
	if (fstat(fd, st) == 0 && S_ISREG(st->st_mode))
		ret = elf_open(f, fd, (uint64_t)st->st_size, path, NULL);
	if (ret == 0)
		return fd;
	close(fd);
	return ret;
}

const char *elf_symbol_name(const struct elf_file *f, size_t i)
{
	Elf64_Word name = f->symbols[i].st_name;

	return name < f->nstrings ? f->strings + name : "";
}

const char *elf_needed(const struct elf_file *f, size_t *i)
{
	while (*i < f->ndynamic) {
		const Elf64_Dyn *d = &f->dynamic[(*i)++];
		const char *soname = d->d_tag == DT_NEEDED ?
				     elf_dynamic_string(f, d->d_un.d_val) : NULL;

		if (soname && *soname)
			return soname;
	}
	return NULL;
}

const void *elf_data(const struct elf_file *f, const Elf64_Sym *symbol, size_t nbytes)
{
	Elf_Scn *scn;
	Elf64_Shdr *shdr;
	Elf_Data *data;
	uint64_t offset;

	if (symbol->st_shndx >= SHN_LORESERVE || symbol->st_size < nbytes)
		return NULL;
	scn = elf_getscn(f->elf, symbol->st_shndx);
	shdr = scn ? elf64_getshdr(scn) : NULL;
	if (!shdr || shdr->sh_type == SHT_NOBITS || symbol->st_value < shdr->sh_addr)
		return NULL;
	offset = symbol->st_value - shdr->sh_addr;
	data = elf_rawdata(scn, NULL);
	if (!data || !data->d_buf || !range_fits(offset, nbytes, data->d_size))
		return NULL;
	return (const char *)data->d_buf + offset;
}
