/* SPDX-License-Identifier: MIT */
/* Requests that are pended: completed by others, cancelled in each way Windows has, and queued safely. */
#include "echo.h"

static void
reader(void *arg)
{
    char *buffer = user_alloc(16);

    (void)arg;
    status[2] = user_open("\\\\.\\echo", USER_OVERLAPPED, &shared_handle);
    struct user_async *a = mon_alloc(sizeof(*a));
    a->block = user_alloc(USER_ASYNC_BYTES);
    status[3] = user_read_start(shared_handle, buffer, 16, a);
    status[4] = user_wait(a, &information[4]);
    status[5] = buffer[1];
    status[6] = user_close(shared_handle);
}

static void
writer(void *arg)
{
    char *buffer = user_alloc(16);
    struct user_async *a = mon_alloc(sizeof(*a));

    (void)arg;
    memcpy(buffer, "wxyz", 4);
    a->block = user_alloc(USER_ASYNC_BYTES);
    status[7] = user_write_start(shared_handle, buffer, 4, a);
    status[8] = user_wait(a, &information[8]);
}

TEST(io, a_pended_read_is_completed_by_another_threads_write)
{
    CHECK_EQ(run(reader, writer), RUN_DONE);
    CHECK_EQ(status[3], STATUS_PENDING);
    CHECK_EQ(status[4], STATUS_SUCCESS);
    CHECK_EQ(information[4], 4);
    CHECK_EQ(status[5], 'x');
    CHECK_EQ(status[8], STATUS_SUCCESS);
    CHECK_STR(drv.log, "create read write cleanup close ");
    CHECK_EQ(misuses, 0);
}

static void
sync_reader(void *arg)
{
    (void)arg;
    status[2] = user_open("\\\\.\\echo", 0, &shared_handle);
    status[3] = user_read(shared_handle, user_alloc(16), 16, &information[3]);
    status[4] = user_close(shared_handle);
}

static void
killer(void *arg)
{
    (void)arg;
    user_process_exit(process);
    status[7] = STATUS_SUCCESS;
}

TEST(io, the_end_of_a_program_cancels_waits_and_closes)
{
    CHECK_EQ(run(sync_reader, killer), RUN_DONE);
    CHECK_EQ(status[3], STATUS_CANCELLED);
    CHECK_EQ(status[4], STATUS_PROCESS_IS_TERMINATING);
    CHECK_EQ(status[7], STATUS_SUCCESS);
    CHECK_STR(drv.log, "create read cancel cleanup close ");
}

TEST(io, a_read_that_cannot_be_cancelled_hangs_the_end_of_its_program)
{
    script = READ_IGNORES_CANCEL;
    CHECK_EQ(run(sync_reader, killer), RUN_HANG);
}

static void
canceller(void *arg)
{
    (void)arg;
    status[7] = user_cancel_io_ex(shared_handle, NULL);
    status[8] = user_cancel_io_ex(shared_handle, NULL);
}

TEST(io, cancel_io_ex_reaches_another_threads_read)
{
    CHECK_EQ(run(sync_reader, canceller), RUN_DONE);
    CHECK_EQ(status[3], STATUS_CANCELLED);
    CHECK_EQ(status[7], STATUS_SUCCESS);
    CHECK_EQ(status[8], STATUS_NOT_FOUND);
    CHECK_STR(drv.log, "create read cancel cleanup close ");
}

static struct fiber *first_thread;

static void
overlapped_and_synchronous(void *arg)
{
    struct user_async *a = mon_alloc(sizeof(*a)), *b = mon_alloc(sizeof(*b));
    char *buffer = user_alloc(64);
    void *h;

    (void)arg;
    first_thread = fiber_self();
    a->block = user_alloc(USER_ASYNC_BYTES);
    b->block = user_alloc(USER_ASYNC_BYTES);
    status[2] = user_open("\\\\.\\echo", USER_OVERLAPPED, &h);
    status[3] = user_read_start(h, buffer, 16, a);
    status[4] = user_read_start(h, buffer + 16, 16, b);
    status[5] = user_cancel_io_ex(h, b);
    status[6] = user_poll(a);
    status[7] = user_poll(b);
    status[8] = user_open("\\\\.\\echo", 0, &shared_handle);
    status[9] = user_read(shared_handle, buffer + 32, 16, NULL);
    status[10] = user_poll(a);
    user_thread_exit();
    status[11] = user_poll(a);
}

static void
synchronous_canceller(void *arg)
{
    (void)arg;
    status[12] = user_cancel_synchronous(first_thread);
    status[13] = user_cancel_synchronous(first_thread);
    status[14] = user_write(shared_handle, user_alloc(8), 4, NULL);
}

TEST(io, cancelling_one_request_or_a_synchronous_one_leaves_the_others)
{
    CHECK_EQ(run(overlapped_and_synchronous, synchronous_canceller), RUN_DONE);
    CHECK_EQ(status[3], STATUS_PENDING);
    CHECK_EQ(status[4], STATUS_PENDING);
    CHECK_EQ(status[5], STATUS_SUCCESS);
    CHECK_EQ(status[6], STATUS_PENDING);
    CHECK_EQ(status[7], STATUS_CANCELLED);
    CHECK_EQ(status[9], STATUS_CANCELLED);
    CHECK_EQ(status[10], STATUS_PENDING);
    CHECK_EQ(status[12], STATUS_SUCCESS);
    CHECK_EQ(status[13], STATUS_NOT_FOUND);
}

TEST(io, the_end_of_a_thread_cancels_its_requests_and_leaves_the_handles)
{
    CHECK_EQ(run(overlapped_and_synchronous, synchronous_canceller), RUN_DONE);
    CHECK_EQ(status[11], STATUS_CANCELLED);
    CHECK_EQ(status[14], STATUS_SUCCESS);
    CHECK(strstr(drv.log, "cleanup") == NULL);
}

static void
closes_first(void *arg)
{
    struct user_async *a = mon_alloc(sizeof(*a));
    void *h;

    (void)arg;
    a->block = user_alloc(USER_ASYNC_BYTES);
    user_open("\\\\.\\echo", USER_OVERLAPPED, &h);
    status[2] = user_read_start(h, user_alloc(16), 16, a);
    status[3] = user_close(h);
    status[4] = user_poll(a);
    note("closed");
    user_thread_exit();
    status[5] = user_poll(a);
}

/* CLEANUP comes with the last handle though a request is under way; CLOSE waits for the request. */
TEST(io, cleanup_comes_with_the_handle_and_close_with_the_last_request)
{
    script = CLEANUP_NOTHING;
    CHECK_EQ(run(closes_first, NULL), RUN_DONE);
    CHECK_EQ(status[2], STATUS_PENDING);
    CHECK_EQ(status[3], STATUS_SUCCESS);
    CHECK_EQ(status[4], STATUS_PENDING);
    CHECK_EQ(status[5], STATUS_CANCELLED);
    CHECK_STR(drv.log, "create read cleanup closed cancel close ");
}

static void
stuck_reader(void *arg)
{
    struct user_async *a = mon_alloc(sizeof(*a));
    void *h;

    (void)arg;
    a->block = user_alloc(USER_ASYNC_BYTES);
    user_open("\\\\.\\echo", USER_OVERLAPPED, &h);
    user_read_start(h, user_alloc(16), 16, a);
    user_thread_exit();
}

TEST(io, a_read_that_cannot_be_cancelled_hangs_the_end_of_its_thread)
{
    script = READ_IGNORES_CANCEL;
    CHECK_EQ(run(stuck_reader, NULL), RUN_HANG);
    CHECK(strstr(ended.text, "the end of a thread waits for IRP") != NULL);
}

static unsigned
reuses(struct strategy *s, enum choice_kind kind, unsigned n, uint64_t key)
{
    (void)s;
    (void)n;
    (void)key;
    return kind == CHOICE_VALUE;
}

static PIRP seen_irp[3];

static void
three_reads(void *arg)
{
    struct user_async *a = mon_alloc(sizeof(*a));
    void *h;

    (void)arg;
    a->block = user_alloc(USER_ASYNC_BYTES);
    user_open("\\\\.\\echo", USER_OVERLAPPED, &h);
    for (unsigned i = 0; i < 3; i++) {
        status[2 + i] = user_read_start(h, user_alloc(16), 16, a);
        seen_irp[i] = drv.queue[0];
        user_cancel_io(h);
        status[5 + i] = user_wait(a, NULL);
    }
    user_close(h);
}

/* Without the choice an IRP's address never comes again; with it the next one has it, as good as new. */
TEST(io, a_freed_irp_may_be_the_threads_next)
{
    CHECK_EQ(run(three_reads, NULL), RUN_DONE);
    CHECK(seen_irp[0] != seen_irp[1] && seen_irp[1] != seen_irp[2]);
    setup(NULL);
    strategy_dull.choose = reuses;
    CHECK_EQ(run(three_reads, NULL), RUN_DONE);
    strategy_dull.choose = NULL;
    CHECK(seen_irp[0] == seen_irp[1] && seen_irp[1] == seen_irp[2]);
    for (unsigned i = 0; i < 3; i++) {
        CHECK_EQ(status[2 + i], STATUS_PENDING);
        CHECK_EQ(status[5 + i], STATUS_CANCELLED);
    }
    CHECK_EQ(misuses, 0);
    CHECK(heap_check() == NULL);
}

/* ------------------------------------------------------------------ a cancel-safe queue */

static struct {
    IO_CSQ *csq;
    KSPIN_LOCK *lock;
    LIST_ENTRY *list;
} csq;

static VOID NTAPI
csq_insert(PIO_CSQ q, PIRP irp)
{
    (void)q;
    InsertTailList(csq.list, &irp->Tail.Overlay.ListEntry);
}

static VOID NTAPI
csq_remove(PIO_CSQ q, PIRP irp)
{
    (void)q;
    RemoveEntryList(&irp->Tail.Overlay.ListEntry);
}

static PIRP NTAPI
csq_peek(PIO_CSQ q, PIRP irp, PVOID context)
{
    PLIST_ENTRY next = irp != NULL ? irp->Tail.Overlay.ListEntry.Flink : csq.list->Flink;

    (void)q;
    (void)context;
    return next == csq.list ? NULL : CONTAINING_RECORD(next, IRP, Tail.Overlay.ListEntry);
}

static VOID NTAPI
csq_acquire(PIO_CSQ q, PKIRQL irql)
{
    (void)q;
    *irql = DDI(KeAcquireSpinLockRaiseToDpc)(csq.lock);
}

static VOID NTAPI
csq_release(PIO_CSQ q, KIRQL irql)
{
    (void)q;
    DDI(KeReleaseSpinLock)(csq.lock, irql);
}

static VOID NTAPI
csq_cancelled(PIO_CSQ q, PIRP irp)
{
    (void)q;
    note("cancelled");
    complete(irp, STATUS_CANCELLED, 0);
}

static NTSTATUS NTAPI
csq_read(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    DDI(IoCsqInsertIrp)(csq.csq, irp, NULL);
    return STATUS_PENDING;
}

static NTSTATUS NTAPI
csq_write(PDEVICE_OBJECT device, PIRP irp)
{
    PIRP read = DDI(IoCsqRemoveNextIrp)(csq.csq, NULL);

    (void)device;
    if (read != NULL) {
        note("served");
        complete(read, STATUS_SUCCESS, 0);
    }
    return complete(irp, STATUS_SUCCESS, 0);
}

static void
csq_boot(void *arg)
{
    (void)arg;
    csq.csq = heap_alloc(sizeof(*csq.csq), 'tset');
    csq.lock = heap_alloc(sizeof(*csq.lock), 'tset');
    csq.list = heap_alloc(sizeof(*csq.list), 'tset');
    *csq.lock = 0;
    InitializeListHead(csq.list);
    IoCsqInitialize(csq.csq, csq_insert, csq_remove, csq_peek, csq_acquire, csq_release, csq_cancelled);
    start_driver();
    driver->MajorFunction[IRP_MJ_READ] = (PDRIVER_DISPATCH)csq_read;
    driver->MajorFunction[IRP_MJ_WRITE] = (PDRIVER_DISPATCH)csq_write;
    for (unsigned i = 0; i < 2; i++)
        if (programs[i] != NULL)
            program(i == 0 ? "first" : "second", programs[i]);
}

/* Two threads, in an order that a generator picks; with faults, memory fails at random too. */
static enum run_end
run_random(void (*start)(void *), void (*first)(void *), void (*second)(void *), uint64_t seed, bool faults)
{
    struct strategy strategy = *machine_test_random(seed);

    if (!faults)
        strategy.choose = NULL;
    programs[0] = first;
    programs[1] = second;
    fiber_create("test", FIBER_SYSTEM, start, NULL, false);
    machine_run(&strategy, &ended);
    return ended.end;
}

static void
write_or_cancel(void *arg)
{
    (void)arg;
    status[8] = user_write(shared_handle, user_alloc(8), 4, NULL);
}

static void
overlapped_reader(void *arg)
{
    struct user_async *a = mon_alloc(sizeof(*a));

    (void)arg;
    a->block = user_alloc(USER_ASYNC_BYTES);
    status[2] = user_open("\\\\.\\echo", USER_OVERLAPPED, &shared_handle);
    status[3] = user_read_start(shared_handle, user_alloc(16), 16, a);
    status[5] = user_cancel_io(shared_handle);
    status[4] = user_wait(a, NULL);
    status[6] = user_close(shared_handle);
}

TEST(io, a_queued_read_is_served_or_cancelled_but_never_both)
{
    bool served = false, cancelled = false;

    for (uint64_t seed = 1; seed <= 300; seed++) {
        setup(NULL);
        shared_handle = NULL;
        CHECK_EQ(run_random(csq_boot, overlapped_reader, write_or_cancel, seed, false), RUN_DONE);
        CHECK(status[4] == STATUS_SUCCESS || status[4] == STATUS_CANCELLED);
        CHECK((strstr(drv.log, "served") != NULL) == (status[4] == STATUS_SUCCESS));
        CHECK((strstr(drv.log, "cancelled") != NULL) == (status[4] == STATUS_CANCELLED));
        CHECK_EQ(misuses, 0);
        served |= status[4] == STATUS_SUCCESS;
        cancelled |= status[4] == STATUS_CANCELLED;
    }
    CHECK(served);
    CHECK(cancelled);
}

static void
two_reads(void *arg)
{
    (void)arg;
    status[2] = user_open("\\\\.\\echo", 0, &shared_handle);
    status[3] = user_read(shared_handle, user_alloc(16), 16, NULL);
    status[4] = user_read(shared_handle, user_alloc(16), 16, NULL);
    status[5] = user_close(shared_handle);
}

TEST(io, a_program_ends_at_any_moment)
{
    for (uint64_t seed = 1; seed <= 300; seed++) {
        setup(NULL);
        CHECK_EQ(run_random(csq_boot, two_reads, killer, seed, true), RUN_DONE);
        CHECK_EQ(status[7], STATUS_SUCCESS);
        CHECK(status[5] != STATUS_SUCCESS);
        CHECK_EQ(strstr(drv.log, "create") != NULL, strstr(drv.log, "close") != NULL);
        CHECK(heap_check() == NULL);
    }
}

ECHO_MAIN(CASE(a_queued_read_is_served_or_cancelled_but_never_both), CASE(a_program_ends_at_any_moment),
          CASE(a_pended_read_is_completed_by_another_threads_write),
          CASE(the_end_of_a_program_cancels_waits_and_closes),
          CASE(a_read_that_cannot_be_cancelled_hangs_the_end_of_its_program),
          CASE(cancel_io_ex_reaches_another_threads_read),
          CASE(cancelling_one_request_or_a_synchronous_one_leaves_the_others),
          CASE(the_end_of_a_thread_cancels_its_requests_and_leaves_the_handles),
          CASE(a_read_that_cannot_be_cancelled_hangs_the_end_of_its_thread),
          CASE(cleanup_comes_with_the_handle_and_close_with_the_last_request),
          CASE(a_freed_irp_may_be_the_threads_next))
