/* SPDX-License-Identifier: MIT */
#include "coverage/store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* What tells a coverage directory from any other: a file whose content says that what a run leaves there
 * may be removed. A name says nothing, as anybody may have a file of that name. */
#define MARK_NAME ".proctor-coverage"
static const char mark_text[] =
	"proctor coverage directory 1\n"
	"The next `proctor run --coverage` that works here removes what the last one left.\n";

/* What a run leaves, beside the mark: two directories, and files. */
static const char *const left_names[] = {
	"raw", "merged", STATE_NAME, "coverage.profdata", "coverage.json", "coverage.lcov",
	"index.html",
};
#define NLEFT (sizeof(left_names) / sizeof(left_names[0]))
#define NLEFT_DIRECTORIES 2

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

/* How many bytes of a mark there are: all, or none where a run began to make it. -1: it is something
 * else. */
static ssize_t mark_read(int fd)
{
	char found[sizeof(mark_text)];
	struct stat st;
	ssize_t n = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) ? pread(fd, found, sizeof(found), 0) : -1;

	return n <= 0 || (n == (ssize_t)strlen(mark_text) && memcmp(found, mark_text, (size_t)n) == 0) ? n : -1;
}

static int mark_write(const struct store *s, struct proctor_error *err)
{
	ssize_t n = pwrite(s->lock_fd, mark_text, strlen(mark_text), 0);

	if (n == (ssize_t)strlen(mark_text))
		return 0;
	error_sys(err, n < 0 ? errno : ENOSPC, "cannot write %s/%s", s->dir, MARK_NAME);
	/* Half of it would be somebody else's. */
	if (ftruncate(s->lock_fd, 0) < 0)
		unlinkat(s->dir_fd, MARK_NAME, 0);
	return err->code;
}

/* The first of the names that a run would remove; NULL: there is none. */
static const char *store_left(const struct store *s)
{
	for (size_t i = 0; i < NLEFT; i++)
		if (store_has(s, left_names[i]))
			return left_names[i];
	return NULL;
}

/* What a run will remove must be what a run has left: the mark tells. Where none is and nothing would
 * be lost, it is made. */
static int store_lock(struct store *s, bool make, struct proctor_error *err)
{
	const char *left = store_left(s);
	int flags = O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;
	ssize_t nmark;

	s->lock_fd = openat(s->dir_fd, MARK_NAME, flags | (make && !left ? O_CREAT : 0), 0666);
	if (s->lock_fd < 0 && errno == ENOENT)
		return make ? store_refuse(s, left, err) : nothing_left(s->dir, err);
	if (s->lock_fd < 0)
		return error_sys(err, errno, "cannot open %s/%s", s->dir, MARK_NAME);
	if (flock(s->lock_fd, LOCK_EX | LOCK_NB) < 0)
		return errno == EWOULDBLOCK
			? error_set(err, -EBUSY, "the coverage directory %s is in use by another run: "
				    "give this one another (--coverage-dir)", s->dir)
			: error_sys(err, errno, "cannot lock %s/%s", s->dir, MARK_NAME);
	nmark = mark_read(s->lock_fd);
	if (nmark < 0)
		return store_refuse(s, MARK_NAME, err);
	if (nmark > 0)
		return 0;
	if (!make)
		return nothing_left(s->dir, err);
	return left ? store_refuse(s, left, err) : mark_write(s, err);
}

int store_open(struct store *s, const char *dir, bool make, struct proctor_error *err)
{
	int ret;

	*s = (struct store){ .dir_fd = -1, .lock_fd = -1 };
	ret = store_find(s, dir, make, err);
	if (ret == 0)
		ret = store_lock(s, make, err);
	if (ret < 0)
		store_close(s);
	return ret;
}

void store_close(struct store *s)
{
	texts_fini(&s->profiles);
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
