/* SPDX-License-Identifier: MIT */
#include "base/elf_texts.h"

#include <elf.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* More than that is not searched: the data of large programs is tables, not texts. */
#define TEXTS_BYTES ((size_t)64 << 20)

static void append(struct elf_texts *t, const Elf64_Phdr *phdr)
{
	size_t want = phdr->p_filesz < TEXTS_BYTES - t->nbytes ? phdr->p_filesz :
								 TEXTS_BYTES - t->nbytes;
	char *bytes = realloc(t->bytes, t->nbytes + want + 1);
	size_t done = 0;

	if (!bytes)
		return;
	t->bytes = bytes;
	while (done < want) {
		ssize_t n = pread(t->fd, bytes + t->nbytes + done, want - done,
				  (off_t)(phdr->p_offset + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		done += (size_t)n;
	}
	t->nbytes += done;
	/* What ends one segment and what begins the next are no text together. */
	bytes[t->nbytes++] = '\0';
}

/* The segments of these flags. False: there is none but the first, which holds the headers. */
static bool read_segments(struct elf_texts *t, uint32_t flags)
{
	Elf64_Ehdr ehdr;
	unsigned nread = 0;

	memcpy(&ehdr, t->head, sizeof(ehdr));
	for (size_t i = 0; i < ehdr.e_phnum; i++) {
		Elf64_Phdr phdr;

		memcpy(&phdr, (const char *)t->head + ehdr.e_phoff + i * sizeof(phdr), sizeof(phdr));
		if (phdr.p_type != PT_LOAD || (phdr.p_flags & (PF_R | PF_W | PF_X)) != flags)
			continue;
		append(t, &phdr);
		nread++;
	}
	return nread > 1;
}

bool elf_texts_have(struct elf_texts *t, const char *text)
{
	/* Some linkers put constants and code into one segment. */
	if (!t->read && !read_segments(t, PF_R))
		read_segments(t, PF_R | PF_X);
	t->read = true;
	return t->nbytes > 0 && memmem(t->bytes, t->nbytes, text, strlen(text));
}

void elf_texts_fini(struct elf_texts *t)
{
	free(t->bytes);
	t->bytes = NULL;
}
