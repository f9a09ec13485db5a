/* SPDX-License-Identifier: MIT */
/* driver.c - entry and unload of the NDIS 6 driver: two registrations, and that they belong together. */
#include "ndis6.h"

NDIS_HANDLE MuxMiniportHandle, MuxProtocolHandle;
const CHAR MuxDescription[] = "undis multiplexer";

static MINIPORT_UNLOAD MuxUnload;

static NDIS_STATUS
MuxRegisterMiniport(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    NDIS_MINIPORT_DRIVER_CHARACTERISTICS chars;

    NdisZeroMemory(&chars, sizeof(chars));
    chars.Header.Type = NDIS_OBJECT_TYPE_MINIPORT_DRIVER_CHARACTERISTICS;
    chars.Header.Revision = NDIS_MINIPORT_DRIVER_CHARACTERISTICS_REVISION_1;
    chars.Header.Size = NDIS_SIZEOF_MINIPORT_DRIVER_CHARACTERISTICS_REVISION_1;
    chars.MajorNdisVersion = NDIS_MINIPORT_MAJOR_VERSION;
    chars.MinorNdisVersion = NDIS_MINIPORT_MINOR_VERSION;
    chars.MajorDriverVersion = 1;
    chars.Flags = NDIS_INTERMEDIATE_DRIVER;

    chars.InitializeHandlerEx = MuxInitializeEx;
    chars.HaltHandlerEx = MuxHaltEx;
    chars.UnloadHandler = MuxUnload;
    chars.PauseHandler = MuxPause;
    chars.RestartHandler = MuxRestart;
    chars.ShutdownHandlerEx = MuxShutdown;
    chars.DevicePnPEventNotifyHandler = MuxDevicePnPEventNotify;
    chars.OidRequestHandler = MuxOidRequest;
    chars.CancelOidRequestHandler = MuxCancelOidRequest;
    chars.SendNetBufferListsHandler = MuxSendNetBufferLists;
    chars.CancelSendHandler = MuxCancelSend;
    chars.ReturnNetBufferListsHandler = MuxReturnNetBufferLists;
    return NdisMRegisterMiniportDriver(DriverObject, RegistryPath, NULL, &chars, &MuxMiniportHandle);
}

static NDIS_STATUS
MuxRegisterProtocol(VOID)
{
    NDIS_PROTOCOL_DRIVER_CHARACTERISTICS chars;

    NdisZeroMemory(&chars, sizeof(chars));
    chars.Header.Type = NDIS_OBJECT_TYPE_PROTOCOL_DRIVER_CHARACTERISTICS;
    chars.Header.Revision = NDIS_PROTOCOL_DRIVER_CHARACTERISTICS_REVISION_1;
    chars.Header.Size = NDIS_SIZEOF_PROTOCOL_DRIVER_CHARACTERISTICS_REVISION_1;
    chars.MajorNdisVersion = NDIS_PROTOCOL_MAJOR_VERSION;
    chars.MinorNdisVersion = NDIS_PROTOCOL_MINOR_VERSION;
    chars.MajorDriverVersion = 1;
    NdisInitUnicodeString(&chars.Name, L"mux");

    chars.BindAdapterHandlerEx = MuxBindAdapter;
    chars.UnbindAdapterHandlerEx = MuxUnbindAdapter;
    chars.OpenAdapterCompleteHandlerEx = MuxOpenAdapterComplete;
    chars.CloseAdapterCompleteHandlerEx = MuxCloseAdapterComplete;
    chars.NetPnPEventHandler = MuxNetPnPEvent;
    chars.StatusHandlerEx = MuxStatus;
    chars.OidRequestCompleteHandler = MuxOidRequestComplete;
    chars.ReceiveNetBufferListsHandler = MuxReceiveNetBufferLists;
    chars.SendNetBufferListsCompleteHandler = MuxSendNetBufferListsComplete;
    return NdisRegisterProtocolDriver(NULL, &chars, &MuxProtocolHandle);
}

_Use_decl_annotations_
NTSTATUS
DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    NTSTATUS status;

    KeInitializeSpinLock(&MuxLock);
    status = MuxReadConfig(RegistryPath);
    if (status != STATUS_SUCCESS)
        return status;
    status = MuxRegisterMiniport(DriverObject, RegistryPath);
    if (status != NDIS_STATUS_SUCCESS)
        return status;
    status = MuxRegisterProtocol();
    if (status != NDIS_STATUS_SUCCESS) {
        NdisMDeregisterMiniportDriver(MuxMiniportHandle);
        return status;
    }
    NdisIMAssociateMiniport(MuxMiniportHandle, MuxProtocolHandle);
    return STATUS_SUCCESS;
}

/* The protocol first: unbinding takes the virtual adapters along. */
_Use_decl_annotations_
static VOID
MuxUnload(PDRIVER_OBJECT DriverObject)
{
    UNREFERENCED_PARAMETER(DriverObject);

    NdisDeregisterProtocolDriver(MuxProtocolHandle);
    NdisMDeregisterMiniportDriver(MuxMiniportHandle);
}
