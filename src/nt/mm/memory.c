/* SPDX-License-Identifier: MIT */
/*
 * nt/mm/memory.c - addresses: user or kernel, valid or not, physical; contiguous memory; probing.
 */
#include "nt/mm/mm.h"

#include "image/image.h"
#include "nt/ex/ex.h"
#include "nt/rtl/rtl.h"

#define PHYSICAL_BASE  0x100000ull /* where the machine's memory begins, above the first megabyte */
#define TAG_CONTIGUOUS 0x6d43634du /* 'McCm' */

void
mm_init(struct nt *nt)
{
    struct mm_state *mm = mon_alloc(sizeof(*mm));

    mm->data = heap_alloc(sizeof(*mm->data), TAG_CONTIGUOUS);
    mm->data->user_probe_address = MM_USER_END;
    mm->data->highest_user_address = (PVOID)(MM_USER_END - 1);
    mm->data->system_range_start = (PVOID)LAYOUT_SYSTEM_BASE;
    heap_label(mm->data, "nt: Mm data");
    nt->mm = mm;
}

uint64_t
mm_physical(uint64_t address)
{
    return address - LAYOUT_USER_BASE + PHYSICAL_BASE;
}

uint64_t
mm_virtual(uint64_t physical)
{
    return physical - PHYSICAL_BASE + LAYOUT_USER_BASE;
}

/* documented: 0 for an address that is not valid. */
PHYSICAL_ADDRESS NTAPI
MmGetPhysicalAddress(PVOID BaseAddress)
{
    PHYSICAL_ADDRESS physical = { .QuadPart = 0 };

    if (machine_readable((uint64_t)BaseAddress, 1))
        physical.QuadPart = (LONGLONG)mm_physical((uint64_t)BaseAddress);
    return physical;
}

BOOLEAN NTAPI
MmIsAddressValid(PVOID VirtualAddress)
{
    return machine_readable((uint64_t)VirtualAddress, 1);
}

/* ------------------------------------------------------------------ probing */

int32_t
mm_probe(uint64_t address, size_t len, unsigned align, bool write)
{
    if (len == 0)
        return STATUS_SUCCESS;
    if (align > 1 && (address & (align - 1)) != 0)
        return STATUS_DATATYPE_MISALIGNMENT;
    if (address + len < address || address + len > MM_USER_END)
        return STATUS_ACCESS_VIOLATION;
    return !write || machine_writable(address, len) ? STATUS_SUCCESS : STATUS_ACCESS_VIOLATION;
}

/* documented: checks alignment and that the range is a user's; it does not read it. Raises. */
VOID NTAPI
ProbeForRead(const volatile VOID *Address, SIZE_T Length, ULONG Alignment)
{
    NTSTATUS status = mm_probe((uint64_t)Address, Length, Alignment, false);

    if (status != STATUS_SUCCESS)
        seh_raise_status(status);
}

/* documented: as ProbeForRead, and every page is written to. Raises. */
VOID NTAPI
ProbeForWrite(volatile VOID *Address, SIZE_T Length, ULONG Alignment)
{
    NTSTATUS status = mm_probe((uint64_t)Address, Length, Alignment, true);

    if (status != STATUS_SUCCESS)
        seh_raise_status(status);
}

/* ------------------------------------------------------------------ contiguous and uncached memory */

/* assumed: any limits can be met: the machine's memory is contiguous and below any limit a driver names. */
static PVOID
contiguous(SIZE_T size)
{
    if (size == 0 || ex_fault(TAG_CONTIGUOUS))
        return NULL;
    return heap_alloc_aligned(size, PAGE_SIZE, TAG_CONTIGUOUS);
}

PVOID NTAPI
MmAllocateContiguousMemory(SIZE_T NumberOfBytes, PHYSICAL_ADDRESS HighestAcceptableAddress)
{
    (void)HighestAcceptableAddress;
    return contiguous(NumberOfBytes);
}

PVOID NTAPI
MmAllocateContiguousMemorySpecifyCache(SIZE_T NumberOfBytes, PHYSICAL_ADDRESS LowestAcceptableAddress,
                                       PHYSICAL_ADDRESS HighestAcceptableAddress,
                                       PHYSICAL_ADDRESS BoundaryAddressMultiple, MEMORY_CACHING_TYPE CacheType)
{
    (void)LowestAcceptableAddress, (void)HighestAcceptableAddress, (void)BoundaryAddressMultiple, (void)CacheType;
    return contiguous(NumberOfBytes);
}

/* documented: bugcheck 0xC2 (0x60) for an address that is none of these. */
VOID NTAPI
MmFreeContiguousMemory(PVOID BaseAddress)
{
    struct heap_block *block = heap_find((uint64_t)BaseAddress);

    if (block == NULL || block->tag != TAG_CONTIGUOUS || block->freed || block->address != (uint64_t)BaseAddress)
        machine_bugcheck(0xc2, 0x60, (uint64_t)BaseAddress, 0, 0);
    ke_memory_freed(block->address, block->size);
    if (heap_free(BaseAddress) != HEAP_FREED)
        machine_bugcheck(0x19, 0x21, (uint64_t)BaseAddress, 0, 0);
}

PVOID NTAPI
MmAllocateNonCachedMemory(SIZE_T NumberOfBytes)
{
    return contiguous(NumberOfBytes);
}

VOID NTAPI
MmFreeNonCachedMemory(PVOID BaseAddress, SIZE_T NumberOfBytes)
{
    (void)NumberOfBytes;
    MmFreeContiguousMemory(BaseAddress);
}

/* ------------------------------------------------------------------ images */

/* documented: looks in ntoskrnl, then hal. NULL: this kernel has no such routine, as an older Windows would say. */
PVOID NTAPI
MmGetSystemRoutineAddress(PUNICODE_STRING SystemRoutineName)
{
    char name[128];
    int index;

    rtl_utf8(SystemRoutineName, name, sizeof(name));
    index = ddi_lookup("ntoskrnl", name);
    if (index < 0)
        index = ddi_lookup("hal", name);
    if (index < 0 || ddi_get((unsigned)index)->kind == DDI_SYMBOL)
        return NULL;
    return (PVOID)ddi_address((unsigned)index);
}

/*
 * MmLockPagableDataSection - the section of code or data that holds the address stays in memory
 * (MmLockPagableCodeSection is this function).
 *
 * Source:    documented; image/paged.c tells what follows from it
 * IRQL:      <= APC_LEVEL
 * Ownership: the caller takes the handle until as many MmUnlockPagableImageSection
 * Returns:   an opaque handle; documented: an address in no image is bug check 0x1A (0x1234)
 * Tests:     tests/ddi/mm_pages.c, tests/drivers/paged-locked
 */
PVOID NTAPI
MmLockPagableDataSection(PVOID AddressWithinSection)
{
    uint64_t handle = image_section_lock((uint64_t)AddressWithinSection);

    if (handle == 0)
        machine_bugcheck(0x1a, 0x1234, (uint64_t)AddressWithinSection, 0, 0);
    return (PVOID)handle;
}

/* MmLockPagableSectionByHandle - documented: locks it once more, faster. <= APC_LEVEL. */
VOID NTAPI
MmLockPagableSectionByHandle(PVOID ImageSectionHandle)
{
    if (!image_section_relock((uint64_t)ImageSectionHandle, 1))
        machine_bugcheck(0x1a, 0x1234, (uint64_t)ImageSectionHandle, 0, 0);
}

/* MmUnlockPagableImageSection - documented: undoes one lock, none there is bug check 0x1A (0x1010). <= APC_LEVEL. */
VOID NTAPI
MmUnlockPagableImageSection(PVOID ImageSectionHandle)
{
    if (!image_section_relock((uint64_t)ImageSectionHandle, -1))
        machine_bugcheck(0x1a, 0x1010, (uint64_t)ImageSectionHandle, 0, 0);
}

static void *
page_entire(PVOID address, bool entire)
{
    struct image *image = image_find((uint64_t)address);

    if (image == NULL)
        return NULL;
    image_page_entire(image, entire);
    return (PVOID)image->base;
}

/* MmPageEntireDriver - documented: all is pageable now, whatever sections say. The image's base. <= APC_LEVEL. */
PVOID NTAPI
MmPageEntireDriver(PVOID AddressWithinSection)
{
    return page_entire(AddressWithinSection, true);
}

/* MmResetDriverPaging - documented: each section is again what its attributes say. <= APC_LEVEL. */
VOID NTAPI
MmResetDriverPaging(PVOID AddressWithinSection)
{
    page_entire(AddressWithinSection, false);
}

/* Drivers see a machine without Driver Verifier. */
LOGICAL NTAPI
MmIsDriverVerifying(struct _DRIVER_OBJECT *DriverObject)
{
    (void)DriverObject;
    return FALSE;
}

LOGICAL NTAPI
MmIsDriverVerifyingByAddress(PVOID AddressWithinSection)
{
    (void)AddressWithinSection;
    return FALSE;
}

/* documented: STATUS_NOT_SUPPORTED when verifier support is not there. */
NTSTATUS NTAPI
MmIsVerifierEnabled(PULONG VerifierFlags)
{
    *VerifierFlags = 0;
    return STATUS_NOT_SUPPORTED;
}
