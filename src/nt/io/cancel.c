/* SPDX-License-Identifier: MIT */
/*
 * nt/io/cancel.c - the cancel spin lock, IoCancelIrp, cancel-safe queues.
 *
 * Model: contracts/irp-cancel.md, sections 1, 2 and 4. CancelRoutine is exchanged atomically, by drivers inline and by
 * us here; whoever gets the routine out of the field owns the cancellation. The cancel routine is entered with the
 * cancel spin lock held and drops it with CancelIrql; after the call nobody here touches the IRP.
 */
#include "nt/io/io.h"

#include <string.h>

#include "nt/ke/ke.h"
#include "nt/ps/ps.h"
#include "trace/event.h"

/* ------------------------------------------------------------------ the lock */

static KSPIN_LOCK *
cancel_lock(void)
{
    return NT->io->shared->cancel_lock;
}

static KIRQL
lock_cancel(void)
{
    KIRQL old = irql_raise(IRQL_DISPATCH);

    ke_spin_acquire(cancel_lock(), LOCK_CANCEL);
    ke_lock_get(cancel_lock())->irql = old;
    return old;
}

static void
unlock_cancel(KIRQL irql)
{
    struct ke_lock *l = ke_lock_get(cancel_lock());

    if (ke_spin_owner(cancel_lock()) == fiber_self() && l->irql != irql)
        ke_lock_misuse(cancel_lock(), LOCK_CANCEL, LOCK_MISUSE_IRQL);
    ke_spin_release(cancel_lock(), LOCK_CANCEL);
    irql_lower(irql);
}

VOID NTAPI
IoAcquireCancelSpinLock(PKIRQL Irql)
{
    sched_point(OP_DDI, (uint64_t)cancel_lock());
    *Irql = lock_cancel();
}

/* A cancel routine gives Irp->CancelIrql (documented). */
VOID NTAPI
IoReleaseCancelSpinLock(KIRQL Irql)
{
    sched_touch((uint64_t)cancel_lock());
    unlock_cancel(Irql);
}

/* ------------------------------------------------------------------ cancelling */

bool
io_cancel(uint32_t site, PIRP irp)
{
    KIRQL old = lock_cancel();
    PDRIVER_CANCEL routine;

    sched_touch((uint64_t)irp);
    sched_touch((uint64_t)&irp->CancelRoutine);
    irp->Cancel = TRUE;
    routine = IoSetCancelRoutine(irp, NULL);
    trace_emit(EV_IRP_CANCEL, irp, (uint64_t)routine);
    if (routine == NULL) {
        unlock_cancel(old);
        return false;
    }
    if (irp->CurrentLocation > irp->StackCount + 1)
        machine_bugcheck(CANCEL_STATE_IN_COMPLETED_IRP, (uint64_t)irp, (uint64_t)routine, 0, 0);
    irp->CancelIrql = old;
    sched_point(OP_INTERNAL, (uint64_t)irp); /* the routine is out and has not begun: the IRP may end here */
    GUEST_CALL(site, routine, (uint64_t)IoGetCurrentIrpStackLocation(irp)->DeviceObject, (uint64_t)irp);
    if (ke_spin_owner(cancel_lock()) == fiber_self())
        trace_emit(EV_IO_MISUSE, irp, IO_MISUSE_CANCEL_LOCK_KEPT, (uint64_t)routine, irql_get());
    return true;
}

/* TRUE when a cancel routine was called; FALSE only says that none was set (documented). */
BOOLEAN NTAPI
IoCancelIrp(PIRP Irp)
{
    const struct io_irp *r = io_irp_record(Irp);

    if (r != NULL && !r->driver_made)
        trace_emit(EV_IO_MISUSE, Irp, IO_MISUSE_CANCEL_FOREIGN);
    sched_point(OP_DDI, (uint64_t)cancel_lock());
    return io_cancel(io_site.IoCancelIrp, Irp);
}

/* Somebody waits for it: an open, or a request on a synchronous file. */
static bool
is_synchronous(const IRP *irp)
{
    PFILE_OBJECT file = irp->Tail.Overlay.OriginalFileObject;

    return (irp->Flags & IRP_SYNCHRONOUS_API) || (file != NULL && (file->Flags & FO_SYNCHRONOUS_IO));
}

static PIRP
find_irp(const LIST_ENTRY *list, const struct io_which *which)
{
    sched_touch((uint64_t)list);
    for (LIST_ENTRY *at = list->Flink; at != list; at = at->Flink) {
        PIRP irp = CONTAINING_RECORD(at, IRP, ThreadListEntry);

        /* who was asked before its routine was set is asked again (documented: IoCancelIrp does not look) */
        if ((!irp->Cancel || irp->CancelRoutine != NULL) && !(irp->Flags & IRP_CLOSE_OPERATION) &&
            (which->file == NULL || irp->Tail.Overlay.OriginalFileObject == which->file) &&
            (which->iosb == NULL || irp->UserIosb == which->iosb) && (!which->synchronous || is_synchronous(irp)))
            return irp;
    }
    return NULL;
}

bool
io_cancelable(struct fiber *f, const struct io_which *which)
{
    return find_irp(&NT->io->shared->irps[f->id], which) != NULL;
}

/* While held, completed IRPs of f stay on the list and in memory, as at APC_LEVEL. */
unsigned
io_cancel_thread(struct fiber *f, const struct io_which *which)
{
    LIST_ENTRY *list = &NT->io->shared->irps[f->id];
    unsigned asked = 0;
    PIRP irp;

    io_hold(f);
    while ((irp = find_irp(list, which)) != NULL) {
        io_cancel(io_site.IoCancelIrp, irp); /* sets Cancel and takes the routine, so it ends */
        asked++;
    }
    io_release(f);
    return asked;
}

/*
 * Nothing runs any more: a routine that is still set in an IRP that was cancelled came too late, and nobody looked.
 * While something runs that may be just about to be looked at.
 */
void
io_note_lost_cancels(void)
{
    for (unsigned i = 1; i <= machine->fiber_count; i++) {
        LIST_ENTRY *list = &NT->io->shared->irps[i];

        for (LIST_ENTRY *at = list->Flink; at != list && at != NULL; at = at->Flink) {
            PIRP irp = CONTAINING_RECORD(at, IRP, ThreadListEntry);

            if (irp->Cancel && irp->CancelRoutine != NULL)
                trace_emit(EV_IO_MISUSE, irp, IO_MISUSE_CANCEL_LOST, (uint64_t)irp->CancelRoutine);
        }
    }
}

/* ------------------------------------------------------------------ cancel-safe queues */

/* Queued IRPs carry what they were inserted with in DriverContext[3]: an IO_CSQ_IRP_CONTEXT, or the queue itself. */
static PIO_CSQ
csq_of(PIRP irp, PIO_CSQ_IRP_CONTEXT *context)
{
    PIO_CSQ_IRP_CONTEXT c = irp->Tail.Overlay.DriverContext[3];

    *context = NULL;
    if (c->Type != IO_TYPE_CSQ_IRP_CONTEXT)
        return (PIO_CSQ)c;
    *context = c;
    return c->Csq;
}

/* The callback's KIRQL variable must be machine memory. */
static void
csq_lock(uint32_t site, PIO_CSQ csq, PKIRQL irql)
{
    GUEST_CALL(site, csq->CsqAcquireLock, (uint64_t)csq, (uint64_t)irql);
}

static void
csq_unlock(uint32_t site, PIO_CSQ csq, const KIRQL *irql)
{
    GUEST_CALL(site, csq->CsqReleaseLock, (uint64_t)csq, *irql);
}

static void
csq_remove(uint32_t site, PIO_CSQ csq, PIRP irp)
{
    PIO_CSQ_IRP_CONTEXT context;

    csq_of(irp, &context);
    GUEST_CALL(site, csq->CsqRemoveIrp, (uint64_t)csq, (uint64_t)irp);
    if (context != NULL)
        context->Irp = NULL;
    irp->Tail.Overlay.DriverContext[3] = NULL;
}

VOID NTAPI
IopCsqCancelRoutine(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    uint32_t site = io_site.IopCsqCancelRoutine;
    uint64_t mark = guest_mark();
    PKIRQL irql = guest_alloc(sizeof(*irql));
    PIO_CSQ_IRP_CONTEXT context;
    PIO_CSQ csq;

    (void)DeviceObject;
    unlock_cancel(Irp->CancelIrql);
    csq = csq_of(Irp, &context);
    csq_lock(site, csq, irql);
    csq_remove(site, csq, Irp);
    csq_unlock(site, csq, irql);
    GUEST_CALL(site, csq->CsqCompleteCanceledIrp, (uint64_t)csq, (uint64_t)Irp);
    guest_release(mark);
}

static NTSTATUS
csq_initialize(PIO_CSQ csq, ULONG type, PVOID insert, PIO_CSQ_REMOVE_IRP remove, PIO_CSQ_PEEK_NEXT_IRP peek,
               PIO_CSQ_ACQUIRE_LOCK acquire, PIO_CSQ_RELEASE_LOCK release, PIO_CSQ_COMPLETE_CANCELED_IRP complete)
{
    csq->Type = type;
    csq->CsqInsertIrp = insert;
    csq->CsqRemoveIrp = remove;
    csq->CsqPeekNextIrp = peek;
    csq->CsqAcquireLock = acquire;
    csq->CsqReleaseLock = release;
    csq->CsqCompleteCanceledIrp = complete;
    csq->ReservePointer = NULL;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI
IoCsqInitialize(PIO_CSQ Csq, PIO_CSQ_INSERT_IRP CsqInsertIrp, PIO_CSQ_REMOVE_IRP CsqRemoveIrp,
                PIO_CSQ_PEEK_NEXT_IRP CsqPeekNextIrp, PIO_CSQ_ACQUIRE_LOCK CsqAcquireLock,
                PIO_CSQ_RELEASE_LOCK CsqReleaseLock, PIO_CSQ_COMPLETE_CANCELED_IRP CsqCompleteCanceledIrp)
{
    return csq_initialize(Csq, IO_TYPE_CSQ, (PVOID)CsqInsertIrp, CsqRemoveIrp, CsqPeekNextIrp, CsqAcquireLock,
                          CsqReleaseLock, CsqCompleteCanceledIrp);
}

NTSTATUS NTAPI
IoCsqInitializeEx(PIO_CSQ Csq, PIO_CSQ_INSERT_IRP_EX CsqInsertIrp, PIO_CSQ_REMOVE_IRP CsqRemoveIrp,
                  PIO_CSQ_PEEK_NEXT_IRP CsqPeekNextIrp, PIO_CSQ_ACQUIRE_LOCK CsqAcquireLock,
                  PIO_CSQ_RELEASE_LOCK CsqReleaseLock, PIO_CSQ_COMPLETE_CANCELED_IRP CsqCompleteCanceledIrp)
{
    return csq_initialize(Csq, IO_TYPE_CSQ_EX, (PVOID)CsqInsertIrp, CsqRemoveIrp, CsqPeekNextIrp, CsqAcquireLock,
                          CsqReleaseLock, CsqCompleteCanceledIrp);
}

/*
 * IoCsqInsertIrpEx - queue an IRP that can be cancelled from now on. STATUS_SUCCESS, or what the driver's InsertIrpEx
 * callback answered; then the IRP is still the caller's.
 * assumed: the IRP is marked pending before the callback runs, and unmarked again when that refuses.
 */
NTSTATUS NTAPI
IoCsqInsertIrpEx(PIO_CSQ Csq, PIRP Irp, PIO_CSQ_IRP_CONTEXT Context, PVOID InsertContext)
{
    uint32_t site = io_site.IoCsqInsertIrpEx;
    uint64_t mark = guest_mark();
    PKIRQL irql = guest_alloc(sizeof(*irql));
    NTSTATUS status = STATUS_SUCCESS;
    bool cancelled = false;

    if (Context != NULL) {
        Irp->Tail.Overlay.DriverContext[3] = Context;
        Context->Irp = Irp;
        Context->Csq = Csq;
        Context->Type = IO_TYPE_CSQ_IRP_CONTEXT;
    } else {
        Irp->Tail.Overlay.DriverContext[3] = Csq;
    }
    csq_lock(site, Csq, irql);
    IoMarkIrpPending(Irp);
    if (Csq->Type == IO_TYPE_CSQ_EX)
        status = (NTSTATUS)GUEST_CALL(site, Csq->CsqInsertIrp, (uint64_t)Csq, (uint64_t)Irp, (uint64_t)InsertContext);
    else
        GUEST_CALL(site, Csq->CsqInsertIrp, (uint64_t)Csq, (uint64_t)Irp);
    if (!NT_SUCCESS(status)) {
        IoGetCurrentIrpStackLocation(Irp)->Control &= (UCHAR)~SL_PENDING_RETURNED;
        if (Context != NULL)
            Context->Irp = NULL;
    } else {
        IoSetCancelRoutine(Irp, (PDRIVER_CANCEL)NT->io->csq_cancel);
        sched_point(OP_LOCKED, (uint64_t)&Irp->CancelRoutine);
        if (Irp->Cancel && IoSetCancelRoutine(Irp, NULL) != NULL) {
            csq_remove(site, Csq, Irp);
            cancelled = true;
        }
    }
    csq_unlock(site, Csq, irql);
    if (cancelled)
        GUEST_CALL(site, Csq->CsqCompleteCanceledIrp, (uint64_t)Csq, (uint64_t)Irp);
    guest_release(mark);
    return status;
}

VOID NTAPI
IoCsqInsertIrp(PIO_CSQ Csq, PIRP Irp, PIO_CSQ_IRP_CONTEXT Context)
{
    IoCsqInsertIrpEx(Csq, Irp, Context, NULL);
}

/* NULL: it is being cancelled, or was removed before (documented). */
PIRP NTAPI
IoCsqRemoveIrp(PIO_CSQ Csq, PIO_CSQ_IRP_CONTEXT Context)
{
    uint32_t site = io_site.IoCsqRemoveIrp;
    uint64_t mark = guest_mark();
    PKIRQL irql = guest_alloc(sizeof(*irql));
    PIRP irp;

    csq_lock(site, Csq, irql);
    irp = Context->Irp;
    if (irp != NULL && IoSetCancelRoutine(irp, NULL) == NULL)
        irp = NULL;
    if (irp != NULL)
        csq_remove(site, Csq, irp);
    csq_unlock(site, Csq, irql);
    guest_release(mark);
    return irp;
}

PIRP NTAPI
IoCsqRemoveNextIrp(PIO_CSQ Csq, PVOID PeekContext)
{
    uint32_t site = io_site.IoCsqRemoveNextIrp;
    uint64_t mark = guest_mark();
    PKIRQL irql = guest_alloc(sizeof(*irql));
    PIRP irp = NULL;

    csq_lock(site, Csq, irql);
    for (;;) {
        irp = (PIRP)GUEST_CALL(site, Csq->CsqPeekNextIrp, (uint64_t)Csq, (uint64_t)irp, (uint64_t)PeekContext);
        if (irp == NULL)
            break;
        if (IoSetCancelRoutine(irp, NULL) != NULL) { /* else its cancel routine will take it off */
            csq_remove(site, Csq, irp);
            break;
        }
    }
    csq_unlock(site, Csq, irql);
    guest_release(mark);
    return irp;
}
