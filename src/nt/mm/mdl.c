/* SPDX-License-Identifier: MIT */
/*
 * nt/mm/mdl.c - memory descriptor lists.
 *
 * Model: an MDL describes ByteCount bytes from StartVa + ByteOffset; its page frames follow the header. Locking fills
 * in the frames, mapping gives them a system address. As every page of the machine is at one address only, a mapping
 * of user pages shows them at their user address (assumed, docs/assumptions.md: no driver compares the two).
 * Wrong order of calls is told as an event with Driver Verifier's number where it has one.
 */
#include "nt/mm/mm.h"

#include "image/image.h"
#include "nt/ex/ex.h"
#include "nt/ps/ps.h"
#include "trace/event.h"

#define TAG_MDL 0x206c644du /* 'Mdl ' */

/* a0 of EV_MDL_MISUSE: the sub-code of bugcheck 0xC4 that Driver Verifier has for it. */
enum {
    MDL_UNLOCK_NOT_LOCKED = 0x7c,
    MDL_UNLOCK_NONPAGED = 0x7d,
    MDL_LOCK_DESCRIBED = 0xb0,
    MDL_MAP_MAPPED = 0xb2,
    MDL_MAP_NOT_LOCKED = 0xb3,
    MDL_UNLOCK_PARTIAL = 0xb4,
    MDL_UNMAP_PARTIAL = 0xb5,
    MDL_UNMAP_NOT_MAPPED = 0xb6,
    MDL_FREE_LOCKED = 0xb8,
};

static void
misuse(PMDL mdl, unsigned what)
{
    trace_emit(EV_MDL_MISUSE, mdl, what, (uint16_t)mdl->MdlFlags);
}

static uint64_t
start_of(const MDL *mdl)
{
    return (uint64_t)mdl->StartVa + mdl->ByteOffset;
}

static PPFN_NUMBER
frames_of(PMDL mdl)
{
    return (PPFN_NUMBER)(mdl + 1);
}

ULONG
mm_mdl_pages(const MDL *mdl)
{
    return ADDRESS_AND_SIZE_TO_SPAN_PAGES(start_of(mdl), mdl->ByteCount);
}

static void
fill_frames(PMDL mdl)
{
    ULONG count = mm_mdl_pages(mdl);

    for (ULONG i = 0; i < count; i++)
        frames_of(mdl)[i] = mm_physical((uint64_t)mdl->StartVa + (uint64_t)i * PAGE_SIZE) >> PAGE_SHIFT;
}

/* Where the frames are: they were allocated or locked as one range, so the first tells. */
static PVOID
address_of_frames(PMDL mdl)
{
    if (mm_mdl_pages(mdl) == 0)
        return (PVOID)start_of(mdl);
    return (PVOID)(mm_virtual(frames_of(mdl)[0] << PAGE_SHIFT) + mdl->ByteOffset);
}

/* ------------------------------------------------------------------ making */

SIZE_T NTAPI
MmSizeOfMdl(PVOID Base, SIZE_T Length)
{
    return sizeof(MDL) + sizeof(PFN_NUMBER) * ADDRESS_AND_SIZE_TO_SPAN_PAGES(Base, Length);
}

static PMDL
new_mdl(PVOID va, size_t len)
{
    SIZE_T size = MmSizeOfMdl(va, len);
    PMDL mdl;

    if (size > 0x7fff)
        return NULL;
    mdl = heap_alloc(size, TAG_MDL);
    if (mdl == NULL)
        return NULL;
    heap_find((uint64_t)mdl)->use = NT_USE_MDL;
    MmInitializeMdl(mdl, va, len);
    mdl->Process = NULL;
    mdl->MappedSystemVa = NULL;
    return mdl;
}

PMDL
mm_mdl_nonpaged(void *va, size_t len)
{
    PMDL mdl = new_mdl(va, len);

    if (mdl != NULL)
        MmBuildMdlForNonPagedPool(mdl);
    return mdl;
}

void
mm_mdl_free(PMDL mdl)
{
    heap_free(mdl);
}

/*
 * IoAllocateMdl - documented: NULL when there is no memory; Length is at most 2 GB less a page. With Irp the MDL
 * becomes Irp->MdlAddress, or with SecondaryBuffer the last of that chain. ChargeQuota is ignored by Windows too.
 */
PMDL NTAPI
IoAllocateMdl(PVOID VirtualAddress, ULONG Length, BOOLEAN SecondaryBuffer, BOOLEAN ChargeQuota, PIRP Irp)
{
    PMDL mdl;
    PMDL *at;

    (void)ChargeQuota;
    if (Length > 0x7ffff000 || ex_fault(TAG_MDL))
        return NULL;
    mdl = new_mdl(VirtualAddress, Length);
    if (mdl == NULL || Irp == NULL)
        return mdl;
    at = &Irp->MdlAddress;
    if (SecondaryBuffer)
        while (*at != NULL)
            at = &(*at)->Next;
    *at = mdl;
    return mdl;
}

/* documented: partial MDLs that were mapped are unmapped first. */
VOID NTAPI
IoFreeMdl(PMDL Mdl)
{
    if ((Mdl->MdlFlags & MDL_PAGES_LOCKED) && !(Mdl->MdlFlags & MDL_PARTIAL))
        misuse(Mdl, MDL_FREE_LOCKED);
    MmPrepareMdlForReuse(Mdl);
    switch (heap_free(Mdl)) {
    case HEAP_FREED:
        return;
    case HEAP_OVERRUN:
    case HEAP_UNDERRUN:
        trace_emit(EV_POOL_CORRUPT, Mdl, 0, 0);
        machine_bugcheck(0x19, 0x20, (uint64_t)Mdl, 0, 0);
    case HEAP_DOUBLE_FREE:
        machine_bugcheck(0xc2, 7, 0, TAG_MDL, (uint64_t)Mdl);
    case HEAP_BAD_POINTER:
        machine_bugcheck(0xc2, 0x46, (uint64_t)Mdl, 0, 0);
    }
}

VOID NTAPI
MmBuildMdlForNonPagedPool(PMDLX MemoryDescriptorList)
{
    PMDL mdl = MemoryDescriptorList;

    fill_frames(mdl);
    mdl->Process = NULL;
    mdl->MdlFlags |= MDL_SOURCE_IS_NONPAGED_POOL;
    mdl->MappedSystemVa = (PVOID)start_of(mdl);
}

/*
 * IoBuildPartialMdl - documented: Length 0 means to the end of the source; asking for more than the source describes,
 * or a target too small, is bugcheck 0x44 / undefined in Windows: assumed, KeBugCheck(TARGET_MDL_TOO_SMALL).
 */
VOID NTAPI
IoBuildPartialMdl(PMDL SourceMdl, PMDL TargetMdl, PVOID VirtualAddress, ULONG Length)
{
    uint64_t offset = (uint64_t)VirtualAddress - start_of(SourceMdl);
    ULONG first, count;

    if (Length == 0)
        Length = SourceMdl->ByteCount - (ULONG)offset;
    count = ADDRESS_AND_SIZE_TO_SPAN_PAGES(VirtualAddress, Length);
    if (sizeof(MDL) + count * sizeof(PFN_NUMBER) > (USHORT)TargetMdl->Size)
        machine_bugcheck(0x40, 0, 0, 0, 0); /* TARGET_MDL_TOO_SMALL */
    TargetMdl->Process = SourceMdl->Process;
    TargetMdl->StartVa = PAGE_ALIGN(VirtualAddress);
    TargetMdl->ByteCount = Length;
    TargetMdl->ByteOffset = BYTE_OFFSET(VirtualAddress);
    TargetMdl->MdlFlags &= MDL_ALLOCATED_FIXED_SIZE;
    TargetMdl->MdlFlags |= MDL_PARTIAL | (SourceMdl->MdlFlags & (MDL_SOURCE_IS_NONPAGED_POOL | MDL_IO_SPACE));
    if (SourceMdl->MdlFlags & MDL_SOURCE_IS_NONPAGED_POOL) {
        TargetMdl->MappedSystemVa = (PCHAR)SourceMdl->MappedSystemVa + offset;
    } else if (SourceMdl->MdlFlags & MDL_MAPPED_TO_SYSTEM_VA) {
        TargetMdl->MdlFlags |= MDL_MAPPED_TO_SYSTEM_VA | MDL_PARENT_MAPPED_SYSTEM_VA;
        TargetMdl->MappedSystemVa = (PCHAR)SourceMdl->MappedSystemVa + offset;
    }
    first = (ULONG)(((uint64_t)TargetMdl->StartVa - (uint64_t)SourceMdl->StartVa) >> PAGE_SHIFT);
    for (ULONG i = 0; i < count; i++)
        frames_of(TargetMdl)[i] = frames_of(SourceMdl)[first + i];
}

/* ------------------------------------------------------------------ locking */

/*
 * MmProbeAndLockPages - make the pages of an MDL resident.
 *
 * Source:  documented: raises STATUS_ACCESS_VIOLATION when the range cannot be accessed so, or is not a user's with
 *          AccessMode UserMode. Pages here are always resident; what is checked is the access.
 * IRQL:    <= APC_LEVEL for pageable addresses, else <= DISPATCH_LEVEL
 */
VOID NTAPI
MmProbeAndLockPages(PMDLX MemoryDescriptorList, KPROCESSOR_MODE AccessMode, LOCK_OPERATION Operation)
{
    PMDL mdl = MemoryDescriptorList;
    uint64_t start = start_of(mdl);
    bool write = Operation != IoReadAccess;

    if (mdl->MdlFlags & (MDL_PAGES_LOCKED | MDL_MAPPED_TO_SYSTEM_VA | MDL_SOURCE_IS_NONPAGED_POOL | MDL_PARTIAL))
        misuse(mdl, MDL_LOCK_DESCRIBED);
    if (start + mdl->ByteCount < start || (AccessMode != KernelMode && start + mdl->ByteCount > MM_USER_END))
        seh_raise_status(STATUS_ACCESS_VIOLATION);
    if (mdl->ByteCount != 0 &&
        !(write ? machine_writable(start, mdl->ByteCount) : machine_readable(start, mdl->ByteCount)))
        seh_raise_status(STATUS_ACCESS_VIOLATION);
    fill_frames(mdl);
    mdl->Process = start < MM_USER_END ? ps_current_process() : NULL;
    mdl->MdlFlags |= (CSHORT)(MDL_PAGES_LOCKED | (write ? MDL_WRITE_OPERATION : 0));
}

VOID NTAPI
MmUnlockPages(PMDLX MemoryDescriptorList)
{
    PMDL mdl = MemoryDescriptorList;

    if (mdl->MdlFlags & MDL_SOURCE_IS_NONPAGED_POOL)
        misuse(mdl, MDL_UNLOCK_NONPAGED);
    else if (mdl->MdlFlags & MDL_PARTIAL)
        misuse(mdl, MDL_UNLOCK_PARTIAL);
    else if (!(mdl->MdlFlags & MDL_PAGES_LOCKED))
        misuse(mdl, MDL_UNLOCK_NOT_LOCKED);
    if (mdl->MdlFlags & MDL_MAPPED_TO_SYSTEM_VA) /* documented: unmaps as well */
        mdl->MdlFlags &= ~MDL_MAPPED_TO_SYSTEM_VA;
    mdl->MdlFlags &= ~(MDL_PAGES_LOCKED | MDL_WRITE_OPERATION);
    mdl->Process = NULL;
}

/* ------------------------------------------------------------------ mapping */

static void
check_mappable(PMDL mdl)
{
    if (mdl->MdlFlags & (MDL_MAPPED_TO_SYSTEM_VA | MDL_SOURCE_IS_NONPAGED_POOL))
        misuse(mdl, MDL_MAP_MAPPED);
    else if (!(mdl->MdlFlags & (MDL_PAGES_LOCKED | MDL_PARTIAL)))
        misuse(mdl, MDL_MAP_NOT_LOCKED);
}

static PVOID
map_frames(PMDL mdl)
{
    mdl->MappedSystemVa = address_of_frames(mdl);
    mdl->MdlFlags |= MDL_MAPPED_TO_SYSTEM_VA;
    if (mdl->MdlFlags & MDL_PARTIAL)
        mdl->MdlFlags |= MDL_PARTIAL_HAS_BEEN_MAPPED;
    return mdl->MappedSystemVa;
}

PVOID
mm_mdl_map(PMDL mdl)
{
    check_mappable(mdl);
    return map_frames(mdl);
}

/*
 * MmMapLockedPagesSpecifyCache - documented: NULL when there are no resources (a choice); with AccessMode UserMode it
 * raises instead. BugCheckOnFailure is bugcheck 0x3F, NO_MORE_SYSTEM_PTES.
 */
PVOID NTAPI
MmMapLockedPagesSpecifyCache(PMDLX MemoryDescriptorList, KPROCESSOR_MODE AccessMode, MEMORY_CACHING_TYPE CacheType,
                             PVOID RequestedAddress, ULONG BugCheckOnFailure, ULONG Priority)
{
    PMDL mdl = MemoryDescriptorList;

    (void)CacheType, (void)RequestedAddress, (void)Priority;
    check_mappable(mdl);
    if (ex_fault(TAG_MDL)) {
        if (AccessMode != KernelMode)
            seh_raise_status(STATUS_INSUFFICIENT_RESOURCES);
        if (BugCheckOnFailure)
            machine_bugcheck(0x3f, 0, mm_mdl_pages(mdl), 0, 0);
        return NULL;
    }
    return AccessMode != KernelMode ? address_of_frames(mdl) : map_frames(mdl);
}

PVOID NTAPI
MmMapLockedPages(PMDL MemoryDescriptorList, KPROCESSOR_MODE AccessMode)
{
    return MmMapLockedPagesSpecifyCache(MemoryDescriptorList, AccessMode, MmCached, NULL, TRUE, HighPagePriority);
}

void
mm_mdl_unmap(PMDL mdl)
{
    mdl->MdlFlags &= ~(MDL_MAPPED_TO_SYSTEM_VA | MDL_PARTIAL_HAS_BEEN_MAPPED);
}

VOID NTAPI
MmUnmapLockedPages(PVOID BaseAddress, PMDL MemoryDescriptorList)
{
    PMDL mdl = MemoryDescriptorList;

    if ((uint64_t)BaseAddress < MM_USER_END && BaseAddress != mdl->MappedSystemVa)
        return; /* a user mapping; the MDL does not record it */
    if (mdl->MdlFlags & MDL_PARENT_MAPPED_SYSTEM_VA)
        misuse(mdl, MDL_UNMAP_PARTIAL);
    else if (!(mdl->MdlFlags & MDL_MAPPED_TO_SYSTEM_VA) || BaseAddress != mdl->MappedSystemVa)
        misuse(mdl, MDL_UNMAP_NOT_MAPPED);
    mm_mdl_unmap(mdl);
}

/* documented: STATUS_NOT_MAPPED_VIEW unless mapped. assumed: protection of a mapping is not enforced. */
NTSTATUS NTAPI
MmProtectMdlSystemAddress(PMDLX MemoryDescriptorList, ULONG NewProtect)
{
    switch (NewProtect & 0xff) {
    case PAGE_NOACCESS:
    case PAGE_READONLY:
    case PAGE_READWRITE:
    case PAGE_EXECUTE:
    case PAGE_EXECUTE_READ:
    case PAGE_EXECUTE_READWRITE:
        break;
    default:
        return STATUS_INVALID_PAGE_PROTECTION;
    }
    return MemoryDescriptorList->MdlFlags & MDL_MAPPED_TO_SYSTEM_VA ? STATUS_SUCCESS : STATUS_NOT_MAPPED_VIEW;
}

/* ------------------------------------------------------------------ pages without an address */

/*
 * MmAllocatePagesForMdlEx - documented: fewer pages than asked, or NULL for none; zeroed unless
 * MM_DONT_ZERO_ALLOCATION. assumed: all or nothing; any physical range has free pages.
 */
PMDL NTAPI
MmAllocatePagesForMdlEx(PHYSICAL_ADDRESS LowAddress, PHYSICAL_ADDRESS HighAddress, PHYSICAL_ADDRESS SkipBytes,
                        SIZE_T TotalBytes, MEMORY_CACHING_TYPE CacheType, ULONG Flags)
{
    SIZE_T size = ROUND_TO_PAGES(TotalBytes);
    PVOID pages;
    PMDL mdl;

    (void)LowAddress, (void)HighAddress, (void)SkipBytes, (void)CacheType;
    if (size == 0 || ex_fault(TAG_MDL))
        return NULL;
    pages = heap_alloc_aligned(size, PAGE_SIZE, TAG_MDL);
    if (pages == NULL)
        return NULL;
    if (!(Flags & MM_DONT_ZERO_ALLOCATION))
        RtlZeroMemory(pages, size);
    mdl = new_mdl(pages, size);
    if (mdl == NULL) {
        heap_free(pages);
        return NULL;
    }
    heap_find((uint64_t)mdl)->use = NT_USE_POOL; /* documented: the caller frees it with ExFreePool */
    fill_frames(mdl);
    mdl->StartVa = NULL;
    mdl->ByteCount = (ULONG)TotalBytes;
    mdl->MdlFlags |= MDL_PAGES_LOCKED;
    return mdl;
}

PMDL NTAPI
MmAllocatePagesForMdl(PHYSICAL_ADDRESS LowAddress, PHYSICAL_ADDRESS HighAddress, PHYSICAL_ADDRESS SkipBytes,
                      SIZE_T TotalBytes)
{
    return MmAllocatePagesForMdlEx(LowAddress, HighAddress, SkipBytes, TotalBytes, MmCached, 0);
}

/* documented: the MDL itself stays; it must not be mapped. */
VOID NTAPI
MmFreePagesFromMdl(PMDLX MemoryDescriptorList)
{
    PMDL mdl = MemoryDescriptorList;

    heap_free((PVOID)mm_virtual(frames_of(mdl)[0] << PAGE_SHIFT));
    mdl->MdlFlags &= ~(MDL_PAGES_LOCKED | MDL_MAPPED_TO_SYSTEM_VA);
    mdl->ByteCount = 0;
}
