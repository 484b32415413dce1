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
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define VERSION_TIMEOUT_US 30000000u

/* Which LLVM reads which raw version: INSTR_PROF_RAW_VERSION in the releases' InstrProfData.inc. */
static const struct {
	uint64_t version;
	unsigned from, to;		/* major versions */
	const char *words;
} raw_readers[] = {
	{ 5, 11, 12, "11 to 12" }, { 7, 13, 13, "13" }, { 8, 14, 17, "14 to 17" }, { 9, 18, 18, "18" },
	{ 10, 19, UINT_MAX, "19 or later" },
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

static bool was_asked(const struct tool_list *tools, const struct stat *st)
{
	for (size_t i = 0; i < tools->n; i++)
		if (tools->list[i].ino == st->st_ino && tools->list[i].dev == st->st_dev)
			return true;
	return false;
}

/* Asks the program at `path`, which is taken over, for its version. What tells none is listed as of
 * LLVM 0, until the search has ended: under several names a program is asked once. */
static int tool_ask(struct tools *t, char *path, bool profdata, struct proctor_error *err)
{
	struct tool_list *tools = profdata ? &t->profdata : &t->cov;
	/* Before LLVM 17 llvm-profdata knew no option without a subcommand. */
	char *argv[] = { path, profdata ? "merge" : "--version", profdata ? "--version" : NULL, NULL };
	struct tool_run run = { .path = path, .argv = argv, .what = "tell its version",
				.stdout_fd = -1, .cancel_fd = t->cancel_fd,
				.timeout_us = t->timeout_us < VERSION_TIMEOUT_US ? t->timeout_us
										 : VERSION_TIMEOUT_US };
	struct stat st;
	bool asks = stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0 &&
		    !was_asked(tools, &st);
	struct tool *tool = asks ? vector_add(tools) : NULL;
	unsigned major = 0;
	int ret;

	if (!tool) {
		free(path);
		return asks ? no_memory(err) : 0;
	}
	*tool = (struct tool){ .path = path, .dev = st.st_dev, .ino = st.st_ino };
	ret = tool_run(&run, err);
	if (ret == -EINTR || ret == -ENOMEM)
		return ret;
	if (ret == 0 && (major = version_read(run.said)) == 0)
		ret = error_set(err, -EBADMSG, "%s does not tell its version", path);
	if (ret < 0 && t->passed_over.code == 0)
		t->passed_over = *err;
	tool->major = tool_known(tools, major) ? 0 : major;
	return 0;
}

/* "llvm-cov", or that with a dash and digits. */
static bool name_fits(const char *name, const char *tool)
{
	size_t n = strlen(tool);

	if (strncmp(name, tool, n) != 0 || name[n] == '\0')
		return strcmp(name, tool) == 0;
	return name[n] == '-' && name[n + 1] && !name[n + 1 + strspn(name + n + 1, "0123456789")];
}

static int directory_search(struct tools *t, const char *dir, struct proctor_error *err)
{
	DIR *d = opendir(dir);
	struct dirent *entry;
	int ret = 0;

	while (d && ret == 0 && (entry = readdir(d))) {
		bool profdata = name_fits(entry->d_name, "llvm-profdata");
		char *path;

		if (!profdata && !name_fits(entry->d_name, "llvm-cov"))
			continue;
		ret = asprintf(&path, "%s/%s", dir, entry->d_name) < 0 ? no_memory(err)
								      : tool_ask(t, path, profdata, err);
	}
	if (d)
		closedir(d);
	return ret;
}

static int tool_compare(const void *a, const void *b)
{
	unsigned left = ((const struct tool *)a)->major, right = ((const struct tool *)b)->major;

	return left > right ? -1 : left < right;
}

/* Keeps, newest first, those whose version is known, and is that of one of `partners`. */
static void tool_list_keep(struct tool_list *tools, const struct tool_list *partners)
{
	size_t n = 0;

	for (size_t i = 0; i < tools->n; i++)
		if (tools->list[i].major > 0 && tool_known(partners, tools->list[i].major))
			tools->list[n++] = tools->list[i];
		else
			free(tools->list[i].path);
	tools->n = n;
	if (n > 1)
		qsort(tools->list, n, sizeof(*tools->list), tool_compare);
}

int tools_find(struct tools *t, const char *path, uint64_t timeout_us, int cancel_fd,
	       struct proctor_error *err)
{
	char *copy = strdup(path), *save = NULL;
	int ret = copy ? 0 : no_memory(err);

	*t = (struct tools){ .timeout_us = timeout_us, .cancel_fd = cancel_fd };
	for (char *dir = copy ? strtok_r(copy, ":", &save) : NULL; dir && ret == 0;
	     dir = strtok_r(NULL, ":", &save))
		ret = directory_search(t, dir, err);
	free(copy);
	tool_list_keep(&t->profdata, &t->profdata);
	/* An llvm-cov is of use beside the llvm-profdata that writes what it reads. */
	tool_list_keep(&t->cov, &t->profdata);
	if (ret < 0)
		tools_fini(t);
	return ret;
}

void tools_fini(struct tools *t)
{
	for (size_t i = 0; i < t->profdata.n; i++)
		free(t->profdata.list[i].path);
	for (size_t i = 0; i < t->cov.n; i++)
		free(t->cov.list[i].path);
	free(t->profdata.list);
	free(t->cov.list);
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

int tools_for_raw(const struct tools *t, uint64_t raw_version, const struct tool **tool,
		  struct proctor_error *err)
{
	uint64_t version = raw_version & RAW_VERSION_MASK;
	size_t row = 0;

	while (row < ARRAY_SIZE(raw_readers) && raw_readers[row].version != version)
		row++;
	for (size_t i = 0; i < t->profdata.n; i++) {
		*tool = &t->profdata.list[i];
		/* A version that is newer than the table is left to the newest. */
		if (row == ARRAY_SIZE(raw_readers) ? version > 10
						   : (*tool)->major >= raw_readers[row].from &&
						     (*tool)->major <= raw_readers[row].to)
			return 0;
	}
	if (row == ARRAY_SIZE(raw_readers))
		return error_set(err, -ENOENT, "there is no llvm-profdata for raw profiles of version %llu",
				 (unsigned long long)version);
	return add_passed_over(t, error_set(err, -ENOENT, "raw profiles of version %llu are read by "
					    "llvm-profdata of LLVM %s, and none is in PATH: install it "
					    "(Debian: package llvm-%u)", (unsigned long long)version,
					    raw_readers[row].words, raw_readers[row].from), err);
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

static int wrote_nothing(const struct tool *tool, struct proctor_error *err)
{
	return error_set(err, -EIO, "%s ended well and wrote nothing", tool->path);
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
	struct stat st;
	int ret;

	snprintf(what, sizeof(what), "merge %zu profile%s", inputs->n, inputs->n == 1 ? "" : "s");
	/* One path a line, after its weight: commas in it are its own then. */
	for (size_t i = 0; i < inputs->n; i++)
		bytes_printf(&run.input, "1,%s\n", inputs->list[i]);
	ret = run.input.failed || inputs->lost ? no_memory(err) : output_make(output, err);
	if (ret == 0) {
		ret = tool_run(&run, err);
		if (ret == 0 && (stat(output, &st) < 0 || st.st_size == 0))
			ret = wrote_nothing(profdata, err);
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

int tools_export(const struct tools *t, const struct tool *cov, const char *profile,
		 const struct texts *binaries, const char *format, FILE **exported,
		 struct texts *warnings, struct proctor_error *err)
{
	/* The kernel bounds the arguments, not what they are read from. */
	char what[64], *argv[] = { cov->path, "export", "@/proc/self/fd/0", NULL }, *save = NULL;
	int ret, fd = tool_file(&(struct bytes){ 0 });
	struct tool_run run = { .path = cov->path, .argv = argv, .what = what, .stdout_fd = fd,
				.timeout_us = t->timeout_us, .cancel_fd = t->cancel_fd };
	struct stat st;

	*exported = NULL;
	if (fd < 0)
		return error_sys(err, -fd, "cannot keep what %s exports", cov->path);
	snprintf(what, sizeof(what), "export the coverage of %zu %s", binaries->n,
		 binaries->n == 1 ? "binary" : "binaries");
	argument_add(&run.input, "-format ", format);
	argument_add(&run.input, "-instr-profile ", profile);
	for (size_t i = 0; i < binaries->n; i++)
		argument_add(&run.input, i ? "-object " : "", binaries->list[i]);
	ret = run.input.failed ? no_memory(err) : tool_run(&run, err);
	bytes_fini(&run.input);
	for (char *line = strtok_r(run.said, "\n", &save); line && warnings && ret == 0;
	     line = strtok_r(NULL, "\n", &save))
		texts_add(warnings, "llvm-cov: %s", line);
	if (ret == 0 && fstat(fd, &st) == 0 && st.st_size == 0)
		ret = wrote_nothing(cov, err);
	lseek(fd, 0, SEEK_SET);
	if (ret == 0 && !(*exported = fdopen(fd, "r")))
		ret = no_memory(err);
	if (ret < 0)
		close(fd);
	return ret;
}
