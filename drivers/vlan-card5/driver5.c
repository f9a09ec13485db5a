/* SPDX-License-Identifier: MIT */
/* driver5.c - entry and unload of an NDIS 5.1 driver. */
#include "ndis5.h"

static NDIS_HANDLE CardWrapper;

static VOID NTAPI
CardUnload5(PDRIVER_OBJECT DriverObject)
{
    UNREFERENCED_PARAMETER(DriverObject);

    CardDeleteDevices();
    CardFreeUnits();
}

_Use_decl_annotations_
NTSTATUS
DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    NDIS_MINIPORT_CHARACTERISTICS miniport;
    NDIS_STATUS status;

    NdisMInitializeWrapper(&CardWrapper, DriverObject, RegistryPath, NULL);
    if (CardWrapper == NULL)
        return NDIS_STATUS_RESOURCES;
    NdisZeroMemory(&miniport, sizeof(miniport));
    miniport.MajorNdisVersion = 5;
    miniport.MinorNdisVersion = 1;
    miniport.InitializeHandler = CardInitialize5;
    miniport.HaltHandler = CardHalt5;
    miniport.ResetHandler = CardReset5;
    miniport.ReturnPacketHandler = CardReturnPacket5;
    miniport.QueryInformationHandler = CardQuery5;
    miniport.SetInformationHandler = CardSet5;
    miniport.CancelSendPacketsHandler = CardCancelSends5;
    miniport.PnPEventNotifyHandler = CardPnPEvent5;
    miniport.AdapterShutdownHandler = CardShutdown5;
    CardSetHandlers5(&miniport);
    status = NdisMRegisterMiniport(CardWrapper, &miniport, sizeof(miniport));
    if (status != NDIS_STATUS_SUCCESS) {
        NdisTerminateWrapper(CardWrapper, NULL);
        return status;
    }
    NdisMRegisterUnloadHandler(CardWrapper, CardUnload5);
    return STATUS_SUCCESS;
}

NDIS_STATUS
EdgeRegisterDevice(PUNICODE_STRING Name, PUNICODE_STRING Link, PDRIVER_DISPATCH *Dispatch, PDEVICE_OBJECT *Device,
                   NDIS_HANDLE *Handle)
{
    return NdisMRegisterDevice(CardWrapper, Name, Link, Dispatch, Device, Handle);
}

VOID
EdgeDeregisterDevice(NDIS_HANDLE Handle)
{
    NdisMDeregisterDevice(Handle);
}
