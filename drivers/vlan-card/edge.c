/* SPDX-License-Identifier: MIT */
/*
 * edge.c - frames as NDIS 6 has them.
 *
 * Model: a frame of a send is a NET_BUFFER; its MiniportReserved links it into Card->Frames and leads to its NBL, whose
 * MiniportReserved counts how many of them are still out. Who brings that to zero completes the NBL.
 */
#include "ndis6.h"

#define NB_OF_FRAME(Entry) CONTAINING_RECORD(Entry, NET_BUFFER, MiniportReserved)
#define NB_FRAME(Nb)       ((PLIST_ENTRY)(PVOID)&NET_BUFFER_MINIPORT_RESERVED(Nb)[0])
#define NB_PARENT(Nb)      (NET_BUFFER_MINIPORT_RESERVED(Nb)[2])
#define NBL_OUT(Nbl)       ((volatile LONG *)&NET_BUFFER_LIST_MINIPORT_RESERVED(Nbl)[0])
#define NBL_BUFFER(Nbl)    (NET_BUFFER_LIST_MINIPORT_RESERVED(Nbl)[0])

static VOID
CardNblDone(PCARD Card, PNET_BUFFER_LIST Nbl)
{
    if (InterlockedDecrement(NBL_OUT(Nbl)) == 0)
        NdisMSendNetBufferListsComplete(Card->Handle, Nbl, 0);
}

/* One count more than frames keeps the NBL here until all of them are handed over. */
static VOID
CardSendNbl(PCARD Card, PNET_BUFFER_LIST Nbl)
{
    PNET_BUFFER nb;
    PNET_BUFFER next;

    NET_BUFFER_LIST_NEXT_NBL(Nbl) = NULL;
    NET_BUFFER_LIST_STATUS(Nbl) = NDIS_STATUS_SUCCESS;
    *NBL_OUT(Nbl) = 1;
    for (nb = NET_BUFFER_LIST_FIRST_NB(Nbl); nb != NULL; nb = next) {
        NDIS_STATUS status;

        next = NET_BUFFER_NEXT_NB(nb);
        NB_PARENT(nb) = Nbl;
        InterlockedIncrement(NBL_OUT(Nbl));
        status = CardSend(Card, NB_FRAME(nb), NET_BUFFER_DATA_LENGTH(nb));
        if (status != NDIS_STATUS_PENDING) {
            NET_BUFFER_LIST_STATUS(Nbl) = status;
            InterlockedDecrement(NBL_OUT(Nbl));
        }
    }
    CardNblDone(Card, Nbl);
}

_Use_decl_annotations_
VOID
CardSendNetBufferLists(NDIS_HANDLE MiniportAdapterContext, PNET_BUFFER_LIST NetBufferList, NDIS_PORT_NUMBER PortNumber,
                       ULONG SendFlags)
{
    PCARD card = MiniportAdapterContext;
    PNET_BUFFER_LIST nbl;
    PNET_BUFFER_LIST next;

    UNREFERENCED_PARAMETER(PortNumber);
    UNREFERENCED_PARAMETER(SendFlags);

    for (nbl = NetBufferList; nbl != NULL; nbl = next) {
        next = NET_BUFFER_LIST_NEXT_NBL(nbl);
        CardSendNbl(card, nbl);
    }
    CardKick(card);
}

_Use_decl_annotations_
VOID
CardCancelSend(NDIS_HANDLE MiniportAdapterContext, PVOID CancelId)
{
    CardCancelSends(MiniportAdapterContext, CancelId);
}

_Use_decl_annotations_
VOID
CardReturnNetBufferLists(NDIS_HANDLE MiniportAdapterContext, PNET_BUFFER_LIST NetBufferLists, ULONG ReturnFlags)
{
    PNET_BUFFER_LIST nbl;
    PNET_BUFFER_LIST next;

    UNREFERENCED_PARAMETER(ReturnFlags);

    for (nbl = NetBufferLists; nbl != NULL; nbl = next) {
        next = NET_BUFFER_LIST_NEXT_NBL(nbl);
        NET_BUFFER_LIST_NEXT_NBL(nbl) = NULL;
        CardReturn(MiniportAdapterContext, NBL_BUFFER(nbl));
    }
}

_Use_decl_annotations_
VOID
CardTimer(PVOID SystemSpecific1, PVOID FunctionContext, PVOID SystemSpecific2, PVOID SystemSpecific3)
{
    UNREFERENCED_PARAMETER(SystemSpecific1);
    UNREFERENCED_PARAMETER(SystemSpecific2);
    UNREFERENCED_PARAMETER(SystemSpecific3);

    CardAge(FunctionContext);
}

NDIS_STATUS
EdgeMakePacket(PCARD Card, PCARD_BUFFER Buffer, ULONG Room)
{
    PCARD_EDGE edge = Card->Edge;
    PNET_BUFFER_LIST nbl;

    Buffer->Mdl = NdisAllocateMdl(Card->Handle, Buffer->Data, Room);
    if (Buffer->Mdl == NULL)
        return NDIS_STATUS_RESOURCES;
    nbl = NdisAllocateNetBufferAndNetBufferList(edge->Pool, 0, 0, Buffer->Mdl, 0, 0);
    if (nbl == NULL)
        return NDIS_STATUS_RESOURCES;
    nbl->SourceHandle = Card->Handle;
    NBL_BUFFER(nbl) = Buffer;
    Buffer->Packet = nbl;
    return NDIS_STATUS_SUCCESS;
}

VOID
EdgeFreePacket(PCARD Card, PCARD_BUFFER Buffer)
{
    UNREFERENCED_PARAMETER(Card);

    if (Buffer->Packet != NULL)
        NdisFreeNetBufferList(Buffer->Packet);
    if (Buffer->Mdl != NULL)
        NdisFreeMdl(Buffer->Mdl);
}

/* Nothing keeps NDIS 6 from being called in a program's own thread. */
VOID
EdgeRun(PCARD Card)
{
    CardWork(Card);
}

VOID
EdgeSetTimer(PCARD Card)
{
    PCARD_EDGE edge = Card->Edge;
    LARGE_INTEGER due;

    due.QuadPart = -10000LL * CARD_AGE_MS;
    NdisSetTimerObject(edge->Timer, due, 0, NULL);
}

BOOLEAN
EdgeCancelTimer(PCARD Card)
{
    PCARD_EDGE edge = Card->Edge;

    return NdisCancelTimerObject(edge->Timer);
}

ULONG
EdgeCopyFrame(PLIST_ENTRY Frame, PUCHAR To, ULONG Room)
{
    PNET_BUFFER nb = NB_OF_FRAME(Frame);
    ULONG length = NET_BUFFER_DATA_LENGTH(nb);
    ULONG left = length < Room ? length : Room;
    ULONG offset = NET_BUFFER_CURRENT_MDL_OFFSET(nb);
    PMDL mdl;

    for (mdl = NET_BUFFER_CURRENT_MDL(nb); mdl != NULL && left > 0; mdl = mdl->Next) {
        ULONG part = MmGetMdlByteCount(mdl) - offset;
        PUCHAR from = MmGetSystemAddressForMdlSafe(mdl, LowPagePriority);

        if (from == NULL)
            return 0;
        if (part > left)
            part = left;
        NdisMoveMemory(To, from + offset, part);
        To += part;
        left -= part;
        offset = 0;
    }
    return length;
}

PVOID
EdgeCancelId(PLIST_ENTRY Frame)
{
    PNET_BUFFER_LIST nbl = NB_PARENT(NB_OF_FRAME(Frame));

    return NDIS_GET_NET_BUFFER_LIST_CANCEL_ID(nbl);
}

VOID
EdgeComplete(PCARD Card, PLIST_ENTRY Frame, NDIS_STATUS Status)
{
    PNET_BUFFER_LIST nbl = NB_PARENT(NB_OF_FRAME(Frame));

    if (Status != NDIS_STATUS_SUCCESS)
        NET_BUFFER_LIST_STATUS(nbl) = Status == NDIS_STATUS_REQUEST_ABORTED ? NDIS_STATUS_SEND_ABORTED : Status;
    CardNblDone(Card, nbl);
}

VOID
EdgeIndicate(PCARD Card, PCARD_BUFFER Buffer)
{
    PNET_BUFFER_LIST nbl = Buffer->Packet;

    NET_BUFFER_DATA_LENGTH(NET_BUFFER_LIST_FIRST_NB(nbl)) = Buffer->Length;
    NdisMIndicateReceiveNetBufferLists(Card->Handle, nbl, NDIS_DEFAULT_PORT_NUMBER, 1, 0);
}
