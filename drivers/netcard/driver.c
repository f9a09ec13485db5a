/* SPDX-License-Identifier: MIT */
/*
 * driver.c - entry and unload: the miniport driver's handlers are registered, nothing else is global.
 */
#include "netcard.h"

NDIS_HANDLE NcDriverHandle;

_Use_decl_annotations_
NTSTATUS
DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    NDIS_MINIPORT_DRIVER_CHARACTERISTICS chars;
    NDIS_STATUS status;

    NdisZeroMemory(&chars, sizeof(chars));
    chars.Header.Type = NDIS_OBJECT_TYPE_MINIPORT_DRIVER_CHARACTERISTICS;
    chars.Header.Revision = NDIS_MINIPORT_DRIVER_CHARACTERISTICS_REVISION_2;
    chars.Header.Size = NDIS_SIZEOF_MINIPORT_DRIVER_CHARACTERISTICS_REVISION_2;
    chars.MajorNdisVersion = 6;
    chars.MinorNdisVersion = 30;
    chars.MajorDriverVersion = 1;

    chars.InitializeHandlerEx = NcInitialize;
    chars.HaltHandlerEx = NcHalt;
    chars.UnloadHandler = NcUnload;
    chars.PauseHandler = NcPause;
    chars.RestartHandler = NcRestart;
    chars.ShutdownHandlerEx = NcShutdown;
    chars.DevicePnPEventNotifyHandler = NcDevicePnPEventNotify;
    chars.OidRequestHandler = NcOidRequest;
    chars.CancelOidRequestHandler = NcCancelOidRequest;
    chars.SendNetBufferListsHandler = NcSend;
    chars.CancelSendHandler = NcCancelSend;
    chars.ReturnNetBufferListsHandler = NcReturn;

    status = NdisMRegisterMiniportDriver(DriverObject, RegistryPath, NULL, &chars, &NcDriverHandle);
    if (status != NDIS_STATUS_SUCCESS)
        DbgPrint("netcard: registration failed, 0x%x\n", status);
    return status;
}

_Use_decl_annotations_
VOID
NcUnload(PDRIVER_OBJECT DriverObject)
{
    UNREFERENCED_PARAMETER(DriverObject);

    NdisMDeregisterMiniportDriver(NcDriverHandle);
}
