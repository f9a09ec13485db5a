/* SPDX-License-Identifier: MIT */
/* Spin locks, events, mutexes, semaphores, timers and waits, on a machine with two processors. */
#include "machine.h"

struct shared {
    KSPIN_LOCK lock;
    KEVENT event, other;
    KMUTEX mutex;
    KSEMAPHORE semaphore;
    KTIMER timer;
    KLOCK_QUEUE_HANDLE handle[3];
    PVOID objects[3];
    LARGE_INTEGER when;
    volatile int inside, worst, count;
    NTSTATUS status[4];
};

static struct shared *s; /* machine memory */

static void
make(void)
{
    s = heap_alloc(sizeof(*s), 'tseT');
    memset(s, 0, sizeof(*s));
    KeInitializeEvent(&s->event, SynchronizationEvent, FALSE);
    KeInitializeEvent(&s->other, NotificationEvent, FALSE);
    KeInitializeMutex(&s->mutex, 0);
    KeInitializeSemaphore(&s->semaphore, 0, 5);
    KeInitializeTimer(&s->timer);
}

/* ------------------------------------------------------------------ spin locks */

static void
in_and_out(void)
{
    if (++s->inside > s->worst)
        s->worst = s->inside;
    sched_point(OP_INTERNAL, (uint64_t)&s->inside);
    s->inside--;
    s->count++;
}

static void
spin_user(void *arg)
{
    (void)arg;
    for (int i = 0; i < 3; i++) {
        KIRQL old;

        sched_point(OP_DDI, (uint64_t)&s->lock);
        old = KeAcquireSpinLockRaiseToDpc(&s->lock);
        in_and_out();
        KeReleaseSpinLock(&s->lock, old);
    }
}

static void
two_spinners(void *arg)
{
    make();
    thread("second", spin_user, NULL);
    spin_user(arg);
}

TEST(ke_wait, spin_lock_excludes_under_any_schedule)
{
    for (uint64_t seed = 0; seed < 200; seed++) {
        CHECK_EQ(run(two_spinners, NULL, seed), RUN_DONE);
        CHECK_EQ(s->worst, 1);
        CHECK_EQ(s->count, 6);
        CHECK_EQ(s->lock, 0);
        CHECK_EQ(events[EV_LOCK_ACQUIRE], 6);
        CHECK_EQ(events[EV_LOCK_MISUSE], 0);
    }
}

static void
queued_user(void *arg)
{
    PKLOCK_QUEUE_HANDLE h = arg;

    for (int i = 0; i < 3; i++) {
        sched_point(OP_DDI, (uint64_t)&s->lock);
        KeAcquireInStackQueuedSpinLock(&s->lock, h);
        in_and_out();
        KeReleaseInStackQueuedSpinLock(h);
    }
}

static void
two_queued(void *arg)
{
    (void)arg;
    make();
    thread("second", queued_user, &s->handle[1]);
    queued_user(&s->handle[0]);
}

TEST(ke_wait, queued_spin_lock_excludes_under_any_schedule)
{
    for (uint64_t seed = 0; seed < 200; seed++) {
        CHECK_EQ(run(two_queued, NULL, seed), RUN_DONE);
        CHECK_EQ(s->worst, 1);
        CHECK_EQ(s->count, 6);
        CHECK_EQ(s->lock, 0);
        CHECK_EQ(events[EV_LOCK_MISUSE], 0);
    }
}

static void
lock_twice(void *arg)
{
    (void)arg;
    make();
    KeAcquireSpinLockRaiseToDpc(&s->lock);
    KeAcquireSpinLockAtDpcLevel(&s->lock);
}

TEST(ke_wait, spin_lock_taken_twice_hangs_and_is_told)
{
    CHECK_EQ(run(lock_twice, NULL, 0), RUN_HANG);
    CHECK_EQ(events[EV_LOCK_MISUSE], 1);
    CHECK_EQ(last_event[EV_LOCK_MISUSE].a[1], LOCK_MISUSE_RECURSIVE);
}

static void
release_free_lock(void *arg)
{
    (void)arg;
    make();
    irql_raise(DISPATCH_LEVEL);
    KeReleaseSpinLockFromDpcLevel(&s->lock);
    CHECK_EQ(KeTryToAcquireSpinLockAtDpcLevel(&s->lock), TRUE);
    CHECK_EQ(KeTryToAcquireSpinLockAtDpcLevel(&s->lock), FALSE);
    KeReleaseSpinLock(&s->lock, PASSIVE_LEVEL);
}

TEST(ke_wait, releasing_a_free_lock_is_told)
{
    CHECK_EQ(run(release_free_lock, NULL, 0), RUN_DONE);
    CHECK_EQ(events[EV_LOCK_MISUSE], 1);
    CHECK_EQ(last_event[EV_LOCK_MISUSE].a[1], LOCK_MISUSE_NOT_HELD);
}

/* ------------------------------------------------------------------ events */

static void
event_waiter(void *arg)
{
    (void)arg;
    KeWaitForSingleObject(&s->event, Executive, KernelMode, FALSE, NULL);
    s->count++;
}

static void
sync_event_wakes_one(void *arg)
{
    (void)arg;
    make();
    thread("a", event_waiter, NULL);
    thread("b", event_waiter, NULL);
    ke_sleep(-10, "lets them wait");
    CHECK_EQ(KeSetEvent(&s->event, 0, FALSE), 0);
    ke_sleep(-10, "lets one go");
    CHECK_EQ(s->count, 1);
    CHECK_EQ(KeReadStateEvent(&s->event), 0);
    KeSetEvent(&s->event, 0, FALSE);
    ke_sleep(-10, "lets the other go");
    CHECK_EQ(s->count, 2);
    KeSetEvent(&s->event, 0, FALSE);
    CHECK_EQ(KeSetEvent(&s->event, 0, FALSE), 1);
    CHECK_EQ(KeResetEvent(&s->event), 1);
}

TEST(ke_wait, synchronization_event_releases_one_waiter)
{
    CHECK_EQ(run(sync_event_wakes_one, NULL, 0), RUN_DONE);
}

static void
lost_wakeup(void *arg)
{
    (void)arg;
    make();
    KeSetEvent(&s->event, 0, FALSE);
    KeClearEvent(&s->event);
    event_waiter(NULL);
}

TEST(ke_wait, waiting_for_ever_is_a_hang)
{
    CHECK_EQ(run(lost_wakeup, NULL, 0), RUN_HANG);
}

static void
timeouts(void *arg)
{
    uint64_t before = machine->now_100ns;

    (void)arg;
    make();
    s->when.QuadPart = 0;
    s->status[0] = KeWaitForSingleObject(&s->event, Executive, KernelMode, FALSE, &s->when);
    s->when.QuadPart = -500;
    s->status[1] = KeWaitForSingleObject(&s->event, Executive, KernelMode, FALSE, &s->when);
    CHECK_EQ(machine->now_100ns - before, 500);
    s->when.QuadPart = ke_system_time() + 700;
    s->status[2] = KeWaitForSingleObject(&s->event, Executive, KernelMode, FALSE, &s->when);
    CHECK_EQ(machine->now_100ns - before, 1200);
    s->when.QuadPart = 1; /* long past */
    s->status[3] = KeWaitForSingleObject(&s->event, Executive, KernelMode, FALSE, &s->when);
    CHECK(IsListEmpty(&s->event.Header.WaitListHead));
}

TEST(ke_wait, timeouts_relative_absolute_and_zero)
{
    CHECK_EQ(run(timeouts, NULL, 0), RUN_DONE);
    for (int i = 0; i < 4; i++)
        CHECK_EQ(s->status[i], STATUS_TIMEOUT);
}

static void
wait_all_user(void *arg)
{
    (void)arg;
    s->status[0] = KeWaitForMultipleObjects(2, s->objects, WaitAll, Executive, KernelMode, FALSE, NULL, NULL);
    s->count++;
}

static void
wait_all(void *arg)
{
    (void)arg;
    make();
    s->objects[0] = &s->event;
    s->objects[1] = &s->other;
    thread("all", wait_all_user, NULL);
    ke_sleep(-10, "lets it wait");
    KeSetEvent(&s->event, 0, FALSE);
    ke_sleep(-10, "not yet");
    CHECK_EQ(s->count, 0);
    CHECK_EQ(KeReadStateEvent(&s->event), 1); /* not consumed */
    KeSetEvent(&s->other, 0, FALSE);
    ke_sleep(-10, "now");
    CHECK_EQ(s->count, 1);
    CHECK_EQ(KeReadStateEvent(&s->event), 0);
    CHECK_EQ(KeReadStateEvent(&s->other), 1);
    s->status[1] = KeWaitForMultipleObjects(2, s->objects, WaitAny, Executive, KernelMode, FALSE, NULL, NULL);
}

TEST(ke_wait, wait_all_takes_all_or_nothing)
{
    CHECK_EQ(run(wait_all, NULL, 0), RUN_DONE);
    CHECK_EQ(s->status[0], STATUS_SUCCESS);
    CHECK_EQ(s->status[1], 1); /* the second of WaitAny */
}

static void
wait_at_dispatch(void *arg)
{
    (void)arg;
    make();
    KeSetEvent(&s->event, 0, FALSE);
    irql_raise(DISPATCH_LEVEL);
    KeWaitForSingleObject(&s->event, Executive, KernelMode, FALSE, NULL);
}

TEST(ke_wait, infinite_wait_at_dispatch_is_a_bugcheck)
{
    CHECK_EQ(run(wait_at_dispatch, NULL, 0), RUN_BUGCHECK);
    CHECK_EQ(result.code, 0xc4);
    CHECK_EQ(result.p[0], 0x121);
}

static void
set_event_then_wait(void *arg)
{
    (void)arg;
    make();
    KeSetEvent(&s->event, 0, TRUE);
    CHECK_EQ(KeGetCurrentIrql(), DISPATCH_LEVEL);
    s->status[0] = KeWaitForSingleObject(&s->event, Executive, KernelMode, FALSE, NULL);
    CHECK_EQ(KeGetCurrentIrql(), PASSIVE_LEVEL);
}

TEST(ke_wait, wait_argument_keeps_irql_until_the_wait)
{
    CHECK_EQ(run(set_event_then_wait, NULL, 0), RUN_DONE);
}

/* ------------------------------------------------------------------ mutexes, semaphores, threads, timers */

static void
mutex_user(void *arg)
{
    (void)arg;
    for (int i = 0; i < 3; i++) {
        sched_point(OP_DDI, (uint64_t)&s->mutex);
        KeWaitForSingleObject(&s->mutex, Executive, KernelMode, FALSE, NULL);
        KeWaitForSingleObject(&s->mutex, Executive, KernelMode, FALSE, NULL); /* recursive */
        CHECK(KeAreApcsDisabled());
        in_and_out();
        CHECK_EQ(KeReleaseMutex(&s->mutex, FALSE), -1);
        CHECK_EQ(KeReleaseMutex(&s->mutex, FALSE), 0);
        CHECK(!KeAreApcsDisabled());
    }
}

static void
two_mutex_users(void *arg)
{
    PKTHREAD second;

    make();
    second = thread("second", mutex_user, NULL);
    mutex_user(arg);
    KeWaitForSingleObject(second, Executive, KernelMode, FALSE, NULL); /* a thread is signalled when it ends */
    CHECK_EQ(s->count, 6);
}

TEST(ke_wait, mutex_excludes_and_recurses_under_any_schedule)
{
    for (uint64_t seed = 0; seed < 200; seed++) {
        CHECK_EQ(run(two_mutex_users, NULL, seed), RUN_DONE);
        CHECK_EQ(s->worst, 1);
        CHECK_EQ(KeReadStateMutex(&s->mutex), 1);
    }
}

static void
exit_with_mutex(void *arg)
{
    (void)arg;
    make();
    KeWaitForSingleObject(&s->mutex, Executive, KernelMode, FALSE, NULL);
}

TEST(ke_wait, thread_that_ends_with_a_mutex_is_a_bugcheck)
{
    CHECK_EQ(run(exit_with_mutex, NULL, 0), RUN_BUGCHECK);
    CHECK_EQ(result.code, 0x4000008a);
    CHECK_EQ(result.p[1], (uint64_t)&s->mutex);
}

static void
exit_in_region(void *arg)
{
    (void)arg;
    KeEnterCriticalRegion();
}

TEST(ke_wait, thread_that_ends_in_a_critical_region_is_a_bugcheck)
{
    CHECK_EQ(run(exit_in_region, NULL, 0), RUN_BUGCHECK);
    CHECK_EQ(result.code, 0x20);
}

static void
semaphore_counts(void *arg)
{
    (void)arg;
    make();
    s->when.QuadPart = 0;
    CHECK_EQ(KeReleaseSemaphore(&s->semaphore, 0, 2, FALSE), 0);
    for (int i = 0; i < 3; i++)
        s->status[i] = KeWaitForSingleObject(&s->semaphore, Executive, KernelMode, FALSE, &s->when);
}

TEST(ke_wait, semaphore_lets_as_many_through_as_it_counts)
{
    CHECK_EQ(run(semaphore_counts, NULL, 0), RUN_DONE);
    CHECK_EQ(s->status[0], STATUS_SUCCESS);
    CHECK_EQ(s->status[1], STATUS_SUCCESS);
    CHECK_EQ(s->status[2], STATUS_TIMEOUT);
}

static void
timer_signals(void *arg)
{
    LARGE_INTEGER due = { .QuadPart = -1000 };

    (void)arg;
    make();
    CHECK_EQ(KeSetTimer(&s->timer, due, NULL), FALSE);
    CHECK_EQ(KeSetTimer(&s->timer, due, NULL), TRUE);
    CHECK_EQ(KeReadStateTimer(&s->timer), FALSE);
    KeWaitForSingleObject(&s->timer, Executive, KernelMode, FALSE, NULL);
    CHECK_EQ(machine->now_100ns, 1000);
    CHECK_EQ(KeReadStateTimer(&s->timer), TRUE);
    CHECK_EQ(KeCancelTimer(&s->timer), FALSE);
    KeSetTimer(&s->timer, due, NULL);
    CHECK_EQ(KeCancelTimer(&s->timer), TRUE);
}

TEST(ke_wait, timer_signals_when_due)
{
    CHECK_EQ(run(timer_signals, NULL, 0), RUN_DONE);
    CHECK_EQ(events[EV_TIMER_FIRE], 1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_CASE(ke_wait, spin_lock_excludes_under_any_schedule),
        TEST_CASE(ke_wait, queued_spin_lock_excludes_under_any_schedule),
        TEST_CASE(ke_wait, spin_lock_taken_twice_hangs_and_is_told),
        TEST_CASE(ke_wait, releasing_a_free_lock_is_told),
        TEST_CASE(ke_wait, synchronization_event_releases_one_waiter),
        TEST_CASE(ke_wait, waiting_for_ever_is_a_hang),
        TEST_CASE(ke_wait, timeouts_relative_absolute_and_zero),
        TEST_CASE(ke_wait, wait_all_takes_all_or_nothing),
        TEST_CASE(ke_wait, infinite_wait_at_dispatch_is_a_bugcheck),
        TEST_CASE(ke_wait, wait_argument_keeps_irql_until_the_wait),
        TEST_CASE(ke_wait, mutex_excludes_and_recurses_under_any_schedule),
        TEST_CASE(ke_wait, thread_that_ends_with_a_mutex_is_a_bugcheck),
        TEST_CASE(ke_wait, thread_that_ends_in_a_critical_region_is_a_bugcheck),
        TEST_CASE(ke_wait, semaphore_lets_as_many_through_as_it_counts),
        TEST_CASE(ke_wait, timer_signals_when_due),
    };

    return cmocka_run_group_tests(tests, nt_machine, NULL);
}
