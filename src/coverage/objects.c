/* SPDX-License-Identifier: MIT */
#include "coverage/objects.h"

#include "base/elf.h"
#include "coverage/merge.h"
#include "plan/libraries.h"
#include "plan/needed.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

/* What is known by symbols: the raw version, and TML's table. A library's must be exported. */
static void object_note_symbols(struct object *o, const struct elf_sections *e, Elf_Scn *scn,
				const GElf_Shdr *shdr)
{
	bool exported = shdr->sh_type == SHT_DYNSYM;
	const char *of_table = o->program ? "tml_coverage_write_file" : "tml_get_func_count";
	Elf_Data *data = elf_getdata(scn, NULL);
	size_t n = data && shdr->sh_entsize ? data->d_size / shdr->sh_entsize : 0;
	GElf_Sym sym;

	for (size_t i = 0; i < n && i < INT32_MAX; i++) {
		const char *name;

		if (!gelf_getsym(data, (int)i, &sym) || sym.st_shndx == SHN_UNDEF)
			continue;
		name = elf_strptr(e->elf, shdr->sh_link, sym.st_name);
		if (!name)
			continue;
		if (strcmp(name, "__llvm_profile_raw_version") == 0)
			elf_sections_copy(e, sym.st_value, sizeof(o->version), &o->version);
		else if (o->program || exported)
			o->functions |= strcmp(name, of_table) == 0;
	}
}

/* Which binary a profile is of is told by its names and records, as the file has them. Without symbols its
 * version is that by which all records are in order: those of no other are. */
static void object_identify(struct object *o)
{
	const uint64_t versions[] = { o->version ? o->version : 8, 10 };
	bool known = o->version != 0;
	struct proctor_error err;
	unsigned char *profile;
	struct raw_header h;

	for (size_t i = 0; i < (known ? 1 : 2) && o->identity == 0; i++) {
		uint64_t identity;
		int check;

		o->version = versions[i];
		if (object_profile(o, &h, &profile, &err) < 0)
			continue;
		check = merge_check(&h, profile, &identity, &err);
		if (known || check != -EBADMSG)
			o->identity = identity;
		o->summed = check == 0;
		free(profile);
	}
	if (!known && o->identity == 0)
		o->version = 0;
}

static void object_read(struct object *o, const struct elf_sections *e)
{
	Elf_Scn *scn = NULL;
	const char *name;
	GElf_Shdr shdr;

	while ((scn = elf_sections_next(e, scn, &shdr, &name)))
		if (shdr.sh_type == SHT_SYMTAB || shdr.sh_type == SHT_DYNSYM)
			object_note_symbols(o, e, scn, &shdr);
		else
			object_note_section(o, name, &shdr);
	o->file = file_stamp_of(&e->st);
	o->base_address = elf_sections_address(e, 0);
	o->phdrs_address = elf_sections_phdrs(e);
	o->dynamic = elf_sections_have_loader(e);
	o->counts = o->counters.nbytes > 0 && o->data.nbytes > 0 && o->names.nbytes > 0;
	/* Nobody maps more than there is: a damaged header must not make the area huge. */
	if (o->counters.nbytes > (uint64_t)e->st.st_size ||
	    o->bitmaps.nbytes > (uint64_t)e->st.st_size)
		o->counts = false;
	if (o->counts)
		object_identify(o);
}

static size_t objects_index(const struct objects *o, dev_t dev, ino_t ino)
{
	for (size_t i = o->n; i-- > 0;)
		if (o->list[i].file.ino == ino && o->list[i].file.dev == dev)
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
	struct elf_sections e;
	Elf_Scn *scn = NULL;
	const char *name;
	GElf_Shdr shdr;
	bool counts = false;

	if (!elf_sections_open(&e, path))
		return access(path, F_OK) < 0;
	while (!counts && (scn = elf_sections_next(&e, scn, &shdr, &name)))
		counts = shdr.sh_size > 0 && strcmp(name, "__llvm_prf_cnts") == 0;
	elf_sections_close(&e);
	return counts;
}

/* Adds the file if it is instrumented; its index, or OBJECT_NONE. -ENOMEM. */
static int objects_add(struct objects *o, const char *path, bool program, size_t *index)
{
	struct object found = { .path = (char *)path, .program = program }, *object;
	struct elf_sections e;

	*index = OBJECT_NONE;
	if (!elf_sections_open(&e, path))
		return 0;
	*index = objects_index(o, e.st.st_dev, e.st.st_ino);
	if (*index == OBJECT_NONE)
		object_read(&found, &e);
	elf_sections_close(&e);
	if (*index != OBJECT_NONE || (!found.counts && !found.functions))
		return 0;
	found.path = strdup(path);
	object = found.path ? vector_add(o) : NULL;
	if (!object) {
		free(found.path);
		return -ENOMEM;
	}
	*object = found;
	o->counts |= found.counts;
	o->functions |= found.functions;
	*index = o->n - 1;
	return 0;
}

/* A program's needs are not resolved for the plan: nothing but coverage asks. */
static int program_needs(struct suite *suite, struct proctor_error *err)
{
	struct elf_file f;
	struct stat st;
	int ret, fd = elf_open_path(&f, suite->path, &st);

	if (fd < 0)
		return 0;
	ret = suite_find_needed(suite, &f, err);
	elf_close(&f);
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
	of->counts = of->summed = index_counts(o, of->own);
	if (program && suite->nneeds == 0 && program_needs(suite, err) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < suite->nneeds; i++) {
		if (!suite->needs[i].path || suite->needs[i].ino == suite->file.ino)
			continue;
		if (objects_add(o, suite->needs[i].path, false, &index) < 0)
			return -ENOMEM;
		of->counts = of->summed = of->counts || index_counts(o, index);
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

/* Of what is loaded together either all is summed or LLVM's runtime writes profiles of all. */
static bool suite_spoils(struct objects *o, const struct suite *suite)
{
	struct suite_objects *of = &o->by_suite[suite->number];
	bool spoils = false;

	for (size_t i = 0; i < o->n && of->summed; i++)
		if (o->list[i].counts && !o->list[i].summed && objects_suite_loads(o, suite, i))
			spoils = true;
	if (!spoils)
		return false;
	of->summed = false;
	for (size_t i = 0; i < o->n; i++)
		if (objects_suite_loads(o, suite, i))
			o->list[i].summed = false;
	return true;
}

static void objects_settle(struct objects *o, const struct proctor_plan *plan)
{
	bool settled = false;

	while (!settled) {
		settled = true;
		for (size_t i = 0; i < plan->nsuites; i++)
			if (o->by_suite[plan->suites[i]->number].counts &&
			    suite_spoils(o, plan->suites[i]))
				settled = false;
	}
}

int objects_find(struct objects *o, const struct proctor_plan *plan, struct proctor_error *err)
{
	*o = (struct objects){ .nsuites = plan->nsuites };
	o->by_suite = calloc(plan->nsuites + 1, sizeof(*o->by_suite));
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
	objects_settle(o, plan);
	return 0;
}

void objects_fini(struct objects *o)
{
	for (size_t i = 0; i < o->n; i++) {
		free(o->list[i].path);
		free(o->list[i].sum);
	}
	free(o->list);
	free(o->by_suite);
	*o = (struct objects){ 0 };
}

bool object_add(struct object *o, const uint64_t *image)
{
	uint64_t n = object_image_bytes(o) / sizeof(*image);

	if (!o->sum)
		o->sum = calloc(n + 1, sizeof(*o->sum));
	if (o->sum)
		counts_add(o->sum, image, n);
	return o->sum;
}

const struct suite_objects *objects_of_suite(const struct objects *o, const struct suite *suite)
{
	static const struct suite_objects none = { .own = OBJECT_NONE };

	return suite && suite->number < o->nsuites ? &o->by_suite[suite->number] : &none;
}

bool objects_suite_loads(const struct objects *o, const struct suite *suite, size_t object)
{
	if (objects_of_suite(o, suite)->own == object)
		return true;
	for (size_t i = 0; i < suite->nneeds; i++)
		if (suite->needs[i].path && suite->needs[i].ino == o->list[object].file.ino &&
		    suite->needs[i].dev == o->list[object].file.dev)
			return true;
	return false;
}

int object_profile(const struct object *object, struct raw_header *h, unsigned char **profile,
		   struct proctor_error *err)
{
	const struct object_section *data = &object->data, *names = &object->names;
	const struct object_section *bitmaps = &object->bitmaps;
	struct elf_sections e;
	bool copied;
	int ret;

	if (object->version == 0)
		return error_set(err, -ENOTSUP, "cannot tell which LLVM built %s: it has no symbols "
				 "and its profile data are of no version known here", object->path);
	*h = (struct raw_header){
		.version = object->version, .nbitmap_bytes = bitmaps->nbytes, .nnames = names->nbytes,
		.counters_delta = object->counters.address - data->address,
		.bitmap_delta = bitmaps->nbytes ? bitmaps->address - data->address : 0,
		.names_delta = names->address,
	};
	ret = raw_lay_out(h, data->nbytes, object->counters.nbytes, err);
	if (ret < 0)
		return ret;
	if (!elf_sections_open(&e, object->path))
		return error_set(err, -EIO, "cannot read %s again", object->path);
	*profile = e.st.st_ino == object->file.ino && e.st.st_dev == object->file.dev &&
		   h->nbytes <= 4 * (uint64_t)e.st.st_size ? calloc(1, h->nbytes) : NULL;
	copied = *profile && elf_sections_copy(&e, data->address, data->nbytes, *profile + h->data_at) &&
		 elf_sections_copy(&e, names->address, names->nbytes, *profile + h->names_at);
	elf_sections_close(&e);
	if (copied) {
		raw_write_header(h, *profile);
		return 0;
	}
	free(*profile);
	return error_set(err, -EBADMSG, "%s has no longer the profile data it had when the run began",
			 object->path);
}
