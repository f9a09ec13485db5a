/* SPDX-License-Identifier: MIT */
/*
 * common/driver.c - entry, unload, attach and detach of a driver of the zoo.
 *
 * Model: ZooFilterList holds the modules that programs may open. Detach takes the module from it first, so that no
 * new handle appears; those that exist keep the ZOO_FILTER, not the module.
 */
#include "zoo.h"

DRIVER_INITIALIZE DriverEntry;
static DRIVER_UNLOAD ZooUnload;
static SET_OPTIONS ZooSetOptions;
static FILTER_ATTACH ZooAttach;
static FILTER_DETACH ZooDetach;

NDIS_HANDLE ZooDriverHandle; /* set in ZooSetOptions, const after */
static NDIS_SPIN_LOCK ZooListLock;
static LIST_ENTRY ZooFilterList;

_Use_decl_annotations_
NTSTATUS
DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    NDIS_FILTER_DRIVER_CHARACTERISTICS chars;
    NDIS_STATUS status;

    UNREFERENCED_PARAMETER(RegistryPath);

    NdisAllocateSpinLock(&ZooListLock);
    InitializeListHead(&ZooFilterList);

    NdisZeroMemory(&chars, sizeof(chars));
    chars.Header.Type = NDIS_OBJECT_TYPE_FILTER_DRIVER_CHARACTERISTICS;
    chars.Header.Revision = NDIS_FILTER_CHARACTERISTICS_REVISION_2;
    chars.Header.Size = NDIS_SIZEOF_FILTER_DRIVER_CHARACTERISTICS_REVISION_2;
    chars.MajorNdisVersion = 6;
    chars.MinorNdisVersion = 30;
    chars.MajorDriverVersion = 1;
    chars.FriendlyName = ZooDriver.FriendlyName;
    chars.UniqueName = ZooDriver.UniqueName;
    chars.ServiceName = ZooDriver.ServiceName;
    chars.SetOptionsHandler = ZooSetOptions;
    chars.AttachHandler = ZooAttach;
    chars.DetachHandler = ZooDetach;
    chars.PauseHandler = ZooDriver.Pause;
    chars.RestartHandler = ZooDriver.Restart;
    chars.SendNetBufferListsHandler = ZooSend;
    chars.SendNetBufferListsCompleteHandler = ZooSendComplete;
    chars.ReceiveNetBufferListsHandler = ZooReceive;
    chars.ReturnNetBufferListsHandler = ZooReturn;
    chars.OidRequestHandler = ZooOidRequest;
    chars.OidRequestCompleteHandler = ZooOidRequestComplete;
    chars.CancelOidRequestHandler = ZooCancelOidRequest;
    chars.StatusHandler = ZooStatus;

    DriverObject->DriverUnload = ZooUnload;
    status = NdisFRegisterFilterDriver(DriverObject, (NDIS_HANDLE)DriverObject, &chars, &ZooDriverHandle);
    if (status != NDIS_STATUS_SUCCESS) {
        DbgPrint("%wZ: registration failed, 0x%x\n", &ZooDriver.ServiceName, status);
        if (ZooDriver.Unload != NULL)
            ZooDriver.Unload();
        NdisFreeSpinLock(&ZooListLock);
    }
    return status;
}

/* ZooAttach may run before NdisFRegisterFilterDriver has stored the handle, but not before this (documented). */
_Use_decl_annotations_
static NDIS_STATUS
ZooSetOptions(NDIS_HANDLE NdisDriverHandle, NDIS_HANDLE DriverContext)
{
    UNREFERENCED_PARAMETER(DriverContext);

    ZooDriverHandle = NdisDriverHandle;
    return ZooDriver.Load != NULL ? ZooDriver.Load(NdisDriverHandle) : NDIS_STATUS_SUCCESS;
}

_Use_decl_annotations_
static VOID
ZooUnload(PDRIVER_OBJECT DriverObject)
{
    UNREFERENCED_PARAMETER(DriverObject);

    NdisFDeregisterFilterDriver(ZooDriverHandle); /* detaches what is still attached */
    if (ZooDriver.Unload != NULL)
        ZooDriver.Unload();
    NdisFreeSpinLock(&ZooListLock);
}

_Use_decl_annotations_
static NDIS_STATUS
ZooAttach(NDIS_HANDLE NdisFilterHandle, NDIS_HANDLE FilterDriverContext,
          PNDIS_FILTER_ATTACH_PARAMETERS AttachParameters)
{
    NDIS_FILTER_ATTRIBUTES attributes;
    PZOO_FILTER filter;
    NDIS_STATUS status;

    UNREFERENCED_PARAMETER(FilterDriverContext);

    if (AttachParameters->MiniportMediaType != NdisMedium802_3)
        return NDIS_STATUS_UNSUPPORTED_MEDIA;

    filter = NdisAllocateMemoryWithTagPriority(NdisFilterHandle, ZooDriver.FilterSize, ZOO_TAG, NormalPoolPriority);
    if (filter == NULL)
        return NDIS_STATUS_RESOURCES;
    NdisZeroMemory(filter, ZooDriver.FilterSize);
    filter->References = 1;
    filter->FilterHandle = NdisFilterHandle;
    NdisAllocateSpinLock(&filter->Lock);

    NdisZeroMemory(&attributes, sizeof(attributes));
    attributes.Header.Type = NDIS_OBJECT_TYPE_FILTER_ATTRIBUTES;
    attributes.Header.Revision = NDIS_FILTER_ATTRIBUTES_REVISION_1;
    attributes.Header.Size = NDIS_SIZEOF_FILTER_ATTRIBUTES_REVISION_1;
    status = NdisFSetAttributes(NdisFilterHandle, filter, &attributes);
    if (status != NDIS_STATUS_SUCCESS)
        goto fail;

    if (ZooDriver.Attach != NULL) {
        status = ZooDriver.Attach(filter, AttachParameters);
        if (status != NDIS_STATUS_SUCCESS)
            goto fail;
    }

    NdisAcquireSpinLock(&ZooListLock);
    InsertTailList(&ZooFilterList, &filter->Link);
    NdisReleaseSpinLock(&ZooListLock);
    return NDIS_STATUS_SUCCESS;

fail:
    if (ZooDriver.Detach != NULL)
        ZooDriver.Detach(filter);
    if (filter->DeviceHandle != NULL)
        NdisDeregisterDeviceEx(filter->DeviceHandle);
    ZooDereferenceFilter(filter);
    return status;
}

_Use_decl_annotations_
static VOID
ZooDetach(NDIS_HANDLE FilterModuleContext)
{
    PZOO_FILTER filter = FilterModuleContext;

    NdisAcquireSpinLock(&ZooListLock);
    RemoveEntryList(&filter->Link);
    NdisReleaseSpinLock(&ZooListLock);

    if (ZooDriver.Detach != NULL)
        ZooDriver.Detach(filter);
    if (filter->DeviceHandle != NULL)
        NdisDeregisterDeviceEx(filter->DeviceHandle);
    ZooDereferenceFilter(filter);
}

/* The module of a device, with a reference the caller takes; NULL once it is being detached. */
PZOO_FILTER
ZooFindFilter(PDEVICE_OBJECT DeviceObject)
{
    PZOO_FILTER found = NULL;
    PLIST_ENTRY entry;

    NdisAcquireSpinLock(&ZooListLock);
    for (entry = ZooFilterList.Flink; entry != &ZooFilterList; entry = entry->Flink) {
        PZOO_FILTER filter = CONTAINING_RECORD(entry, ZOO_FILTER, Link);

        if (filter->DeviceObject == DeviceObject) {
            InterlockedIncrement(&filter->References);
            found = filter;
            break;
        }
    }
    NdisReleaseSpinLock(&ZooListLock);
    return found;
}

VOID
ZooDereferenceFilter(PZOO_FILTER Filter)
{
    if (InterlockedDecrement(&Filter->References) == 0) {
        if (Filter->NblPool != NULL)
            NdisFreeNetBufferListPool(Filter->NblPool);
        NdisFreeSpinLock(&Filter->Lock);
        NdisFreeMemory(Filter, 0, 0);
    }
}
