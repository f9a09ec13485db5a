/* SPDX-License-Identifier: MIT */
/*
 * nt/io/dispatch.c - requests going down to drivers and coming up again.
 *
 * Model: going down moves to the next lower stack location and calls the routine the driver has for its major
 * function. Coming up leaves one location after the other, from the one the completer owned: PendingReturned takes
 * that location's pending bit, its completion routine runs if its flags match the status, and
 * STATUS_MORE_PROCESSING_REQUIRED stops the walk. Where no routine ran, the pending bit moves up by itself.
 *
 * What a dispatch routine returned and in what state its location was left are two facts that come in either order;
 * judge() compares them when both are there.
 * Start reading at: io_call_driver(), then io_complete().
 */
#include "nt/io/io.h"

#include <string.h>

#include "nt/ex/ex.h"
#include "nt/ke/ke.h"
#include "trace/event.h"

/* ------------------------------------------------------------------ down */

static void
misuse(uint64_t irp, const struct io_location *l, unsigned rule, uint64_t value)
{
    trace_emit(EV_IRP_MISUSE, irp, rule, value, l->dispatch);
}

/* Both facts about a location are known: is the routine's answer the one it should have given? */
static void
judge(uint64_t irp, struct io_location *l)
{
    if (!l->has_returned || !l->left)
        return;
    if (l->returned == STATUS_PENDING && !l->marked)
        misuse(irp, l, IO_RULE_NOT_MARKED, (uint32_t)l->returned);
    else if (l->returned != STATUS_PENDING && l->marked)
        misuse(irp, l, IO_RULE_MARKED_NOT_RETURNED, (uint32_t)l->returned);
    else if (l->returned != STATUS_PENDING && l->returned != l->left_status)
        misuse(irp, l, IO_RULE_STATUS_MISMATCH, (uint32_t)l->returned);
    l->dispatch = 0;
    l->has_returned = l->left = false;
}

static struct io_location *
location_of(struct io_irp *r, int location)
{
    return r != NULL && location >= 1 && location <= (int)IO_IRP_LOCATIONS ? &r->location[location - 1] : NULL;
}

static void
dispatch_returned(PIRP irp, struct io_irp *r, int location, NTSTATUS status)
{
    struct io_location *l = location_of(r, location);

    if (l == NULL || l->dispatch == 0)
        return;
    l->returned = status;
    l->has_returned = true;
    if (!l->left && status != STATUS_PENDING && !r->freed)
        misuse((uint64_t)irp, l, IO_RULE_NOT_COMPLETED, (uint32_t)status);
    judge((uint64_t)irp, l);
}

NTSTATUS
io_call_driver(uint32_t site, PDEVICE_OBJECT device, PIRP irp)
{
    PDRIVER_OBJECT driver = device->DriverObject;
    PIO_STACK_LOCATION sl;
    struct io_irp *r;
    struct io_location *l;
    int location;
    UCHAR major;
    uint64_t dispatch;
    NTSTATUS status;

    if (--irp->CurrentLocation <= 0)
        machine_bugcheck(NO_MORE_IRP_STACK_LOCATIONS, (uint64_t)irp, 0, 0, 0);
    sl = --irp->Tail.Overlay.CurrentStackLocation;
    sl->DeviceObject = device;
    location = irp->CurrentLocation;
    major = sl->MajorFunction;
    dispatch = (uint64_t)driver->MajorFunction[major];
    r = io_irp_record(irp);
    l = location_of(r, location);
    if (l != NULL)
        *l = (struct io_location){ .dispatch = dispatch };
    if (r != NULL)
        r->calls++;
    trace_emit(EV_IRP_DISPATCH, irp, (uint64_t)device, major, (uint64_t)driver);
    status = (NTSTATUS)GUEST_CALL(site, dispatch, (uint64_t)device, (uint64_t)irp);
    trace_emit(EV_IRP_DISPATCHED, irp, (uint64_t)device, major, (uint32_t)status);
    if (status == STATUS_PENDING)
        trace_emit(EV_IRP_PENDING, irp);
    if (r != NULL) {
        dispatch_returned(irp, r, location, status);
        io_irp_call_done(r);
    }
    return status;
}

/* Documented for every major function but these: dispatch routines run at PASSIVE_LEVEL. */
static bool
may_come_at_dispatch(UCHAR major)
{
    return major == IRP_MJ_READ || major == IRP_MJ_WRITE || major == IRP_MJ_DEVICE_CONTROL ||
           major == IRP_MJ_INTERNAL_DEVICE_CONTROL || major == IRP_MJ_POWER;
}

/* What a driver may get wrong before it sends an IRP. */
static void
check_sent(PIRP irp)
{
    static const IO_STACK_LOCATION empty;
    const IO_STACK_LOCATION *sl = IoGetNextIrpStackLocation(irp);

    if (irp->CurrentLocation <= 1)
        return; /* bugcheck 0x35 is next */
    if (irp->CancelRoutine != NULL)
        trace_emit(EV_IRP_MISUSE, irp, IO_RULE_FORWARD_CANCEL_SET, (uint64_t)irp->CancelRoutine);
    if (memcmp(sl, &empty, sizeof(empty)) == 0)
        trace_emit(EV_IO_MISUSE, irp, IO_MISUSE_STACK_NOT_SET);
    if (irql_get() >= IRQL_DISPATCH && !may_come_at_dispatch(sl->MajorFunction))
        trace_emit(EV_IO_MISUSE, irp, IO_MISUSE_FORWARD_IRQL, sl->MajorFunction, irql_get());
}

/*
 * IofCallDriver - documented: bugcheck 0x35 when the IRP has no stack location left. The caller no longer owns the
 * IRP; the status is what the driver below returned.
 */
NTSTATUS NTAPI
IofCallDriver(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    check_sent(Irp);
    return io_call_driver(io_site.IofCallDriver, DeviceObject, Irp);
}

/* What every entry of MajorFunction is until the driver sets it (documented: STATUS_INVALID_DEVICE_REQUEST). */
NTSTATUS NTAPI
IopInvalidDeviceRequest(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    (void)DeviceObject;
    Irp->IoStatus.Status = STATUS_INVALID_DEVICE_REQUEST;
    Irp->IoStatus.Information = 0;
    io_complete(Irp);
    return STATUS_INVALID_DEVICE_REQUEST;
}

/* ------------------------------------------------------------------ up */

static bool
routine_wanted(const IO_STACK_LOCATION *sl, const IRP *irp)
{
    if (sl->CompletionRoutine == NULL)
        return false;
    if (NT_SUCCESS(irp->IoStatus.Status) ? sl->Control & SL_INVOKE_ON_SUCCESS : sl->Control & SL_INVOKE_ON_ERROR)
        return true;
    return irp->Cancel && (sl->Control & SL_INVOKE_ON_CANCEL);
}

/* A location is left for good: nothing of it may be used again (observed: the kernel clears it). */
static void
clear_location(PIO_STACK_LOCATION sl)
{
    PIO_COMPLETION_ROUTINE routine = sl->CompletionRoutine;
    PVOID context = sl->Context;
    PDEVICE_OBJECT device = sl->DeviceObject;
    UCHAR major = sl->MajorFunction;

    memset(sl, 0, sizeof(*sl));
    sl->MajorFunction = major;
    sl->DeviceObject = device;
    sl->CompletionRoutine = routine;
    sl->Context = context;
}

/* Leave one location. false: its completion routine took the IRP back. */
static bool
leave_location(PIRP irp, struct io_irp *r, PIO_STACK_LOCATION sl)
{
    struct io_location *l = location_of(r, irp->CurrentLocation - 1);
    PDEVICE_OBJECT device;
    NTSTATUS status;
    bool pending;

    irp->PendingReturned = (sl->Control & SL_PENDING_RETURNED) != 0;
    if (l != NULL && l->dispatch != 0) {
        l->left = true;
        l->marked = irp->PendingReturned;
        l->left_status = irp->IoStatus.Status;
        judge(r->irp, l);
    }
    if (!routine_wanted(sl, irp)) {
        if (irp->PendingReturned && irp->CurrentLocation <= irp->StackCount)
            IoMarkIrpPending(irp);
        clear_location(sl);
        return true;
    }
    pending = irp->PendingReturned;
    clear_location(sl);
    device = irp->CurrentLocation == irp->StackCount + 1 ? NULL : IoGetCurrentIrpStackLocation(irp)->DeviceObject;
    status = (NTSTATUS)GUEST_CALL(io_site.IofCompleteRequest, sl->CompletionRoutine, (uint64_t)device, (uint64_t)irp,
                                  (uint64_t)sl->Context);
    if (status == STATUS_MORE_PROCESSING_REQUIRED)
        return false;
    if (pending && irp->CurrentLocation <= irp->StackCount &&
        !(IoGetCurrentIrpStackLocation(irp)->Control & SL_PENDING_RETURNED))
        trace_emit(EV_IRP_MISUSE, irp, IO_RULE_PENDING_LOST, (uint64_t)sl->CompletionRoutine);
    return true;
}

void
io_complete(PIRP irp)
{
    struct io_irp *r;
    PIO_STACK_LOCATION sl;

    if (irp->Type != IO_TYPE_IRP || irp->CurrentLocation > irp->StackCount + 1)
        machine_bugcheck(MULTIPLE_IRP_COMPLETE_REQUESTS, (uint64_t)irp, 0, 0, 0);
    trace_emit(EV_IRP_COMPLETE, irp, (uint32_t)irp->IoStatus.Status, irp->IoStatus.Information);
    r = io_irp_record(irp);
    if (irp->CancelRoutine != NULL)
        trace_emit(EV_IRP_MISUSE, irp, IO_RULE_CANCEL_ROUTINE_SET, (uint64_t)irp->CancelRoutine);
    if (r != NULL)
        r->calls++;
    sl = IoGetCurrentIrpStackLocation(irp);
    for (;; sl++) {
        irp->CurrentLocation++;
        irp->Tail.Overlay.CurrentStackLocation++;
        if (irp->CurrentLocation > irp->StackCount + 1)
            break; /* stays so: a second completion is bugcheck 0x44 */
        if (!leave_location(irp, r, sl)) {
            if (r != NULL)
                io_irp_call_done(r);
            return;
        }
    }
    if (r != NULL)
        io_irp_call_done(r);
    io_finish(irp);
}

/*
 * IofCompleteRequest - the driver is done with the IRP.
 * Source:    documented; bugcheck 0x44 when it was completed before. The priority boost changes nothing here.
 * IRQL:      <= DISPATCH_LEVEL
 * Ownership: takes Irp.
 */
VOID NTAPI
IofCompleteRequest(PIRP Irp, CCHAR PriorityBoost)
{
    const struct ke_lock *held = ke_spin_held(fiber_self());

    (void)PriorityBoost;
    if (held != NULL)
        trace_emit(EV_IO_MISUSE, Irp, IO_MISUSE_COMPLETED_LOCKED, held->address);
    io_complete(Irp);
}

/* ------------------------------------------------------------------ variants */

/* What IoSetCompletionRoutineEx keeps until the routine runs. Pool: the driver's, as who sets a routine has to send. */
struct unload_safe {
    PDEVICE_OBJECT device; /* with a reference */
    PIO_COMPLETION_ROUTINE routine;
    PVOID context;
};

#define TAG_UNLOAD_SAFE 'csUI'

/*
 * IoSetCompletionRoutineEx - as IoSetCompletionRoutine, and the driver stays until the routine has run.
 *
 * Source:    documented: memory that remains allocated until the routine executes, for ever if it never does.
 * IRQL:      <= DISPATCH_LEVEL
 * Ownership: borrows Irp; keeps DeviceObject until the routine runs.
 * Returns:   STATUS_SUCCESS, _INSUFFICIENT_RESOURCES (no routine is set).
 */
NTSTATUS NTAPI
IoSetCompletionRoutineEx(PDEVICE_OBJECT DeviceObject, PIRP Irp, PIO_COMPLETION_ROUTINE CompletionRoutine, PVOID Context,
                         BOOLEAN InvokeOnSuccess, BOOLEAN InvokeOnError, BOOLEAN InvokeOnCancel)
{
    struct unload_safe *u = ex_pool_alloc(NonPagedPool, sizeof(*u), TAG_UNLOAD_SAFE, 0);

    if (u == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    io_device_get(DeviceObject);
    *u = (struct unload_safe){ DeviceObject, CompletionRoutine, Context };
    IoSetCompletionRoutine(Irp, (PIO_COMPLETION_ROUTINE)NT->io->unload_safe_completion, u, InvokeOnSuccess,
                           InvokeOnError, InvokeOnCancel);
    return STATUS_SUCCESS;
}

/* IopUnloadSafeCompletion - the routine that was set; then the device may go. IRQL: <= DISPATCH_LEVEL */
NTSTATUS NTAPI
IopUnloadSafeCompletion(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context)
{
    struct unload_safe u = *(struct unload_safe *)Context;
    NTSTATUS status;

    ex_pool_free(Context, TAG_UNLOAD_SAFE);
    status = (NTSTATUS)GUEST_CALL(io_site.IopUnloadSafeCompletion, u.routine, (uint64_t)DeviceObject, (uint64_t)Irp,
                                  (uint64_t)u.context);
    io_device_put(u.device);
    return status;
}
