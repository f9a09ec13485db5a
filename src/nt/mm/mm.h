/* SPDX-License-Identifier: MIT */
/*
 * nt/mm/mm.h - MDLs, physical addresses, probing.
 *
 * Model: one flat address space, every page resident. A virtual address has one physical address, by a fixed offset,
 * so a page frame number leads back to the address; mapping pages gives the address they are at anyway.
 */
#ifndef NT_MM_MM_H
#define NT_MM_MM_H

#include "ddk/ntddk.h"
#include "nt/nt.h"

/* Machine memory: what the kernel's data exports are bound to. */
struct mm_data {
    PVOID highest_user_address;
    PVOID system_range_start;
    ULONG_PTR user_probe_address;
};

/* Monitor memory. */
struct mm_state {
    struct mm_data *data;
    POBJECT_TYPE section_type;
    struct view *views; /* section.c */
};

/* First address that is not a user's: LAYOUT_SYSTEM_BASE less the 64 KB that no user can map. */
#define MM_USER_END (LAYOUT_SYSTEM_BASE - 0x10000)

uint64_t mm_physical(uint64_t address);
uint64_t mm_virtual(uint64_t physical); /* the reverse */

/* Why a user range is not good: STATUS_SUCCESS, _ACCESS_VIOLATION, _DATATYPE_MISALIGNMENT. */
int32_t mm_probe(uint64_t address, size_t len, unsigned align, bool write);

/* An MDL for host code: describes [va, va+len) of nonpaged memory; heap memory. NULL: no memory. */
PMDL mm_mdl_nonpaged(void *va, size_t len);
void mm_mdl_free(PMDL mdl);

/* mdl.c: pages an MDL spans. */
ULONG mm_mdl_pages(const MDL *mdl);
/* Its mapping into system space, and the end of that. Mapping tells of misuse; who unmaps looks before. */
PVOID mm_mdl_map(PMDL mdl);
void mm_mdl_unmap(PMDL mdl);

#endif
