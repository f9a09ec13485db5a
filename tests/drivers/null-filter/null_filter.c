/* SPDX-License-Identifier: MIT */
/*
 * null_filter.c - a filter that looks at each frame and passes it on: it reads the Ethertype on the way down, keeps it
 * in Scratch, and walks the chain on the way up. May be loaded several times under different service names.
 */
#include <ndis.h>

DRIVER_INITIALIZE DriverEntry;

static NDIS_HANDLE DriverHandle;
static WCHAR Name[64];
static WCHAR Unique[] = L"{6f0a8c52-1d1b-4c55-8f0e-3a6b2f1c7c00}";
static ULONG Seen;

typedef struct _NULL_FILTER {
    NDIS_HANDLE Handle;
} NULL_FILTER, *PNULL_FILTER;

static NDIS_STATUS
NullAttach(NDIS_HANDLE NdisFilterHandle, NDIS_HANDLE DriverContext, PNDIS_FILTER_ATTACH_PARAMETERS Parameters)
{
    NDIS_FILTER_ATTRIBUTES attributes;
    PNULL_FILTER filter;
    NDIS_STATUS status;

    UNREFERENCED_PARAMETER(DriverContext);
    UNREFERENCED_PARAMETER(Parameters);
    filter = ExAllocatePoolWithTag(NonPagedPoolNx, sizeof(*filter), 'luuN');
    if (filter == NULL)
        return NDIS_STATUS_RESOURCES;
    filter->Handle = NdisFilterHandle;
    NdisZeroMemory(&attributes, sizeof(attributes));
    attributes.Header.Type = NDIS_OBJECT_TYPE_FILTER_ATTRIBUTES;
    attributes.Header.Revision = NDIS_FILTER_ATTRIBUTES_REVISION_1;
    attributes.Header.Size = NDIS_SIZEOF_FILTER_ATTRIBUTES_REVISION_1;
    status = NdisFSetAttributes(NdisFilterHandle, filter, &attributes);
    if (status != NDIS_STATUS_SUCCESS)
        ExFreePoolWithTag(filter, 'luuN');
    return status;
}

static VOID
NullDetach(NDIS_HANDLE FilterModuleContext)
{
    ExFreePoolWithTag(FilterModuleContext, 'luuN');
}

static NDIS_STATUS
NullRestart(NDIS_HANDLE FilterModuleContext, PNDIS_FILTER_RESTART_PARAMETERS Parameters)
{
    UNREFERENCED_PARAMETER(FilterModuleContext);
    UNREFERENCED_PARAMETER(Parameters);
    return NDIS_STATUS_SUCCESS;
}

static NDIS_STATUS
NullPause(NDIS_HANDLE FilterModuleContext, PNDIS_FILTER_PAUSE_PARAMETERS Parameters)
{
    UNREFERENCED_PARAMETER(FilterModuleContext);
    UNREFERENCED_PARAMETER(Parameters);
    return NDIS_STATUS_SUCCESS;
}

static VOID
NullSend(NDIS_HANDLE FilterModuleContext, PNET_BUFFER_LIST NetBufferLists, NDIS_PORT_NUMBER Port, ULONG Flags)
{
    PNULL_FILTER filter = FilterModuleContext;

    for (PNET_BUFFER_LIST nbl = NetBufferLists; nbl != NULL; nbl = NET_BUFFER_LIST_NEXT_NBL(nbl)) {
        PNET_BUFFER nb = NET_BUFFER_LIST_FIRST_NB(nbl);
        PUCHAR frame = (PUCHAR)NET_BUFFER_CURRENT_MDL(nb)->MappedSystemVa + NET_BUFFER_CURRENT_MDL_OFFSET(nb);

        nbl->Scratch = (PVOID)(ULONG_PTR)(frame[12] << 8 | frame[13]);
    }
    NdisFSendNetBufferLists(filter->Handle, NetBufferLists, Port, Flags);
}

static VOID
NullSendComplete(NDIS_HANDLE FilterModuleContext, PNET_BUFFER_LIST NetBufferLists, ULONG Flags)
{
    PNULL_FILTER filter = FilterModuleContext;
    ULONG n = 0;

    for (PNET_BUFFER_LIST nbl = NetBufferLists; nbl != NULL; nbl = NET_BUFFER_LIST_NEXT_NBL(nbl))
        n++;
    Seen += n;
    NdisFSendNetBufferListsComplete(filter->Handle, NetBufferLists, Flags);
}

static VOID
NullUnload(PDRIVER_OBJECT DriverObject)
{
    UNREFERENCED_PARAMETER(DriverObject);
    NdisFDeregisterFilterDriver(DriverHandle);
}

NTSTATUS
DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    NDIS_FILTER_DRIVER_CHARACTERISTICS chars;
    UNICODE_STRING name;
    USHORT at, length;

    for (at = RegistryPath->Length / 2; at > 0 && RegistryPath->Buffer[at - 1] != '\\'; at--)
        ;
    length = RegistryPath->Length / 2 - at;
    if (length > 60)
        return STATUS_INVALID_PARAMETER;
    RtlCopyMemory(Name, RegistryPath->Buffer + at, length * 2);
    Unique[36] = Name[length - 1]; /* a digit: the GUID differs from copy to copy */
    RtlInitUnicodeString(&name, Name);

    NdisZeroMemory(&chars, sizeof(chars));
    chars.Header.Type = NDIS_OBJECT_TYPE_FILTER_DRIVER_CHARACTERISTICS;
    chars.Header.Revision = NDIS_FILTER_CHARACTERISTICS_REVISION_2;
    chars.Header.Size = NDIS_SIZEOF_FILTER_DRIVER_CHARACTERISTICS_REVISION_2;
    chars.MajorNdisVersion = 6;
    chars.MinorNdisVersion = 30;
    chars.FriendlyName = name;
    chars.ServiceName = name;
    RtlInitUnicodeString(&chars.UniqueName, Unique);
    chars.AttachHandler = NullAttach;
    chars.DetachHandler = NullDetach;
    chars.RestartHandler = NullRestart;
    chars.PauseHandler = NullPause;
    chars.SendNetBufferListsHandler = NullSend;
    chars.SendNetBufferListsCompleteHandler = NullSendComplete;
    DriverObject->DriverUnload = NullUnload;
    return NdisFRegisterFilterDriver(DriverObject, DriverObject, &chars, &DriverHandle);
}
