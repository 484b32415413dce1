/* SPDX-License-Identifier: MIT */
#include "hosts/temp_dirs.h"

#include "base/private_dir.h"
#include "base/tree_remove.h"
#include "wire/page.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* TMPDIR is what programs ask; GoogleTest asks TEST_TMPDIR first, which it has from Bazel. */
static const char *const variables[] = { "TMPDIR", "TEST_TMPDIR" };

/* Of a path that temp_dirs_make() has made. */
static const char *name_of(const char *path)
{
	return strrchr(path, '/') + 1;
}

/* Makes one with the next number, and tells its name. 0 or an errno. */
static int make_next(struct temp_dirs *t, char name[static NAME_MAX + 1])
{
	do {
		snprintf(name, NAME_MAX + 1, "%s%u", t->prefix, ++t->nmade);
		if (mkdirat(t->fd, name, S_IRWXU) == 0)
			return 0;
	} while (errno == EEXIST);
	return errno;
}

int temp_dirs_open(struct temp_dirs *t, const char *run_id, bool keep, struct proctor_error *err)
{
	int ret;

	*t = (struct temp_dirs){ .fd = -1, .keep = keep };
	ret = private_dir_place(&t->under, err);
	if (ret < 0)
		return ret;
	snprintf(t->prefix, sizeof(t->prefix), TEMP_PREFIX "%.8s-", run_id);
	t->fd = open(t->under, O_PATH | O_DIRECTORY | O_CLOEXEC);
	/* Only asked: the guard, which would remove one, does not stand yet. */
	ret = t->fd < 0 || faccessat(AT_FDCWD, t->under, W_OK | X_OK, AT_EACCESS) < 0 ? errno : 0;
	if (ret == 0) {
		pthread_mutex_init(&t->lock, NULL);
		return 0;
	}
	error_sys(err, ret, "cannot make a temporary directory in %s (TMPDIR says where)", t->under);
	if (t->fd >= 0)
		close(t->fd);
	free(t->under);
	*t = (struct temp_dirs){ 0 };
	return -ret;
}

/* How many stay; of the first of them the sentence tells why. */
static size_t remove_all(struct temp_dirs *t, struct texts *names, struct proctor_error *err)
{
	char below[PATH_MAX];
	size_t nleft = 0;

	for (size_t i = 0; i < names->n; i++) {
		int ret = tree_remove(t->fd, names->list[i], below, sizeof(below));

		if (ret < 0 && nleft++ == 0)
			error_sys(err, -ret, "cannot remove %s/%s%s%s", t->under, names->list[i],
				  below[0] ? "/" : "", below);
	}
	texts_fini(names);
	*names = (struct texts){ 0 };
	return nleft;
}

int temp_dirs_finish(struct temp_dirs *t, struct proctor_error *err)
{
	struct proctor_error spare_err;
	size_t nleft, nspare, n;

	*err = (struct proctor_error){ 0 };
	nleft = remove_all(t, &t->left, err);
	nspare = remove_all(t, &t->spare, nleft > 0 ? &spare_err : err);
	n = strlen(err->text);
	if (nleft + nspare > 1)
		snprintf(err->text + n, sizeof(err->text) - n, "; %zu other temporary director%s",
			 nleft + nspare - 1, nleft + nspare > 2 ? "ies stay, too" : "y stays, too");
	return err->code;
}

void temp_dirs_close(struct temp_dirs *t)
{
	if (!t->under)
		return;
	close(t->fd);
	free(t->under);
	texts_fini(&t->left);
	texts_fini(&t->spare);
	pthread_mutex_destroy(&t->lock);
	*t = (struct temp_dirs){ 0 };
}

/* One that was given back, if it still is as it was then: a test may have found it. */
static bool take_spare(struct temp_dirs *t, char name[static NAME_MAX + 1])
{
	bool taken = false;

	pthread_mutex_lock(&t->lock);
	while (!taken && t->spare.n > 0) {
		char *last = t->spare.list[--t->spare.n];

		snprintf(name, NAME_MAX + 1, "%s", last);
		free(last);
		taken = tree_is_private(t->fd, name);
	}
	pthread_mutex_unlock(&t->lock);
	return taken;
}

static void note_name(struct temp_dirs *t, struct texts *names, const char *name)
{
	pthread_mutex_lock(&t->lock);
	texts_add(names, "%s", name);
	pthread_mutex_unlock(&t->lock);
}

int temp_dirs_take(struct temp_dirs *t, char **path, struct proctor_error *err)
{
	char name[NAME_MAX + 1];
	int errnum = take_spare(t, name) ? 0 : make_next(t, name);

	if (errnum == 0 && asprintf(path, "%s/%s", t->under, name) >= 0)
		return 0;
	*path = NULL;
	if (errnum == 0) {
		note_name(t, &t->spare, name);
		errnum = ENOMEM;
	}
	return error_sys(err, errnum, "cannot make a temporary directory in %s", t->under);
}

void temp_dirs_give(struct temp_dirs *t, char **path)
{
	int ret;

	if (!*path)
		return;
	ret = tree_empty(t->fd, name_of(*path), NULL, 0);
	if (ret == 0 && tree_is_private(t->fd, name_of(*path)))
		note_name(t, &t->spare, name_of(*path));
	else if (ret < 0 && ret != -ENOENT)
		note_name(t, &t->left, name_of(*path));
	else
		tree_remove(t->fd, name_of(*path), NULL, 0);
	free(*path);
	*path = NULL;
}

bool temp_dirs_keeps(const struct temp_dirs *t, const char *path)
{
	bool full = false;
	struct dirent *e;
	DIR *dir;

	if (!t->keep || !path)
		return false;
	dir = opendir(path);
	while (dir && !full && (e = readdir(dir)))
		full = strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
	if (dir)
		closedir(dir);
	return full;
}

void temp_dirs_leave(struct temp_dirs *t, char **path)
{
	if (!temp_dirs_keeps(t, *path)) {
		temp_dirs_give(t, path);
		return;
	}
	t->kept = true;
	free(*path);
	*path = NULL;
}

int temp_dir_tell(struct child_environment *env, const char *path)
{
	int ret = 0;

	for (size_t i = 0; ret == 0 && i < sizeof(variables) / sizeof(variables[0]); i++)
		ret = child_environment_set(env, variables[i], "%s", path);
	return ret;
}

int temp_dir_tell_other(struct child_environment *env, const char *from, const char *to)
{
	int ret = 0;

	for (size_t i = 0; ret == 0 && i < sizeof(variables) / sizeof(variables[0]); i++) {
		const char *now = child_environment_get(env, variables[i]);

		if (now && strcmp(now, from) == 0)
			ret = child_environment_set(env, variables[i], "%s", to);
	}
	return ret;
}
