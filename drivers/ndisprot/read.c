/* SPDX-License-Identifier: MIT */
/*
 * read.c - received frames on their way to programs.
 *
 * Model: each handle of the adapter gets a copy of each frame, so NBLs go back to NDIS in the call that brought them.
 */
#include "ndisprot.h"

static VOID NpDeliverFrame(PNP_BINDING Binding, PNET_BUFFER NetBuffer, PLIST_ENTRY Completed);

_Use_decl_annotations_
VOID
NpReceive(NDIS_HANDLE ProtocolBindingContext, PNET_BUFFER_LIST NetBufferLists, NDIS_PORT_NUMBER PortNumber,
          ULONG NumberOfNetBufferLists, ULONG ReceiveFlags)
{
    PNP_BINDING binding = ProtocolBindingContext;
    LIST_ENTRY completed;
    PNET_BUFFER_LIST nbl;
    PNET_BUFFER nb;

    UNREFERENCED_PARAMETER(PortNumber);
    UNREFERENCED_PARAMETER(NumberOfNetBufferLists);

    InitializeListHead(&completed);
    NdisAcquireSpinLock(&NpLock);
    for (nbl = NetBufferLists; nbl != NULL; nbl = NET_BUFFER_LIST_NEXT_NBL(nbl))
        for (nb = NET_BUFFER_LIST_FIRST_NB(nbl); nb != NULL; nb = NET_BUFFER_NEXT_NB(nb))
            NpDeliverFrame(binding, nb, &completed);
    NdisReleaseSpinLock(&NpLock);
    NpCompleteIrps(&completed);

    if (!NDIS_TEST_RECEIVE_CANNOT_PEND(ReceiveFlags))
        NdisReturnNetBufferLists(binding->BindingHandle, NetBufferLists,
                                 NDIS_TEST_RECEIVE_AT_DISPATCH_LEVEL(ReceiveFlags) ? NDIS_RETURN_FLAGS_DISPATCH_LEVEL
                                                                                  : 0);
}

/* NpLock held. A frame that cannot be had in one piece, or finds no memory, is lost, as on a busy wire. */
static VOID
NpDeliverFrame(PNP_BINDING Binding, PNET_BUFFER NetBuffer, PLIST_ENTRY Completed)
{
    ULONG length = NET_BUFFER_DATA_LENGTH(NetBuffer);
    PNP_ITEM item;
    PVOID data;

    if (IsListEmpty(&Binding->Opens))
        return;
    item = NpAllocateItem(length);
    if (item == NULL)
        return;
    data = NdisGetDataBuffer(NetBuffer, length, item->Data, 1, 0);
    if (data == NULL) {
        NdisFreeMemory(item, 0, 0);
        return;
    }
    if (data != item->Data)
        NdisMoveMemory(item->Data, data, length);
    NpDeliver(Binding, NpFrames, item, Completed);
}
