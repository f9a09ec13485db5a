/* SPDX-License-Identifier: MIT */
/* driver.c - entry and unload of the NDIS 6 driver. */
#include "ndis6.h"

NDIS_HANDLE CardDriverHandle;
const WCHAR CardDeviceName[] = L"VlanCard";
const CHAR CardDescription[] = "undis virtual LAN card";

static MINIPORT_UNLOAD CardUnloadDriver;

_Use_decl_annotations_
NTSTATUS
DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    NDIS_MINIPORT_DRIVER_CHARACTERISTICS chars;

    NdisZeroMemory(&chars, sizeof(chars));
    chars.Header.Type = NDIS_OBJECT_TYPE_MINIPORT_DRIVER_CHARACTERISTICS;
    chars.Header.Revision = NDIS_MINIPORT_DRIVER_CHARACTERISTICS_REVISION_1;
    chars.Header.Size = NDIS_SIZEOF_MINIPORT_DRIVER_CHARACTERISTICS_REVISION_1;
    chars.MajorNdisVersion = NDIS_MINIPORT_MAJOR_VERSION;
    chars.MinorNdisVersion = NDIS_MINIPORT_MINOR_VERSION;
    chars.MajorDriverVersion = 1;

    chars.InitializeHandlerEx = CardInitializeEx;
    chars.HaltHandlerEx = CardHaltEx;
    chars.UnloadHandler = CardUnloadDriver;
    chars.PauseHandler = CardPause;
    chars.RestartHandler = CardRestart;
    chars.ShutdownHandlerEx = CardShutdown;
    chars.DevicePnPEventNotifyHandler = CardDevicePnPEventNotify;
    chars.OidRequestHandler = CardOidRequest;
    chars.CancelOidRequestHandler = CardCancelOidRequest;
    chars.SendNetBufferListsHandler = CardSendNetBufferLists;
    chars.CancelSendHandler = CardCancelSend;
    chars.ReturnNetBufferListsHandler = CardReturnNetBufferLists;
    return NdisMRegisterMiniportDriver(DriverObject, RegistryPath, NULL, &chars, &CardDriverHandle);
}

_Use_decl_annotations_
static VOID
CardUnloadDriver(PDRIVER_OBJECT DriverObject)
{
    UNREFERENCED_PARAMETER(DriverObject);

    CardDeleteDevices();
    NdisMDeregisterMiniportDriver(CardDriverHandle); /* halts what still runs */
    CardFreeUnits();
}

NDIS_STATUS
EdgeRegisterDevice(PUNICODE_STRING Name, PUNICODE_STRING Link, PDRIVER_DISPATCH *Dispatch, PDEVICE_OBJECT *Device,
                   NDIS_HANDLE *Handle)
{
    DECLARE_CONST_UNICODE_STRING(onlyAdministrators, L"D:P(A;;GA;;;SY)(A;;GA;;;BA)");
    NDIS_DEVICE_OBJECT_ATTRIBUTES attributes;

    NdisZeroMemory(&attributes, sizeof(attributes));
    attributes.Header.Type = NDIS_OBJECT_TYPE_DEVICE_OBJECT_ATTRIBUTES;
    attributes.Header.Revision = NDIS_DEVICE_OBJECT_ATTRIBUTES_REVISION_1;
    attributes.Header.Size = NDIS_SIZEOF_DEVICE_OBJECT_ATTRIBUTES_REVISION_1;
    attributes.DeviceName = Name;
    attributes.SymbolicName = Link;
    attributes.MajorFunctions = Dispatch;
    attributes.DefaultSDDLString = &onlyAdministrators;
    return NdisRegisterDeviceEx(CardDriverHandle, &attributes, Device, Handle);
}

VOID
EdgeDeregisterDevice(NDIS_HANDLE Handle)
{
    NdisDeregisterDeviceEx(Handle);
}
