/* SPDX-License-Identifier: MIT */
#include "symbolizer/symbolize.h"

#include "symbolizer/demangle.h"
#include "wire/symbols.h"

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NAME_MAX_BYTES 512
/* libdw wants the number of a thread. There is only a record of one: any positive number will
 * do. */
#define ONLY_TID 1

/* Registers by their DWARF numbers, which is also their order in the record; there the pc stands
 * last. */
#if defined(__x86_64__)
enum { REG_FP = 6, REG_SP = 7, REG_PC = 16, NREGS = 17, NREGS_DWARF = 17 };
#elif defined(__aarch64__)
enum { REG_FP = 29, REG_LR = 30, REG_SP = 31, REG_PC = 32, NREGS = 33, NREGS_DWARF = 32 };
#else
#error "proctor knows the registers of x86-64 and aarch64"
#endif

struct frame {
	uint64_t pc;
	bool returned;		/* pc is a return address, just behind the call */
};

struct unwinding {
	struct files *files;
	const struct crash *crash;
	const struct module_list *list;
	uint64_t regs[PAGE_REGS_MAX];		/* those to start from; first the record's */
	bool returned;				/* the first pc is a return address */
	struct frame frames[PAGE_FRAMES_MAX];
	unsigned nframes;
};

/* The present one. libdw's callbacks find it here: what they are called with was fixed by the first
 * crash. */
static struct unwinding *unwinding;

/* The text under way. */
struct backtrace_text {
	FILE *out;
	unsigned nlines;
};

static bool stack_word(const struct crash *crash, uint64_t address, uint64_t *word)
{
	uint64_t offset = address - crash->stack_address;

	if (address < crash->stack_address || crash->nstack < sizeof(*word) ||
	    offset > crash->nstack - sizeof(*word))
		return false;
	memcpy(word, crash->stack + offset, sizeof(*word));
	return true;
}

static pid_t thread_next(Dwfl *dwfl, void *arg, void **thread_arg)
{
	(void)dwfl;
	if (*thread_arg)
		return 0;
	*thread_arg = arg;
	return ONLY_TID;
}

static bool thread_get(Dwfl *dwfl, pid_t tid, void *arg, void **thread_arg)
{
	(void)dwfl;
	*thread_arg = arg;
	return tid == ONLY_TID;
}

static bool thread_registers(Dwfl_Thread *thread, void *arg)
{
	struct unwinding *u = unwinding;
	Dwarf_Word regs[NREGS_DWARF];
	unsigned i;

	(void)arg;
	for (i = 0; i < NREGS_DWARF; i++)
		regs[i] = session_address(u->files, u->regs[i]);
	dwfl_thread_state_register_pc(thread, session_address(u->files, u->regs[REG_PC]));
	return dwfl_thread_state_registers(thread, 0, NREGS_DWARF, regs);
}

/* Reads memory as the crashed process had it: from the copy of its stack, else from the files of
 * its modules. */
static bool memory_read(Dwfl *dwfl, Dwarf_Addr address, Dwarf_Word *word, void *arg)
{
	struct unwinding *u = unwinding;
	Dwarf_Addr offset = address, bias;
	Dwfl_Module *mod;
	Elf_Data *data;
	Elf_Scn *scn;
	uint64_t w;

	(void)arg;
	/* The stack first: it may be an array of the program's, and the file has only its initial
	 * contents. */
	if (stack_word(u->crash, crash_address(u->files, address), &w)) {
		*word = session_address(u->files, w);
		return true;
	}
	mod = dwfl_addrmodule(dwfl, address);
	scn = mod ? dwfl_module_address_section(mod, &offset, &bias) : NULL;
	data = scn ? elf_rawdata(scn, NULL) : NULL;
	if (!data || !data->d_buf || data->d_size < sizeof(w) || offset > data->d_size - sizeof(w))
		return false;
	memcpy(&w, (const char *)data->d_buf + offset, sizeof(w));
	*word = w;
	return true;
}

static const Dwfl_Thread_Callbacks thread_callbacks = {
	.next_thread = thread_next,
	.get_thread = thread_get,
	.memory_read = memory_read,
	.set_initial_registers = thread_registers,
};

/*
 * Reads the files that the backtrace may need. A host may have a thousand libraries open, and to
 * read all would take seconds; the address of each frame is in a register or on the stack, so it is
 * enough to read the modules that these point into.
 */
static void modules_use(struct unwinding *u)
{
	uint64_t address, word, end = u->crash->stack_address + u->crash->nstack;
	ssize_t i;
	unsigned k;

	for (k = 0; k < NREGS; k++) {
		i = module_at(u->list, u->crash->regs[k]);
		if (i >= 0)
			files_use(u->files, (size_t)i);
	}
	/* Return addresses on a stack are aligned. */
	address = (u->crash->stack_address + 7) & ~(uint64_t)7;
	for (; address < end && stack_word(u->crash, address, &word); address += 8) {
		i = module_at(u->list, word);
		if (i >= 0)
			files_use(u->files, (size_t)i);
	}
}

/* False: there is no room for another one. */
static bool frame_add(struct unwinding *u, uint64_t pc, bool returned)
{
	if (u->nframes == PAGE_FRAMES_MAX)
		return false;
	u->frames[u->nframes].pc = pc;
	u->frames[u->nframes].returned = returned;
	u->nframes++;
	return true;
}

static int frame_found(Dwfl_Frame *state, void *arg)
{
	struct unwinding *u = arg;
	bool activation;
	Dwarf_Addr pc;

	if (!dwfl_frame_pc(state, &pc, &activation))
		return DWARF_CB_ABORT;
	/* pc 0: the frame before was the outermost one. */
	if (pc == 0 && u->nframes > 0)
		return DWARF_CB_ABORT;
	pc = crash_address(u->files, pc);
	return frame_add(u, pc, u->returned || !activation) ? DWARF_CB_OK : DWARF_CB_ABORT;
}

/* Follows the chain of frame pointers: each frame has saved its caller's, which lies at a higher
 * address. Where it does not, the chain is at its end, or is no chain. */
static void frames_by_pointer(struct unwinding *u)
{
	uint64_t fp = u->regs[REG_FP], next, pc;

	while (stack_word(u->crash, fp, &next) && stack_word(u->crash, fp + 8, &pc)) {
		if (module_at(u->list, pc) < 0 || !frame_add(u, pc, true) || next <= fp)
			break;
		fp = next;
	}
}

/* For a pc that is in no module: something was called through a wild pointer. Takes the return
 * address from where a call puts it, and goes on from the caller. False: it is not there. */
static bool frame_return(struct unwinding *u)
{
#if defined(__x86_64__)
	uint64_t pc;

	if (!stack_word(u->crash, u->regs[REG_SP], &pc) || module_at(u->list, pc) < 0)
		return false;
	u->regs[REG_SP] += 8;
	u->regs[REG_PC] = pc;
#else
	if (module_at(u->list, u->regs[REG_LR]) < 0)
		return false;
	u->regs[REG_PC] = u->regs[REG_LR];
#endif
	return true;
}

/* Done once for the session, when it has its first file: libdw takes the kind of machine from
 * that. */
static bool state_attach(Dwfl *dwfl)
{
	static bool attached;

	if (!attached)
		attached = dwfl_attach_state(dwfl, NULL, ONLY_TID, &thread_callbacks, &attached);
	return attached;
}

static void frames_find(struct unwinding *u)
{
	unsigned before;

	if (module_at(u->list, u->regs[REG_PC]) < 0) {
		frame_add(u, u->regs[REG_PC], false);
		u->returned = frame_return(u);
		if (!u->returned) {
			frames_by_pointer(u);
			return;
		}
	}
	before = u->nframes;
	/* Its result says nothing: it is an error at the outermost frame as well as at garbage. */
	if (state_attach(u->files->dwfl))
		dwfl_getthread_frames(u->files->dwfl, ONLY_TID, frame_found, u);
	if (u->nframes == before)
		frame_add(u, u->regs[REG_PC], u->returned);
	if (u->nframes == before + 1)
		frames_by_pointer(u);
}

/* Names come from files that anybody may have made: one line, of bounded length. */
static void put_name(FILE *out, const char *name)
{
	size_t n = strnlen(name, NAME_MAX_BYTES + 1), i;

	for (i = 0; i < n && i < NAME_MAX_BYTES; i++) {
		unsigned char c = (unsigned char)name[i];

		fputc(c < ' ' || c == 0x7f ? '?' : c, out);
	}
	if (n > NAME_MAX_BYTES)
		fputs("...", out);
}

struct source {
	const char *file;		/* NULL: not known */
	int line;			/* 0: not known */
	const char *dir;		/* the directory in which it was compiled; NULL: not known */
};

/* " (FILE:LINE)"; a file below the directory in which it was compiled is named from there on. */
static void put_source(FILE *out, const struct source *source)
{
	size_t n = source->dir ? strlen(source->dir) : 0;
	const char *file = source->file;

	if (!file)
		return;
	if (n > 0 && strncmp(file, source->dir, n) == 0 && file[n] == '/')
		file += n + 1;
	fputs(" (", out);
	put_name(out, file);
	if (source->line > 0)
		fprintf(out, ":%d", source->line);
	fputc(')', out);
}

static void put_line(struct backtrace_text *l, const struct unwinding *u, const struct frame *frame,
		     const char *name, const struct source *source, bool inlined)
{
	ssize_t i = module_at(u->list, frame->pc);

	if (l->nlines == PAGE_FRAMES_MAX)
		return;
	fprintf(l->out, "#%u 0x%016" PRIx64 " in ", l->nlines++, frame->pc);
	put_name(l->out, name ? demangle(name) : "??");
	put_source(l->out, source);
	if (i >= 0) {
		const struct module *m = &u->list->modules[i];
		const char *slash = strrchr(m->path, '/');

		fputc(' ', l->out);
		put_name(l->out, slash ? slash + 1 : m->path);
		fprintf(l->out, "+0x%" PRIx64, frame->pc - m->address);
		if (u->files->states[i] == MODULE_CHANGED)
			fputs(" (file changed since)", l->out);
	}
	fputs(inlined ? " (inlined)\n" : "\n", l->out);
}

static int die_number(Dwarf_Die *die, unsigned name)
{
	Dwarf_Attribute attr;
	Dwarf_Word value;

	if (dwarf_formudata(dwarf_attr(die, name, &attr), &value) != 0 || value > INT_MAX)
		return 0;
	return (int)value;
}

static const char *die_name(Dwarf_Die *die)
{
	Dwarf_Attribute attr;

	return dwarf_formstring(dwarf_attr_integrate(die, DW_AT_name, &attr));
}

/*
 * Writes a line for each function that was inlined where `pc` is, innermost first. `source` is
 * first where `pc` is, and becomes where the outermost of them was called: that is for the line of
 * the function that has the frame, whose name is returned; NULL: not known.
 */
static const char *put_inlined(struct backtrace_text *l, const struct unwinding *u,
			       const struct frame *frame, Dwarf_Die *unit, Dwarf_Addr pc,
			       struct source *source)
{
	Dwarf_Die *around, *scopes = NULL;
	const char *name = NULL;
	Dwarf_Files *files;
	size_t nfiles;
	int n, i;

	n = dwarf_getscopes(unit, pc, &around);
	if (n <= 0)
		return NULL;
	/* dwarf_getscopes() is needed for the innermost scope only. From the first inlined function
	 * on it goes on with the scopes around that function's definition, not with those around
	 * its call; dwarf_getscopes_die() of the innermost scope has those around the call. */
	n = dwarf_getscopes_die(&around[0], &scopes);
	free(around);
	for (i = 0; i < n && !name; i++) {
		int tag = dwarf_tag(&scopes[i]);

		if (tag == DW_TAG_subprogram)
			name = die_name(&scopes[i]);
		if (tag != DW_TAG_inlined_subroutine)
			continue;
		put_line(l, u, frame, die_name(&scopes[i]), source, true);
		source->file = NULL;
		source->line = die_number(&scopes[i], DW_AT_call_line);
		if (dwarf_getsrcfiles(unit, &files, &nfiles) == 0)
			source->file = dwarf_filesrc(files, (size_t)die_number(&scopes[i],
									      DW_AT_call_file),
						     NULL, NULL);
	}
	if (n > 0)
		free(scopes);
	return name;
}

/* The compilation unit of `pc`. Its debug information begins at `pc - *bias`. */
static Dwarf_Die *unit_at(Dwfl_Module *mod, Dwarf_Addr pc, Dwarf_Addr *bias)
{
	Dwarf_Die *unit = dwfl_module_addrdie(mod, pc, bias);

	/* The table that finds a unit by its address is optional; clang, and with it TML, writes
	 * none. */
	if (!unit)
		while ((unit = dwfl_module_nextcu(mod, unit, bias)))
			if (dwarf_haspc(unit, pc - *bias) > 0)
				break;
	return unit;
}

/* Instead of libdw's own handler, which writes to stderr and exits with 1. */
static __attribute__((noreturn)) void no_memory(void)
{
	_exit(SYMBOLS_EXIT_NO_MEMORY);
}

static void put_frame(struct backtrace_text *l, const struct unwinding *u, const struct frame *frame)
{
	Dwarf_Addr pc = session_address(u->files, frame->returned && frame->pc > 0 ? frame->pc - 1
										   : frame->pc);
	const char *name = NULL, *symbol = NULL;
	struct source source = { 0 };
	Dwfl_Module *mod = dwfl_addrmodule(u->files->dwfl, pc);
	Dwarf_Attribute attr;
	Dwarf_Die *unit;
	GElf_Off offset;
	Dwarf_Line *at;
	Dwarf_Addr bias;
	GElf_Sym sym;
	Dwarf *dwarf;

	if (mod) {
		dwarf = dwfl_module_getdwarf(mod, &bias);
		if (dwarf)
			dwarf_new_oom_handler(dwarf, no_memory);
		symbol = dwfl_module_addrinfo(mod, pc, &offset, &sym, NULL, NULL, NULL);
		unit = unit_at(mod, pc, &bias);
		if (unit) {
			at = dwarf_getsrc_die(unit, pc - bias);
			source.file = at ? dwarf_linesrc(at, NULL, NULL) : NULL;
			if (!at || dwarf_lineno(at, &source.line) != 0)
				source.line = 0;
			source.dir = dwarf_formstring(dwarf_attr(unit, DW_AT_comp_dir, &attr));
			name = put_inlined(l, u, frame, unit, pc - bias, &source);
		}
	}
	put_line(l, u, frame, symbol ? symbol : name, &source, false);
}

static int frames_write(const struct unwinding *u, char **text, struct proctor_error *err)
{
	struct backtrace_text l = { 0 };
	size_t ntext;
	unsigned i;

	l.out = open_memstream(text, &ntext);
	if (!l.out)
		return error_sys(err, errno, "cannot write the frames of a crash");
	for (i = 0; i < u->nframes; i++)
		put_frame(&l, u, &u->frames[i]);
	if (fclose(l.out) != 0) {
		free(*text);
		*text = NULL;
		return error_sys(err, ENOMEM, "cannot write the frames of a crash");
	}
	return 0;
}

int symbolize(struct files *files, const struct crash *crash, const struct module_list *list,
	      char **text, struct proctor_error *err)
{
	struct unwinding *u;
	int ret;

	*text = NULL;
	if (crash->state != CRASH_WRITTEN || crash->nregs != NREGS)
		return error_set(err, -ENODATA, "the crash record has no registers");
	u = calloc(1, sizeof(*u));
	if (!u)
		return error_sys(err, ENOMEM, "cannot unwind a crash");
	u->files = files;
	u->crash = crash;
	u->list = list;
	memcpy(u->regs, crash->regs, sizeof(u->regs));
	ret = files_begin(files, list, err);
	if (ret < 0)
		goto free_unwinding;
	unwinding = u;
	modules_use(u);
	frames_find(u);
	ret = frames_write(u, text, err);
	files_end(files);
free_unwinding:
	free(u);
	return ret;
}
