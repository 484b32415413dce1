/* SPDX-License-Identifier: MIT */
#include "plan/list_key.h"

#include "base/container.h"
#include "base/hash.h"
#include "plan/needed.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

/* Changed whenever an adapter lists in another way, or this key is made in another way. */
#define KEY_VERSION 1

/* Times of files come from the kernel's tick, which is 10 ms at most. */
#define TICK_NS 100000000
/* A time without a fraction may be of a file system that keeps no better ones, or every second one. */
#define SECONDS_NS INT64_C(2000000000)

/* Where the dynamic linker finds the system's libraries: written anew whenever one is installed. */
#define LOADER_CACHE "/etc/ld.so.cache"

/* ---- the environment ---- */

/* They differ from terminal to terminal, from command to command or from run to run, and say nothing of what there is
 * to test. A name that ends with '*' stands for all that begin so. */
static const char *const without_meaning[] = {
	"_", "ALACRITTY_*", "BUILD_ID", "BUILD_NUMBER", "BUILD_TAG", "BUILD_URL", "CI_*", "COLORTERM", "COLUMNS",
	"DBUS_SESSION_BUS_ADDRESS", "DISPLAY", "GITHUB_*", "GNOME_*", "GPG_*", "HIST*", "INVOCATION_ID", "ITERM_*",
	"JOURNAL_STREAM", "KITTY_*", "KONSOLE_*", "LINES", "LS_COLORS", "MAIL", "MAKEFLAGS", "MAKELEVEL",
	"MAKE_TERMERR", "MAKE_TERMOUT", "MEMORY_PRESSURE_*", "MFLAGS", "OLDPWD", "PROCTOR", "PROCTOR_*", "PS1",
	"PWD", "SHLVL", "SSH_*", "STY", "SUDO_*", "TEMP", "TERM", "TERMCAP", "TERM_*", "TMP", "TMPDIR", "TMUX*",
	"VSCODE_*", "VTE_VERSION", "WAYLAND_*", "WEZTERM_*", "WINDOW", "WINDOWID", "XAUTHORITY", "XDG_ACTIVATION_TOKEN", "XDG_CACHE_HOME",
	"XDG_SEAT*", "XDG_SESSION_*", "XDG_VTNR",
};

static bool has_meaning(const char *var)
{
	size_t nname = strcspn(var, "=");

	for (size_t i = 0; i < ARRAY_SIZE(without_meaning); i++) {
		const char *name = without_meaning[i];
		size_t n = strlen(name);

		if (name[n - 1] == '*' ? nname >= n - 1 && memcmp(var, name, n - 1) == 0 :
					 nname == n && memcmp(var, name, n) == 0)
			return false;
	}
	return true;
}

uint64_t list_key_environment(char *const *vars)
{
	uint64_t sum = 1;	/* 0 would be "not known yet" */

	/* Added up, as their order says nothing. What they hold may be secret: it is not written to any file. */
	for (size_t i = 0; vars && vars[i]; i++)
		if (has_meaning(vars[i]))
			sum += hash_text(vars[i]);
	return sum ? sum : 1;
}

static uint64_t own_environment(struct proctor_plan *plan)
{
	if (plan->environment == 0)
		plan->environment = list_key_environment(environ);
	return plan->environment;
}

/* A variable as the program gets it; NULL: it is not set. */
static const char *variable(const struct suite *s, const char *name)
{
	size_t nname = strlen(name);
	const char *value = getenv(name);

	for (size_t i = 0; s->env && s->env[i]; i++)
		if (strncmp(s->env[i], name, nname) == 0 && (s->env[i][nname] == '=' || !s->env[i][nname]))
			value = s->env[i][nname] ? s->env[i] + nname + 1 : NULL;
	return value;
}

static bool variable_is_set(const struct suite *s, const char *name)
{
	const char *value = variable(s, name);

	return value && *value;
}

/* ---- the question ---- */

/* A text and the NUL behind it: no two lists of texts become the same bytes. */
static void put(struct bytes *to, const char *text)
{
	bytes_append(to, text, strlen(text) + 1);
}

static void put_number(struct bytes *to, uint64_t number)
{
	char digits[32];

	snprintf(digits, sizeof(digits), "%" PRIx64, number);
	put(to, digits);
}

static void put_words(struct bytes *to, const char *what, char *const *words)
{
	put(to, what);
	for (size_t i = 0; words && words[i]; i++)
		put(to, words[i]);
	put(to, "");
}

/* What a list depends on besides files may be another on another machine, which may share the directory. */
static void put_machine(struct bytes *to)
{
	struct utsname machine;

	if (uname(&machine) == 0) {
		put(to, machine.nodename);
		put(to, machine.release);
		put(to, machine.machine);
	}
}

void list_key_question(struct bytes *question, const struct suite *s)
{
	char *cwd = s->workdir ? NULL : getcwd(NULL, 0);

	put(question, PROCTOR_VERSION);
	put_number(question, KEY_VERSION);
	put_machine(question);
	put(question, s->framework ? s->framework->name : "");
	put(question, s->path);
	put_words(question, "arguments", s->arguments);
	put_words(question, "wrap", s->plan->wrap);
	put(question, s->workdir ? s->workdir : cwd ? cwd : "");
	put_number(question, own_environment(s->plan));
	/* Their order does: of two with one name the last is set. */
	put(question, "variables");
	for (size_t i = 0; s->env && s->env[i]; i++)
		put_number(question, hash_text(s->env[i]));
	free(cwd);
}

/* ---- the files ---- */

bool list_key_is_fresh(const struct file_stamp *stamp, int64_t now_ns)
{
	bool seconds = stamp->ctime_ns % 1000000000 == 0 || stamp->mtime_ns % 1000000000 == 0;

	/* Whoever writes to a file moves the change time to now, and cannot set it back. */
	return now_ns - stamp->ctime_ns < (seconds ? SECONDS_NS : TICK_NS);
}

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return file_time_ns(&now);
}

static void put_stamp(struct list_key *key, const struct file_stamp *stamp)
{
	put_number(&key->text, stamp->dev);
	put_number(&key->text, stamp->ino);
	put_number(&key->text, stamp->nbytes);
	put_number(&key->text, (uint64_t)stamp->mtime_ns);
	put_number(&key->text, (uint64_t)stamp->ctime_ns);
	key->fresh = key->fresh || list_key_is_fresh(stamp, now_ns());
}

static void put_build_id(struct bytes *to, const struct elf_build_id *id)
{
	for (size_t i = 0; i < id->nbytes; i++)
		bytes_printf(to, "%02x", id->bytes[i]);
	put(to, "");
}

/* The file at `path`, from `dir` on, if it is one. */
static void put_file(struct list_key *key, const char *dir, const char *path)
{
	char *joined = NULL;
	struct stat st;

	if (dir && path[0] != '/' && asprintf(&joined, "%s/%s", dir, path) < 0) {
		key->text.failed = true;
		return;
	}
	if (stat(joined ? joined : path, &st) == 0 && S_ISREG(st.st_mode)) {
		const struct file_stamp stamp = file_stamp_of(&st);

		put(&key->text, path);
		put_stamp(key, &stamp);
	}
	free(joined);
}

/* A word may name a file, as in "--config=FILE": what is in that may make a difference. */
static void put_word_files(struct list_key *key, const struct suite *s, char *const *words)
{
	for (size_t i = 0; words && words[i]; i++) {
		const char *value = strchr(words[i], '=');

		put_file(key, s->workdir, words[i]);
		if (value)
			put_file(key, s->workdir, value + 1);
	}
}

/* ---- the libraries ---- */

/* The sonames that were looked for. */
struct sought {
	const char *soname;
	struct sought *next;
};

static bool is_sought(const struct sought *list, const char *soname)
{
	for (; list; list = list->next)
		if (strcmp(list->soname, soname) == 0)
			return true;
	return false;
}

/* One need of `by`; a library found this way is put behind `*last`. */
static int put_library(struct list_key *key, const struct suite *s, const struct loaded *by,
		       const char *soname, struct loaded **last, struct arena *scratch)
{
	const struct library *lib;
	struct loaded *next;
	int ret = libraries_find(s->plan->libraries, by, soname, variable(s, "LD_LIBRARY_PATH"), &lib);

	if (ret < 0)
		return ret;
	put(&key->text, soname);
	put(&key->text, lib ? lib->path : "");
	if (!lib)
		return 0;
	put_stamp(key, &lib->file);
	put_build_id(&key->text, &lib->build_id);
	next = arena_alloc(scratch, sizeof(*next));
	if (!next)
		return -ENOMEM;
	next->lib = lib;
	next->loader = by;
	(*last)->next = next;
	*last = next;
	return 0;
}

/* Those that the dynamic linker would find outside its default places: a build may make them anew. */
static int put_libraries(struct list_key *key, const struct suite *s, const struct library *own)
{
	struct loaded first = { .lib = own }, *last = &first;
	struct sought *sought = NULL;
	struct arena scratch = { 0 };
	int ret = plan_libraries(s->plan) ? 0 : -ENOMEM;

	for (const struct loaded *l = &first; l && ret == 0; l = l->next)
		for (size_t i = 0; i < l->lib->nneeded && ret == 0; i++) {
			const char *soname = l->lib->needed[i];
			struct sought *one;

			if (is_sought(sought, soname))
				continue;
			one = arena_alloc(&scratch, sizeof(*one));
			if (!one) {
				ret = -ENOMEM;
				break;
			}
			*one = (struct sought){ soname, sought };
			sought = one;
			ret = put_library(key, s, l, soname, &last, &scratch);
		}
	arena_fini(&scratch);
	return ret;
}

static int put_all_libraries(struct list_key *key, const struct suite *s, const struct program_file *file)
{
	struct library own = { .path = s->path };
	struct arena arena = { 0 };
	int ret;

	/* A static program has none. */
	if (file->dynamic->n == 0)
		return 0;
	put_file(key, NULL, LOADER_CACHE);
	ret = library_fill_program(&own, &arena, file->fd, file->head, file->dynamic);
	if (ret == 0)
		ret = put_libraries(key, s, &own);
	arena_fini(&arena);
	return ret;
}

bool list_key_make(struct list_key *key, const struct suite *s, const struct program_file *file)
{
	const struct file_stamp stamp = file_stamp_of(file->st);
	struct elf_build_id id;

	*key = (struct list_key){ 0 };
	/* What is loaded this way may define tests, and may be anywhere. */
	if (variable_is_set(s, "LD_PRELOAD") || variable_is_set(s, "LD_AUDIT"))
		return false;
	list_key_question(&key->text, s);
	key->nquestion = key->text.nbytes;
	put_stamp(key, &stamp);
	elf_build_id_read(file->fd, file->head, file->nhead, &id);
	put_build_id(&key->text, &id);
	put_word_files(key, s, s->arguments);
	put_word_files(key, s, s->plan->wrap);
	return put_all_libraries(key, s, file) == 0 && !key->text.failed;
}
