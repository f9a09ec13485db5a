/* SPDX-License-Identifier: MIT */
/* adapter5.c - initialize, halt, reset, shutdown, and the card that is pulled out. */
#include "netcard5.h"

#define NC5_RESOURCES_BYTES 512

/* The registers and the line, from what the bus has given the card. */
static NDIS_STATUS
Nc5FindResources(PNC5_ADAPTER Adapter, NDIS_HANDLE WrapperConfigurationContext, PNDIS_PHYSICAL_ADDRESS Start)
{
    UINT size = NC5_RESOURCES_BYTES;
    PNDIS_RESOURCE_LIST list;
    NDIS_STATUS status;
    ULONG i;

    status = NdisAllocateMemoryWithTag((PVOID *)&list, size, NC5_TAG);
    if (status != NDIS_STATUS_SUCCESS)
        return status;
    NdisMQueryAdapterResources(&status, WrapperConfigurationContext, list, &size);
    for (i = 0; status == NDIS_STATUS_SUCCESS && i < list->Count; i++)
        if (list->PartialDescriptors[i].Type == CmResourceTypeMemory && Adapter->RegistersLength == 0) {
            *Start = list->PartialDescriptors[i].u.Memory.Start;
            Adapter->RegistersLength = list->PartialDescriptors[i].u.Memory.Length;
        } else if (list->PartialDescriptors[i].Type == CmResourceTypeInterrupt) {
            Adapter->Vector = list->PartialDescriptors[i].u.Interrupt.Vector;
            Adapter->Level = list->PartialDescriptors[i].u.Interrupt.Level;
        }
    NdisFreeMemory(list, NC5_RESOURCES_BYTES, 0);
    if (status == NDIS_STATUS_SUCCESS && (Adapter->RegistersLength == 0 || Adapter->Vector == 0))
        status = NDIS_STATUS_RESOURCE_CONFLICT;
    return status;
}

static NDIS_STATUS
Nc5ClaimRegisters(PNC5_ADAPTER Adapter, NDIS_PHYSICAL_ADDRESS Start)
{
    ULONG words[2];
    NDIS_STATUS status;

    status = NdisMMapIoSpace((PVOID *)&Adapter->Registers, Adapter->Handle, Start, Adapter->RegistersLength);
    if (status != NDIS_STATUS_SUCCESS)
        return status;
    if (Nc5Read(Adapter, NC_REG_ID) != NC_ID)
        return NDIS_STATUS_ADAPTER_NOT_FOUND;
    Nc5Write(Adapter, NC_REG_CONTROL, NC_CONTROL_RESET);
    words[0] = Nc5Read(Adapter, NC_REG_ADDRESS);
    words[1] = Nc5Read(Adapter, NC_REG_ADDRESS + 1);
    NdisMoveMemory(Adapter->Address, words, NC5_ADDRESS_LENGTH);
    Adapter->LinkUp = (Nc5Read(Adapter, NC_REG_STATUS) & NC_STATUS_LINK) != 0;
    return NDIS_STATUS_SUCCESS;
}

/* Also what initialize made before it failed. */
static VOID
Nc5Destroy(PNC5_ADAPTER Adapter)
{
    if (Adapter->Registers != NULL) {
        Nc5Write(Adapter, NC_REG_MASK, 0);
        Nc5Write(Adapter, NC_REG_CONTROL, NC_CONTROL_RESET); /* from here on it reaches for no memory of ours */
    }
    if (Adapter->Connected)
        NdisMDeregisterInterrupt(&Adapter->Interrupt);
    Nc5DestroyRings(Adapter);
    if (Adapter->Registers != NULL)
        NdisMUnmapIoSpace(Adapter->Handle, (PVOID)Adapter->Registers, Adapter->RegistersLength);
    NdisFreeMemory(Adapter, sizeof(*Adapter), 0);
}

/* A serialized driver completes sends from handlers that NDIS serializes: this one, a timer's, is such a handler. */
static VOID NTAPI
Nc5Leave(PVOID SystemSpecific1, PVOID FunctionContext, PVOID SystemSpecific2, PVOID SystemSpecific3)
{
    PNC5_ADAPTER adapter = FunctionContext;

    UNREFERENCED_PARAMETER(SystemSpecific1);
    UNREFERENCED_PARAMETER(SystemSpecific2);
    UNREFERENCED_PARAMETER(SystemSpecific3);

    adapter->Gone = TRUE;
    Nc5FailSends(adapter, NDIS_STATUS_FAILURE);
    NdisSetEvent(&adapter->Left);
}

NDIS_STATUS NTAPI
Nc5Initialize(PNDIS_STATUS OpenErrorStatus, PUINT SelectedMediumIndex, PNDIS_MEDIUM MediumArray, UINT MediumArraySize,
              NDIS_HANDLE MiniportAdapterHandle, NDIS_HANDLE WrapperConfigurationContext)
{
    NDIS_PHYSICAL_ADDRESS start = { .QuadPart = 0 };
    PNC5_ADAPTER adapter;
    NDIS_STATUS status;
    UINT i;

    UNREFERENCED_PARAMETER(OpenErrorStatus);

    for (i = 0; i < MediumArraySize && MediumArray[i] != NdisMedium802_3; i++)
        ;
    if (i == MediumArraySize)
        return NDIS_STATUS_UNSUPPORTED_MEDIA;
    *SelectedMediumIndex = i;

    status = NdisAllocateMemoryWithTag((PVOID *)&adapter, sizeof(*adapter), NC5_TAG);
    if (status != NDIS_STATUS_SUCCESS)
        return status;
    NdisZeroMemory(adapter, sizeof(*adapter));
    adapter->Handle = MiniportAdapterHandle;
    NdisInitializeEvent(&adapter->Left);
    NdisSetEvent(&adapter->Left);
    /* first of all: NDIS grants hardware only after it */
    NdisMSetAttributesEx(MiniportAdapterHandle, adapter, 0,
                         NDIS_ATTRIBUTE_BUS_MASTER | NDIS_ATTRIBUTE_SURPRISE_REMOVE_OK, NdisInterfacePci);
    NdisMInitializeTimer(&adapter->Leave, MiniportAdapterHandle, Nc5Leave, adapter);
    status = Nc5FindResources(adapter, WrapperConfigurationContext, &start);
    if (status == NDIS_STATUS_SUCCESS)
        status = Nc5ClaimRegisters(adapter, start);
    if (status == NDIS_STATUS_SUCCESS)
        status = Nc5CreateRings(adapter);
    if (status == NDIS_STATUS_SUCCESS) {
        Nc5StartRings(adapter);
        status = NdisMRegisterInterrupt(&adapter->Interrupt, MiniportAdapterHandle, adapter->Vector, adapter->Level,
                                        TRUE, TRUE, NdisInterruptLevelSensitive);
    }
    if (status != NDIS_STATUS_SUCCESS) {
        Nc5Destroy(adapter);
        return status;
    }
    adapter->Connected = TRUE;
    Nc5Write(adapter, NC_REG_MASK, NC_CAUSES);
    return NDIS_STATUS_SUCCESS;
}

/* NDIS has seen every packet back. */
VOID NTAPI
Nc5Halt(NDIS_HANDLE MiniportAdapterContext)
{
    PNC5_ADAPTER adapter = MiniportAdapterContext;
    BOOLEAN cancelled;

    NdisMCancelTimer(&adapter->Leave, &cancelled);
    if (!cancelled)
        NdisWaitEvent(&adapter->Left, 0);
    Nc5Destroy(adapter);
}

/* What was to be sent is forgotten: NDIS completes it (documented for serialized miniports). */
NDIS_STATUS NTAPI
Nc5Reset(PBOOLEAN AddressingReset, NDIS_HANDLE MiniportAdapterContext)
{
    PNC5_ADAPTER adapter = MiniportAdapterContext;

    *AddressingReset = FALSE; /* the card has no filter of its own */
    Nc5Write(adapter, NC_REG_CONTROL, NC_CONTROL_RESET);
    NdisZeroMemory(adapter->Sending, sizeof(adapter->Sending));
    Nc5StartRings(adapter);
    Nc5Write(adapter, NC_REG_MASK, NC_CAUSES);
    return NDIS_STATUS_SUCCESS;
}

/* May run at any IRQL after a crash: no lock, no call. A card that goes on writing would spoil the dump. */
VOID NTAPI
Nc5Shutdown(PVOID ShutdownContext)
{
    PNC5_ADAPTER adapter = ShutdownContext;

    Nc5Write(adapter, NC_REG_CONTROL, NC_CONTROL_RESET);
}

/* At PASSIVE_LEVEL and beside other handlers: so a timer does what is to be done. */
VOID NTAPI
Nc5PnPEvent(NDIS_HANDLE MiniportAdapterContext, NDIS_DEVICE_PNP_EVENT PnPEvent, PVOID InformationBuffer,
            ULONG InformationBufferLength)
{
    PNC5_ADAPTER adapter = MiniportAdapterContext;

    UNREFERENCED_PARAMETER(InformationBuffer);
    UNREFERENCED_PARAMETER(InformationBufferLength);

    if (PnPEvent != NdisDevicePnPEventSurpriseRemoved)
        return;
    NdisResetEvent(&adapter->Left);
    NdisMSetTimer(&adapter->Leave, 0);
}
