/* SPDX-License-Identifier: MIT */
/*
 * binding5.c - adapters come and go.
 *
 * Model: bind and unbind run at PASSIVE_LEVEL and may wait (documented), so an open or a close that pends is waited for
 * here. What NDIS 6 says in its bind parameters is asked for.
 */
#include "ndis5.h"

static VOID NpFree5(PNP5_BINDING Binding);
static NDIS_STATUS NpOpen5(PNP5_BINDING Binding, PNDIS_STRING DeviceName);
static NDIS_STATUS NpAskWhatItIs5(PNP_BINDING Binding);
static VOID NpClose5(PNP5_BINDING Binding);

static PNP5_BINDING
NpCreate5(PNDIS_STRING DeviceName)
{
    PNP5_BINDING binding = NpAllocate(sizeof(*binding));
    NDIS_STATUS status;

    if (binding == NULL)
        return NULL;
    NdisZeroMemory(binding, sizeof(*binding));
    NpInitializeBinding(&binding->Common, DeviceName);
    KeInitializeEvent(&binding->Done, SynchronizationEvent, FALSE);
    NdisAllocatePacketPool(&status, &binding->PacketPool, NP5_PACKETS, PROTOCOL_RESERVED_SIZE_IN_PACKET);
    if (status == NDIS_STATUS_SUCCESS) {
        NdisAllocateBufferPool(&status, &binding->BufferPool, NP5_PACKETS);
        if (status == NDIS_STATUS_SUCCESS)
            return binding;
        NdisFreePacketPool(binding->PacketPool);
    }
    NdisFreeSpinLock(&binding->Common.Lock);
    NdisFreeMemory(binding, 0, 0);
    return NULL;
}

static VOID
NpFree5(PNP5_BINDING Binding)
{
    NdisFreeBufferPool(Binding->BufferPool);
    NdisFreePacketPool(Binding->PacketPool);
    NdisFreeSpinLock(&Binding->Common.Lock);
    NdisFreeMemory(Binding, 0, 0);
}

VOID NTAPI
NpBindAdapter5(PNDIS_STATUS Status, NDIS_HANDLE BindContext, PNDIS_STRING DeviceName, PVOID SystemSpecific1,
               PVOID SystemSpecific2)
{
    PNP5_BINDING binding;

    UNREFERENCED_PARAMETER(BindContext);
    UNREFERENCED_PARAMETER(SystemSpecific1);
    UNREFERENCED_PARAMETER(SystemSpecific2);

    *Status = NDIS_STATUS_NOT_SUPPORTED;
    if (DeviceName->Length >= sizeof(binding->Common.NameBuffer))
        return;
    *Status = NDIS_STATUS_RESOURCES;
    binding = NpCreate5(DeviceName);
    if (binding == NULL)
        return;
    *Status = NpOpen5(binding, DeviceName);
    if (*Status != NDIS_STATUS_SUCCESS) {
        NpFree5(binding);
        return;
    }
    *Status = NpAskWhatItIs5(&binding->Common);
    if (*Status != NDIS_STATUS_SUCCESS) {
        NpClose5(binding);
        return;
    }
    binding->Common.State = NpRunning;
    NpPublish(&binding->Common);
}

static NDIS_STATUS
NpOpen5(PNP5_BINDING Binding, PNDIS_STRING DeviceName)
{
    NDIS_STATUS status, error;

    NdisOpenAdapter(&status, &error, &Binding->Common.BindingHandle, &Binding->Common.MediumIndex,
                    &Binding->Common.Medium, 1, NpProtocolHandle, Binding, DeviceName, 0, NULL);
    if (status != NDIS_STATUS_PENDING)
        return status;
    KeWaitForSingleObject(&Binding->Done, Executive, KernelMode, FALSE, NULL);
    return Binding->Status;
}

VOID NTAPI
NpOpenComplete5(NDIS_HANDLE ProtocolBindingContext, NDIS_STATUS Status, NDIS_STATUS OpenErrorStatus)
{
    PNP5_BINDING binding = ProtocolBindingContext;

    UNREFERENCED_PARAMETER(OpenErrorStatus);

    binding->Status = Status;
    KeSetEvent(&binding->Done, IO_NO_INCREMENT, FALSE);
}

static NDIS_STATUS
NpAskWhatItIs5(PNP_BINDING Binding)
{
    ULONG connected = NdisMediaStateConnected, done;
    NDIS_STATUS status;

    status = NpOidRequest(Binding, NdisRequestQueryInformation, OID_GEN_MAXIMUM_FRAME_SIZE, NDIS_DEFAULT_PORT_NUMBER,
                          &Binding->MaxFrame, sizeof(Binding->MaxFrame), &done);
    if (status != NDIS_STATUS_SUCCESS)
        return status;
    Binding->MaxFrame += NP_ETHERNET_HEADER;
    status = NpOidRequest(Binding, NdisRequestQueryInformation, OID_802_3_CURRENT_ADDRESS, NDIS_DEFAULT_PORT_NUMBER,
                          Binding->MacAddress, sizeof(Binding->MacAddress), &done);
    if (status != NDIS_STATUS_SUCCESS)
        return status;
    if (NpOidRequest(Binding, NdisRequestQueryInformation, OID_GEN_MEDIA_CONNECT_STATUS, NDIS_DEFAULT_PORT_NUMBER,
                     &connected, sizeof(connected), &done) != NDIS_STATUS_SUCCESS)
        connected = NdisMediaStateConnected; /* documented: not every adapter can tell */
    Binding->LinkUp = connected == NdisMediaStateConnected;
    return NDIS_STATUS_SUCCESS;
}

/* Nothing new is counted once the binding is withdrawn, so Idle comes and stays. */
VOID NTAPI
NpUnbindAdapter5(PNDIS_STATUS Status, NDIS_HANDLE ProtocolBindingContext, NDIS_HANDLE UnbindContext)
{
    PNP_BINDING binding = ProtocolBindingContext;

    UNREFERENCED_PARAMETER(UnbindContext);

    NpWithdraw(binding);
    NpWaitIdle(binding, &binding->Requests);
    NpWaitIdle(binding, &binding->Sends);
    NpClose5(ProtocolBindingContext);
    *Status = NDIS_STATUS_SUCCESS;
}

static VOID
NpClose5(PNP5_BINDING Binding)
{
    NDIS_STATUS status;

    NdisCloseAdapter(&status, Binding->Common.BindingHandle);
    if (status == NDIS_STATUS_PENDING)
        KeWaitForSingleObject(&Binding->Done, Executive, KernelMode, FALSE, NULL);
    NpFree5(Binding);
}

VOID NTAPI
NpCloseComplete5(NDIS_HANDLE ProtocolBindingContext, NDIS_STATUS Status)
{
    PNP5_BINDING binding = ProtocolBindingContext;

    UNREFERENCED_PARAMETER(Status);

    KeSetEvent(&binding->Done, IO_NO_INCREMENT, FALSE);
}
