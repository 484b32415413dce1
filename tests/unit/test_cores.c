/* SPDX-License-Identifier: MIT */
#include "run/cores.h"

#include <ftw.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define V2_MOUNT "31 23 0:28 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n"
#define V1_MOUNT(top) "32 31 0:29 " top " /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpuacct,cpu\n"
#define OTHER_MOUNTS \
	"22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/root rw\n" \
	"30 31 0:30 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset\n"

static char root[64];
static unsigned ncpus;

static int entry_remove(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

static int root_make(void **state)
{
	cpu_set_t set;

	(void)state;
	snprintf(root, sizeof(root), "/tmp/proctor-cores-XXXXXX");
	if (!mkdtemp(root) || sched_getaffinity(0, sizeof(set), &set) < 0)
		return -1;
	ncpus = (unsigned)CPU_COUNT(&set);
	return 0;
}

static int root_remove(void **state)
{
	(void)state;
	return nftw(root, entry_remove, 8, FTW_DEPTH | FTW_PHYS);
}

/* Writes a file below the root, with the directories above it. */
static void file_put(const char *path, const char *text)
{
	char full[256];
	char *slash;
	FILE *f;

	snprintf(full, sizeof(full), "%s%s", root, path);
	for (slash = strchr(full + strlen(root) + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(full, 0700);
		*slash = '/';
	}
	f = fopen(full, "w");
	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

/* Reads the cores and compares what `why` says after the mask. */
static void assert_cores(unsigned quota, const char *why)
{
	char expected[256];
	struct proctor_error err;
	struct cores c;

	assert_int_equal(cores_read(&c, root, &err), 0);
	snprintf(expected, sizeof(expected), "%u in the affinity mask; %s", ncpus, why);
	assert_string_equal(c.why, expected);
	assert_int_equal(c.ncpus, ncpus);
	assert_int_equal(c.usable, quota > 0 && quota < ncpus ? quota : ncpus);
	cores_fini(&c);
	assert_null(c.cpus);
}

static void without_cgroups_there_is_no_quota(void **state)
{
	(void)state;
	assert_cores(0, "no cgroup quota");
}

static void the_cores_are_those_of_the_mask(void **state)
{
	cpu_set_t before, one;
	struct cores c;
	int cpu = CPU_SETSIZE;

	(void)state;
	assert_int_equal(sched_getaffinity(0, sizeof(before), &before), 0);
	while (cpu-- > 0 && !CPU_ISSET(cpu, &before))
		;
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	assert_int_equal(sched_setaffinity(0, sizeof(one), &one), 0);
	assert_int_equal(cores_read(&c, root, NULL), 0);
	assert_int_equal(sched_setaffinity(0, sizeof(before), &before), 0);
	assert_int_equal(c.ncpus, 1);
	assert_int_equal(c.cpus[0], cpu);
	assert_int_equal(c.usable, 1);
	assert_string_equal(c.why, "1 in the affinity mask; no cgroup quota");
	cores_fini(&c);
}

static void a_v2_quota_is_rounded_up(void **state)
{
	(void)state;
	file_put("/proc/self/cgroup", "0::/ci\n");
	file_put("/proc/self/mountinfo", OTHER_MOUNTS V2_MOUNT);
	file_put("/sys/fs/cgroup/ci/cpu.max", "200000 100000\n");
	assert_cores(2, "2 by the quota of /ci (cpu.max 200000 100000)");
	file_put("/sys/fs/cgroup/ci/cpu.max", "200001 100000\n");
	assert_cores(3, "3 by the quota of /ci (cpu.max 200001 100000)");
	file_put("/sys/fs/cgroup/ci/cpu.max", "1000 100000\n");
	assert_cores(1, "1 by the quota of /ci (cpu.max 1000 100000)");
	file_put("/sys/fs/cgroup/ci/cpu.max", "max 100000\n");
	assert_cores(0, "no cgroup quota");
}

static void the_smallest_of_the_ancestors_counts(void **state)
{
	(void)state;
	file_put("/proc/self/cgroup", "0::/a/b/c\n");
	file_put("/proc/self/mountinfo", V2_MOUNT);
	file_put("/sys/fs/cgroup/a/b/c/cpu.max", "800000 100000\n");
	file_put("/sys/fs/cgroup/a/b/cpu.max", "max 100000\n");
	file_put("/sys/fs/cgroup/a/cpu.max", "50000 100000\n");
	assert_cores(1, "1 by the quota of /a (cpu.max 50000 100000)");
	file_put("/sys/fs/cgroup/a/b/c/cpu.max", "90000 100000\n");
	assert_cores(1, "1 by the quota of /a/b/c (cpu.max 90000 100000)");
	file_put("/sys/fs/cgroup/a/cpu.max", "max 100000\n");
	file_put("/sys/fs/cgroup/a/b/c/cpu.max", "max 100000\n");
	file_put("/sys/fs/cgroup/cpu.max", "100000 100000\n");
	assert_cores(1, "1 by the quota of / (cpu.max 100000 100000)");
}

static void a_v1_quota_is_found_among_the_controllers(void **state)
{
	(void)state;
	file_put("/proc/self/cgroup", "7:cpuset:/else\n4:cpuacct,cpu:/ci\n1:name=systemd:/x\n");
	file_put("/proc/self/mountinfo", OTHER_MOUNTS V1_MOUNT("/"));
	file_put("/sys/fs/cgroup/cpu/ci/cpu.cfs_quota_us", "100000\n");
	file_put("/sys/fs/cgroup/cpu/ci/cpu.cfs_period_us", "100000\n");
	file_put("/sys/fs/cgroup/cpu/else/cpu.cfs_quota_us", "50000\n");
	file_put("/sys/fs/cgroup/cpu/else/cpu.cfs_period_us", "100000\n");
	assert_cores(1, "1 by the quota of /ci (cpu.cfs_quota_us 100000, "
		     "cpu.cfs_period_us 100000)");
	file_put("/sys/fs/cgroup/cpu/ci/cpu.cfs_quota_us", "-1\n");
	assert_cores(0, "no cgroup quota");
}

/* As in a container without a cgroup namespace: the container's group is the mount's top. */
static void a_group_that_is_the_top_of_the_mount_is_found(void **state)
{
	(void)state;
	file_put("/proc/self/cgroup", "4:cpu,cpuacct:/docker/abc/job\n");
	file_put("/proc/self/mountinfo", V1_MOUNT("/docker/abc"));
	file_put("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "150000\n");
	file_put("/sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
	assert_cores(2, "2 by the quota of /docker/abc (cpu.cfs_quota_us 150000, "
		     "cpu.cfs_period_us 100000)");
	file_put("/sys/fs/cgroup/cpu/job/cpu.cfs_quota_us", "100000\n");
	file_put("/sys/fs/cgroup/cpu/job/cpu.cfs_period_us", "100000\n");
	assert_cores(1, "1 by the quota of /docker/abc/job (cpu.cfs_quota_us 100000, "
		     "cpu.cfs_period_us 100000)");
}

static void a_group_outside_of_the_namespace_is_read_from_its_top(void **state)
{
	(void)state;
	file_put("/proc/self/cgroup", "0::/../../sibling\n");
	file_put("/proc/self/mountinfo", V2_MOUNT);
	file_put("/sys/sibling/cpu.max", "50000 100000\n");
	file_put("/sys/fs/cgroup/cpu.max", "200000 100000\n");
	assert_cores(2, "2 by the quota of / (cpu.max 200000 100000)");
}

static void both_hierarchies_count(void **state)
{
	(void)state;
	file_put("/proc/self/cgroup", "4:cpu:/one\n0::/two\n");
	file_put("/proc/self/mountinfo", V1_MOUNT("/")
		 "33 31 0:31 / /sys/fs/cgroup/with\\040space rw - cgroup2 cgroup2 rw\n");
	file_put("/sys/fs/cgroup/cpu/one/cpu.cfs_quota_us", "300000\n");
	file_put("/sys/fs/cgroup/cpu/one/cpu.cfs_period_us", "100000\n");
	file_put("/sys/fs/cgroup/with space/two/cpu.max", "100000 100000\n");
	assert_cores(1, "1 by the quota of /two (cpu.max 100000 100000)");
}

static void files_that_say_nonsense_are_no_quota(void **state)
{
	(void)state;
	file_put("/proc/self/cgroup", "\n:::\n0:\n0::\nnonsense\n4:cpu:no-slash\n0::/ci\n");
	file_put("/proc/self/mountinfo", "\n - \n - cgroup2\n1 2 - cgroup2 x rw\n"
		 "1 2 3 4 5 - cgroup2 x rw\n - cgroup x\n1 2 3 /x /y - cgroup x cpu\n" V2_MOUNT);
	file_put("/sys/fs/cgroup/ci/cpu.max", "-5 0\n");
	file_put("/sys/fs/cgroup/cpu.max", "100000 0\n");
	assert_cores(0, "no cgroup quota");
}

static void the_number_of_threads_is_between_4_and_64(void **state)
{
	struct cores c = { .usable = 1 };

	(void)state;
	assert_int_equal(cores_threads(&c), 4);
	c.usable = 5;
	assert_int_equal(cores_threads(&c), 5);
	c.usable = 64;
	assert_int_equal(cores_threads(&c), 64);
	c.usable = 65;
	assert_int_equal(cores_threads(&c), 64);
}

#define ROOTED(test) cmocka_unit_test_setup_teardown(test, root_make, root_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ROOTED(without_cgroups_there_is_no_quota),
		ROOTED(the_cores_are_those_of_the_mask),
		ROOTED(a_v2_quota_is_rounded_up),
		ROOTED(the_smallest_of_the_ancestors_counts),
		ROOTED(a_v1_quota_is_found_among_the_controllers),
		ROOTED(a_group_that_is_the_top_of_the_mount_is_found),
		ROOTED(a_group_outside_of_the_namespace_is_read_from_its_top),
		ROOTED(both_hierarchies_count),
		ROOTED(files_that_say_nonsense_are_no_quota),
		cmocka_unit_test(the_number_of_threads_is_between_4_and_64),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
