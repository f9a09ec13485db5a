/* SPDX-License-Identifier: MIT */
/* nt/po/power.c - power requests: see po.h. */
#include "nt/po/po.h"

#include <string.h>

#include "nt/io/io.h"
#include "nt/ke/ke.h"
#include "nt/ob/ob.h"
#include "trace/event.h"

/* Context of a request of PoRequestPowerIrp; machine memory. */
struct request {
    PDEVICE_OBJECT device;
    PREQUEST_POWER_COMPLETE function;
    PVOID context;
    POWER_STATE state;
    ULONG minor;
};

static struct po_device *
device_record(PDEVICE_OBJECT device)
{
    struct po_device *d;

    for (d = NT->po->devices; d != NULL; d = d->next)
        if (d->device == (uint64_t)device)
            return d;
    d = mon_alloc(sizeof(*d));
    d->device = (uint64_t)device;
    d->system_state.SystemState = PowerSystemWorking;
    d->device_state.DeviceState = PowerDeviceUnspecified;
    d->next = NT->po->devices;
    NT->po->devices = d;
    return d;
}

/* Returns the state before (documented). */
POWER_STATE NTAPI
PoSetPowerState(PDEVICE_OBJECT DeviceObject, POWER_STATE_TYPE Type, POWER_STATE State)
{
    struct po_device *d = device_record(DeviceObject);
    POWER_STATE *slot = Type == SystemPowerState ? &d->system_state : &d->device_state;
    POWER_STATE before = *slot;

    *slot = State;
    return before;
}

/* documented: needed by Windows XP and earlier only; nothing waits for it. */
VOID NTAPI
PoStartNextPowerIrp(PIRP Irp)
{
    (void)Irp;
}

NTSTATUS NTAPI
PoCallDriver(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    return io_call_driver(io_site.IofCallDriver, DeviceObject, Irp);
}

static void
fill(PIRP irp, UCHAR minor, POWER_STATE_TYPE type, POWER_STATE state, POWER_ACTION action)
{
    PIO_STACK_LOCATION sl = IoGetNextIrpStackLocation(irp);

    sl->MajorFunction = IRP_MJ_POWER;
    sl->MinorFunction = minor;
    if (minor == IRP_MN_WAIT_WAKE) {
        sl->Parameters.WaitWake.PowerState = state.SystemState;
    } else {
        sl->Parameters.Power.Type = type;
        sl->Parameters.Power.State = state;
        sl->Parameters.Power.ShutdownType = action;
    }
    irp->IoStatus.Status = STATUS_NOT_SUPPORTED; /* documented for power requests */
}

/* The request came back: tell who asked, then free it. */
NTSTATUS NTAPI
PopRequestCompletion(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context)
{
    struct request *r = Context;

    (void)DeviceObject;
    if (r->function != NULL)
        GUEST_CALL(NT->po->request_site, r->function, (uint64_t)r->device, r->minor, (uint64_t)r->state.SystemState,
                   (uint64_t)r->context, (uint64_t)&Irp->IoStatus);
    ob_dereference(r->device);
    heap_free(r);
    io_irp_free(Irp, fiber_self());
    return STATUS_MORE_PROCESSING_REQUIRED;
}

/*
 * PoRequestPowerIrp - Returns: STATUS_PENDING when the request was sent (whatever became of it),
 * STATUS_INVALID_PARAMETER_2 for another minor code, STATUS_INSUFFICIENT_RESOURCES (documented).
 */
NTSTATUS NTAPI
PoRequestPowerIrp(PDEVICE_OBJECT DeviceObject, UCHAR MinorFunction, POWER_STATE PowerState,
                  PREQUEST_POWER_COMPLETE CompletionFunction, PVOID Context, PIRP *Irp)
{
    struct request *r;
    PDEVICE_OBJECT top;
    PIRP irp;

    if (MinorFunction != IRP_MN_QUERY_POWER && MinorFunction != IRP_MN_SET_POWER && MinorFunction != IRP_MN_WAIT_WAKE)
        return STATUS_INVALID_PARAMETER_2;
    if (ex_fault('qRoP'))
        return STATUS_INSUFFICIENT_RESOURCES;
    top = io_top_device(DeviceObject);
    irp = io_irp_create((CCHAR)(top->StackSize + 1), true);
    r = heap_alloc(sizeof(*r), 'qRoP');
    if (irp == NULL || r == NULL) {
        if (irp != NULL)
            io_irp_free(irp, fiber_self());
        heap_free(r);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    *r = (struct request){ DeviceObject, CompletionFunction, Context, PowerState, MinorFunction };
    ob_reference(DeviceObject);
    irp->CurrentLocation--; /* a location of our own, so that the callback below has a device */
    irp->Tail.Overlay.CurrentStackLocation--;
    IoGetCurrentIrpStackLocation(irp)->DeviceObject = DeviceObject;
    fill(irp, MinorFunction, DevicePowerState, PowerState, PowerActionNone);
    IoSetCompletionRoutine(irp, (PIO_COMPLETION_ROUTINE)NT->po->completion, r, TRUE, TRUE, TRUE);
    trace_emit(EV_IRP_CREATE, irp, IRP_MJ_POWER, 0);
    if (Irp != NULL)
        *Irp = irp;
    io_call_driver(NT->po->request_site, top, irp);
    return STATUS_PENDING;
}

NTSTATUS
po_send(PDEVICE_OBJECT device, UCHAR minor, POWER_STATE_TYPE type, POWER_STATE state, POWER_ACTION action)
{
    PDEVICE_OBJECT top = io_top_device(device);
    PIRP irp = io_irp_create(top->StackSize, false);

    if (irp == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    fill(irp, minor, type, state, action);
    trace_emit(EV_IRP_CREATE, irp, IRP_MJ_POWER, 0);
    return io_send_and_wait(NT->po->request_site, top, irp, "IRP_MJ_POWER", NULL);
}

void
po_init(struct nt *nt)
{
    struct po_state *po = nt->po = mon_alloc(sizeof(*po));

    po->request_site = ke_site("PopRequestPowerIrp");
    po->completion = ddi_address((unsigned)ddi_lookup("ntoskrnl", "PopRequestCompletion"));
    po->wake_cancel = ddi_address((unsigned)ddi_lookup("ntoskrnl", "IopWaitWakeCancel"));
}
