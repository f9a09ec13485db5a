/* SPDX-License-Identifier: MIT */
/*
 * send.c - from net buffers to descriptors, and back when the card has sent them.
 *
 * Model: an NBL counts its net buffers that are on their way, plus one while NcSend looks at it; whoever brings the
 * count to zero completes it. A net buffer knows its NBL and the adapter. A ring without room fails the buffer.
 */
#include "netcard.h"

#define NC_PENDING(Nbl)    (*(volatile LONG *)&NET_BUFFER_LIST_MINIPORT_RESERVED(Nbl)[0])
#define NC_LIST_OF(Nb)     ((PNET_BUFFER_LIST)NET_BUFFER_MINIPORT_RESERVED(Nb)[0])
#define NC_ADAPTER_OF(Nb)  ((PNC_ADAPTER)NET_BUFFER_MINIPORT_RESERVED(Nb)[1])

/* One net buffer of the list is done, or NcSend with the list. DISPATCH_LEVEL. */
static VOID
NcFinish(PNC_ADAPTER Adapter, PNET_BUFFER_LIST Nbl, NDIS_STATUS Status)
{
    if (Status != NDIS_STATUS_SUCCESS)
        NET_BUFFER_LIST_STATUS(Nbl) = Status;
    if (InterlockedDecrement(&NC_PENDING(Nbl)) != 0)
        return;
    NdisMSendNetBufferListsComplete(Adapter->MiniportHandle, Nbl, NDIS_SEND_COMPLETE_FLAGS_DISPATCH_LEVEL);
    NcReleaseBusy(Adapter, 1);
}

static VOID
NcSendList(PNC_ADAPTER Adapter, PNET_BUFFER_LIST Nbl)
{
    PNET_BUFFER nb;
    NDIS_STATUS status;

    NdisDprAcquireSpinLock(&Adapter->Lock);
    status = Adapter->State == NcRunning ? NDIS_STATUS_SUCCESS : NDIS_STATUS_PAUSED;
    if (Adapter->Removed)
        status = NDIS_STATUS_NOT_ACCEPTED;
    if (status == NDIS_STATUS_SUCCESS)
        Adapter->Busy++;
    NdisDprReleaseSpinLock(&Adapter->Lock);

    NET_BUFFER_LIST_STATUS(Nbl) = status;
    if (status != NDIS_STATUS_SUCCESS) {
        NdisMSendNetBufferListsComplete(Adapter->MiniportHandle, Nbl, NDIS_SEND_COMPLETE_FLAGS_DISPATCH_LEVEL);
        return;
    }
    NC_PENDING(Nbl) = 1;
    for (nb = NET_BUFFER_LIST_FIRST_NB(Nbl); nb != NULL; nb = NET_BUFFER_NEXT_NB(nb)) {
        NET_BUFFER_MINIPORT_RESERVED(nb)[0] = Nbl;
        NET_BUFFER_MINIPORT_RESERVED(nb)[1] = Adapter;
        InterlockedIncrement(&NC_PENDING(Nbl));
        status = NdisMAllocateNetBufferSGList(Adapter->Dma, nb, nb, NDIS_SG_LIST_WRITE_TO_DEVICE, NULL, 0);
        if (status != NDIS_STATUS_SUCCESS)
            NcFinish(Adapter, Nbl, status);
    }
    NcFinish(Adapter, Nbl, NDIS_STATUS_SUCCESS);
}

_Use_decl_annotations_
VOID
NcSend(NDIS_HANDLE MiniportAdapterContext, PNET_BUFFER_LIST NetBufferList, NDIS_PORT_NUMBER PortNumber,
       ULONG SendFlags)
{
    PNET_BUFFER_LIST nbl;
    PNET_BUFFER_LIST next;
    KIRQL irql = DISPATCH_LEVEL;

    UNREFERENCED_PARAMETER(PortNumber);

    if (!NDIS_TEST_SEND_AT_DISPATCH_LEVEL(SendFlags))
        irql = KeRaiseIrqlToDpcLevel();
    for (nbl = NetBufferList; nbl != NULL; nbl = next) {
        next = NET_BUFFER_LIST_NEXT_NBL(nbl);
        NET_BUFFER_LIST_NEXT_NBL(nbl) = NULL;
        NcSendList(MiniportAdapterContext, nbl);
    }
    if (!NDIS_TEST_SEND_AT_DISPATCH_LEVEL(SendFlags))
        KeLowerIrql(irql);
}

/* Every send is with the card at once, and the card cannot be told to forget one. */
_Use_decl_annotations_
VOID
NcCancelSend(NDIS_HANDLE MiniportAdapterContext, PVOID CancelId)
{
    UNREFERENCED_PARAMETER(MiniportAdapterContext);
    UNREFERENCED_PARAMETER(CancelId);
}

/* Lock. Descriptors for the list without its first Skip bytes (NdisMAllocateNetBufferSGList: from the MDL's start). */
static BOOLEAN
NcPostSend(PNC_ADAPTER Adapter, PNET_BUFFER NetBuffer, PSCATTER_GATHER_LIST List)
{
    ULONG used = (Adapter->SendTail + NC_RING - Adapter->SendDone) % NC_RING;
    ULONG skip = NET_BUFFER_CURRENT_MDL_OFFSET(NetBuffer);
    ULONG last = 0;
    ULONG i;

    if (List->NumberOfElements == 0 || used + List->NumberOfElements >= NC_RING)
        return FALSE;
    for (i = 0; i < List->NumberOfElements; i++) {
        PSCATTER_GATHER_ELEMENT element = &List->Elements[i];
        PNC_DESCRIPTOR descriptor = &Adapter->SendRing[Adapter->SendTail];

        if (skip >= element->Length) {
            skip -= element->Length;
            continue;
        }
        descriptor->Address = (ULONG64)element->Address.QuadPart + skip;
        descriptor->Length = element->Length - skip;
        descriptor->Flags = 0;
        Adapter->Sends[Adapter->SendTail].NetBuffer = NULL;
        skip = 0;
        last = Adapter->SendTail;
        Adapter->SendTail = (Adapter->SendTail + 1) % NC_RING;
    }
    Adapter->SendRing[last].Flags = NC_DESCRIPTOR_END;
    Adapter->Sends[last].NetBuffer = NetBuffer;
    Adapter->Sends[last].List = List;
    NcWrite(Adapter, NC_REG_TX + NC_RING_TAIL, Adapter->SendTail);
    return TRUE;
}

_Use_decl_annotations_
VOID
NcProcessSGList(PDEVICE_OBJECT pDO, PVOID Reserved, PSCATTER_GATHER_LIST pSGL, PVOID Context)
{
    PNET_BUFFER nb = Context;
    PNC_ADAPTER adapter = NC_ADAPTER_OF(nb);
    NDIS_STATUS status;

    UNREFERENCED_PARAMETER(pDO);
    UNREFERENCED_PARAMETER(Reserved);

    NdisDprAcquireSpinLock(&adapter->Lock);
    if (adapter->Removed)
        status = NDIS_STATUS_NOT_ACCEPTED;
    else
        status = NcPostSend(adapter, nb, pSGL) ? NDIS_STATUS_SUCCESS : NDIS_STATUS_RESOURCES;
    NdisDprReleaseSpinLock(&adapter->Lock);
    if (status != NDIS_STATUS_SUCCESS) {
        NdisMFreeNetBufferSGList(adapter->Dma, pSGL, nb);
        NcFinish(adapter, NC_LIST_OF(nb), status);
    }
}

/* Lock. Takes out of the ring what stands before Head; how many of Done are filled. */
static ULONG
NcTakeSends(PNC_ADAPTER Adapter, ULONG Head, PNC_SEND_SLOT Done)
{
    ULONG count = 0;

    for (; Adapter->SendDone != Head; Adapter->SendDone = (Adapter->SendDone + 1) % NC_RING)
        if (Adapter->Sends[Adapter->SendDone].NetBuffer != NULL) {
            Done[count++] = Adapter->Sends[Adapter->SendDone];
            Adapter->Sends[Adapter->SendDone].NetBuffer = NULL;
        }
    return count;
}

static VOID
NcFinishSends(PNC_ADAPTER Adapter, PNC_SEND_SLOT Done, ULONG Count, NDIS_STATUS Status)
{
    ULONG i;

    for (i = 0; i < Count; i++) {
        PNET_BUFFER_LIST nbl = NC_LIST_OF(Done[i].NetBuffer);

        NdisMFreeNetBufferSGList(Adapter->Dma, Done[i].List, Done[i].NetBuffer);
        NcFinish(Adapter, nbl, Status);
    }
}

/* From the DPC: the card is done with every descriptor before its head. */
VOID
NcReapSends(PNC_ADAPTER Adapter)
{
    NC_SEND_SLOT done[NC_RING];
    ULONG count;
    ULONG i;

    NdisDprAcquireSpinLock(&Adapter->Lock);
    count = NcTakeSends(Adapter, NcHead(Adapter, NC_REG_TX, Adapter->SendDone), done);
    Adapter->FramesSent += count;
    for (i = 0; i < count; i++)
        Adapter->Statistics.ifHCOutOctets += NET_BUFFER_DATA_LENGTH(done[i].NetBuffer);
    NdisDprReleaseSpinLock(&Adapter->Lock);
    NcFinishSends(Adapter, done, count, NDIS_STATUS_SUCCESS);
}

/* The card is gone: it will not say that it sent what it was given. */
VOID
NcDropSends(PNC_ADAPTER Adapter)
{
    NC_SEND_SLOT done[NC_RING];
    ULONG count;
    KIRQL irql;

    irql = KeRaiseIrqlToDpcLevel();
    NdisDprAcquireSpinLock(&Adapter->Lock);
    Adapter->Removed = TRUE;
    count = NcTakeSends(Adapter, Adapter->SendTail, done);
    NdisDprReleaseSpinLock(&Adapter->Lock);
    NcFinishSends(Adapter, done, count, NDIS_STATUS_NOT_ACCEPTED);
    KeLowerIrql(irql);
}
