/* SPDX-License-Identifier: MIT */
/*
 * nt/mm/reserved.c - mappings whose addresses were reserved in advance, so that mapping cannot fail for lack of them.
 *
 * Model: a reservation is a heap block that is not the range itself: a mapping gives the address where the pages are
 * anyway (mm.h). What Windows checks of owner, size and state is checked, with its bug checks (documented:
 * SYSTEM_PTE_MISUSE 0x100 to 0x10C). An access to the range before it is mapped is not noticed.
 * Start reading at: MmMapLockedPagesWithReservedMapping().
 */
#include "nt/mm/mm.h"

#include "nt/ex/ex.h"
#include "trace/event.h"

#define TAG_RESERVED 0x5679534du /* 'MSyV' */

/* Machine memory; the driver holds its address as the start of the range. */
struct reserved {
    ULONG tag; /* of who reserved it */
    ULONG pages;
    PMDL mapped; /* NULL: nothing is */
};

/* The reservation that begins there; NULL: none does. */
static struct reserved *
reserved_at(PVOID address)
{
    const struct heap_block *block = heap_find((uint64_t)address);

    if (block == NULL || block->freed || block->tag != TAG_RESERVED || block->address != (uint64_t)address)
        return NULL;
    return address;
}

struct search {
    const MDL *mdl;
    struct reserved *found;
};

static void
look_at(struct heap_block *block, void *arg)
{
    struct search *s = arg;

    if (block->tag == TAG_RESERVED && !block->freed && ((struct reserved *)block->address)->mapped == s->mdl)
        s->found = (struct reserved *)block->address;
}

/* The reservation that an MDL is mapped in; NULL: in none. */
static struct reserved *
reserved_of(const MDL *mdl)
{
    struct search s = { mdl, NULL };

    heap_each(look_at, &s);
    return s.found;
}

/*
 * MmAllocateMappingAddress - reserve addresses for a mapping of that many bytes.
 *
 * Source:    documented.
 * IRQL:      <= APC_LEVEL
 * Ownership: the caller takes the range until MmFreeMappingAddress, with the same tag.
 * Returns:   its start, NULL when there is no memory. 0 bytes are bug check 0xDA (0x100).
 * Tests:     tests/ddi/mm_pages.c
 */
PVOID NTAPI
MmAllocateMappingAddress(SIZE_T NumberOfBytes, ULONG PoolTag)
{
    struct reserved *r;

    if (NumberOfBytes == 0)
        machine_bugcheck(SYSTEM_PTE_MISUSE, 0x100, 0, PoolTag, guest_caller());
    if (ex_fault(TAG_RESERVED))
        return NULL;
    r = heap_alloc(sizeof(*r), TAG_RESERVED);
    if (r == NULL)
        return NULL;
    heap_label(r, "reserved mapping");
    r->tag = PoolTag;
    r->pages = (ULONG)((NumberOfBytes + PAGE_SIZE - 1) >> PAGE_SHIFT);
    r->mapped = NULL;
    return r;
}

/*
 * MmFreeMappingAddress - give a reserved range back, unmapped.
 *
 * Source:    documented; bug check 0xDA: 0x101 the tag is another, 0x102 nothing is reserved there, 0x103 it is mapped.
 * IRQL:      <= APC_LEVEL
 * Ownership: takes BaseAddress.
 * Tests:     tests/ddi/mm_pages.c
 */
VOID NTAPI
MmFreeMappingAddress(PVOID BaseAddress, ULONG PoolTag)
{
    struct reserved *r = reserved_at(BaseAddress);

    if (r == NULL)
        machine_bugcheck(SYSTEM_PTE_MISUSE, 0x102, (uint64_t)BaseAddress, PoolTag, 0);
    if (r->tag != PoolTag)
        machine_bugcheck(SYSTEM_PTE_MISUSE, 0x101, (uint64_t)BaseAddress, PoolTag, r->tag);
    if (r->mapped != NULL)
        machine_bugcheck(SYSTEM_PTE_MISUSE, 0x103, (uint64_t)BaseAddress, PoolTag, r->pages);
    heap_free(r);
}

/*
 * MmMapLockedPagesWithReservedMapping - map an MDL's locked pages without needing memory for it.
 *
 * Source:    documented; bug check 0xDA: 0x104 the tag is another, 0x105 nothing is reserved there, 0x107 it is mapped.
 *            MDL misuse is told as for MmMapLockedPagesSpecifyCache.
 * IRQL:      <= DISPATCH_LEVEL
 * Ownership: borrows the MDL until MmUnmapReservedMapping.
 * Returns:   the address of the first byte; NULL when the range is too small (documented). Never NULL for want of
 *            memory, so that is no choice here.
 * Tests:     tests/ddi/mm_pages.c
 */
PVOID NTAPI
MmMapLockedPagesWithReservedMapping(PVOID MappingAddress, ULONG PoolTag, PMDLX MemoryDescriptorList,
                                    MEMORY_CACHING_TYPE CacheType)
{
    struct reserved *r = reserved_at(MappingAddress);

    (void)CacheType;
    if (r == NULL)
        machine_bugcheck(SYSTEM_PTE_MISUSE, 0x105, (uint64_t)MappingAddress, PoolTag, 0);
    if (r->tag != PoolTag)
        machine_bugcheck(SYSTEM_PTE_MISUSE, 0x104, (uint64_t)MappingAddress, PoolTag, r->tag);
    if (r->mapped != NULL)
        machine_bugcheck(SYSTEM_PTE_MISUSE, 0x107, (uint64_t)MappingAddress, (uint64_t)r->mapped->MappedSystemVa, 0);
    if (mm_mdl_pages(MemoryDescriptorList) > r->pages)
        return NULL;
    r->mapped = MemoryDescriptorList;
    return mm_mdl_map(MemoryDescriptorList);
}

/*
 * MmUnmapReservedMapping - undo a mapping; the range stays reserved.
 *
 * Source:    documented; BaseAddress is the start of the range (its parameter) or what mapping returned (the same
 *            page): either is taken. Bug check 0xDA: 0x108 the tag is another, 0x109 nothing is mapped there.
 * IRQL:      <= DISPATCH_LEVEL
 * Ownership: gives the MDL back.
 * Tests:     tests/ddi/mm_pages.c
 */
VOID NTAPI
MmUnmapReservedMapping(PVOID BaseAddress, ULONG PoolTag, PMDLX MemoryDescriptorList)
{
    struct reserved *r = reserved_at(BaseAddress);

    if (r == NULL)
        r = reserved_of(MemoryDescriptorList);
    if (r == NULL || r->mapped != MemoryDescriptorList)
        machine_bugcheck(SYSTEM_PTE_MISUSE, 0x109, (uint64_t)BaseAddress, PoolTag, 0);
    if (r->tag != PoolTag)
        machine_bugcheck(SYSTEM_PTE_MISUSE, 0x108, (uint64_t)BaseAddress, PoolTag, r->tag);
    r->mapped = NULL;
    mm_mdl_unmap(MemoryDescriptorList);
}
