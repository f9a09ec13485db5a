/* SPDX-License-Identifier: MIT */
/* driver5.c - entry: registers the miniport. */
#include "netcard5.h"

DRIVER_INITIALIZE DriverEntry;

_Use_decl_annotations_ NTSTATUS
DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    NDIS_MINIPORT_CHARACTERISTICS miniport;
    NDIS_HANDLE wrapper;
    NDIS_STATUS status;

    NdisMInitializeWrapper(&wrapper, DriverObject, RegistryPath, NULL);
    if (wrapper == NULL)
        return NDIS_STATUS_RESOURCES;
    NdisZeroMemory(&miniport, sizeof(miniport));
    miniport.MajorNdisVersion = NDIS_MINIPORT_MAJOR_VERSION;
    miniport.MinorNdisVersion = NDIS_MINIPORT_MINOR_VERSION;
    miniport.InitializeHandler = Nc5Initialize;
    miniport.HaltHandler = Nc5Halt;
    miniport.ResetHandler = Nc5Reset;
    miniport.ISRHandler = Nc5Isr;
    miniport.HandleInterruptHandler = Nc5Handle;
    miniport.SendHandler = Nc5Send;
    miniport.ReturnPacketHandler = Nc5ReturnPacket;
    miniport.QueryInformationHandler = Nc5Query;
    miniport.SetInformationHandler = Nc5Set;
    miniport.PnPEventNotifyHandler = Nc5PnPEvent;
    miniport.AdapterShutdownHandler = Nc5Shutdown;
    status = NdisMRegisterMiniport(wrapper, &miniport, sizeof(miniport));
    if (status != NDIS_STATUS_SUCCESS)
        NdisTerminateWrapper(wrapper, NULL);
    return status;
}
