/* SPDX-License-Identifier: MIT */
#include "wire/symbols.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A head and whatever the page could hold. */
#define PATHS_MAX ((size_t)PAGE_MODULES_MAX * PATH_MAX)

static void modules_pack(const struct module_list *list, struct symbols_module *to, char *paths)
{
	uint32_t used = 0;

	for (size_t i = 0; i < list->nmodules; i++) {
		const struct module *m = &list->modules[i];
		size_t npath = strlen(m->path) + 1;

		to[i] = (struct symbols_module){
			.address = m->address, .start = m->start, .end = m->end,
			.path = used, .nbuild_id = (uint32_t)m->nbuild_id,
		};
		memcpy(to[i].build_id, m->build_id, m->nbuild_id);
		memcpy(paths + used, m->path, npath);
		used += (uint32_t)npath;
	}
}

void *symbols_request_pack(const struct crash *crash, const struct module_list *list,
			   size_t *nbytes)
{
	size_t nmodules = list->nmodules * sizeof(struct symbols_module), npaths = 0;
	struct symbols_request *head;
	char *rest;

	for (size_t i = 0; i < list->nmodules; i++)
		npaths += strlen(list->modules[i].path) + 1;
	*nbytes = sizeof(*head) + nmodules + crash->nstack + npaths;
	head = malloc(*nbytes);
	if (!head)
		return NULL;
	*head = (struct symbols_request){
		.magic = SYMBOLS_MAGIC, .nregs = crash->nregs, .nstack = (uint32_t)crash->nstack,
		.nmodules = (uint32_t)list->nmodules, .npaths = (uint32_t)npaths,
		.stack_address = crash->stack_address,
	};
	memcpy(head->regs, crash->regs, sizeof(head->regs));
	rest = (char *)(head + 1);
	modules_pack(list, (struct symbols_module *)rest, rest + nmodules + crash->nstack);
	if (crash->nstack > 0)
		memcpy(rest + nmodules, crash->stack, crash->nstack);
	return head;
}

ssize_t symbols_request_rest(const struct symbols_request *head)
{
	if (head->magic != SYMBOLS_MAGIC || head->nregs > PAGE_REGS_MAX ||
	    head->nstack > PAGE_STACK_BYTES || head->nmodules > PAGE_MODULES_MAX ||
	    head->npaths > PATHS_MAX || head->stack_address > UINT64_MAX - head->nstack)
		return -1;
	return (ssize_t)(head->nmodules * sizeof(struct symbols_module) + head->nstack +
			 head->npaths);
}

static bool module_unpack(const struct symbols_module *from, char *paths, size_t npaths,
			  struct module *m)
{
	if (from->path >= npaths || from->nbuild_id > PAGE_BUILD_ID_MAX || from->start > from->end)
		return false;
	*m = (struct module){ .address = from->address, .start = from->start, .end = from->end,
			      .path = paths + from->path, .nbuild_id = from->nbuild_id };
	memcpy(m->build_id, from->build_id, from->nbuild_id);
	return true;
}

int symbols_request_unpack(const struct symbols_request *head, const void *rest,
			   struct crash *crash, struct module_list *list)
{
	const struct symbols_module *modules = rest;
	const char *stack = (const char *)(modules + head->nmodules);
	int ret = -ENOMEM;

	*crash = (struct crash){ .state = CRASH_WRITTEN, .nregs = head->nregs,
				 .stack_address = head->stack_address, .nstack = head->nstack };
	*list = (struct module_list){ 0 };
	memcpy(crash->regs, head->regs, sizeof(crash->regs));
	crash->stack = malloc((size_t)head->nstack + 1);
	list->modules = calloc((size_t)head->nmodules + 1, sizeof(*list->modules));
	list->paths = malloc((size_t)head->npaths + 1);
	if (!crash->stack || !list->modules || !list->paths)
		goto fini;
	memcpy(crash->stack, stack, head->nstack);
	memcpy(list->paths, stack + head->nstack, head->npaths);
	list->paths[head->npaths] = '\0';
	ret = -EBADMSG;
	for (; list->nmodules < head->nmodules; list->nmodules++)
		if (!module_unpack(&modules[list->nmodules], list->paths, head->npaths,
				   &list->modules[list->nmodules]))
			goto fini;
	return 0;
fini:
	crash_fini(crash);
	module_list_fini(list);
	return ret;
}

bool symbols_answer_holds(const struct symbols_answer *head)
{
	return head->magic == SYMBOLS_MAGIC && head->code <= 0 && head->last <= 1 &&
	       head->ntext <= SYMBOLS_TEXT_MAX;
}

/* "#3 0x": what every line begins with. */
static bool line_holds(const char *line, size_t nline, unsigned number)
{
	char begin[24];
	size_t nbegin = (size_t)snprintf(begin, sizeof(begin), "#%u 0x", number);

	if (nline < nbegin || memcmp(line, begin, nbegin) != 0)
		return false;
	for (size_t i = 0; i < nline; i++)
		if ((unsigned char)line[i] < ' ' || line[i] == 0x7f)
			return false;
	return true;
}

bool symbols_text_holds(const char *text, size_t ntext)
{
	const char *end = text + ntext;

	for (unsigned number = 0; text < end; number++) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));

		if (!newline || number == PAGE_FRAMES_MAX ||
		    !line_holds(text, (size_t)(newline - text), number))
			return false;
		text = newline + 1;
	}
	return ntext > 0;
}
