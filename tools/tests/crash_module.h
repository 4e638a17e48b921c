/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A kernel module that goes wrong while it is loaded, for tests of the
 * supervisor: a module that the kernel was built with, whose first instructions
 * are replaced. So no kernel has to be built for it, and the kernel that
 * crashes is the one that is measured.
 */
#ifndef SECMMU_TESTS_CRASH_MODULE_H
#define SECMMU_TESTS_CRASH_MODULE_H

#include <elf.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "util.h"

struct crash_code {
	const char *name;
	size_t len;
	uint8_t code[16];
};

static const struct crash_code crash_codes[] = {
	/* ud2: an oops; the task is killed, and the kernel goes on if it may. */
	{ "oops", 2, { 0x0f, 0x0b } },
	/* xor %eax, %eax; mov (%rax), %al */
	{ "null", 4, { 0x31, 0xc0, 0x8a, 0x00 } },
	/*
	 * xor %ecx, %ecx; 1: push %rax; pop %rax; loopl 1b; xchg %eax, %ecx;
	 * ret: 2^32 rounds, which take some seconds on any machine; then 0
	 */
	{ "spin", 9, { 0x31, 0xc9, 0x50, 0x58, 0x67, 0xe2, 0xfb, 0x91, 0xc3 } },
	/* cli; 1: jmp 1b: this CPU listens to nothing but an NMI any more */
	{ "deaf", 3, { 0xfa, 0xeb, 0xfe } },
	/* push $0; push $0; lidt (%rsp); int3: no handler for that, nor for this */
	{ "triple", 9, { 0x6a, 0x00, 0x6a, 0x00, 0x0f, 0x01, 0x1c, 0x24, 0xcc } },
};

static inline const Elf64_Shdr *crash_sections(const char *elf, size_t len,
					       size_t *n)
{
	const Elf64_Ehdr *e = (const void *)elf;

	if (len < sizeof(*e) || memcmp(e->e_ident, ELFMAG, SELFMAG) ||
	    e->e_shoff > len ||
	    (len - e->e_shoff) / sizeof(Elf64_Shdr) < e->e_shnum)
		return NULL;
	*n = e->e_shnum;
	return (const void *)(elf + e->e_shoff);
}

/* The symbol that the kernel calls. Return: NULL if there is none. */
static inline const Elf64_Sym *crash_init(const char *elf,
					  const Elf64_Shdr *sh, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const Elf64_Sym *sym = (const void *)(elf + sh[i].sh_offset);
		const char *names = elf + sh[sh[i].sh_link].sh_offset;

		if (sh[i].sh_type != SHT_SYMTAB)
			continue;
		for (size_t k = 0; k < sh[i].sh_size / sizeof(*sym); k++)
			if (!strcmp(names + sym[k].st_name, "init_module"))
				return &sym[k];
	}
	return NULL;
}

/* Bytes of section @which from @at on that the kernel will not relocate. */
static inline size_t crash_room(const char *elf, const Elf64_Shdr *sh, size_t n,
				size_t which, uint64_t at)
{
	uint64_t end = sh[which].sh_size;

	for (size_t i = 0; i < n; i++) {
		const Elf64_Rela *r = (const void *)(elf + sh[i].sh_offset);

		if (sh[i].sh_type != SHT_RELA || sh[i].sh_info != which)
			continue;
		for (size_t k = 0; k < sh[i].sh_size / sizeof(*r); k++)
			if (r[k].r_offset >= at && r[k].r_offset < end)
				end = r[k].r_offset;
	}
	return end - at;
}

/**
 * crash_module_make - a module that does @c instead of what @from does
 *
 * Return: 0, or -1 with an error printed.
 */
static inline int crash_module_make(const char *from, const char *to,
				    const struct crash_code *c)
{
	/* endbr64, where the kernel has its indirect calls checked */
	static const uint8_t endbr[] = { 0xf3, 0x0f, 0x1e, 0xfa };
	size_t len, n, room, at;
	char *elf = read_file(from, &len);
	const Elf64_Shdr *sh = elf ? crash_sections(elf, len, &n) : NULL;
	const Elf64_Sym *init = sh ? crash_init(elf, sh, n) : NULL;
	int ret = -1;

	if (init) {
		room = crash_room(elf, sh, n, init->st_shndx, init->st_value);
		at = sh[init->st_shndx].sh_offset + init->st_value;
		if (room > sizeof(endbr) && !memcmp(elf + at, endbr, 4)) {
			at += sizeof(endbr);
			room -= sizeof(endbr);
		}
		if (room >= c->len) {
			memcpy(elf + at, c->code, c->len);
			ret = write_file(to, elf, len);
		}
	}
	if (ret)
		err("%s: cannot make a module of it that crashes", from);
	free(elf);
	return ret;
}

#endif
