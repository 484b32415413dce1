/* SPDX-License-Identifier: MIT */
/* Which libraries may be closed while the process goes on. */
#include "fixture.h"

#include "plan/model.h"

#define ONE_TEST "int tml_test_0(void) { return 0; }\n"
#define SHARED "-shared -fPIC -O1 "

struct row {
	const char *title, *flags, *source;
	bool closable;
};

static const struct row rows[] = {
	{ "a trivial test", SHARED, ONE_TEST, true },
	{ "a trivial test without the compiler's own parts", SHARED "-nostdlib", ONE_TEST, true },
	{ "what a C test usually calls", SHARED,
	  "#include <assert.h>\n#include <ctype.h>\n#include <errno.h>\n#include <setjmp.h>\n"
	  "#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\n#include <unistd.h>\n"
	  "static jmp_buf back;\n"
	  "__attribute__((constructor)) static void begins(void) { setenv(\"A\", \"B\", 1); }\n"
	  "int tml_test_0(void) {\n"
	  "	char text[64], *copy = strdup(\"text\");\n"
	  "	FILE *file = fopen(\"/dev/null\", \"w\");\n"
	  "	if (setjmp(back)) return 1;\n"
	  "	assert(copy && file);\n"
	  "	fprintf(file, \"%s\", copy); fclose(file);\n"
	  "	snprintf(text, sizeof(text), \"%d\", errno);\n"
	  "	puts(text); fputs(copy, stderr); errno = 0;\n"
	  "	if (isspace((unsigned char)copy[strlen(text)])) longjmp(back, 1);\n"
	  "	free(copy);\n"
	  "	return write(1, text, 1) == 1 && strtol(text, NULL, 10) == 0 ? 0 : abs(-1);\n"
	  "}\n", true },
	{ "a handler for the exit", SHARED,
	  "#include <stdlib.h>\nstatic void bye(void) {}\n"
	  "int tml_test_0(void) { return atexit(bye); }\n", false },
	{ "a destructor", SHARED,
	  ONE_TEST "int ended; __attribute__((destructor)) static void bye(void) { ended++; }\n", false },
	{ "a destructor without the compiler's own parts", SHARED "-nostdlib",
	  ONE_TEST "int ended; __attribute__((destructor)) static void bye(void) { ended++; }\n", false },
	{ "a function for the end named to the linker", SHARED "-Wl,-fini=bye",
	  ONE_TEST "void bye(void); int ended; void bye(void) { ended++; }\n", false },
	{ "a variable of each thread", SHARED,
	  "static __thread int own; int tml_test_0(void) { return own++; }\n", false },
	{ "an exported variable of each thread", SHARED,
	  "__thread int own; int tml_test_0(void) { return own++; }\n", false },
	{ "a signal handler", SHARED,
	  "#include <signal.h>\nstatic void catch(int sig) { (void)sig; }\n"
	  "__attribute__((constructor)) static void begins(void) { signal(SIGUSR1, catch); }\n"
	  ONE_TEST, false },
	{ "a thread", SHARED "-pthread",
	  "#include <pthread.h>\nstatic void *run(void *arg) { return arg; }\n"
	  "int tml_test_0(void) { pthread_t t; return pthread_create(&t, NULL, run, NULL); }\n",
	  false },
	{ "a function for forks", SHARED "-pthread",
	  "#include <pthread.h>\nstatic void forks(void) {}\n"
	  "int tml_test_0(void) { return pthread_atfork(forks, NULL, NULL); }\n", false },
	{ "a variable of the environment", SHARED,
	  "#include <stdlib.h>\nstatic char a[] = \"A=1\"; int tml_test_0(void) { return putenv(a); }\n",
	  false },
	{ "a stream's buffer", SHARED,
	  "#include <stdio.h>\nstatic char b[99];\n"
	  "int tml_test_0(void) { return setvbuf(stdout, b, _IOLBF, sizeof(b)); }\n", false },
	{ "a library that it opens", SHARED,
	  "#include <dlfcn.h>\nint tml_test_0(void) { return !dlopen(\"libm.so.6\", RTLD_NOW); }\n",
	  false },
	{ "a system call of its own", SHARED,
	  "#if defined(__x86_64__)\n#define CALL \"syscall\"\n#else\n#define CALL \"svc #0\"\n#endif\n"
	  "int tml_test_0(void) { __asm__ volatile(CALL : : : \"memory\"); return 0; }\n", false },
	{ "code that can be written", SHARED "-Wl,-z,noexecstack",
	  "__asm__(\".section .wx,\\\"awx\\\",@progbits\\n.byte 0\\n.text\\n\");\n" ONE_TEST, false },
	{ "another library", SHARED "-Wl,--no-as-needed -lm", ONE_TEST, false },
	{ "a function of a library that is not there yet", SHARED,
	  "int missing(void); int tml_test_0(void) { return missing(); }\n", false },
	{ "asked to stay", SHARED "-Wl,-z,nodelete", ONE_TEST, false },
	{ "a unique symbol", SHARED,
	  "__asm__(\".type u, @gnu_unique_object\\n.bss\\nu: .zero 4\\n.size u, 4\\n.text\\n\");\n"
	  ONE_TEST, false },
	{ "a large one", SHARED, "const char large[70000] = { 1 };\n" ONE_TEST, false },
};

static void is_judged_by_its_file(void **state)
{
	const struct row *row = *state;
	struct proctor_plan *plan = proctor_plan_new();
	struct proctor_error err = { 0 };

	fixture_compile("suite.so", row->flags, row->source);
	if (proctor_plan_add_path(plan, "suite.so", NULL, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(plan->nsuites, 1);
	assert_null(plan->suites[0]->error);
	assert_int_equal(plan->suites[0]->closable, row->closable);
	proctor_plan_free(plan);
}

#define NROWS (sizeof(rows) / sizeof(rows[0]))

int main(void)
{
	struct CMUnitTest tests[NROWS];

	for (size_t i = 0; i < NROWS; i++)
		tests[i] = (struct CMUnitTest){ rows[i].title, is_judged_by_its_file, NULL, NULL,
						(void *)&rows[i] };
	return cmocka_run_group_tests_name("closable", tests, fixture_setup, fixture_teardown);
}
