/* SPDX-License-Identifier: MIT */
/*
 * device.c - the device of an adapter, and handles on it.
 *
 * Model: FileObject->FsContext is the NPF_OPEN, from NPF_OpenAdapter to NPF_CloseAdapter, the I/O manager's last
 * call for a handle: no IRP of that handle is left then. NPF_Cleanup comes when the program has closed it; reads
 * that wait are given back there, writes come back by themselves.
 */
#include "npf.h"

static NTSTATUS NpfSetProgram(PNPF_OPEN Open, const VOID *Buffer, ULONG Length);
static NTSTATUS NpfSetRingSize(PNPF_OPEN Open, ULONG Size);
static NTSTATUS NpfGetStatistics(PNPF_OPEN Open, PVOID Buffer, ULONG Length, PULONG_PTR Information);
static NTSTATUS NpfGetAdapterName(PNPF_ADAPTER Adapter, PVOID Buffer, ULONG Length, PULONG_PTR Information);

_Use_decl_annotations_
NTSTATUS
NPF_OpenAdapter(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(Irp);
    PNPF_ADAPTER adapter;
    PNPF_OPEN open = NULL;
    NTSTATUS status = STATUS_SUCCESS;

    adapter = NpfFindAdapter(DeviceObject);
    if (adapter == NULL)
        return NpfCompleteIrp(Irp, STATUS_DEVICE_NOT_READY, 0);

    open = NdisAllocateMemoryWithTagPriority(NpfDriverHandle, sizeof(*open), NPF_TAG, NormalPoolPriority);
    if (open == NULL) {
        status = STATUS_INSUFFICIENT_RESOURCES;
        goto fail_adapter;
    }
    NdisZeroMemory(open, sizeof(*open));
    open->Ring = NdisAllocateMemoryWithTagPriority(NpfDriverHandle, NPF_RING_DEFAULT, NPF_TAG, NormalPoolPriority);
    if (open->Ring == NULL) {
        status = STATUS_INSUFFICIENT_RESOURCES;
        goto fail_open;
    }
    open->RingSize = NPF_RING_DEFAULT;
    open->SnapLength = NPF_SNAP_DEFAULT;
    open->Adapter = adapter;
    InitializeListHead(&open->Reads);
    NdisAllocateSpinLock(&open->Lock);
    stack->FileObject->FsContext = open;

    /* The module may have gone since NpfFindAdapter; then the handle would never hear of it. */
    NdisAcquireSpinLock(&adapter->Lock);
    if (adapter->State == NpfDetached)
        status = STATUS_DEVICE_REMOVED;
    else
        InsertTailList(&adapter->OpenList, &open->Link);
    NdisReleaseSpinLock(&adapter->Lock);
    if (status != STATUS_SUCCESS)
        goto fail_ring;

    return NpfCompleteIrp(Irp, STATUS_SUCCESS, 0);

fail_ring:
    stack->FileObject->FsContext = NULL;
    NdisFreeSpinLock(&open->Lock);
    NdisFreeMemory(open->Ring, 0, 0);
fail_open:
    NdisFreeMemory(open, 0, 0);
fail_adapter:
    NpfDereferenceAdapter(adapter);
    return NpfCompleteIrp(Irp, status, 0);
}

_Use_decl_annotations_
NTSTATUS
NPF_Cleanup(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PNPF_OPEN open = IoGetCurrentIrpStackLocation(Irp)->FileObject->FsContext;
    PNPF_ADAPTER adapter = open->Adapter;
    LIST_ENTRY completed;
    ULONG packetFilter;

    UNREFERENCED_PARAMETER(DeviceObject);

    InitializeListHead(&completed);
    NdisAcquireSpinLock(&adapter->Lock);
    RemoveEntryList(&open->Link);
    packetFilter = open->PacketFilter;
    NpfRefuseReads(open, STATUS_CANCELLED, &completed);
    NdisReleaseSpinLock(&adapter->Lock);
    NpfCompleteReads(&completed);

    if (packetFilter != 0)
        NpfPacketFilterGone(adapter);
    return NpfCompleteIrp(Irp, STATUS_SUCCESS, 0);
}

_Use_decl_annotations_
NTSTATUS
NPF_CloseAdapter(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PFILE_OBJECT file = IoGetCurrentIrpStackLocation(Irp)->FileObject;
    PNPF_OPEN open = file->FsContext;
    PNPF_ADAPTER adapter = open->Adapter;

    UNREFERENCED_PARAMETER(DeviceObject);

    file->FsContext = NULL;
    NdisFreeSpinLock(&open->Lock);
    if (open->Program != NULL)
        NdisFreeMemory(open->Program, 0, 0);
    NdisFreeMemory(open->Ring, 0, 0);
    NdisFreeMemory(open, 0, 0);
    NpfDereferenceAdapter(adapter);
    return NpfCompleteIrp(Irp, STATUS_SUCCESS, 0);
}

_Use_decl_annotations_
NTSTATUS
NPF_IoControl(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(Irp);
    PNPF_OPEN open = stack->FileObject->FsContext;
    PVOID buffer = Irp->AssociatedIrp.SystemBuffer;
    ULONG inLength = stack->Parameters.DeviceIoControl.InputBufferLength;
    ULONG outLength = stack->Parameters.DeviceIoControl.OutputBufferLength;
    ULONG code = stack->Parameters.DeviceIoControl.IoControlCode;
    ULONG_PTR information = 0;
    ULONG value = 0;
    NTSTATUS status = STATUS_SUCCESS;

    UNREFERENCED_PARAMETER(DeviceObject);

    if (code == IOCTL_NPF_SET_SNAP_LENGTH || code == IOCTL_NPF_SET_BUFFER_SIZE ||
        code == IOCTL_NPF_SET_PACKET_FILTER) {
        if (inLength != sizeof(ULONG))
            return NpfCompleteIrp(Irp, STATUS_INVALID_PARAMETER, 0);
        value = *(PULONG)buffer;
    }

    switch (code) {
    case IOCTL_NPF_SET_PROGRAM:
        status = NpfSetProgram(open, buffer, inLength);
        break;
    case IOCTL_NPF_SET_SNAP_LENGTH:
        if (value == 0) {
            status = STATUS_INVALID_PARAMETER;
            break;
        }
        NdisAcquireSpinLock(&open->Lock);
        open->SnapLength = value;
        NdisReleaseSpinLock(&open->Lock);
        break;
    case IOCTL_NPF_SET_BUFFER_SIZE:
        status = NpfSetRingSize(open, value);
        break;
    case IOCTL_NPF_SET_PACKET_FILTER:
        status = NpfSetPacketFilter(open, value);
        break;
    case IOCTL_NPF_GET_STATISTICS:
        status = NpfGetStatistics(open, buffer, outLength, &information);
        break;
    case IOCTL_NPF_GET_ADAPTER_NAME:
        status = NpfGetAdapterName(open->Adapter, buffer, outLength, &information);
        break;
    default:
        status = STATUS_INVALID_DEVICE_REQUEST;
        break;
    }
    return NpfCompleteIrp(Irp, status, information);
}

/*
 * NpfCreateDevice - make \Device\NPF_{guid} and its link, named after the miniport's \DEVICE\{guid}.
 * Sets Adapter->DeviceHandle and ->DeviceObject. Returns what failed.
 */
NDIS_STATUS
NpfCreateDevice(PNPF_ADAPTER Adapter)
{
    DECLARE_CONST_UNICODE_STRING(onlyAdministrators, L"D:P(A;;GA;;;SY)(A;;GA;;;BA)");
    WCHAR deviceNameBuffer[NPF_NAME_CHARS];
    WCHAR linkNameBuffer[NPF_NAME_CHARS];
    UNICODE_STRING deviceName = { 0, sizeof(deviceNameBuffer) - sizeof(WCHAR), deviceNameBuffer };
    UNICODE_STRING linkName = { 0, sizeof(linkNameBuffer) - sizeof(WCHAR), linkNameBuffer };
    PDRIVER_DISPATCH dispatch[IRP_MJ_MAXIMUM_FUNCTION + 1];
    NDIS_DEVICE_OBJECT_ATTRIBUTES attributes;
    UNICODE_STRING guid = Adapter->MiniportName;
    USHORT i;
    NDIS_STATUS status;

    for (i = guid.Length / sizeof(WCHAR); i > 0 && guid.Buffer[i - 1] != L'\\'; i--)
        ;
    guid.Buffer += i;
    guid.Length -= i * sizeof(WCHAR);

    NdisZeroMemory(deviceNameBuffer, sizeof(deviceNameBuffer)); /* NDIS wants the names terminated */
    NdisZeroMemory(linkNameBuffer, sizeof(linkNameBuffer));
    status = RtlAppendUnicodeToString(&deviceName, L"\\Device\\NPF_");
    if (status == STATUS_SUCCESS)
        status = RtlAppendUnicodeStringToString(&deviceName, &guid);
    if (status == STATUS_SUCCESS)
        status = RtlAppendUnicodeToString(&linkName, L"\\DosDevices\\NPF_");
    if (status == STATUS_SUCCESS)
        status = RtlAppendUnicodeStringToString(&linkName, &guid);
    if (status != STATUS_SUCCESS)
        return status;

    NdisZeroMemory(dispatch, sizeof(dispatch));
    dispatch[IRP_MJ_CREATE] = NPF_OpenAdapter;
    dispatch[IRP_MJ_CLEANUP] = NPF_Cleanup;
    dispatch[IRP_MJ_CLOSE] = NPF_CloseAdapter;
    dispatch[IRP_MJ_READ] = NPF_Read;
    dispatch[IRP_MJ_WRITE] = NPF_Write;
    dispatch[IRP_MJ_DEVICE_CONTROL] = NPF_IoControl;

    NdisZeroMemory(&attributes, sizeof(attributes));
    attributes.Header.Type = NDIS_OBJECT_TYPE_DEVICE_OBJECT_ATTRIBUTES;
    attributes.Header.Revision = NDIS_DEVICE_OBJECT_ATTRIBUTES_REVISION_1;
    attributes.Header.Size = NDIS_SIZEOF_DEVICE_OBJECT_ATTRIBUTES_REVISION_1;
    attributes.DeviceName = &deviceName;
    attributes.SymbolicName = &linkName;
    attributes.MajorFunctions = dispatch;
    attributes.DefaultSDDLString = &onlyAdministrators;
    status = NdisRegisterDeviceEx(NpfDriverHandle, &attributes, &Adapter->DeviceObject, &Adapter->DeviceHandle);
    if (status == NDIS_STATUS_SUCCESS)
        Adapter->DeviceObject->Flags |= DO_DIRECT_IO;
    return status;
}

NTSTATUS
NpfCompleteIrp(PIRP Irp, NTSTATUS Status, ULONG_PTR Information)
{
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = Information;
    IoCompleteRequest(Irp, IO_NETWORK_INCREMENT);
    return Status;
}

static NTSTATUS
NpfSetProgram(PNPF_OPEN Open, const VOID *Buffer, ULONG Length)
{
    ULONG count = Length / sizeof(NPF_BPF_INSN);
    PNPF_BPF_INSN program = NULL;
    PNPF_BPF_INSN old;

    if (Length % sizeof(NPF_BPF_INSN) != 0 || count > NPF_BPF_MAX_INSNS)
        return STATUS_INVALID_PARAMETER;
    if (count != 0) {
        if (!NpfBpfValid(Buffer, count))
            return STATUS_INVALID_PARAMETER;
        program = NdisAllocateMemoryWithTagPriority(NpfDriverHandle, Length, NPF_TAG, NormalPoolPriority);
        if (program == NULL)
            return STATUS_INSUFFICIENT_RESOURCES;
        NdisMoveMemory(program, Buffer, Length);
    }

    NdisAcquireSpinLock(&Open->Lock);
    old = Open->Program;
    Open->Program = program;
    Open->ProgramLength = count;
    Open->RingUsed = 0; /* what the old program let through is not what the reader asked for now */
    NdisReleaseSpinLock(&Open->Lock);

    if (old != NULL)
        NdisFreeMemory(old, 0, 0);
    return STATUS_SUCCESS;
}

static NTSTATUS
NpfSetRingSize(PNPF_OPEN Open, ULONG Size)
{
    PUCHAR ring;
    PUCHAR old;

    if (Size < NPF_RING_MIN || Size > NPF_RING_MAX)
        return STATUS_INVALID_PARAMETER;
    Size = NPF_FRAME_ALIGN(Size);
    ring = NdisAllocateMemoryWithTagPriority(NpfDriverHandle, Size, NPF_TAG, NormalPoolPriority);
    if (ring == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;

    NdisAcquireSpinLock(&Open->Lock);
    old = Open->Ring;
    Open->Ring = ring;
    Open->RingSize = Size;
    Open->RingHead = 0;
    Open->RingUsed = 0;
    NdisReleaseSpinLock(&Open->Lock);

    NdisFreeMemory(old, 0, 0);
    return STATUS_SUCCESS;
}

static NTSTATUS
NpfGetStatistics(PNPF_OPEN Open, PVOID Buffer, ULONG Length, PULONG_PTR Information)
{
    PNPF_STATISTICS statistics = Buffer;

    if (Length < sizeof(*statistics))
        return STATUS_BUFFER_TOO_SMALL;
    NdisAcquireSpinLock(&Open->Lock);
    statistics->Received = Open->Received;
    statistics->Dropped = Open->Dropped;
    NdisReleaseSpinLock(&Open->Lock);
    statistics->Injected = InterlockedCompareExchange64(&Open->Injected, 0, 0);
    *Information = sizeof(*statistics);
    return STATUS_SUCCESS;
}

static NTSTATUS
NpfGetAdapterName(PNPF_ADAPTER Adapter, PVOID Buffer, ULONG Length, PULONG_PTR Information)
{
    ULONG needed = Adapter->MiniportName.Length + sizeof(WCHAR); /* the buffer was zeroed beyond the name */

    if (Length < needed)
        return STATUS_BUFFER_TOO_SMALL;
    NdisMoveMemory(Buffer, Adapter->MiniportName.Buffer, needed);
    *Information = needed;
    return STATUS_SUCCESS;
}
