/* SPDX-License-Identifier: MIT */
/* Pool, rundown, locks for readers and writers, resources, work items, sequenced lists. */
#include "machine.h"

#include "nt/ex/ex.h"

#define TAG 0x74736554u /* 'Test' */

struct shared {
    EX_RUNDOWN_REF rundown;
    EX_SPIN_LOCK spin;
    EX_PUSH_LOCK push;
    FAST_MUTEX mutex;
    ERESOURCE resource;
    WORK_QUEUE_ITEM item[2];
    KEVENT event;
    volatile int readers, writers, worst_readers, count, done;
};

static struct shared *s;
static uint64_t routine;

static void
work_routine(uint64_t context, uint64_t a1, uint64_t a2, uint64_t a3)
{
    (void)context, (void)a1, (void)a2, (void)a3;
    CHECK_EQ(KeGetCurrentIrql(), PASSIVE_LEVEL);
    s->count++;
}

static int
setup(void **state)
{
    int failed = nt_machine(state);

    routine = ke_host_routine("ntoskrnl", "TestRoutine0", work_routine);
    return failed;
}

static void
make(void)
{
    s = ex_pool_alloc(NonPagedPoolNx, sizeof(*s), TAG, EX_POOL_ZERO | EX_POOL_NOFAULT);
    ExInitializeFastMutex(&s->mutex);
    ExInitializeResourceLite(&s->resource);
    KeInitializeEvent(&s->event, NotificationEvent, FALSE);
}

/* ------------------------------------------------------------------ pool */

static void
pool_ok(void *arg)
{
    char *p = ExAllocatePoolWithTag(NonPagedPoolNx, 100, TAG);
    char *q = ExAllocatePool2(POOL_FLAG_PAGED, 5000, TAG);

    (void)arg;
    CHECK_EQ(((uint64_t)p) % 16, 0);
    CHECK_EQ(((uint64_t)q) % 4096, 0);
    for (int i = 0; i < 5000; i++)
        CHECK_EQ(q[i], 0);
    CHECK(ExAllocatePool2(POOL_FLAG_PAGED | POOL_FLAG_NON_PAGED, 8, TAG) == NULL);
    CHECK(ExAllocatePool2(POOL_FLAG_PAGED, 8, 0) == NULL);
    ExFreePoolWithTag(p, TAG);
    ExFreePool(q);
}

TEST(ex, pool_allocates_aligned_and_zeroed)
{
    CHECK_EQ(run(pool_ok, NULL, 0), RUN_DONE);
    CHECK_EQ(events[EV_POOL_ALLOC], 2);
    CHECK_EQ(events[EV_POOL_FREE], 2);
}

enum misuse { TWICE, OVERRUN, UNDERRUN, WRONG_TAG, INSIDE, USER, PAGED_AT_DISPATCH, NO_TAG, NEVER };

static void
pool_misuse(void *arg)
{
    char *p = ExAllocatePoolWithTag(PagedPool, 40, TAG);

    switch (*(enum misuse *)arg) {
    case TWICE:
        ExFreePool(p);
        ExFreePool(p);
        break;
    case OVERRUN:
        p[40] = 1;
        ExFreePool(p);
        break;
    case UNDERRUN:
        p[-1] = 1;
        ExFreePool(p);
        break;
    case WRONG_TAG:
        ExFreePoolWithTag(p, 'abcd');
        break;
    case INSIDE:
        ExFreePool(p + 16);
        break;
    case USER:
        ExFreePool((PVOID)0x1000);
        break;
    case PAGED_AT_DISPATCH:
        KeRaiseIrqlToDpcLevel();
        ExAllocatePoolWithTag(PagedPool, 8, TAG);
        break;
    case NO_TAG:
        ExAllocatePoolWithTag(PagedPool, 8, 0);
        break;
    case NEVER:
        ExFreePool((PVOID)LAYOUT_KPCR);
        break;
    }
}

TEST(ex, pool_misuse_is_the_documented_bugcheck)
{
    static const struct {
        uint32_t code;
        uint64_t p1;
    } want[] = {
        [TWICE] = { 0xc2, 7 },       [OVERRUN] = { 0x19, 0x21 },        [UNDERRUN] = { 0x19, 0x20 },
        [WRONG_TAG] = { 0xc2, 0xa }, [INSIDE] = { 0xc2, 0x41286 },      [USER] = { 0xc2, 0x40 },
        [NO_TAG] = { 0xc2, 0x9b },   [PAGED_AT_DISPATCH] = { 0xc2, 8 }, [NEVER] = { 0xc2, 0x46 },
    };

    for (enum misuse m = TWICE; m <= NEVER; m++) {
        CHECK_EQ(run(pool_misuse, &m, 0), RUN_BUGCHECK);
        CHECK_EQ(result.code, want[m].code);
        CHECK_EQ(result.p[0], want[m].p1);
    }
}

/* ------------------------------------------------------------------ rundown */

static void
rundown_user(void *arg)
{
    (void)arg;
    for (int i = 0; i < 3; i++) {
        sched_point(OP_DDI, (uint64_t)&s->rundown);
        if (!ExAcquireRundownProtection(&s->rundown))
            return;
        sched_point(OP_INTERNAL, (uint64_t)&s->count);
        CHECK_EQ(s->done, 0);
        s->count++;
        sched_point(OP_DDI, (uint64_t)&s->rundown);
        ExReleaseRundownProtection(&s->rundown);
    }
}

static void
rundown(void *arg)
{
    (void)arg;
    make();
    ExInitializeRundownProtection(&s->rundown);
    thread("a", rundown_user, NULL);
    thread("b", rundown_user, NULL);
    sched_point(OP_DDI, (uint64_t)&s->rundown);
    ExWaitForRundownProtectionRelease(&s->rundown);
    s->done = 1;
    CHECK_EQ(s->rundown.Count, 1);
    CHECK_EQ(ExAcquireRundownProtection(&s->rundown), FALSE);
    sched_point(OP_DDI, (uint64_t)&s->rundown);
    ExReInitializeRundownProtection(&s->rundown);
    s->done = 0;
    CHECK_EQ(ExAcquireRundownProtection(&s->rundown), TRUE);
    ExReleaseRundownProtection(&s->rundown);
}

TEST(ex, rundown_waits_for_every_holder_under_any_schedule)
{
    for (uint64_t seed = 0; seed < 300; seed++)
        CHECK_EQ(run(rundown, NULL, seed), RUN_DONE);
}

/* ------------------------------------------------------------------ readers and writers */

enum lock { SPIN, PUSH, RESOURCE };
static enum lock which;

static KIRQL
lock_read(void)
{
    switch (which) {
    case SPIN:
        return ExAcquireSpinLockShared(&s->spin);
    case PUSH:
        KeEnterCriticalRegion();
        ExAcquirePushLockSharedEx(&s->push, 0);
        return 0;
    default:
        KeEnterCriticalRegion();
        ExAcquireResourceSharedLite(&s->resource, TRUE);
        return 0;
    }
}

static void
unlock_read(KIRQL old)
{
    switch (which) {
    case SPIN:
        ExReleaseSpinLockShared(&s->spin, old);
        return;
    case PUSH:
        ExReleasePushLockSharedEx(&s->push, 0);
        break;
    default:
        ExReleaseResourceLite(&s->resource);
        break;
    }
    KeLeaveCriticalRegion();
}

static KIRQL
lock_write(void)
{
    switch (which) {
    case SPIN:
        return ExAcquireSpinLockExclusive(&s->spin);
    case PUSH:
        KeEnterCriticalRegion();
        ExAcquirePushLockExclusiveEx(&s->push, 0);
        return 0;
    default:
        KeEnterCriticalRegion();
        ExAcquireResourceExclusiveLite(&s->resource, TRUE);
        return 0;
    }
}

static void
unlock_write(KIRQL old)
{
    switch (which) {
    case SPIN:
        ExReleaseSpinLockExclusive(&s->spin, old);
        return;
    case PUSH:
        ExReleasePushLockExclusiveEx(&s->push, 0);
        break;
    default:
        ExReleaseResourceLite(&s->resource);
        break;
    }
    KeLeaveCriticalRegion();
}

static void
reader(void *arg)
{
    (void)arg;
    for (int i = 0; i < 2; i++) {
        KIRQL old;

        sched_point(OP_DDI, (uint64_t)s);
        old = lock_read();
        if (++s->readers > s->worst_readers)
            s->worst_readers = s->readers;
        CHECK_EQ(s->writers, 0);
        sched_point(OP_INTERNAL, (uint64_t)s);
        s->readers--;
        unlock_read(old);
        s->count++;
    }
}

static void
writer(void *arg)
{
    (void)arg;
    for (int i = 0; i < 2; i++) {
        KIRQL old;

        sched_point(OP_DDI, (uint64_t)s);
        old = lock_write();
        CHECK_EQ(++s->writers, 1);
        CHECK_EQ(s->readers, 0);
        sched_point(OP_INTERNAL, (uint64_t)s);
        s->writers--;
        unlock_write(old);
        s->count++;
    }
}

static void
readers_and_writers(void *arg)
{
    make();
    thread("reader", reader, NULL);
    thread("reader", reader, NULL);
    thread("writer", writer, NULL);
    writer(arg);
}

TEST(ex, readers_share_and_writers_exclude_under_any_schedule)
{
    for (which = SPIN; which <= RESOURCE; which++) {
        int together = 0;

        for (uint64_t seed = 0; seed < 300; seed++) {
            CHECK_EQ(run(readers_and_writers, NULL, seed), RUN_DONE);
            CHECK_EQ(s->count, 8);
            CHECK_EQ(s->spin, 0);
            CHECK_EQ(s->push, 0);
            CHECK_EQ(s->resource.ActiveCount, 0);
            CHECK_EQ(events[EV_LOCK_MISUSE], 0);
            CHECK_EQ(events[EV_LOCK_ACQUIRE], events[EV_LOCK_RELEASE]);
            together |= s->worst_readers == 2;
        }
        CHECK(together);
    }
}

static void
resource_recursion(void *arg)
{
    (void)arg;
    make();
    KeEnterCriticalRegion();
    CHECK_EQ(ExAcquireResourceExclusiveLite(&s->resource, FALSE), TRUE);
    CHECK_EQ(ExAcquireResourceExclusiveLite(&s->resource, FALSE), TRUE);
    CHECK_EQ(ExAcquireResourceSharedLite(&s->resource, FALSE), TRUE);
    CHECK_EQ(ExIsResourceAcquiredSharedLite(&s->resource), 3);
    ExConvertExclusiveToSharedLite(&s->resource);
    CHECK_EQ(ExIsResourceAcquiredExclusiveLite(&s->resource), FALSE);
    CHECK_EQ(ExAcquireResourceExclusiveLite(&s->resource, FALSE), FALSE); /* readers are there: itself */
    for (int i = 0; i < 3; i++)
        ExReleaseResourceLite(&s->resource);
    CHECK_EQ(s->resource.ActiveCount, 0);
    KeLeaveCriticalRegion();
}

TEST(ex, resource_recurses_and_converts)
{
    CHECK_EQ(run(resource_recursion, NULL, 0), RUN_DONE);
}

static void
fast_mutex_user(void *arg)
{
    (void)arg;
    for (int i = 0; i < 3; i++) {
        sched_point(OP_DDI, (uint64_t)&s->mutex);
        ExAcquireFastMutex(&s->mutex);
        CHECK_EQ(KeGetCurrentIrql(), APC_LEVEL);
        CHECK_EQ(++s->writers, 1);
        sched_point(OP_INTERNAL, (uint64_t)s);
        s->writers--;
        ExReleaseFastMutex(&s->mutex);
        CHECK_EQ(KeGetCurrentIrql(), PASSIVE_LEVEL);
    }
}

static void
fast_mutex(void *arg)
{
    make();
    thread("second", fast_mutex_user, NULL);
    fast_mutex_user(arg);
}

TEST(ex, fast_mutex_excludes_under_any_schedule)
{
    for (uint64_t seed = 0; seed < 200; seed++) {
        CHECK_EQ(run(fast_mutex, NULL, seed), RUN_DONE);
        CHECK_EQ(s->mutex.Count, 1);
        CHECK_EQ(events[EV_LOCK_MISUSE], 0);
    }
}

static void
push_lock_with_apcs(void *arg)
{
    (void)arg;
    make();
    ExAcquirePushLockExclusiveEx(&s->push, 0);
    ExReleasePushLockExclusiveEx(&s->push, 0);
}

TEST(ex, push_lock_with_apcs_enabled_is_told)
{
    CHECK_EQ(run(push_lock_with_apcs, NULL, 0), RUN_DONE);
    CHECK_EQ(events[EV_LOCK_MISUSE], 2);
    CHECK_EQ(last_event[EV_LOCK_MISUSE].a[1], LOCK_MISUSE_IRQL);
}

/* ------------------------------------------------------------------ workers, lists */

static void
work(void *arg)
{
    (void)arg;
    make();
    for (int i = 0; i < 2; i++) {
        ExInitializeWorkItem(&s->item[i], (PWORKER_THREAD_ROUTINE)routine, &s->item[i]);
        ExQueueWorkItem(&s->item[i], DelayedWorkQueue);
    }
    while (ex_work_pending() != 0)
        ke_sleep(-10, "lets workers work");
    CHECK_EQ(s->count, 2);
}

TEST(ex, work_items_run_at_passive_level)
{
    for (uint64_t seed = 0; seed < 50; seed++)
        CHECK_EQ(run(work, NULL, seed), RUN_DONE);
    CHECK_EQ(events[EV_WORK_RUN], 2);
}

static void
much_work(void *arg)
{
    WORK_QUEUE_ITEM *items = heap_alloc(100 * sizeof(*items), TAG);

    (void)arg;
    make();
    for (int i = 0; i < 100; i++) {
        ExInitializeWorkItem(&items[i], (PWORKER_THREAD_ROUTINE)routine, NULL);
        ExQueueWorkItem(&items[i], DelayedWorkQueue);
        if (i % 30 == 0)
            ke_sleep(-10, "lets workers work");
    }
}

TEST(ex, more_work_items_than_fibers_all_run)
{
    for (uint64_t seed = 0; seed < 5; seed++) {
        CHECK_EQ(run(much_work, NULL, seed), RUN_DONE);
        CHECK_EQ(s->count, 100);
    }
}

static void
work_twice(void *arg)
{
    (void)arg;
    make();
    ExInitializeWorkItem(&s->item[0], (PWORKER_THREAD_ROUTINE)routine, NULL);
    ExQueueWorkItem(&s->item[0], DelayedWorkQueue);
    ExQueueWorkItem(&s->item[0], DelayedWorkQueue);
}

TEST(ex, queueing_a_work_item_twice_is_bugcheck_96)
{
    CHECK_EQ(run(work_twice, NULL, 0), RUN_BUGCHECK);
    CHECK_EQ(result.code, 0x96);
}

static void
slist(void *arg)
{
    SLIST_HEADER *head = heap_alloc(sizeof(*head), TAG);
    SLIST_ENTRY *entry = heap_alloc(3 * sizeof(*entry), TAG);

    (void)arg;
    InitializeSListHead(head);
    CHECK(ExpInterlockedPopEntrySList(head) == NULL);
    for (int i = 0; i < 3; i++)
        CHECK(ExpInterlockedPushEntrySList(head, &entry[i]) == (i == 0 ? NULL : &entry[i - 1]));
    CHECK_EQ(ExQueryDepthSList(head), 3);
    CHECK(ExpInterlockedPopEntrySList(head) == &entry[2]);
    CHECK(ExpInterlockedFlushSList(head) == &entry[1]);
    CHECK_EQ(ExQueryDepthSList(head), 0);
    CHECK(entry[1].Next == &entry[0]);
}

TEST(ex, sequenced_list_is_last_in_first_out)
{
    CHECK_EQ(run(slist, NULL, 0), RUN_DONE);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_CASE(ex, pool_allocates_aligned_and_zeroed),
        TEST_CASE(ex, pool_misuse_is_the_documented_bugcheck),
        TEST_CASE(ex, rundown_waits_for_every_holder_under_any_schedule),
        TEST_CASE(ex, readers_share_and_writers_exclude_under_any_schedule),
        TEST_CASE(ex, resource_recurses_and_converts),
        TEST_CASE(ex, fast_mutex_excludes_under_any_schedule),
        TEST_CASE(ex, push_lock_with_apcs_enabled_is_told),
        TEST_CASE(ex, work_items_run_at_passive_level),
        TEST_CASE(ex, more_work_items_than_fibers_all_run),
        TEST_CASE(ex, queueing_a_work_item_twice_is_bugcheck_96),
        TEST_CASE(ex, sequenced_list_is_last_in_first_out),
    };

    return cmocka_run_group_tests(tests, setup, NULL);
}
