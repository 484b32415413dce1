/* SPDX-License-Identifier: MIT */
#include "run/cores.h"

#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CPUS_FIRST 1024
#define CPUS_MAX (1 << 20)
#define THREADS_MIN 4

/* The smallest quota seen so far. */
struct quota {
	uint64_t cores;		/* rounded up; 0: none was seen */
	char group[PATH_MAX];	/* whose it is */
	char text[96];		/* as its files say it */
};

/* Where a hierarchy with the cpu controller is mounted. */
struct hierarchy {
	bool v2;
	char point[PATH_MAX];	/* mount point, as the process sees it */
	char top[PATH_MAX];	/* the group that is mounted there */
};

static int affinity_read(struct cores *c, struct proctor_error *err)
{
	unsigned n = CPUS_FIRST, i;
	cpu_set_t *set = NULL;
	size_t nbytes;
	int ret = 0;

	/* The kernel answers EINVAL to a set smaller than the mask of the largest machine it was
	 * built for. */
	for (;; n *= 2) {
		set = CPU_ALLOC(n);
		if (!set)
			return error_sys(err, ENOMEM, "cannot read the affinity mask");
		nbytes = CPU_ALLOC_SIZE(n);
		if (sched_getaffinity(0, nbytes, set) == 0)
			break;
		ret = -errno;
		CPU_FREE(set);
		if (ret != -EINVAL || n >= CPUS_MAX)
			return error_sys(err, -ret, "cannot read the affinity mask");
	}
	c->cpus = calloc((size_t)CPU_COUNT_S(nbytes, set) + 1, sizeof(*c->cpus));
	if (!c->cpus) {
		ret = error_sys(err, ENOMEM, "cannot list the cores");
		goto free_set;
	}
	for (i = 0; i < n; i++)
		if (CPU_ISSET_S(i, nbytes, set))
			c->cpus[c->ncpus++] = (int)i;
	ret = 0;
free_set:
	CPU_FREE(set);
	return ret;
}

/* The first line of a file, without its newline. */
static bool line_read(const char *dir, const char *name, char *line, int nline)
{
	char path[2 * PATH_MAX + 32];
	FILE *f;
	bool ok;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "re");
	if (!f)
		return false;
	ok = fgets(line, nline, f) != NULL;
	fclose(f);
	if (ok)
		line[strcspn(line, "\n")] = '\0';
	return ok;
}

static void quota_note(struct quota *q, long long quota_us, long long period_us,
		       const char *group, const char *text)
{
	uint64_t cores;

	if (quota_us <= 0 || period_us <= 0)
		return;
	cores = (uint64_t)quota_us / (uint64_t)period_us +
		((uint64_t)quota_us % (uint64_t)period_us != 0);
	/* Of equal ones the innermost, which is read first. */
	if (q->cores != 0 && q->cores <= cores)
		return;
	q->cores = cores;
	snprintf(q->group, sizeof(q->group), "%s", group[0] ? group : "/");
	snprintf(q->text, sizeof(q->text), "%s", text);
}

/* The quota of the one group whose files are in `dir`. */
static void quota_read(struct quota *q, bool v2, const char *dir, const char *group)
{
	char line[96], text[96];
	long long quota_us, period_us;

	if (v2) {
		/* "max 100000" is none, and does not begin with a number. */
		if (line_read(dir, "cpu.max", line, sizeof(line)) &&
		    sscanf(line, "%lld %lld", &quota_us, &period_us) == 2) {
			snprintf(text, sizeof(text), "cpu.max %lld %lld", quota_us, period_us);
			quota_note(q, quota_us, period_us, group, text);
		}
		return;
	}
	if (!line_read(dir, "cpu.cfs_quota_us", line, sizeof(line)) ||
	    sscanf(line, "%lld", &quota_us) != 1)
		return;
	if (!line_read(dir, "cpu.cfs_period_us", line, sizeof(line)) ||
	    sscanf(line, "%lld", &period_us) != 1)
		return;
	snprintf(text, sizeof(text), "cpu.cfs_quota_us %lld, cpu.cfs_period_us %lld", quota_us,
		 period_us);
	quota_note(q, quota_us, period_us, group, text);
}

/* Whether `word` stands in a list with commas between. */
static bool list_has(const char *list, const char *word)
{
	size_t n = strlen(word);

	while (*list) {
		size_t len = strcspn(list, ",");

		if (len == n && strncmp(list, word, n) == 0)
			return true;
		list += len + (list[len] == ',');
	}
	return false;
}

/* The rest of `path` below `top`, which is "" or begins with a slash; NULL: not below it. */
static const char *path_below(const char *path, const char *top)
{
	size_t n = strlen(top);

	if (n == 1 && top[0] == '/')
		n = 0;
	if (strncmp(path, top, n) != 0 || (path[n] != '\0' && path[n] != '/'))
		return NULL;
	return strcmp(path + n, "/") == 0 ? "" : path + n;
}

/* Undoes mountinfo's octal escapes, in place. */
static void mount_unescape(char *text)
{
	char *from = text, *to = text;

	while (*from) {
		if (from[0] == '\\' && from[1] >= '0' && from[1] <= '3' && from[2] >= '0' &&
		    from[2] <= '7' && from[3] >= '0' && from[3] <= '7') {
			*to++ = (char)((from[1] - '0') * 64 + (from[2] - '0') * 8 + from[3] - '0');
			from += 4;
		} else {
			*to++ = *from++;
		}
	}
	*to = '\0';
}

/* Reads a line of mountinfo; true if it mounts a hierarchy that may have the cpu controller. */
static bool hierarchy_parse(char *line, struct hierarchy *h)
{
	char *rest = strstr(line, " - "), *type, *options, *save = NULL;
	char *field, *top = NULL, *point = NULL;
	int i;

	if (!rest)
		return false;
	*rest = '\0';
	type = strtok_r(rest + 3, " \n", &save);
	strtok_r(NULL, " \n", &save);
	options = strtok_r(NULL, " \n", &save);
	if (!type)
		return false;
	if (strcmp(type, "cgroup2") == 0)
		h->v2 = true;
	else if (strcmp(type, "cgroup") == 0 && options && list_has(options, "cpu"))
		h->v2 = false;
	else
		return false;
	/* "ID PARENT MAJOR:MINOR ROOT POINT ..." */
	field = strtok_r(line, " ", &save);
	for (i = 0; field && i <= 4; i++, field = strtok_r(NULL, " ", &save)) {
		if (i == 3)
			top = field;
		if (i == 4)
			point = field;
	}
	if (!top || !point)
		return false;
	mount_unescape(top);
	mount_unescape(point);
	snprintf(h->top, sizeof(h->top), "%s", top);
	snprintf(h->point, sizeof(h->point), "%s", point);
	return true;
}

/* The process's own group in the hierarchy of the cpu controller. */
static bool group_find(const char *root, bool v2, char *group, size_t ngroup)
{
	char path[PATH_MAX], *line = NULL;
	bool found = false;
	size_t cap = 0;
	FILE *f;

	snprintf(path, sizeof(path), "%s/proc/self/cgroup", root);
	f = fopen(path, "re");
	if (!f)
		return false;
	/* "ID:CONTROLLERS:PATH"; the unified hierarchy is "0::PATH". */
	while (!found && getline(&line, &cap, f) > 0) {
		char *controllers = strchr(line, ':'), *name;

		if (!controllers)
			continue;
		name = strchr(++controllers, ':');
		if (!name)
			continue;
		*name++ = '\0';
		name[strcspn(name, "\n")] = '\0';
		found = v2 ? controllers[0] == '\0' : list_has(controllers, "cpu");
		if (found)
			snprintf(group, ngroup, "%s", name);
	}
	free(line);
	fclose(f);
	return found;
}

/* From the process's group up to the top of the mount. */
static void hierarchy_read(const char *root, const struct hierarchy *h, struct quota *q)
{
	char group[PATH_MAX], dir[2 * PATH_MAX], *slash;
	const char *below;
	size_t nbase;

	if (!group_find(root, h->v2, group, sizeof(group)))
		return;
	below = path_below(group, h->top);
	/* One of the two is outside of the cgroup namespace: only the mount's top can be found. */
	if (!below || strncmp(below, "/..", 3) == 0) {
		snprintf(group, sizeof(group), "%s", h->top);
		below = "";
	}
	nbase = (size_t)snprintf(dir, sizeof(dir), "%s%s", root, h->point);
	if (nbase + strlen(below) >= PATH_MAX)
		return;
	strcpy(dir + nbase, below);
	for (;;) {
		quota_read(q, h->v2, dir, group);
		slash = strrchr(dir + nbase, '/');
		if (!slash)
			break;
		*slash = '\0';
		slash = strrchr(group, '/');
		*slash = '\0';
	}
}

static void quotas_read(const char *root, struct quota *q)
{
	char path[PATH_MAX], *line = NULL;
	struct hierarchy *h;
	size_t cap = 0;
	FILE *f;

	h = malloc(sizeof(*h));
	snprintf(path, sizeof(path), "%s/proc/self/mountinfo", root);
	f = fopen(path, "re");
	while (h && f && getline(&line, &cap, f) > 0)
		if (hierarchy_parse(line, h))
			hierarchy_read(root, h, q);
	free(line);
	if (f)
		fclose(f);
	free(h);
}

int cores_read(struct cores *c, const char *root, struct proctor_error *err)
{
	struct quota *q;
	int ret, n;

	memset(c, 0, sizeof(*c));
	ret = affinity_read(c, err);
	if (ret < 0)
		return ret;
	q = calloc(1, sizeof(*q));
	if (!q) {
		cores_fini(c);
		return error_sys(err, ENOMEM, "cannot read the cgroup's quota");
	}
	quotas_read(root, q);
	c->usable = c->ncpus;
	n = snprintf(c->why, sizeof(c->why), "%u in the affinity mask; ", c->ncpus);
	if (q->cores == 0) {
		snprintf(c->why + n, sizeof(c->why) - (size_t)n, "no cgroup quota");
	} else {
		snprintf(c->why + n, sizeof(c->why) - (size_t)n, "%llu by the quota of %.64s (%s)",
			 (unsigned long long)q->cores, q->group, q->text);
		if (q->cores < c->usable)
			c->usable = (unsigned)q->cores;
	}
	free(q);
	return 0;
}

void cores_fini(struct cores *c)
{
	free(c->cpus);
	memset(c, 0, sizeof(*c));
}

unsigned cores_threads(const struct cores *c)
{
	if (c->usable < THREADS_MIN)
		return THREADS_MIN;
	return c->usable < PROCTOR_THREADS_MAX ? c->usable : PROCTOR_THREADS_MAX;
}
