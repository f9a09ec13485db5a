/* SPDX-License-Identifier: MIT */
/*
 * datapath.c - what passes through: sends going down, receives going up, status indications.
 *
 * Model: everything is passed on unchanged, in the order it came; frames are only looked at, before the chain is
 * given away. FilterSend never queues, so there is no cancel handler.
 */
#include "npf.h"

static BOOLEAN NpfTap(PNPF_ADAPTER Adapter, PNET_BUFFER_LIST NetBufferLists, USHORT Direction);

_Use_decl_annotations_
VOID
NPF_SendEx(NDIS_HANDLE FilterModuleContext, PNET_BUFFER_LIST NetBufferLists, NDIS_PORT_NUMBER PortNumber,
           ULONG SendFlags)
{
    PNPF_ADAPTER adapter = FilterModuleContext;
    PNET_BUFFER_LIST nbl;

    if (NpfTap(adapter, NetBufferLists, NPF_DIRECTION_SENT)) {
        NdisFSendNetBufferLists(adapter->FilterHandle, NetBufferLists, PortNumber, SendFlags);
        return;
    }
    for (nbl = NetBufferLists; nbl != NULL; nbl = NET_BUFFER_LIST_NEXT_NBL(nbl))
        NET_BUFFER_LIST_STATUS(nbl) = NDIS_STATUS_PAUSED;
    NdisFSendNetBufferListsComplete(adapter->FilterHandle, NetBufferLists,
                                    NDIS_TEST_SEND_AT_DISPATCH_LEVEL(SendFlags)
                                        ? NDIS_SEND_COMPLETE_FLAGS_DISPATCH_LEVEL
                                        : 0);
}

/*
 * With NDIS_RECEIVE_FLAGS_RESOURCES the chain is lent for the call; passing the flags on passes that on too. A paused
 * module may still pass on what comes from below (documented: FilterPause).
 */
_Use_decl_annotations_
VOID
NPF_TapEx(NDIS_HANDLE FilterModuleContext, PNET_BUFFER_LIST NetBufferLists, NDIS_PORT_NUMBER PortNumber,
          ULONG NumberOfNetBufferLists, ULONG ReceiveFlags)
{
    PNPF_ADAPTER adapter = FilterModuleContext;

    NpfTap(adapter, NetBufferLists, NPF_DIRECTION_RECEIVED);
    NdisFIndicateReceiveNetBufferLists(adapter->FilterHandle, NetBufferLists, PortNumber, NumberOfNetBufferLists,
                                       ReceiveFlags);
}

_Use_decl_annotations_
VOID
NPF_ReturnEx(NDIS_HANDLE FilterModuleContext, PNET_BUFFER_LIST NetBufferLists, ULONG ReturnFlags)
{
    PNPF_ADAPTER adapter = FilterModuleContext;

    NdisFReturnNetBufferLists(adapter->FilterHandle, NetBufferLists, ReturnFlags);
}

_Use_decl_annotations_
VOID
NPF_Status(NDIS_HANDLE FilterModuleContext, PNDIS_STATUS_INDICATION StatusIndication)
{
    PNPF_ADAPTER adapter = FilterModuleContext;

    NdisFIndicateStatus(adapter->FilterHandle, StatusIndication);
}

/*
 * NpfFrameRead - copy Length bytes at Offset of a frame. FALSE if the frame is shorter or an MDL cannot be mapped.
 */
BOOLEAN
NpfFrameRead(const NPF_FRAME *Frame, ULONG Offset, PVOID Buffer, ULONG Length)
{
    PUCHAR to = Buffer;
    ULONG skip = Frame->MdlOffset + Offset;
    PMDL mdl;

    if (Offset > Frame->Length || Length > Frame->Length - Offset)
        return FALSE;
    for (mdl = Frame->Mdl; mdl != NULL && Length != 0; mdl = mdl->Next) {
        ULONG bytes = MmGetMdlByteCount(mdl);
        PUCHAR from;

        if (skip >= bytes) {
            skip -= bytes;
            continue;
        }
        from = MmGetSystemAddressForMdlSafe(mdl, LowPagePriority | MdlMappingNoExecute);
        if (from == NULL)
            return FALSE;
        bytes = min(bytes - skip, Length);
        NdisMoveMemory(to, from + skip, bytes);
        to += bytes;
        Length -= bytes;
        skip = 0;
    }
    return Length == 0;
}

/* Shows the chain to every handle. FALSE, and nothing shown, while the module is not running. */
static BOOLEAN
NpfTap(PNPF_ADAPTER Adapter, PNET_BUFFER_LIST NetBufferLists, USHORT Direction)
{
    PNET_BUFFER_LIST nbl;
    PNET_BUFFER nb;
    PLIST_ENTRY entry;
    LIST_ENTRY completed;
    NPF_FRAME frame;
    BOOLEAN running;

    InitializeListHead(&completed);
    frame.Direction = Direction;

    NdisAcquireSpinLock(&Adapter->Lock);
    running = Adapter->State == NpfRunning;
    if (running && !IsListEmpty(&Adapter->OpenList)) {
        KeQuerySystemTimePrecise(&frame.Timestamp);
        for (nbl = NetBufferLists; nbl != NULL; nbl = NET_BUFFER_LIST_NEXT_NBL(nbl)) {
            for (nb = NET_BUFFER_LIST_FIRST_NB(nbl); nb != NULL; nb = NET_BUFFER_NEXT_NB(nb)) {
                frame.Mdl = NET_BUFFER_CURRENT_MDL(nb);
                frame.MdlOffset = NET_BUFFER_CURRENT_MDL_OFFSET(nb);
                frame.Length = NET_BUFFER_DATA_LENGTH(nb);
                for (entry = Adapter->OpenList.Flink; entry != &Adapter->OpenList; entry = entry->Flink)
                    NpfDeliver(CONTAINING_RECORD(entry, NPF_OPEN, Link), &frame, &completed);
            }
        }
    }
    NdisReleaseSpinLock(&Adapter->Lock);
    NpfCompleteReads(&completed);
    return running;
}
