/* SPDX-License-Identifier: MIT */
/* io_irp.c - IRPs a driver makes itself: completion flags, builders, associated IRPs, cancel-safe queues, StartIo. */
#include "ddi.h"

#define IOCTL_IRP_DIRECT  CTL_CODE(FILE_DEVICE_UNKNOWN, 0x811, METHOD_OUT_DIRECT, FILE_ANY_ACCESS)
#define IOCTL_IRP_NEITHER CTL_CODE(FILE_DEVICE_UNKNOWN, 0x812, METHOD_NEITHER, FILE_ANY_ACCESS)

static PDEVICE_OBJECT Device;
static NTSTATUS Answer; /* what Serve completes with; STATUS_PENDING: it keeps the IRP */
static PIRP Kept;
static ULONG Served;
static IO_STACK_LOCATION Seen;

static NTSTATUS NTAPI
Serve(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);

    Served++;
    Seen = *IoGetCurrentIrpStackLocation(Irp);
    if (Answer == STATUS_PENDING) {
        IoMarkIrpPending(Irp);
        Kept = Irp;
        return STATUS_PENDING;
    }
    Irp->IoStatus.Status = Answer;
    Irp->IoStatus.Information = 0;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return Answer;
}

static PDRIVER_DISPATCH Before[IRP_MJ_MAXIMUM_FUNCTION + 1];

static BOOLEAN
Begin(VOID)
{
    ULONG i;

    Answer = STATUS_SUCCESS;
    Kept = NULL;
    Served = 0;
    for (i = 0; i <= IRP_MJ_MAXIMUM_FUNCTION; i++) {
        Before[i] = DdiDriverObject->MajorFunction[i];
        DdiDriverObject->MajorFunction[i] = Serve;
    }
    if (!NT_SUCCESS(IoCreateDevice(DdiDriverObject, 0, NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &Device)))
        return FALSE;
    Device->Flags &= ~DO_DEVICE_INITIALIZING;
    return TRUE;
}

static VOID
End(VOID)
{
    ULONG i;

    for (i = 0; i <= IRP_MJ_MAXIMUM_FUNCTION; i++)
        DdiDriverObject->MajorFunction[i] = Before[i];
    IoDeleteDevice(Device);
}

static ULONG Flagged, Caught;

static NTSTATUS NTAPI
OnFlagged(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    UNREFERENCED_PARAMETER(Irp);

    Flagged += *(ULONG *)Context;
    return STATUS_SUCCESS;
}

static NTSTATUS NTAPI
OnCaught(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    UNREFERENCED_PARAMETER(Irp);
    UNREFERENCED_PARAMETER(Context);

    Caught++;
    return STATUS_MORE_PROCESSING_REQUIRED;
}

/* An IRP whose upper location is ours and takes it back at the end. */
static PIRP
OwnIrp(VOID)
{
    PIRP irp = IoAllocateIrp(2, FALSE);

    if (irp == NULL)
        return NULL;
    IoSetCompletionRoutine(irp, OnCaught, NULL, TRUE, TRUE, TRUE);
    IoSetNextIrpStackLocation(irp);
    IoGetNextIrpStackLocation(irp)->MajorFunction = IRP_MJ_DEVICE_CONTROL;
    return irp;
}

static ULONG
Invoked(NTSTATUS Status, BOOLEAN Cancel, BOOLEAN OnSuccess, BOOLEAN OnError, BOOLEAN OnCancel)
{
    static ULONG one = 1;
    PIRP irp = OwnIrp();

    Flagged = Caught = 0;
    if (irp == NULL)
        return 99;
    Answer = Status;
    irp->Cancel = Cancel;
    IoSetCompletionRoutine(irp, OnFlagged, &one, OnSuccess, OnError, OnCancel);
    if (IoCallDriver(Device, irp) != Status || Caught != 1)
        Flagged = 99;
    IoFreeIrp(irp);
    return Flagged;
}

static VOID
CompletionFlags(VOID)
{
    REQUIRE(Begin());
    CHECK(Invoked(STATUS_SUCCESS, FALSE, TRUE, FALSE, FALSE) == 1);
    CHECK(Invoked(STATUS_SUCCESS, FALSE, FALSE, TRUE, TRUE) == 0);
    CHECK(Invoked(STATUS_BUFFER_OVERFLOW, FALSE, FALSE, TRUE, FALSE) == 1); /* a warning is no success */
    CHECK(Invoked(STATUS_UNSUCCESSFUL, FALSE, FALSE, TRUE, FALSE) == 1);
    CHECK(Invoked(STATUS_UNSUCCESSFUL, FALSE, TRUE, FALSE, TRUE) == 0);
    CHECK(Invoked(STATUS_CANCELLED, TRUE, FALSE, FALSE, TRUE) == 1);
    CHECK(Invoked(STATUS_SUCCESS, TRUE, FALSE, FALSE, TRUE) == 1);
    CHECK(Invoked(STATUS_CANCELLED, TRUE, TRUE, FALSE, FALSE) == 0);
    CHECK(Invoked(STATUS_SUCCESS, FALSE, TRUE, TRUE, TRUE) == 1);
    End();
}

static VOID
CompletionRoutineEx(VOID)
{
    static ULONG one = 1;
    PIRP irp;

    REQUIRE(Begin());
    Flagged = 0;
    irp = OwnIrp();
    if (irp != NULL) {
        CHECK(IoSetCompletionRoutineEx(Device, irp, OnFlagged, &one, TRUE, FALSE, FALSE) == STATUS_SUCCESS);
        CHECK(IoCallDriver(Device, irp) == STATUS_SUCCESS);
        CHECK(Flagged == 1);
        IoFreeIrp(irp);
    }
    End();
}

static VOID
InitializeAndReuse(VOID)
{
    USHORT size = IoSizeOfIrp(3);
    PIRP own = ExAllocatePoolWithTag(NonPagedPoolNx, size, DDI_TAG);
    PIRP irp;

    REQUIRE(own != NULL);
    IoInitializeIrp(own, size, 3);
    CHECK(own->StackCount == 3 && own->CurrentLocation == 4);
    CHECK(own->Size == size && own->Type == IO_TYPE_IRP);
    CHECK(own->CancelRoutine == NULL && !own->Cancel);
    ExFreePoolWithTag(own, DDI_TAG);

    REQUIRE(Begin());
    irp = IoAllocateIrp(1, FALSE);
    if (irp != NULL) {
        IoGetNextIrpStackLocation(irp)->MajorFunction = IRP_MJ_DEVICE_CONTROL;
        IoSetCompletionRoutine(irp, OnCaught, NULL, TRUE, TRUE, TRUE);
        Answer = STATUS_UNSUCCESSFUL;
        CHECK(IoCallDriver(Device, irp) == STATUS_UNSUCCESSFUL);
        IoReuseIrp(irp, STATUS_NOT_SUPPORTED);
        CHECK(irp->IoStatus.Status == STATUS_NOT_SUPPORTED);
        CHECK(irp->CurrentLocation == 2 && irp->StackCount == 1);
        CHECK(IoGetNextIrpStackLocation(irp)->CompletionRoutine == NULL);
        IoFreeIrp(irp);
    }
    End();
}

static VOID
BuildAsynchronous(VOID)
{
    static IO_STATUS_BLOCK iosb;
    LARGE_INTEGER offset;
    UCHAR data[8] = "abcdefg";
    PIRP irp;

    REQUIRE(Begin());
    offset.QuadPart = 512;
    Device->Flags |= DO_BUFFERED_IO;
    irp = IoBuildAsynchronousFsdRequest(IRP_MJ_WRITE, Device, data, sizeof(data), &offset, &iosb);
    if (irp != NULL) {
        CHECK(irp->AssociatedIrp.SystemBuffer != NULL && irp->AssociatedIrp.SystemBuffer != (PVOID)data);
        CHECK(RtlCompareMemory(irp->AssociatedIrp.SystemBuffer, data, sizeof(data)) == sizeof(data));
        CHECK(IoGetNextIrpStackLocation(irp)->Parameters.Write.Length == sizeof(data));
        CHECK(IoGetNextIrpStackLocation(irp)->Parameters.Write.ByteOffset.QuadPart == 512);
        Caught = 0;
        IoSetCompletionRoutine(irp, OnCaught, NULL, TRUE, TRUE, TRUE);
        CHECK(IoCallDriver(Device, irp) == STATUS_SUCCESS);
        CHECK(Caught == 1 && Seen.MajorFunction == IRP_MJ_WRITE);
        ExFreePool(irp->AssociatedIrp.SystemBuffer);
        IoFreeIrp(irp);
    } else {
        CHECK(!"IoBuildAsynchronousFsdRequest");
    }
    End();
}

static VOID
BuildSynchronous(VOID)
{
    static IO_STATUS_BLOCK iosb;
    static KEVENT event;
    PIRP irp;

    REQUIRE(Begin());
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    irp = IoBuildSynchronousFsdRequest(IRP_MJ_FLUSH_BUFFERS, Device, NULL, 0, NULL, &event, &iosb);
    if (irp != NULL) {
        CHECK(IoGetRequestorProcess(irp) == PsGetCurrentProcess());
        CHECK(IoGetRequestorProcessId(irp) == HandleToULong(PsGetCurrentProcessId()));
        CHECK(!IoIs32bitProcess(irp));
        Answer = STATUS_PENDING;
        CHECK(IoCallDriver(Device, irp) == STATUS_PENDING);
        CHECK(KeReadStateEvent(&event) == 0);
        Kept->IoStatus.Status = STATUS_DEVICE_NOT_READY;
        Kept->IoStatus.Information = 0;
        IoCompleteRequest(Kept, IO_NO_INCREMENT);
        KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
        CHECK(iosb.Status == STATUS_DEVICE_NOT_READY);
    } else {
        CHECK(!"IoBuildSynchronousFsdRequest");
    }
    End();
}

static VOID
ControlIsDirectOrNeither(VOID)
{
    static IO_STATUS_BLOCK iosb;
    static KEVENT event;
    static ULONG in, out;
    PIRP irp;

    REQUIRE(Begin());
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    irp = IoBuildDeviceIoControlRequest(IOCTL_IRP_DIRECT, Device, &in, sizeof(in), &out, sizeof(out), FALSE, &event,
                                        &iosb);
    if (irp != NULL) {
        CHECK(irp->MdlAddress != NULL && MmGetMdlByteCount(irp->MdlAddress) == sizeof(out));
        CHECK(irp->AssociatedIrp.SystemBuffer != NULL);
        CHECK(IoCallDriver(Device, irp) == STATUS_SUCCESS);
        CHECK(Seen.Parameters.DeviceIoControl.IoControlCode == IOCTL_IRP_DIRECT);
    }
    irp = IoBuildDeviceIoControlRequest(IOCTL_IRP_NEITHER, Device, &in, sizeof(in), &out, sizeof(out), TRUE, &event,
                                        &iosb);
    if (irp != NULL) {
        CHECK(irp->MdlAddress == NULL && irp->UserBuffer == &out);
        CHECK(IoCallDriver(Device, irp) == STATUS_SUCCESS);
        CHECK(Seen.MajorFunction == IRP_MJ_INTERNAL_DEVICE_CONTROL);
        CHECK(Seen.Parameters.DeviceIoControl.Type3InputBuffer == &in);
    }
    End();
}

static VOID
ForwardSynchronously(VOID)
{
    PIRP irp;

    REQUIRE(Begin());
    irp = OwnIrp();
    if (irp != NULL) {
        IoGetCurrentIrpStackLocation(irp)->MajorFunction = IRP_MJ_FLUSH_BUFFERS;
        Answer = STATUS_UNSUCCESSFUL;
        CHECK(IoForwardIrpSynchronously(Device, irp));
        CHECK(Seen.MajorFunction == IRP_MJ_FLUSH_BUFFERS);
        CHECK(irp->IoStatus.Status == STATUS_UNSUCCESSFUL);
        IoGetNextIrpStackLocation(irp)->MajorFunction = IRP_MJ_READ;
        CHECK(IoSynchronousCallDriver(Device, irp) == STATUS_UNSUCCESSFUL);
        IoSetNextIrpStackLocation(irp);
        CHECK(!IoForwardIrpSynchronously(Device, irp)); /* no location is left */
        IoFreeIrp(irp);
    }
    End();
}

static VOID
AssociatedIrpEndsItsMaster(VOID)
{
    PIRP master;
    PIRP part;

    REQUIRE(Begin());
    master = OwnIrp();
    if (master != NULL) {
        master->AssociatedIrp.IrpCount = 1;
        part = IoMakeAssociatedIrp(master, Device->StackSize);
        if (part != NULL) {
            CHECK((part->Flags & IRP_ASSOCIATED_IRP) != 0 && part->AssociatedIrp.MasterIrp == master);
            IoGetNextIrpStackLocation(part)->MajorFunction = IRP_MJ_READ;
            Caught = 0;
            CHECK(IoCallDriver(Device, part) == STATUS_SUCCESS);
            CHECK(Caught == 1); /* the I/O manager completed the master with the last part */
        }
        IoFreeIrp(master);
    }
    End();
}

static VOID
CancelSpinLockRaises(VOID)
{
    KIRQL irql = HIGH_LEVEL;

    IoAcquireCancelSpinLock(&irql);
    CHECK(irql == PASSIVE_LEVEL && KeGetCurrentIrql() == DISPATCH_LEVEL);
    IoReleaseCancelSpinLock(irql);
    CHECK(KeGetCurrentIrql() == PASSIVE_LEVEL);
}

/* ------------------------------------------------------------------ cancel-safe queues */

static IO_CSQ Csq;
static KSPIN_LOCK CsqLock;
static LIST_ENTRY CsqList;
static ULONG CsqCancelled;
static BOOLEAN CsqRefuse;

static VOID NTAPI
CsqInsert(PIO_CSQ Queue, PIRP Irp)
{
    UNREFERENCED_PARAMETER(Queue);

    InsertTailList(&CsqList, &Irp->Tail.Overlay.ListEntry);
}

static NTSTATUS NTAPI
CsqInsertEx(PIO_CSQ Queue, PIRP Irp, PVOID InsertContext)
{
    UNREFERENCED_PARAMETER(InsertContext);

    if (CsqRefuse)
        return STATUS_DEVICE_BUSY;
    CsqInsert(Queue, Irp);
    return STATUS_SUCCESS;
}

static VOID NTAPI
CsqRemove(PIO_CSQ Queue, PIRP Irp)
{
    UNREFERENCED_PARAMETER(Queue);

    RemoveEntryList(&Irp->Tail.Overlay.ListEntry);
}

static PIRP NTAPI
CsqPeek(PIO_CSQ Queue, PIRP Irp, PVOID PeekContext)
{
    PLIST_ENTRY next = Irp != NULL ? Irp->Tail.Overlay.ListEntry.Flink : CsqList.Flink;

    UNREFERENCED_PARAMETER(Queue);
    UNREFERENCED_PARAMETER(PeekContext);

    return next == &CsqList ? NULL : CONTAINING_RECORD(next, IRP, Tail.Overlay.ListEntry);
}

_IRQL_raises_(DISPATCH_LEVEL) static VOID NTAPI CsqAcquire(PIO_CSQ Queue, PKIRQL Irql)
{
    UNREFERENCED_PARAMETER(Queue);

    KeAcquireSpinLock(&CsqLock, Irql);
}

static VOID NTAPI
CsqRelease(PIO_CSQ Queue, KIRQL Irql)
{
    UNREFERENCED_PARAMETER(Queue);

    KeReleaseSpinLock(&CsqLock, Irql);
}

static VOID NTAPI
CsqComplete(PIO_CSQ Queue, PIRP Irp)
{
    UNREFERENCED_PARAMETER(Queue);
    UNREFERENCED_PARAMETER(Irp);

    CsqCancelled++;
}

static VOID
CsqBegin(VOID)
{
    KeInitializeSpinLock(&CsqLock);
    InitializeListHead(&CsqList);
    CsqCancelled = 0;
    CsqRefuse = FALSE;
}

static VOID
CancelSafeQueue(VOID)
{
    static IO_CSQ_IRP_CONTEXT context;
    PIRP one = OwnIrp();
    PIRP two = OwnIrp();

    REQUIRE(one != NULL && two != NULL);
    CsqBegin();
    CHECK(IoCsqInitialize(&Csq, CsqInsert, CsqRemove, CsqPeek, CsqAcquire, CsqRelease, CsqComplete) == STATUS_SUCCESS);
    CHECK(IoCsqRemoveNextIrp(&Csq, NULL) == NULL);
    IoCsqInsertIrp(&Csq, one, &context);
    IoCsqInsertIrp(&Csq, two, NULL);
    CHECK((IoGetCurrentIrpStackLocation(one)->Control & SL_PENDING_RETURNED) != 0);
    CHECK(IoCsqRemoveIrp(&Csq, &context) == one);
    CHECK(IoCsqRemoveIrp(&Csq, &context) == NULL);
    CHECK(IoCsqRemoveNextIrp(&Csq, NULL) == two);
    CHECK(IsListEmpty(&CsqList) && CsqCancelled == 0);
    IoCsqInsertIrp(&Csq, one, &context);
    CHECK(IoCancelIrp(one));
    CHECK(CsqCancelled == 1 && IsListEmpty(&CsqList));
    CHECK(IoCsqRemoveIrp(&Csq, &context) == NULL);
    two->Cancel = TRUE;
    IoCsqInsertIrp(&Csq, two, NULL); /* cancelled before: it is not queued */
    CHECK(CsqCancelled == 2 && IsListEmpty(&CsqList));
    IoFreeIrp(one);
    IoFreeIrp(two);
}

static VOID
CancelSafeQueueMayRefuse(VOID)
{
    PIRP irp = OwnIrp();

    REQUIRE(irp != NULL);
    CsqBegin();
    CHECK(IoCsqInitializeEx(&Csq, CsqInsertEx, CsqRemove, CsqPeek, CsqAcquire, CsqRelease, CsqComplete) ==
          STATUS_SUCCESS);
    CsqRefuse = TRUE;
    CHECK(IoCsqInsertIrpEx(&Csq, irp, NULL, NULL) == STATUS_DEVICE_BUSY);
    CHECK(IsListEmpty(&CsqList) && irp->CancelRoutine == NULL);
    CsqRefuse = FALSE;
    CHECK(IoCsqInsertIrpEx(&Csq, irp, NULL, NULL) == STATUS_SUCCESS);
    CHECK(IoCsqRemoveNextIrp(&Csq, NULL) == irp);
    IoFreeIrp(irp);
}

/* ------------------------------------------------------------------ StartIo */

static ULONG Started;

static VOID NTAPI
StartOne(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(Irp);

    if (KeGetCurrentIrql() == DISPATCH_LEVEL && DeviceObject->CurrentIrp == Irp)
        Started++;
}

static VOID
StartIoOneAtATime(VOID)
{
    PDRIVER_STARTIO before = DdiDriverObject->DriverStartIo;
    PIRP one = OwnIrp();
    PIRP two = OwnIrp();
    KIRQL old;

    REQUIRE(one != NULL && two != NULL);
    REQUIRE(Begin());
    Started = 0;
    DdiDriverObject->DriverStartIo = StartOne;
    IoStartPacket(Device, one, NULL, NULL);
    IoStartPacket(Device, two, NULL, NULL);
    CHECK(Started == 1 && Device->CurrentIrp == one);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    IoStartNextPacket(Device, FALSE);
    CHECK(Started == 2 && Device->CurrentIrp == two);
    IoStartNextPacket(Device, TRUE);
    CHECK(Started == 2 && Device->CurrentIrp == NULL);
    KeLowerIrql(old);
    DdiDriverObject->DriverStartIo = before;
    IoFreeIrp(one);
    IoFreeIrp(two);
    End();
}

DDI_TESTS(irp, { "completion_flags", CompletionFlags }, { "completion_routine_ex", CompletionRoutineEx },
          { "initialize_and_reuse", InitializeAndReuse }, { "build_asynchronous", BuildAsynchronous },
          { "build_synchronous", BuildSynchronous }, { "control_is_direct_or_neither", ControlIsDirectOrNeither },
          { "forward_synchronously", ForwardSynchronously },
          { "associated_irp_ends_its_master", AssociatedIrpEndsItsMaster },
          { "cancel_spin_lock_raises", CancelSpinLockRaises }, { "cancel_safe_queue", CancelSafeQueue },
          { "cancel_safe_queue_may_refuse", CancelSafeQueueMayRefuse },
          { "start_io_one_at_a_time", StartIoOneAtATime });
