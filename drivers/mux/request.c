/* SPDX-License-Identifier: MIT */
/* request.c - OID requests under NDIS 6: what is its own, and the way to the others (oid.c). */
#include "ndis6.h"

const NDIS_OID MuxOids[] = {
    OID_GEN_SUPPORTED_LIST,
    OID_GEN_HARDWARE_STATUS,
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
    OID_GEN_INTERRUPT_MODERATION,
    OID_GEN_XMIT_OK,
    OID_GEN_RCV_OK,
    OID_GEN_STATISTICS,
    OID_802_3_PERMANENT_ADDRESS,
    OID_802_3_CURRENT_ADDRESS,
    OID_802_3_MULTICAST_LIST,
    OID_802_3_MAXIMUM_LIST_SIZE,
    OID_PNP_SET_POWER,
    OID_PNP_QUERY_POWER,
};
const ULONG MuxOidsLength = sizeof(MuxOids);

static VOID
MuxReadStatistics(PMUX_PORT Port, PNDIS_STATISTICS_INFO Info)
{
    MUX_STATISTICS statistics;
    KIRQL irql;

    KeAcquireSpinLock(&Port->Lock, &irql);
    statistics = Port->Statistics;
    KeReleaseSpinLock(&Port->Lock, irql);
    NdisZeroMemory(Info, sizeof(*Info));
    Info->Header.Type = NDIS_OBJECT_TYPE_DEFAULT;
    Info->Header.Revision = NDIS_STATISTICS_INFO_REVISION_1;
    Info->Header.Size = NDIS_SIZEOF_STATISTICS_INFO_REVISION_1;
    Info->SupportedStatistics = MUX_STATISTICS_FLAGS;
    Info->ifHCInUcastPkts = statistics.Received;
    Info->ifHCInOctets = statistics.ReceivedBytes;
    Info->ifHCOutUcastPkts = statistics.Sent;
    Info->ifHCOutOctets = statistics.SentBytes;
    Info->ifInDiscards = statistics.ReceiveDropped;
    Info->ifOutDiscards = statistics.SendDropped;
}

static NDIS_STATUS
MuxRequestQuery(PMUX_PORT Port, PNDIS_OID_REQUEST Request)
{
    PVOID buffer = Request->DATA.QUERY_INFORMATION.InformationBuffer;
    ULONG length = Request->DATA.QUERY_INFORMATION.InformationBufferLength;
    ULONG written = 0, needed = 0;
    NDIS_INTERRUPT_MODERATION_PARAMETERS moderation;
    NDIS_STATISTICS_INFO statistics;
    NDIS_STATUS status;

    switch (Request->DATA.QUERY_INFORMATION.Oid) {
    case OID_GEN_STATISTICS:
        MuxReadStatistics(Port, &statistics);
        status = MuxAnswer(&statistics, sizeof(statistics), buffer, length, &written, &needed);
        break;
    case OID_GEN_INTERRUPT_MODERATION:
        NdisZeroMemory(&moderation, sizeof(moderation));
        moderation.Header.Type = NDIS_OBJECT_TYPE_DEFAULT;
        moderation.Header.Revision = NDIS_INTERRUPT_MODERATION_PARAMETERS_REVISION_1;
        moderation.Header.Size = NDIS_SIZEOF_INTERRUPT_MODERATION_PARAMETERS_REVISION_1;
        moderation.InterruptModeration = NdisInterruptModerationNotSupported;
        status = MuxAnswer(&moderation, sizeof(moderation), buffer, length, &written, &needed);
        break;
    case OID_PNP_QUERY_POWER:
        status = NDIS_STATUS_SUCCESS;
        break;
    default:
        status = MuxQuery(Port, Request->DATA.QUERY_INFORMATION.Oid, buffer, length, &written, &needed);
        break;
    }
    Request->DATA.QUERY_INFORMATION.BytesWritten = written;
    Request->DATA.QUERY_INFORMATION.BytesNeeded = needed;
    return status;
}

static NDIS_STATUS
MuxRequestSet(PMUX_PORT Port, PNDIS_OID_REQUEST Request)
{
    ULONG length = Request->DATA.SET_INFORMATION.InformationBufferLength;
    ULONG read = 0, needed = 0;
    NDIS_STATUS status;

    if (Request->DATA.SET_INFORMATION.Oid == OID_PNP_SET_POWER) { /* there is no hardware that could sleep */
        read = sizeof(NDIS_DEVICE_POWER_STATE);
        status = length >= read ? NDIS_STATUS_SUCCESS : NDIS_STATUS_INVALID_LENGTH;
        needed = status == NDIS_STATUS_SUCCESS ? 0 : read;
    } else {
        status = MuxSet(Port, Request->DATA.SET_INFORMATION.Oid, Request->DATA.SET_INFORMATION.InformationBuffer,
                         length, &read, &needed);
    }
    Request->DATA.SET_INFORMATION.BytesRead = status == NDIS_STATUS_SUCCESS ? read : 0;
    Request->DATA.SET_INFORMATION.BytesNeeded = needed;
    return status;
}

_Use_decl_annotations_
NDIS_STATUS
MuxOidRequest(NDIS_HANDLE MiniportAdapterContext, PNDIS_OID_REQUEST OidRequest)
{
    switch (OidRequest->RequestType) {
    case NdisRequestQueryInformation:
    case NdisRequestQueryStatistics:
        return MuxRequestQuery(MiniportAdapterContext, OidRequest);
    case NdisRequestSetInformation:
        return MuxRequestSet(MiniportAdapterContext, OidRequest);
    default:
        return NDIS_STATUS_NOT_SUPPORTED;
    }
}

/* Every request is answered at once. */
_Use_decl_annotations_
VOID
MuxCancelOidRequest(NDIS_HANDLE MiniportAdapterContext, PVOID RequestId)
{
    UNREFERENCED_PARAMETER(MiniportAdapterContext);
    UNREFERENCED_PARAMETER(RequestId);
}
