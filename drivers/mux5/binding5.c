/* SPDX-License-Identifier: MIT */
/*
 * binding5.c - the protocol edge: bind and unbind, requests, power, status.
 *
 * Model: bind and unbind wait for what pends. There is no pause in NDIS 5: whoever pauses the stack unbinds.
 */
#include "ndis5.h"

static VOID
MuxDone5(PMUX_LOWER Lower, NDIS_STATUS Status)
{
    PMUX_BINDING binding = Lower->Edge;

    binding->Status = Status;
    NdisSetEvent(&binding->Done);
}

/* Status, or what it turns out to be if it pends. */
static NDIS_STATUS
MuxWait5(PMUX_BINDING Binding, NDIS_STATUS Status)
{
    if (Status != NDIS_STATUS_PENDING)
        return Status;
    NdisWaitEvent(&Binding->Done, 0);
    return Binding->Status;
}

static NDIS_STATUS
MuxRequest5(PMUX_LOWER Lower, NDIS_REQUEST_TYPE Type, NDIS_OID Oid, PVOID Buffer, ULONG Length)
{
    PMUX_BINDING binding = Lower->Edge;
    NDIS_STATUS status;

    NdisZeroMemory(&binding->Request, sizeof(binding->Request));
    binding->Request.RequestType = Type;
    if (Type == NdisRequestSetInformation) {
        binding->Request.DATA.SET_INFORMATION.Oid = Oid;
        binding->Request.DATA.SET_INFORMATION.InformationBuffer = Buffer;
        binding->Request.DATA.SET_INFORMATION.InformationBufferLength = Length;
    } else {
        binding->Request.DATA.QUERY_INFORMATION.Oid = Oid;
        binding->Request.DATA.QUERY_INFORMATION.InformationBuffer = Buffer;
        binding->Request.DATA.QUERY_INFORMATION.InformationBufferLength = Length;
    }
    NdisResetEvent(&binding->Done);
    NdisRequest(&status, Lower->Binding, &binding->Request);
    return MuxWait5(binding, status);
}

NDIS_STATUS
EdgeSetFilter(PMUX_LOWER Lower, ULONG PacketFilter)
{
    return MuxRequest5(Lower, NdisRequestSetInformation, OID_GEN_CURRENT_PACKET_FILTER, &PacketFilter,
                       sizeof(PacketFilter));
}

static NDIS_STATUS
MuxLearn5(PMUX_LOWER Lower)
{
    UCHAR address[MUX_ADDRESS];
    ULONG mtu, speed, media;
    NDIS_STATUS status =
        MuxRequest5(Lower, NdisRequestQueryInformation, OID_802_3_CURRENT_ADDRESS, address, sizeof(address));

    if (status == NDIS_STATUS_SUCCESS)
        status = MuxRequest5(Lower, NdisRequestQueryInformation, OID_GEN_MAXIMUM_FRAME_SIZE, &mtu, sizeof(mtu));
    if (status != NDIS_STATUS_SUCCESS)
        return status;
    if (MuxRequest5(Lower, NdisRequestQueryInformation, OID_GEN_LINK_SPEED, &speed, sizeof(speed)) !=
        NDIS_STATUS_SUCCESS)
        speed = 10000000; /* it does not say: 1 Gbit/s */
    if (MuxRequest5(Lower, NdisRequestQueryInformation, OID_GEN_MEDIA_CONNECT_STATUS, &media, sizeof(media)) !=
        NDIS_STATUS_SUCCESS)
        media = NdisMediaStateConnected; /* documented: then it is taken to be */
    MuxDescribe(Lower, address, mtu, media == NdisMediaStateConnected, speed * 100ULL);
    return NDIS_STATUS_SUCCESS;
}

static VOID
MuxFreeBinding5(PMUX_LOWER Lower)
{
    NdisFreeMemory(Lower->Edge, 0, 0);
    MuxFreeLower(Lower);
}

static VOID
MuxClose5(PMUX_LOWER Lower)
{
    PMUX_BINDING binding = Lower->Edge;
    NDIS_STATUS status;

    NdisResetEvent(&binding->Done);
    NdisCloseAdapter(&status, Lower->Binding);
    MuxWait5(binding, status);
    MuxFreeBinding5(Lower);
}

VOID NTAPI
MuxBind5(PNDIS_STATUS Status, NDIS_HANDLE BindContext, PNDIS_STRING DeviceName, PVOID SystemSpecific1,
         PVOID SystemSpecific2)
{
    NDIS_MEDIUM medium = NdisMedium802_3;
    PMUX_BINDING binding;
    NDIS_STATUS error;
    PMUX_LOWER lower;
    UINT index;

    UNREFERENCED_PARAMETER(BindContext);
    UNREFERENCED_PARAMETER(SystemSpecific1);
    UNREFERENCED_PARAMETER(SystemSpecific2);

    *Status = NdisAllocateMemoryWithTag((PVOID *)&binding, sizeof(*binding), MUX_TAG);
    if (*Status != NDIS_STATUS_SUCCESS)
        return;
    NdisZeroMemory(binding, sizeof(*binding));
    NdisInitializeEvent(&binding->Done);
    lower = MuxCreateLower(DeviceName);
    if (lower == NULL) {
        NdisFreeMemory(binding, 0, 0);
        *Status = NDIS_STATUS_RESOURCES;
        return;
    }
    lower->Edge = binding;
    NdisOpenAdapter(Status, &error, &lower->Binding, &index, &medium, 1, MuxProtocolHandle, lower, DeviceName, 0,
                    NULL);
    *Status = MuxWait5(binding, *Status);
    if (*Status != NDIS_STATUS_SUCCESS) {
        MuxFreeBinding5(lower);
        return;
    }
    *Status = MuxLearn5(lower);
    if (*Status == NDIS_STATUS_SUCCESS) {
        MuxSetState(lower, &lower->Paused, FALSE);
        *Status = MuxOpened(lower);
    }
    if (*Status != NDIS_STATUS_SUCCESS) {
        MuxSetState(lower, &lower->Closing, TRUE);
        MuxClose5(lower);
    }
}

VOID NTAPI
MuxUnbind5(PNDIS_STATUS Status, NDIS_HANDLE ProtocolBindingContext, NDIS_HANDLE UnbindContext)
{
    UNREFERENCED_PARAMETER(UnbindContext);

    MuxClosing(ProtocolBindingContext);
    MuxClose5(ProtocolBindingContext);
    *Status = NDIS_STATUS_SUCCESS;
}

VOID NTAPI
MuxOpenComplete5(NDIS_HANDLE ProtocolBindingContext, NDIS_STATUS Status, NDIS_STATUS OpenErrorStatus)
{
    UNREFERENCED_PARAMETER(OpenErrorStatus);

    MuxDone5(ProtocolBindingContext, Status);
}

VOID NTAPI
MuxCloseComplete5(NDIS_HANDLE ProtocolBindingContext, NDIS_STATUS Status)
{
    MuxDone5(ProtocolBindingContext, Status);
}

/* This driver resets nobody. */
VOID NTAPI
MuxResetComplete5(NDIS_HANDLE ProtocolBindingContext, NDIS_STATUS Status)
{
    UNREFERENCED_PARAMETER(ProtocolBindingContext);
    UNREFERENCED_PARAMETER(Status);
}

VOID NTAPI
MuxRequestComplete5(NDIS_HANDLE ProtocolBindingContext, PNDIS_REQUEST NdisRequest, NDIS_STATUS Status)
{
    UNREFERENCED_PARAMETER(NdisRequest);

    MuxDone5(ProtocolBindingContext, Status);
}

VOID NTAPI
MuxStatus5(NDIS_HANDLE ProtocolBindingContext, NDIS_STATUS GeneralStatus, PVOID StatusBuffer, UINT StatusBufferSize)
{
    UNREFERENCED_PARAMETER(StatusBuffer);
    UNREFERENCED_PARAMETER(StatusBufferSize);

    if (GeneralStatus == NDIS_STATUS_MEDIA_CONNECT || GeneralStatus == NDIS_STATUS_MEDIA_DISCONNECT)
        MuxSetLink(ProtocolBindingContext, GeneralStatus == NDIS_STATUS_MEDIA_CONNECT, 0);
}

VOID NTAPI
MuxStatusComplete5(NDIS_HANDLE ProtocolBindingContext)
{
    UNREFERENCED_PARAMETER(ProtocolBindingContext);
}

NDIS_STATUS NTAPI
MuxPnPEvent5(NDIS_HANDLE ProtocolBindingContext, PNET_PNP_EVENT NetPnPEvent)
{
    PMUX_LOWER lower = ProtocolBindingContext;

    if (NetPnPEvent->NetEvent == NetEventSetPower)
        MuxSetState(lower, &lower->Asleep, *(PNDIS_DEVICE_POWER_STATE)NetPnPEvent->Buffer != NdisDeviceStateD0);
    return NDIS_STATUS_SUCCESS;
}
