/* SPDX-License-Identifier: MIT */
/* driver5.c - entry and unload of the NDIS 5.1 driver: two registrations, and that they belong together. */
#include "ndis5.h"

NDIS_HANDLE MuxMiniportHandle, MuxProtocolHandle;
const CHAR MuxDescription[] = "undis multiplexer";

/* The protocol first: unbinding takes the virtual adapters along. */
static VOID NTAPI
MuxUnload5(PDRIVER_OBJECT DriverObject)
{
    NDIS_STATUS status;

    UNREFERENCED_PARAMETER(DriverObject);

    NdisDeregisterProtocol(&status, MuxProtocolHandle);
    NdisIMDeregisterLayeredMiniport(MuxMiniportHandle);
}

static NDIS_STATUS
MuxRegisterMiniport5(NDIS_HANDLE Wrapper)
{
    NDIS_MINIPORT_CHARACTERISTICS miniport;

    NdisZeroMemory(&miniport, sizeof(miniport));
    miniport.MajorNdisVersion = 5;
    miniport.MinorNdisVersion = 1;
    miniport.SendPacketsHandler = MuxSendPackets5;
    miniport.ReturnPacketHandler = MuxReturnPacket5;
    MuxSetMiniport5(&miniport);
    return NdisIMRegisterLayeredMiniport(Wrapper, &miniport, sizeof(miniport), &MuxMiniportHandle);
}

static NDIS_STATUS
MuxRegisterProtocol5(VOID)
{
    NDIS_PROTOCOL_CHARACTERISTICS protocol;
    NDIS_STATUS status;

    NdisZeroMemory(&protocol, sizeof(protocol));
    protocol.MajorNdisVersion = 5;
    protocol.MinorNdisVersion = 0;
    NdisInitUnicodeString(&protocol.Name, L"mux5");
    protocol.BindAdapterHandler = MuxBind5;
    protocol.UnbindAdapterHandler = MuxUnbind5;
    protocol.OpenAdapterCompleteHandler = MuxOpenComplete5;
    protocol.CloseAdapterCompleteHandler = MuxCloseComplete5;
    protocol.ResetCompleteHandler = MuxResetComplete5;
    protocol.RequestCompleteHandler = MuxRequestComplete5;
    protocol.StatusHandler = MuxStatus5;
    protocol.StatusCompleteHandler = MuxStatusComplete5;
    protocol.PnPEventHandler = MuxPnPEvent5;
    protocol.SendCompleteHandler = MuxSendComplete5;
    protocol.TransferDataCompleteHandler = MuxTransferComplete5;
    protocol.ReceiveHandler = MuxReceive5;
    protocol.ReceivePacketHandler = MuxReceivePacket5;
    protocol.ReceiveCompleteHandler = MuxReceiveComplete5;
    NdisRegisterProtocol(&status, &MuxProtocolHandle, &protocol, sizeof(protocol));
    return status;
}

_Use_decl_annotations_
NTSTATUS
DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    NDIS_HANDLE wrapper;
    NTSTATUS status;

    KeInitializeSpinLock(&MuxLock);
    status = MuxReadConfig(RegistryPath);
    if (status != STATUS_SUCCESS)
        return status;
    NdisMInitializeWrapper(&wrapper, DriverObject, RegistryPath, NULL);
    if (wrapper == NULL)
        return NDIS_STATUS_RESOURCES;
    status = MuxRegisterMiniport5(wrapper);
    if (status == NDIS_STATUS_SUCCESS) {
        status = MuxRegisterProtocol5();
        if (status != NDIS_STATUS_SUCCESS)
            NdisIMDeregisterLayeredMiniport(MuxMiniportHandle);
    }
    if (status != NDIS_STATUS_SUCCESS) {
        NdisTerminateWrapper(wrapper, NULL);
        return status;
    }
    NdisMRegisterUnloadHandler(wrapper, MuxUnload5);
    NdisIMAssociateMiniport(MuxMiniportHandle, MuxProtocolHandle);
    return STATUS_SUCCESS;
}
