/* SPDX-License-Identifier: MIT */
/* mm.c - memory descriptor lists. */
#include "ddi.h"

static VOID
MdlDescribesPool(VOID)
{
    PUCHAR p = ExAllocatePoolWithTag(NonPagedPoolNx, 3 * PAGE_SIZE, DDI_TAG);
    PMDL mdl;

    REQUIRE(p != NULL);
    mdl = IoAllocateMdl(p + 100, PAGE_SIZE, FALSE, FALSE, NULL);
    if (mdl != NULL) {
        MmBuildMdlForNonPagedPool(mdl);
        CHECK(MmGetMdlByteOffset(mdl) == 100);
        CHECK(MmGetMdlByteCount(mdl) == PAGE_SIZE);
        CHECK(MmGetMdlVirtualAddress(mdl) == p + 100);
        CHECK((mdl->MdlFlags & MDL_SOURCE_IS_NONPAGED_POOL) != 0);
        CHECK(MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority) == p + 100);
        CHECK(ADDRESS_AND_SIZE_TO_SPAN_PAGES(MmGetMdlVirtualAddress(mdl), MmGetMdlByteCount(mdl)) == 2);
        CHECK(mdl->Next == NULL);
        IoFreeMdl(mdl);
    } else {
        CHECK(!"IoAllocateMdl");
    }
    ExFreePoolWithTag(p, DDI_TAG);
}

static VOID
PartialMdl(VOID)
{
    PUCHAR p = ExAllocatePoolWithTag(NonPagedPoolNx, 256, DDI_TAG);
    PMDL whole;
    PMDL part;

    REQUIRE(p != NULL);
    p[80] = 0x5a;
    whole = IoAllocateMdl(p, 256, FALSE, FALSE, NULL);
    part = IoAllocateMdl(p, 256, FALSE, FALSE, NULL);
    if (whole != NULL && part != NULL) {
        MmBuildMdlForNonPagedPool(whole);
        IoBuildPartialMdl(whole, part, p + 80, 16);
        CHECK(MmGetMdlByteCount(part) == 16);
        CHECK((part->MdlFlags & MDL_PARTIAL) != 0);
        CHECK(*(PUCHAR)MmGetSystemAddressForMdlSafe(part, NormalPagePriority) == 0x5a);
        MmPrepareMdlForReuse(part);
    } else {
        CHECK(!"IoAllocateMdl");
    }
    if (part != NULL)
        IoFreeMdl(part);
    if (whole != NULL)
        IoFreeMdl(whole);
    ExFreePoolWithTag(p, DDI_TAG);
}

static VOID
SizeOfMdl(VOID)
{
    CHECK(MmSizeOfMdl((PVOID)0, PAGE_SIZE) == sizeof(MDL) + sizeof(PFN_NUMBER));
    CHECK(MmSizeOfMdl((PVOID)1, PAGE_SIZE) == sizeof(MDL) + 2 * sizeof(PFN_NUMBER));
}

static VOID
PagesAreAllocated(VOID)
{
    PHYSICAL_ADDRESS low, high, skip;
    PMDL mdl;
    PUCHAR p;

    low.QuadPart = 0;
    high.QuadPart = -1;
    skip.QuadPart = 0;
    mdl = MmAllocatePagesForMdlEx(low, high, skip, 2 * PAGE_SIZE, MmCached, 0);
    REQUIRE(mdl != NULL);
    CHECK(MmGetMdlByteCount(mdl) == 2 * PAGE_SIZE);
    p = MmMapLockedPagesSpecifyCache(mdl, KernelMode, MmCached, NULL, FALSE, NormalPagePriority);
    if (p != NULL) {
        CHECK(p[0] == 0 && p[2 * PAGE_SIZE - 1] == 0);
        p[PAGE_SIZE] = 1;
        MmUnmapLockedPages(p, mdl);
    } else {
        CHECK(!"MmMapLockedPagesSpecifyCache");
    }
    MmFreePagesFromMdl(mdl);
    ExFreePool(mdl);
}

static VOID
AddressIsValid(VOID)
{
    ULONG local = 0;

    CHECK(MmIsAddressValid(&local));
    CHECK(!MmIsAddressValid((PVOID)8));
}

static VOID
SystemRoutineByName(VOID)
{
    UNICODE_STRING there = RTL_CONSTANT_STRING(L"KeSetEvent");
    UNICODE_STRING nowhere = RTL_CONSTANT_STRING(L"KeSetEventTheWayWeLike");

    CHECK(MmGetSystemRoutineAddress(&there) != NULL);
    CHECK(MmGetSystemRoutineAddress(&nowhere) == NULL);
}

DDI_TESTS(mm, { "mdl_describes_pool", MdlDescribesPool }, { "partial_mdl", PartialMdl }, { "size_of_mdl", SizeOfMdl },
          { "pages_are_allocated", PagesAreAllocated }, { "address_is_valid", AddressIsValid },
          { "system_routine_by_name", SystemRoutineByName });
