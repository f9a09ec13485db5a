/* SPDX-License-Identifier: MIT */
/*
 * adapter.c - one filter module from attach to detach, and the adapter object behind it.
 *
 * Model: State decides whether FilterHandle may be used to send. It changes only under Lock, and the send path looks
 * at it and counts itself in under the same lock (NpfBeginSend, write.c): after NPF_Pause has left the lock, every
 * send is either counted or refused. The pause ends when the count is zero, here or in NpfEndSend.
 */
#include "npf.h"

static ULONG NpfMaxFrame(PNDIS_FILTER_RESTART_PARAMETERS Parameters);

_Use_decl_annotations_
NDIS_STATUS
NPF_AttachAdapter(NDIS_HANDLE NdisFilterHandle, NDIS_HANDLE FilterDriverContext,
                  PNDIS_FILTER_ATTACH_PARAMETERS AttachParameters)
{
    NDIS_FILTER_ATTRIBUTES attributes;
    PNPF_ADAPTER adapter;
    NDIS_STATUS status;

    UNREFERENCED_PARAMETER(FilterDriverContext);

    if (AttachParameters->MiniportMediaType != NdisMedium802_3)
        return NDIS_STATUS_UNSUPPORTED_MEDIA;

    adapter = NdisAllocateMemoryWithTagPriority(NdisFilterHandle, sizeof(*adapter), NPF_TAG, NormalPoolPriority);
    if (adapter == NULL)
        return NDIS_STATUS_RESOURCES;
    NdisZeroMemory(adapter, sizeof(*adapter));
    adapter->References = 1;
    adapter->FilterHandle = NdisFilterHandle;
    adapter->State = NpfAttached;
    adapter->MaxFrame = NPF_DEFAULT_MAX_FRAME;
    NdisAllocateSpinLock(&adapter->Lock);
    InitializeListHead(&adapter->OpenList);
    KeInitializeEvent(&adapter->UpperSetIdle, NotificationEvent, TRUE);
    KeInitializeEvent(&adapter->OidGate, SynchronizationEvent, TRUE);
    ExInitializeRundownProtection(&adapter->OidRundown);

    adapter->MiniportName.Buffer = adapter->MiniportNameBuffer;
    adapter->MiniportName.MaximumLength = sizeof(adapter->MiniportNameBuffer) - sizeof(WCHAR);
    status = RtlAppendUnicodeStringToString(&adapter->MiniportName, AttachParameters->BaseMiniportName);
    if (status != STATUS_SUCCESS)
        goto fail_adapter;

    NdisZeroMemory(&attributes, sizeof(attributes));
    attributes.Header.Type = NDIS_OBJECT_TYPE_FILTER_ATTRIBUTES;
    attributes.Header.Revision = NDIS_FILTER_ATTRIBUTES_REVISION_1;
    attributes.Header.Size = NDIS_SIZEOF_FILTER_ATTRIBUTES_REVISION_1;
    status = NdisFSetAttributes(NdisFilterHandle, adapter, &attributes);
    if (status != NDIS_STATUS_SUCCESS)
        goto fail_adapter;

    status = NpfCreateSendPool(adapter);
    if (status != NDIS_STATUS_SUCCESS)
        goto fail_adapter;

    status = NpfCreateDevice(adapter);
    if (status != NDIS_STATUS_SUCCESS)
        goto fail_pool;

    /* From here programs can open the device; one that tried earlier was refused. */
    NdisAcquireSpinLock(&NpfListLock);
    InsertTailList(&NpfAdapterList, &adapter->Link);
    NdisReleaseSpinLock(&NpfListLock);
    return NDIS_STATUS_SUCCESS;

fail_pool:
    NdisFreeNetBufferListPool(adapter->NblPool);
fail_adapter:
    NpfDereferenceAdapter(adapter);
    return status;
}

/*
 * The module is Paused, so no send of ours is out and none can start. What is left: programs that hold handles,
 * some with a read pended, and one that may be inside an OID request.
 */
_Use_decl_annotations_
VOID
NPF_DetachAdapter(NDIS_HANDLE FilterModuleContext)
{
    PNPF_ADAPTER adapter = FilterModuleContext;
    LIST_ENTRY completed;
    PLIST_ENTRY entry;

    NdisAcquireSpinLock(&NpfListLock);
    RemoveEntryList(&adapter->Link);
    NdisReleaseSpinLock(&NpfListLock);

    InitializeListHead(&completed);
    NdisAcquireSpinLock(&adapter->Lock);
    adapter->State = NpfDetached;
    for (entry = adapter->OpenList.Flink; entry != &adapter->OpenList; entry = entry->Flink)
        NpfRefuseReads(CONTAINING_RECORD(entry, NPF_OPEN, Link), STATUS_DEVICE_REMOVED, &completed);
    NdisReleaseSpinLock(&adapter->Lock);
    NpfCompleteReads(&completed);

    ExWaitForRundownProtectionRelease(&adapter->OidRundown);
    NdisDeregisterDeviceEx(adapter->DeviceHandle);
    NdisFreeNetBufferListPool(adapter->NblPool);
    NpfDereferenceAdapter(adapter);
}

_Use_decl_annotations_
NDIS_STATUS
NPF_Pause(NDIS_HANDLE FilterModuleContext, PNDIS_FILTER_PAUSE_PARAMETERS PauseParameters)
{
    PNPF_ADAPTER adapter = FilterModuleContext;
    NDIS_STATUS status;

    UNREFERENCED_PARAMETER(PauseParameters);

    NdisAcquireSpinLock(&adapter->Lock);
    if (adapter->SendsOutstanding == 0) {
        adapter->State = NpfPaused;
        status = NDIS_STATUS_SUCCESS;
    } else {
        adapter->State = NpfPausing; /* NpfEndSend completes it, perhaps before this function has returned */
        status = NDIS_STATUS_PENDING;
    }
    NdisReleaseSpinLock(&adapter->Lock);
    return status;
}

_Use_decl_annotations_
NDIS_STATUS
NPF_Restart(NDIS_HANDLE FilterModuleContext, PNDIS_FILTER_RESTART_PARAMETERS RestartParameters)
{
    PNPF_ADAPTER adapter = FilterModuleContext;
    ULONG maxFrame = NpfMaxFrame(RestartParameters);

    NdisAcquireSpinLock(&adapter->Lock);
    if (maxFrame != 0)
        adapter->MaxFrame = maxFrame;
    adapter->State = NpfRunning;
    NdisReleaseSpinLock(&adapter->Lock);
    return NDIS_STATUS_SUCCESS;
}

/*
 * NpfFindAdapter - the adapter of a device, with a reference the caller takes; NULL once it is being detached.
 * The list, not the device extension: NdisDeregisterDeviceEx frees the extension while a create may still read it.
 */
PNPF_ADAPTER
NpfFindAdapter(PDEVICE_OBJECT DeviceObject)
{
    PNPF_ADAPTER found = NULL;
    PLIST_ENTRY entry;

    NdisAcquireSpinLock(&NpfListLock);
    for (entry = NpfAdapterList.Flink; entry != &NpfAdapterList; entry = entry->Flink) {
        PNPF_ADAPTER adapter = CONTAINING_RECORD(entry, NPF_ADAPTER, Link);

        if (adapter->DeviceObject == DeviceObject) {
            InterlockedIncrement(&adapter->References);
            found = adapter;
            break;
        }
    }
    NdisReleaseSpinLock(&NpfListLock);
    return found;
}

VOID
NpfDereferenceAdapter(PNPF_ADAPTER Adapter)
{
    if (InterlockedDecrement(&Adapter->References) == 0) {
        NdisFreeSpinLock(&Adapter->Lock);
        NdisFreeMemory(Adapter, 0, 0);
    }
}

/* The frame size the miniport announces on restart, 0 if it says nothing. */
static ULONG
NpfMaxFrame(PNDIS_FILTER_RESTART_PARAMETERS Parameters)
{
    PNDIS_RESTART_ATTRIBUTES attributes;

    for (attributes = Parameters->RestartAttributes; attributes != NULL; attributes = attributes->Next) {
        PNDIS_RESTART_GENERAL_ATTRIBUTES general = (PNDIS_RESTART_GENERAL_ATTRIBUTES)attributes->Data;

        if (attributes->Oid == OID_GEN_MINIPORT_RESTART_ATTRIBUTES)
            return general->MtuSize + NPF_ETHERNET_HEADER;
    }
    return 0;
}
