/* SPDX-License-Identifier: MIT */
#include "coverage/tools.h"

#include "base/container.h"
#include "base/escape.h"
#include "base/tool_run.h"
#include "base/vector.h"
#include "coverage/raw.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define VERSION_TIMEOUT_US 30000000u

/* Which LLVM reads which raw version: INSTR_PROF_RAW_VERSION in the releases' InstrProfData.inc. */
static const struct {
	uint64_t version;
	unsigned from, to;		/* major versions; 0: and all later ones */
} raw_readers[] = {
	{ 5, 11, 12 }, { 7, 13, 13 }, { 8, 14, 17 }, { 9, 18, 18 }, { 10, 19, 0 },
};

static int no_memory(struct proctor_error *err)
{
	return error_set(err, -ENOMEM, "no memory for LLVM's tools");
}

/* "LLVM version 19.1.7", with or without a distributor's name before it. 0: it is none. */
static unsigned version_read(const char *said)
{
	const char *at = strstr(said, "LLVM version ");

	return at ? (unsigned)strtoul(at + strlen("LLVM version "), NULL, 10) : 0;
}

static bool tool_known(const struct tool_list *tools, unsigned major)
{
	for (size_t i = 0; i < tools->n; i++)
		if (tools->list[i].major == major)
			return true;
	return false;
}

static int tool_compare(const void *a, const void *b)
{
	unsigned left = ((const struct tool *)a)->major, right = ((const struct tool *)b)->major;

	return left > right ? -1 : left < right;
}

/* Keeps the tool at its place, newest first. */
static bool tool_keep(struct tool_list *tools, const char *path, unsigned major)
{
	struct tool *tool = vector_add(tools);

	if (!tool || !(tool->path = strdup(path)))
		return false;
	tool->major = major;
	qsort(tools->list, tools->n, sizeof(*tools->list), tool_compare);
	return true;
}

struct search {
	struct tools *tools;
	VECTOR(struct stat) asked;	/* under several names a tool is asked once */
};

static bool search_was_asked(const struct search *s, const struct stat *st)
{
	for (size_t i = 0; i < s->asked.n; i++)
		if (s->asked.list[i].st_ino == st->st_ino && s->asked.list[i].st_dev == st->st_dev)
			return true;
	return false;
}

/* Asks the program for its version and keeps it. What does not answer is passed over. */
static int search_ask(struct search *s, const char *path, bool profdata, struct proctor_error *err)
{
	struct tool_list *tools = profdata ? &s->tools->profdata : &s->tools->cov;
	/* Before LLVM 17 llvm-profdata knew no option without a subcommand. */
	char *argv[] = { (char *)path, profdata ? "merge" : "--version",
			 profdata ? "--version" : NULL, NULL };
	uint64_t limit_us = s->tools->timeout_us;
	struct tool_run run = { .path = path, .argv = argv, .what = "tell its version",
				.stdout_fd = -1, .cancel_fd = s->tools->cancel_fd,
				.timeout_us = limit_us < VERSION_TIMEOUT_US ? limit_us
									    : VERSION_TIMEOUT_US };
	struct stat st, *asked;
	unsigned major;
	int ret;

	if (stat(path, &st) < 0 || !S_ISREG(st.st_mode) || access(path, X_OK) < 0 ||
	    search_was_asked(s, &st))
		return 0;
	asked = vector_add(&s->asked);
	if (!asked)
		return no_memory(err);
	*asked = st;
	ret = tool_run(&run, err);
	if (ret == -EINTR || ret == -ENOMEM)
		return ret;
	major = ret == 0 ? version_read(run.said) : 0;
	if (ret == 0 && major == 0)
		error_set(err, -EBADMSG, "%s does not tell its version", path);
	if (major == 0 && s->tools->passed_over.code == 0)
		s->tools->passed_over = *err;
	if (major == 0 || tool_known(tools, major))
		return 0;
	return tool_keep(tools, path, major) ? 0 : no_memory(err);
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

	for (size_t i = 0; i < t->cov.n; i++)
		if (tool_known(&t->profdata, t->cov.list[i].major))
			t->cov.list[n++] = t->cov.list[i];
		else
			free(t->cov.list[i].path);
	t->cov.n = n;
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
	free(s.asked.list);
	if (ret < 0)
		tools_fini(t);
	else
		tools_pair(t);
	return ret;
}

static void tool_list_fini(struct tool_list *tools)
{
	for (size_t i = 0; i < tools->n; i++)
		free(tools->list[i].path);
	free(tools->list);
}

void tools_fini(struct tools *t)
{
	tool_list_fini(&t->profdata);
	tool_list_fini(&t->cov);
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

	for (size_t i = 0; i < ARRAY_SIZE(raw_readers); i++) {
		unsigned from = raw_readers[i].from, to = raw_readers[i].to;

		if (raw_readers[i].version != version)
			continue;
		for (size_t j = 0; j < t->profdata.n; j++) {
			*tool = &t->profdata.list[j];
			if ((*tool)->major >= from && (!to || (*tool)->major <= to))
				return 0;
		}
		return add_passed_over(t, reader_missing(version, from, to, err), err);
	}
	/* A version that is newer than this table. */
	if (t->profdata.n > 0 && version > 10) {
		*tool = &t->profdata.list[0];
		return 0;
	}
	return error_set(err, -ENOENT, "there is no llvm-profdata for raw profiles of version %llu",
			 (unsigned long long)version);
}

int tools_newest(const struct tools *t, const struct tool **profdata, const struct tool **cov,
		 struct proctor_error *err)
{
	if (t->profdata.n == 0 || t->cov.n == 0)
		return add_passed_over(t, error_set(err, -ENOENT, "coverage reports need llvm-profdata "
						    "and llvm-cov of one version, and none are in "
						    "PATH: install them (Debian: package llvm)"), err);
	*cov = &t->cov.list[0];
	for (size_t i = 0; i < t->profdata.n; i++)
		if (t->profdata.list[i].major == (*cov)->major)
			*profdata = &t->profdata.list[i];
	return 0;
}

/* The tool wrote something, whatever its exit status says. */
static int output_check(const struct tool *tool, const struct stat *st, const char *output,
			struct proctor_error *err)
{
	return st->st_size > 0 ? 0 : error_set(err, -EIO, "%s ended well and wrote nothing%s%s",
					       tool->path, *output ? " into " : "", output);
}

/* LLVM opens whatever has the name, which can be foreseen, and tests may write here: the file is made
 * new, and no link is followed. */
static int output_make(const char *path, struct proctor_error *err)
{
	int fd;

	unlink(path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
	if (fd < 0)
		return error_sys(err, errno, "cannot write %s", path);
	close(fd);
	return 0;
}

int tools_merge(const struct tools *t, const struct tool *profdata, const struct texts *inputs,
		const char *output, struct proctor_error *err)
{
	char what[64], *argv[] = { profdata->path, "merge", "--sparse", "-o", (char *)output,
				   "--input-files=-", NULL };
	struct tool_run run = { .path = profdata->path, .argv = argv, .what = what, .stdout_fd = -1,
				.timeout_us = t->timeout_us, .cancel_fd = t->cancel_fd };
	struct stat st = { .st_size = 0 };
	int ret = 0;

	snprintf(what, sizeof(what), "merge %zu profile%s", inputs->n, inputs->n == 1 ? "" : "s");
	/* One path a line, after its weight: commas in it are its own then. */
	for (size_t i = 0; i < inputs->n && ret == 0; i++)
		if (strchr(inputs->list[i], '\n'))
			ret = error_set(err, -EINVAL, "a profile's path has a line break: %s",
					inputs->list[i]);
		else
			bytes_printf(&run.input, "1,%s\n", inputs->list[i]);
	if (ret == 0 && run.input.failed)
		ret = no_memory(err);
	if (ret == 0 && (ret = output_make(output, err)) == 0) {
		ret = tool_run(&run, err);
		if (ret == 0 && stat(output, &st) < 0)
			st.st_size = 0;
		if (ret == 0)
			ret = output_check(profdata, &st, output, err);
		if (ret < 0)
			unlink(output);
	}
	bytes_fini(&run.input);
	return ret;
}

static void argument_add(struct bytes *to, const char *option, const char *word)
{
	bytes_text(to, option);
	escape_argument(to, word);
	bytes_text(to, "\n");
}

/* Runs llvm-cov with its stdout in a file in memory. */
static int export_run(struct tool_run *run, const struct tool *cov, FILE **exported,
		      struct proctor_error *err)
{
	struct stat st;
	int ret, fd = tool_file(&(struct bytes){ 0 });

	if (fd < 0)
		return error_sys(err, -fd, "cannot keep what %s exports", cov->path);
	run->stdout_fd = fd;
	ret = tool_run(run, err);
	if (ret == 0 && fstat(fd, &st) == 0)
		ret = output_check(cov, &st, "", err);
	lseek(fd, 0, SEEK_SET);
	*exported = ret == 0 ? fdopen(fd, "r") : NULL;
	if (!*exported)
		close(fd);
	return ret == 0 && !*exported ? no_memory(err) : ret;
}

int tools_export(const struct tools *t, const struct tool *cov, const char *profile,
		 const struct texts *binaries, const char *format, FILE **exported,
		 char **warnings, struct proctor_error *err)
{
	/* The kernel bounds the arguments, not what they are read from. */
	char what[64], *argv[] = { cov->path, "export", "@/proc/self/fd/0", NULL };
	struct tool_run run = { .path = cov->path, .argv = argv, .what = what,
				.timeout_us = t->timeout_us, .cancel_fd = t->cancel_fd };
	int ret = 0;

	*exported = NULL;
	*warnings = NULL;
	snprintf(what, sizeof(what), "export the coverage of %zu %s", binaries->n,
		 binaries->n == 1 ? "binary" : "binaries");
	argument_add(&run.input, "-format ", format);
	argument_add(&run.input, "-instr-profile ", profile);
	for (size_t i = 0; i < binaries->n; i++)
		argument_add(&run.input, i ? "-object " : "", binaries->list[i]);
	if (run.input.failed)
		ret = no_memory(err);
	if (ret == 0)
		ret = export_run(&run, cov, exported, err);
	if (ret == 0 && *run.said && !(*warnings = strdup(run.said)))
		ret = no_memory(err);
	if (ret < 0 && *exported) {
		fclose(*exported);
		*exported = NULL;
	}
	bytes_fini(&run.input);
	return ret;
}
