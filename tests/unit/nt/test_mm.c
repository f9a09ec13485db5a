/* SPDX-License-Identifier: MIT */
/* MDLs, probing, physical addresses; and what of rtl needs a machine: DbgPrint, allocated strings, tables. */
#include "machine.h"

#include "nt/ex/ex.h"
#include "nt/mm/mm.h"
#include "nt/rtl/rtl.h"

static int
setup(void **state)
{
    return nt_machine(state);
}

static void
nonpaged_mdl(void *arg)
{
    char *p = ExAllocatePoolWithTag(NonPagedPoolNx, 3 * PAGE_SIZE, 'tseT');
    PMDL mdl = IoAllocateMdl(p + 100, 2 * PAGE_SIZE, FALSE, FALSE, NULL);
    PMDL part = IoAllocateMdl(p + 100, 2 * PAGE_SIZE, FALSE, FALSE, NULL);
    PPFN_NUMBER frames = MmGetMdlPfnArray(mdl);

    (void)arg;
    CHECK_EQ(MmSizeOfMdl(p + 100, 2 * PAGE_SIZE), sizeof(MDL) + 3 * 8);
    CHECK_EQ(mdl->Size, sizeof(MDL) + 3 * 8);
    CHECK_EQ(MmGetMdlByteOffset(mdl), 100);
    MmBuildMdlForNonPagedPool(mdl);
    CHECK(MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority) == p + 100);
    CHECK_EQ(frames[0] << PAGE_SHIFT, MmGetPhysicalAddress(p).QuadPart);
    CHECK_EQ(frames[2], frames[0] + 2);
    IoBuildPartialMdl(mdl, part, p + PAGE_SIZE + 5, 10);
    CHECK_EQ(part->ByteCount, 10);
    CHECK_EQ(part->ByteOffset, 5);
    CHECK_EQ(MmGetMdlPfnArray(part)[0], frames[1]);
    CHECK(MmGetSystemAddressForMdlSafe(part, NormalPagePriority) == p + PAGE_SIZE + 5);
    IoFreeMdl(part);
    IoFreeMdl(mdl);
    ExFreePool(p);
}

TEST(mm, mdl_of_nonpaged_pool_and_part_of_it)
{
    CHECK_EQ(run(nonpaged_mdl, NULL, 0), RUN_DONE);
    CHECK_EQ(events[EV_MDL_MISUSE], 0);
}

static void
user_mdl(void *arg)
{
    char *p = user_alloc(100);
    PMDL mdl = IoAllocateMdl(p, 100, FALSE, FALSE, NULL);

    (void)arg;
    MmProbeAndLockPages(mdl, UserMode, IoWriteAccess);
    CHECK(mdl->MdlFlags & MDL_PAGES_LOCKED);
    CHECK(mdl->MdlFlags & MDL_WRITE_OPERATION);
    CHECK(MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority) != NULL);
    CHECK(mdl->MdlFlags & MDL_MAPPED_TO_SYSTEM_VA);
    MmUnlockPages(mdl);
    CHECK(!(mdl->MdlFlags & (MDL_PAGES_LOCKED | MDL_MAPPED_TO_SYSTEM_VA)));
    MmUnlockPages(mdl); /* once too often */
    IoFreeMdl(mdl);
}

TEST(mm, mdl_of_user_memory_locks_maps_and_unlocks)
{
    CHECK_EQ(run(user_mdl, NULL, 0), RUN_DONE);
    CHECK_EQ(events[EV_MDL_MISUSE], 1);
    CHECK_EQ(last_event[EV_MDL_MISUSE].a[0], 0x7c);
}

static void
probes(void *arg)
{
    uint64_t user = (uint64_t)user_alloc(64);
    uint64_t kernel = (uint64_t)heap_alloc(64, 'tseT');

    (void)arg;
    CHECK_EQ(mm_probe(user, 64, 1, true), STATUS_SUCCESS);
    CHECK_EQ(mm_probe(user + 1, 4, 4, false), STATUS_DATATYPE_MISALIGNMENT);
    CHECK_EQ(mm_probe(kernel, 4, 1, false), STATUS_ACCESS_VIOLATION);
    CHECK_EQ(mm_probe(kernel, 0, 1, false), STATUS_SUCCESS); /* nothing to probe */
    CHECK_EQ(mm_probe(user, (size_t)-1, 1, false), STATUS_ACCESS_VIOLATION);
    CHECK_EQ(mm_probe(0x1000, 4, 1, true), STATUS_ACCESS_VIOLATION);
    CHECK_EQ(mm_probe(0x1000, 4, 1, false), STATUS_SUCCESS); /* ProbeForRead does not read */
    CHECK(MmIsAddressValid((PVOID)kernel));
    CHECK(!MmIsAddressValid((PVOID)0x1000));
    CHECK_EQ(*(ULONG_PTR *)ddi_address((unsigned)ddi_lookup("ntoskrnl.exe", "MmUserProbeAddress")), MM_USER_END);
}

TEST(mm, probing_tells_user_from_kernel)
{
    CHECK_EQ(run(probes, NULL, 0), RUN_DONE);
}

static void
pages(void *arg)
{
    PHYSICAL_ADDRESS zero = { .QuadPart = 0 }, max = { .QuadPart = -1 };
    PMDL mdl = MmAllocatePagesForMdlEx(zero, max, zero, 5000, MmCached, 0);
    char *p = MmMapLockedPagesSpecifyCache(mdl, KernelMode, MmCached, NULL, FALSE, NormalPagePriority);

    (void)arg;
    CHECK_EQ(mdl->ByteCount, 5000);
    for (int i = 0; i < 8192; i++)
        CHECK_EQ(p[i], 0);
    MmUnmapLockedPages(p, mdl);
    MmFreePagesFromMdl(mdl);
    ExFreePool(mdl);
}

TEST(mm, pages_for_an_mdl_can_be_mapped_and_freed)
{
    CHECK_EQ(run(pages, NULL, 0), RUN_DONE);
    CHECK_EQ(events[EV_MDL_MISUSE], 0);
}

static void
routine_address(void *arg)
{
    UNICODE_STRING name;

    (void)arg;
    RtlInitUnicodeString(&name, u"KeSetEvent");
    CHECK_EQ((uint64_t)MmGetSystemRoutineAddress(&name), ddi_address((unsigned)ddi_lookup("ntoskrnl", "KeSetEvent")));
    RtlInitUnicodeString(&name, u"NoSuchRoutine");
    CHECK(MmGetSystemRoutineAddress(&name) == NULL);
    RtlInitUnicodeString(&name, u"KiRetireDpcList"); /* a symbol, but no export */
    CHECK(MmGetSystemRoutineAddress(&name) == NULL);
}

TEST(mm, routine_addresses_are_those_of_exports)
{
    CHECK_EQ(run(routine_address, NULL, 0), RUN_DONE);
}

/* ------------------------------------------------------------------ rtl */

static char seen[128];

static void
see(const struct dbgprint *p, void *arg)
{
    (void)arg;
    strcat(seen, p->text);
}

static void
prints(void *arg)
{
    const uint64_t va[] = { 7, (uint64_t)u"é" };
    UNICODE_STRING s;
    const GUID guid = { 1, 2, 3, { 4, 5, 6, 7, 8, 9, 10, 11 } };

    (void)arg;
    DbgPrint_va("n=%d\n", va);
    DbgPrintEx_va(DPFLTR_IHVNETWORK_ID, DPFLTR_ERROR_LEVEL, "n=%d %ws\n", va);
    seen[0] = 0;
    dbgprint_each(see, NULL);
    CHECK_EQ(RtlStringFromGUID(&guid, &s), STATUS_SUCCESS);
    CHECK(rtl_unicode_ieq(&s, "{00000001-0002-0003-0405-060708090A0B}"));
    RtlFreeUnicodeString(&s);
}

TEST(mm, debug_prints_are_kept_in_order_and_forgotten_by_the_next_run)
{
    for (int i = 0; i < 2; i++) {
        CHECK_EQ(run(prints, NULL, 0), RUN_DONE);
        CHECK_STR(seen, "n=7\nn=7 \xc3\xa9\n");
        CHECK_EQ(events[EV_DBGPRINT], 2);
    }
}

/* A generic table of 32-bit numbers, with a compare routine in machine code. */
static const uint8_t compare_code[] = {
    0x8b, 0x02,             /* mov eax, [rdx] */
    0x41, 0x3b, 0x00,       /* cmp eax, [r8] */
    0xb8, 2,    0,    0, 0, /* mov eax, 2: GenericEqual */
    0x74, 0x06,             /* je out */
    0x0f, 0x97, 0xc0,       /* seta al: GenericGreaterThan or GenericLessThan */
    0x0f, 0xb6, 0xc0,       /* movzx eax, al */
    0xc3,                   /* out: ret */
};
static uint64_t code_compare;

/* AllocateRoutine: the next piece of TableContext. lea rax,[..] from a bump pointer kept in the context. */
static const uint8_t allocate_code[] = {
    0x48, 0x8b, 0x49, 0x60, /* mov rcx, [rcx+0x60]: TableContext */
    0x48, 0x8b, 0x01,       /* mov rax, [rcx] */
    0x48, 0x83, 0x01, 0x30, /* add qword [rcx], 0x30 */
    0xc3,
};
static const uint8_t free_code[] = { 0xc3 };
static uint64_t code_allocate, code_free;

static unsigned
height(const RTL_BALANCED_LINKS *n)
{
    unsigned l, r;

    if (n == NULL)
        return 0;
    l = height(n->LeftChild);
    r = height(n->RightChild);
    CHECK_EQ(n->Balance, (int)r - (int)l);
    CHECK(n->Balance >= -1 && n->Balance <= 1);
    if (n->LeftChild != NULL)
        CHECK(n->LeftChild->Parent == n);
    if (n->RightChild != NULL)
        CHECK(n->RightChild->Parent == n);
    return 1 + (l > r ? l : r);
}

static void
tables(void *arg)
{
    PRTL_AVL_TABLE t = heap_alloc(sizeof(*t), 'tseT');
    uint64_t *bump = heap_alloc(8, 'tseT');
    ULONG *key = heap_alloc(4, 'tseT');
    uint32_t x = 12345, last = 0;
    bool in[256] = { false };
    unsigned count = 0;

    (void)arg;
    *bump = (uint64_t)heap_alloc(0x30 * 2000, 'tseT');
    RtlInitializeGenericTableAvl(t, (PRTL_AVL_COMPARE_ROUTINE)code_compare, (PRTL_AVL_ALLOCATE_ROUTINE)code_allocate,
                                 (PRTL_AVL_FREE_ROUTINE)code_free, bump);
    for (int i = 0; i < 1500; i++) {
        BOOLEAN fresh;

        x = x * 1103515245 + 12345;
        *key = x >> 16 & 255;
        if (x >> 30) {
            CHECK(RtlInsertElementGenericTableAvl(t, key, 4, &fresh) != NULL);
            CHECK_EQ(fresh, !in[*key]);
            count += !in[*key];
            in[*key] = true;
        } else {
            CHECK_EQ(RtlDeleteElementGenericTableAvl(t, key), in[*key]);
            count -= in[*key];
            in[*key] = false;
        }
        CHECK_EQ(height(t->BalancedRoot.RightChild), t->DepthOfTree);
        CHECK_EQ(RtlNumberGenericTableElementsAvl(t), count);
    }
    for (ULONG *at = RtlEnumerateGenericTableAvl(t, TRUE); at != NULL; at = RtlEnumerateGenericTableAvl(t, FALSE)) {
        CHECK(in[*at] && (last == 0 || *at > last));
        last = *at;
        count--;
    }
    CHECK_EQ(count, 0);
    CHECK(RtlLookupElementGenericTableAvl(t, key) == NULL || in[*key]);
}

TEST(mm, generic_table_stays_sorted_and_balanced)
{
    CHECK_EQ(run(tables, NULL, 0), RUN_DONE);
}

static int
setup_code(void **state)
{
    int failed = setup(state);

    code_compare = machine_test_code(compare_code, sizeof(compare_code));
    code_allocate = machine_test_code(allocate_code, sizeof(allocate_code));
    code_free = machine_test_code(free_code, sizeof(free_code));
    return failed != 0 ? failed : machine_snapshot();
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_CASE(mm, mdl_of_nonpaged_pool_and_part_of_it),
        TEST_CASE(mm, mdl_of_user_memory_locks_maps_and_unlocks),
        TEST_CASE(mm, probing_tells_user_from_kernel),
        TEST_CASE(mm, pages_for_an_mdl_can_be_mapped_and_freed),
        TEST_CASE(mm, routine_addresses_are_those_of_exports),
        TEST_CASE(mm, debug_prints_are_kept_in_order_and_forgotten_by_the_next_run),
        TEST_CASE(mm, generic_table_stays_sorted_and_balanced),
    };

    return cmocka_run_group_tests(tests, setup_code, NULL);
}
