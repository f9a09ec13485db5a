/* SPDX-License-Identifier: MIT */
/*
 * write.c - a program's write becomes a frame on the wire, and may be cancelled until it is there.
 *
 * Two parts of the repair of cancel-write-race: the completion clears cancel routine and DriverContext under the cancel
 * spin lock, and the cancel routine counts itself before it drops that lock. It does not ask whether DriverContext is
 * empty. Nor need it: whoever called it has held the lock since it took the routine out of the IRP, and whoever clears
 * the context holds it, too, and takes the routine out first.
 */
#include "../../drivers/ndisprot/ndisprot.h"

/* Lies in the NBL's context area. */
typedef struct _NP_SEND_CONTEXT {
    PIRP Irp;
    PNP_OPEN Open; /* alive as long as Irp is */
} NP_SEND_CONTEXT, *PNP_SEND_CONTEXT;

C_ASSERT(sizeof(NP_SEND_CONTEXT) % MEMORY_ALLOCATION_ALIGNMENT == 0);

#define NP_SEND_CONTEXT_OF(Nbl)  ((PNP_SEND_CONTEXT)NET_BUFFER_LIST_CONTEXT_DATA_START(Nbl))
#define NP_IRP_BINDING(Irp)      ((Irp)->Tail.Overlay.DriverContext[0])
#define NP_IRP_CANCEL_ID(Irp)    ((Irp)->Tail.Overlay.DriverContext[1])

static DRIVER_CANCEL NpCancelWrite;
static VOID NpCompleteWrite(PNET_BUFFER_LIST NetBufferList);

_Use_decl_annotations_
NTSTATUS
NpWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(Irp);
    PNP_OPEN open = stack->FileObject->FsContext;
    ULONG length = stack->Parameters.Write.Length;
    PNET_BUFFER_LIST nbl;
    PNP_BINDING binding;
    NTSTATUS status;

    UNREFERENCED_PARAMETER(DeviceObject);

    if (Irp->MdlAddress == NULL || length < NP_ETHERNET_HEADER)
        return NpCompleteIrp(Irp, STATUS_INVALID_BUFFER_SIZE, 0);
    status = NpBeginSend(open, length, &binding);
    if (status != STATUS_SUCCESS)
        return NpCompleteIrp(Irp, status, 0);
    nbl = NdisAllocateNetBufferAndNetBufferList(NpNblPool, sizeof(NP_SEND_CONTEXT), 0, Irp->MdlAddress, 0, length);
    if (nbl == NULL) {
        NpEndUse(binding, &binding->Sends);
        return NpCompleteIrp(Irp, STATUS_INSUFFICIENT_RESOURCES, 0);
    }
    nbl->SourceHandle = binding->BindingHandle;
    NP_SEND_CONTEXT_OF(nbl)->Irp = Irp;
    NP_SEND_CONTEXT_OF(nbl)->Open = open;
    NP_IRP_BINDING(Irp) = binding;
    NP_IRP_CANCEL_ID(Irp) = NpNextCancelId();
    NDIS_SET_NET_BUFFER_LIST_CANCEL_ID(nbl, NP_IRP_CANCEL_ID(Irp));

    IoMarkIrpPending(Irp);
    IoSetCancelRoutine(Irp, NpCancelWrite);
    if (Irp->Cancel && IoSetCancelRoutine(Irp, NULL) != NULL) { /* cancelled before: the routine will not run */
        NdisFreeNetBufferList(nbl);
        NpEndUse(binding, &binding->Sends);
        NpCompleteIrp(Irp, STATUS_CANCELLED, 0);
        return STATUS_PENDING;
    }
    NdisSendNetBufferLists(binding->BindingHandle, nbl, NDIS_DEFAULT_PORT_NUMBER, 0);
    return STATUS_PENDING; /* the IRP may be gone by now */
}

/*
 * Entered with the cancel spin lock held. A frame that has not been handed to NDIS yet is not found below, and its
 * write ends as if it had not been cancelled.
 */
_Use_decl_annotations_
static VOID
NpCancelWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PNP_BINDING binding = NP_IRP_BINDING(Irp);
    PVOID id = NP_IRP_CANCEL_ID(Irp);

    UNREFERENCED_PARAMETER(DeviceObject);

    NdisDprAcquireSpinLock(&binding->Lock);
    binding->Sends++; /* not the first: this write's own is out */
    NdisDprReleaseSpinLock(&binding->Lock);
    IoReleaseCancelSpinLock(Irp->CancelIrql); /* Irp may be gone by now */

    NdisCancelSendNetBufferLists(binding->BindingHandle, id);
    NpEndUse(binding, &binding->Sends);
}

_Use_decl_annotations_
VOID
NpSendComplete(NDIS_HANDLE ProtocolBindingContext, PNET_BUFFER_LIST NetBufferList, ULONG SendCompleteFlags)
{
    PNP_BINDING binding = ProtocolBindingContext;
    PNET_BUFFER_LIST next;

    UNREFERENCED_PARAMETER(SendCompleteFlags);

    for (; NetBufferList != NULL; NetBufferList = next) {
        next = NET_BUFFER_LIST_NEXT_NBL(NetBufferList);
        NET_BUFFER_LIST_NEXT_NBL(NetBufferList) = NULL;
        NpCompleteWrite(NetBufferList);
        NpEndUse(binding, &binding->Sends); /* after the last one the binding may go */
    }
}

static VOID
NpCompleteWrite(PNET_BUFFER_LIST NetBufferList)
{
    PNP_SEND_CONTEXT context = NP_SEND_CONTEXT_OF(NetBufferList);
    NDIS_STATUS status = NET_BUFFER_LIST_STATUS(NetBufferList);
    ULONG length = NET_BUFFER_DATA_LENGTH(NET_BUFFER_LIST_FIRST_NB(NetBufferList));
    PIRP irp = context->Irp;
    KIRQL irql;

    if (status == NDIS_STATUS_SUCCESS)
        InterlockedIncrement64(&context->Open->Sent);
    NdisFreeNetBufferList(NetBufferList); /* before the IRP: its MDL is the data */

    IoAcquireCancelSpinLock(&irql);
    IoSetCancelRoutine(irp, NULL);
    NP_IRP_BINDING(irp) = NULL;
    NP_IRP_CANCEL_ID(irp) = NULL;
    IoReleaseCancelSpinLock(irql);

    if (status == NDIS_STATUS_SEND_ABORTED)
        status = STATUS_CANCELLED;
    NpCompleteIrp(irp, status, status == STATUS_SUCCESS ? length : 0);
}

NDIS_HANDLE
NpAllocateSendPool(NDIS_HANDLE NdisHandle)
{
    NET_BUFFER_LIST_POOL_PARAMETERS parameters;

    NdisZeroMemory(&parameters, sizeof(parameters));
    parameters.Header.Type = NDIS_OBJECT_TYPE_DEFAULT;
    parameters.Header.Revision = NET_BUFFER_LIST_POOL_PARAMETERS_REVISION_1;
    parameters.Header.Size = NDIS_SIZEOF_NET_BUFFER_LIST_POOL_PARAMETERS_REVISION_1;
    parameters.ProtocolId = NDIS_PROTOCOL_ID_DEFAULT;
    parameters.fAllocateNetBuffer = TRUE;
    parameters.ContextSize = sizeof(NP_SEND_CONTEXT);
    parameters.PoolTag = NP_TAG;
    return NdisAllocateNetBufferListPool(NdisHandle, &parameters);
}
