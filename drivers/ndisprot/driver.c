/* SPDX-License-Identifier: MIT */
/*
 * driver.c - entry, unload, and what belongs to the driver as a whole.
 *
 * Model: the device is made before the protocol is registered, because a binding may come inside the registration;
 * unload undoes both in the other order.
 */
#include "ndisprot.h"

static DRIVER_UNLOAD NpUnload;
static PROTOCOL_SET_OPTIONS NpSetOptions;

NDIS_HANDLE NpProtocolHandle; /* set in NpSetOptions, const after; as NpNblPool */
NDIS_HANDLE NpNblPool;
KEVENT NpBindsComplete;

_Use_decl_annotations_
NTSTATUS
DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    NDIS_PROTOCOL_DRIVER_CHARACTERISTICS chars;
    NDIS_STRING name = RTL_CONSTANT_STRING(L"NDISPROT");
    NTSTATUS status;

    UNREFERENCED_PARAMETER(RegistryPath);

    NdisAllocateSpinLock(&NpLock);
    InitializeListHead(&NpBindings);
    KeInitializeEvent(&NpBindsComplete, NotificationEvent, FALSE);

    NdisZeroMemory(&chars, sizeof(chars));
    chars.Header.Type = NDIS_OBJECT_TYPE_PROTOCOL_DRIVER_CHARACTERISTICS;
    chars.Header.Revision = NDIS_PROTOCOL_DRIVER_CHARACTERISTICS_REVISION_2;
    chars.Header.Size = NDIS_SIZEOF_PROTOCOL_DRIVER_CHARACTERISTICS_REVISION_2;
    chars.MajorNdisVersion = 6;
    chars.MinorNdisVersion = 30;
    chars.MajorDriverVersion = 1;
    chars.Name = name;
    chars.SetOptionsHandler = NpSetOptions;
    chars.BindAdapterHandlerEx = NpBindAdapter;
    chars.UnbindAdapterHandlerEx = NpUnbindAdapter;
    chars.OpenAdapterCompleteHandlerEx = NpOpenAdapterComplete;
    chars.CloseAdapterCompleteHandlerEx = NpCloseAdapterComplete;
    chars.NetPnPEventHandler = NpNetPnPEvent;
    chars.OidRequestCompleteHandler = NpOidRequestComplete;
    chars.StatusHandlerEx = NpStatus;
    chars.ReceiveNetBufferListsHandler = NpReceive;
    chars.SendNetBufferListsCompleteHandler = NpSendComplete;

    DriverObject->DriverUnload = NpUnload;
    status = NpCreateDevice(DriverObject);
    if (status != STATUS_SUCCESS)
        goto fail;
    status = NdisRegisterProtocolDriver(NULL, &chars, &NpProtocolHandle);
    if (status != NDIS_STATUS_SUCCESS)
        goto fail_device;
    return STATUS_SUCCESS;

fail_device:
    DbgPrint("ndisprot: registration failed, 0x%x\n", status);
    NpDeleteDevice();
fail:
    if (NpNblPool != NULL)
        NdisFreeNetBufferListPool(NpNblPool);
    NdisFreeSpinLock(&NpLock);
    return status;
}

/* NpBindAdapter may run before NdisRegisterProtocolDriver has stored the handle, but not before this (documented). */
_Use_decl_annotations_
static NDIS_STATUS
NpSetOptions(NDIS_HANDLE NdisDriverHandle, NDIS_HANDLE DriverContext)
{
    UNREFERENCED_PARAMETER(DriverContext);

    NpProtocolHandle = NdisDriverHandle;
    NpNblPool = NpAllocateSendPool(NdisDriverHandle);
    return NpNblPool != NULL ? NDIS_STATUS_SUCCESS : NDIS_STATUS_RESOURCES;
}

/* No handle is open any more: the I/O manager does not unload a driver whose devices are in use. */
_Use_decl_annotations_
static VOID
NpUnload(PDRIVER_OBJECT DriverObject)
{
    UNREFERENCED_PARAMETER(DriverObject);

    NdisDeregisterProtocolDriver(NpProtocolHandle); /* unbinds what is still bound */
    NpDeleteDevice();
    NdisFreeNetBufferListPool(NpNblPool);
    NdisFreeSpinLock(&NpLock);
}

PVOID
NpAllocate(ULONG Length)
{
    return NdisAllocateMemoryWithTagPriority(NpProtocolHandle, Length, NP_TAG, NormalPoolPriority);
}
