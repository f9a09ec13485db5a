/* SPDX-License-Identifier: MIT */
/*
 * tests/ddk/driver.c - a driver that uses what the DDK inlines; compiled, never run.
 *
 * It is written as a WDK source would be: role types, L"" strings, every list and
 * lock macro once. test_headers.sh compiles it for each NDIS version.
 */
#include <ntddk.h>
#include <ndis.h>
#include <ntstrsafe.h>
#include <initguid.h>

DEFINE_GUID(GUID_TEST, 0x12345678, 0x1234, 0x1234, 0x12, 0x34, 0x56, 0x78, 0x9a, 0xbc, 0xde, 0xf0);

DRIVER_INITIALIZE DriverEntry;
DRIVER_UNLOAD Unload;
DRIVER_DISPATCH Dispatch;
DRIVER_CANCEL Cancel;
IO_COMPLETION_ROUTINE Completed;
FILTER_ATTACH Attach;
FILTER_SEND_NET_BUFFER_LISTS Send;

static KSPIN_LOCK Lock;
static LIST_ENTRY List;
static SLIST_HEADER SList;
static NPAGED_LOOKASIDE_LIST Lookaside;
static volatile LONG Count;
static NDIS_HANDLE FilterDriver;

_Use_decl_annotations_ VOID
Unload(PDRIVER_OBJECT DriverObject)
{
    UNREFERENCED_PARAMETER(DriverObject);
    NdisFDeregisterFilterDriver(FilterDriver);
}

_Use_decl_annotations_ VOID
Cancel(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    IoReleaseCancelSpinLock(Irp->CancelIrql);
}

_Use_decl_annotations_ NTSTATUS
Completed(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    UNREFERENCED_PARAMETER(Irp);
    KeSetEvent((PKEVENT)Context, IO_NO_INCREMENT, FALSE);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

_Use_decl_annotations_ NTSTATUS
Dispatch(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    LARGE_INTEGER Now;
    KIRQL OldIrql;
    KEVENT Event;

    PAGED_CODE();
    ASSERT(IoGetCurrentIrpStackLocation(Irp)->DeviceObject == DeviceObject);
    KeInitializeEvent(&Event, NotificationEvent, FALSE);
    KeAcquireSpinLock(&Lock, &OldIrql);
    InsertTailList(&List, &Irp->Tail.Overlay.ListEntry);
    RemoveEntryList(&Irp->Tail.Overlay.ListEntry);
    KeReleaseSpinLock(&Lock, OldIrql);
    KeRaiseIrql(DISPATCH_LEVEL, &OldIrql);
    NT_ASSERT(KeGetCurrentIrql() == DISPATCH_LEVEL);
    KeLowerIrql(OldIrql);
    KeQuerySystemTime(&Now);
    KeQueryTickCount(&Now);
    InterlockedPushEntrySList(&SList, (PSLIST_ENTRY)ExAllocateFromNPagedLookasideList(&Lookaside));
    ExFreeToNPagedLookasideList(&Lookaside, InterlockedPopEntrySList(&SList));
    IoSetCancelRoutine(Irp, Cancel);
    if (KeGetCurrentThread() == NULL || *ExEventObjectType == NULL)
        DbgPrint("%wZ %I64u\n", &DeviceObject->DriverObject->DriverName, KeQueryInterruptTime());
    IoCopyCurrentIrpStackLocationToNext(Irp);
    IoSetCompletionRoutine(Irp, Completed, &Event, TRUE, TRUE, TRUE);
    IoMarkIrpPending(Irp);
    if (MmGetSystemAddressForMdlSafe(Irp->MdlAddress, NormalPagePriority | MdlMappingNoExecute) == NULL)
        InterlockedIncrement(&Count);
    Irp->IoStatus.Status = STATUS_SUCCESS;
    Irp->IoStatus.Information = 0;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return STATUS_PENDING;
}

_Use_decl_annotations_ VOID
Send(NDIS_HANDLE FilterModuleContext, PNET_BUFFER_LIST NetBufferList, NDIS_PORT_NUMBER PortNumber, ULONG SendFlags)
{
    NDIS_TCP_IP_CHECKSUM_NET_BUFFER_LIST_INFO Checksum;
    PNET_BUFFER NetBuffer = NET_BUFFER_LIST_FIRST_NB(NetBufferList);
    PUCHAR Data;
    ULONG Length;

    Checksum.Value = NET_BUFFER_LIST_INFO(NetBufferList, TcpIpChecksumNetBufferListInfo);
    NdisQueryMdl(NET_BUFFER_CURRENT_MDL(NetBuffer), &Data, &Length, NormalPagePriority);
    if (Data != NULL && Checksum.Transmit.IsIPv4 && !NDIS_TEST_SEND_AT_DISPATCH_LEVEL(SendFlags))
        NdisMoveMemory(NET_BUFFER_LIST_CONTEXT_DATA_START(NetBufferList), Data, min(Length, 4));
    NdisFSendNetBufferLists(FilterModuleContext, NetBufferList, PortNumber, SendFlags);
}

_Use_decl_annotations_ NDIS_STATUS
Attach(NDIS_HANDLE NdisFilterHandle, NDIS_HANDLE FilterDriverContext, PNDIS_FILTER_ATTACH_PARAMETERS AttachParameters)
{
    NDIS_FILTER_ATTRIBUTES Attributes;

    UNREFERENCED_PARAMETER(FilterDriverContext);
    if (AttachParameters->MiniportMediaType != NdisMedium802_3)
        return NDIS_STATUS_UNSUPPORTED_MEDIA;
    NdisZeroMemory(&Attributes, sizeof(Attributes));
    Attributes.Header.Type = NDIS_OBJECT_TYPE_FILTER_ATTRIBUTES;
    Attributes.Header.Revision = NDIS_FILTER_ATTRIBUTES_REVISION_1;
    Attributes.Header.Size = NDIS_SIZEOF_FILTER_ATTRIBUTES_REVISION_1;
    return NdisFSetAttributes(NdisFilterHandle, NdisFilterHandle, &Attributes);
}

_Use_decl_annotations_ NTSTATUS
DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    DECLARE_CONST_UNICODE_STRING(DeviceName, L"\\Device\\Test");
    NDIS_STRING FriendlyName = NDIS_STRING_CONST("Test");
    NDIS_FILTER_DRIVER_CHARACTERISTICS Characteristics;
    PDEVICE_OBJECT DeviceObject;
    NTSTATUS Status;
    WCHAR Text[32];

    UNREFERENCED_PARAMETER(RegistryPath);
    Status = RtlStringCchPrintfW(Text, RTL_NUMBER_OF(Text), L"%d", 3);
    if (!NT_SUCCESS(Status))
        return Status;
    KeInitializeSpinLock(&Lock);
    InitializeListHead(&List);
    InitializeSListHead(&SList);
    ExInitializeNPagedLookasideList(&Lookaside, NULL, NULL, 0, 64, 'tseT', 0);
    Status = IoCreateDevice(DriverObject, 0, (PUNICODE_STRING)&DeviceName, FILE_DEVICE_NETWORK, FILE_DEVICE_SECURE_OPEN,
                            FALSE, &DeviceObject);
    if (!NT_SUCCESS(Status))
        return Status;
    DriverObject->DriverUnload = Unload;
    DriverObject->MajorFunction[IRP_MJ_WRITE] = Dispatch;
    NdisZeroMemory(&Characteristics, sizeof(Characteristics));
    Characteristics.Header.Type = NDIS_OBJECT_TYPE_FILTER_DRIVER_CHARACTERISTICS;
#if NDIS_SUPPORT_NDIS61
    Characteristics.Header.Revision = NDIS_FILTER_CHARACTERISTICS_REVISION_2;
    Characteristics.Header.Size = NDIS_SIZEOF_FILTER_DRIVER_CHARACTERISTICS_REVISION_2;
#else
    Characteristics.Header.Revision = NDIS_FILTER_CHARACTERISTICS_REVISION_1;
    Characteristics.Header.Size = NDIS_SIZEOF_FILTER_DRIVER_CHARACTERISTICS_REVISION_1;
#endif
    Characteristics.MajorNdisVersion = NDIS_FILTER_MAJOR_VERSION;
    Characteristics.MinorNdisVersion = NDIS_FILTER_MINOR_VERSION;
    Characteristics.FriendlyName = FriendlyName;
    Characteristics.AttachHandler = Attach;
    Characteristics.SendNetBufferListsHandler = Send;
    Status = NdisFRegisterFilterDriver(DriverObject, NULL, &Characteristics, &FilterDriver);
    if (Status != NDIS_STATUS_SUCCESS)
        IoDeleteDevice(DeviceObject);
    return Status;
}
