/* SPDX-License-Identifier: MIT */
/* A test that opens a library by a relative path, or only reads it, and ends as COVERAGE_PLUGIN says. */
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static volatile int sink;

int32_t tml_test_0(void);

static int is_wanted(const char *how)
{
	const char *wanted = getenv("COVERAGE_PLUGIN");

	return wanted && strcmp(wanted, how) == 0;
}

/* Goes where this library is, and the plugin beside it. */
static void go_there(void)
{
	char path[PATH_MAX];
	Dl_info info;

	if (!dladdr((void *)tml_test_0, &info) || strlen(info.dli_fname) >= sizeof(path))
		abort();
	strcpy(path, info.dli_fname);
	*strrchr(path, '/') = '\0';
	if (chdir(path) < 0)
		abort();
}

static void hang_deaf(void)
{
	sigset_t term;

	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	sigprocmask(SIG_BLOCK, &term, NULL);
	for (;;)
		pause();
}

/* While this library is opened. */
__attribute__((constructor, no_profile_instrument_function)) static void begin(void)
{
	if (!is_wanted("constructor") && !is_wanted("constructor-crash"))
		return;
	go_there();
	if (!dlopen(PLUGIN, RTLD_NOW))
		abort();
}

int32_t tml_test_0(void)
{
	int (*twice)(int n), fd;
	void *plugin;

	go_there();
	if (is_wanted("read")) {
		fd = open(PLUGIN, O_RDONLY | O_CLOEXEC);
		sink = *(const char *)mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0);
		hang_deaf();
	}
	plugin = dlopen(PLUGIN, RTLD_NOW);
	*(void **)&twice = plugin ? dlsym(plugin, "dep_twice") : NULL;
	if (!twice)
		return 1;
	sink = twice(1);
	if (is_wanted("closed")) {
		dlclose(plugin);
		abort();
	}
	if (is_wanted("killed"))
		kill(getpid(), SIGKILL);
	if (is_wanted("crash") || is_wanted("constructor-crash"))
		abort();
	return 0;
}

#ifdef PROGRAM
int main(void)
{
	return tml_test_0();
}
#endif

/* After LLVM's runtime has written what it counted. */
__attribute__((destructor)) static void end(void)
{
	if (is_wanted("late"))
		abort();
}
