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

DDI_TESTS(pages, { "locked_pages", LockedPages }, { "pages_for_mdl", PagesForMdl },
          { "contiguous_memory", ContiguousMemory }, { "probes", Probes }, { "pageable_images", PageableImages },
          { "no_verifier", NoVerifier });
