/* SPDX-License-Identifier: MIT */
/* requests.c - rules about IRPs and devices; see rules.h. */
#include "rules.h"

NTSTATUS
BreakOtherStatus(RULES_REQUEST *Request)
{
    (VOID)PlainComplete(Request->Irp, STATUS_UNSUCCESSFUL, 0);
    return STATUS_SUCCESS;
}

NTSTATUS
KeepOtherStatus(RULES_REQUEST *Request)
{
    return PlainComplete(Request->Irp, STATUS_UNSUCCESSFUL, 0);
}

NTSTATUS
BreakCompletesPending(RULES_REQUEST *Request)
{
    IoMarkIrpPending(Request->Irp);
    return PlainComplete(Request->Irp, STATUS_PENDING, 0);
}

NTSTATUS
KeepCompletesPending(RULES_REQUEST *Request)
{
    IoMarkIrpPending(Request->Irp);
    (VOID)RulesDone(Request);
    return STATUS_PENDING;
}

static ULONG
OutputLength(const RULES_REQUEST *Request)
{
    return IoGetCurrentIrpStackLocation(Request->Irp)->Parameters.DeviceIoControl.OutputBufferLength;
}

NTSTATUS
BreakTooMuch(RULES_REQUEST *Request)
{
    return PlainComplete(Request->Irp, STATUS_SUCCESS, OutputLength(Request) + 1);
}

NTSTATUS
KeepTooMuch(RULES_REQUEST *Request)
{
    return PlainComplete(Request->Irp, STATUS_SUCCESS, OutputLength(Request));
}

static NTSTATUS
WriteBytes(RULES_REQUEST *Request, ULONG Length)
{
    volatile UCHAR *buffer = Request->Irp->AssociatedIrp.SystemBuffer;

    for (ULONG i = 0; buffer != NULL && i < Length; i++)
        buffer[i] = 0x5a;
    return PlainComplete(Request->Irp, STATUS_SUCCESS, OutputLength(Request));
}

NTSTATUS
BreakWritesBehind(RULES_REQUEST *Request)
{
    return WriteBytes(Request, OutputLength(Request) + 1);
}

NTSTATUS
KeepWritesBehind(RULES_REQUEST *Request)
{
    return WriteBytes(Request, OutputLength(Request));
}

NTSTATUS
BreakFreesTheirs(RULES_REQUEST *Request)
{
    IoFreeIrp(Request->Irp);
    return STATUS_SUCCESS;
}

NTSTATUS
KeepFreesTheirs(RULES_REQUEST *Request)
{
    PIRP own = IoAllocateIrp(Request->Device->StackSize, FALSE);

    if (own != NULL)
        IoFreeIrp(own);
    return RulesDone(Request);
}

/* ------------------------------------------------------------------ IRPs of our own, to our own device */

static IO_COMPLETION_ROUTINE KeepIt;
static DRIVER_CANCEL CancelRight, CancelWrong;

_Use_decl_annotations_ static NTSTATUS
KeepIt(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    UNREFERENCED_PARAMETER(Irp);
    UNREFERENCED_PARAMETER(Context);

    return STATUS_MORE_PROCESSING_REQUIRED;
}

typedef struct _SEND {
    UCHAR Major;
    BOOLEAN Empty, NoRoutine;
    KIRQL Irql;
    PDRIVER_CANCEL Cancel;
} SEND;

/* A write or the like of no bytes, which the device completes at once. */
static NTSTATUS
SendOwn(RULES_REQUEST *Request, SEND Send)
{
    PIRP own = IoAllocateIrp(Request->Device->StackSize, FALSE);
    KIRQL irql;

    if (own == NULL)
        return RulesDone(Request);
    if (!Send.Empty)
        IoGetNextIrpStackLocation(own)->MajorFunction = Send.Major;
    if (!Send.NoRoutine)
        IoSetCompletionRoutine(own, KeepIt, NULL, TRUE, TRUE, TRUE);
    IoSetCancelRoutine(own, Send.Cancel);
    KeRaiseIrql(Send.Irql, &irql);
    (VOID)IoCallDriver(Request->Device, own);
    KeLowerIrql(irql);
    IoSetCancelRoutine(own, NULL);
    IoFreeIrp(own);
    return RulesDone(Request);
}

static const SEND Ordinary = { .Major = IRP_MJ_WRITE };

NTSTATUS
BreakEmptyLocation(RULES_REQUEST *Request)
{
    return SendOwn(Request, (SEND){ .Empty = TRUE, .NoRoutine = TRUE });
}

NTSTATUS
KeepEmptyLocation(RULES_REQUEST *Request)
{
    return SendOwn(Request, Ordinary);
}

NTSTATUS
BreakRunsThrough(RULES_REQUEST *Request)
{
    return SendOwn(Request, (SEND){ .Major = IRP_MJ_WRITE, .NoRoutine = TRUE });
}

NTSTATUS
KeepRunsThrough(RULES_REQUEST *Request)
{
    return SendOwn(Request, Ordinary);
}

NTSTATUS
BreakCreatesHigh(RULES_REQUEST *Request)
{
    return SendOwn(Request, (SEND){ .Major = IRP_MJ_CLEANUP, .Irql = DISPATCH_LEVEL });
}

NTSTATUS
KeepCreatesHigh(RULES_REQUEST *Request)
{
    return SendOwn(Request, (SEND){ .Major = IRP_MJ_WRITE, .Irql = DISPATCH_LEVEL });
}

NTSTATUS
BreakForwardsCancelable(RULES_REQUEST *Request)
{
    return SendOwn(Request, (SEND){ .Major = IRP_MJ_WRITE, .Cancel = CancelRight });
}

NTSTATUS
KeepForwardsCancelable(RULES_REQUEST *Request)
{
    return SendOwn(Request, Ordinary);
}

_Use_decl_annotations_ static VOID
CancelRight(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);

    IoReleaseCancelSpinLock(Irp->CancelIrql);
}

_Use_decl_annotations_ static VOID
CancelWrong(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    UNREFERENCED_PARAMETER(Irp);
}

static NTSTATUS
CancelOwn(RULES_REQUEST *Request, PDRIVER_CANCEL Cancel)
{
    PIRP own = IoAllocateIrp(Request->Device->StackSize + 1, FALSE);

    if (own != NULL) {
        IoSetNextIrpStackLocation(own);
        IoGetCurrentIrpStackLocation(own)->DeviceObject = Request->Device;
        IoSetCancelRoutine(own, Cancel);
        IoCancelIrp(own);
        IoFreeIrp(own);
    }
    return RulesDone(Request);
}

NTSTATUS
BreakCancelKeepsLock(RULES_REQUEST *Request)
{
    return CancelOwn(Request, CancelWrong);
}

NTSTATUS
KeepCancelKeepsLock(RULES_REQUEST *Request)
{
    return CancelOwn(Request, CancelRight);
}

static NTSTATUS
ReleaseLockTimes(RULES_REQUEST *Request, ULONG Times)
{
    static IO_REMOVE_LOCK lock;

    IoInitializeRemoveLock(&lock, PLAIN_TAG, 0, 0);
    if (NT_SUCCESS(IoAcquireRemoveLock(&lock, Request)))
        for (ULONG i = 0; i < Times; i++)
            IoReleaseRemoveLock(&lock, Request);
    return RulesDone(Request);
}

NTSTATUS
BreakReleasesTwice(RULES_REQUEST *Request)
{
    return ReleaseLockTimes(Request, 2);
}

NTSTATUS
KeepReleasesTwice(RULES_REQUEST *Request)
{
    return ReleaseLockTimes(Request, 1);
}

/* ------------------------------------------------------------------ devices */

static PDEVICE_OBJECT
NewDevice(const RULES_REQUEST *Request)
{
    PDEVICE_OBJECT device = NULL;

    if (NT_SUCCESS(IoCreateDevice(Request->Device->DriverObject, 0, NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &device)))
        device->Flags &= ~DO_DEVICE_INITIALIZING;
    return device;
}

static NTSTATUS
DeleteTimes(RULES_REQUEST *Request, ULONG Times)
{
    PDEVICE_OBJECT device = NewDevice(Request);

    if (device != NULL)
        ObReferenceObject(device);
    for (ULONG i = 0; device != NULL && i < Times; i++)
        IoDeleteDevice(device);
    if (device != NULL)
        ObDereferenceObject(device);
    return RulesDone(Request);
}

NTSTATUS
BreakDeletesTwice(RULES_REQUEST *Request)
{
    return DeleteTimes(Request, 2);
}

NTSTATUS
KeepDeletesTwice(RULES_REQUEST *Request)
{
    return DeleteTimes(Request, 1);
}

NTSTATUS
BreakLeavesDevice(RULES_REQUEST *Request)
{
    return DeleteTimes(Request, 0);
}

NTSTATUS
KeepLeavesDevice(RULES_REQUEST *Request)
{
    return DeleteTimes(Request, 1);
}

static NTSTATUS
DeletePair(RULES_REQUEST *Request, BOOLEAN DetachFirst)
{
    PDEVICE_OBJECT lower = NewDevice(Request), upper = NewDevice(Request);

    if (lower != NULL && upper != NULL && IoAttachDeviceToDeviceStack(upper, lower) == lower) {
        ObReferenceObject(lower);
        if (!DetachFirst)
            IoDeleteDevice(lower);
        IoDetachDevice(lower);
        if (DetachFirst)
            IoDeleteDevice(lower);
        ObDereferenceObject(lower);
        lower = NULL;
    }
    if (lower != NULL)
        IoDeleteDevice(lower);
    if (upper != NULL)
        IoDeleteDevice(upper);
    return RulesDone(Request);
}

NTSTATUS
BreakDeletesAttached(RULES_REQUEST *Request)
{
    return DeletePair(Request, FALSE);
}

NTSTATUS
KeepDeletesAttached(RULES_REQUEST *Request)
{
    return DeletePair(Request, TRUE);
}
