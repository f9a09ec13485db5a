/* SPDX-License-Identifier: MIT */
/*
 * nt/po/wake.c - devices that are to wake the system or themselves: IRP_MN_WAIT_WAKE, as a bus keeps it.
 *
 * Model: documented (IRP_MN_WAIT_WAKE): one request per device stays with the bus until the device signals, and then
 * completes with STATUS_SUCCESS, or until who sent it cancels it. Which request a device's is stands in monitor memory.
 */
#include "nt/po/po.h"

#include "nt/io/io.h"
#include "trace/event.h"

static struct po_wake *
record_of(const DEVICE_OBJECT *pdo)
{
    struct po_wake *w;

    for (w = NT->po->wakes; w != NULL; w = w->next)
        if (w->pdo == pdo)
            return w;
    w = mon_alloc(sizeof(*w));
    w->pdo = pdo;
    w->next = NT->po->wakes;
    NT->po->wakes = w;
    return w;
}

NTSTATUS
po_wake_keep(PDEVICE_OBJECT pdo, PIRP irp)
{
    struct po_wake *w = record_of(pdo);

    sched_touch((uint64_t)pdo);
    if (IoGetCurrentIrpStackLocation(irp)->Parameters.WaitWake.PowerState > PO_SYSTEM_WAKE)
        return STATUS_INVALID_DEVICE_STATE;
    if (w->irp != NULL)
        return STATUS_DEVICE_BUSY;
    w->irp = irp;
    IoMarkIrpPending(irp);
    IoSetCancelRoutine(irp, (PDRIVER_CANCEL)NT->po->wake_cancel);
    if (irp->Cancel && IoSetCancelRoutine(irp, NULL) != NULL) { /* it came cancelled: nobody will ask again */
        w->irp = NULL;
        irp->IoStatus.Status = STATUS_CANCELLED;
        IofCompleteRequest(irp, IO_NO_INCREMENT);
    }
    return STATUS_PENDING;
}

bool
po_wake_end(PDEVICE_OBJECT pdo, NTSTATUS status)
{
    struct po_wake *w = record_of(pdo);
    PIRP irp = w->irp;

    sched_touch((uint64_t)pdo);
    if (irp == NULL || IoSetCancelRoutine(irp, NULL) == NULL)
        return false; /* none, or its cancel routine has it */
    w->irp = NULL;
    irp->IoStatus.Status = status;
    IofCompleteRequest(irp, IO_NO_INCREMENT);
    return true;
}

/* IopWaitWakeCancel - who sent it takes it back. An export of ours: a cancel routine has an address. IRQL: DISPATCH. */
VOID NTAPI
IopWaitWakeCancel(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    struct po_wake *w = record_of(DeviceObject);

    sched_touch((uint64_t)DeviceObject);
    if (w->irp == Irp)
        w->irp = NULL;
    IoReleaseCancelSpinLock(Irp->CancelIrql);
    Irp->IoStatus.Status = STATUS_CANCELLED;
    IofCompleteRequest(Irp, IO_NO_INCREMENT);
}
