/* SPDX-License-Identifier: MIT */
/*
 * ioctl.c - control codes (ndisprotioctl.h).
 *
 * Model: all are METHOD_BUFFERED: input and output share one system buffer, as long as the longer of the two. What the
 * input did not fill is zeroed first, so no old memory leaves with the output.
 */
#include "np.h"

#define NP_BIND_WAIT_100NS (-50000000LL)

static NTSTATUS NpBindWait(VOID);
static NTSTATUS NpOidIoctl(PNP_OPEN Open, NDIS_REQUEST_TYPE Type, PNDISPROT_OID Oid, ULONG Length,
                           PULONG_PTR Information);
static NTSTATUS NpQueryBinding(PNDISPROT_BINDING Buffer, ULONG InLength, ULONG OutLength, PULONG_PTR Information);

_Use_decl_annotations_
NTSTATUS
NpDeviceControl(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(Irp);
    PNP_OPEN open = stack->FileObject->FsContext;
    ULONG inLength = stack->Parameters.DeviceIoControl.InputBufferLength;
    ULONG outLength = stack->Parameters.DeviceIoControl.OutputBufferLength;
    PVOID buffer = Irp->AssociatedIrp.SystemBuffer;
    ULONG_PTR information = 0;
    NTSTATUS status;

    UNREFERENCED_PARAMETER(DeviceObject);

    if ((stack->Parameters.DeviceIoControl.IoControlCode & 3) != METHOD_BUFFERED)
        return NpCompleteIrp(Irp, STATUS_INVALID_DEVICE_REQUEST, 0); /* none of ours: the buffers are others */
    if (outLength > inLength)
        NdisZeroMemory((PUCHAR)buffer + inLength, outLength - inLength);

    switch (stack->Parameters.DeviceIoControl.IoControlCode) {
    case IOCTL_NDISPROT_BIND_WAIT:
        status = NpBindWait();
        break;
    case IOCTL_NDISPROT_QUERY_BINDING:
        status = NpQueryBinding(buffer, inLength, outLength, &information);
        break;
    case IOCTL_NDISPROT_OPEN_ADAPTER:
        while (inLength >= sizeof(WCHAR) && ((PWCHAR)buffer)[inLength / sizeof(WCHAR) - 1] == L'\0')
            inLength -= sizeof(WCHAR);
        status = NpOpenAdapter(open, buffer, inLength);
        break;
    case IOCTL_NDISPROT_QUERY_OID:
        if (inLength < NDISPROT_OID_HEADER || outLength < NDISPROT_OID_HEADER)
            status = STATUS_BUFFER_TOO_SMALL;
        else
            status = NpOidIoctl(open, NdisRequestQueryInformation, buffer, outLength - NDISPROT_OID_HEADER,
                                &information);
        break;
    case IOCTL_NDISPROT_SET_OID:
        if (inLength < NDISPROT_OID_HEADER)
            status = STATUS_BUFFER_TOO_SMALL;
        else
            status = NpOidIoctl(open, NdisRequestSetInformation, buffer, inLength - NDISPROT_OID_HEADER, &information);
        break;
    case IOCTL_NDISPROT_INDICATE_STATUS:
        if (outLength < sizeof(NDISPROT_STATUS)) {
            status = STATUS_BUFFER_TOO_SMALL;
            break;
        }
        return NpQueueIrp(&open->Statuses, Irp);
    default:
        status = STATUS_INVALID_DEVICE_REQUEST;
        break;
    }
    return NpCompleteIrp(Irp, status, information);
}

static NTSTATUS
NpBindWait(VOID)
{
    LARGE_INTEGER timeout = { .QuadPart = NP_BIND_WAIT_100NS };
    NTSTATUS status = KeWaitForSingleObject(&NpBindsComplete, UserRequest, KernelMode, FALSE, &timeout);

    return status == STATUS_TIMEOUT ? STATUS_IO_TIMEOUT : status;
}

static NTSTATUS
NpQueryBinding(PNDISPROT_BINDING Buffer, ULONG InLength, ULONG OutLength, PULONG_PTR Information)
{
    NTSTATUS status = STATUS_NO_MORE_ENTRIES;
    PLIST_ENTRY entry;
    ULONG index;

    if (InLength < sizeof(ULONG) || OutLength < sizeof(*Buffer))
        return STATUS_BUFFER_TOO_SMALL;
    index = Buffer->Index;
    NdisZeroMemory(Buffer, sizeof(*Buffer));
    Buffer->Index = index;

    NdisAcquireSpinLock(&NpLock);
    for (entry = NpBindings.Flink; entry != &NpBindings && index != 0; entry = entry->Flink)
        index--;
    if (entry != &NpBindings) {
        PNP_BINDING binding = CONTAINING_RECORD(entry, NP_BINDING, Link);

        Buffer->MaxFrame = binding->MaxFrame;
        NdisDprAcquireSpinLock(&binding->Lock);
        Buffer->LinkUp = binding->LinkUp;
        NdisDprReleaseSpinLock(&binding->Lock);
        NdisMoveMemory(Buffer->MacAddress, binding->MacAddress, sizeof(Buffer->MacAddress));
        Buffer->NameLength = binding->Name.Length;
        NdisMoveMemory(Buffer->Name, binding->Name.Buffer, binding->Name.Length);
        *Information = sizeof(*Buffer);
        status = STATUS_SUCCESS;
    }
    NdisReleaseSpinLock(&NpLock);
    return status;
}

/* A program's request: Oid->Data has Length bytes. */
static NTSTATUS
NpOidIoctl(PNP_OPEN Open, NDIS_REQUEST_TYPE Type, PNDISPROT_OID Oid, ULONG Length, PULONG_PTR Information)
{
    PNP_BINDING binding = NpBeginRequest(Open);
    NDIS_STATUS status;
    ULONG done = 0;

    if (binding == NULL)
        return STATUS_DEVICE_NOT_READY;
    status = NpOidRequest(binding, Type, Oid->Oid, Oid->PortNumber, Oid->Data, Length, &done);
    NpEndUse(binding, &binding->Requests);
    if (status == NDIS_STATUS_SUCCESS && Type == NdisRequestQueryInformation)
        *Information = NDISPROT_OID_HEADER + min(done, Length);
    return status;
}
