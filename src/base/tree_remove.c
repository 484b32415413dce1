/* SPDX-License-Identifier: MIT */
#include "base/tree_remove.h"

#include "base/vector.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What cannot be removed is looked at again each time its directory is read anew: of so many that is remembered,
 * and then the walk ends. */
#define KEPT_MAX 256

/* A directory within the tree, above the one that is being emptied, or the tree. Descriptors are few, and a tree may be deep: so none is kept
 * open for it. The walk comes back by "..", and looks whether it has come to the same directory. */
struct place {
	dev_t dev;
	ino_t ino;
	ino_t entry;			/* of the directory below it: as readdir() has it */
	char name[NAME_MAX + 1];	/* and what that is called */
};

struct walk {
	DIR *dir;			/* that is being emptied */
	dev_t dev;			/* of all that is removed: nothing that is mounted there */
	VECTOR(struct place) above;
	ino_t kept[KEPT_MAX];		/* entries that cannot be removed */
	size_t nkept;
	bool removed;			/* something, since the directory was read from its beginning */
	int failed;			/* why the first could not; 0: all could */
	char *left;
	size_t nleft;
};

/* The path of an entry of the directory that is being emptied, below the tree's own name. */
static void walk_path(const struct walk *w, const char *name)
{
	size_t n = 0;

	if (w->nleft == 0)
		return;
	w->left[0] = '\0';
	for (size_t i = 0; i < w->above.n && n < w->nleft; i++)
		n += (size_t)snprintf(w->left + n, w->nleft - n, "%s/", w->above.list[i].name);
	if (n < w->nleft)
		snprintf(w->left + n, w->nleft - n, "%s", name);
}

/* The entry stays. */
static void walk_keep(struct walk *w, ino_t entry, const char *name, int errnum)
{
	if (!w->failed) {
		walk_path(w, name);
		w->failed = errnum;
	}
	if (w->nkept < KEPT_MAX)
		w->kept[w->nkept++] = entry;
}

static bool walk_keeps(const struct walk *w, ino_t entry)
{
	for (size_t i = 0; i < w->nkept; i++)
		if (w->kept[i] == entry)
			return true;
	return false;
}

/* Goes on in the directory `fd`, which is the walk's from here on. -ENOMEM: it stays where it is. */
static int walk_enter(struct walk *w, int fd)
{
	DIR *dir = fdopendir(fd);
	struct stat st;

	if (!dir) {
		close(fd);
		return -ENOMEM;
	}
	/* Its entries can only be removed by who may write and search there; a test may have taken that away. */
	if (fstat(fd, &st) == 0 && (st.st_mode & S_IRWXU) != S_IRWXU)
		fchmod(fd, S_IRWXU);
	closedir(w->dir);
	w->dir = dir;
	return 0;
}

static int open_dir(int dir_fd, const char *name)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK;
	int fd = openat(dir_fd, name, flags);

	if (fd < 0 && errno == EACCES && fchmodat(dir_fd, name, S_IRWXU, AT_SYMLINK_NOFOLLOW) == 0)
		fd = openat(dir_fd, name, flags);
	return fd < 0 ? -errno : fd;
}

/* Goes down into a directory. A negative errno: it cannot be emptied, and the walk stays where it is. */
static int walk_down(struct walk *w, ino_t entry, const char *name)
{
	int fd = open_dir(dirfd(w->dir), name), ret;
	struct place *place;
	struct stat here, there;

	if (fd < 0)
		return fd;
	if (fstat(dirfd(w->dir), &here) < 0 || fstat(fd, &there) < 0)
		ret = -EIO;
	else	/* as the kernel says of a directory on which something is mounted */
		ret = there.st_dev != w->dev ? -EBUSY : 0;
	place = ret == 0 ? vector_add(&w->above) : NULL;
	if (!place) {
		close(fd);
		return ret < 0 ? ret : -ENOMEM;
	}
	*place = (struct place){ .dev = here.st_dev, .ino = here.st_ino, .entry = entry };
	snprintf(place->name, sizeof(place->name), "%s", name);
	ret = walk_enter(w, fd);
	if (ret < 0)
		w->above.n--;
	return ret;
}

/* The directory is as empty as it will be: goes up again, and removes it. */
static int walk_up(struct walk *w)
{
	struct place below = w->above.list[w->above.n - 1];
	int fd = openat(dirfd(w->dir), "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC), ret;
	struct stat st;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0 || st.st_dev != below.dev || st.st_ino != below.ino) {
		close(fd);
		return -ESTALE;	/* somebody has moved it meanwhile */
	}
	ret = walk_enter(w, fd);
	if (ret < 0)
		return ret;
	w->above.n--;
	if (unlinkat(fd, below.name, AT_REMOVEDIR) < 0 && errno != ENOENT)
		walk_keep(w, below.entry, below.name, errno);
	return 0;
}

/* Removes an entry, be it a file or an empty directory. -ENOTEMPTY: it is a directory and has something in it. */
static int entry_remove(int fd, const char *name, bool is_dir)
{
	int tried = is_dir ? EISDIR : unlinkat(fd, name, 0) == 0 ? 0 : errno;

	if (tried == EISDIR)
		tried = unlinkat(fd, name, AT_REMOVEDIR) == 0 ? 0 : errno;
	/* Another has come to its place. */
	if (tried == ENOTDIR)
		tried = unlinkat(fd, name, 0) == 0 ? 0 : errno;
	if (tried == EEXIST)
		tried = ENOTEMPTY;
	return tried == ENOENT ? 0 : -tried;
}

/* Removes what it can until it comes to a directory with something in it, into which it goes. `*emptied`: there is
 * none, and all was looked at. */
static int walk_along(struct walk *w, bool *emptied)
{
	const struct dirent *e;

	*emptied = false;
	while ((e = readdir(w->dir))) {
		int ret;

		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0 || walk_keeps(w, e->d_ino))
			continue;
		ret = entry_remove(dirfd(w->dir), e->d_name, e->d_type == DT_DIR);
		if (ret == -ENOTEMPTY) {
			/* Lent until the directory is left. */
			ino_t entry = e->d_ino;
			char name[NAME_MAX + 1];

			snprintf(name, sizeof(name), "%s", e->d_name);
			ret = walk_down(w, entry, name);
			if (ret == 0)
				return 0;
			walk_keep(w, entry, name, -ret);
		} else if (ret < 0) {
			walk_keep(w, e->d_ino, e->d_name, -ret);
		} else {
			w->removed = true;
		}
		if (w->nkept == KEPT_MAX)
			return -w->failed;
	}
	*emptied = true;
	return 0;
}

static int walk_all(struct walk *w)
{
	bool emptied;
	int ret;

	do {
		w->removed = false;
		ret = walk_along(w, &emptied);
		if (ret == 0 && emptied && w->above.n > 0)
			ret = walk_up(w);
		else if (ret == 0 && emptied && !w->removed)
			return 0;
		/* What was removed may have shifted what was still to be read. */
		else if (ret == 0 && emptied)
			rewinddir(w->dir);
	} while (ret == 0);
	return ret;
}

int tree_empty(int dir_fd, const char *name, char *left, size_t nleft)
{
	struct walk w = { .left = left, .nleft = nleft };
	int fd, ret;
	struct stat st = { 0 };

	if (nleft > 0)
		left[0] = '\0';
	fd = open_dir(dir_fd, name);
	if (fd < 0)
		return fd;
	w.dir = fdopendir(fd);
	if (!w.dir) {
		close(fd);
		return -ENOMEM;
	}
	if (fstat(fd, &st) == 0 && (st.st_mode & 07777) != S_IRWXU)
		fchmod(fd, S_IRWXU);
	w.dev = st.st_dev;
	ret = walk_all(&w);
	closedir(w.dir);
	free(w.above.list);
	return w.failed ? -w.failed : ret;
}

bool tree_is_private(int dir_fd, const char *name)
{
	struct stat st;

	return fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && st.st_uid == geteuid() &&
	       (st.st_mode & (S_IFMT | 07777)) == (S_IFDIR | S_IRWXU);
}

int tree_remove(int dir_fd, const char *name, char *left, size_t nleft)
{
	int ret = 0;

	if (nleft > 0)
		left[0] = '\0';
	/* Again, where somebody has put something in it, or has moved a part of it, meanwhile. */
	for (int i = 0; i < 3; i++) {
		int removed = entry_remove(dir_fd, name, true);

		if (removed == 0)
			return 0;
		if (removed != -ENOTEMPTY)
			return removed;
		ret = tree_empty(dir_fd, name, left, nleft);
		if (ret < 0 && ret != -ESTALE && ret != -ENOENT && ret != -ENOTEMPTY)
			return ret;
	}
	return ret < 0 ? ret : entry_remove(dir_fd, name, true);
}
