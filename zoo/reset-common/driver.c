/* SPDX-License-Identifier: MIT */
/*
 * driver.c - of drivers/netmini, with a reset: NmReset() is each driver's own.
 */
#include "../../drivers/netmini/netmini.h"

MINIPORT_RESET NmReset;

NDIS_HANDLE NmDriverHandle;

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

    chars.InitializeHandlerEx = NmInitialize;
    chars.HaltHandlerEx = NmHalt;
    chars.UnloadHandler = NmUnload;
    chars.PauseHandler = NmPause;
    chars.RestartHandler = NmRestart;
    chars.ShutdownHandlerEx = NmShutdown;
    chars.DevicePnPEventNotifyHandler = NmDevicePnPEventNotify;
    chars.OidRequestHandler = NmOidRequest;
    chars.CancelOidRequestHandler = NmCancelOidRequest;
    chars.SendNetBufferListsHandler = NmSend;
    chars.CancelSendHandler = NmCancelSend;
    chars.ReturnNetBufferListsHandler = NmReturn;
    chars.ResetHandlerEx = NmReset;

    status = NdisMRegisterMiniportDriver(DriverObject, RegistryPath, NULL, &chars, &NmDriverHandle);
    if (status != NDIS_STATUS_SUCCESS)
        DbgPrint("reset: registration failed, 0x%x\n", status);
    return status;
}

_Use_decl_annotations_
VOID
NmUnload(PDRIVER_OBJECT DriverObject)
{
    UNREFERENCED_PARAMETER(DriverObject);

    NdisMDeregisterMiniportDriver(NmDriverHandle);
}
