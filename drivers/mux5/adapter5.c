/* SPDX-License-Identifier: MIT */
/*
 * adapter5.c - the miniport edge: a virtual adapter from initialize to halt, its OIDs and the state of its link.
 *
 * Model: NDIS calls MuxInitialize5 inside NdisIMInitializeDeviceInstanceEx, or later, when an administrator disabled
 * the virtual adapter and enables it again.
 */
#include "ndis5.h"

NDIS_STATUS
EdgeInitializePort(PMUX_PORT Port)
{
    return NdisIMInitializeDeviceInstanceEx(MuxMiniportHandle, &Port->Name, Port);
}

/* Handle NULL: an administrator has disabled it, or it never came up. */
VOID
EdgeDeinitializePort(PMUX_PORT Port, NDIS_HANDLE Handle)
{
    if (Handle != NULL)
        NdisIMDeInitializeDeviceInstance(Handle);
    else
        NdisIMCancelInitializeDeviceInstance(MuxMiniportHandle, &Port->Name);
}

static VOID
MuxFreePort5(PMUX_PORT Port)
{
    PMUX_POOLS pools = Port->Edge;

    MuxHalt(Port);
    if (pools == NULL)
        return;
    if (pools->BufferPool != NULL)
        NdisFreeBufferPool(pools->BufferPool);
    if (pools->PacketPool != NULL)
        NdisFreePacketPool(pools->PacketPool);
    Port->Edge = NULL;
    NdisFreeMemory(pools, 0, 0);
}

/* What was made is in Port->Edge also when this fails. */
static NDIS_STATUS
MuxCreatePools5(PMUX_PORT Port)
{
    PMUX_POOLS pools;
    NDIS_STATUS status = NdisAllocateMemoryWithTag((PVOID *)&pools, sizeof(*pools), MUX_TAG);

    if (status != NDIS_STATUS_SUCCESS)
        return status;
    NdisZeroMemory(pools, sizeof(*pools));
    Port->Edge = pools;
    NdisAllocatePacketPool(&status, &pools->PacketPool, MUX_FRAMES, PROTOCOL_RESERVED_SIZE_IN_PACKET);
    if (status != NDIS_STATUS_SUCCESS) {
        pools->PacketPool = NULL;
        return status;
    }
    NdisAllocateBufferPool(&status, &pools->BufferPool, MUX_FRAMES);
    if (status != NDIS_STATUS_SUCCESS)
        pools->BufferPool = NULL;
    return status;
}

static NDIS_STATUS NTAPI
MuxInitialize5(PNDIS_STATUS OpenErrorStatus, PUINT SelectedMediumIndex, PNDIS_MEDIUM MediumArray, UINT MediumArraySize,
               NDIS_HANDLE MiniportAdapterHandle, NDIS_HANDLE WrapperConfigurationContext)
{
    PMUX_PORT port = MuxFindPort(NdisIMGetDeviceContext(MiniportAdapterHandle));
    NDIS_STATUS status;
    UINT i;

    UNREFERENCED_PARAMETER(OpenErrorStatus);
    UNREFERENCED_PARAMETER(WrapperConfigurationContext);

    if (port == NULL) /* nothing is below it */
        return NDIS_STATUS_ADAPTER_NOT_FOUND;
    for (i = 0; i < MediumArraySize && MediumArray[i] != NdisMedium802_3; i++)
        ;
    if (i == MediumArraySize)
        return NDIS_STATUS_UNSUPPORTED_MEDIA;
    *SelectedMediumIndex = i;
    NdisMSetAttributesEx(MiniportAdapterHandle, port, 0,
                         NDIS_ATTRIBUTE_DESERIALIZE | NDIS_ATTRIBUTE_INTERMEDIATE_DRIVER |
                             NDIS_ATTRIBUTE_NO_HALT_ON_SUSPEND | NDIS_ATTRIBUTE_IGNORE_PACKET_TIMEOUT |
                             NDIS_ATTRIBUTE_IGNORE_REQUEST_TIMEOUT,
                         0);
    port->Handle = MiniportAdapterHandle;
    port->State = MuxPaused;
    status = MuxCreatePools5(port);
    if (status == NDIS_STATUS_SUCCESS)
        status = MuxAllocateFrames(port);
    if (status == NDIS_STATUS_SUCCESS)
        MuxStart(port);
    else
        MuxFreePort5(port);
    return status;
}

static VOID NTAPI
MuxHalt5(NDIS_HANDLE MiniportAdapterContext)
{
    MuxStop(MiniportAdapterContext);
    MuxFreePort5(MiniportAdapterContext);
}

/* No send of the stack above is ever waiting here. */
static NDIS_STATUS NTAPI
MuxReset5(PBOOLEAN AddressingReset, NDIS_HANDLE MiniportAdapterContext)
{
    UNREFERENCED_PARAMETER(MiniportAdapterContext);

    *AddressingReset = FALSE;
    return NDIS_STATUS_SUCCESS;
}

static VOID NTAPI
MuxCancelSends5(NDIS_HANDLE MiniportAdapterContext, PVOID CancelId)
{
    UNREFERENCED_PARAMETER(MiniportAdapterContext);
    UNREFERENCED_PARAMETER(CancelId);
}

static VOID NTAPI
MuxPnPNotify5(NDIS_HANDLE MiniportAdapterContext, NDIS_DEVICE_PNP_EVENT PnPEvent, PVOID InformationBuffer,
              ULONG InformationBufferLength)
{
    UNREFERENCED_PARAMETER(MiniportAdapterContext);
    UNREFERENCED_PARAMETER(PnPEvent);
    UNREFERENCED_PARAMETER(InformationBuffer);
    UNREFERENCED_PARAMETER(InformationBufferLength);
}

static VOID NTAPI
MuxShutdown5(PVOID ShutdownContext)
{
    UNREFERENCED_PARAMETER(ShutdownContext);
}

const NDIS_OID MuxOids[] = {
    OID_GEN_SUPPORTED_LIST,
    OID_GEN_HARDWARE_STATUS,
    OID_GEN_MEDIA_SUPPORTED,
    OID_GEN_MEDIA_IN_USE,
    OID_GEN_MAXIMUM_LOOKAHEAD,
    OID_GEN_MAXIMUM_FRAME_SIZE,
    OID_GEN_LINK_SPEED,
    OID_GEN_TRANSMIT_BUFFER_SPACE,
    OID_GEN_RECEIVE_BUFFER_SPACE,
    OID_GEN_TRANSMIT_BLOCK_SIZE,
    OID_GEN_RECEIVE_BLOCK_SIZE,
    OID_GEN_VENDOR_ID,
    OID_GEN_VENDOR_DESCRIPTION,
    OID_GEN_VENDOR_DRIVER_VERSION,
    OID_GEN_CURRENT_PACKET_FILTER,
    OID_GEN_CURRENT_LOOKAHEAD,
    OID_GEN_MAXIMUM_TOTAL_SIZE,
    OID_GEN_MAC_OPTIONS,
    OID_GEN_MEDIA_CONNECT_STATUS,
    OID_GEN_XMIT_OK,
    OID_GEN_RCV_OK,
    OID_GEN_XMIT_ERROR,
    OID_GEN_RCV_ERROR,
    OID_GEN_RCV_NO_BUFFER,
    OID_802_3_PERMANENT_ADDRESS,
    OID_802_3_CURRENT_ADDRESS,
    OID_802_3_MULTICAST_LIST,
    OID_802_3_MAXIMUM_LIST_SIZE,
};
const ULONG MuxOidsLength = sizeof(MuxOids);

static NDIS_STATUS NTAPI
MuxQuery5(NDIS_HANDLE MiniportAdapterContext, NDIS_OID Oid, PVOID InformationBuffer, ULONG InformationBufferLength,
          PULONG BytesWritten, PULONG BytesNeeded)
{
    return MuxQuery(MiniportAdapterContext, Oid, InformationBuffer, InformationBufferLength, BytesWritten, BytesNeeded);
}

static NDIS_STATUS NTAPI
MuxSet5(NDIS_HANDLE MiniportAdapterContext, NDIS_OID Oid, PVOID InformationBuffer, ULONG InformationBufferLength,
        PULONG BytesRead, PULONG BytesNeeded)
{
    return MuxSet(MiniportAdapterContext, Oid, InformationBuffer, InformationBufferLength, BytesRead, BytesNeeded);
}

VOID
MuxSetMiniport5(PNDIS_MINIPORT_CHARACTERISTICS Miniport)
{
    Miniport->InitializeHandler = MuxInitialize5;
    Miniport->HaltHandler = MuxHalt5;
    Miniport->ResetHandler = MuxReset5;
    Miniport->QueryInformationHandler = MuxQuery5;
    Miniport->SetInformationHandler = MuxSet5;
    Miniport->CancelSendPacketsHandler = MuxCancelSends5;
    Miniport->PnPEventNotifyHandler = MuxPnPNotify5;
    Miniport->AdapterShutdownHandler = MuxShutdown5;
}

VOID
EdgeIndicateLink(PMUX_PORT Port, BOOLEAN Connected, ULONG64 Speed)
{
    UNREFERENCED_PARAMETER(Speed);

    NdisMIndicateStatus(Port->Handle, Connected ? NDIS_STATUS_MEDIA_CONNECT : NDIS_STATUS_MEDIA_DISCONNECT, NULL, 0);
    NdisMIndicateStatusComplete(Port->Handle);
}
