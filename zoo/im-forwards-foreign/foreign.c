/* SPDX-License-Identifier: MIT */
/*
 * foreign.c - data.c of drivers/mux with another receive: NBLs of the adapter below go up as they are.
 *
 * They stay the lower adapter's, yet this driver indicates them as if they were its own, and gives them back below in
 * the same call, as it does in drivers/mux with what it has copied. The stack above is not done with them then.
 */
#define MuxReceiveNetBufferLists  MuxCopyNetBufferLists
#define MuxReturnNetBufferLists   MuxReturnFrames
#include "../../drivers/mux/data.c"
#undef MuxReceiveNetBufferLists
#undef MuxReturnNetBufferLists

_Use_decl_annotations_
VOID
MuxReceiveNetBufferLists(NDIS_HANDLE ProtocolBindingContext, PNET_BUFFER_LIST NetBufferLists,
                         NDIS_PORT_NUMBER PortNumber, ULONG NumberOfNetBufferLists, ULONG ReceiveFlags)
{
    PMUX_LOWER lower = ProtocolBindingContext;
    PMUX_PORT port = lower->Ports[0];

    UNREFERENCED_PARAMETER(PortNumber);

    if (MuxBeginPort(port)) {
        NdisMIndicateReceiveNetBufferLists(port->Handle, NetBufferLists, NDIS_DEFAULT_PORT_NUMBER,
                                           NumberOfNetBufferLists, ReceiveFlags);
        MuxEndPort(port);
    }
    if (!NDIS_TEST_RECEIVE_CANNOT_PEND(ReceiveFlags))
        NdisReturnNetBufferLists(lower->Binding, NetBufferLists, 0);
}

/* They are back below already. */
_Use_decl_annotations_
VOID
MuxReturnNetBufferLists(NDIS_HANDLE MiniportAdapterContext, PNET_BUFFER_LIST NetBufferLists, ULONG ReturnFlags)
{
    UNREFERENCED_PARAMETER(MiniportAdapterContext);
    UNREFERENCED_PARAMETER(NetBufferLists);
    UNREFERENCED_PARAMETER(ReturnFlags);
}
