/* SPDX-License-Identifier: MIT */
/* send.c - a write's frame under NDIS 6: an NBL over the IRP's own MDL. */
#include "ndisprot.h"

/* Lies in the NBL's context area. */
typedef struct _NP_SEND_CONTEXT {
    PIRP Irp;
    PNP_OPEN Open; /* alive as long as Irp is */
} NP_SEND_CONTEXT, *PNP_SEND_CONTEXT;

C_ASSERT(sizeof(NP_SEND_CONTEXT) % MEMORY_ALLOCATION_ALIGNMENT == 0);

#define NP_SEND_CONTEXT_OF(Nbl)  ((PNP_SEND_CONTEXT)NET_BUFFER_LIST_CONTEXT_DATA_START(Nbl))

PVOID
NpMakeFrame(PNP_BINDING Binding, PNP_OPEN Open, PIRP Irp, PVOID CancelId)
{
    PNET_BUFFER_LIST nbl = NdisAllocateNetBufferAndNetBufferList(NpNblPool, sizeof(NP_SEND_CONTEXT), 0,
                                                                 Irp->MdlAddress, 0,
                                                                 MmGetMdlByteCount(Irp->MdlAddress));

    if (nbl == NULL)
        return NULL;
    nbl->SourceHandle = Binding->BindingHandle;
    NP_SEND_CONTEXT_OF(nbl)->Irp = Irp;
    NP_SEND_CONTEXT_OF(nbl)->Open = Open;
    NDIS_SET_NET_BUFFER_LIST_CANCEL_ID(nbl, CancelId);
    return nbl;
}

VOID
NpFreeFrame(PVOID Frame)
{
    NdisFreeNetBufferList(Frame);
}

VOID
NpSendFrame(PNP_BINDING Binding, PVOID Frame)
{
    NdisSendNetBufferLists(Binding->BindingHandle, Frame, NDIS_DEFAULT_PORT_NUMBER, 0);
}

VOID
NpCancelFrames(NDIS_HANDLE BindingHandle, PVOID CancelId)
{
    NdisCancelSendNetBufferLists(BindingHandle, CancelId);
}

_Use_decl_annotations_
VOID
NpSendComplete(NDIS_HANDLE ProtocolBindingContext, PNET_BUFFER_LIST NetBufferList, ULONG SendCompleteFlags)
{
    PNP_BINDING binding = ProtocolBindingContext;
    PNET_BUFFER_LIST nbl;
    PNET_BUFFER_LIST next;

    UNREFERENCED_PARAMETER(SendCompleteFlags);

    for (nbl = NetBufferList; nbl != NULL; nbl = next) {
        NP_SEND_CONTEXT context = *NP_SEND_CONTEXT_OF(nbl);
        NDIS_STATUS status = NET_BUFFER_LIST_STATUS(nbl);
        ULONG length = NET_BUFFER_DATA_LENGTH(NET_BUFFER_LIST_FIRST_NB(nbl));

        next = NET_BUFFER_LIST_NEXT_NBL(nbl);
        NdisFreeNetBufferList(nbl); /* before the IRP: its MDL is the data */
        NpCompleteWrite(context.Irp, context.Open, status == NDIS_STATUS_SEND_ABORTED ? STATUS_CANCELLED : status,
                        length);
        NpEndUse(binding, &binding->Sends); /* after the last one the binding may go */
    }
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
