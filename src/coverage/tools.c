/* SPDX-License-Identifier: MIT */
#include "coverage/tools.h"

#include "base/escape.h"
#include "base/spawn.h"
#include "coverage/raw.h"
#include "coverage/tool_run.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define VERSION_TIMEOUT_US 30000000u
/* With more binaries than this they go into a file: the kernel bounds the arguments. */
#define ARGUMENTS_MAX 64

/* Which LLVM reads which raw version: INSTR_PROF_RAW_VERSION in the releases' InstrProfData.inc. */
static const struct {
	uint64_t version;
	unsigned from, to;		/* major versions; 0: and all later ones */
} raw_readers[] = {
	{ 5, 11, 12 }, { 7, 13, 13 }, { 8, 14, 17 }, { 9, 18, 18 }, { 10, 19, 0 },
};

static int no_memory(struct proctor_error *err)
{
	error_set(err, -ENOMEM, "no memory for LLVM's tools");
	return -ENOMEM;
}

/* "LLVM version 19.1.7", with or without a distributor's name before it. 0: it is none. */
static unsigned version_read(const char *said)
{
	const char *at = strstr(said, "LLVM version ");

	return at ? (unsigned)strtoul(at + strlen("LLVM version "), NULL, 10) : 0;
}

static bool tool_known(const struct tool *list, size_t n, unsigned major)
{
	for (size_t i = 0; i < n; i++)
		if (list[i].major == major)
			return true;
	return false;
}

/* Keeps the tool at its place, newest first. */
static int tool_keep(struct tool **list, size_t *n, const char *path, unsigned major)
{
	struct tool *grown = reallocarray(*list, *n + 1, sizeof(*grown));
	size_t at = *n;
	char *copy;

	if (!grown)
		return -ENOMEM;
	*list = grown;
	copy = strdup(path);
	if (!copy)
		return -ENOMEM;
	for (; at > 0 && grown[at - 1].major < major; at--)
		grown[at] = grown[at - 1];
	grown[at] = (struct tool){ .path = copy, .major = major };
	(*n)++;
	return 0;
}

/* A tool that has been asked: under several names it is asked once. */
struct asked {
	dev_t dev;
	ino_t ino;
};

struct search {
	struct tools *tools;
	struct asked *asked;
	size_t nasked;
};

static bool search_was_asked(struct search *s, const struct stat *st)
{
	for (size_t i = 0; i < s->nasked; i++)
		if (s->asked[i].ino == st->st_ino && s->asked[i].dev == st->st_dev)
			return true;
	return false;
}

/* Asks the program for its version and keeps it. What does not answer is passed over. */
static int search_ask(struct search *s, const char *path, bool profdata, struct proctor_error *err)
{
	struct tool **list = profdata ? &s->tools->profdata : &s->tools->cov;
	size_t *n = profdata ? &s->tools->nprofdata : &s->tools->ncov;
	/* Before LLVM 17 llvm-profdata knew no option without a subcommand. */
	char *argv[] = { (char *)path, profdata ? "merge" : "--version",
			 profdata ? "--version" : NULL, NULL };
	uint64_t limit_us = s->tools->timeout_us;
	struct tool_run run = { .path = path, .argv = argv, .what = "tell its version",
				.stdout_fd = -1, .cancel_fd = s->tools->cancel_fd,
				.timeout_us = limit_us < VERSION_TIMEOUT_US ? limit_us
									    : VERSION_TIMEOUT_US };
	struct asked *asked;
	struct stat st;
	unsigned major;
	int ret;

	if (stat(path, &st) < 0 || !S_ISREG(st.st_mode) || access(path, X_OK) < 0 ||
	    search_was_asked(s, &st))
		return 0;
	asked = reallocarray(s->asked, s->nasked + 1, sizeof(*asked));
	if (!asked)
		return no_memory(err);
	s->asked = asked;
	s->asked[s->nasked++] = (struct asked){ .dev = st.st_dev, .ino = st.st_ino };
	ret = tool_run(&run, err);
	if (ret == -EINTR || ret == -ENOMEM)
		return ret;
	major = ret == 0 ? version_read(run.said) : 0;
	if (ret == 0 && major == 0)
		error_set(err, -EBADMSG, "%s does not tell its version", path);
	if (major == 0 && s->tools->passed_over.code == 0)
		s->tools->passed_over = *err;
	if (major == 0 || tool_known(*list, *n, major))
		return 0;
	return tool_keep(list, n, path, major) < 0 ? no_memory(err) : 0;
}

/* "llvm-cov", or that with a dash and digits. */
static bool name_fits(const char *name, const char *tool)
{
	size_t n = strlen(tool);

	if (strncmp(name, tool, n) != 0)
		return false;
	return name[n] == '\0' ||
	       (name[n] == '-' && name[n + 1] && strspn(name + n + 1, "0123456789") ==
							 strlen(name + n + 1));
}

static int search_directory(struct search *s, const char *dir, struct proctor_error *err)
{
	DIR *d = opendir(dir);
	struct dirent *entry;
	int ret = 0;

	while (d && ret == 0 && (entry = readdir(d))) {
		bool profdata = name_fits(entry->d_name, "llvm-profdata");
		char *path;

		if (!profdata && !name_fits(entry->d_name, "llvm-cov"))
			continue;
		if (asprintf(&path, "%s/%s", dir, entry->d_name) < 0) {
			ret = no_memory(err);
			break;
		}
		ret = search_ask(s, path, profdata, err);
		free(path);
	}
	if (d)
		closedir(d);
	return ret;
}

/* An llvm-cov is of use beside the llvm-profdata that writes what it reads. */
static void tools_pair(struct tools *t)
{
	size_t n = 0;

	for (size_t i = 0; i < t->ncov; i++)
		if (tool_known(t->profdata, t->nprofdata, t->cov[i].major))
			t->cov[n++] = t->cov[i];
		else
			free(t->cov[i].path);
	t->ncov = n;
}

int tools_find(struct tools *t, const char *path, uint64_t timeout_us, int cancel_fd,
	       struct proctor_error *err)
{
	struct search s = { .tools = t };
	char *copy = strdup(path), *save = NULL;
	int ret = copy ? 0 : no_memory(err);

	*t = (struct tools){ .timeout_us = timeout_us, .cancel_fd = cancel_fd };
	for (char *dir = copy ? strtok_r(copy, ":", &save) : NULL; dir && ret == 0;
	     dir = strtok_r(NULL, ":", &save))
		ret = search_directory(&s, dir, err);
	free(copy);
	free(s.asked);
	if (ret < 0)
		tools_fini(t);
	else
		tools_pair(t);
	return ret;
}

void tools_fini(struct tools *t)
{
	for (size_t i = 0; i < t->nprofdata; i++)
		free(t->profdata[i].path);
	for (size_t i = 0; i < t->ncov; i++)
		free(t->cov[i].path);
	free(t->profdata);
	free(t->cov);
	*t = (struct tools){ .cancel_fd = -1 };
}

/* A tool that is there and does not work is the likely reason for none. */
static int add_passed_over(const struct tools *t, int ret, struct proctor_error *err)
{
	size_t n = strlen(err->text);

	if (t->passed_over.code != 0)
		snprintf(err->text + n, sizeof(err->text) - n, "; %s", t->passed_over.text);
	return ret;
}

static int reader_missing(uint64_t version, unsigned from, unsigned to, struct proctor_error *err)
{
	char range[64];

	if (from == to)
		snprintf(range, sizeof(range), "LLVM %u", from);
	else if (to)
		snprintf(range, sizeof(range), "LLVM %u to %u", from, to);
	else
		snprintf(range, sizeof(range), "LLVM %u or later", from);
	return error_set(err, -ENOENT, "raw profiles of version %llu are read by llvm-profdata of %s, "
			 "and none is in PATH: install it (Debian: package llvm-%u)",
			 (unsigned long long)version, range, from);
}

int tools_for_raw(const struct tools *t, uint64_t raw_version, const struct tool **tool,
		  struct proctor_error *err)
{
	uint64_t version = raw_version & RAW_VERSION_MASK;

	for (size_t i = 0; i < sizeof(raw_readers) / sizeof(raw_readers[0]); i++) {
		if (raw_readers[i].version != version)
			continue;
		for (size_t j = 0; j < t->nprofdata; j++)
			if (t->profdata[j].major >= raw_readers[i].from &&
			    (!raw_readers[i].to || t->profdata[j].major <= raw_readers[i].to)) {
				*tool = &t->profdata[j];
				return 0;
			}
		return add_passed_over(t, reader_missing(version, raw_readers[i].from,
							 raw_readers[i].to, err), err);
	}
	/* A version that is newer than this table. */
	if (t->nprofdata > 0 && version > 10) {
		*tool = &t->profdata[0];
		return 0;
	}
	return error_set(err, -ENOENT, "there is no llvm-profdata for raw profiles of version %llu",
			 (unsigned long long)version);
}

int tools_newest(const struct tools *t, const struct tool **profdata, const struct tool **cov,
		 struct proctor_error *err)
{
	if (t->nprofdata == 0 || t->ncov == 0)
		return add_passed_over(t, error_set(err, -ENOENT, "coverage reports need llvm-profdata "
						    "and llvm-cov of one version, and none are in "
						    "PATH: install them (Debian: package llvm)"), err);
	*cov = &t->cov[0];
	for (size_t i = 0; i < t->nprofdata; i++)
		if (t->profdata[i].major == t->cov[0].major)
			*profdata = &t->profdata[i];
	return 0;
}

/* The tool wrote something, whatever its exit status says. */
static int output_check(const struct tool *tool, const char *path, struct proctor_error *err)
{
	struct stat st;

	if (stat(path, &st) == 0 && st.st_size > 0)
		return 0;
	return error_set(err, -EIO, "%s ended well and wrote nothing into %s", tool->path, path);
}

/* Takes the place of `path` once it is complete. */
static int output_keep(const struct tool *tool, const char *temporary, const char *path,
		       struct proctor_error *err)
{
	int ret = output_check(tool, temporary, err);

	if (ret == 0 && rename(temporary, path) < 0)
		ret = error_sys(err, errno, "cannot write %s", path);
	return ret;
}

/* A file of ours to be read or filled by a tool. The name can be foreseen, and tests may write here: it
 * is made new, and no link is followed. -errno. */
static int own_file(const char *path)
{
	int fd;

	unlink(path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
	return fd < 0 ? -errno : fd;
}

/* The same as a stream; NULL and errno. */
static FILE *own_stream(const char *path)
{
	int fd = own_file(path);
	FILE *f = fd >= 0 ? fdopen(fd, "w") : NULL;

	if (fd < 0)
		errno = -fd;
	else if (!f)
		close(fd);
	return f;
}

/* One path a line, after its weight. */
static int list_write(const char *list, const char *const *inputs, size_t n,
		      struct proctor_error *err)
{
	FILE *f = own_stream(list);
	int ret = 0;

	for (size_t i = 0; f && i < n && ret == 0; i++)
		if (strchr(inputs[i], '\n'))
			ret = error_set(err, -EINVAL, "a profile's path has a line break: %s",
					inputs[i]);
		else if (fprintf(f, "1,%s\n", inputs[i]) < 0)
			break;
	if (!f || ferror(f) || fflush(f) != 0)
		ret = ret < 0 ? ret : error_sys(err, errno, "cannot write %s", list);
	if (f)
		fclose(f);
	return ret;
}

int tools_merge(const struct tools *t, const struct tool *profdata, const char *const *inputs,
		size_t ninputs, const char *output, struct proctor_error *err)
{
	char *list = NULL, *temporary = NULL, *option = NULL, what[64];
	struct tool_run run = { .path = profdata->path, .what = what, .stdout_fd = -1,
				.timeout_us = t->timeout_us, .cancel_fd = t->cancel_fd };
	int ret = 0;

	snprintf(what, sizeof(what), "merge %zu profile%s", ninputs, ninputs == 1 ? "" : "s");
	if (asprintf(&list, "%s.list", output) < 0)
		list = NULL;
	if (asprintf(&temporary, "%s.new", output) < 0)
		temporary = NULL;
	if (list && asprintf(&option, "--input-files=%s", list) < 0)
		option = NULL;
	if (!list || !temporary || !option)
		ret = no_memory(err);
	if (ret == 0)
		ret = list_write(list, inputs, ninputs, err);
	if (ret == 0) {
		/* LLVM opens whatever has the name. */
		int fd = own_file(temporary);

		if (fd < 0)
			ret = error_sys(err, -fd, "cannot write %s", temporary);
		else
			close(fd);
	}
	if (ret == 0) {
		char *argv[] = { profdata->path, "merge", "--sparse", "-o", temporary, option, NULL };

		run.argv = argv;
		ret = tool_run(&run, err);
	}
	if (ret == 0)
		ret = output_keep(profdata, temporary, output, err);
	if (list)
		unlink(list);
	if (temporary)
		unlink(temporary);
	free(list);
	free(temporary);
	free(option);
	return ret;
}

static int objects_write(const char *path, const char *const *objects, size_t n,
			 struct proctor_error *err)
{
	struct bytes words = { 0 };
	FILE *f = own_stream(path);
	int ret = 0;

	for (size_t i = 0; f && i < n; i++) {
		bytes_text(&words, i ? "-object\n" : "");
		escape_argument(&words, objects[i]);
		bytes_text(&words, "\n");
	}
	if (words.failed)
		ret = error_sys(err, ENOMEM, "cannot write %s", path);
	else if (!f || fwrite(words.data, 1, words.nbytes, f) != words.nbytes || fflush(f) != 0)
		ret = error_sys(err, errno, "cannot write %s", path);
	if (f)
		fclose(f);
	bytes_fini(&words);
	return ret;
}

/* Fills the objects' part of the arguments; many go by way of the file `response`. */
static int objects_arguments(char **argv, char *response, const char *const *objects, size_t n,
			     struct proctor_error *err)
{
	if (n > ARGUMENTS_MAX) {
		argv[0] = response;
		return objects_write(response + 1, objects, n, err);
	}
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			*argv++ = "-object";
		*argv++ = (char *)objects[i];
	}
	return 0;
}

/* Runs llvm-cov with its stdout in `temporary`. */
static int export_run(const struct tools *t, const struct tool *cov, char *const *argv,
		      const char *what, const char *temporary, char **warnings,
		      struct proctor_error *err)
{
	struct tool_run run = { .path = cov->path, .argv = argv, .what = what,
				.timeout_us = t->timeout_us, .cancel_fd = t->cancel_fd };
	int ret;

	ret = own_file(temporary);
	run.stdout_fd = ret < 0 ? ret : fd_high(ret);
	if (run.stdout_fd < 0)
		return error_sys(err, -run.stdout_fd, "cannot write %s", temporary);
	ret = tool_run(&run, err);
	if (close(run.stdout_fd) < 0 && ret == 0)
		ret = error_sys(err, errno, "cannot write %s", temporary);
	if (ret == 0 && *run.said && !(*warnings = strdup(run.said)))
		ret = no_memory(err);
	return ret;
}

int tools_export(const struct tools *t, const struct tool *cov, const char *profile,
		 const char *const *objects, size_t nobjects, const char *format,
		 const char *output, char **warnings, struct proctor_error *err)
{
	char *argv[2 * ARGUMENTS_MAX + 8] = { cov->path, "export" };
	char *temporary = NULL, *response = NULL, *option = NULL, *kind = NULL, what[64];
	int ret = 0;

	*warnings = NULL;
	snprintf(what, sizeof(what), "export the coverage of %zu %s", nobjects,
		 nobjects == 1 ? "binary" : "binaries");
	if (asprintf(&temporary, "%s.new", output) < 0)
		temporary = NULL;
	if (asprintf(&response, "@%s.objects", output) < 0)
		response = NULL;
	if (asprintf(&option, "-instr-profile=%s", profile) < 0)
		option = NULL;
	if (asprintf(&kind, "-format=%s", format) < 0)
		kind = NULL;
	if (!temporary || !response || !option || !kind)
		ret = no_memory(err);
	argv[2] = option;
	argv[3] = kind;
	if (ret == 0)
		ret = objects_arguments(argv + 4, response, objects, nobjects, err);
	if (ret == 0)
		ret = export_run(t, cov, argv, what, temporary, warnings, err);
	if (ret == 0)
		ret = output_keep(cov, temporary, output, err);
	if (temporary)
		unlink(temporary);
	if (response && nobjects > ARGUMENTS_MAX)
		unlink(response + 1);
	free(temporary);
	free(response);
	free(option);
	free(kind);
	return ret;
}
