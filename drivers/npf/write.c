/* SPDX-License-Identifier: MIT */
/*
 * write.c - a program's write becomes a frame on the wire.
 *
 * Model: the IRP's own MDL is the frame's data, so the IRP stays pended until NDIS gives the NBL back. Between
 * NpfBeginSend and NpfEndSend the send is counted, and while one is counted the module is not Paused: its
 * handle, its pool and the layers below are there. NpfEndSend is the last thing a completion does with the adapter.
 */
#include "npf.h"

/* Lies in the NBL's context area. */
typedef struct _NPF_SEND_CONTEXT {
    PIRP Irp;
    PNPF_OPEN Open; /* alive as long as Irp is */
} NPF_SEND_CONTEXT, *PNPF_SEND_CONTEXT;

C_ASSERT(sizeof(NPF_SEND_CONTEXT) % MEMORY_ALLOCATION_ALIGNMENT == 0);

static NTSTATUS NpfBeginSend(PNPF_ADAPTER Adapter, ULONG Length);
static VOID NpfEndSend(PNPF_ADAPTER Adapter, ULONG Count);
static VOID NpfCompleteWrite(PNET_BUFFER_LIST NetBufferList);

_Use_decl_annotations_
NTSTATUS
NPF_Write(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(Irp);
    PNPF_OPEN open = stack->FileObject->FsContext;
    PNPF_ADAPTER adapter = open->Adapter;
    ULONG length = stack->Parameters.Write.Length;
    PNET_BUFFER_LIST nbl;
    PNPF_SEND_CONTEXT context;
    NTSTATUS status;

    UNREFERENCED_PARAMETER(DeviceObject);

    if (Irp->MdlAddress == NULL || length < NPF_ETHERNET_HEADER)
        return NpfCompleteIrp(Irp, STATUS_INVALID_BUFFER_SIZE, 0);

    status = NpfBeginSend(adapter, length);
    if (status != STATUS_SUCCESS)
        return NpfCompleteIrp(Irp, status, 0);

    nbl = NdisAllocateNetBufferAndNetBufferList(adapter->NblPool, sizeof(NPF_SEND_CONTEXT), 0, Irp->MdlAddress, 0,
                                                length);
    if (nbl == NULL) {
        NpfEndSend(adapter, 1);
        return NpfCompleteIrp(Irp, STATUS_INSUFFICIENT_RESOURCES, 0);
    }
    nbl->SourceHandle = adapter->FilterHandle;
    context = (PNPF_SEND_CONTEXT)NET_BUFFER_LIST_CONTEXT_DATA_START(nbl);
    context->Irp = Irp;
    context->Open = open;

    /* The completion may come before the call returns, on this processor or another: nothing is touched after it. */
    IoMarkIrpPending(Irp);
    NdisFSendNetBufferLists(adapter->FilterHandle, nbl, NDIS_DEFAULT_PORT_NUMBER, 0);
    return STATUS_PENDING;
}

/* Ours are told from others' by SourceHandle, which nobody below may change (documented). */
_Use_decl_annotations_
VOID
NPF_SendCompleteEx(NDIS_HANDLE FilterModuleContext, PNET_BUFFER_LIST NetBufferLists, ULONG SendCompleteFlags)
{
    PNPF_ADAPTER adapter = FilterModuleContext;
    NDIS_HANDLE filterHandle = adapter->FilterHandle;
    PNET_BUFFER_LIST others = NULL;
    PNET_BUFFER_LIST *othersTail = &others;
    PNET_BUFFER_LIST nbl;
    PNET_BUFFER_LIST next;
    ULONG ours = 0;

    for (nbl = NetBufferLists; nbl != NULL; nbl = next) {
        next = NET_BUFFER_LIST_NEXT_NBL(nbl);
        if (nbl->SourceHandle == filterHandle) {
            NET_BUFFER_LIST_NEXT_NBL(nbl) = NULL;
            NpfCompleteWrite(nbl);
            ours++;
        } else {
            *othersTail = nbl;
            othersTail = &NET_BUFFER_LIST_NEXT_NBL(nbl);
        }
    }
    *othersTail = NULL;

    if (others != NULL)
        NdisFSendNetBufferListsComplete(filterHandle, others, SendCompleteFlags);
    if (ours != 0)
        NpfEndSend(adapter, ours);
}

/* Sets Adapter->NblPool. NDIS_STATUS_SUCCESS or NDIS_STATUS_RESOURCES. */
NDIS_STATUS
NpfCreateSendPool(PNPF_ADAPTER Adapter)
{
    NET_BUFFER_LIST_POOL_PARAMETERS parameters;

    NdisZeroMemory(&parameters, sizeof(parameters));
    parameters.Header.Type = NDIS_OBJECT_TYPE_DEFAULT;
    parameters.Header.Revision = NET_BUFFER_LIST_POOL_PARAMETERS_REVISION_1;
    parameters.Header.Size = NDIS_SIZEOF_NET_BUFFER_LIST_POOL_PARAMETERS_REVISION_1;
    parameters.ProtocolId = NDIS_PROTOCOL_ID_DEFAULT;
    parameters.fAllocateNetBuffer = TRUE;
    parameters.ContextSize = sizeof(NPF_SEND_CONTEXT);
    parameters.PoolTag = NPF_TAG;
    Adapter->NblPool = NdisAllocateNetBufferListPool(Adapter->FilterHandle, &parameters);
    return Adapter->NblPool != NULL ? NDIS_STATUS_SUCCESS : NDIS_STATUS_RESOURCES;
}

/* On success the send is counted, and NpfEndSend must follow. */
static NTSTATUS
NpfBeginSend(PNPF_ADAPTER Adapter, ULONG Length)
{
    NTSTATUS status;

    NdisAcquireSpinLock(&Adapter->Lock);
    if (Adapter->State == NpfDetached) {
        status = STATUS_DEVICE_REMOVED;
    } else if (Adapter->State != NpfRunning) {
        status = NDIS_STATUS_PAUSED;
    } else if (Length > Adapter->MaxFrame) {
        status = STATUS_INVALID_BUFFER_SIZE;
    } else {
        Adapter->SendsOutstanding++;
        status = STATUS_SUCCESS;
    }
    NdisReleaseSpinLock(&Adapter->Lock);
    return status;
}

/*
 * The lock is free again before NdisFPauseComplete: that call may lead to FilterDetach on another processor at once.
 * The handle is good for it, because the module cannot leave Pausing before.
 */
static VOID
NpfEndSend(PNPF_ADAPTER Adapter, ULONG Count)
{
    NDIS_HANDLE filterHandle = Adapter->FilterHandle;
    BOOLEAN paused = FALSE;

    NdisAcquireSpinLock(&Adapter->Lock);
    Adapter->SendsOutstanding -= Count;
    if (Adapter->SendsOutstanding == 0 && Adapter->State == NpfPausing) {
        Adapter->State = NpfPaused;
        paused = TRUE;
    }
    NdisReleaseSpinLock(&Adapter->Lock);

    if (paused)
        NdisFPauseComplete(filterHandle);
}

static VOID
NpfCompleteWrite(PNET_BUFFER_LIST NetBufferList)
{
    PNPF_SEND_CONTEXT context = (PNPF_SEND_CONTEXT)NET_BUFFER_LIST_CONTEXT_DATA_START(NetBufferList);
    NDIS_STATUS status = NET_BUFFER_LIST_STATUS(NetBufferList);
    ULONG length = NET_BUFFER_DATA_LENGTH(NET_BUFFER_LIST_FIRST_NB(NetBufferList));
    PIRP irp = context->Irp;

    if (status == NDIS_STATUS_SUCCESS)
        InterlockedIncrement64(&context->Open->Injected);
    NdisFreeNetBufferList(NetBufferList); /* before the IRP: its MDL is the data */

    NpfCompleteIrp(irp, status, status == NDIS_STATUS_SUCCESS ? length : 0);
}
