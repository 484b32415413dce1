/* SPDX-License-Identifier: MIT */
#include "coverage/outside.h"

#include "coverage/counter_area.h"
#include "coverage/maps.h"
#include "coverage/others.h"

#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/uio.h>

static bool read_remote(pid_t pid, uint64_t address, void *to, uint64_t nbytes)
{
	uint64_t done = 0;

	while (done < nbytes) {
		struct iovec here = { (char *)to + done, nbytes - done };
		struct iovec there = { (void *)(uintptr_t)(address + done), nbytes - done };
		ssize_t n = process_vm_readv(pid, &here, 1, &there, 1, 0);

		if (n <= 0)
			return false;
		done += (uint64_t)n;
	}
	return true;
}

/* What cannot be read is found to be missing by the collector. */
static void outside_take(struct process *p, pid_t pid, bool child, size_t object, uint64_t bias)
{
	const struct object *o = &p->objects->list[object];
	struct outside *out = malloc(sizeof(*out) + image_bytes(o));

	if (!out || !read_remote(pid, o->counters.address + bias, out->bytes, o->counters.nbytes) ||
	    !read_remote(pid, o->bitmaps.address + bias, out->bytes + o->counters.nbytes,
			 o->bitmaps.nbytes)) {
		free(out);
		return;
	}
	out->pid = pid;
	out->child = child;
	out->object = object;
	out->next = p->outside;
	p->outside = out;
}

static void outside_take_all(struct process *p, pid_t pid, bool child)
{
	uint64_t bias;

	for (size_t i = 0; i < p->objects->n; i++)
		if (image_bytes(&p->objects->list[i]) > 0 && object_bias(p, i, &bias))
			outside_take(p, pid, child, i, bias);
}

static bool same_file(const struct stat *a, dev_t dev, ino_t ino)
{
	return a->st_dev == dev && a->st_ino == ino;
}

enum program_stage {
	STAGE_UNKNOWN,		/* it executes something else, or cannot be looked at */
	STAGE_UNSTARTED,	/* not executed yet */
	STAGE_LOADED,		/* its first instruction is behind or before it */
};

/* Where the process's program headers are, as the kernel tells it; 0: it executes nothing yet. False:
 * that cannot be read. */
static bool remote_phdrs(pid_t pid, uint64_t *address)
{
	Elf64_auxv_t entry = { .a_type = AT_NULL };
	char path[64];
	FILE *f;
	bool any;

	snprintf(path, sizeof(path), "/proc/%ld/auxv", (long)pid);
	f = fopen(path, "re");
	any = f && fread(&entry, sizeof(entry), 1, f) == 1;
	while (any && entry.a_type != AT_PHDR && entry.a_type != AT_NULL)
		if (fread(&entry, sizeof(entry), 1, f) != 1)
			entry.a_type = AT_NULL;
	if (f)
		fclose(f);
	*address = entry.a_type == AT_PHDR ? entry.a_un.a_val : 0;
	return any;
}

/* Between vfork and exec a process still executes this program here. */
static enum program_stage program_stage(const struct object *o, pid_t pid, uint64_t *bias)
{
	struct stat own, st;
	char path[64];
	uint64_t phdrs;

	snprintf(path, sizeof(path), "/proc/%ld/exe", (long)pid);
	if (stat(path, &st) < 0 || stat("/proc/self/exe", &own) < 0)
		return STAGE_UNKNOWN;
	if (same_file(&st, own.st_dev, own.st_ino))
		return same_file(&st, o->dev, o->ino) ? STAGE_UNKNOWN : STAGE_UNSTARTED;
	if (!same_file(&st, o->dev, o->ino) || o->phdrs_address == OBJECT_NOT_LOADED || !remote_phdrs(pid, &phdrs))
		return STAGE_UNKNOWN;
	*bias = phdrs - o->phdrs_address;
	return phdrs ? STAGE_LOADED : STAGE_UNSTARTED;
}

/* A program that has not said where its counters are: it is static, or has not come to main() yet. */
static void outside_read_program(struct process *p, pid_t pid)
{
	const struct object *o = objects_of_suite(p->objects, p->program);
	size_t object = o ? (size_t)(o - p->objects->list) : OBJECT_NONE;
	uint64_t bias;

	if (!o || (p->area && object_bias(p, object, &bias)))
		return;
	switch (program_stage(o, pid, &bias)) {
	case STAGE_UNKNOWN:
		break;
	case STAGE_UNSTARTED:
		p->unstarted = true;
		break;
	case STAGE_LOADED:
		if (image_bytes(o) > 0)
			outside_take(p, pid, false, object, bias);
		break;
	}
}

/* Constructors run: the process has not said yet where the loader put what it opens. */
static void outside_read_opened(struct process *p, pid_t pid)
{
	struct maps maps;
	struct mapping m;

	if (!maps_open(&maps, pid))
		return;
	while (maps_next(&maps, &m)) {
		size_t i = m.offset == 0 ? objects_of_file(p->objects, m.path) : OBJECT_NONE;
		const struct object *o = i == OBJECT_NONE ? NULL : &p->objects->list[i];
		uint64_t bias;

		if (o && image_bytes(o) > 0 && !object_bias(p, i, &bias) && !o->program &&
		    o->base_address != OBJECT_NOT_LOADED)
			outside_take(p, pid, false, i, m.address - o->base_address);
	}
	maps_close(&maps);
}

static bool outside_has(const struct outside *list, const struct outside *wanted)
{
	for (; list; list = list->next)
		if (list->pid == wanted->pid && list->child == wanted->child &&
		    list->object == wanted->object)
			return true;
	return false;
}

/* What was read before and cannot be read again, as it is a zombie now, is kept. */
static void outside_keep(struct process *p, struct outside *before)
{
	while (before) {
		struct outside *next = before->next;

		if (outside_has(p->outside, before)) {
			free(before);
		} else {
			before->next = p->outside;
			p->outside = before;
		}
		before = next;
	}
}

/* A zombie has nothing mapped: what was found before is kept. */
static void others_read(struct process *p, pid_t pid)
{
	char *others = others_of_process(pid);

	if (others && *others) {
		free(p->others);
		p->others = others;
	} else {
		free(others);
	}
}

void outside_read(struct process *p, pid_t pid)
{
	struct outside *before = p->outside;

	p->outside = NULL;
	p->unstarted = false;
	others_read(p, pid);
	if (p->program)
		outside_read_program(p, pid);
	if (p->area)
		outside_take_all(p, pid, false);
	if (p->area && atomic_load(&p->area->opening))
		outside_read_opened(p, pid);
	for (size_t i = 0; p->area && i < AREA_CHILDREN_MAX; i++) {
		pid_t child = atomic_load(&p->area->children[i]);

		if (child > 1 && child != pid)
			outside_take_all(p, child, true);
	}
	outside_keep(p, before);
}

void outside_forget(struct process *p)
{
	while (p->outside) {
		struct outside *next = p->outside->next;

		free(p->outside);
		p->outside = next;
	}
}
