/* SPDX-License-Identifier: MIT */
/*
 * pending.c - rules about IRPs and other things that are not over when a call returns; see rules.h.
 *
 * Model: an IRP of our own is a read to our own device, which keeps it and says what HeldAs asks for. One
 * at a time.
 */
#include "rules.h"

static PIRP Held; /* in RulesRead; whoever sent it completes it */
static enum { ReadMarks, ReadMarksNot, ReadSaysDone } HeldAs;

static IO_COMPLETION_ROUTINE Stop, GoOnRight, GoOnWrong;

_Use_decl_annotations_ static NTSTATUS
Stop(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    UNREFERENCED_PARAMETER(Irp);
    UNREFERENCED_PARAMETER(Context);

    return STATUS_MORE_PROCESSING_REQUIRED;
}

_Use_decl_annotations_ NTSTATUS
RulesRead(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);

    if (Held != NULL)
        return PlainComplete(Irp, STATUS_DEVICE_BUSY, 0);
    if (HeldAs == ReadMarks)
        IoMarkIrpPending(Irp);
    Held = Irp;
    return HeldAs == ReadSaysDone ? STATUS_SUCCESS : STATUS_PENDING;
}

static VOID
CompleteHeld(VOID)
{
    PIRP held = Held;

    Held = NULL;
    if (held != NULL)
        (VOID) PlainComplete(held, STATUS_SUCCESS, 0);
}

/* A read of our own, which is held when this returns. NULL: no memory. */
static PIRP
SendRead(const RULES_REQUEST *Request)
{
    PIRP own = IoAllocateIrp(Request->Device->StackSize, FALSE);

    if (own == NULL)
        return NULL;
    IoGetNextIrpStackLocation(own)->MajorFunction = IRP_MJ_READ;
    IoSetCompletionRoutine(own, Stop, NULL, TRUE, TRUE, TRUE);
    (VOID) IoCallDriver(Request->Device, own);
    return own;
}

/* Complete it, free it. */
static NTSTATUS
EndRead(RULES_REQUEST *Request, PIRP Own)
{
    CompleteHeld();
    if (Own != NULL)
        IoFreeIrp(Own);
    return RulesDone(Request);
}

NTSTATUS
BreakCancelsTheirs(RULES_REQUEST *Request)
{
    IoCancelIrp(Request->Irp);
    return RulesDone(Request);
}

NTSTATUS
KeepCancelsTheirs(RULES_REQUEST *Request)
{
    PIRP own = SendRead(Request);

    if (own != NULL)
        IoCancelIrp(own);
    return EndRead(Request, own);
}

NTSTATUS
BreakFreesBusy(RULES_REQUEST *Request)
{
    PIRP own = SendRead(Request);

    if (own != NULL)
        IoFreeIrp(own);
    return RulesDone(Request);
}

NTSTATUS
KeepFreesBusy(RULES_REQUEST *Request)
{
    return EndRead(Request, SendRead(Request));
}

NTSTATUS
BreakReusesBusy(RULES_REQUEST *Request)
{
    PIRP own = SendRead(Request);

    if (own != NULL)
        IoReuseIrp(own, STATUS_SUCCESS);
    Held = NULL;
    return EndRead(Request, own);
}

NTSTATUS
KeepReusesBusy(RULES_REQUEST *Request)
{
    PIRP own = SendRead(Request);

    CompleteHeld();
    if (own != NULL)
        IoReuseIrp(own, STATUS_SUCCESS);
    return EndRead(Request, own);
}

NTSTATUS
BreakLeavesIrp(RULES_REQUEST *Request)
{
    (VOID) SendRead(Request);
    return RulesDone(Request);
}

NTSTATUS
KeepLeavesIrp(RULES_REQUEST *Request)
{
    return EndRead(Request, SendRead(Request));
}

/* ------------------------------------------------------------------ what a dispatch routine says */

static NTSTATUS
ReadAs(RULES_REQUEST *Request, int As)
{
    PIRP own;

    HeldAs = As;
    own = SendRead(Request);
    HeldAs = ReadMarks;
    return EndRead(Request, own);
}

NTSTATUS
BreakCompletesNot(RULES_REQUEST *Request)
{
    return ReadAs(Request, ReadSaysDone);
}

NTSTATUS
KeepCompletesNot(RULES_REQUEST *Request)
{
    return ReadAs(Request, ReadMarks);
}

NTSTATUS
BreakMarksNothing(RULES_REQUEST *Request)
{
    return ReadAs(Request, ReadMarksNot);
}

NTSTATUS
KeepMarksNothing(RULES_REQUEST *Request)
{
    return ReadAs(Request, ReadMarks);
}

NTSTATUS
BreakMarksPending(RULES_REQUEST *Request)
{
    IoMarkIrpPending(Request->Irp);
    return RulesDone(Request);
}

NTSTATUS
KeepMarksPending(RULES_REQUEST *Request)
{
    IoMarkIrpPending(Request->Irp);
    (VOID) RulesDone(Request);
    return STATUS_PENDING;
}

_Use_decl_annotations_ static NTSTATUS
GoOnRight(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    UNREFERENCED_PARAMETER(Context);

    if (Irp->PendingReturned)
        IoMarkIrpPending(Irp);
    return STATUS_CONTINUE_COMPLETION;
}

_Use_decl_annotations_ static NTSTATUS
GoOnWrong(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    UNREFERENCED_PARAMETER(Irp);
    UNREFERENCED_PARAMETER(Context);

    return STATUS_CONTINUE_COMPLETION;
}

/* As a driver in the middle would: the read is passed on from a location of ours to the device below. */
static NTSTATUS
PassOn(RULES_REQUEST *Request, PIO_COMPLETION_ROUTINE Routine)
{
    PIRP own = IoAllocateIrp((CCHAR)(Request->Device->StackSize + 1), FALSE);

    if (own != NULL) {
        IoSetCompletionRoutine(own, Stop, NULL, TRUE, TRUE, TRUE);
        IoSetNextIrpStackLocation(own);
        IoGetCurrentIrpStackLocation(own)->DeviceObject = Request->Device;
        IoGetNextIrpStackLocation(own)->MajorFunction = IRP_MJ_READ;
        IoSetCompletionRoutine(own, Routine, NULL, TRUE, TRUE, TRUE);
        (VOID) IoCallDriver(Request->Device, own);
    }
    return EndRead(Request, own);
}

NTSTATUS
BreakLosesPending(RULES_REQUEST *Request)
{
    return PassOn(Request, GoOnWrong);
}

NTSTATUS
KeepLosesPending(RULES_REQUEST *Request)
{
    return PassOn(Request, GoOnRight);
}

/* ------------------------------------------------------------------ timers and work items */

static NTSTATUS
FreeTimer(RULES_REQUEST *Request, BOOLEAN Cancel)
{
    LARGE_INTEGER minute = { .QuadPart = -60 * 10000000LL };
    PKTIMER timer = ExAllocatePoolWithTag(NonPagedPoolNx, sizeof(*timer), PLAIN_TAG);

    if (timer != NULL) {
        KeInitializeTimer(timer);
        KeSetTimer(timer, minute, NULL);
        if (Cancel)
            KeCancelTimer(timer);
        ExFreePoolWithTag(timer, PLAIN_TAG);
    }
    return RulesDone(Request);
}

NTSTATUS
BreakLeavesTimer(RULES_REQUEST *Request)
{
    return FreeTimer(Request, FALSE);
}

NTSTATUS
KeepLeavesTimer(RULES_REQUEST *Request)
{
    return FreeTimer(Request, TRUE);
}

static enum { UnloadOnly, UnloadQueues, UnloadWaits } UnloadAs;
static WORK_QUEUE_ITEM Item;
static KEVENT Worked;
static WORKER_THREAD_ROUTINE Work;

_Use_decl_annotations_ static VOID
Work(PVOID Context)
{
    UNREFERENCED_PARAMETER(Context);

    KeSetEvent(&Worked, IO_NO_INCREMENT, FALSE);
}

VOID
RulesUnload(VOID)
{
    if (UnloadAs == UnloadOnly)
        return;
    KeInitializeEvent(&Worked, NotificationEvent, FALSE);
    ExInitializeWorkItem(&Item, Work, NULL);
    ExQueueWorkItem(&Item, DelayedWorkQueue);
    if (UnloadAs == UnloadWaits)
        KeWaitForSingleObject(&Worked, Executive, KernelMode, FALSE, NULL);
}

NTSTATUS
BreakLeavesWork(RULES_REQUEST *Request)
{
    UnloadAs = UnloadQueues;
    return RulesDone(Request);
}

NTSTATUS
KeepLeavesWork(RULES_REQUEST *Request)
{
    UnloadAs = UnloadWaits;
    return RulesDone(Request);
}
