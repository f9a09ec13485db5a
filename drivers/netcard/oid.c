/* SPDX-License-Identifier: MIT */
/*
 * oid.c - what the stack asks this adapter and tells it.
 *
 * Model: every request is answered at once, so there is nothing to cancel. Requests that the attributes of adapter.c
 * answer (addresses, speeds, the supported list) NDIS answers itself and they do not get here (documented).
 */
#include "netcard.h"

const NDIS_OID NcSupportedOids[] = {
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
const ULONG NcSupportedOidsLength = sizeof(NcSupportedOids);

static NDIS_STATUS NcQuery(PNC_ADAPTER Adapter, PNDIS_OID_REQUEST Request);
static NDIS_STATUS NcSet(PNC_ADAPTER Adapter, PNDIS_OID_REQUEST Request);
static NDIS_STATUS NcAnswer(PNDIS_OID_REQUEST Request, const VOID *Data, ULONG Length);
static VOID NcReadStatistics(PNC_ADAPTER Adapter, PNDIS_STATISTICS_INFO Statistics);

_Use_decl_annotations_
NDIS_STATUS
NcOidRequest(NDIS_HANDLE MiniportAdapterContext, PNDIS_OID_REQUEST OidRequest)
{
    switch (OidRequest->RequestType) {
    case NdisRequestQueryInformation:
    case NdisRequestQueryStatistics:
        return NcQuery(MiniportAdapterContext, OidRequest);
    case NdisRequestSetInformation:
        return NcSet(MiniportAdapterContext, OidRequest);
    default:
        return NDIS_STATUS_NOT_SUPPORTED;
    }
}

_Use_decl_annotations_
VOID
NcCancelOidRequest(NDIS_HANDLE MiniportAdapterContext, PVOID RequestId)
{
    UNREFERENCED_PARAMETER(MiniportAdapterContext);
    UNREFERENCED_PARAMETER(RequestId);
}

static NDIS_STATUS
NcQuery(PNC_ADAPTER Adapter, PNDIS_OID_REQUEST Request)
{
    static const CHAR description[] = "undis netcard";
    NDIS_INTERRUPT_MODERATION_PARAMETERS moderation;
    NDIS_STATISTICS_INFO statistics;
    ULONG64 frames;
    ULONG value;

    switch (Request->DATA.QUERY_INFORMATION.Oid) {
    case OID_GEN_HARDWARE_STATUS:
        value = NdisHardwareStatusReady;
        break;
    case OID_GEN_TRANSMIT_BUFFER_SPACE:
    case OID_GEN_RECEIVE_BUFFER_SPACE:
        value = NC_RECEIVE_BUFFERS * NC_MAX_FRAME;
        break;
    case OID_GEN_TRANSMIT_BLOCK_SIZE:
    case OID_GEN_RECEIVE_BLOCK_SIZE:
    case OID_GEN_MAXIMUM_TOTAL_SIZE:
        value = NC_MAX_FRAME;
        break;
    case OID_GEN_VENDOR_ID:
        value = NC_VENDOR_ID;
        break;
    case OID_GEN_VENDOR_DRIVER_VERSION:
        value = NC_VERSION;
        break;
    case OID_GEN_CURRENT_PACKET_FILTER:
        NdisAcquireSpinLock(&Adapter->Lock);
        value = Adapter->PacketFilter;
        NdisReleaseSpinLock(&Adapter->Lock);
        break;
    case OID_GEN_CURRENT_LOOKAHEAD:
        NdisAcquireSpinLock(&Adapter->Lock);
        value = Adapter->Lookahead;
        NdisReleaseSpinLock(&Adapter->Lock);
        break;
    case OID_802_3_MAXIMUM_LIST_SIZE:
        value = NC_MAX_MULTICAST;
        break;
    case OID_GEN_VENDOR_DESCRIPTION:
        return NcAnswer(Request, description, sizeof(description));
    case OID_802_3_PERMANENT_ADDRESS:
    case OID_802_3_CURRENT_ADDRESS:
        return NcAnswer(Request, Adapter->Address, NC_ADDRESS_LENGTH);
    case OID_GEN_INTERRUPT_MODERATION:
        NdisZeroMemory(&moderation, sizeof(moderation));
        moderation.Header.Type = NDIS_OBJECT_TYPE_DEFAULT;
        moderation.Header.Revision = NDIS_INTERRUPT_MODERATION_PARAMETERS_REVISION_1;
        moderation.Header.Size = NDIS_SIZEOF_INTERRUPT_MODERATION_PARAMETERS_REVISION_1;
        moderation.InterruptModeration = NdisInterruptModerationNotSupported;
        return NcAnswer(Request, &moderation, sizeof(moderation));
    case OID_GEN_XMIT_OK:
        NdisAcquireSpinLock(&Adapter->Lock);
        frames = Adapter->FramesSent;
        NdisReleaseSpinLock(&Adapter->Lock);
        return NcAnswer(Request, &frames, sizeof(frames));
    case OID_GEN_RCV_OK:
        NdisAcquireSpinLock(&Adapter->Lock);
        frames = Adapter->FramesReceived;
        NdisReleaseSpinLock(&Adapter->Lock);
        return NcAnswer(Request, &frames, sizeof(frames));
    case OID_GEN_STATISTICS:
        NcReadStatistics(Adapter, &statistics);
        return NcAnswer(Request, &statistics, sizeof(statistics));
    case OID_PNP_QUERY_POWER:
        return NDIS_STATUS_SUCCESS;
    default:
        return NDIS_STATUS_NOT_SUPPORTED;
    }
    return NcAnswer(Request, &value, sizeof(value));
}

static NDIS_STATUS
NcSet(PNC_ADAPTER Adapter, PNDIS_OID_REQUEST Request)
{
    PVOID buffer = Request->DATA.SET_INFORMATION.InformationBuffer;
    ULONG length = Request->DATA.SET_INFORMATION.InformationBufferLength;
    NDIS_OID oid = Request->DATA.SET_INFORMATION.Oid;
    NDIS_STATUS status = NDIS_STATUS_SUCCESS;
    ULONG value = 0;

    switch (oid) {
    case OID_GEN_CURRENT_PACKET_FILTER:
    case OID_GEN_CURRENT_LOOKAHEAD:
    case OID_PNP_SET_POWER:
        if (length < sizeof(value)) {
            Request->DATA.SET_INFORMATION.BytesNeeded = sizeof(value);
            return NDIS_STATUS_INVALID_LENGTH;
        }
        NdisMoveMemory(&value, buffer, sizeof(value));
        length = sizeof(value);
        break;
    case OID_802_3_MULTICAST_LIST:
        if (length % NC_ADDRESS_LENGTH != 0) {
            Request->DATA.SET_INFORMATION.BytesNeeded = length - length % NC_ADDRESS_LENGTH;
            return NDIS_STATUS_INVALID_LENGTH;
        }
        if (length > sizeof(Adapter->Multicast)) {
            Request->DATA.SET_INFORMATION.BytesNeeded = sizeof(Adapter->Multicast);
            return NDIS_STATUS_MULTICAST_FULL;
        }
        break;
    default:
        return NDIS_STATUS_NOT_SUPPORTED;
    }

    NdisAcquireSpinLock(&Adapter->Lock);
    if (oid == OID_GEN_CURRENT_PACKET_FILTER) {
        if ((value & ~NC_PACKET_FILTERS) != 0)
            status = NDIS_STATUS_NOT_SUPPORTED;
        else
            Adapter->PacketFilter = value;
    } else if (oid == OID_GEN_CURRENT_LOOKAHEAD) {
        Adapter->Lookahead = value;
    } else if (oid == OID_802_3_MULTICAST_LIST) {
        NdisMoveMemory(Adapter->Multicast, buffer, length);
        Adapter->MulticastCount = length / NC_ADDRESS_LENGTH;
    }
    NdisReleaseSpinLock(&Adapter->Lock); /* OID_PNP_SET_POWER: the card cannot sleep */

    if (status == NDIS_STATUS_SUCCESS)
        Request->DATA.SET_INFORMATION.BytesRead = length;
    return status;
}

static NDIS_STATUS
NcAnswer(PNDIS_OID_REQUEST Request, const VOID *Data, ULONG Length)
{
    if (Request->DATA.QUERY_INFORMATION.InformationBufferLength < Length) {
        Request->DATA.QUERY_INFORMATION.BytesNeeded = Length;
        return NDIS_STATUS_BUFFER_TOO_SHORT;
    }
    NdisMoveMemory(Request->DATA.QUERY_INFORMATION.InformationBuffer, Data, Length);
    Request->DATA.QUERY_INFORMATION.BytesWritten = Length;
    return NDIS_STATUS_SUCCESS;
}

static VOID
NcReadStatistics(PNC_ADAPTER Adapter, PNDIS_STATISTICS_INFO Statistics)
{
    NdisAcquireSpinLock(&Adapter->Lock);
    *Statistics = Adapter->Statistics;
    NdisReleaseSpinLock(&Adapter->Lock);
    Statistics->Header.Type = NDIS_OBJECT_TYPE_DEFAULT;
    Statistics->Header.Revision = NDIS_STATISTICS_INFO_REVISION_1;
    Statistics->Header.Size = NDIS_SIZEOF_STATISTICS_INFO_REVISION_1;
    Statistics->SupportedStatistics = NC_STATISTICS;
}
