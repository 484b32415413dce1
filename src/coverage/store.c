/* SPDX-License-Identifier: MIT */
#include "coverage/store.h"

#include "coverage/mark.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* What a run leaves, beside the mark: two directories, and files. */
static const char *const left_names[] = {
	"raw", "merged", STATE_NAME, "coverage.profdata", "coverage.json", "coverage.lcov",
	"index.html",
};
#define NLEFT (sizeof(left_names) / sizeof(left_names[0]))
#define NLEFT_DIRECTORIES 2

static int no_memory(struct proctor_error *err)
{
	return error_set(err, -ENOMEM, "no memory for the coverage directory");
}

static int nothing_left(const char *dir, struct proctor_error *err)
{
	return error_set(err, -ENODATA, "no run with --coverage has left anything in %s", dir);
}

static bool store_has(const struct store *s, const char *name)
{
	return faccessat(s->dir_fd, name, F_OK, 0) == 0;
}

/* Makes `dir` and the directories above it. */
static int directory_make(const char *dir, struct proctor_error *err)
{
	char *path = strdup(dir), *slash = path;
	int ret = path ? 0 : -ENOMEM;

	while (ret == 0 && slash) {
		slash = strchr(slash + 1, '/');
		if (slash)
			*slash = '\0';
		if (mkdir(path, 0777) < 0 && errno != EEXIST)
			ret = -errno;
		if (slash)
			*slash = '/';
	}
	free(path);
	return ret < 0 ? error_sys(err, -ret, "cannot make the coverage directory %s", dir) : 0;
}

/* Tests may change their directory; what LLVM's runtime is told must hold there: an absolute path. */
static int store_find(struct store *s, const char *dir, bool make, struct proctor_error *err)
{
	int ret = 0;

	if (!*dir)
		return error_set(err, -EINVAL, "the name of the coverage directory is empty");
	if (make)
		ret = directory_make(dir, err);
	if (ret < 0)
		return ret;
	s->dir = realpath(dir, NULL);
	s->dir_fd = s->dir ? open(s->dir, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
	if (!make && (s->dir_fd < 0 || !store_has(s, STATE_NAME)))
		return nothing_left(dir, err);
	if (s->dir_fd < 0)
		return error_sys(err, errno, "cannot find the coverage directory %s", dir);
	if (strchr(s->dir, '%'))
		return error_set(err, -EINVAL, "the coverage directory %s cannot be used: in a profile's "
				 "name LLVM takes the percent sign for a pattern", s->dir);
	if (strchr(s->dir, '\n'))
		return error_set(err, -EINVAL, "the coverage directory cannot be used: there is a line "
				 "break in its path, and LLVM reads a list of paths by lines");
	return 0;
}

static int store_refuse(const struct store *s, const char *name, struct proctor_error *err)
{
	return error_set(err, -EEXIST, "%s/%s is there and no run with --coverage has left it: remove "
			 "it, or name another directory (--coverage-dir)", s->dir, name);
}

/* What a run will remove must be what a run has left: the mark tells. Where none is and nothing would
 * be lost, it is made. */
static int store_lock(struct store *s, const char *path, bool make, struct proctor_error *err)
{
	const char *left = NULL;
	enum mark mark;
	int fd;

	for (size_t i = NLEFT; i-- > 0;)
		if (store_has(s, left_names[i]))
			left = left_names[i];
	fd = mark_open(path, make && !left, &mark, err);
	if (fd == -ENOENT)
		return make ? store_refuse(s, left, err) : nothing_left(s->dir, err);
	if (fd == -EBUSY)
		return error_set(err, -EBUSY, "the coverage directory %s is in use by another run: "
				 "give this one another (--coverage-dir)", s->dir);
	if (fd < 0)
		return fd;
	s->lock_fd = fd;
	switch (mark) {
	case MARK_OWN:
		return 0;
	case MARK_FOREIGN:
		return store_refuse(s, MARK_NAME, err);
	case MARK_NONE:
		break;
	}
	if (!make)
		return nothing_left(s->dir, err);
	return left ? store_refuse(s, left, err) : mark_write(fd, path, err);
}

int store_open(struct store *s, const char *dir, bool make, struct proctor_error *err)
{
	char *mark = NULL;
	int ret;

	*s = (struct store){ .dir_fd = -1, .lock_fd = -1 };
	ret = store_find(s, dir, make, err);
	if (ret == 0 && !(mark = store_path(s, MARK_NAME)))
		ret = no_memory(err);
	if (ret == 0)
		ret = store_lock(s, mark, make, err);
	free(mark);
	if (ret < 0)
		store_close(s);
	return ret;
}

void store_close(struct store *s)
{
	for (size_t i = 0; i < s->profiles.n; i++)
		free(s->profiles.list[i].path);
	free(s->profiles.list);
	texts_fini(&s->binaries);
	texts_fini(&s->problems);
	texts_fini(&s->notes);
	functions_fini(&s->functions);
	unmapped_fini(&s->unmapped);
	if (s->lock_fd >= 0)
		close(s->lock_fd);
	if (s->dir_fd >= 0)
		close(s->dir_fd);
	free(s->dir);
	*s = (struct store){ .dir_fd = -1, .lock_fd = -1 };
}

char *store_path(const struct store *s, const char *name)
{
	char *path;

	return asprintf(&path, "%s/%s", s->dir, name) < 0 ? NULL : path;
}

/* Empties a directory that holds files only, or makes it. What a link leads to is not ours. */
static int directory_clean(const struct store *s, const char *name, struct proctor_error *err)
{
	struct dirent *entry;
	int ret = 0, fd;
	DIR *dir;

	if (mkdirat(s->dir_fd, name, 0777) < 0 && errno != EEXIST)
		return error_sys(err, errno, "cannot make %s/%s", s->dir, name);
	fd = openat(s->dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	dir = fd >= 0 ? fdopendir(fd) : NULL;
	if (!dir) {
		ret = error_sys(err, errno, "cannot open %s/%s", s->dir, name);
		if (fd >= 0)
			close(fd);
		return ret;
	}
	while (ret == 0 && (entry = readdir(dir))) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (unlinkat(fd, entry->d_name, 0) < 0 && errno != ENOENT)
			ret = error_sys(err, errno, "cannot remove %s from %s/%s", entry->d_name, s->dir,
					name);
	}
	closedir(dir);
	return ret;
}

int store_clean_raw(struct store *s, struct proctor_error *err)
{
	return directory_clean(s, "raw", err);
}

int store_clean(struct store *s, struct proctor_error *err)
{
	int ret = 0;

	for (size_t i = 0; i < NLEFT && ret == 0; i++)
		if (i < NLEFT_DIRECTORIES)
			ret = directory_clean(s, left_names[i], err);
		else if (unlinkat(s->dir_fd, left_names[i], 0) < 0 && errno != ENOENT)
			ret = error_sys(err, errno, "cannot remove %s/%s", s->dir, left_names[i]);
	return ret;
}

int store_add_profile(struct store *s, const char *path, uint64_t version)
{
	struct store_profile *p = vector_add(&s->profiles);

	if (!p || !(p->path = strdup(path)))
		return -ENOMEM;
	p->version = version;
	return 0;
}
