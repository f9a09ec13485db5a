/* SPDX-License-Identifier: MIT */
/*
 * use.c - bindings, handles, and who uses a binding through a handle; for either generation of NDIS.
 *
 * Model: programs see a binding from NpPublish to NpWithdraw. Sends and requests that a handle begins are counted in
 * its binding first; whoever takes the binding down withdraws it, so that nothing new is counted, and waits.
 */
#include "np.h"

NDIS_SPIN_LOCK NpLock;
LIST_ENTRY NpBindings; /* NP_BINDING.Link; NpLock */

/* Binding is zeroed. Name has room in NameBuffer. */
VOID
NpInitializeBinding(PNP_BINDING Binding, PUNICODE_STRING Name)
{
    InitializeListHead(&Binding->Opens);
    NdisAllocateSpinLock(&Binding->Lock);
    KeInitializeEvent(&Binding->Idle, NotificationEvent, TRUE);
    ExInitializeFastMutex(&Binding->FilterMutex);
    Binding->Medium = NdisMedium802_3;
    Binding->Name.Buffer = Binding->NameBuffer;
    Binding->Name.MaximumLength = sizeof(Binding->NameBuffer);
    RtlCopyUnicodeString(&Binding->Name, Name);
}

VOID
NpPublish(PNP_BINDING Binding)
{
    NdisAcquireSpinLock(&NpLock);
    InsertTailList(&NpBindings, &Binding->Link);
    NdisReleaseSpinLock(&NpLock);
}

/* No program finds the binding from here on; requests that wait for it end. */
VOID
NpWithdraw(PNP_BINDING Binding)
{
    LIST_ENTRY completed;

    InitializeListHead(&completed);
    NdisAcquireSpinLock(&NpLock);
    RemoveEntryList(&Binding->Link);
    NdisDprAcquireSpinLock(&Binding->Lock);
    Binding->State = NpClosing;
    NdisDprReleaseSpinLock(&Binding->Lock);
    while (!IsListEmpty(&Binding->Opens)) {
        PNP_OPEN open = CONTAINING_RECORD(RemoveHeadList(&Binding->Opens), NP_OPEN, Link);

        open->Binding = NULL;
        NpQueueRefuse(&open->Reads, STATUS_DEVICE_REMOVED, &completed);
        NpQueueRefuse(&open->Statuses, STATUS_DEVICE_REMOVED, &completed);
    }
    NdisReleaseSpinLock(&NpLock);
    NpCompleteIrps(&completed);
}

/* ---- who uses a binding */

/* Binding->Sends or ->Requests is zero on return, and stays so if nothing new can be counted. PASSIVE_LEVEL. */
VOID
NpWaitIdle(PNP_BINDING Binding, const ULONG *Count)
{
    NdisAcquireSpinLock(&Binding->Lock);
    while (*Count != 0) {
        KeClearEvent(&Binding->Idle);
        NdisReleaseSpinLock(&Binding->Lock);
        KeWaitForSingleObject(&Binding->Idle, Executive, KernelMode, FALSE, NULL);
        NdisAcquireSpinLock(&Binding->Lock);
    }
    NdisReleaseSpinLock(&Binding->Lock);
}

/* The handle's adapter, for an OID request: NpEndUse(&Requests) must follow. NULL without adapter. */
PNP_BINDING
NpBeginRequest(PNP_OPEN Open)
{
    PNP_BINDING binding;

    NdisAcquireSpinLock(&NpLock);
    binding = Open->Binding;
    if (binding != NULL) {
        NdisDprAcquireSpinLock(&binding->Lock);
        binding->Requests++;
        NdisDprReleaseSpinLock(&binding->Lock);
    }
    NdisReleaseSpinLock(&NpLock);
    return binding;
}

/* The event is set under the lock: once it is free, unbinding may go on and free the binding. */
VOID
NpEndUse(PNP_BINDING Binding, PULONG Count)
{
    NdisAcquireSpinLock(&Binding->Lock);
    if (--*Count == 0)
        KeSetEvent(&Binding->Idle, IO_NETWORK_INCREMENT, FALSE);
    NdisReleaseSpinLock(&Binding->Lock);
}

/* On success the send is counted, and NpEndUse(&Sends) must follow. */
NTSTATUS
NpBeginSend(PNP_OPEN Open, ULONG Length, PNP_BINDING *Binding)
{
    NTSTATUS status = STATUS_DEVICE_NOT_READY;
    PNP_BINDING binding;

    NdisAcquireSpinLock(&NpLock);
    binding = Open->Binding;
    if (binding != NULL) {
        NdisDprAcquireSpinLock(&binding->Lock);
        if (binding->State != NpRunning || binding->LowPower) {
            status = NDIS_STATUS_PAUSED;
        } else if (Length > binding->MaxFrame) {
            status = STATUS_INVALID_BUFFER_SIZE;
        } else {
            binding->Sends++;
            *Binding = binding;
            status = STATUS_SUCCESS;
        }
        NdisDprReleaseSpinLock(&binding->Lock);
    }
    NdisReleaseSpinLock(&NpLock);
    return status;
}

/* The top byte is NDIS's, so that no two drivers have the same identifiers (documented). */
PVOID
NpNextCancelId(VOID)
{
    static volatile LONG64 counter;
    static UCHAR partial;
    LONG64 number = InterlockedIncrement64(&counter);

    if (partial == 0)
        partial = NdisGeneratePartialCancelId(); /* twice at worst: any of ours will do */
    return (PVOID)((ULONG_PTR)partial << 56 | ((ULONG_PTR)number & 0x00ffffffffffffffULL));
}

VOID
NpSetPower(PNP_BINDING Binding, NDIS_DEVICE_POWER_STATE State)
{
    NdisAcquireSpinLock(&Binding->Lock);
    Binding->LowPower = State != NdisDeviceStateD0;
    NdisReleaseSpinLock(&Binding->Lock);
    if (State != NdisDeviceStateD0)
        NpWaitIdle(Binding, &Binding->Sends);
}

/* ---- handles */

/* Name: as IOCTL_NDISPROT_QUERY_BINDING gives it, Length bytes. The frames begin to come. */
NTSTATUS
NpOpenAdapter(PNP_OPEN Open, PCWSTR Name, ULONG Length)
{
    NTSTATUS status = STATUS_OBJECT_NAME_NOT_FOUND;
    PNP_BINDING binding = NULL;
    PLIST_ENTRY entry;

    NdisAcquireSpinLock(&NpLock);
    if (Open->Closing || Open->Binding != NULL) {
        NdisReleaseSpinLock(&NpLock);
        return STATUS_INVALID_DEVICE_STATE;
    }
    for (entry = NpBindings.Flink; entry != &NpBindings; entry = entry->Flink) {
        binding = CONTAINING_RECORD(entry, NP_BINDING, Link);
        if (binding->Name.Length == Length && NdisEqualMemory(binding->Name.Buffer, Name, Length)) {
            Open->Binding = binding;
            InsertTailList(&binding->Opens, &Open->Link);
            NpQueueAccept(&Open->Reads);
            NpQueueAccept(&Open->Statuses);
            status = STATUS_SUCCESS;
            break;
        }
    }
    NdisReleaseSpinLock(&NpLock);
    if (status != STATUS_SUCCESS)
        return status;

    binding = NpBeginRequest(Open);
    if (binding == NULL)
        return STATUS_DEVICE_REMOVED; /* it went meanwhile */
    status = NpUpdateFilter(binding);
    NpEndUse(binding, &binding->Requests);
    return status;
}

/* The last handle to the file is closed: no adapter from here on, and nothing waits any more. */
VOID
NpLeaveAdapter(PNP_OPEN Open)
{
    PNP_BINDING binding = NpBeginRequest(Open);
    LIST_ENTRY completed;

    InitializeListHead(&completed);
    NdisAcquireSpinLock(&NpLock);
    Open->Closing = TRUE;
    if (Open->Binding != NULL) {
        RemoveEntryList(&Open->Link);
        Open->Binding = NULL;
    }
    NpQueueRefuse(&Open->Reads, STATUS_CANCELLED, &completed);
    NpQueueRefuse(&Open->Statuses, STATUS_CANCELLED, &completed);
    NdisReleaseSpinLock(&NpLock);
    NpCompleteIrps(&completed);

    if (binding != NULL) {
        NpUpdateFilter(binding);
        NpEndUse(binding, &binding->Requests);
    }
}

/* Frames are wanted while the adapter has a handle. What holds is looked up and told under one mutex. */
NDIS_STATUS
NpUpdateFilter(PNP_BINDING Binding)
{
    NDIS_STATUS status;
    ULONG filter;
    ULONG done;

    ExAcquireFastMutex(&Binding->FilterMutex);
    NdisAcquireSpinLock(&NpLock);
    filter = IsListEmpty(&Binding->Opens) ? 0
                                          : NDIS_PACKET_TYPE_DIRECTED | NDIS_PACKET_TYPE_MULTICAST |
                                                NDIS_PACKET_TYPE_BROADCAST;
    NdisReleaseSpinLock(&NpLock);
    status = NpOidRequest(Binding, NdisRequestSetInformation, OID_GEN_CURRENT_PACKET_FILTER, NDIS_DEFAULT_PORT_NUMBER,
                          &filter, sizeof(filter), &done);
    ExReleaseFastMutex(&Binding->FilterMutex);
    return status;
}

/* ---- what a binding tells its handles */

/*
 * Takes Item: the first handle gets it, each other a copy, as far as there is memory. NpLock held; IRPs that had waited
 * are appended to Completed.
 */
VOID
NpDeliver(PNP_BINDING Binding, NP_KIND Kind, PNP_ITEM Item, PLIST_ENTRY Completed)
{
    PLIST_ENTRY entry;

    for (entry = Binding->Opens.Flink; entry != &Binding->Opens; entry = entry->Flink) {
        PNP_OPEN open = CONTAINING_RECORD(entry, NP_OPEN, Link);
        PNP_ITEM next = NULL;

        if (entry->Flink != &Binding->Opens) {
            next = NpAllocateItem(Item->Length);
            if (next != NULL)
                NdisMoveMemory(next->Data, Item->Data, Item->Length);
        }
        NpQueueItem(Kind == NpFrames ? &open->Reads : &open->Statuses, Item, Completed);
        Item = next;
        if (Item == NULL)
            return;
    }
    NdisFreeMemory(Item, 0, 0); /* the binding has no handle */
}

/* Something changed; Link: what the indication says of the link, NpLinkSame if nothing. <= DISPATCH_LEVEL. */
VOID
NpTellStatus(PNP_BINDING Binding, NP_LINK Link, NDIS_STATUS Code, PVOID Buffer, ULONG Length)
{
    LIST_ENTRY completed;
    PNDISPROT_STATUS status;
    PNP_ITEM item;

    InitializeListHead(&completed);
    NdisAcquireSpinLock(&NpLock);
    if (Link != NpLinkSame) {
        NdisDprAcquireSpinLock(&Binding->Lock);
        Binding->LinkUp = Link == NpLinkUp;
        NdisDprReleaseSpinLock(&Binding->Lock);
    }
    item = IsListEmpty(&Binding->Opens) ? NULL : NpAllocateItem(sizeof(NDISPROT_STATUS) + Length);
    if (item != NULL) {
        status = (PNDISPROT_STATUS)item->Data;
        status->StatusCode = Code;
        status->Length = Length;
        NdisMoveMemory(status + 1, Buffer, Length);
        NpDeliver(Binding, NpStatuses, item, &completed);
    }
    NdisReleaseSpinLock(&NpLock);
    NpCompleteIrps(&completed);
}
