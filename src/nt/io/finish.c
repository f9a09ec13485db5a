/* SPDX-License-Identifier: MIT */
/*
 * nt/io/finish.c - the end of an IRP: results to whoever asked, then its memory.
 *
 * Model: io_finish() is the I/O manager's special kernel APC. In order: associated IRPs count down their master;
 * buffered output is copied; MDLs are unlocked and freed; IO_STATUS_BLOCK, event and file learn the result; the IRP
 * leaves its thread's list and is freed. A request that failed before it was pended tells only its caller's return
 * value (documented: then neither event nor status block is touched).
 */
#include "nt/io/io.h"

#include <string.h>

#include "base/fmt.h"
#include "nt/ke/ke.h"
#include "nt/ps/ps.h"
#include "trace/event.h"

static void
finish_buffers(PIRP irp)
{
    ULONG_PTR size = irp->IoStatus.Information;

    if (irp->Flags & IRP_BUFFERED_IO) {
        void *system = irp->AssociatedIrp.SystemBuffer;
        const struct heap_block *b = heap_find((uint64_t)system);

        if ((irp->Flags & IRP_INPUT_OPERATION) && !NT_ERROR(irp->IoStatus.Status) && irp->UserBuffer != NULL &&
            size != 0) {
            if (b != NULL && size > b->size) {
                trace_emit(EV_IO_MISUSE, irp, IO_MISUSE_INFORMATION_TOO_LARGE, size);
                size = b->size;
            }
            if (machine_writable((uint64_t)irp->UserBuffer, size))
                memcpy(irp->UserBuffer, system, size);
            else
                irp->IoStatus.Status = STATUS_ACCESS_VIOLATION;
        }
        if (irp->Flags & IRP_DEALLOCATE_BUFFER) {
            enum heap_free_result freed = heap_free(system);

            if (freed != HEAP_FREED)
                trace_emit(EV_IO_MISUSE, irp, IO_MISUSE_SYSTEM_BUFFER, (uint64_t)system);
        }
    }
    for (PMDL mdl = irp->MdlAddress, next; mdl != NULL; mdl = next) {
        next = mdl->Next;
        if (mdl->MdlFlags & MDL_PAGES_LOCKED)
            MmUnlockPages(mdl);
        IoFreeMdl(mdl);
    }
    irp->MdlAddress = NULL;
}

static void
write_iosb(PIO_STATUS_BLOCK to, const IO_STATUS_BLOCK *from)
{
    if (to == NULL || !machine_writable((uint64_t)to, sizeof(*to)))
        return;
    sched_touch((uint64_t)to);
    to->Information = from->Information;
    to->Status = from->Status;
}

void
io_wake_waiter(struct fiber *f)
{
    struct io_thread *t = &NT->io->thread[f->id];
    struct fiber_set waits = t->waits;

    t->waits = (struct fiber_set){ 0 };
    for (uint32_t id; (id = fiber_set_first(&waits)) != 0; fiber_set_del(&waits, id))
        sched_wake(&machine->fiber[id]);
}

/*
 * A program's thread that waits here is one that Windows can end: the wait is given up for the time of cancelling the
 * request (documented for synchronous files: the wait is alertable by the end of the thread). In a driver's own wait
 * it cannot.
 */
void
io_wait(PKEVENT event, const char *words)
{
    struct fiber *f = fiber_self();
    bool in_driver = f->crossing != NULL;

    if (!in_driver) {
        NT->io->thread[f->id].at_rest = true;
        io_wake_waiter(f);
    }
    ke_wait(event, NULL, words);
    if (!in_driver)
        NT->io->thread[f->id].at_rest = false;
}

static void
finish_master(PIRP irp)
{
    PIRP master = irp->AssociatedIrp.MasterIrp;
    LONG left = __atomic_sub_fetch(&master->AssociatedIrp.IrpCount, 1, __ATOMIC_ACQ_REL);

    finish_buffers(irp);
    io_irp_free(irp, fiber_self());
    if (left == 0)
        io_complete(master);
}

static void
finish_now(PIRP irp)
{
    PFILE_OBJECT file = irp->Tail.Overlay.OriginalFileObject;
    struct fiber *issuer = ps_fiber_of(irp->Tail.Overlay.Thread);
    IO_STATUS_BLOCK result;
    bool told_by_status;

    finish_buffers(irp);
    result = irp->IoStatus;
    told_by_status = NT_ERROR(result.Status) && !irp->PendingReturned;
    sched_touch((uint64_t)irp);
    if (!told_by_status) {
        write_iosb(irp->UserIosb, &result);
        if (file != NULL && !(irp->Flags & IRP_SYNCHRONOUS_API)) {
            file->FinalStatus = result.Status;
            ke_event_set(&file->Event);
        }
        if (irp->UserEvent != NULL)
            ke_event_set(irp->UserEvent);
        if (irp->UserEvent != NULL && NT->io->user_done != NULL)
            NT->io->user_done(irp->UserIosb);
    }
    if (issuer != NULL)
        sched_touch((uint64_t)&NT->io->shared->irps[issuer->id]);
    ke_list_remove(&irp->ThreadListEntry);
    if (file != NULL) {
        if (irp->UserEvent != NULL && !(irp->Flags & IRP_SYNCHRONOUS_API))
            ob_dereference(irp->UserEvent);
        if (!(irp->Flags & (IRP_CREATE_OPERATION | IRP_CLOSE_OPERATION)))
            ob_dereference_deferred(file); /* IRP_MJ_CLOSE must not come inside the completer's call */
    }
    io_irp_free(irp, issuer != NULL ? issuer : fiber_self());
    if (issuer != NULL)
        io_wake_waiter(issuer);
}

/*
 * The rest is done by an APC in the issuing thread, and its KAPC lies in the IRP's Tail (documented: wdm.h, the union):
 * from now on DriverContext reads as its head, also while a canceller holds the APC off. assumed: the spare long keeps
 * what was there.
 */
static void
overlay_apc(PIRP irp, PKTHREAD thread)
{
    KAPC *apc = &irp->Tail.Apc;

    apc->Type = 18; /* ApcObject */
    apc->SpareByte0 = 0;
    apc->Size = sizeof(*apc);
    apc->SpareByte1 = 0;
    apc->Thread = thread;
    apc->ApcListEntry.Flink = apc->ApcListEntry.Blink = &apc->ApcListEntry;
    _Static_assert(offsetof(IRP, Tail.Apc.Reserved) <= offsetof(IRP, Tail.Overlay.Thread),
                   "what finish_now reads stays");
}

void
io_finish(PIRP irp)
{
    PKTHREAD thread = irp->Tail.Overlay.Thread;
    struct fiber *issuer;

    if (irp->Flags & IRP_ASSOCIATED_IRP) {
        finish_master(irp);
        return;
    }
    if (irp->ThreadListEntry.Flink == &irp->ThreadListEntry) {
        /*
         * Nobody's thread owns it: a driver made it and let it run off the top. Windows queues an APC to a thread
         * that is not there, or frees what the driver frees again.
         */
        trace_emit(EV_IO_MISUSE, irp, IO_MISUSE_OWN_IRP_COMPLETED);
        *(volatile UCHAR *)&thread->Header.Type; /* faults as the kernel does when there is none */
        irp->ThreadListEntry.Flink = irp->ThreadListEntry.Blink = &irp->ThreadListEntry;
    }
    issuer = ps_fiber_of(thread);
    sched_touch((uint64_t)irp);
    overlay_apc(irp, thread);
    if (issuer != NULL && NT->io->thread[issuer->id].hold != 0)
        ke_list_insert_tail(&NT->io->held[issuer->id], &irp->Tail.Overlay.ListEntry);
    else
        finish_now(irp);
}

void
io_hold(struct fiber *f)
{
    NT->io->thread[f->id].hold++;
}

void
io_release(struct fiber *f)
{
    LIST_ENTRY *held = &NT->io->held[f->id];

    if (--NT->io->thread[f->id].hold != 0)
        return;
    while (held->Flink != held) {
        LIST_ENTRY *first = held->Flink;

        ke_list_remove(first);
        finish_now(CONTAINING_RECORD(first, IRP, Tail.Overlay.ListEntry));
    }
}

NTSTATUS
io_send_and_wait(uint32_t site, PDEVICE_OBJECT device, PIRP irp, const char *what, IO_STATUS_BLOCK *iosb)
{
    uint64_t mark = guest_mark();
    PKEVENT event = guest_alloc(sizeof(*event));
    PIO_STATUS_BLOCK result = guest_alloc(sizeof(*result));
    NTSTATUS status;

    ke_event_init(event, NotificationEvent, false);
    irp->UserEvent = event;
    irp->UserIosb = result;
    irp->Flags |= IRP_SYNCHRONOUS_API;
    io_irp_issue(irp);
    status = io_call_driver(site, device, irp);
    if (status == STATUS_PENDING) {
        char words[160], name[64];

        fmt(words, sizeof(words), "waits for %s of %s to be completed", what,
            io_device_words(device, name, sizeof(name)));
        io_wait(event, words);
        status = result->Status;
    } else if (NT_ERROR(status)) {
        result->Status = status;
    }
    if (iosb != NULL)
        *iosb = *result;
    guest_release(mark);
    return status;
}

/* ------------------------------------------------------------------ for drivers */

/* Takes the IRP back for who waits. An export of ours, so that its address is one drivers may see. */
NTSTATUS NTAPI
IopSynchronousCompletion(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context)
{
    (void)DeviceObject;
    (void)Irp;
    ke_event_set(Context);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

/* Send on and wait; the IRP stays the caller's (documented). */
NTSTATUS NTAPI
IoSynchronousCallDriver(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    uint64_t mark = guest_mark();
    PKEVENT event = guest_alloc(sizeof(*event));
    NTSTATUS status;

    ke_event_init(event, NotificationEvent, false);
    IoSetCompletionRoutine(Irp, (PIO_COMPLETION_ROUTINE)NT->io->synchronous_completion, event, TRUE, TRUE, TRUE);
    status = io_call_driver(io_site.IofCallDriver, DeviceObject, Irp);
    if (status == STATUS_PENDING) {
        ke_wait(event, NULL, "IoSynchronousCallDriver waits for the IRP it sent");
        status = Irp->IoStatus.Status;
    }
    guest_release(mark);
    return status;
}

/* FALSE when the IRP has no stack location for the lower driver (documented). */
BOOLEAN NTAPI
IoForwardIrpSynchronously(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    if (Irp->CurrentLocation <= 1)
        return FALSE;
    IoCopyCurrentIrpStackLocationToNext(Irp);
    IoSynchronousCallDriver(DeviceObject, Irp);
    return TRUE;
}
