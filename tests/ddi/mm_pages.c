/* SPDX-License-Identifier: MIT */
/* mm_pages.c - locking and mapping, contiguous and uncached memory, probes, pageable images, the verifier. */
#include "ddi.h"

static UCHAR Bytes[6000];

static VOID
LockedPages(VOID)
{
    PMDL mdl = IoAllocateMdl(Bytes, sizeof(Bytes), FALSE, FALSE, NULL);
    PUCHAR mapped;

    REQUIRE(mdl != NULL);
    CHECK(MmProtectMdlSystemAddress(mdl, PAGE_READONLY) == STATUS_NOT_MAPPED_VIEW);
    MmProbeAndLockPages(mdl, KernelMode, IoModifyAccess);
    CHECK(mdl->MdlFlags & MDL_PAGES_LOCKED);
    mapped = MmMapLockedPages(mdl, KernelMode);
    CHECK(mapped != NULL);
    if (mapped != NULL) {
        mapped[1] = 0x77;
        CHECK(Bytes[1] == 0x77);
        CHECK(MmProtectMdlSystemAddress(mdl, 0x12345) == STATUS_INVALID_PAGE_PROTECTION);
        CHECK(MmProtectMdlSystemAddress(mdl, PAGE_READWRITE) == STATUS_SUCCESS);
        MmUnmapLockedPages(mapped, mdl);
    }
    MmUnlockPages(mdl);
    CHECK(!(mdl->MdlFlags & MDL_PAGES_LOCKED));
    IoFreeMdl(mdl);
}

static VOID
PagesForMdl(VOID)
{
    PHYSICAL_ADDRESS low, high, skip;
    PMDL mdl;

    low.QuadPart = skip.QuadPart = 0;
    high.QuadPart = -1;
    mdl = MmAllocatePagesForMdl(low, high, skip, 3 * PAGE_SIZE);
    REQUIRE(mdl != NULL);
    CHECK(MmGetMdlByteCount(mdl) == 3 * PAGE_SIZE);
    MmFreePagesFromMdl(mdl);
    ExFreePool(mdl);
}

static VOID
ContiguousMemory(VOID)
{
    PHYSICAL_ADDRESS low, high, boundary;
    PUCHAR p;
    ULONG i;

    low.QuadPart = boundary.QuadPart = 0;
    high.QuadPart = -1;
    p = MmAllocateContiguousMemory(3 * PAGE_SIZE, high);
    REQUIRE(p != NULL);
    CHECK(((ULONG_PTR)p & (PAGE_SIZE - 1)) == 0);
    for (i = 1; i < 3; i++)
        CHECK(MmGetPhysicalAddress(p + i * PAGE_SIZE).QuadPart == MmGetPhysicalAddress(p).QuadPart + i * PAGE_SIZE);
    MmFreeContiguousMemory(p);
    p = MmAllocateContiguousMemorySpecifyCache(100, low, high, boundary, MmCached);
    REQUIRE(p != NULL);
    MmFreeContiguousMemory(p);
    p = MmAllocateNonCachedMemory(100);
    REQUIRE(p != NULL);
    RtlFillMemory(p, 100, 1);
    MmFreeNonCachedMemory(p, 100);
}

static VOID
Probes(VOID)
{
    /* documented: nothing is looked at when the length is zero; what is not a program's address raises, see seh/ */
    ProbeForRead(NULL, 0, 1);
    ProbeForWrite(NULL, 0, 1);
}

static VOID
PageableImages(VOID)
{
    PVOID handle = MmLockPagableDataSection(&DdiDriverObject);

    REQUIRE(handle != NULL);
    MmLockPagableSectionByHandle(handle);
    MmUnlockPagableImageSection(handle);
    MmUnlockPagableImageSection(handle);
    CHECK(MmPageEntireDriver((PVOID)(ULONG_PTR)PageableImages) == DdiDriverObject->DriverStart);
    MmResetDriverPaging((PVOID)(ULONG_PTR)PageableImages);
}

static VOID
NoVerifier(VOID)
{
    ULONG flags = 77;

    CHECK(!MmIsDriverVerifying(DdiDriverObject));
    CHECK(!MmIsDriverVerifyingByAddress((PVOID)(ULONG_PTR)NoVerifier));
    CHECK(!NT_SUCCESS(MmIsVerifierEnabled(&flags)) && flags == 0);
}

static VOID
ReservedMapping(VOID)
{
    PUCHAR memory = ExAllocatePoolWithTag(NonPagedPoolNx, 3 * PAGE_SIZE, DDI_TAG), view;
    PVOID reserved = MmAllocateMappingAddress(2 * PAGE_SIZE, DDI_TAG);
    PMDL mdl, large;

    REQUIRE(memory != NULL && reserved != NULL);
    mdl = IoAllocateMdl(memory + 8, PAGE_SIZE, FALSE, FALSE, NULL);
    large = IoAllocateMdl(memory, 3 * PAGE_SIZE, FALSE, FALSE, NULL);
    REQUIRE(mdl != NULL && large != NULL);
    MmProbeAndLockPages(mdl, KernelMode, IoWriteAccess);
    MmProbeAndLockPages(large, KernelMode, IoWriteAccess);
    /* documented: NULL when the range is not large enough */
    CHECK(MmMapLockedPagesWithReservedMapping(reserved, DDI_TAG, large, MmCached) == NULL);
    view = MmMapLockedPagesWithReservedMapping(reserved, DDI_TAG, mdl, MmCached);
    REQUIRE(view != NULL);
    CHECK(((ULONG_PTR)view & (PAGE_SIZE - 1)) == MmGetMdlByteOffset(mdl)); /* documented: with the byte offset */
    view[0] = 0x5a;
    CHECK(memory[8] == 0x5a);
    MmUnmapReservedMapping(reserved, DDI_TAG, mdl);
    view = MmMapLockedPagesWithReservedMapping(reserved, DDI_TAG, mdl, MmCached); /* once more */
    CHECK(view != NULL && view[0] == 0x5a);
    MmUnmapReservedMapping(view, DDI_TAG, mdl);
    MmFreeMappingAddress(reserved, DDI_TAG);
    MmUnlockPages(mdl);
    MmUnlockPages(large);
    IoFreeMdl(mdl);
    IoFreeMdl(large);
    ExFreePoolWithTag(memory, DDI_TAG);
}

static VOID
Sections(VOID)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\BaseNamedObjects\\DdiSection");
    OBJECT_ATTRIBUTES attributes;
    LARGE_INTEGER size, offset;
    HANDLE section = NULL, again = NULL, process = (HANDLE)(LONG_PTR)-1;
    PUCHAR first = NULL, second = NULL, system = NULL;
    SIZE_T length = 0;
    PVOID object;

    InitializeObjectAttributes(&attributes, &name, OBJ_KERNEL_HANDLE | OBJ_CASE_INSENSITIVE, NULL, NULL);
    size.QuadPart = 100000;
    CHECK(ZwCreateSection(&section, SECTION_ALL_ACCESS, &attributes, &size, 0, SEC_COMMIT, NULL) ==
          STATUS_INVALID_PAGE_PROTECTION);
    CHECK(ZwCreateSection(&section, SECTION_ALL_ACCESS, &attributes, NULL, PAGE_READWRITE, SEC_COMMIT, NULL) ==
          STATUS_INVALID_PARAMETER_4);
    CHECK(ZwOpenSection(&again, SECTION_ALL_ACCESS, &attributes) == STATUS_OBJECT_NAME_NOT_FOUND);
    REQUIRE(ZwCreateSection(&section, SECTION_ALL_ACCESS, &attributes, &size, PAGE_READWRITE, SEC_COMMIT, NULL) ==
            STATUS_SUCCESS);
    CHECK(ZwCreateSection(&again, SECTION_ALL_ACCESS, &attributes, &size, PAGE_READWRITE, SEC_COMMIT, NULL) ==
          STATUS_OBJECT_NAME_COLLISION);
    attributes.Attributes |= OBJ_OPENIF; /* documented: then the one that is there is opened */
    REQUIRE(ZwCreateSection(&again, SECTION_ALL_ACCESS, &attributes, &size, PAGE_READWRITE, SEC_COMMIT, NULL) ==
            STATUS_OBJECT_NAME_EXISTS);
    CHECK(ZwClose(again) == STATUS_SUCCESS);
    REQUIRE(ZwOpenSection(&again, SECTION_ALL_ACCESS, &attributes) == STATUS_SUCCESS);
    CHECK(ZwMapViewOfSection(section, process, (PVOID *)&first, 0, 0, NULL, &length, ViewUnmap, 0, PAGE_READWRITE) ==
          STATUS_SUCCESS);
    CHECK(length == ROUND_TO_PAGES(100000) && first != NULL && first[0] == 0 && first[99999] == 0);
    first[65536] = 7;
    offset.QuadPart = 65536;
    length = PAGE_SIZE;
    CHECK(ZwMapViewOfSection(again, process, (PVOID *)&second, 0, 0, &offset, &length, ViewUnmap, 0, PAGE_READONLY) ==
          STATUS_SUCCESS);
    CHECK(second != NULL && second[0] == 7 && length == PAGE_SIZE);
    offset.QuadPart = 1;
    CHECK(ZwMapViewOfSection(again, process, (PVOID *)&system, 0, 0, &offset, &length, ViewUnmap, 0, PAGE_READONLY) ==
          STATUS_MAPPED_ALIGNMENT);
    length = 1 << 20;
    CHECK(ZwMapViewOfSection(again, process, (PVOID *)&system, 0, 0, NULL, &length, ViewUnmap, 0, PAGE_READONLY) ==
          STATUS_INVALID_VIEW_SIZE);
    CHECK(ZwUnmapViewOfSection(process, second) == STATUS_SUCCESS);
    CHECK(ZwUnmapViewOfSection(process, second) == STATUS_NOT_MAPPED_VIEW);
    CHECK(ObReferenceObjectByHandle(again, 0, NULL, KernelMode, &object, NULL) == STATUS_SUCCESS);
    length = 0;
    CHECK(MmMapViewInSystemSpace(object, (PVOID *)&system, &length) == STATUS_SUCCESS && system[65536] == 7);
    ObDereferenceObject(object);
    ZwClose(section);
    ZwClose(again);
    first[3] = 9; /* documented: views keep the section */
    CHECK(system[3] == 9);
    CHECK(MmUnmapViewInSystemSpace(system) == STATUS_SUCCESS);
    CHECK(MmUnmapViewInSystemSpace(system) == STATUS_NOT_MAPPED_VIEW);
    CHECK(ZwUnmapViewOfSection(process, first) == STATUS_SUCCESS);
}

DDI_TESTS(pages, { "locked_pages", LockedPages }, { "pages_for_mdl", PagesForMdl },
          { "contiguous_memory", ContiguousMemory }, { "probes", Probes }, { "pageable_images", PageableImages },
          { "no_verifier", NoVerifier }, { "reserved_mapping", ReservedMapping }, { "sections", Sections });
