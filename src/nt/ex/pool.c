/* SPDX-License-Identifier: MIT */
/*
 * nt/ex/pool.c - paged and nonpaged pool.
 *
 * Model: a pool block is a heap block; the heap keeps its tag, who allocated it and guard bytes on both sides, fills
 * fresh memory with 0xBAADF00D and freed memory with a non-canonical pattern, and never hands it out again within a
 * run. So pool here behaves as special pool does. What is wrong is answered with the documented bugcheck.
 * Start reading at: ex_pool_alloc(), ex_pool_free().
 *
 * chosen: a tag that does not match is bugcheck 0xC2 (0xA) for every block; Windows checks it for protected tags.
 */
#include "nt/ex/ex.h"

#include "image/image.h"
#include "trace/event.h"

#define TAG_NONE       0x656e6f4eu /* 'None': what ExAllocatePool records (documented) */
#define TAG_BIG        0x20474942u /* 'BIG ' */
#define PROTECTED_POOL 0x80000000u /* a bit of the tag, not part of its letters */

/* a0 of EV_POOL_CORRUPT: what was found */
enum { CORRUPT_OVERRUN, CORRUPT_UNDERRUN, CORRUPT_DOUBLE_FREE, CORRUPT_BAD_POINTER };

static bool
is_paged(POOL_TYPE type)
{
    return (type & 1) != 0;
}

bool
ex_fault(uint32_t tag)
{
    return !machine->setup && choose(CHOICE_FAULT, 2, guest_caller() ^ (uint64_t)tag << 32) != 0;
}

/* documented: 0xC2 0x8, 0x9A, 0x9B, 0x9C, 0x9D. */
static void
check_request(POOL_TYPE type, size_t size, uint32_t tag)
{
    unsigned irql = irql_get();
    bool printable = false;

    if (irql > (is_paged(type) ? IRQL_APC : IRQL_DISPATCH))
        machine_bugcheck(BAD_POOL_CALLER, 8, irql, (uint64_t)type, size);
    if ((type & ~POOL_NX_ALLOCATION & 7) == NonPagedPoolMustSucceed)
        machine_bugcheck(BAD_POOL_CALLER, 0x9a, (uint64_t)type, size, tag);
    if (tag == 0)
        machine_bugcheck(BAD_POOL_CALLER, 0x9b, (uint64_t)type, size, guest_caller());
    if (tag == TAG_BIG)
        machine_bugcheck(BAD_POOL_CALLER, 0x9c, (uint64_t)type, size, guest_caller());
    for (unsigned i = 0; i < 4; i++) {
        unsigned c = (tag & ~PROTECTED_POOL) >> (8 * i) & 0xff;

        printable |= (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
    }
    if (!printable)
        machine_bugcheck(BAD_POOL_CALLER, 0x9d, tag, (uint64_t)type, guest_caller());
}

void *
ex_pool_alloc(POOL_TYPE type, size_t size, uint32_t tag, unsigned flags)
{
    struct heap_block *block;
    void *p;

    check_request(type, size, tag);
    if (!(flags & EX_POOL_NOFAULT) && ex_fault(tag))
        return NULL;
    p = (type & NonPagedPoolCacheAligned) && size < 4096 ? heap_alloc_aligned(size, 64, tag) : heap_alloc(size, tag);
    if (p == NULL)
        return NULL;
    block = heap_find((uint64_t)p);
    block->use = is_paged(type) ? NT_USE_PAGED_POOL : NT_USE_POOL;
    if (flags & EX_POOL_ZERO)
        RtlZeroMemory(p, size);
    trace_emit(EV_POOL_ALLOC, p, size, tag, block->use);
    return p;
}

/* documented: 0xC2 for what was never pool or is free already. */
static _Noreturn void
bad_free(void *p, const struct heap_block *block)
{
    uint64_t at = (uint64_t)p;

    if (at < LAYOUT_SYSTEM_BASE)
        machine_bugcheck(BAD_POOL_CALLER, 0x40, at, LAYOUT_SYSTEM_BASE, 0);
    if (block == NULL || block->use == 0) {
        trace_emit(EV_POOL_CORRUPT, p, CORRUPT_BAD_POINTER, 0);
        machine_bugcheck(BAD_POOL_CALLER, 0x46, at, 0, 0);
    }
    if (block->freed) {
        trace_emit(EV_POOL_CORRUPT, p, CORRUPT_DOUBLE_FREE, 0);
        machine_bugcheck(BAD_POOL_CALLER, 7, 0, block->tag, at);
    }
    if (block->address != at) /* freed in the middle of an allocation */
        machine_bugcheck(BAD_POOL_CALLER, 0x41286, 0, 0, at - block->address);
    machine_bugcheck(BAD_POOL_CALLER, 0x46, at, 0, 0); /* a block, but no pool: an object of the system's */
}

void
ex_pool_free(void *p, uint32_t tag)
{
    struct heap_block *block = heap_find((uint64_t)p);
    unsigned irql = irql_get();
    uint64_t size;

    if (block == NULL || block->freed || block->address != (uint64_t)p ||
        (block->use != NT_USE_POOL && block->use != NT_USE_PAGED_POOL))
        bad_free(p, block);
    if (irql > (block->use == NT_USE_PAGED_POOL ? IRQL_APC : IRQL_DISPATCH))
        machine_bugcheck(BAD_POOL_CALLER, 9, irql, block->use == NT_USE_PAGED_POOL, (uint64_t)p);
    if (tag != 0 && ((tag ^ block->tag) & ~PROTECTED_POOL) != 0)
        machine_bugcheck(BAD_POOL_CALLER, 0xa, (uint64_t)p, block->tag, tag);
    size = block->size;
    if (!machine_is_native()) /* it looks through every ledger */
        ke_memory_freed((uint64_t)p, size);
    trace_emit(EV_POOL_FREE, p, size, block->tag, block->use);
    switch (heap_free(p)) {
    case HEAP_FREED:
        return;
    case HEAP_OVERRUN: /* documented: the bytes after the block were overwritten */
        trace_emit(EV_POOL_CORRUPT, p, CORRUPT_OVERRUN, size);
        machine_bugcheck(BAD_POOL_HEADER, 0x21, (uint64_t)p, size, 0);
    case HEAP_UNDERRUN: /* documented: the header before the block is damaged */
        trace_emit(EV_POOL_CORRUPT, p, CORRUPT_UNDERRUN, 0);
        machine_bugcheck(BAD_POOL_HEADER, 0x20, (uint64_t)p, (uint64_t)p + size, 0);
    case HEAP_BAD_POINTER:
    case HEAP_DOUBLE_FREE:
        bad_free(p, block);
    }
}

/* ------------------------------------------------------------------ leaks */

struct leaks {
    uint64_t base, size;
    unsigned count;
    struct heap_block *first;
};

static void
count_leak(struct heap_block *block, void *arg)
{
    struct leaks *leaks = arg;

    if ((block->use != NT_USE_POOL && block->use != NT_USE_PAGED_POOL) || block->site - leaks->base >= leaks->size)
        return;
    trace_emit(EV_POOL_LEAK, block->address, block->size, block->tag, block->site);
    if (leaks->count++ == 0 && leaks->first != NULL)
        *leaks->first = *block;
}

unsigned
ex_pool_leaks(uint64_t base, uint64_t size, struct heap_block *first)
{
    struct leaks leaks = { base, size, 0, first };

    heap_each(count_leak, &leaks);
    return leaks.count;
}

/* ------------------------------------------------------------------ exports: POOL_TYPE */

static unsigned
zero_if_asked(POOL_TYPE type)
{
    return type & POOL_ZERO_ALLOCATION ? EX_POOL_ZERO : 0;
}

/* documented: NULL, or with POOL_RAISE_IF_ALLOCATION_FAILURE an exception, when there is no memory. */
PVOID NTAPI
ExAllocatePoolWithTag(POOL_TYPE PoolType, SIZE_T NumberOfBytes, ULONG Tag)
{
    PVOID p = ex_pool_alloc(PoolType, NumberOfBytes, Tag, zero_if_asked(PoolType));

    if (p == NULL && (PoolType & POOL_RAISE_IF_ALLOCATION_FAILURE))
        seh_raise_status(STATUS_INSUFFICIENT_RESOURCES);
    return p;
}

PVOID NTAPI
ExAllocatePool(POOL_TYPE PoolType, SIZE_T NumberOfBytes)
{
    return ExAllocatePoolWithTag(PoolType, NumberOfBytes, TAG_NONE);
}

PVOID NTAPI
ExAllocatePoolWithTagPriority(POOL_TYPE PoolType, SIZE_T NumberOfBytes, ULONG Tag, EX_POOL_PRIORITY Priority)
{
    (void)Priority;
    return ExAllocatePoolWithTag(PoolType, NumberOfBytes, Tag);
}

/* documented: raises on failure unless POOL_QUOTA_FAIL_INSTEAD_OF_RAISE. assumed: a quota is never used up. */
PVOID NTAPI
ExAllocatePoolWithQuotaTag(POOL_TYPE PoolType, SIZE_T NumberOfBytes, ULONG Tag)
{
    PVOID p = ex_pool_alloc(PoolType & ~POOL_QUOTA_FAIL_INSTEAD_OF_RAISE, NumberOfBytes, Tag, zero_if_asked(PoolType));

    if (p == NULL && !(PoolType & POOL_QUOTA_FAIL_INSTEAD_OF_RAISE))
        seh_raise_status(STATUS_INSUFFICIENT_RESOURCES);
    return p;
}

PVOID NTAPI
ExAllocatePoolWithQuota(POOL_TYPE PoolType, SIZE_T NumberOfBytes)
{
    return ExAllocatePoolWithQuotaTag(PoolType, NumberOfBytes, TAG_NONE);
}

/* ------------------------------------------------------------------ exports: POOL_FLAGS */

#define POOL_FLAGS_KNOWN                                                                           \
    (POOL_FLAG_USE_QUOTA | POOL_FLAG_UNINITIALIZED | POOL_FLAG_SESSION | POOL_FLAG_CACHE_ALIGNED | \
     POOL_FLAG_RAISE_ON_FAILURE | POOL_FLAG_NON_PAGED | POOL_FLAG_NON_PAGED_EXECUTE | POOL_FLAG_PAGED)

/*
 * ExAllocatePool2 - pool, zeroed unless POOL_FLAG_UNINITIALIZED.
 *
 * Source:  documented: exactly one pool must be named; unknown required flags, tag 0 and size 0 fail: NULL, or with
 *          POOL_FLAG_RAISE_ON_FAILURE STATUS_INVALID_PARAMETER. No memory: NULL or STATUS_INSUFFICIENT_RESOURCES.
 * IRQL:    <= DISPATCH_LEVEL, paged <= APC_LEVEL
 */
PVOID NTAPI
ExAllocatePool2(POOL_FLAGS Flags, SIZE_T NumberOfBytes, ULONG Tag)
{
    POOL_FLAGS pool = Flags & (POOL_FLAG_NON_PAGED | POOL_FLAG_NON_PAGED_EXECUTE | POOL_FLAG_PAGED);
    POOL_TYPE type = pool == POOL_FLAG_PAGED ? PagedPool : NonPagedPoolNx;
    NTSTATUS status = STATUS_INVALID_PARAMETER;
    PVOID p = NULL;

    if (__builtin_popcountll(pool) == 1 && (Flags & ~POOL_FLAGS_KNOWN & 0xffffffff) == 0 && Tag != 0 &&
        NumberOfBytes != 0) {
        status = STATUS_INSUFFICIENT_RESOURCES;
        if (Flags & POOL_FLAG_CACHE_ALIGNED)
            type |= NonPagedPoolCacheAligned;
        p = ex_pool_alloc(type, NumberOfBytes, Tag, Flags & POOL_FLAG_UNINITIALIZED ? 0 : EX_POOL_ZERO);
    }
    if (p == NULL && (Flags & POOL_FLAG_RAISE_ON_FAILURE))
        seh_raise_status(status);
    return p;
}

/* assumed: extended parameters (priority, secure pool, node) that are marked optional change nothing. */
PVOID NTAPI
ExAllocatePool3(POOL_FLAGS Flags, SIZE_T NumberOfBytes, ULONG Tag, const VOID *ExtendedParameters,
                ULONG ExtendedParametersCount)
{
    (void)ExtendedParameters, (void)ExtendedParametersCount;
    return ExAllocatePool2(Flags, NumberOfBytes, Tag);
}

VOID NTAPI
ExFreePoolWithTag(PVOID P, ULONG Tag)
{
    ex_pool_free(P, Tag);
}

VOID NTAPI
ExFreePool(PVOID P)
{
    ex_pool_free(P, 0);
}

VOID NTAPI
ExFreePool2(PVOID P, ULONG Tag, const VOID *ExtendedParameters, ULONG ExtendedParametersCount)
{
    (void)ExtendedParameters, (void)ExtendedParametersCount;
    ex_pool_free(P, Tag);
}
