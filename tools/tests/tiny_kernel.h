/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A kernel of 24 bytes for tests of the supervisor on the real QEMU: it says
 * "hi" on the console, and sleeps.
 */
#ifndef SECMMU_TESTS_TINY_KERNEL_H
#define SECMMU_TESTS_TINY_KERNEL_H

#include <elf.h>
#include <stdint.h>
#include <string.h>

#include "util.h"

#define TINY_ADDR	0x200000u
/* xen/include/public/elfnote.h: where a guest without firmware is entered. */
#define TINY_PHYS32_ENTRY 18

struct tiny_kernel {
	Elf64_Ehdr ehdr;
	Elf64_Phdr load, note;
	struct {
		Elf64_Nhdr hdr;
		char name[4];
		uint32_t entry;
	} xen;
	uint8_t code[24];
};

/** tiny_kernel_write - write it to @path. Return: 0 or -1. */
static inline int tiny_kernel_write(const char *path)
{
	static const uint8_t code[24] = {
		0x66, 0xba, 0xf8, 0x03,		/* mov $0x3f8, %dx */
		0xb0, 'h', 0xee,		/* mov $'h', %al; out %al, %dx */
		0xb0, 'i', 0xee,
		0xb0, '\n', 0xee,
		0xf4, 0xeb, 0xfd,		/* 1: hlt; jmp 1b */
	};
	const size_t at = offsetof(struct tiny_kernel, code);
	const size_t note = offsetof(struct tiny_kernel, xen);
	struct tiny_kernel k = {
		.ehdr = {
			.e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3,
				     ELFCLASS64, ELFDATA2LSB, EV_CURRENT },
			.e_type = ET_EXEC, .e_machine = EM_X86_64,
			.e_version = EV_CURRENT, .e_entry = TINY_ADDR + at,
			.e_phoff = offsetof(struct tiny_kernel, load),
			.e_ehsize = sizeof(Elf64_Ehdr), .e_phnum = 2,
			.e_phentsize = sizeof(Elf64_Phdr),
			.e_shentsize = sizeof(Elf64_Shdr),
		},
		.load = {
			.p_type = PT_LOAD, .p_flags = PF_R | PF_X,
			.p_vaddr = TINY_ADDR, .p_paddr = TINY_ADDR,
			.p_filesz = sizeof(k), .p_memsz = sizeof(k),
			.p_align = 4096,
		},
		.note = {
			.p_type = PT_NOTE, .p_flags = PF_R, .p_offset = note,
			.p_vaddr = TINY_ADDR + note, .p_paddr = TINY_ADDR + note,
			.p_filesz = sizeof(k.xen), .p_memsz = sizeof(k.xen),
			.p_align = 4,
		},
		.xen = { { 4, 4, TINY_PHYS32_ENTRY }, "Xen", TINY_ADDR + at },
	};

	memcpy(k.code, code, sizeof(code));
	return write_file(path, &k, sizeof(k));
}

#endif
