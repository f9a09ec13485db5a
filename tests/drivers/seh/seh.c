/* SPDX-License-Identifier: MIT */
/*
 * seh.c - a driver that is given bad user pointers and survives them, and checks that it did.
 *
 * Model: each control code is METHOD_NEITHER, so the driver sees the program's own pointers. Load runs the cases that
 * need no program. A case that ends otherwise than documented stops the machine with its number, so a clean verdict
 * means that every case passed.
 */
#include "../common/plain.h"

#define IOCTL_SEH_READ  CTL_CODE(FILE_DEVICE_UNKNOWN, 0x901, METHOD_NEITHER, FILE_ANY_ACCESS)
#define IOCTL_SEH_LOCK  CTL_CODE(FILE_DEVICE_UNKNOWN, 0x902, METHOD_NEITHER, FILE_ANY_ACCESS)
#define IOCTL_SEH_WRITE CTL_CODE(FILE_DEVICE_UNKNOWN, 0x903, METHOD_NEITHER, FILE_ANY_ACCESS)

#define BAD_USER_ADDRESS ((PVOID)0x10000)
#define KERNEL_ADDRESS   ((PVOID)(ULONG_PTR)&PlainDriver)

static NTSTATUS SehLoad(PDRIVER_OBJECT DriverObject);
static DRIVER_DISPATCH SehDeviceControl;

PLAIN_DRIVER PlainDriver = {
    PLAIN_NAMES(L"Seh"),
    .Load = SehLoad,
    .DeviceControl = SehDeviceControl,
};

static volatile ULONG Finally; /* how many __finally blocks ran */

#define EXPECT(condition)                                                         \
    do {                                                                          \
        if (!(condition)) {                                                       \
            DbgPrint("seh: line %u: %s\n", __LINE__, #condition);                 \
            KeBugCheckEx(0xE2 /* MANUALLY_INITIATED_CRASH */, __LINE__, 0, 0, 0); \
        }                                                                         \
    } while (0)

static NTSTATUS
ProbeRead(PVOID Address, SIZE_T Length, ULONG Alignment)
{
    __try {
        ProbeForRead(Address, Length, Alignment);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return GetExceptionCode();
    }
    return STATUS_SUCCESS;
}

static NTSTATUS
TouchUser(volatile UCHAR *Address)
{
    NTSTATUS status = STATUS_SUCCESS;
    UCHAR byte;

    __try {
        byte = *Address;
        UNREFERENCED_PARAMETER(byte);
    } __except (GetExceptionCode() == STATUS_ACCESS_VIOLATION ? EXCEPTION_EXECUTE_HANDLER : EXCEPTION_CONTINUE_SEARCH) {
        status = GetExceptionCode();
    }
    return status;
}

static NTSTATUS
LockUser(PVOID Address, ULONG Length, LOCK_OPERATION Operation)
{
    PMDL mdl = IoAllocateMdl(Address, Length, FALSE, FALSE, NULL);
    NTSTATUS status = STATUS_SUCCESS;

    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    __try {
        MmProbeAndLockPages(mdl, UserMode, Operation);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
    }
    if (status == STATUS_SUCCESS)
        MmUnlockPages(mdl);
    IoFreeMdl(mdl);
    return status;
}

/* Locking ends so, or there was no memory to try. */
static BOOLEAN
LockEnds(PVOID Address, ULONG Length, NTSTATUS Expected)
{
    NTSTATUS status = LockUser(Address, Length, IoReadAccess);

    return status == Expected || status == STATUS_INSUFFICIENT_RESOURCES;
}

static __attribute__((noinline)) VOID
RaiseBelow(NTSTATUS Status)
{
    __try {
        ExRaiseStatus(Status);
    } __finally {
        Finally++;
    }
}

static __attribute__((noinline)) VOID
RaiseBelowTwo(NTSTATUS Status)
{
    __try {
        RaiseBelow(Status);
    } __finally {
        Finally++;
    }
}

static VOID
RaiseThroughFrames(VOID)
{
    volatile ULONG before = 17;
    NTSTATUS status = STATUS_SUCCESS;

    Finally = 0;
    __try {
        RaiseBelowTwo(STATUS_DEVICE_BUSY);
        before = 0;
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
    }
    EXPECT(status == STATUS_DEVICE_BUSY);
    EXPECT(Finally == 2);
    EXPECT(before == 17);
}

static VOID
FinallyRunsWithoutException(VOID)
{
    ULONG ran = 0;

    __try {
        ran = 1;
    } __finally {
        ran += 2;
    }
    EXPECT(ran == 3);
}

static NTSTATUS
SehLoad(PDRIVER_OBJECT DriverObject)
{
    UNREFERENCED_PARAMETER(DriverObject);

    FinallyRunsWithoutException();
    RaiseThroughFrames();
    EXPECT(ProbeRead(BAD_USER_ADDRESS, 0, 1) == STATUS_SUCCESS); /* documented: no bytes, no check */
    EXPECT(ProbeRead(KERNEL_ADDRESS, 4, 1) == STATUS_ACCESS_VIOLATION);
    EXPECT(ProbeRead((PVOID)0x10001, 4, 4) == STATUS_DATATYPE_MISALIGNMENT);
    EXPECT(TouchUser(BAD_USER_ADDRESS) == STATUS_ACCESS_VIOLATION);
    return STATUS_SUCCESS;
}

_Use_decl_annotations_ static NTSTATUS
SehDeviceControl(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(Irp);
    PVOID input = stack->Parameters.DeviceIoControl.Type3InputBuffer;
    ULONG length = stack->Parameters.DeviceIoControl.InputBufferLength;
    NTSTATUS status;

    UNREFERENCED_PARAMETER(DeviceObject);

    switch (stack->Parameters.DeviceIoControl.IoControlCode) {
    case IOCTL_SEH_READ:
        EXPECT(TouchUser(BAD_USER_ADDRESS) == STATUS_ACCESS_VIOLATION);
        status = ProbeRead(input, length, 1);
        if (status == STATUS_SUCCESS && length > 0)
            EXPECT((status = TouchUser(input)) == STATUS_SUCCESS || status == STATUS_ACCESS_VIOLATION);
        break;
    case IOCTL_SEH_LOCK:
        EXPECT(LockEnds(BAD_USER_ADDRESS, 4096, STATUS_ACCESS_VIOLATION));
        EXPECT(LockEnds(KERNEL_ADDRESS, 16, STATUS_ACCESS_VIOLATION));
        status = LockUser(input, length, IoReadAccess);
        break;
    case IOCTL_SEH_WRITE:
        status = STATUS_SUCCESS;
        __try {
            ProbeForWrite(Irp->UserBuffer, 8, 1);
            RtlFillMemory(Irp->UserBuffer, 8, 0x5a);
            ProbeForWrite(KERNEL_ADDRESS, 8, 1);
            EXPECT(!"a kernel address was probed");
        } __except (EXCEPTION_EXECUTE_HANDLER) {
            EXPECT(GetExceptionCode() == STATUS_ACCESS_VIOLATION);
        }
        break;
    default:
        status = STATUS_INVALID_DEVICE_REQUEST;
        break;
    }
    return PlainComplete(Irp, status, 0);
}
