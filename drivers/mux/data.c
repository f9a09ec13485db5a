/* SPDX-License-Identifier: MIT */
/*
 * data.c - NBLs at both edges.
 *
 * Model: what comes in is copied and given back in the same call; what goes out is a frame's own NBL, from the pool of
 * its port.
 */
#include "ndis6.h"

#define NBL_FRAME(Nbl) (NET_BUFFER_LIST_MINIPORT_RESERVED(Nbl)[0]) /* going up */
#define NBL_SENT(Nbl)  (NET_BUFFER_LIST_PROTOCOL_RESERVED(Nbl)[0]) /* going down */

static MUX_SOURCE
MuxSourceOf(PNET_BUFFER NetBuffer)
{
    MUX_SOURCE source;

    source.Mdl = NET_BUFFER_CURRENT_MDL(NetBuffer);
    source.Offset = NET_BUFFER_CURRENT_MDL_OFFSET(NetBuffer);
    source.Length = NET_BUFFER_DATA_LENGTH(NetBuffer);
    return source;
}

/* --- the miniport edge --- */

_Use_decl_annotations_
VOID
MuxSendNetBufferLists(NDIS_HANDLE MiniportAdapterContext, PNET_BUFFER_LIST NetBufferList, NDIS_PORT_NUMBER PortNumber,
                      ULONG SendFlags)
{
    PMUX_PORT port = MiniportAdapterContext;
    PNET_BUFFER_LIST nbl;
    PNET_BUFFER nb;

    UNREFERENCED_PARAMETER(PortNumber);

    for (nbl = NetBufferList; nbl != NULL; nbl = NET_BUFFER_LIST_NEXT_NBL(nbl)) {
        NET_BUFFER_LIST_STATUS(nbl) = NDIS_STATUS_SUCCESS;
        for (nb = NET_BUFFER_LIST_FIRST_NB(nbl); nb != NULL; nb = NET_BUFFER_NEXT_NB(nb)) {
            MUX_SOURCE source = MuxSourceOf(nb);
            NDIS_STATUS status = MuxSend(port, &source);

            if (status != NDIS_STATUS_SUCCESS)
                NET_BUFFER_LIST_STATUS(nbl) = status;
        }
    }
    NdisMSendNetBufferListsComplete(port->Handle, NetBufferList,
                                    NDIS_TEST_SEND_AT_DISPATCH_LEVEL(SendFlags)
                                        ? NDIS_SEND_COMPLETE_FLAGS_DISPATCH_LEVEL
                                        : 0);
}

/* No send of the stack above is ever waiting here. */
_Use_decl_annotations_
VOID
MuxCancelSend(NDIS_HANDLE MiniportAdapterContext, PVOID CancelId)
{
    UNREFERENCED_PARAMETER(MiniportAdapterContext);
    UNREFERENCED_PARAMETER(CancelId);
}

_Use_decl_annotations_
VOID
MuxReturnNetBufferLists(NDIS_HANDLE MiniportAdapterContext, PNET_BUFFER_LIST NetBufferLists, ULONG ReturnFlags)
{
    PNET_BUFFER_LIST nbl;
    PNET_BUFFER_LIST next;

    UNREFERENCED_PARAMETER(MiniportAdapterContext);
    UNREFERENCED_PARAMETER(ReturnFlags);

    for (nbl = NetBufferLists; nbl != NULL; nbl = next) {
        next = NET_BUFFER_LIST_NEXT_NBL(nbl);
        NET_BUFFER_LIST_NEXT_NBL(nbl) = NULL;
        MuxReturn(NBL_FRAME(nbl));
    }
}

VOID
EdgeIndicate(PMUX_PORT Port, PMUX_FRAME Frame)
{
    PNET_BUFFER_LIST nbl = Frame->Packet;

    NET_BUFFER_DATA_LENGTH(NET_BUFFER_LIST_FIRST_NB(nbl)) = Frame->Length;
    NET_BUFFER_LIST_NEXT_NBL(nbl) = NULL;
    nbl->SourceHandle = Port->Handle;
    NBL_FRAME(nbl) = Frame;
    NdisMIndicateReceiveNetBufferLists(Port->Handle, nbl, NDIS_DEFAULT_PORT_NUMBER, 1, 0);
}

/* --- the protocol edge --- */

_Use_decl_annotations_
VOID
MuxReceiveNetBufferLists(NDIS_HANDLE ProtocolBindingContext, PNET_BUFFER_LIST NetBufferLists,
                         NDIS_PORT_NUMBER PortNumber, ULONG NumberOfNetBufferLists, ULONG ReceiveFlags)
{
    PMUX_LOWER lower = ProtocolBindingContext;
    PNET_BUFFER_LIST nbl;
    PNET_BUFFER nb;

    UNREFERENCED_PARAMETER(PortNumber);
    UNREFERENCED_PARAMETER(NumberOfNetBufferLists);

    for (nbl = NetBufferLists; nbl != NULL; nbl = NET_BUFFER_LIST_NEXT_NBL(nbl)) {
        NDIS_NET_BUFFER_LIST_8021Q_INFO tag;

        tag.Value = NET_BUFFER_LIST_INFO(nbl, Ieee8021QNetBufferListInfo);
        for (nb = NET_BUFFER_LIST_FIRST_NB(nbl); nb != NULL; nb = NET_BUFFER_NEXT_NB(nb)) {
            MUX_SOURCE source = MuxSourceOf(nb);

            MuxReceive(lower, &source, (ULONG)tag.TagHeader.VlanId);
        }
    }
    if (!NDIS_TEST_RECEIVE_CANNOT_PEND(ReceiveFlags))
        NdisReturnNetBufferLists(lower->Binding, NetBufferLists,
                                 NDIS_TEST_RECEIVE_AT_DISPATCH_LEVEL(ReceiveFlags) ? NDIS_RETURN_FLAGS_DISPATCH_LEVEL
                                                                                   : 0);
}

VOID
EdgeSend(PMUX_LOWER Lower, PMUX_FRAME Frame)
{
    PNET_BUFFER_LIST nbl = Frame->Packet;

    NET_BUFFER_DATA_LENGTH(NET_BUFFER_LIST_FIRST_NB(nbl)) = Frame->Length;
    NET_BUFFER_LIST_NEXT_NBL(nbl) = NULL;
    nbl->SourceHandle = Lower->Binding;
    NBL_SENT(nbl) = Frame;
    NdisSendNetBufferLists(Lower->Binding, nbl, NDIS_DEFAULT_PORT_NUMBER, 0);
}

_Use_decl_annotations_
VOID
MuxSendNetBufferListsComplete(NDIS_HANDLE ProtocolBindingContext, PNET_BUFFER_LIST NetBufferList,
                              ULONG SendCompleteFlags)
{
    PNET_BUFFER_LIST nbl;
    PNET_BUFFER_LIST next;

    UNREFERENCED_PARAMETER(ProtocolBindingContext);
    UNREFERENCED_PARAMETER(SendCompleteFlags);

    for (nbl = NetBufferList; nbl != NULL; nbl = next) {
        next = NET_BUFFER_LIST_NEXT_NBL(nbl);
        NET_BUFFER_LIST_NEXT_NBL(nbl) = NULL;
        MuxSendDone(NBL_SENT(nbl));
    }
}

/* --- frames --- */

NDIS_STATUS
EdgeMakePacket(PMUX_PORT Port, PMUX_FRAME Frame, ULONG Room)
{
    Frame->Mdl = NdisAllocateMdl(Port->Handle, Frame->Data, Room);
    if (Frame->Mdl == NULL)
        return NDIS_STATUS_RESOURCES;
    Frame->Packet = NdisAllocateNetBufferAndNetBufferList(Port->Edge, 0, 0, Frame->Mdl, 0, 0);
    return Frame->Packet != NULL ? NDIS_STATUS_SUCCESS : NDIS_STATUS_RESOURCES;
}

VOID
EdgeFreePacket(PMUX_PORT Port, PMUX_FRAME Frame)
{
    UNREFERENCED_PARAMETER(Port);

    if (Frame->Packet != NULL)
        NdisFreeNetBufferList(Frame->Packet);
    if (Frame->Mdl != NULL)
        NdisFreeMdl(Frame->Mdl);
}
