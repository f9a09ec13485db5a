/* SPDX-License-Identifier: MIT */
/* virtual.c - the miniport edge of an intermediate driver; sends come back at once. See stack5.h. */
#include "stack5.h"

NDIS_HANDLE VirtualDriver, Virtual;

static VOID NTAPI
SendPackets(NDIS_HANDLE MiniportAdapterContext, PPNDIS_PACKET PacketArray, UINT NumberOfPackets)
{
    UINT i;

    UNREFERENCED_PARAMETER(MiniportAdapterContext);
    for (i = 0; i < NumberOfPackets; i++)
        NdisMSendComplete(Virtual, PacketArray[i], NDIS_STATUS_SUCCESS);
}

static NDIS_STATUS NTAPI
Query(NDIS_HANDLE MiniportAdapterContext, NDIS_OID Oid, PVOID InformationBuffer, ULONG InformationBufferLength,
      PULONG BytesWritten, PULONG BytesNeeded)
{
    static const UCHAR address[6] = { 0x02, 0, 0, 0, 0, 0x52 };

    UNREFERENCED_PARAMETER(MiniportAdapterContext);
    UNREFERENCED_PARAMETER(BytesNeeded);
    if ((Oid != OID_802_3_PERMANENT_ADDRESS && Oid != OID_802_3_CURRENT_ADDRESS) ||
        InformationBufferLength < sizeof(address))
        return NDIS_STATUS_NOT_SUPPORTED;
    NdisMoveMemory(InformationBuffer, address, sizeof(address));
    *BytesWritten = sizeof(address);
    return NDIS_STATUS_SUCCESS;
}

static NDIS_STATUS NTAPI
Set(NDIS_HANDLE MiniportAdapterContext, NDIS_OID Oid, PVOID InformationBuffer, ULONG InformationBufferLength,
    PULONG BytesRead, PULONG BytesNeeded)
{
    UNREFERENCED_PARAMETER(MiniportAdapterContext);
    UNREFERENCED_PARAMETER(Oid);
    UNREFERENCED_PARAMETER(InformationBuffer);
    UNREFERENCED_PARAMETER(BytesNeeded);
    *BytesRead = InformationBufferLength;
    return NDIS_STATUS_SUCCESS;
}

static NDIS_STATUS NTAPI
Reset(PBOOLEAN AddressingReset, NDIS_HANDLE MiniportAdapterContext)
{
    UNREFERENCED_PARAMETER(MiniportAdapterContext);
    *AddressingReset = FALSE;
    return NDIS_STATUS_SUCCESS;
}

static NDIS_STATUS NTAPI
Initialize(PNDIS_STATUS OpenErrorStatus, PUINT SelectedMediumIndex, PNDIS_MEDIUM MediumArray, UINT MediumArraySize,
           NDIS_HANDLE MiniportAdapterHandle, NDIS_HANDLE WrapperConfigurationContext)
{
    UINT i;

    UNREFERENCED_PARAMETER(OpenErrorStatus);
    UNREFERENCED_PARAMETER(WrapperConfigurationContext);
    for (i = 0; i < MediumArraySize && MediumArray[i] != NdisMedium802_3; i++)
        ;
    *SelectedMediumIndex = i;
    CHECK(NdisIMGetDeviceContext(MiniportAdapterHandle) == &VirtualDriver);
    NdisMSetAttributesEx(MiniportAdapterHandle, &Virtual, 0,
                         NDIS_ATTRIBUTE_IGNORE_PACKET_TIMEOUT | NDIS_ATTRIBUTE_IGNORE_REQUEST_TIMEOUT |
                             NDIS_ATTRIBUTE_INTERMEDIATE_DRIVER | NDIS_ATTRIBUTE_DESERIALIZE |
                             NDIS_ATTRIBUTE_NO_HALT_ON_SUSPEND,
                         NdisInterfaceInternal);
    Virtual = MiniportAdapterHandle;
    InterlockedIncrement(&Seen.VirtualUp);
    return NDIS_STATUS_SUCCESS;
}

static VOID NTAPI
Halt(NDIS_HANDLE MiniportAdapterContext)
{
    UNREFERENCED_PARAMETER(MiniportAdapterContext);
    Virtual = NULL;
    InterlockedIncrement(&Seen.VirtualDown);
}

NDIS_STATUS
VirtualRegister(NDIS_HANDLE WrapperHandle)
{
    NDIS_MINIPORT_CHARACTERISTICS miniport;

    NdisZeroMemory(&miniport, sizeof(miniport));
    miniport.MajorNdisVersion = 5;
    miniport.MinorNdisVersion = 1;
    miniport.InitializeHandler = Initialize;
    miniport.HaltHandler = Halt;
    miniport.ResetHandler = Reset;
    miniport.QueryInformationHandler = Query;
    miniport.SetInformationHandler = Set;
    miniport.SendPacketsHandler = SendPackets;
    return NdisIMRegisterLayeredMiniport(WrapperHandle, &miniport, sizeof(miniport), &VirtualDriver);
}
