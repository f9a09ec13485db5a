/* SPDX-License-Identifier: MIT */
/*
 * nbl_misuse.c - a filter that does wrong with frames of one kind: the Ethertype 0x88c0 plus one of these says what.
 */
#include <ndis.h>

#define KIND           0x88c0u
#define COMPLETE_TWICE 1 /* completes a send and passes it on, too */
#define RETURN_TWICE   2 /* returns a received frame twice */
#define FREE_TWICE     3 /* frees an NBL of its own twice */
#define FREE_SENT      4 /* frees one that is on its way */
#define INDICATE_TWICE 5 /* passes a received frame up twice */

#define TAG 'simN'

DRIVER_INITIALIZE DriverEntry;

static NDIS_HANDLE DriverHandle, Pool;

typedef struct _MODULE {
    NDIS_HANDLE Handle;
} MODULE, *PMODULE;

static NDIS_STATUS
MisuseAttach(NDIS_HANDLE NdisFilterHandle, NDIS_HANDLE DriverContext, PNDIS_FILTER_ATTACH_PARAMETERS Parameters)
{
    NDIS_FILTER_ATTRIBUTES attributes;
    NET_BUFFER_LIST_POOL_PARAMETERS pool;
    PMODULE module;
    NDIS_STATUS status;

    UNREFERENCED_PARAMETER(DriverContext);
    UNREFERENCED_PARAMETER(Parameters);
    module = ExAllocatePoolWithTag(NonPagedPoolNx, sizeof(*module), TAG);
    if (module == NULL)
        return NDIS_STATUS_RESOURCES;
    module->Handle = NdisFilterHandle;
    NdisZeroMemory(&pool, sizeof(pool));
    pool.Header.Type = NDIS_OBJECT_TYPE_DEFAULT;
    pool.Header.Revision = NET_BUFFER_LIST_POOL_PARAMETERS_REVISION_1;
    pool.Header.Size = NDIS_SIZEOF_NET_BUFFER_LIST_POOL_PARAMETERS_REVISION_1;
    pool.fAllocateNetBuffer = TRUE;
    pool.PoolTag = TAG;
    Pool = NdisAllocateNetBufferListPool(NdisFilterHandle, &pool);
    NdisZeroMemory(&attributes, sizeof(attributes));
    attributes.Header.Type = NDIS_OBJECT_TYPE_FILTER_ATTRIBUTES;
    attributes.Header.Revision = NDIS_FILTER_ATTRIBUTES_REVISION_1;
    attributes.Header.Size = NDIS_SIZEOF_FILTER_ATTRIBUTES_REVISION_1;
    status = Pool != NULL ? NdisFSetAttributes(NdisFilterHandle, module, &attributes) : NDIS_STATUS_RESOURCES;
    if (status != NDIS_STATUS_SUCCESS) {
        if (Pool != NULL)
            NdisFreeNetBufferListPool(Pool);
        ExFreePoolWithTag(module, TAG);
    }
    return status;
}

static VOID
MisuseDetach(NDIS_HANDLE FilterModuleContext)
{
    NdisFreeNetBufferListPool(Pool);
    ExFreePoolWithTag(FilterModuleContext, TAG);
}

static NDIS_STATUS
MisuseRestart(NDIS_HANDLE FilterModuleContext, PNDIS_FILTER_RESTART_PARAMETERS Parameters)
{
    UNREFERENCED_PARAMETER(FilterModuleContext);
    UNREFERENCED_PARAMETER(Parameters);
    return NDIS_STATUS_SUCCESS;
}

static NDIS_STATUS
MisusePause(NDIS_HANDLE FilterModuleContext, PNDIS_FILTER_PAUSE_PARAMETERS Parameters)
{
    UNREFERENCED_PARAMETER(FilterModuleContext);
    UNREFERENCED_PARAMETER(Parameters);
    return NDIS_STATUS_SUCCESS;
}

/* What the frame asks for; 0: nothing. */
static ULONG
Asked(PNET_BUFFER_LIST NetBufferList)
{
    PNET_BUFFER nb = NET_BUFFER_LIST_FIRST_NB(NetBufferList);
    PUCHAR frame = MmGetSystemAddressForMdlSafe(NET_BUFFER_CURRENT_MDL(nb), NormalPagePriority);
    ULONG kind;

    if (frame == NULL || NET_BUFFER_DATA_LENGTH(nb) < 14)
        return 0;
    frame += NET_BUFFER_CURRENT_MDL_OFFSET(nb);
    kind = (ULONG)frame[12] << 8 | frame[13];
    return kind > KIND && kind < KIND + 16 ? kind - KIND : 0;
}

static VOID
FreeOwn(PMODULE Module, BOOLEAN Sent, PNET_BUFFER_LIST Like, NDIS_PORT_NUMBER Port)
{
    PNET_BUFFER nb = NET_BUFFER_LIST_FIRST_NB(Like);
    PNET_BUFFER_LIST own = NdisAllocateNetBufferAndNetBufferList(
        Pool, 0, 0, NET_BUFFER_CURRENT_MDL(nb), NET_BUFFER_CURRENT_MDL_OFFSET(nb), NET_BUFFER_DATA_LENGTH(nb));

    if (own == NULL)
        return;
    own->SourceHandle = Module->Handle;
    if (Sent)
        NdisFSendNetBufferLists(Module->Handle, own, Port, 0);
    else
        NdisFreeNetBufferList(own);
    NdisFreeNetBufferList(own);
}

static VOID
MisuseSend(NDIS_HANDLE FilterModuleContext, PNET_BUFFER_LIST NetBufferLists, NDIS_PORT_NUMBER Port, ULONG Flags)
{
    PMODULE module = FilterModuleContext;
    ULONG asked = Asked(NetBufferLists);

    if (asked == FREE_TWICE || asked == FREE_SENT)
        FreeOwn(module, asked == FREE_SENT, NetBufferLists, Port);
    if (asked == COMPLETE_TWICE)
        NdisFSendNetBufferListsComplete(module->Handle, NetBufferLists, 0);
    NdisFSendNetBufferLists(module->Handle, NetBufferLists, Port, Flags);
}

static VOID
MisuseCancel(NDIS_HANDLE FilterModuleContext, PVOID CancelId)
{
    NdisFCancelSendNetBufferLists(((PMODULE)FilterModuleContext)->Handle, CancelId);
}

static VOID
MisuseSendComplete(NDIS_HANDLE FilterModuleContext, PNET_BUFFER_LIST NetBufferLists, ULONG Flags)
{
    NdisFSendNetBufferListsComplete(((PMODULE)FilterModuleContext)->Handle, NetBufferLists, Flags);
}

static VOID
MisuseReceive(NDIS_HANDLE FilterModuleContext, PNET_BUFFER_LIST NetBufferLists, NDIS_PORT_NUMBER Port, ULONG Count,
              ULONG Flags)
{
    PMODULE module = FilterModuleContext;
    ULONG asked = Asked(NetBufferLists);

    NdisFIndicateReceiveNetBufferLists(module->Handle, NetBufferLists, Port, Count, Flags);
    if (asked == INDICATE_TWICE)
        NdisFIndicateReceiveNetBufferLists(module->Handle, NetBufferLists, Port, Count, Flags);
}

static VOID
MisuseReturn(NDIS_HANDLE FilterModuleContext, PNET_BUFFER_LIST NetBufferLists, ULONG Flags)
{
    PMODULE module = FilterModuleContext;
    ULONG asked = Asked(NetBufferLists);

    NdisFReturnNetBufferLists(module->Handle, NetBufferLists, Flags);
    if (asked == RETURN_TWICE)
        NdisFReturnNetBufferLists(module->Handle, NetBufferLists, Flags);
}

static VOID
MisuseStatus(NDIS_HANDLE FilterModuleContext, PNDIS_STATUS_INDICATION StatusIndication)
{
    NdisFIndicateStatus(((PMODULE)FilterModuleContext)->Handle, StatusIndication);
}

static VOID
MisuseUnload(PDRIVER_OBJECT DriverObject)
{
    UNREFERENCED_PARAMETER(DriverObject);
    NdisFDeregisterFilterDriver(DriverHandle);
}

NTSTATUS
DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    NDIS_FILTER_DRIVER_CHARACTERISTICS chars;

    UNREFERENCED_PARAMETER(RegistryPath);
    NdisZeroMemory(&chars, sizeof(chars));
    chars.Header.Type = NDIS_OBJECT_TYPE_FILTER_DRIVER_CHARACTERISTICS;
    chars.Header.Revision = NDIS_FILTER_CHARACTERISTICS_REVISION_2;
    chars.Header.Size = NDIS_SIZEOF_FILTER_DRIVER_CHARACTERISTICS_REVISION_2;
    chars.MajorNdisVersion = 6;
    chars.MinorNdisVersion = 30;
    RtlInitUnicodeString(&chars.FriendlyName, L"NBL misuse");
    RtlInitUnicodeString(&chars.UniqueName, L"{6f0a8c52-1d1b-4c55-8f0e-3a6b2f1c7d01}");
    RtlInitUnicodeString(&chars.ServiceName, L"nbl_misuse");
    chars.AttachHandler = MisuseAttach;
    chars.DetachHandler = MisuseDetach;
    chars.RestartHandler = MisuseRestart;
    chars.PauseHandler = MisusePause;
    chars.SendNetBufferListsHandler = MisuseSend;
    chars.CancelSendNetBufferListsHandler = MisuseCancel;
    chars.SendNetBufferListsCompleteHandler = MisuseSendComplete;
    chars.ReceiveNetBufferListsHandler = MisuseReceive;
    chars.ReturnNetBufferListsHandler = MisuseReturn;
    chars.StatusHandler = MisuseStatus;
    DriverObject->DriverUnload = MisuseUnload;
    return NdisFRegisterFilterDriver(DriverObject, DriverObject, &chars, &DriverHandle);
}
