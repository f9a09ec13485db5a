/* SPDX-License-Identifier: MIT */
/* driver.c - entry: registers the miniport. */
#include "nd5.h"

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
    miniport.InitializeHandler = Nd5Initialize;
    miniport.HaltHandler = Nd5Halt;
    miniport.ResetHandler = Nd5Reset;
    miniport.SendHandler = Nd5Send;
    miniport.ReturnPacketHandler = Nd5ReturnPacket;
    miniport.QueryInformationHandler = Nd5Query;
    miniport.SetInformationHandler = Nd5Set;
    miniport.AdapterShutdownHandler = Nd5Shutdown;
    miniport.CheckForHangHandler = ND5_CHECK_FOR_HANG;
    miniport.AllocateCompleteHandler = ND5_ALLOCATE_COMPLETE;
    status = NdisMRegisterMiniport(wrapper, &miniport, sizeof(miniport));
    if (status != NDIS_STATUS_SUCCESS)
        NdisTerminateWrapper(wrapper, NULL);
    return status;
}
