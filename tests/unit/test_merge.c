/* SPDX-License-Identifier: MIT */
/* src/coverage/merge.h: sums of raw profiles, against hand-made ones and against llvm-profdata. */
#include "coverage/merge.h"

#include "fixture.h"
#include "profile_fixture.h"

#include <fcntl.h>
#include <gelf.h>
#include <signal.h>
#include <sys/resource.h>

#define MANY 20

static uint64_t sum_count(const struct merge_sum *sum, unsigned i)
{
	uint64_t count;

	memcpy(&count, sum->profile + sum->header.counters_at + 8 * i, 8);
	return count;
}

static uint64_t identity_of(const struct raw_header *h, const unsigned char *profile)
{
	struct proctor_error err;
	uint64_t identity;

	merge_check(h, profile, &identity, &err);
	return identity;
}

static struct merge_found add_good(struct merge *m, const struct profile *p)
{
	struct merge_found found;
	struct proctor_error err;

	fixture_write("p.profraw", p->bytes, p->nbytes);
	if (merge_add_file(m, "p.profraw", &found, &err) < 0)
		fail_msg("%s", err.text);
	return found;
}

static void add_bad(struct merge *m, const char *path, int code, const char *text)
{
	struct merge_found found;
	struct proctor_error err = { 0 };

	assert_int_equal(merge_add_file(m, path, &found, &err), code);
	if (!strstr(err.text, path) || !strstr(err.text, text))
		fail_msg("\"%s\" names neither %s nor \"%s\"", err.text, path, text);
}

static void counters_of_one_binary_are_added(void **state)
{
	(void)state;
	for (unsigned version = 8; version <= 10; version += 2) {
		struct merge m;

		m = (struct merge){ 0 };
		for (unsigned i = 0; i < MANY; i++) {
			struct profile p = profile_of(version, 100);

			/* Another process: addresses and binary ids are no difference. */
			p.load_address += 4096 * i;
			p.nids = i % 3;
			profile_make(&p);
			add_good(&m, &p);
		}
		assert_int_equal(m.sums.n, 1);
		assert_int_equal(m.sums.list[0]->nprofiles, MANY);
		for (unsigned i = 0; i < PROFILE_COUNTERS; i++)
			assert_int_equal(sum_count(m.sums.list[0], i), MANY * (100 + i));
		merge_fini(&m);
	}
}

static void binaries_are_told_apart(void **state)
{
	struct profile p = profile_of(8, 1), other_names = p, other_hash = p, newer = profile_of(10, 1);
	struct merge m;

	(void)state;
	m = (struct merge){ 0 };
	other_names.names = "MAIN names";
	profile_make(&other_names);
	other_hash.bytes[11 * 8 + 8]++;		/* the first function's structure */
	add_good(&m, &p);
	add_good(&m, &other_names);
	add_good(&m, &other_hash);
	add_good(&m, &newer);
	add_good(&m, &p);
	assert_int_equal(m.sums.n, 4);
	assert_int_equal(m.sums.list[0]->nprofiles, 2);
	for (size_t i = 0; i < m.sums.n; i++)
		for (size_t j = 0; j < i; j++)
			assert_true(m.sums.list[i]->identity != m.sums.list[j]->identity);
	merge_fini(&m);
}

static void sums_stop_where_llvm_stops(void **state)
{
	struct profile p = profile_of(8, UINT64_MAX - 20);
	struct merge m;

	(void)state;
	m = (struct merge){ 0 };
	add_good(&m, &p);
	add_good(&m, &p);
	assert_true(sum_count(m.sums.list[0], 0) == UINT64_MAX - 2);
	merge_fini(&m);
}

static void profiles_in_one_file_are_all_read(void **state)
{
	struct profile a = profile_of(8, 1), b = profile_of(10, 10);
	unsigned char both[3 * PROFILE_BYTES_MAX];
	struct merge_found found;
	struct proctor_error err;
	struct merge m;

	(void)state;
	memcpy(both, a.bytes, a.nbytes);
	memcpy(both + a.nbytes, b.bytes, b.nbytes);
	memcpy(both + a.nbytes + b.nbytes, a.bytes, a.nbytes);
	fixture_write("both", both, 2 * a.nbytes + b.nbytes);
	m = (struct merge){ 0 };
	assert_int_equal(merge_add_file(&m, "both", &found, &err), 0);
	assert_int_equal(found.nprofiles, 3);
	assert_ptr_equal(found.parts[0].sum, m.sums.list[0]);
	assert_ptr_equal(found.parts[1].sum, m.sums.list[1]);
	assert_ptr_equal(found.parts[2].sum, m.sums.list[0]);
	assert_int_equal(m.sums.list[0]->nprofiles, 2);
	assert_int_equal(sum_count(m.sums.list[0], 1), 4);
	assert_int_equal(sum_count(m.sums.list[1], 1), 11);
	merge_fini(&m);
}

static void a_damaged_file_adds_nothing(void **state)
{
	struct profile p = profile_of(10, 5), other = p;
	unsigned char both[2 * PROFILE_BYTES_MAX];
	struct merge m;

	(void)state;
	other.names = "some names";
	profile_make(&other);
	m = (struct merge){ 0 };
	add_good(&m, &p);
	/* The first profile in it is good, and the second one of a binary that is new. */
	memcpy(both, p.bytes, p.nbytes);
	memcpy(both + p.nbytes, other.bytes, other.nbytes);
	for (size_t n = 1; n < other.nbytes; n++) {
		fixture_write("cut", both, p.nbytes + n);
		add_bad(&m, "cut", -EBADMSG, "damaged");
		assert_int_equal(m.sums.n, 1);
		assert_int_equal(sum_count(m.sums.list[0], 0), 5);
	}
	fixture_write("whole", both, p.nbytes + other.nbytes);
	assert_int_equal(merge_add_file(&m, "whole", &(struct merge_found){ 0 }, NULL), 0);
	assert_int_equal(m.sums.n, 2);
	merge_fini(&m);
}

static void what_is_no_profile_is_named(void **state)
{
	static const char zeros[4096], text[] = "this is a text, and rather a long one for a text";
	struct merge m;

	(void)state;
	m = (struct merge){ 0 };
	fixture_write("empty", "", 0);
	add_bad(&m, "empty", -EBADMSG, "is empty");
	fixture_write("zeros", zeros, sizeof(zeros));
	add_bad(&m, "zeros", -EBADMSG, "does not begin as a raw profile does");
	fixture_write("text", text, sizeof(text));
	add_bad(&m, "text", -EBADMSG, "does not begin as a raw profile does");
	fixture_write("short", text, 7);
	add_bad(&m, "short", -EBADMSG, "too short");
	assert_int_equal(mkdir("directory", 0777), 0);
	add_bad(&m, "directory", -EBADMSG, "not a file");
	/* Nobody writes to it: opening must not wait. */
	assert_int_equal(mkfifo("fifo", 0666), 0);
	add_bad(&m, "fifo", -EBADMSG, "not a file");
	add_bad(&m, "missing", -ENOENT, "No such file");
	assert_int_equal(m.sums.n + m.others.n, 0);
	merge_fini(&m);
}

static void add_other(struct merge *m, const struct profile *p, const char *why)
{
	size_t nothers = m->others.n;
	struct merge_found found = add_good(m, p);

	assert_true(found.other);
	assert_int_equal(m->others.n, nothers + 1);
	assert_string_equal(m->others.list[nothers], "p.profraw");
	if (!strstr(m->reasons.list[nothers], why))
		fail_msg("\"%s\" is not \"%s\"", m->reasons.list[nothers], why);
}

static void what_does_not_fit_is_left_to_llvm(void **state)
{
	const uint64_t nine = 9;
	struct profile p = profile_of(8, 1);
	struct merge m;

	(void)state;
	m = (struct merge){ 0 };
	p.nvalue_sites = 2;
	profile_make(&p);
	add_other(&m, &p, "value profiles");
	p = profile_of(10, 1);
	p.nbitmap_bytes = 3;
	profile_make(&p);
	add_other(&m, &p, "bitmaps");
	p = profile_of(8, 1);
	memcpy(p.bytes + 8, &nine, 8);
	add_other(&m, &p, "version 9");
	p = profile_of(8, UINT64_MAX - 6);	/* the last counts are marks of LLVM's */
	add_other(&m, &p, "marks");
	assert_int_equal(m.sums.n, 0);
	merge_fini(&m);
}

#define LARGE_FUNCTIONS 3000u
#define LARGE_NAMES 200003u

/* A profile whose sections are larger than what is read at once; allocated. */
static unsigned char *large_profile(uint64_t version, struct raw_header *h)
{
	struct proctor_error err;
	unsigned char *profile;
	uint64_t size = version == 8 ? 48 : 64;

	*h = (struct raw_header){ .version = version, .nnames = LARGE_NAMES };
	assert_int_equal(raw_lay_out(h, LARGE_FUNCTIONS * size, LARGE_FUNCTIONS * 8, &err), 0);
	profile = calloc(1, h->nbytes);
	assert_non_null(profile);
	raw_write_header(h, profile);
	for (uint64_t i = 0; i < LARGE_FUNCTIONS; i++) {
		const uint64_t words[] = { 0x1111 * i, 0x77 + i, i * 8 - i * size }, count = 1;
		unsigned char *record = profile + h->data_at + i * size;
		uint32_t ncounters = 1;

		memcpy(record, words, sizeof(words));
		memcpy(record + (version == 8 ? 40 : 48), &ncounters, sizeof(ncounters));
		memcpy(profile + h->counters_at + 8 * i, &count, 8);
	}
	for (uint64_t i = 0; i < LARGE_NAMES; i++)
		profile[h->names_at + i] = (unsigned char)('a' + i % 26);
	return profile;
}

static void add_large(struct merge *m, const struct raw_header *h, const unsigned char *profile,
		      struct merge_found *found)
{
	struct proctor_error err;

	fixture_write("large", profile, h->nbytes);
	if (merge_add_file(m, "large", found, &err) < 0)
		fail_msg("%s", err.text);
}

/* Also what stands in the last piece of a section tells binaries apart, and is checked. */
static void sections_are_read_in_pieces(void **state)
{
	(void)state;
	for (uint64_t version = 8; version <= 10; version += 2) {
		struct merge_found found;
		struct merge m = { 0 };
		struct raw_header h;
		unsigned char *profile = large_profile(version, &h), *last;

		last = profile + h.data_at + (LARGE_FUNCTIONS - 1) * h.data_record_bytes;
		for (unsigned i = 0; i < 2; i++)
			add_large(&m, &h, profile, &found);
		assert_int_equal(m.sums.n, 1);
		assert_true(m.sums.list[0]->identity == identity_of(&h, profile));
		assert_int_equal(sum_count(m.sums.list[0], LARGE_FUNCTIONS - 1), 2);
		last[8]++;		/* the hash of its structure */
		add_large(&m, &h, profile, &found);
		assert_int_equal(m.sums.n, 2);
		profile[h.names_at + LARGE_NAMES - 1]++;
		add_large(&m, &h, profile, &found);
		assert_int_equal(m.sums.n, 3);
		assert_true(found.parts[0].sum->identity == identity_of(&h, profile));
		last[9]++;
		last[version == 8 ? 44 : 52] = 1;
		add_large(&m, &h, profile, &found);
		assert_true(found.other);
		last[16] ^= 1;		/* the place of its counter */
		fixture_write("large", profile, h.nbytes);
		add_bad(&m, "large", -EBADMSG, "the counters of function 2999 ");
		assert_int_equal(m.sums.n, 3);
		free(profile);
		merge_fini(&m);
	}
}

static void a_sum_that_cannot_be_written_leaves_nothing(void **state)
{
	struct profile p = profile_of(8, 1);
	struct rlimit old, none;
	struct proctor_error err;
	struct merge m;

	(void)state;
	m = (struct merge){ 0 };
	add_good(&m, &p);
	assert_int_equal(merge_write(m.sums.list[0], "no/such/place", &err), -ENOENT);
	assert_non_null(strstr(err.text, "no/such/place"));
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	none = old;
	none.rlim_cur = 16;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
	assert_int_equal(merge_write(m.sums.list[0], "sum", &err), -EFBIG);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	signal(SIGXFSZ, SIG_DFL);
	assert_int_equal(access("sum", F_OK), -1);
	assert_int_equal(access("sum.new", F_OK), -1);
	merge_fini(&m);
}

/* Every byte flipped, every word made huge, then many at random: an answer each time, and what was
 * there before is as it was. */
static void mutate(const struct profile *good, unsigned nrounds)
{
	uint64_t random = 88172645463325252ull;
	struct merge m;

	m = (struct merge){ 0 };
	add_good(&m, good);
	for (unsigned i = 0; i < nrounds; i++) {
		struct profile bad = *good;
		struct merge_found found;
		struct proctor_error err = { 0 };
		unsigned nchanges = i < bad.nbytes ? 1 : 1 + i % 5;
		int ret;

		for (unsigned j = 0; j < nchanges; j++) {
			size_t at;

			random ^= random << 13, random ^= random >> 7, random ^= random << 17;
			at = i < bad.nbytes ? i : random % bad.nbytes;
			bad.bytes[at] ^= (unsigned char)(random >> 32 | 1);
		}
		if (i % 7 == 0)
			bad.nbytes -= random % bad.nbytes;
		fixture_write("bad", bad.bytes, bad.nbytes);
		ret = merge_add_file(&m, "bad", &found, &err);
		if (ret < 0)
			assert_true(ret == -EBADMSG && strstr(err.text, "bad"));
		if (m.sums.n > 50 || m.others.n > 50) {
			merge_fini(&m);
			add_good(&m, good);
		}
	}
	merge_fini(&m);
}

static void a_scribbled_profile_is_answered(void **state)
{
	unsigned nrounds = getenv("PROCTOR_SOAK") ? 400000 : 3000;
	struct profile p8 = profile_of(8, 3), p10 = profile_of(10, 3);

	(void)state;
	mutate(&p8, nrounds);
	mutate(&p10, nrounds);
}

/* What follows is real: programs of each clang there is, and what their llvm-profdata says. */

static const char program[] =
	"#include <stdio.h>\n#include <stdlib.h>\n"
	"static int odd(int n) { return n % 2 ? 1 : 0; }\n"
	"static int never(int n) { return n ? never(n - 1) : 1; }\n"
	"int main(int argc, char **argv)\n{\n"
	"	int n = argc > 1 ? atoi(argv[1]) : 0, s = 0;\n"
	"	for (int i = 0; i < n; i++)\n		s += odd(i);\n"
	"	if (s > 1000000)\n		s = never(s);\n"
	"	return s > 1 && n < 0;\n}\n";

/* False: this clang is not here; CI has all three. */
static bool real_programs(const char *clang)
{
	char path[64];

	snprintf(path, sizeof(path), "/usr/bin/%s", clang);
	if (access(path, X_OK) < 0) {
		print_message("%s is not installed: not tried\n", clang);
		return false;
	}
	fixture_write("program.c", program, strlen(program));
	fixture_run("%s -g -fprofile-instr-generate -fcoverage-mapping -o program program.c", clang);
	return true;
}

static void same_as_llvm(const char *version, const struct merge *m)
{
	struct proctor_error err;

	assert_int_equal(m->others.n, 0);
	assert_int_equal(m->sums.n, 1);
	assert_int_equal(merge_write(m->sums.list[0], "ours.profraw", &err), 0);
	fixture_run("llvm-profdata-%s merge -sparse -o ours ours.profraw", version);
	fixture_run("llvm-profdata-%s merge -sparse -o theirs run-*.profraw", version);
	fixture_run("llvm-profdata-%s show --all-functions --counts ours > ours.txt", version);
	fixture_run("llvm-profdata-%s show --all-functions --counts theirs > theirs.txt", version);
	fixture_run("cmp ours.txt theirs.txt && grep -q 'Function count: %d' ours.txt", MANY);
}

static void the_merge_equals_llvms(void **state)
{
	static const char *const llvm[] = { "14", "16", "19" };

	(void)state;
	for (size_t v = 0; v < 3; v++) {
		char clang[16], path[32];
		struct merge_found found;
		struct proctor_error err;
		struct merge m;

		snprintf(clang, sizeof(clang), "clang-%s", llvm[v]);
		if (!real_programs(clang))
			continue;
		m = (struct merge){ 0 };
		for (int i = 0; i < MANY; i++) {
			snprintf(path, sizeof(path), "run-%d.profraw", i);
			fixture_run("LLVM_PROFILE_FILE=%s ./program %d", path, 7 * i);
			assert_int_equal(merge_add_file(&m, path, &found, &err), 0);
		}
		same_as_llvm(llvm[v], &m);
		merge_fini(&m);
		fixture_run("rm run-*.profraw");
	}
}

/* A section's address, and its bytes in the file if `copy` is not NULL. */
static uint64_t section_read(const char *path, const char *name, void **copy, uint64_t *nbytes)
{
	int fd = open(path, O_RDONLY);
	uint64_t address = 0;
	Elf_Scn *scn = NULL;
	GElf_Shdr shdr;
	size_t names;
	Elf *elf;

	elf_version(EV_CURRENT);
	elf = elf_begin(fd, ELF_C_READ, NULL);
	assert_int_equal(elf_getshdrstrndx(elf, &names), 0);
	*nbytes = 0;
	while ((scn = elf_nextscn(elf, scn))) {
		gelf_getshdr(scn, &shdr);
		if (strcmp(elf_strptr(elf, names, shdr.sh_name), name) != 0)
			continue;
		address = shdr.sh_addr;
		*nbytes = shdr.sh_size;
		if (copy) {
			*copy = malloc(shdr.sh_size);
			memcpy(*copy, elf_getdata(scn, NULL)->d_buf, shdr.sh_size);
		}
	}
	elf_end(elf);
	close(fd);
	return address;
}

/* A profile without counts, made of the sections of a program. */
static unsigned char *blank_make(const char *path, uint64_t version, struct raw_header *h)
{
	struct proctor_error err;
	void *data, *names;
	unsigned char *profile;
	uint64_t ndata, ncounters, at_data = section_read(path, "__llvm_prf_data", &data, &ndata);

	*h = (struct raw_header){ .version = version };
	h->counters_delta = section_read(path, "__llvm_prf_cnts", NULL, &ncounters) - at_data;
	h->names_delta = section_read(path, "__llvm_prf_names", &names, &h->nnames);
	assert_int_equal(raw_lay_out(h, ndata, ncounters, &err), 0);
	profile = calloc(1, h->nbytes);
	raw_write_header(h, profile);
	memcpy(profile + h->data_at, data, ndata);
	memcpy(profile + h->names_at, names, h->nnames);
	free(data);
	free(names);
	return profile;
}

static struct merge_sum *counters_add(struct merge *m, const char *path, uint64_t version,
				      const uint64_t *counters)
{
	struct proctor_error err;
	struct merge_sum *sum;
	struct raw_header h;
	unsigned char *profile = blank_make(path, version, &h);

	assert_int_equal(merge_add_counters(m, &h, profile, counters, &sum, &err), 0);
	return sum;
}

/* Counters from a process that left no profile find, or make, the sum of those that did. */
static void copied_counters_are_of_the_same_binary(void **state)
{
	static const struct { const char *llvm; uint64_t raw; } kinds[] = {
		{ "14", 8 }, { "16", 8 }, { "19", 10 },
	};

	(void)state;
	for (size_t v = 0; v < 3; v++) {
		struct merge m, alone;
		struct merge_found found;
		struct merge_sum *sum;
		struct proctor_error err;
		struct raw_header h;
		unsigned char *blank;
		uint64_t *counters;
		char clang[16];

		snprintf(clang, sizeof(clang), "clang-%s", kinds[v].llvm);
		if (!real_programs(clang))
			continue;
		fixture_run("LLVM_PROFILE_FILE=run-0.profraw ./program 5");
		blank = blank_make("program", kinds[v].raw, &h);
		m = (struct merge){ 0 };
		assert_int_equal(merge_add_file(&m, "run-0.profraw", &found, &err), 0);
		assert_true(found.parts[0].sum->identity == identity_of(&h, blank));
		free(blank);
		/* The counters of that very profile, as if they had been copied. */
		counters = malloc(8 * h.ncounters);
		memcpy(counters, m.sums.list[0]->profile + m.sums.list[0]->header.counters_at,
		       8 * h.ncounters);
		sum = counters_add(&m, "program", kinds[v].raw, counters);
		assert_ptr_equal(sum, m.sums.list[0]);
		assert_true(sum_count(sum, 0) == 2 * counters[0] && counters[0] > 0);

		/* Without any profile from a runtime: LLVM takes ours for one. */
		alone = (struct merge){ 0 };
		for (int i = 0; i < MANY; i++)
			counters_add(&alone, "program", kinds[v].raw, counters);
		for (int i = 1; i < MANY; i++)
			fixture_run("cp run-0.profraw run-%d.profraw", i);
		same_as_llvm(kinds[v].llvm, &alone);
		/* And a real one that comes later is of the same binary. */
		assert_int_equal(merge_add_file(&alone, "run-0.profraw", &found, &err), 0);
		assert_int_equal(alone.sums.n, 1);
		merge_fini(&alone);
		merge_fini(&m);
		free(counters);
		fixture_run("rm run-*.profraw");
	}
}

/* Good profiles for a fuzzer to begin with. */
static int corpus_write(const char *dir)
{
	const struct profile p8 = profile_of(8, 3), p10 = profile_of(10, 3);
	char path[4096];

	snprintf(path, sizeof(path), "%s/version-8", dir);
	fixture_write(path, p8.bytes, p8.nbytes);
	snprintf(path, sizeof(path), "%s/version-10", dir);
	fixture_write(path, p10.bytes, p10.nbytes);
	return 0;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counters_of_one_binary_are_added),
		cmocka_unit_test(binaries_are_told_apart),
		cmocka_unit_test(sums_stop_where_llvm_stops),
		cmocka_unit_test(profiles_in_one_file_are_all_read),
		cmocka_unit_test(a_damaged_file_adds_nothing),
		cmocka_unit_test(what_is_no_profile_is_named),
		cmocka_unit_test(what_does_not_fit_is_left_to_llvm),
		cmocka_unit_test(sections_are_read_in_pieces),
		cmocka_unit_test(a_sum_that_cannot_be_written_leaves_nothing),
		cmocka_unit_test(a_scribbled_profile_is_answered),
		cmocka_unit_test(the_merge_equals_llvms),
		cmocka_unit_test(copied_counters_are_of_the_same_binary),
	};

	if (argc == 2 && strncmp(argv[1], "--corpus=", 9) == 0)
		return corpus_write(argv[1] + 9);
	return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
