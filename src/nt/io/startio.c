/* SPDX-License-Identifier: MIT */
/*
 * nt/io/startio.c - the device queue, StartIo, and the one-second timer of a device.
 *
 * Model: contracts/irp-cancel.md 3, "StartIo style": a device works on CurrentIrp; others wait in DeviceQueue. With a
 * cancel routine the queue is handled under the cancel spin lock (documented).
 */
#include "nt/io/io.h"

#include <string.h>

#include "nt/ke/ke.h"
#include "trace/event.h"

static void
start(uint32_t site, PDEVICE_OBJECT device, PIRP irp)
{
    GUEST_CALL(site, device->DriverObject->DriverStartIo, (uint64_t)device, (uint64_t)irp);
}

VOID NTAPI
IoStartPacket(PDEVICE_OBJECT DeviceObject, PIRP Irp, PULONG Key, PDRIVER_CANCEL CancelFunction)
{
    KIRQL old = irql_raise(IRQL_DISPATCH);
    KIRQL cancel_irql = old;
    BOOLEAN queued;

    if (CancelFunction != NULL) {
        IoAcquireCancelSpinLock(&cancel_irql);
        IoSetCancelRoutine(Irp, CancelFunction);
    }
    if (Key != NULL)
        queued = KeInsertByKeyDeviceQueue(&DeviceObject->DeviceQueue, &Irp->Tail.Overlay.DeviceQueueEntry, *Key);
    else
        queued = KeInsertDeviceQueue(&DeviceObject->DeviceQueue, &Irp->Tail.Overlay.DeviceQueueEntry);
    if (!queued)
        DeviceObject->CurrentIrp = Irp;
    if (CancelFunction != NULL) {
        /* queued and already cancelled: its routine runs now, under the lock, which it drops */
        if (queued && Irp->Cancel && IoSetCancelRoutine(Irp, NULL) != NULL) {
            Irp->CancelIrql = cancel_irql;
            GUEST_CALL(io_site.IoStartPacket, CancelFunction, (uint64_t)DeviceObject, (uint64_t)Irp);
        } else {
            IoReleaseCancelSpinLock(cancel_irql);
        }
    }
    if (!queued)
        start(io_site.IoStartPacket, DeviceObject, Irp);
    irql_lower(old);
}

/* DISPATCH_LEVEL (documented). */
VOID NTAPI
IoStartNextPacket(PDEVICE_OBJECT DeviceObject, BOOLEAN Cancelable)
{
    PKDEVICE_QUEUE_ENTRY entry;
    PIRP irp = NULL;
    KIRQL cancel_irql = IRQL_DISPATCH;

    if (Cancelable)
        IoAcquireCancelSpinLock(&cancel_irql);
    DeviceObject->CurrentIrp = NULL;
    entry = KeRemoveDeviceQueue(&DeviceObject->DeviceQueue);
    if (entry != NULL) {
        irp = CONTAINING_RECORD(entry, IRP, Tail.Overlay.DeviceQueueEntry);
        DeviceObject->CurrentIrp = irp;
    }
    if (Cancelable)
        IoReleaseCancelSpinLock(cancel_irql);
    if (irp != NULL)
        start(io_site.IoStartNextPacket, DeviceObject, irp);
}

/* ------------------------------------------------------------------ IoTimer */

struct _IO_TIMER {
    KTIMER Timer;
    KDPC Dpc;
    PIO_TIMER_ROUTINE Routine;
    PVOID Context;
    PDEVICE_OBJECT Device;
};

/* The DPC behind a device's timer; args as every DPC's. */
static void
timer_dpc(uint64_t dpc, uint64_t context, uint64_t a2, uint64_t a3)
{
    struct _IO_TIMER *t = (struct _IO_TIMER *)context;

    (void)dpc;
    (void)a2;
    (void)a3;
    GUEST_CALL(io_site.IopTimerDispatch, t->Routine, (uint64_t)t->Device, (uint64_t)t->Context);
}

void
io_startio_init(void)
{
    NT->io->timer_dpc = ke_host_routine("ntoskrnl", "IopTimerDispatch", timer_dpc);
}

/* Returns STATUS_SUCCESS, STATUS_INSUFFICIENT_RESOURCES (documented). */
NTSTATUS NTAPI
IoInitializeTimer(PDEVICE_OBJECT DeviceObject, PIO_TIMER_ROUTINE TimerRoutine, PVOID Context)
{
    struct _IO_TIMER *t = DeviceObject->Timer;

    if (t == NULL) {
        if (ex_fault('iToI') || (t = heap_alloc(sizeof(*t), 'iToI')) == NULL)
            return STATUS_INSUFFICIENT_RESOURCES;
        memset(t, 0, sizeof(*t));
        KeInitializeTimer(&t->Timer);
        KeInitializeDpc(&t->Dpc, (PKDEFERRED_ROUTINE)NT->io->timer_dpc, t);
        t->Device = DeviceObject;
        DeviceObject->Timer = t;
    }
    t->Routine = TimerRoutine;
    t->Context = Context;
    return STATUS_SUCCESS;
}

/* Once a second (documented). */
VOID NTAPI
IoStartTimer(PDEVICE_OBJECT DeviceObject)
{
    ke_timer_set(&DeviceObject->Timer->Timer, -10000000, 1000, &DeviceObject->Timer->Dpc);
}

VOID NTAPI
IoStopTimer(PDEVICE_OBJECT DeviceObject)
{
    ke_timer_cancel(&DeviceObject->Timer->Timer);
}
