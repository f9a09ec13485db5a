/* SPDX-License-Identifier: MIT */
/*
 * driver.c - entry and unload.
 *
 * Model: the driver registers with NDIS and keeps three globals: its handle and the list of adapters with its lock.
 * NDIS makes the devices (NpfCreateDevice), so DriverObject's dispatch table stays NDIS's own.
 */
#include "npf.h"

NDIS_HANDLE NpfDriverHandle;   /* set in NPF_SetOptions, const after */
NDIS_SPIN_LOCK NpfListLock;
LIST_ENTRY NpfAdapterList;     /* NpfListLock; adapters that programs may open */

_Use_decl_annotations_
NTSTATUS
DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    NDIS_FILTER_DRIVER_CHARACTERISTICS chars;
    NDIS_STATUS status;
    NDIS_STRING serviceName = RTL_CONSTANT_STRING(L"npf");
    NDIS_STRING friendlyName = RTL_CONSTANT_STRING(L"undis packet capture");
    NDIS_STRING uniqueName = RTL_CONSTANT_STRING(L"{d4a1b0d6-5f1e-4b0a-9a44-6e5b1b0c9f01}");

    UNREFERENCED_PARAMETER(RegistryPath);

    NdisAllocateSpinLock(&NpfListLock);
    InitializeListHead(&NpfAdapterList);

    NdisZeroMemory(&chars, sizeof(chars));
    chars.Header.Type = NDIS_OBJECT_TYPE_FILTER_DRIVER_CHARACTERISTICS;
    chars.Header.Revision = NDIS_FILTER_CHARACTERISTICS_REVISION_2;
    chars.Header.Size = NDIS_SIZEOF_FILTER_DRIVER_CHARACTERISTICS_REVISION_2;
    chars.MajorNdisVersion = NPF_NDIS_MAJOR;
    chars.MinorNdisVersion = NPF_NDIS_MINOR;
    chars.MajorDriverVersion = 1;
    chars.FriendlyName = friendlyName;
    chars.UniqueName = uniqueName;
    chars.ServiceName = serviceName;

    chars.SetOptionsHandler = NPF_SetOptions;
    chars.AttachHandler = NPF_AttachAdapter;
    chars.DetachHandler = NPF_DetachAdapter;
    chars.PauseHandler = NPF_Pause;
    chars.RestartHandler = NPF_Restart;

    chars.SendNetBufferListsHandler = NPF_SendEx;
    chars.SendNetBufferListsCompleteHandler = NPF_SendCompleteEx;
    chars.ReceiveNetBufferListsHandler = NPF_TapEx;
    chars.ReturnNetBufferListsHandler = NPF_ReturnEx;
    chars.OidRequestHandler = NPF_OidRequest;
    chars.OidRequestCompleteHandler = NPF_OidRequestComplete;
    chars.CancelOidRequestHandler = NPF_CancelOidRequest;
    chars.StatusHandler = NPF_Status;

    DriverObject->DriverUnload = NPF_Unload;
    status = NdisFRegisterFilterDriver(DriverObject, (NDIS_HANDLE)DriverObject, &chars, &NpfDriverHandle);
    if (status != NDIS_STATUS_SUCCESS) {
        DbgPrint("npf: registration failed, 0x%x\n", status);
        NdisFreeSpinLock(&NpfListLock);
    }
    return status;
}

/*
 * NPF_AttachAdapter may run before NdisFRegisterFilterDriver has stored the handle, but never before this function
 * returned (documented: FilterAttach).
 */
_Use_decl_annotations_
NDIS_STATUS
NPF_SetOptions(NDIS_HANDLE NdisDriverHandle, NDIS_HANDLE DriverContext)
{
    UNREFERENCED_PARAMETER(DriverContext);

    NpfDriverHandle = NdisDriverHandle;
    return NDIS_STATUS_SUCCESS;
}

_Use_decl_annotations_
VOID
NPF_Unload(PDRIVER_OBJECT DriverObject)
{
    UNREFERENCED_PARAMETER(DriverObject);

    NdisFDeregisterFilterDriver(NpfDriverHandle); /* detaches what is still attached */
    NdisFreeSpinLock(&NpfListLock);
}
