/* SPDX-License-Identifier: MIT */
/* Crash records through proctor-symbolizer, which is found as ../../proctor-symbolizer from here. */
#include "run/symbolizer.h"

#include "base/clock.h"
#include "hosts/crash_map.h"
#include "hosts/page_map.h"
#include "wire/symbols.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <linux/sched.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#include <cmocka.h>

#define NTHREADS 4
#define NGARBAGE 300
/* What hangs is killed: far above what the tests need, sanitizers included. */
#define WATCHDOG_S 120

/* Before one that is stopped is given up. */
#define SHORT_US 300000u

static struct page_map map;
static struct inherited inherited;
static struct symbolizers symbolizers;
static char symbolizer_path[PATH_MAX];
static volatile int sink;

/* The functions that crash. Each does something after its call, so that it keeps a frame. */

static inline __attribute__((always_inline)) void digit_store(int *digit)
{
	*(volatile int *)digit = 1;
}

enum { STORE_LINE = __LINE__ - 3 };

static __attribute__((noinline)) void number_parse(int *digit)
{
	digit_store(digit);
	sink++;
}

enum { PARSE_LINE = __LINE__ - 4 };

static __attribute__((noinline)) void line_parse(int *digit)
{
	number_parse(digit);
	sink++;
}

enum { CALL_LINE = __LINE__ - 4 };

/* As a C++ compiler and rustc would call them; of the second the hash is nobody's. */
void cxx_named(int *digit) __asm__("_ZN2ns5Class6methodEPi");
void rust_named(int *digit) __asm__("_ZN4core9panicking5panic17h0123456789abcdefE");

__attribute__((noinline)) void cxx_named(int *digit)
{
	line_parse(digit);
	sink++;
}

__attribute__((noinline)) void rust_named(int *digit)
{
	cxx_named(digit);
	sink++;
}

static void crash_mangled(void)
{
	int *volatile nowhere = (int *)8;

	rust_named(nowhere);
	sink++;
}

static void crash_by_store(void)
{
	int *volatile nowhere = (int *)8;

	line_parse(nowhere);
	sink++;
}

static __attribute__((noinline)) void callback_call(void (*callback)(void))
{
	callback();
	sink++;
}

static void crash_by_call(void)
{
	void (*volatile nowhere)(void) = NULL;

	callback_call(nowhere);
	sink++;
}

static __attribute__((noinline)) void descend(int depth)	/* NOLINT(misc-no-recursion) */
{
	if (depth == 0)
		line_parse((int *)8);
	else
		descend(depth - 1);
	sink++;
}

static void crash_deep(void)
{
	descend(500);
}

/* What a host does at a crash, as short as it can be. */

static void crash_note(int signo, siginfo_t *si, void *context)
{
	const ucontext_t *uc = context;
	struct page_crash *c = &map.page->death.crash;
	struct iovec to = { map.page->death.stack, PAGE_STACK_BYTES }, from[PAGE_STACK_BYTES / 4096];
	uint64_t at;
	size_t i;
	ssize_t n;

#if defined(__x86_64__)
	static const int order[] = {
		REG_RAX, REG_RDX, REG_RCX, REG_RBX, REG_RSI, REG_RDI, REG_RBP, REG_RSP, REG_R8,
		REG_R9, REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15, REG_RIP,
	};

	c->nregs = 17;
	for (i = 0; i < 17; i++)
		c->regs[i] = (uint64_t)uc->uc_mcontext.gregs[order[i]];
	at = c->regs[7];
#else
	c->nregs = 33;
	for (i = 0; i < 31; i++)
		c->regs[i] = uc->uc_mcontext.regs[i];
	c->regs[31] = at = uc->uc_mcontext.sp;
	c->regs[32] = uc->uc_mcontext.pc;
#endif
	c->signal = signo;
	c->si_code = si->si_code;
	c->address = (uint64_t)(uintptr_t)si->si_addr;
	c->stack_address = at;
	for (i = 0; i < PAGE_STACK_BYTES / 4096; i++) {
		from[i].iov_base = (void *)(uintptr_t)at;
		from[i].iov_len = 4096 - (size_t)(at % 4096);
		at += from[i].iov_len;
	}
	n = process_vm_readv(getpid(), &to, 1, from, i, 0);
	c->nstack = n > 0 ? (uint32_t)n : 0;
	atomic_store(&c->state, CRASH_WRITTEN);
	_exit(0);
}

static void build_id_note(struct page_module *m, const char *note, size_t nbytes)
{
	while (nbytes >= sizeof(ElfW(Nhdr))) {
		const ElfW(Nhdr) *head = (const void *)note;
		size_t name = (head->n_namesz + 3u) & ~3u, size = (head->n_descsz + 3u) & ~3u;

		if (head->n_type == NT_GNU_BUILD_ID && head->n_descsz <= PAGE_BUILD_ID_MAX) {
			m->nbuild_id = head->n_descsz;
			memcpy(m->build_id, note + sizeof(*head) + name, m->nbuild_id);
			return;
		}
		note += sizeof(*head) + name + size;
		nbytes -= sizeof(*head) + name + size;
	}
}

static uint32_t nmodule_paths;	/* bytes of the page's that are in use */

static int module_note(struct dl_phdr_info *info, size_t size, void *data)
{
	uint32_t n = atomic_load(&map.page->death.nmodules);
	struct page_module *m = &map.page->death.modules[n];
	const char *path = info->dlpi_name;
	int i;

	(void)size;
	if (path[0] == '\0')
		path = data;
	memset(m, 0, sizeof(*m));
	m->address = info->dlpi_addr;
	m->start = UINT64_MAX;
	for (i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *ph = &info->dlpi_phdr[i];
		uint64_t start = info->dlpi_addr + ph->p_vaddr;

		if (ph->p_type == PT_NOTE && ph->p_align == 4)
			build_id_note(m, (const char *)start, ph->p_memsz);
		if (ph->p_type != PT_LOAD)
			continue;
		if (start < m->start)
			m->start = start;
		if (start + ph->p_memsz > m->end)
			m->end = start + ph->p_memsz;
	}
	m->path = nmodule_paths;
	m->npath = (uint32_t)strlen(path);
	memcpy(map.page->death.module_paths + m->path, path, m->npath);
	nmodule_paths += m->npath;
	atomic_store(&map.page->death.nmodules, n + 1);
	return 0;
}

/* Has a child crash and reads the record that it left. */
static void crash_make(void (*crash_now)(void), struct crash *crash, struct module_list *list)
{
	struct sigaction act = { .sa_sigaction = crash_note, .sa_flags = SA_SIGINFO | SA_ONSTACK };
	stack_t stack = { .ss_size = 256 * 1024 };
	struct proctor_error err;
	static char self[4096];
	int status;
	pid_t pid;

	assert_true(readlink("/proc/self/exe", self, sizeof(self) - 1) > 0);
	nmodule_paths = 0;
	atomic_store(&map.page->death.nmodules, 0);
	page_reset_task(map.page);
	dl_iterate_phdr(module_note, self);
	stack.ss_sp = malloc(stack.ss_size);
	assert_non_null(stack.ss_sp);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		sigaltstack(&stack, NULL);
		sigaction(SIGSEGV, &act, NULL);
		crash_now();
		_exit(1);
	}
	free(stack.ss_sp);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(crash_page_crash(&map.page->death, crash, &err), 0);
	assert_int_equal(crash_page_modules(&map.page->death, list, &err), 0);
	assert_int_equal(crash->state, CRASH_WRITTEN);
	assert_int_equal(crash->signal, SIGSEGV);
}

static char *symbolized(const struct crash *crash, const struct module_list *list)
{
	struct proctor_error err;
	char *text;

	if (crash_symbolize(&symbolizers, crash, list, &text, &err) < 0)
		fail_msg("%s", err.text);
	return text;
}

static unsigned lines_of(const char *text)
{
	unsigned n = 0;

	for (; *text; text++)
		n += *text == '\n';
	return n;
}

static void assert_has(const char *text, const char *fmt, ...) PRINTF_LIKE(2, 3);
static void assert_has(const char *text, const char *fmt, ...)
{
	char part[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(part, sizeof(part), fmt, ap);
	va_end(ap);
	if (!strstr(text, part))
		fail_msg("no \"%s\" in:\n%s", part, text);
}

static void symbolizers_open(const char *path, unsigned max)
{
	symbolizers = (struct symbolizers){ .path = (char *)path, .envp = environ,
					    .inherited = &inherited, .max = max };
	symbolizers_init(&symbolizers);
}

static int page_set_up(void **state)
{
	static char self[PATH_MAX];
	char *slash;

	(void)state;
	alarm(WATCHDOG_S);
	if (readlink("/proc/self/exe", self, sizeof(self) - 1) < 0 || !(slash = strrchr(self, '/')))
		return -1;
	snprintf(symbolizer_path, sizeof(symbolizer_path), "%.*s/../../proctor-symbolizer",
		 (int)(slash - self), self);
	if (inherited_open(&inherited, NULL) < 0)
		return -1;
	symbolizers_open(symbolizer_path, SYMBOLIZERS_MAX);
	return page_open(&map, NULL);
}

/* The lowest descriptor that is free: the same as before if none was left open. */
static int descriptor_free(void)
{
	int fd = dup(STDERR_FILENO);

	assert_true(fd >= 0);
	close(fd);
	return fd;
}

static int page_tear_down(void **state)
{
	(void)state;
	alarm(0);
	symbolizers_fini(&symbolizers);
	inherited_close(&inherited);
	page_close(&map);
	/* No child is left. */
	return waitpid(-1, NULL, 0) < 0 && errno == ECHILD ? 0 : -1;
}

/* A test of its own symbolizers, `max` of them: those of the others are ended before. */
static void symbolizers_renew(const char *path, unsigned max)
{
	symbolizers_fini(&symbolizers);
	symbolizers_open(path, max);
}

static void frames_have_function_file_line_and_module(void **state)
{
	struct module_list list;
	struct crash crash;
	char *text;

	(void)state;
	crash_make(crash_by_store, &crash, &list);
	text = symbolized(&crash, &list);
	assert_memory_equal(text, "#0 0x0000", 9);
	assert_has(text, " in digit_store (");
	assert_has(text, "test_symbolize.c:%d) test_symbolize+0x", STORE_LINE);
	assert_has(text, " (inlined)\n#1 0x");
	assert_has(text, " in number_parse (");
	assert_has(text, "test_symbolize.c:%d) ", PARSE_LINE);
	assert_has(text, "#2 0x");
	assert_has(text, " in line_parse (");
	assert_has(text, "test_symbolize.c:%d) ", CALL_LINE);
	assert_has(text, " in crash_by_store (");
	assert_has(text, " in main (");
	free(text);
	crash_fini(&crash);
	module_list_fini(&list);
}

static void mangled_names_are_as_in_the_source(void **state)
{
	struct module_list list;
	struct crash crash;
	char *text;

	(void)state;
	crash_make(crash_mangled, &crash, &list);
	text = symbolized(&crash, &list);
	assert_has(text, " in ns::Class::method(int*) (");
	assert_has(text, " in core::panicking::panic (");
	free(text);
	crash_fini(&crash);
	module_list_fini(&list);
}

static void a_call_to_nowhere_shows_its_caller(void **state)
{
	struct module_list list;
	struct crash crash;
	char *text;

	(void)state;
	crash_make(crash_by_call, &crash, &list);
	text = symbolized(&crash, &list);
	assert_memory_equal(text, "#0 0x0000000000000000 in ??\n#1 0x0000", 37);
	assert_has(text, " in callback_call (");
	assert_has(text, " in crash_by_call (");
	assert_has(text, " in main (");
	free(text);
	crash_fini(&crash);
	module_list_fini(&list);
}

static void a_deep_stack_is_cut_at_64_frames(void **state)
{
	struct module_list list;
	struct crash crash;
	char *text;

	(void)state;
	crash_make(crash_deep, &crash, &list);
	text = symbolized(&crash, &list);
	assert_int_equal(lines_of(text), PAGE_FRAMES_MAX);
	assert_has(text, "\n#63 0x");
	assert_has(text, " in descend (");
	free(text);
	crash_fini(&crash);
	module_list_fini(&list);
}

/* The module that `pc` of the record is in. */
static struct module *crashed_module(const struct crash *crash, const struct module_list *list)
{
	uint64_t pc = crash->regs[crash->nregs - 1];
	size_t i;

	for (i = 0; i < list->nmodules; i++)
		if (pc >= list->modules[i].start && pc < list->modules[i].end)
			return &list->modules[i];
	fail_msg("the crash is in no module");
	return NULL;
}

static void a_file_with_another_build_id_is_not_looked_into(void **state)
{
	struct module_list list;
	struct crash crash;
	struct module *m;
	char *text;

	(void)state;
	crash_make(crash_by_store, &crash, &list);
	m = crashed_module(&crash, &list);
	m->nbuild_id = 20;
	m->build_id[3] ^= 1;
	text = symbolized(&crash, &list);
	assert_memory_equal(text, "#0 0x0000", 9);
	assert_has(text, " in ?? test_symbolize+0x");
	assert_has(text, " (file changed since)\n");
	assert_null(strstr(text, "number_parse"));
	free(text);
	crash_fini(&crash);
	module_list_fini(&list);
}

/* A file that is gone, a directory, a fifo that nobody writes to. */
static void a_module_without_a_file_keeps_its_name(void **state)
{
	char dir[] = "/tmp/proctor-symbolize-XXXXXX", path[64];
	const char *names[] = { "gone.so", ".", "fifo.so" };
	struct module_list list;
	struct crash crash;
	size_t i;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/fifo.so", dir);
	assert_int_equal(mkfifo(path, 0600), 0);
	crash_make(crash_by_store, &crash, &list);
	for (i = 0; i < 3; i++) {
		char *text;

		snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		crashed_module(&crash, &list)->path = path;
		text = symbolized(&crash, &list);
		assert_memory_equal(text, "#0 0x0000", 9);
		assert_has(text, " in ?? %s+0x", names[i]);
		free(text);
	}
	snprintf(path, sizeof(path), "%s/fifo.so", dir);
	unlink(path);
	rmdir(dir);
	crash_fini(&crash);
	module_list_fini(&list);
}

static void a_record_without_registers_is_refused(void **state)
{
	struct module_list list = { 0 };
	struct crash crash = { .state = CRASH_WRITTEN, .nregs = 3 };
	struct proctor_error err;
	char *text;

	(void)state;
	assert_int_equal(crash_symbolize(&symbolizers, &crash, &list, &text, &err), -ENODATA);
	assert_null(text);
	crash.nregs = 17;
	crash.state = CRASH_WRITING;
	assert_int_equal(crash_symbolize(&symbolizers, &crash, &list, &text, &err), -ENODATA);
}

/* Random words, many of them addresses in real code, so that real unwind rules meet garbage. */
static void garbage_ends(void **state)
{
	struct module_list list;
	struct crash crash;
	unsigned round;
	size_t i;

	(void)state;
	crash_make(crash_by_store, &crash, &list);
	srandom(20);
	for (round = 0; round < NGARBAGE; round++) {
		size_t nwords = crash.nstack / 8;
		char *text;

		for (i = 0; i < crash.nregs + nwords; i++) {
			struct module *m = &list.modules[(size_t)random() % list.nmodules];
			uint64_t word = (uint64_t)random() << 33 ^ (uint64_t)random();

			switch (random() % 4) {
			case 0:
				word = m->start + word % (m->end - m->start);
				break;
			case 1:
				word = crash.stack_address + word % crash.nstack / 8 * 8;
				break;
			case 2:
				word %= 64;
				break;
			}
			if (i < crash.nregs)
				crash.regs[i] = word;
			else
				memcpy(crash.stack + (i - crash.nregs) * 8, &word, 8);
		}
		text = symbolized(&crash, &list);
		assert_in_range(lines_of(text), 1, PAGE_FRAMES_MAX);
		free(text);
	}
	crash_fini(&crash);
	module_list_fini(&list);
}

/* A chain of frame pointers that leads back to its beginning. */
static void a_circle_of_frames_ends(void **state)
{
	struct module_list list;
	struct crash crash;
	uint64_t pc, fp;
	char *text;

	(void)state;
	crash_make(crash_by_store, &crash, &list);
	pc = crashed_module(&crash, &list)->end - 1;
	fp = crash.stack_address + 64;
	memset(crash.stack, 0, crash.nstack);
	memcpy(crash.stack + 64, &fp, 8);
	memcpy(crash.stack + 72, &pc, 8);
	crash.regs[crash.nregs == 17 ? 6 : 29] = fp;
	crash.regs[crash.nregs - 1] = 0;
	crash.regs[crash.nregs == 17 ? 7 : 30] = crash.nregs == 17 ? crash.stack_address : 0;
	text = symbolized(&crash, &list);
	assert_int_equal(lines_of(text), 2);
	assert_has(text, "#0 0x0000000000000000 in ??\n#1 0x0000");
	free(text);
	crash_fini(&crash);
	module_list_fini(&list);
}

struct parallel {
	const struct crash *crash;
	const struct module_list *list;
	char *text;
};

static void *parallel_run(void *arg)
{
	struct parallel *p = arg;

	crash_symbolize(&symbolizers, p->crash, p->list, &p->text, NULL);
	return NULL;
}

static void several_threads_get_the_same_frames(void **state)
{
	struct parallel parallel[NTHREADS];
	pthread_t threads[NTHREADS];
	struct module_list list;
	struct crash crash;
	char *text;
	int i;

	(void)state;
	crash_make(crash_by_store, &crash, &list);
	text = symbolized(&crash, &list);
	for (i = 0; i < NTHREADS; i++) {
		parallel[i] = (struct parallel){ &crash, &list, NULL };
		assert_int_equal(pthread_create(&threads[i], NULL, parallel_run, &parallel[i]), 0);
	}
	for (i = 0; i < NTHREADS; i++) {
		pthread_join(threads[i], NULL);
		assert_non_null(parallel[i].text);
		assert_string_equal(parallel[i].text, text);
		free(parallel[i].text);
	}
	free(text);
	crash_fini(&crash);
	module_list_fini(&list);
}

/* The second crash needs no file that the first did not have. */
static void what_was_read_is_kept(void **state)
{
	struct module_list list;
	struct crash crash;
	unsigned nfiles;
	char *text;
	pid_t pid;
	int before;

	(void)state;
	symbolizers_renew(symbolizer_path, 1);
	before = descriptor_free();
	crash_make(crash_by_store, &crash, &list);
	free(symbolized(&crash, &list));
	nfiles = symbolizers.nfiles;
	pid = symbolizers.all[0].pid;
	assert_in_range(nfiles, 2, 20);
	crash_fini(&crash);
	module_list_fini(&list);
	crash_make(crash_by_call, &crash, &list);
	text = symbolized(&crash, &list);
	assert_has(text, " in callback_call (");
	free(text);
	assert_int_equal(symbolizers.nfiles, nfiles);
	assert_int_equal(symbolizers.all[0].pid, pid);
	crash_fini(&crash);
	module_list_fini(&list);
	symbolizers_renew(symbolizer_path, SYMBOLIZERS_MAX);
	assert_int_equal(descriptor_free(), before);
}

static void file_copy(const char *from, const char *to, off_t nbytes)
{
	char buffer[1 << 16];
	int in = open(from, O_RDONLY), out = open(to, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	ssize_t n;

	assert_true(in >= 0 && out >= 0);
	while ((n = read(in, buffer, sizeof(buffer))) > 0)
		assert_int_equal(write(out, buffer, (size_t)n), n);
	if (nbytes > 0)
		assert_int_equal(ftruncate(out, nbytes), 0);
	close(in);
	close(out);
}

/* The same path, another file: not the one that is kept. And put back: not the first one's copy. */
static void a_file_written_anew_is_read_anew(void **state)
{
	char path[] = "/tmp/proctor-symbolize-XXXXXX", *text;
	struct module_list list;
	struct crash crash;
	const char *self;
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	crash_make(crash_by_store, &crash, &list);
	self = crashed_module(&crash, &list)->path;
	crashed_module(&crash, &list)->path = path;
	file_copy(self, path, 0);
	text = symbolized(&crash, &list);
	assert_has(text, " in number_parse (");
	free(text);
	file_copy(symbolizer_path, path, 0);
	text = symbolized(&crash, &list);
	assert_null(strstr(text, "number_parse"));
	assert_has(text, " (file changed since)\n");
	free(text);
	file_copy(self, path, 0);
	text = symbolized(&crash, &list);
	assert_has(text, " in number_parse (");
	free(text);
	unlink(path);
	close(fd);
	crash_fini(&crash);
	module_list_fini(&list);
}

/* Mapped a second time, as dlmopen() does: each address keeps its own copy. */
static void a_file_mapped_twice_keeps_its_addresses(void **state)
{
	struct module_list list;
	struct crash crash;
	struct module twice[2], *m;
	uint64_t shift = 0x100000000ull;
	char *text;

	(void)state;
	crash_make(crash_by_store, &crash, &list);
	m = crashed_module(&crash, &list);
	twice[0] = twice[1] = *m;
	twice[1].address += shift;
	twice[1].start += shift;
	twice[1].end += shift;
	free(list.modules);
	list.modules = twice;
	list.nmodules = 2;
	/* One frame in each. */
	memset(crash.stack, 0, crash.nstack);
	memcpy(crash.stack + 64, &crash.regs[crash.nregs - 1], 8);
	crash.regs[crash.nregs - 1] += shift;
	text = symbolized(&crash, &list);
	assert_memory_equal(text, "#0 0x0000", 9);
	assert_true(strtoull(text + 3, NULL, 16) == crash.regs[crash.nregs - 1]);
	assert_has(text, " in digit_store (");
	free(text);
	text = symbolized(&crash, &list);
	assert_true(strtoull(text + 3, NULL, 16) == crash.regs[crash.nregs - 1]);
	free(text);
	list.modules = NULL;
	crash_fini(&crash);
	module_list_fini(&list);
}

/* A crash whose files are larger than what may be kept is answered, and nothing is kept. */
static void too_much_to_keep_is_given_up(void **state)
{
	char path[] = "/tmp/proctor-symbolize-XXXXXX", *text;
	struct module_list list;
	struct crash crash;
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	symbolizers_renew(symbolizer_path, 1);
	crash_make(crash_by_store, &crash, &list);
	file_copy(crashed_module(&crash, &list)->path, path, 300 << 20);
	crashed_module(&crash, &list)->path = path;
	for (int i = 0; i < 2; i++) {
		text = symbolized(&crash, &list);
		assert_has(text, " in number_parse (");
		free(text);
		assert_int_equal(symbolizers.all[0].pid, 0);
	}
	unlink(path);
	close(fd);
	crash_fini(&crash);
	module_list_fini(&list);
	symbolizers_renew(symbolizer_path, SYMBOLIZERS_MAX);
}

/* What was killed between two crashes costs nothing. */
static void a_dead_symbolizer_is_replaced(void **state)
{
	struct module_list list;
	struct crash crash;
	siginfo_t si;
	pid_t pid;

	(void)state;
	symbolizers_renew(symbolizer_path, 1);
	crash_make(crash_by_store, &crash, &list);
	free(symbolized(&crash, &list));
	pid = symbolizers.all[0].pid;
	kill(pid, SIGKILL);
	assert_int_equal(waitid(P_PID, (id_t)pid, &si, WEXITED | WNOWAIT), 0);
	free(symbolized(&crash, &list));
	assert_int_not_equal(symbolizers.all[0].pid, pid);
	crash_fini(&crash);
	module_list_fini(&list);
	symbolizers_renew(symbolizer_path, SYMBOLIZERS_MAX);
}

/* A child with the number `pid`, which is free, that waits to be killed; < 0: no such child. */
static pid_t child_numbered(pid_t pid)
{
	struct clone_args args = {
		.exit_signal = SIGCHLD, .set_tid = (uint64_t)(uintptr_t)&pid, .set_tid_size = 1,
	};
	pid_t child = (pid_t)syscall(SYS_clone3, &args, sizeof(args));

	while (child == 0)
		pause();
	return child;
}

/* As the reaping of orphans does when the thread that started it has ended. */
static void one_that_somebody_reaped_is_not_signalled(void **state)
{
	struct module_list list;
	struct crash crash;
	pid_t pid, other;
	int status;

	(void)state;
	symbolizers_renew(symbolizer_path, 1);
	crash_make(crash_by_store, &crash, &list);
	free(symbolized(&crash, &list));
	pid = symbolizers.all[0].pid;
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	other = child_numbered(pid);
	free(symbolized(&crash, &list));
	crash_fini(&crash);
	module_list_fini(&list);
	symbolizers_renew(symbolizer_path, SYMBOLIZERS_MAX);
	if (other != pid)
		skip();		/* numbers are not for this user to choose */
	kill(other, SIGTERM);
	assert_int_equal(waitpid(other, &status, 0), other);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
}

/* Seizes `pid` so that it stops on its way out, where SIGKILL does not reach it: once that is so there
 * is a byte in the pipe. */
static pid_t start_holding(pid_t pid, int fd)
{
	pid_t holder = fork();

	if (holder != 0)
		return holder;
	if (ptrace(PTRACE_SEIZE, pid, NULL, PTRACE_O_TRACEEXIT) < 0 || write(fd, "", 1) != 1)
		_exit(1);
	for (;;)
		pause();
}

static void one_that_cannot_be_killed_is_left(void **state)
{
	struct proctor_error err;
	struct module_list list;
	struct crash crash;
	pid_t pid, holder;
	int fds[2], status;
	char byte, *text;

	(void)state;
	symbolizers_renew(symbolizer_path, 1);
	crash_make(crash_by_store, &crash, &list);
	free(symbolized(&crash, &list));
	pid = symbolizers.all[0].pid;
	assert_int_equal(pipe(fds), 0);
	holder = start_holding(pid, fds[1]);
	close(fds[1]);
	status = (int)read(fds[0], &byte, 1);
	close(fds[0]);
	if (status == 1) {
		kill(pid, SIGSTOP);
		symbolizers.timeout_us = SHORT_US;
		assert_int_equal(crash_symbolize(&symbolizers, &crash, &list, &text, &err),
				 -ETIMEDOUT);
		symbolizers.timeout_us = 60000000u;
		free(symbolized(&crash, &list));
		assert_int_not_equal(symbolizers.all[0].pid, pid);
	}
	kill(holder, SIGKILL);
	assert_int_equal(waitpid(holder, NULL, 0), holder);
	crash_fini(&crash);
	module_list_fini(&list);
	symbolizers_renew(symbolizer_path, SYMBOLIZERS_MAX);
	if (status != 1)
		skip();		/* tracing is not for this user */
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

/* Who waits for one that is free notices too that the run is to stop. */
static void nobody_queues_for_one_when_the_run_stops(void **state)
{
	struct proctor_error err;
	struct module_list list;
	_Atomic bool stopping = true;
	struct crash crash;
	char *text;

	(void)state;
	symbolizers_renew(symbolizer_path, 1);
	symbolizers.stopping = &stopping;
	symbolizers.all[0].busy = true;
	crash_make(crash_by_store, &crash, &list);
	assert_int_equal(crash_symbolize(&symbolizers, &crash, &list, &text, &err), -ETIMEDOUT);
	assert_null(text);
	assert_string_equal(err.text, "each proctor-symbolizer was busy until the run stopped");
	symbolizers.all[0].busy = false;
	crash_fini(&crash);
	module_list_fini(&list);
	symbolizers_renew(symbolizer_path, SYMBOLIZERS_MAX);
}

static void a_symbolizer_that_hangs_costs_one_backtrace(void **state)
{
	struct proctor_error err;
	struct module_list list;
	_Atomic bool stopping = true;
	struct crash crash;
	uint64_t start_us;
	char *text;

	(void)state;
	symbolizers_renew(symbolizer_path, 1);
	crash_make(crash_by_store, &crash, &list);
	free(symbolized(&crash, &list));
	kill(symbolizers.all[0].pid, SIGSTOP);
	symbolizers.timeout_us = SHORT_US;
	start_us = clock_us();
	assert_int_equal(crash_symbolize(&symbolizers, &crash, &list, &text, &err), -ETIMEDOUT);
	assert_null(text);
	assert_string_equal(err.text, "proctor-symbolizer did not answer within 300 ms");
	assert_true(clock_us() - start_us >= SHORT_US);
	symbolizers.timeout_us = 60000000u;
	free(symbolized(&crash, &list));
	/* The run is to stop: nobody waits for so long. */
	kill(symbolizers.all[0].pid, SIGSTOP);
	symbolizers.stopping = &stopping;
	assert_int_equal(crash_symbolize(&symbolizers, &crash, &list, &text, &err), -ETIMEDOUT);
	assert_non_null(strstr(err.text, "before the run stopped"));
	crash_fini(&crash);
	module_list_fini(&list);
	symbolizers_renew(symbolizer_path, SYMBOLIZERS_MAX);
}

/* Programs that take its place. Each reads all of the request: 1 MB is more than any. */
static const struct {
	const char *script;
	int ret;
	const char *why;
} impostors[] = {
	{ "kill -SEGV $$", -EIO, "proctor-symbolizer ended by SIGSEGV before it answered" },
	{ "head -c 50 >/dev/null; exit 5", -EIO, "proctor-symbolizer exited with 5 before it answered" },
	{ "head -c 50 >/dev/null; exit 3", -ENOMEM, "proctor-symbolizer found no memory for it" },
	/* A head that claims 16 bytes of text, which is no frame. */
	{ "printf 'm1syscrp\\0\\0\\0\\0\\020\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0not a backtrace\\n' >&0; "
	  "sleep 60", -EBADMSG, "proctor-symbolizer answered what is no backtrace" },
	{ "yes >&0", -EBADMSG, "proctor-symbolizer answered what is no backtrace" },
};

static void what_it_answers_is_checked(void **state)
{
	char path[] = "/tmp/proctor-symbolize-XXXXXX";
	struct proctor_error err;
	struct module_list list;
	struct crash crash;
	char *text;

	(void)state;
	close(mkstemp(path));
	crash_make(crash_by_store, &crash, &list);
	for (size_t i = 0; i < sizeof(impostors) / sizeof(impostors[0]); i++) {
		FILE *f = fopen(path, "w");

		fprintf(f, "#!/bin/sh\n%s\n", impostors[i].script);
		fclose(f);
		chmod(path, 0700);
		symbolizers_renew(path, 1);
		assert_int_equal(crash_symbolize(&symbolizers, &crash, &list, &text, &err),
				 impostors[i].ret);
		assert_null(text);
		assert_string_equal(err.text, impostors[i].why);
	}
	unlink(path);
	symbolizers_renew(path, 1);
	assert_int_equal(crash_symbolize(&symbolizers, &crash, &list, &text, &err), -ENOENT);
	assert_has(err.text, "cannot start %s", path);
	crash_fini(&crash);
	module_list_fini(&list);
	symbolizers_renew(symbolizer_path, SYMBOLIZERS_MAX);
}

static void a_text_is_numbered_lines_without_control_characters(void **state)
{
	static const struct {
		const char *text;
		bool holds;
	} table[] = {
		{ "#0 0x1 in f\n", true },
		{ "#0 0x1 in f\n#1 0x2 in g\n", true },
		{ "", false },
		{ "#0 0x1 in f", false },
		{ "#1 0x1 in f\n", false },
		{ "#0 0x1 in f\n\n", false },
		{ "#0 0x1 in \033[31m\n", false },
		{ "#0 0x1 in \r\n", false },
		{ "#0 0x1\n#0 0x2\n", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		assert_int_equal(symbols_text_holds(table[i].text, strlen(table[i].text)),
				 table[i].holds);
	assert_false(symbols_text_holds("#0 0x1 \0\n", 9));
}

/* A head of random numbers never makes the symbolizer read what is not there. */
static void a_request_of_garbage_is_refused(void **state)
{
	struct symbols_request head;
	struct module_list list;
	struct crash crash;

	(void)state;
	srandom(21);
	for (int round = 0; round < 2000; round++) {
		struct symbols_module modules[3];
		ssize_t nrest;
		char *rest;

		for (size_t i = 0; i < sizeof(modules); i++)
			((char *)modules)[i] = (char)(random() % 4 ? 0 : random());
		head = (struct symbols_request){
			.magic = SYMBOLS_MAGIC, .nregs = (uint32_t)random() % 40,
			.nstack = (uint32_t)random() % 20, .nmodules = (uint32_t)random() % 4,
			.npaths = (uint32_t)random() % 30,
		};
		nrest = symbols_request_rest(&head);
		if (nrest < 0) {
			assert_true(head.nregs > PAGE_REGS_MAX);
			continue;
		}
		rest = calloc(1, (size_t)nrest + 1);
		assert_non_null(rest);
		memcpy(rest, modules, head.nmodules * sizeof(modules[0]));
		if (symbols_request_unpack(&head, rest, &crash, &list) == 0) {
			for (size_t i = 0; i < list.nmodules; i++)
				assert_in_range(strlen(list.modules[i].path), 0, 30);
			crash_fini(&crash);
			module_list_fini(&list);
		}
		free(rest);
	}
	head = (struct symbols_request){ .magic = SYMBOLS_MAGIC + 1 };
	assert_int_equal(symbols_request_rest(&head), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames_have_function_file_line_and_module),
		cmocka_unit_test(mangled_names_are_as_in_the_source),
		cmocka_unit_test(a_call_to_nowhere_shows_its_caller),
		cmocka_unit_test(a_deep_stack_is_cut_at_64_frames),
		cmocka_unit_test(a_file_with_another_build_id_is_not_looked_into),
		cmocka_unit_test(a_module_without_a_file_keeps_its_name),
		cmocka_unit_test(a_record_without_registers_is_refused),
		cmocka_unit_test(garbage_ends),
		cmocka_unit_test(a_circle_of_frames_ends),
		cmocka_unit_test(several_threads_get_the_same_frames),
		cmocka_unit_test(what_was_read_is_kept),
		cmocka_unit_test(a_file_written_anew_is_read_anew),
		cmocka_unit_test(a_file_mapped_twice_keeps_its_addresses),
		cmocka_unit_test(too_much_to_keep_is_given_up),
		cmocka_unit_test(a_dead_symbolizer_is_replaced),
		cmocka_unit_test(a_symbolizer_that_hangs_costs_one_backtrace),
		cmocka_unit_test(one_that_somebody_reaped_is_not_signalled),
		cmocka_unit_test(one_that_cannot_be_killed_is_left),
		cmocka_unit_test(nobody_queues_for_one_when_the_run_stops),
		cmocka_unit_test(what_it_answers_is_checked),
		cmocka_unit_test(a_text_is_numbered_lines_without_control_characters),
		cmocka_unit_test(a_request_of_garbage_is_refused),
	};

	return cmocka_run_group_tests(tests, page_set_up, page_tear_down);
}
