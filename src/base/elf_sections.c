/* SPDX-License-Identifier: MIT */
#include "base/elf_sections.h"

#include <fcntl.h>
#include <unistd.h>

bool elf_sections_open(struct elf_sections *e, const char *path)
{
	e->elf = NULL;
	e->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (e->fd < 0)
		return false;
	elf_version(EV_CURRENT);
	if (fstat(e->fd, &e->st) == 0 && S_ISREG(e->st.st_mode))
		e->elf = elf_begin(e->fd, ELF_C_READ, NULL);
	if (e->elf && elf_kind(e->elf) == ELF_K_ELF && gelf_getclass(e->elf) == ELFCLASS64 &&
	    elf_getshdrstrndx(e->elf, &e->names) == 0)
		return true;
	elf_sections_close(e);
	return false;
}

void elf_sections_close(struct elf_sections *e)
{
	elf_end(e->elf);
	close(e->fd);
}

Elf_Scn *elf_sections_next(const struct elf_sections *e, Elf_Scn *scn, GElf_Shdr *shdr, const char **name)
{
	do
		scn = elf_nextscn(e->elf, scn);
	while (scn && !gelf_getshdr(scn, shdr));
	*name = scn ? elf_strptr(e->elf, e->names, shdr->sh_name) : NULL;
	if (!*name)
		*name = "";
	return scn;
}

/* The section that address `at` lies in, with contents in the file. */
static bool section_at(const struct elf_sections *e, uint64_t at, uint64_t nbytes, GElf_Shdr *shdr)
{
	Elf_Scn *scn = NULL;

	while ((scn = elf_nextscn(e->elf, scn)))
		if (gelf_getshdr(scn, shdr) && (shdr->sh_flags & SHF_ALLOC) &&
		    shdr->sh_type != SHT_NOBITS && at >= shdr->sh_addr &&
		    at - shdr->sh_addr <= shdr->sh_size &&
		    nbytes <= shdr->sh_size - (at - shdr->sh_addr))
			return true;
	return false;
}

bool elf_sections_copy(const struct elf_sections *e, uint64_t at, uint64_t nbytes, void *to)
{
	GElf_Shdr shdr;
	uint64_t done = 0;

	if (!section_at(e, at, nbytes, &shdr) || shdr.sh_offset > (uint64_t)e->st.st_size ||
	    shdr.sh_size > (uint64_t)e->st.st_size - shdr.sh_offset)
		return false;
	while (done < nbytes) {
		ssize_t n = pread(e->fd, (char *)to + done, nbytes - done,
				  (off_t)(shdr.sh_offset + (at - shdr.sh_addr) + done));

		if (n <= 0)
			return false;
		done += (uint64_t)n;
	}
	return true;
}

uint64_t elf_sections_address(const struct elf_sections *e, uint64_t offset)
{
	GElf_Phdr phdr;
	size_t n;

	if (elf_getphdrnum(e->elf, &n) < 0)
		return ELF_NOT_LOADED;
	for (size_t i = 0; i < n && gelf_getphdr(e->elf, (int)i, &phdr); i++)
		if (phdr.p_type == PT_LOAD && phdr.p_offset <= offset &&
		    offset - phdr.p_offset < phdr.p_filesz)
			return phdr.p_vaddr + (offset - phdr.p_offset);
	return ELF_NOT_LOADED;
}

uint64_t elf_sections_phdrs(const struct elf_sections *e)
{
	GElf_Ehdr ehdr;

	return gelf_getehdr(e->elf, &ehdr) ? elf_sections_address(e, ehdr.e_phoff) : ELF_NOT_LOADED;
}

bool elf_sections_have_loader(const struct elf_sections *e)
{
	GElf_Phdr phdr;
	size_t n;

	if (elf_getphdrnum(e->elf, &n) < 0)
		return false;
	for (size_t i = 0; i < n && gelf_getphdr(e->elf, (int)i, &phdr); i++)
		if (phdr.p_type == PT_INTERP)
			return true;
	return false;
}
