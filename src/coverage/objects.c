/* SPDX-License-Identifier: MIT */
#include "coverage/objects.h"

#include "base/elf.h"
#include "plan/libraries.h"
#include "plan/needed.h"

#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Bytes of a data record in version 8 of the raw format, and in 10. */
#define NTABLE_FUNCTIONS 4
#define RECORD_8_BYTES 48u
#define RECORD_10_BYTES 64u

/* An ELF file being looked into. */
struct reading {
	int fd;
	Elf *elf;
	struct stat st;
	size_t names;		/* section with the names of the sections */
};

static bool reading_open(struct reading *r, const char *path)
{
	r->elf = NULL;
	r->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (r->fd < 0)
		return false;
	elf_version(EV_CURRENT);
	if (fstat(r->fd, &r->st) == 0 && S_ISREG(r->st.st_mode))
		r->elf = elf_begin(r->fd, ELF_C_READ, NULL);
	if (r->elf && elf_kind(r->elf) == ELF_K_ELF && gelf_getclass(r->elf) == ELFCLASS64 &&
	    elf_getshdrstrndx(r->elf, &r->names) == 0)
		return true;
	elf_end(r->elf);
	close(r->fd);
	return false;
}

static void reading_close(struct reading *r)
{
	elf_end(r->elf);
	close(r->fd);
}

static const char *section_name(const struct reading *r, const GElf_Shdr *shdr)
{
	const char *name = elf_strptr(r->elf, r->names, shdr->sh_name);

	return name ? name : "";
}

/* The section that address `at` lies in, with contents in the file. */
static Elf_Scn *section_at(const struct reading *r, uint64_t at, uint64_t nbytes, GElf_Shdr *shdr)
{
	Elf_Scn *scn = NULL;

	while ((scn = elf_nextscn(r->elf, scn)))
		if (gelf_getshdr(scn, shdr) && (shdr->sh_flags & SHF_ALLOC) &&
		    shdr->sh_type != SHT_NOBITS && at >= shdr->sh_addr &&
		    at - shdr->sh_addr <= shdr->sh_size &&
		    nbytes <= shdr->sh_size - (at - shdr->sh_addr))
			return scn;
	return NULL;
}

/* Copies what the file has for `nbytes` at address `at`. */
static bool reading_copy(const struct reading *r, uint64_t at, uint64_t nbytes, void *to)
{
	GElf_Shdr shdr;
	uint64_t done = 0;

	if (!section_at(r, at, nbytes, &shdr) || shdr.sh_offset > (uint64_t)r->st.st_size ||
	    shdr.sh_size > (uint64_t)r->st.st_size - shdr.sh_offset)
		return false;
	while (done < nbytes) {
		ssize_t n = pread(r->fd, (char *)to + done, nbytes - done,
				  (off_t)(shdr.sh_offset + (at - shdr.sh_addr) + done));

		if (n <= 0)
			return false;
		done += (uint64_t)n;
	}
	return true;
}

static void object_note_section(struct object *o, const char *name, const GElf_Shdr *shdr)
{
	struct object_section s = { .address = shdr->sh_addr, .nbytes = shdr->sh_size };

	if (strcmp(name, "__llvm_prf_cnts") == 0)
		o->counters = s;
	else if (strcmp(name, "__llvm_prf_data") == 0)
		o->data = s;
	else if (strcmp(name, "__llvm_prf_bits") == 0)
		o->bitmaps = s;
	else if (strcmp(name, "__llvm_prf_names") == 0)
		o->names = s;
	else if (strcmp(name, "__llvm_covmap") == 0)
		o->mapped = shdr->sh_size > 0;
}

/* One of the functions that a host reads TML's table by. */
static bool is_table_function(const char *name)
{
	static const char *const names[NTABLE_FUNCTIONS] = {
		"tml_get_func_count", "tml_get_func_name", "tml_get_func_hits", "tml_reset_coverage",
	};

	for (size_t i = 0; i < NTABLE_FUNCTIONS; i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

/* What is known by symbols: the raw version, and TML's table. A library's must be exported. */
static void object_note_symbols(struct object *o, const struct reading *r, Elf_Scn *scn,
				const GElf_Shdr *shdr)
{
	Elf_Data *data = elf_getdata(scn, NULL);
	size_t n = data && shdr->sh_entsize ? data->d_size / shdr->sh_entsize : 0;
	unsigned ntable_functions = 0;
	GElf_Sym sym;

	for (size_t i = 0; i < n && i < INT32_MAX; i++) {
		const char *name;

		if (!gelf_getsym(data, (int)i, &sym) || sym.st_shndx == SHN_UNDEF)
			continue;
		name = elf_strptr(r->elf, shdr->sh_link, sym.st_name);
		if (!name)
			continue;
		if (strcmp(name, "__llvm_profile_raw_version") == 0)
			reading_copy(r, sym.st_value, sizeof(o->version), &o->version);
		else if (o->program)
			o->functions |= strcmp(name, "tml_coverage_write_file") == 0;
		else if (shdr->sh_type == SHT_DYNSYM)
			ntable_functions += is_table_function(name);
	}
	o->functions |= ntable_functions == NTABLE_FUNCTIONS;
}

/* Without symbols: the records of one version only are all in order as the other's. */
static void object_guess_version(struct object *o)
{
	static const uint64_t versions[] = { 8, 10 };
	struct proctor_error err;

	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
		struct raw_shape shape = { 0 };
		struct raw_header h;
		struct raw_function f;
		void *memory = NULL;
		bool good = o->data.nbytes % (versions[i] == 8 ? RECORD_8_BYTES :
					      RECORD_10_BYTES) == 0;

		o->version = versions[i];
		good = good && object_shape(o, &shape, &memory, &err) == 0 &&
		       raw_shape_header(&shape, &h, &err) == 0;
		for (uint64_t j = 0; good && j < h.ndata; j++)
			good = raw_read_function(&h, shape.data, j, &f, &err) == 0 &&
			       f.ncounters > 0;
		free(memory);
		if (good)
			return;
	}
	o->version = 0;
}

/* The address of a place in the file, before the loader moved it. */
static uint64_t reading_address(const struct reading *r, uint64_t offset)
{
	GElf_Phdr phdr;
	size_t n;

	if (elf_getphdrnum(r->elf, &n) < 0)
		return OBJECT_NOT_LOADED;
	for (size_t i = 0; i < n && gelf_getphdr(r->elf, (int)i, &phdr); i++)
		if (phdr.p_type == PT_LOAD && phdr.p_offset <= offset &&
		    offset - phdr.p_offset < phdr.p_filesz)
			return phdr.p_vaddr + (offset - phdr.p_offset);
	return OBJECT_NOT_LOADED;
}

/* Is there a loader that could preload something? A static program may have a dynamic section, too. */
static bool reading_is_dynamic(const struct reading *r)
{
	GElf_Phdr phdr;
	size_t n;

	if (elf_getphdrnum(r->elf, &n) < 0)
		return false;
	for (size_t i = 0; i < n && gelf_getphdr(r->elf, (int)i, &phdr); i++)
		if (phdr.p_type == PT_INTERP)
			return true;
	return false;
}

static void object_read(struct object *o, const struct reading *r)
{
	Elf_Scn *scn = NULL;
	GElf_Shdr shdr;
	GElf_Ehdr ehdr;

	while ((scn = elf_nextscn(r->elf, scn))) {
		if (!gelf_getshdr(scn, &shdr))
			continue;
		if (shdr.sh_type == SHT_SYMTAB || shdr.sh_type == SHT_DYNSYM)
			object_note_symbols(o, r, scn, &shdr);
		else
			object_note_section(o, section_name(r, &shdr), &shdr);
	}
	o->file = file_stamp_of(&r->st);
	o->dev = r->st.st_dev;
	o->ino = r->st.st_ino;
	o->base_address = reading_address(r, 0);
	o->phdrs_address = gelf_getehdr(r->elf, &ehdr) ? reading_address(r, ehdr.e_phoff)
						       : OBJECT_NOT_LOADED;
	o->dynamic = reading_is_dynamic(r);
	o->counts = o->counters.nbytes > 0 && o->data.nbytes > 0 && o->names.nbytes > 0;
	/* Nobody maps more than there is: a damaged header must not make the area huge. */
	if (o->counters.nbytes > (uint64_t)r->st.st_size ||
	    o->bitmaps.nbytes > (uint64_t)r->st.st_size)
		o->counts = false;
	if (o->counts && o->version == 0)
		object_guess_version(o);
}

static size_t objects_index(const struct objects *o, dev_t dev, ino_t ino)
{
	for (size_t i = o->n; i-- > 0;)
		if (o->list[i].ino == ino && o->list[i].dev == dev)
			return i;
	return OBJECT_NONE;
}

size_t objects_of_file(const struct objects *o, const char *path)
{
	struct stat st;

	return stat(path, &st) < 0 ? OBJECT_NONE : objects_index(o, st.st_dev, st.st_ino);
}

bool object_file_counts(const char *path)
{
	Elf_Scn *scn = NULL;
	struct reading r;
	GElf_Shdr shdr;
	bool counts = false;

	if (!reading_open(&r, path))
		return false;
	while (!counts && (scn = elf_nextscn(r.elf, scn)))
		counts = gelf_getshdr(scn, &shdr) && shdr.sh_size > 0 &&
			 strcmp(section_name(&r, &shdr), "__llvm_prf_cnts") == 0;
	reading_close(&r);
	return counts;
}

/* Adds the file if it is instrumented; its index, or OBJECT_NONE. -ENOMEM. */
static int objects_add(struct objects *o, const char *path, bool program, size_t *index)
{
	struct object found = { .program = program };
	struct reading r;

	*index = OBJECT_NONE;
	if (!reading_open(&r, path))
		return 0;
	*index = objects_index(o, r.st.st_dev, r.st.st_ino);
	if (*index == OBJECT_NONE) {
		found.path = (char *)path;
		object_read(&found, &r);
	}
	reading_close(&r);
	if (*index != OBJECT_NONE || (!found.counts && !found.functions))
		return 0;
	if (o->n == o->cap) {
		size_t cap = o->cap ? 2 * o->cap : 64;
		struct object *list = reallocarray(o->list, cap, sizeof(*list));

		if (!list)
			return -ENOMEM;
		o->list = list;
		o->cap = cap;
	}
	found.path = strdup(path);
	if (!found.path)
		return -ENOMEM;
	*index = o->n;
	o->list[o->n++] = found;
	return 0;
}

/* A program's needs are not resolved for the plan: nothing but coverage asks. */
static int program_needs(struct suite *suite, struct proctor_error *err)
{
	struct elf_file f;
	struct stat st;
	int ret = 0, fd = open(suite->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return 0;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    elf_open(&f, fd, (uint64_t)st.st_size, suite->path, NULL) == 0) {
		ret = suite_find_needed(suite, &f, err);
		elf_close(&f);
	}
	close(fd);
	return ret;
}

static bool index_counts(const struct objects *o, size_t index)
{
	return index != OBJECT_NONE && o->list[index].counts;
}

static int objects_add_suite(struct objects *o, struct suite *suite, struct proctor_error *err)
{
	struct suite_objects *of = &o->by_suite[suite->number];
	bool program = !suite->adapter->in_host;
	size_t index;

	if (objects_add(o, suite->path, program, &of->own) < 0)
		return -ENOMEM;
	of->counts = index_counts(o, of->own);
	if (program && suite->nneeds == 0 && program_needs(suite, err) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < suite->nneeds; i++) {
		if (!suite->needs[i].path || suite->needs[i].ino == suite->file.ino)
			continue;
		if (objects_add(o, suite->needs[i].path, false, &index) < 0)
			return -ENOMEM;
		of->counts = of->counts || index_counts(o, index);
	}
	return 0;
}

bool suite_is_selected(const struct suite *suite)
{
	for (size_t i = 0; i < suite->ntests; i++)
		if (suite->tests[i].selected)
			return true;
	return false;
}

int objects_find(struct objects *o, const struct proctor_plan *plan, struct proctor_error *err)
{
	*o = (struct objects){ .nsuites = plan->nsuites };
	o->by_suite = malloc((plan->nsuites ? plan->nsuites : 1) * sizeof(*o->by_suite));
	if (!o->by_suite)
		return error_set(err, -ENOMEM, "no memory for the objects of %zu suites",
				 plan->nsuites);
	for (size_t i = 0; i < plan->nsuites; i++) {
		struct suite *suite = plan->suites[i];

		o->by_suite[suite->number] = (struct suite_objects){ .own = OBJECT_NONE };
		if (!suite->error && suite_is_selected(suite) &&
		    objects_add_suite(o, suite, err) < 0) {
			objects_fini(o);
			return error_set(err, -ENOMEM, "no memory for what is instrumented in %s",
					 suite->path);
		}
	}
	return 0;
}

void objects_fini(struct objects *o)
{
	for (size_t i = 0; i < o->n; i++)
		free(o->list[i].path);
	free(o->list);
	free(o->by_suite);
	*o = (struct objects){ 0 };
}

struct object *objects_of_suite(const struct objects *o, const struct suite *suite)
{
	size_t i = suite->number < o->nsuites ? o->by_suite[suite->number].own : OBJECT_NONE;

	return i == OBJECT_NONE ? NULL : &o->list[i];
}

bool objects_suite_counts(const struct objects *o, const struct suite *suite)
{
	return suite->number < o->nsuites && o->by_suite[suite->number].counts;
}

bool objects_suite_loads(const struct objects *o, const struct suite *suite, size_t object)
{
	if (suite->number < o->nsuites && o->by_suite[suite->number].own == object)
		return true;
	for (size_t i = 0; i < suite->nneeds; i++)
		if (suite->needs[i].path && suite->needs[i].ino == o->list[object].ino &&
		    suite->needs[i].dev == o->list[object].dev)
			return true;
	return false;
}

int object_shape(const struct object *object, struct raw_shape *shape, void **memory,
		 struct proctor_error *err)
{
	struct reading r;
	char *bytes;

	*memory = NULL;
	if (object->version == 0)
		return error_set(err, -ENOTSUP, "cannot tell which LLVM built %s: it has no symbols "
				 "and its profile data are of no version known here", object->path);
	if (!reading_open(&r, object->path))
		return error_set(err, -EIO, "cannot read %s again", object->path);
	bytes = r.st.st_ino == object->ino && r.st.st_dev == object->dev &&
		object->data.nbytes <= (uint64_t)r.st.st_size &&
		object->names.nbytes <= (uint64_t)r.st.st_size
		? malloc(object->data.nbytes + object->names.nbytes) : NULL;
	if (!bytes || !reading_copy(&r, object->data.address, object->data.nbytes, bytes) ||
	    !reading_copy(&r, object->names.address, object->names.nbytes,
			  bytes + object->data.nbytes)) {
		free(bytes);
		reading_close(&r);
		return error_set(err, -EBADMSG, "%s has no longer the profile data it had when the "
				 "run began", object->path);
	}
	reading_close(&r);
	*memory = bytes;
	*shape = (struct raw_shape){
		.version = object->version,
		.data = bytes, .ndata_bytes = object->data.nbytes,
		.ncounter_bytes = object->counters.nbytes,
		.nbitmap_bytes = object->bitmaps.nbytes,
		.names = bytes + object->data.nbytes, .nnames = object->names.nbytes,
		.counters_delta = object->counters.address - object->data.address,
		.bitmap_delta = object->bitmaps.nbytes
			? object->bitmaps.address - object->data.address : 0,
		.names_delta = object->names.address,
	};
	return 0;
}
