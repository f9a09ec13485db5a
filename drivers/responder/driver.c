/* SPDX-License-Identifier: MIT */
/* driver.c - entry and unload. */
#include "responder.h"

NDIS_HANDLE RsProtocolHandle;

static DRIVER_UNLOAD RsUnload;

_Use_decl_annotations_
NTSTATUS
DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    NDIS_PROTOCOL_DRIVER_CHARACTERISTICS chars;

    UNREFERENCED_PARAMETER(RegistryPath);

    NdisZeroMemory(&chars, sizeof(chars));
    chars.Header.Type = NDIS_OBJECT_TYPE_PROTOCOL_DRIVER_CHARACTERISTICS;
    chars.Header.Revision = NDIS_PROTOCOL_DRIVER_CHARACTERISTICS_REVISION_1;
    chars.Header.Size = NDIS_SIZEOF_PROTOCOL_DRIVER_CHARACTERISTICS_REVISION_1;
    chars.MajorNdisVersion = NDIS_PROTOCOL_MAJOR_VERSION;
    chars.MinorNdisVersion = NDIS_PROTOCOL_MINOR_VERSION;
    chars.MajorDriverVersion = 1;
    NdisInitUnicodeString(&chars.Name, L"responder");

    chars.BindAdapterHandlerEx = RsBindAdapter;
    chars.UnbindAdapterHandlerEx = RsUnbindAdapter;
    chars.OpenAdapterCompleteHandlerEx = RsOpenAdapterComplete;
    chars.CloseAdapterCompleteHandlerEx = RsCloseAdapterComplete;
    chars.NetPnPEventHandler = RsNetPnPEvent;
    chars.StatusHandlerEx = RsStatus;
    chars.OidRequestCompleteHandler = RsOidRequestComplete;
    chars.ReceiveNetBufferListsHandler = RsReceive;
    chars.SendNetBufferListsCompleteHandler = RsSendComplete;
    DriverObject->DriverUnload = RsUnload;
    return NdisRegisterProtocolDriver(NULL, &chars, &RsProtocolHandle);
}

_Use_decl_annotations_
static VOID
RsUnload(PDRIVER_OBJECT DriverObject)
{
    UNREFERENCED_PARAMETER(DriverObject);

    NdisDeregisterProtocolDriver(RsProtocolHandle);
}
