/* SPDX-License-Identifier: MIT */
#include "plan/list_cache.h"

#include "base/file_size.h"
#include "base/hash.h"
#include "base/vector.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* What a list depends on and its key does not know, a file that it reads say, is noticed after that at the latest. */
#define AGE_MAX_S (24 * 3600)
/* One that a proctor which was killed has left. */
#define UNFINISHED_MAX_S 3600
#define UNFINISHED "new-"

#define FILE_BYTES_MAX ((off_t)64 << 20)
#define FILES_MAX 8192
#define ALL_BYTES_MAX ((off_t)256 << 20)

char *list_cache_place(struct arena *arena)
{
	const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
	char *place, *copy;
	int n;

	/* The specification has relative ones ignored. */
	if (cache && cache[0] == '/')
		n = asprintf(&place, "%s/proctor/lists", cache);
	else if (home && home[0] == '/')
		n = asprintf(&place, "%s/.cache/proctor/lists", home);
	else
		return NULL;
	if (n < 0)
		return NULL;
	copy = arena_copy(arena, place);
	free(place);
	return copy;
}

/* The file of a question, allocated; NULL: no memory. */
static char *file_path(const struct suite *s)
{
	const struct remembered *r = s->remembered;
	uint64_t hash = hash_bytes(r->key.data, r->nquestion);
	char *path;

	return asprintf(&path, "%s/%016" PRIx64, s->plan->list_cache, hash) < 0 ? NULL : path;
}

/* ---- reading ---- */

static bool is_of_age(const struct kept_list *list)
{
	int64_t now_s = time(NULL);

	return list->asked_s <= now_s && list->asked_s > now_s - AGE_MAX_S;
}

/* Nobody else could have written it. */
static bool is_own(const struct stat *st)
{
	return st->st_uid == geteuid() && !(st->st_mode & (S_IWGRP | S_IWOTH));
}

/* The whole of the file, in the arena; NULL: it is not to be had. */
static void *file_read(const char *path, struct arena *arena, size_t *nbytes)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW);
	void *bytes = NULL;
	struct stat st;

	if (fd < 0)
		return NULL;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && is_own(&st) && st.st_size > 0 &&
	    st.st_size <= FILE_BYTES_MAX) {
		*nbytes = (size_t)st.st_size;
		bytes = arena_alloc(arena, *nbytes);
		/* In one piece, or it is being changed, which nobody should. */
		if (bytes && read(fd, bytes, *nbytes) != st.st_size)
			bytes = NULL;
	}
	close(fd);
	return bytes;
}

static struct remembered *remembered_new(const struct list_key *key, struct arena *arena)
{
	struct remembered *r = arena_alloc(arena, sizeof(*r));
	char *text = r ? arena_alloc(arena, key->text.nbytes) : NULL;

	if (!text)
		return NULL;
	memcpy(text, key->text.data, key->text.nbytes);
	r->key = (struct bytes){ .data = text, .nbytes = key->text.nbytes };
	r->nquestion = key->nquestion;
	r->fresh = key->fresh;
	return r;
}

static void kept_find(struct suite *s)
{
	struct remembered *r = s->remembered;
	char *path = file_path(s);
	size_t nbytes = 0;
	void *bytes = path ? file_read(path, &s->plan->arena, &nbytes) : NULL;

	if (!bytes || !list_file_read(bytes, nbytes, &r->key, &s->plan->arena, &r->list) ||
	    !is_of_age(&r->list))
		r->list = (struct kept_list){ 0 };
	s->times = r->list.times;
	free(path);
}

void list_cache_look(struct suite *s, const struct program_file *file)
{
	struct list_key key;

	if (!s->plan->list_cache || s->remembered)
		return;
	if (list_key_make(&key, s, file))
		s->remembered = remembered_new(&key, &s->plan->arena);
	bytes_fini(&key.text);
	if (s->remembered)
		kept_find(s);
}

static bool question_is_the_same(const struct suite *s)
{
	const struct remembered *r = s->remembered;
	struct bytes question = { 0 };
	bool same;

	list_key_question(&question, s);
	same = !question.failed && question.nbytes == r->nquestion &&
	       memcmp(question.data, r->key.data, r->nquestion) == 0;
	bytes_fini(&question);
	return same;
}

bool list_cache_answers(const struct suite *s)
{
	return s->remembered && s->remembered->list.adapter == s->adapter && question_is_the_same(s);
}

/* ---- writing ---- */

/* The text without its last part: "/a/b" is "/a". */
static char *path_above(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash && slash > path ? strndup(path, (size_t)(slash - path)) : NULL;
}

/* Makes what is missing of the last three directories. Where those before are missing there is no home. */
static void place_make(const char *place)
{
	char *above = path_above(place), *top = above ? path_above(above) : NULL;

	if (top)
		mkdir(top, S_IRWXU);
	if (above)
		mkdir(above, S_IRWXU);
	mkdir(place, S_IRWXU);
	free(top);
	free(above);
}

/* Who became another user keeps out of the first one's directories, though he may write there. */
static bool place_is_own(const char *place)
{
	struct stat st;

	return lstat(place, &st) == 0 && S_ISDIR(st.st_mode) && is_own(&st);
}

static bool write_all(int fd, const struct bytes *content)
{
	size_t done = 0;

	while (done < content->nbytes) {
		ssize_t n = write(fd, content->data + done, content->nbytes - done);

		if (n > 0)
			done += (size_t)n;
		else if (n == 0 || errno != EINTR)
			return false;
	}
	return true;
}

/* Readers find the old file or the new one, and of two writers one comes last. */
static void file_put(const char *place, const char *path, const struct bytes *content)
{
	bool written;
	char *unfinished;
	int fd;

	if (asprintf(&unfinished, "%s/" UNFINISHED "XXXXXX", place) < 0)
		return;
	fd = mkostemp(unfinished, O_CLOEXEC);
	if (fd >= 0) {
		written = write_all(fd, content);
		/* Some file systems tell only now that they are full. */
		if (close(fd) < 0 || !written || rename(unfinished, path) < 0)
			unlink(unfinished);
	}
	free(unfinished);
}

void list_cache_keep(const struct suite *s, const struct listing *list)
{
	const char *place = s->plan->list_cache;
	struct bytes content = { 0 };
	sigset_t mask;
	char *path;

	if (!s->remembered || s->remembered->fresh || !question_is_the_same(s) ||
	    file_look(s->path, &s->file) != FILE_SAME)
		return;
	path = file_path(s);
	s->remembered->list.sum = list_file_write(&content, &s->remembered->key, s->adapter, list, time(NULL));
	if (path && !content.failed && content.nbytes <= (size_t)FILE_BYTES_MAX) {
		if (access(place, F_OK) < 0)
			place_make(place);
		file_size_hold(&mask);
		if (place_is_own(place))
			file_put(place, path, &content);
		file_size_release(&mask);
	}
	bytes_fini(&content);
	free(path);
}

void list_cache_forget(const struct proctor_plan *plan)
{
	for (size_t i = 0; plan->list_cache && i < plan->nsuites; i++) {
		char *path = plan->suites[i]->remembered ? file_path(plan->suites[i]) : NULL;

		if (path)
			unlink(path);
		free(path);
	}
}

/* Of two measurements most differ a little. */
static bool is_about(uint64_t a, uint64_t b)
{
	return a / 4 * 3 <= b && b / 4 * 3 <= a;
}

void list_cache_keep_times(const struct suite *s, const struct program_times *times)
{
	const struct remembered *r = s->remembered;
	const struct list_file_times content = list_file_times(times);
	char *path, head[256];
	struct stat st;
	ssize_t n;
	int fd;

	if (!r || r->list.sum == 0 || times->test_ns == 0 ||
	    (is_about(times->start_ns, s->times.start_ns) && is_about(times->test_ns, s->times.test_ns)))
		return;
	path = file_path(s);
	fd = path ? open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW) : -1;
	free(path);
	if (fd < 0)
		return;
	n = pread(fd, head, sizeof(head), 0);
	/* Another proctor may have put another list there. */
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && is_own(&st) && n > 0 &&
	    list_file_is(head, (size_t)n, r->list.sum))
		(void)!pwrite(fd, &content, sizeof(content), LIST_FILE_TIMES_AT);
	close(fd);
}

/* ---- too many ---- */

struct aged {
	char name[NAME_MAX + 1];
	time_t at;
	off_t nbytes;
};

typedef VECTOR(struct aged) aged_list;

static int newest_first(const void *a, const void *b)
{
	const struct aged *x = a, *y = b;

	return (x->at < y->at) - (x->at > y->at);
}

/* Collects the files; what was never finished goes at once. */
static void aged_collect(aged_list *files, DIR *dir, time_t now)
{
	const struct dirent *entry;

	while ((entry = readdir(dir))) {
		struct aged *file;
		struct stat st;

		if (fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(st.st_mode))
			continue;
		if (strncmp(entry->d_name, UNFINISHED, strlen(UNFINISHED)) == 0) {
			if (now - st.st_mtime > UNFINISHED_MAX_S)
				unlinkat(dirfd(dir), entry->d_name, 0);
			continue;
		}
		file = vector_add(files);
		if (!file)
			return;
		strcpy(file->name, entry->d_name);
		file->at = st.st_mtime;
		file->nbytes = st.st_size;
	}
}

void list_cache_prune(const char *place)
{
	DIR *dir = opendir(place);
	aged_list files = { 0 };
	time_t now = time(NULL);
	off_t nbytes = 0;

	if (!dir)
		return;
	aged_collect(&files, dir, now);
	if (files.n > 1)
		qsort(files.list, files.n, sizeof(*files.list), newest_first);
	for (size_t i = 0; i < files.n; i++) {
		nbytes += files.list[i].nbytes;
		if (i >= FILES_MAX || nbytes > ALL_BYTES_MAX || now - files.list[i].at > AGE_MAX_S)
			unlinkat(dirfd(dir), files.list[i].name, 0);
	}
	free(files.list);
	closedir(dir);
}
