/* SPDX-License-Identifier: MIT */
/* Programs that spoil their profile after LLVM's runtime has written it, and a library that overwrites the
 * counter area. HOW says how. */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char profile[4096];

/* Exit handlers run in reverse order: this one is registered before the runtime's. */
static void spoil(void)
{
	int fd = open(profile, O_RDWR | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return;
	if (strcmp(HOW, "truncated") == 0 && ftruncate(fd, st.st_size - 8) < 0)
		abort();
	if (strcmp(HOW, "emptied") == 0 && ftruncate(fd, 0) < 0)
		abort();
	if (strcmp(HOW, "scribbled") == 0 && pwrite(fd, "\xff\xff\xff\xff", 4, 24) != 4)
		abort();
	if (strcmp(HOW, "removed") == 0)
		unlink(profile);
	if (strcmp(HOW, "foreign") == 0 && (ftruncate(fd, 0) < 0 || pwrite(fd, "hello\n", 6, 0) != 6))
		abort();
	close(fd);
}

static void __attribute__((constructor(101), no_profile_instrument_function)) begin(void)
{
	const char *name = getenv("LLVM_PROFILE_FILE");

	/* As tools do that want no profile. It must not be what others need. */
	if (strcmp(HOW, "unlinked") == 0) {
		if (!name || strcmp(name, "/dev/null") == 0)
			abort();
		unlink(name);
	}
	/* Nothing is written to, or removed, but the program's own profile. */
	if (!name || !strstr(name, "-program.profraw"))
		return;
	snprintf(profile, sizeof(profile), "%s", name);
	atexit(spoil);
}

/* As a wild pointer could, but thoroughly. */
static void __attribute__((no_profile_instrument_function)) overwrite_area(void)
{
	char line[4352], *begin = NULL, *end = NULL;
	FILE *maps = fopen("/proc/self/maps", "re");

	while (maps && !begin && fgets(line, sizeof(line), maps))
		if (strstr(line, "memfd:proctor-counters") &&
		    sscanf(line, "%p-%p", (void **)&begin, (void **)&end) != 2)
			abort();
	if (!begin)
		abort();
	fclose(maps);
	memset(begin, 0xff, (size_t)(end - begin));
}

int32_t tml_test_0(void);
int32_t tml_test_0(void)
{
	if (strcmp(HOW, "overwritten") == 0)
		overwrite_area();
	return 0;
}

int main(void)
{
	return tml_test_0();
}
