/* SPDX-License-Identifier: MIT */
/* Reading of ELF files, sound ones and others. */
#include "fixture.h"

#include <elf.h>

#include "base/container.h"
#include "base/elf.h"
#include "plan/model.h"

#define SOURCE                                                                                     \
	"int tml_test_0(void) { return 0; }\n"                                                     \
	"int tml_test_1(void) { return 0; }\n"

/* What discovery makes of the file; the error's text, or NULL. Freed with the plan. */
static const char *suite_error(struct proctor_plan *plan, const char *path)
{
	struct proctor_error err;

	assert_int_equal(proctor_plan_add_path(plan, path, NULL, &err), 0);
	assert_int_equal(plan->nsuites, 1);
	return plan->suites[0]->error;
}

static void assert_broken(const char *path, const char *cause)
{
	struct proctor_plan *plan = proctor_plan_new();
	const char *error = suite_error(plan, path);

	if (!error || !strstr(error, cause) || !strstr(error, path) || strchr(error, '\n'))
		fail_msg("%s: \"%s\", expected \"%s\"", path, error, cause);
	assert_int_equal(proctor_plan_ntests(plan), 1);
	assert_string_equal(proctor_plan_test(plan, 0)->name, "(load)");
	proctor_plan_free(plan);
}

/* good.so with `nbytes` at `offset` replaced, as bad.so. */
static void write_patched(const char *path, size_t offset, const void *patch, size_t npatch)
{
	size_t n;
	unsigned char *bytes = fixture_read("good.so", &n);

	assert_true(offset + npatch <= n);
	memcpy(bytes + offset, patch, npatch);
	fixture_write(path, bytes, n);
	free(bytes);
}

static void a_library_tells_its_names_and_needs(void **state)
{
	struct elf_file f;
	struct stat st;
	size_t ntests = 0, i = 0;
	int fd = open("good.so", O_RDONLY);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(elf_open(&f, fd, (uint64_t)st.st_size, "good.so", NULL), 0);
	assert_false(f.executable);
	assert_string_equal(f.soname, "libgood.so.1");
	assert_string_equal(f.runpath, "$ORIGIN/lib");
	for (size_t j = 0; j < f.nsymbols; j++)
		ntests += strncmp(elf_symbol_name(&f, j), "tml_test_", 9) == 0;
	assert_int_equal(ntests, 2);
	assert_non_null(elf_needed(&f, &i));
	elf_close(&f);
	close(fd);
}

static void what_is_wrong_is_named(void **state)
{
	static const uint16_t arm = EM_AARCH64, object = ET_REL, many = 60000;
	static const uint64_t far = 1 << 30;
	static const unsigned char class32 = ELFCLASS32, class9 = 9;

	(void)state;
	assert_broken("missing.so", "No such file or directory");
	fixture_write("empty.so", "", 0);
	assert_broken("empty.so", "is empty");
	fixture_write("text.txt", "hello\n", 6);
	assert_broken("text.txt", "neither an ELF file");
	fixture_write("magic.so", "\177ELF", 4);
	assert_broken("magic.so", "truncated");
	assert_broken("/dev/null", "not a regular file");
#if defined(__x86_64__)
	write_patched("arm.so", offsetof(Elf64_Ehdr, e_machine), &arm, sizeof(arm));
	assert_broken("arm.so", "is built for aarch64 (64-bit), but this machine is x86-64");
#endif
	write_patched("object.so", offsetof(Elf64_Ehdr, e_type), &object, sizeof(object));
	assert_broken("object.so", "is an object file");
	write_patched("far.so", offsetof(Elf64_Ehdr, e_shoff), &far, sizeof(far));
	assert_broken("far.so", "is truncated: its table of sections");
	write_patched("many.so", offsetof(Elf64_Ehdr, e_shnum), &many, sizeof(many));
	assert_broken("many.so", "is truncated: its table of sections");
	write_patched("class.so", EI_CLASS, &class9, 1);
	assert_broken("class.so", "damaged");
	write_patched("class32.so", EI_CLASS, &class32, 1);
	assert_broken("class32.so", "class32.so");
	fixture_compile("none.so", "-shared -fPIC", "int f(void) { return 0; }");
	assert_broken("none.so", "shared library without tests");
}

static void a_file_that_may_not_be_read_is_named(void **state)
{
	bool root = geteuid() == 0;

	(void)state;
	write_patched("secret.so", 0, "\177", 1);
	assert_int_equal(chmod("secret.so", 0), 0);
	assert_int_equal(chmod(".", 0755), 0);
	/* Root may read everything. */
	if (root)
		assert_int_equal(seteuid(65534), 0);
	assert_broken("secret.so", "Permission denied");
	if (root)
		assert_int_equal(seteuid(0), 0);
}

/* Whatever is done to the file: an answer, and a suite that is whole or has an error. */
static void assert_answered(const char *path)
{
	struct proctor_plan *plan = proctor_plan_new();
	const char *error = suite_error(plan, path);
	const struct suite *s = plan->suites[0];

	assert_true(s->ntests > 0);
	if (error)
		assert_non_null(strstr(error, path));
	for (size_t i = 0; i < s->ntests; i++)
		assert_true(strlen(s->tests[i].pub.id) > 0);
	proctor_plan_free(plan);
}

static void a_file_cut_off_anywhere_is_answered(void **state)
{
	size_t n;
	unsigned char *bytes = fixture_read("good.so", &n);

	(void)state;
	for (size_t length = 0; length < n; length += length < 1024 ? 13 : 211) {
		struct proctor_plan *plan = proctor_plan_new();
		const char *error;

		fixture_write("cut.so", bytes, length);
		/* The table of sections is at the very end: no part is enough. */
		error = suite_error(plan, "cut.so");
		assert_non_null(error);
		assert_non_null(strstr(error, "cut.so"));
		proctor_plan_free(plan);
	}
	free(bytes);
}

/* xorshift: the same mutations on every machine. */
static uint32_t next_random(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

/* Flips bytes of the whole file, and of the places where the tables are. */
static void mutate(const char *good, unsigned nrounds)
{
	size_t n;
	unsigned char *bytes = fixture_read(good, &n), *bad = malloc(n);
	Elf64_Ehdr ehdr;
	uint32_t seed = 2463534242u;

	assert_non_null(bad);
	memcpy(&ehdr, bytes, sizeof(ehdr));
	for (unsigned i = 0; i < nrounds; i++) {
		size_t start = 0, span = n;

		if (i % 4 == 1) {
			span = sizeof(ehdr) + ehdr.e_phnum * sizeof(Elf64_Phdr);
		} else if (i % 4 == 2) {
			start = ehdr.e_shoff;
			span = ehdr.e_shnum * sizeof(Elf64_Shdr);
		} else if (i % 4 == 3) {
			span = 4096;
		}
		memcpy(bad, bytes, n);
		for (unsigned j = 0; j <= i % 8; j++)
			bad[start + next_random(&seed) % span] = (unsigned char)next_random(&seed);
		fixture_write("mutant.so", bad, n);
		if (memcmp(bad, ELFMAG, SELFMAG) == 0)
			assert_answered("mutant.so");
	}
	free(bad);
	free(bytes);
}

static void a_scribbled_file_is_answered(void **state)
{
	unsigned nrounds = getenv("PROCTOR_SOAK") ? 100000 : 400;

	(void)state;
	mutate("good.so", nrounds);
	mutate("entries.so", nrounds);
}

/* Whether an executable may lead its session is told by what it calls. */
static void assert_leads(const char *path, bool leads)
{
	struct proctor_plan *plan = proctor_plan_new();

	assert_null(suite_error(plan, path));
	assert_ptr_equal(plan->suites[0]->adapter, &adapter_exe);
	assert_int_equal(plan->suites[0]->leads, leads);
	proctor_plan_free(plan);
}

static void a_program_that_calls_setsid_leads_nothing(void **state)
{
	(void)state;
	fixture_compile("plain", "", "#include <unistd.h>\nint main(void) { return getpid() < 0; }\n");
	fixture_compile("asks", "", "#include <unistd.h>\nint main(void) { return setsid() < 0; }\n");
	fixture_compile("own", "", "int my_setsid(void) { return 0; }\n"
			"int main(void) { return my_setsid(); }\n");
	fixture_compile("groups", "", "#include <unistd.h>\nint main(void) { return setpgid(0, 0); }\n");
	assert_leads("plain", true);
	assert_leads("own", true);
	assert_leads("asks", false);
	assert_leads("groups", false);
	/* The first terminal that a session's leader opens is that session's. */
	fixture_compile("opens", "", "#include <stdlib.h>\nint main(void) { return !ptsname(0); }\n");
	assert_leads("opens", false);
	fixture_compile("go", "", "__asm__(\".pushsection .note.go.buildid, \\\"a\\\", %note\\n.balign 4\\n\"\n"
			"\".long 4, 4, 4\\n.ascii \\\"Go\\\\0\\\\0abcd\\\"\\n.popsection\\n\");\n"
			"int main(void) { return 0; }\n");
	assert_leads("go", false);
	/* These cannot be looked into, or not so easily. */
	fixture_run("printf '#!/bin/sh\\n' >script && chmod +x script");
	assert_leads("script", false);
}

static int setup(void **state)
{
	if (fixture_setup(state) < 0)
		return -1;
	fixture_compile("good.so", "-shared -fPIC -Wl,-soname,libgood.so.1,--enable-new-dtags,"
			"-rpath,'$ORIGIN/lib' -Wl,--no-as-needed", SOURCE);
	fixture_library("entries.so",
		"struct entry { unsigned abi, size, timeout_ms, expect_fail, line, reserved;\n"
		"	void (*run)(void); const void **calls; };\n"
		"static void run(void) {}\n"
		"struct entry proctor_entry__a = {1, 40, 0, 0, 3, 0, run, 0};\n"
		"struct entry proctor_entry__b = {1, 40, 0, 0, 2, 0, run, 0};\n"
		"char proctor_label__a[] = \"a\\0f.c\";\n"
		"char proctor_label__b[] = \"b\\0f.c\";\n");
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_library_tells_its_names_and_needs),
		cmocka_unit_test(what_is_wrong_is_named),
		cmocka_unit_test(a_file_that_may_not_be_read_is_named),
		cmocka_unit_test(a_file_cut_off_anywhere_is_answered),
		cmocka_unit_test(a_scribbled_file_is_answered),
		cmocka_unit_test(a_program_that_calls_setsid_leads_nothing),
	};

	return cmocka_run_group_tests(tests, setup, fixture_teardown);
}
