/* SPDX-License-Identifier: MIT */
/* adapter.c - initialize, free, shutdown. */
#include "nd5.h"

static const UCHAR Nd5Address[ETH_LENGTH_OF_ADDRESS] = { 0x02, 0x5d, 0, 0, 0, 1 };

VOID
Nd5Free(ND5_ADAPTER *Adapter)
{
    ULONG i;

    for (i = 0; i < ND5_RECEIVES; i++) {
        if (Adapter->Receive[i].Buffer != NULL)
            NdisFreeBuffer(Adapter->Receive[i].Buffer);
        if (Adapter->Receive[i].Packet != NULL)
            NdisFreePacket(Adapter->Receive[i].Packet);
    }
    if (Adapter->BufferPool != NULL)
        NdisFreeBufferPool(Adapter->BufferPool);
    if (Adapter->PacketPool != NULL)
        NdisFreePacketPool(Adapter->PacketPool);
    NdisFreeSpinLock(&Adapter->Lock);
    NdisFreeMemory(Adapter, sizeof(*Adapter), 0);
}

static NDIS_STATUS
Nd5MakeReceives(ND5_ADAPTER *Adapter)
{
    NDIS_STATUS status;
    ULONG i;

    NdisAllocatePacketPool(&status, &Adapter->PacketPool, ND5_RECEIVES, PROTOCOL_RESERVED_SIZE_IN_PACKET);
    if (status != NDIS_STATUS_SUCCESS)
        return status;
    NdisAllocateBufferPool(&status, &Adapter->BufferPool, ND5_RECEIVES);
    for (i = 0; i < ND5_RECEIVES && status == NDIS_STATUS_SUCCESS; i++) {
        ND5_RECEIVE *receive = &Adapter->Receive[i];

        NdisAllocatePacket(&status, &receive->Packet, Adapter->PacketPool);
        if (status != NDIS_STATUS_SUCCESS)
            break;
        NdisAllocateBuffer(&status, &receive->Buffer, Adapter->BufferPool, receive->Frame, ND5_FRAME_MAX);
        if (status != NDIS_STATUS_SUCCESS)
            break;
        ND5_RECEIVE_OF(receive->Packet) = receive;
        receive->Next = Adapter->Free;
        Adapter->Free = receive;
    }
    return status;
}

NDIS_STATUS NTAPI
Nd5Initialize(PNDIS_STATUS OpenErrorStatus, PUINT SelectedMediumIndex, PNDIS_MEDIUM MediumArray, UINT MediumArraySize,
              NDIS_HANDLE MiniportAdapterHandle, NDIS_HANDLE WrapperConfigurationContext)
{
    ND5_ADAPTER *adapter;
    NDIS_STATUS status;
    UINT i;

    UNREFERENCED_PARAMETER(OpenErrorStatus);
    UNREFERENCED_PARAMETER(WrapperConfigurationContext);
    for (i = 0; i < MediumArraySize; i++)
        if (MediumArray[i] == NdisMedium802_3)
            break;
    if (i == MediumArraySize)
        return NDIS_STATUS_UNSUPPORTED_MEDIA;
    *SelectedMediumIndex = i;

    status = NdisAllocateMemoryWithTag((PVOID *)&adapter, sizeof(*adapter), ND5_TAG);
    if (status != NDIS_STATUS_SUCCESS)
        return status;
    NdisZeroMemory(adapter, sizeof(*adapter));
    adapter->Handle = MiniportAdapterHandle;
    NdisMoveMemory(adapter->Address, Nd5Address, sizeof(Nd5Address));
    NdisAllocateSpinLock(&adapter->Lock);
    NdisInitializeEvent(&adapter->Idle);
    NdisSetEvent(&adapter->Idle);
    NdisMSetAttributesEx(MiniportAdapterHandle, adapter, 0, Nd5Attributes, NdisInterfaceInternal);
    NdisMInitializeTimer(&adapter->Timer, MiniportAdapterHandle, Nd5Timer, adapter);
    status = Nd5MakeReceives(adapter);
    if (status != NDIS_STATUS_SUCCESS)
        Nd5Free(adapter);
    else
        Nd5Start(adapter);
    return status;
}

VOID NTAPI
Nd5Shutdown(PVOID ShutdownContext)
{
    UNREFERENCED_PARAMETER(ShutdownContext);
}
