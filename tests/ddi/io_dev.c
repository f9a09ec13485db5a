/* SPDX-License-Identifier: MIT */
/* io_dev.c - devices and their stacks, opening them, interfaces, notifications, timers, the error log. */
#include "ddi.h"

#include <ntifs.h>
#include <wdmsec.h>
#include <wmistr.h>

/* Exported, in no public header of the WDK. */
NTKERNELAPI NTSTATUS NTAPI IoCreateFile(PHANDLE FileHandle, ACCESS_MASK DesiredAccess,
                                        POBJECT_ATTRIBUTES ObjectAttributes, PIO_STATUS_BLOCK IoStatusBlock,
                                        PLARGE_INTEGER AllocationSize, ULONG FileAttributes, ULONG ShareAccess,
                                        ULONG Disposition, ULONG CreateOptions, PVOID EaBuffer, ULONG EaLength,
                                        ULONG CreateFileType, PVOID InternalParameters, ULONG Options);
NTSYSAPI NTSTATUS NTAPI ZwCancelIoFile(HANDLE FileHandle, PIO_STATUS_BLOCK IoStatusBlock);

#define IOCTL_DEV CTL_CODE(FILE_DEVICE_UNKNOWN, 0x821, METHOD_BUFFERED, FILE_ANY_ACCESS)

static UNICODE_STRING Name = RTL_CONSTANT_STRING(L"\\Device\\DdiDev");
static UNICODE_STRING Nothing = RTL_CONSTANT_STRING(L"\\Device\\DdiNothing");
static ULONG Calls[IRP_MJ_MAXIMUM_FUNCTION + 1];
static PIRP Pended;
static BOOLEAN PendReads;
static NTSTATUS CreateSays = STATUS_SUCCESS;

static VOID NTAPI
CancelPended(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);

    IoReleaseCancelSpinLock(Irp->CancelIrql);
    Pended = NULL;
    Irp->IoStatus.Status = STATUS_CANCELLED;
    Irp->IoStatus.Information = 0;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
}

static NTSTATUS NTAPI
Answer(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(Irp);
    NTSTATUS status;

    UNREFERENCED_PARAMETER(DeviceObject);

    Calls[stack->MajorFunction]++;
    if (stack->MajorFunction == IRP_MJ_READ && PendReads) {
        IoMarkIrpPending(Irp);
        Pended = Irp;
        IoSetCancelRoutine(Irp, CancelPended);
        return STATUS_PENDING;
    }
    status = stack->MajorFunction == IRP_MJ_CREATE ? CreateSays : STATUS_SUCCESS;
    Irp->IoStatus.Status = status;
    Irp->IoStatus.Information = stack->MajorFunction == IRP_MJ_WRITE ? stack->Parameters.Write.Length : 0;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return status;
}

static PDRIVER_DISPATCH Before[IRP_MJ_MAXIMUM_FUNCTION + 1];

static VOID
Begin(VOID)
{
    ULONG i;

    PendReads = FALSE;
    Pended = NULL;
    for (i = 0; i <= IRP_MJ_MAXIMUM_FUNCTION; i++) {
        Calls[i] = 0;
        Before[i] = DdiDriverObject->MajorFunction[i];
        DdiDriverObject->MajorFunction[i] = Answer;
    }
}

static VOID
End(VOID)
{
    ULONG i;

    for (i = 0; i <= IRP_MJ_MAXIMUM_FUNCTION; i++)
        DdiDriverObject->MajorFunction[i] = Before[i];
}

static PDEVICE_OBJECT
Make(PUNICODE_STRING DeviceName, ULONG Characteristics, BOOLEAN Exclusive)
{
    PDEVICE_OBJECT device;

    if (!NT_SUCCESS(
            IoCreateDevice(DdiDriverObject, 0, DeviceName, FILE_DEVICE_UNKNOWN, Characteristics, Exclusive, &device)))
        return NULL;
    device->Flags |= DO_BUFFERED_IO;
    device->Flags &= ~DO_DEVICE_INITIALIZING;
    return device;
}

static NTSTATUS
Open(PUNICODE_STRING Path, ULONG Attributes, ULONG Options, PHANDLE Handle)
{
    OBJECT_ATTRIBUTES attributes;
    IO_STATUS_BLOCK iosb;

    InitializeObjectAttributes(&attributes, Path, OBJ_KERNEL_HANDLE | Attributes, NULL, NULL);
    return ZwCreateFile(Handle, GENERIC_READ | GENERIC_WRITE, &attributes, &iosb, NULL, 0,
                        FILE_SHARE_READ | FILE_SHARE_WRITE, FILE_OPEN, Options, NULL, 0);
}

static VOID
SecureDevice(VOID)
{
    UNICODE_STRING nonsense = RTL_CONSTANT_STRING(L"not a descriptor");
    UNICODE_STRING nobody = RTL_CONSTANT_STRING(L"D:P");
    UNICODE_STRING below = RTL_CONSTANT_STRING(L"\\Device\\DdiDev\\below");
    PDEVICE_OBJECT device;
    HANDLE handle;

    Begin();
    CHECK(IoCreateDeviceSecure(DdiDriverObject, 0, &Name, FILE_DEVICE_UNKNOWN, 0, FALSE, &nonsense, NULL, &device) ==
          STATUS_INVALID_PARAMETER);
    CHECK(device == NULL);
    if (IoCreateDeviceSecure(DdiDriverObject, 0, &Name, FILE_DEVICE_UNKNOWN, 0, FALSE, &nobody, NULL, &device) ==
        STATUS_SUCCESS) {
        device->Flags &= ~DO_DEVICE_INITIALIZING;
        CHECK(Open(&Name, 0, 0, &handle) == STATUS_SUCCESS); /* the kernel is not asked */
        ZwClose(handle);
        CHECK(Open(&Name, OBJ_FORCE_ACCESS_CHECK, 0, &handle) == STATUS_ACCESS_DENIED);
        CHECK(Open(&below, OBJ_FORCE_ACCESS_CHECK, 0, &handle) ==
              STATUS_SUCCESS); /* a name behind it is the driver's */
        ZwClose(handle);
        device->Characteristics |= FILE_DEVICE_SECURE_OPEN;
        CHECK(Open(&below, OBJ_FORCE_ACCESS_CHECK, 0, &handle) == STATUS_ACCESS_DENIED);
        IoDeleteDevice(device);
    } else {
        CHECK(!"IoCreateDeviceSecure");
    }
    End();
}

/* A handle of the device object itself, as wdmsec.lib takes one. */
static HANDLE
OfDevice(PDEVICE_OBJECT Device, ACCESS_MASK Access)
{
    HANDLE handle = NULL;

    CHECK(ObOpenObjectByPointer(Device, OBJ_KERNEL_HANDLE, NULL, Access, NULL, KernelMode, &handle) == STATUS_SUCCESS);
    return handle;
}

static VOID
RefusesDescriptors(HANDLE Handle, PSECURITY_DESCRIPTOR Good)
{
    SECURITY_DESCRIPTOR bad;
    UCHAR sid[16] = { 9 };
    ACL acl;

    CHECK(ZwSetSecurityObject(Handle, DACL_SECURITY_INFORMATION, NULL) == STATUS_ACCESS_VIOLATION);
    CHECK(ZwSetSecurityObject(NULL, DACL_SECURITY_INFORMATION, Good) == STATUS_INVALID_HANDLE);
    CHECK(ZwSetSecurityObject(Handle, OWNER_SECURITY_INFORMATION, Good) == STATUS_ACCESS_DENIED);
    CHECK(ZwSetSecurityObject(Handle, SACL_SECURITY_INFORMATION, Good) == STATUS_ACCESS_DENIED);
    RtlCreateSecurityDescriptor(&bad, SECURITY_DESCRIPTOR_REVISION);
    bad.Revision = 7;
    CHECK(ZwSetSecurityObject(Handle, DACL_SECURITY_INFORMATION, &bad) == STATUS_UNKNOWN_REVISION);
    bad.Revision = SECURITY_DESCRIPTOR_REVISION;
    bad.Owner = sid;
    CHECK(ZwSetSecurityObject(Handle, DACL_SECURITY_INFORMATION, &bad) == STATUS_INVALID_SID);
    bad.Owner = NULL;
    RtlCreateAcl(&acl, sizeof(acl), ACL_REVISION);
    acl.AceCount = 1;
    RtlSetDaclSecurityDescriptor(&bad, TRUE, &acl, FALSE);
    CHECK(ZwSetSecurityObject(Handle, DACL_SECURITY_INFORMATION, &bad) == STATUS_INVALID_ACL);
}

/* documented: opens after it are checked against what was set; what info does not name stays */
static VOID
SetsSecurity(VOID)
{
    PDEVICE_OBJECT device = Make(&Name, 0, FALSE);
    SID system = { 1, 1, { { 0, 0, 0, 0, 0, 5 } }, { 18 } };
    SECURITY_DESCRIPTOR sd;
    HANDLE handle, file;
    ACL nobody;

    REQUIRE(device != NULL);
    Begin();
    RtlCreateAcl(&nobody, sizeof(nobody), ACL_REVISION);
    RtlCreateSecurityDescriptor(&sd, SECURITY_DESCRIPTOR_REVISION);
    RtlSetDaclSecurityDescriptor(&sd, TRUE, &nobody, FALSE);
    CHECK(Open(&Name, OBJ_FORCE_ACCESS_CHECK, 0, &file) == STATUS_SUCCESS);
    ZwClose(file);
    handle = OfDevice(device, WRITE_DAC);
    RefusesDescriptors(handle, &sd);
    CHECK(ZwSetSecurityObject(handle, DACL_SECURITY_INFORMATION, &sd) == STATUS_SUCCESS);
    CHECK(Open(&Name, OBJ_FORCE_ACCESS_CHECK, 0, &file) == STATUS_ACCESS_DENIED);
    ZwClose(handle);
    handle = OfDevice(device, WRITE_OWNER | WRITE_DAC);
    CHECK(ZwSetSecurityObject(handle, OWNER_SECURITY_INFORMATION, &sd) == STATUS_INVALID_SECURITY_DESCR);
    sd.Owner = &system;
    CHECK(ZwSetSecurityObject(handle, OWNER_SECURITY_INFORMATION, &sd) == STATUS_SUCCESS);
    CHECK(Open(&Name, OBJ_FORCE_ACCESS_CHECK, 0, &file) == STATUS_ACCESS_DENIED); /* the DACL stayed */
    RtlSetDaclSecurityDescriptor(&sd, FALSE, NULL, FALSE);
    CHECK(ZwSetSecurityObject(handle, DACL_SECURITY_INFORMATION, &sd) == STATUS_SUCCESS);
    CHECK(Open(&Name, OBJ_FORCE_ACCESS_CHECK, 0, &file) == STATUS_SUCCESS);
    ZwClose(file);
    ZwClose(handle);
    IoDeleteDevice(device);
    End();
}

static VOID
ExclusiveDevice(VOID)
{
    PDEVICE_OBJECT device;
    HANDLE first;
    HANDLE second;

    Begin();
    device = Make(&Name, 0, TRUE);
    if (device != NULL) {
        CHECK(Open(&Name, 0, 0, &first) == STATUS_SUCCESS);
        CHECK(Open(&Name, 0, 0, &second) == STATUS_ACCESS_DENIED);
        ZwClose(first);
        CHECK(Open(&Name, 0, 0, &second) == STATUS_SUCCESS);
        ZwClose(second);
        IoDeleteDevice(device);
    }
    End();
}

static VOID
Stack(VOID)
{
    PDEVICE_OBJECT lower;
    PDEVICE_OBJECT upper;
    PDEVICE_OBJECT got = NULL;
    USHORT node = 7;

    Begin();
    lower = Make(&Name, 0, FALSE);
    upper = Make(NULL, 0, FALSE);
    if (lower != NULL && upper != NULL) {
        lower->Flags |= DO_DEVICE_INITIALIZING;
        CHECK(IoAttachDeviceToDeviceStack(upper, lower) == NULL);
        CHECK(IoAttachDeviceToDeviceStackSafe(upper, lower, &got) == STATUS_NO_SUCH_DEVICE);
        lower->Flags &= ~DO_DEVICE_INITIALIZING;
        CHECK(IoAttachDeviceToDeviceStack(upper, lower) == lower);
        CHECK(upper->StackSize == lower->StackSize + 1);
        CHECK(IoGetAttachedDevice(lower) == upper && IoGetAttachedDevice(upper) == upper);
        CHECK(IoGetDeviceNumaNode(lower, &node) == STATUS_SUCCESS && node == 0);
        CHECK(IoGetDeviceNumaNode(NULL, &node) == STATUS_INVALID_PARAMETER);
        CHECK(IoGetAttachedDeviceReference(lower) == upper);
        ObDereferenceObject(upper);
        CHECK(IoGetDeviceAttachmentBaseRef(upper) == lower);
        ObDereferenceObject(lower);
        IoDetachDevice(lower);
        CHECK(IoGetAttachedDevice(lower) == lower);
        CHECK(IoAttachDeviceToDeviceStackSafe(upper, lower, &got) == STATUS_SUCCESS && got == lower);
        IoDetachDevice(lower);
        CHECK(IoAttachDevice(upper, &Nothing, &got) == STATUS_OBJECT_NAME_NOT_FOUND);
        CHECK(IoAttachDevice(upper, &Name, &got) == STATUS_SUCCESS && got == lower);
        IoDetachDevice(lower);
        IoDeleteDevice(upper);
        IoDeleteDevice(lower);
    }
    End();
}

static VOID
Files(VOID)
{
    UNICODE_STRING relative = RTL_CONSTANT_STRING(L"DdiDev");
    OBJECT_ATTRIBUTES attributes;
    PDEVICE_OBJECT device;
    PDEVICE_OBJECT found;
    PFILE_OBJECT file;
    IO_STATUS_BLOCK iosb;
    HANDLE handle;
    UCHAR data[16] = { 0 };

    Begin();
    device = Make(&Name, 0, FALSE);
    if (device != NULL) {
        CHECK(Open(&Nothing, 0, 0, &handle) == STATUS_OBJECT_NAME_NOT_FOUND);
        CHECK(Open(&relative, 0, 0, &handle) == STATUS_OBJECT_PATH_SYNTAX_BAD);
        CHECK(Open(&Name, 0, FILE_SYNCHRONOUS_IO_NONALERT, &handle) == STATUS_SUCCESS);
        CHECK(Calls[IRP_MJ_CREATE] == 1);
        CHECK(ZwWriteFile(handle, NULL, NULL, NULL, &iosb, data, sizeof(data), NULL, NULL) == STATUS_SUCCESS);
        CHECK(iosb.Information == sizeof(data));
        CHECK(ZwReadFile(handle, NULL, NULL, NULL, &iosb, data, sizeof(data), NULL, NULL) == STATUS_SUCCESS);
        CHECK(ZwDeviceIoControlFile(handle, NULL, NULL, NULL, &iosb, IOCTL_DEV, data, 4, data, 4) == STATUS_SUCCESS);
        CHECK(Calls[IRP_MJ_DEVICE_CONTROL] == 1);
        CHECK(ZwClose(handle) == STATUS_SUCCESS);
        CHECK(Calls[IRP_MJ_CLEANUP] == 1 && Calls[IRP_MJ_CLOSE] == 1);

        CHECK(IoGetDeviceObjectPointer(&Nothing, FILE_READ_DATA, &file, &found) == STATUS_OBJECT_NAME_NOT_FOUND);
        CHECK(IoGetDeviceObjectPointer(&Name, FILE_READ_DATA, &file, &found) == STATUS_SUCCESS);
        CHECK(found == device && IoGetRelatedDeviceObject(file) == device);
        CHECK(Calls[IRP_MJ_CLEANUP] == 2 && Calls[IRP_MJ_CLOSE] == 1);
        ObDereferenceObject(file);
        CHECK(Calls[IRP_MJ_CLOSE] == 2);

        InitializeObjectAttributes(&attributes, &Name, OBJ_KERNEL_HANDLE, NULL, NULL);
        CHECK(ZwOpenFile(&handle, GENERIC_READ, &attributes, &iosb, 0, 0) == STATUS_SUCCESS);
        ZwClose(handle);
        CHECK(IoCreateFile(&handle, GENERIC_READ, &attributes, &iosb, NULL, 0, 0, FILE_OPEN, 0, NULL, 0, 0, NULL, 0) ==
              STATUS_SUCCESS);
        ZwClose(handle);
        IoDeleteDevice(device);
    }
    End();
}

static VOID
RequestsOnBadHandles(VOID)
{
    HANDLE bad = (HANDLE)(LONG_PTR)0x7ffffff0;
    IO_STATUS_BLOCK iosb;
    UCHAR data[4] = { 0 };

    CHECK(ZwReadFile(bad, NULL, NULL, NULL, &iosb, data, sizeof(data), NULL, NULL) == STATUS_INVALID_HANDLE);
    CHECK(ZwWriteFile(bad, NULL, NULL, NULL, &iosb, data, sizeof(data), NULL, NULL) == STATUS_INVALID_HANDLE);
    CHECK(ZwDeviceIoControlFile(bad, NULL, NULL, NULL, &iosb, IOCTL_DEV, NULL, 0, NULL, 0) == STATUS_INVALID_HANDLE);
    CHECK(ZwCancelIoFile(bad, &iosb) == STATUS_INVALID_HANDLE);
}

static VOID
CancelOfAFile(VOID)
{
    static IO_STATUS_BLOCK read;
    static UCHAR data[16];
    PDEVICE_OBJECT device;
    IO_STATUS_BLOCK iosb;
    HANDLE handle;

    Begin();
    device = Make(&Name, 0, FALSE);
    if (device != NULL && Open(&Name, 0, 0, &handle) == STATUS_SUCCESS) {
        PendReads = TRUE;
        CHECK(ZwReadFile(handle, NULL, NULL, NULL, &read, data, sizeof(data), NULL, NULL) == STATUS_PENDING);
        CHECK(Pended != NULL);
        CHECK(ZwCancelIoFile(handle, &iosb) == STATUS_SUCCESS);
        CHECK(Pended == NULL && read.Status == STATUS_CANCELLED);
        CHECK(ZwCancelIoFile(handle, &iosb) == STATUS_SUCCESS); /* with nothing to cancel, too */
        ZwClose(handle);
    }
    if (device != NULL)
        IoDeleteDevice(device);
    End();
}

static VOID
DriverExtension(VOID)
{
    static ULONG id;
    static ULONG other;
    PVOID extension;
    PVOID again;

    REQUIRE(IoAllocateDriverObjectExtension(DdiDriverObject, &id, 32, &extension) == STATUS_SUCCESS);
    CHECK(IoGetDriverObjectExtension(DdiDriverObject, &id) == extension);
    CHECK(IoGetDriverObjectExtension(DdiDriverObject, &other) == NULL);
    CHECK(IoAllocateDriverObjectExtension(DdiDriverObject, &id, 32, &again) == STATUS_OBJECT_NAME_COLLISION);
}

static KEVENT Worked;
static PVOID WorkedOn;

static VOID NTAPI
Work(PVOID IoObject, PVOID Context, PIO_WORKITEM IoWorkItem)
{
    UNREFERENCED_PARAMETER(Context);

    WorkedOn = IoObject;
    IoUninitializeWorkItem(IoWorkItem);
    KeSetEvent(&Worked, IO_NO_INCREMENT, FALSE);
}

static VOID
WorkItemInOwnMemory(VOID)
{
    PIO_WORKITEM item = ExAllocatePoolWithTag(NonPagedPoolNx, IoSizeofWorkItem(), DDI_TAG);
    PDEVICE_OBJECT device = Make(NULL, 0, FALSE);

    REQUIRE(item != NULL && device != NULL);
    KeInitializeEvent(&Worked, NotificationEvent, FALSE);
    IoInitializeWorkItem(device, item);
    IoQueueWorkItemEx(item, Work, DelayedWorkQueue, NULL);
    KeWaitForSingleObject(&Worked, Executive, KernelMode, FALSE, NULL);
    CHECK(WorkedOn == device);
    ExFreePoolWithTag(item, DDI_TAG);
    IoDeleteDevice(device);
}

static LONG Ticks;

static VOID NTAPI
Tick(PDEVICE_OBJECT DeviceObject, PVOID Context)
{
    UNREFERENCED_PARAMETER(DeviceObject);

    InterlockedAdd(&Ticks, *(LONG *)Context);
}

static VOID
TimerTicksEachSecond(VOID)
{
    static LONG one = 1;
    LARGE_INTEGER wait;
    PDEVICE_OBJECT device = Make(NULL, 0, FALSE);

    REQUIRE(device != NULL);
    Ticks = 0;
    wait.QuadPart = -35000000; /* 3.5 s */
    CHECK(IoInitializeTimer(device, Tick, &one) == STATUS_SUCCESS);
    IoStartTimer(device);
    KeDelayExecutionThread(KernelMode, FALSE, &wait);
    IoStopTimer(device);
    CHECK(Ticks == 3);
    KeDelayExecutionThread(KernelMode, FALSE, &wait);
    CHECK(Ticks == 3);
    IoDeleteDevice(device);
}

/* documented: only a PDO has interfaces; the stack of drivers above an adapter's is in stack/device.c */
static VOID
InterfaceNeedsAPdo(VOID)
{
    static const GUID class = { 0x1f3a7c11, 0x2b4d, 0x4e6f, { 1, 2, 3, 4, 5, 6, 7, 8 } };
    UNICODE_STRING unknown = RTL_CONSTANT_STRING(L"\\??\\DdiNoInterface");
    UNICODE_STRING link = { 0, 0, NULL };
    PDEVICE_OBJECT device = Make(&Name, 0, FALSE);

    REQUIRE(device != NULL);
    CHECK(IoRegisterDeviceInterface(device, &class, NULL, &link) == STATUS_INVALID_DEVICE_REQUEST);
    CHECK(link.Buffer == NULL);
    CHECK(IoSetDeviceInterfaceState(&unknown, TRUE) == STATUS_OBJECT_NAME_NOT_FOUND);
    IoDeleteDevice(device);
}

/* The driver's answer to IRP_MJ_CREATE is the caller's, whichever it is; a file system whose log is full gives this. */
static VOID
CreateFails(VOID)
{
    PDEVICE_OBJECT device;
    HANDLE handle = (HANDLE)1;

    Begin();
    device = Make(&Name, 0, FALSE);
    CreateSays = STATUS_FILE_LOCK_CONFLICT;
    CHECK(Open(&Name, 0, 0, &handle) == STATUS_FILE_LOCK_CONFLICT && handle == NULL);
    CreateSays = STATUS_SUCCESS;
    CHECK(Calls[IRP_MJ_CREATE] == 1 && Calls[IRP_MJ_CLEANUP] == 0 && Calls[IRP_MJ_CLOSE] == 0);
    if (device != NULL)
        IoDeleteDevice(device);
    End();
}

static VOID
ShutdownIsRegistered(VOID)
{
    PDEVICE_OBJECT device = Make(NULL, 0, FALSE);

    REQUIRE(device != NULL);
    CHECK(IoRegisterShutdownNotification(device) == STATUS_SUCCESS);
    CHECK((device->Flags & DO_SHUTDOWN_REGISTERED) != 0);
    IoUnregisterShutdownNotification(device);
    CHECK((device->Flags & DO_SHUTDOWN_REGISTERED) == 0);
    CHECK(IoRegisterLastChanceShutdownNotification(device) == STATUS_SUCCESS);
    IoDeleteDevice(device); /* and that unregisters it */
}

static VOID
ErrorLog(VOID)
{
    PDEVICE_OBJECT device = Make(NULL, 0, FALSE);
    PVOID entry;

    REQUIRE(device != NULL);
    CHECK(IoAllocateErrorLogEntry(device, 255) == NULL); /* over ERROR_LOG_MAXIMUM_SIZE */
    entry = IoAllocateErrorLogEntry(device, 48);
    CHECK(entry != NULL);
    if (entry != NULL)
        IoWriteErrorLogEntry(entry);
    entry = IoAllocateErrorLogEntry(device, 48);
    if (entry != NULL)
        IoFreeErrorLogEntry(entry);
    IoDeleteDevice(device);
}

static VOID
WmiRegistration(VOID)
{
    PDEVICE_OBJECT device = Make(NULL, 0, FALSE);

    REQUIRE(device != NULL);
    CHECK(IoWMIRegistrationControl(device, WMIREG_ACTION_REGISTER) == STATUS_SUCCESS);
    CHECK(IoWMIRegistrationControl(device, WMIREG_ACTION_DEREGISTER) == STATUS_SUCCESS);
    CHECK(IoWMIRegistrationControl(device, 77) == STATUS_INVALID_PARAMETER);
    IoDeleteDevice(device);
}

static VOID
LinksAndMapping(VOID)
{
    UNICODE_STRING link = RTL_CONSTANT_STRING(L"\\DosDevices\\DdiUnprotected");
    PGENERIC_MAPPING mapping = IoGetFileObjectGenericMapping();
    PDEVICE_OBJECT device = Make(&Name, 0, FALSE);

    REQUIRE(device != NULL);
    CHECK(IoCreateUnprotectedSymbolicLink(&link, &Name) == STATUS_SUCCESS);
    CHECK(IoCreateUnprotectedSymbolicLink(&link, &Name) == STATUS_OBJECT_NAME_COLLISION);
    CHECK(IoDeleteSymbolicLink(&link) == STATUS_SUCCESS);
    CHECK(IoDeleteSymbolicLink(&Name) == STATUS_OBJECT_TYPE_MISMATCH);
    CHECK(mapping != NULL && mapping->GenericRead == FILE_GENERIC_READ && mapping->GenericAll == FILE_ALL_ACCESS);
    IoDeleteDevice(device);
}

/* The I/O manager keeps some itself; the driver answers the others with what it finds in the stack location. */
static VOID
FileInformation(VOID)
{
    PDEVICE_OBJECT device = Make(&Name, 0, FALSE);
    FILE_STANDARD_INFORMATION standard;
    FILE_POSITION_INFORMATION position;
    IO_STATUS_BLOCK iosb;
    HANDLE handle = NULL;
    ULONG number = 0;

    REQUIRE(device != NULL);
    Begin();
    REQUIRE(Open(&Name, 0, FILE_SYNCHRONOUS_IO_NONALERT | FILE_WRITE_THROUGH, &handle) == STATUS_SUCCESS);
    position.CurrentByteOffset.QuadPart = 77;
    CHECK(ZwSetInformationFile(handle, &iosb, &position, sizeof(position), FilePositionInformation) == STATUS_SUCCESS);
    position.CurrentByteOffset.QuadPart = 0;
    CHECK(ZwQueryInformationFile(handle, &iosb, &position, sizeof(position), FilePositionInformation) ==
          STATUS_SUCCESS);
    CHECK(position.CurrentByteOffset.QuadPart == 77 && iosb.Information == sizeof(position));
    position.CurrentByteOffset.QuadPart = -1;
    CHECK(ZwSetInformationFile(handle, &iosb, &position, sizeof(position), FilePositionInformation) ==
          STATUS_INVALID_PARAMETER);
    CHECK(ZwQueryInformationFile(handle, &iosb, &number, sizeof(number), FileModeInformation) == STATUS_SUCCESS);
    CHECK(number == (FILE_SYNCHRONOUS_IO_NONALERT | FILE_WRITE_THROUGH));
    CHECK(Calls[IRP_MJ_QUERY_INFORMATION] == 0 && Calls[IRP_MJ_SET_INFORMATION] == 0);
    CHECK(ZwQueryInformationFile(handle, &iosb, &standard, 3, FileStandardInformation) == STATUS_INFO_LENGTH_MISMATCH);
    CHECK(ZwQueryInformationFile(handle, &iosb, &standard, sizeof(standard), 999) == STATUS_INVALID_INFO_CLASS);
    CHECK(ZwSetInformationFile(handle, &iosb, &number, sizeof(number), FileAlignmentInformation) ==
          STATUS_INVALID_INFO_CLASS); /* can only be queried */
    CHECK(NT_SUCCESS(ZwQueryInformationFile(handle, &iosb, &standard, sizeof(standard), FileStandardInformation)));
    CHECK(Calls[IRP_MJ_QUERY_INFORMATION] == 1);
    CHECK(NT_SUCCESS(ZwSetInformationFile(handle, &iosb, &position, sizeof(position), FileEndOfFileInformation)));
    CHECK(Calls[IRP_MJ_SET_INFORMATION] == 1);
    ZwClose(handle);
    CHECK(ZwQueryInformationFile(NULL, &iosb, &number, sizeof(number), FileModeInformation) == STATUS_INVALID_HANDLE);
    End();
    IoDeleteDevice(device);
}

static VOID
WmiEvents(VOID)
{
    PDEVICE_OBJECT device = Make(NULL, 0, FALSE);
    PWNODE_HEADER event = ExAllocatePoolWithTag(NonPagedPoolNx, sizeof(*event), DDI_TAG);

    REQUIRE(device != NULL && event != NULL);
    RtlZeroMemory(event, sizeof(*event));
    event->BufferSize = 1 << 24;
    event->Flags = WNODE_FLAG_EVENT_ITEM;
    event->ProviderId = IoWMIDeviceObjectToProviderId(device);
    CHECK(event->ProviderId == IoWMIDeviceObjectToProviderId(device));
    CHECK(IoWMIWriteEvent(event) == STATUS_BUFFER_OVERFLOW); /* documented: larger than the largest; it stays ours */
    event->BufferSize = sizeof(*event);
    CHECK(IoWMIWriteEvent(event) == STATUS_SUCCESS); /* documented: the system frees it */
    IoDeleteDevice(device);
}

DDI_TESTS(dev, { "secure_device", SecureDevice }, { "sets_security", SetsSecurity },
          { "exclusive_device", ExclusiveDevice }, { "stack", Stack }, { "files", Files },
          { "requests_on_bad_handles", RequestsOnBadHandles }, { "cancel_of_a_file", CancelOfAFile },
          { "driver_extension", DriverExtension }, { "work_item_in_own_memory", WorkItemInOwnMemory },
          { "timer_ticks_each_second", TimerTicksEachSecond }, { "interface_needs_a_pdo", InterfaceNeedsAPdo },
          { "create_fails", CreateFails }, { "shutdown_is_registered", ShutdownIsRegistered },
          { "error_log", ErrorLog }, { "wmi_registration", WmiRegistration }, { "wmi_events", WmiEvents },
          { "file_information", FileInformation }, { "links_and_mapping", LinksAndMapping });
