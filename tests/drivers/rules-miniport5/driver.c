/* SPDX-License-Identifier: MIT */
/* driver.c - entry: the choice of what the miniport does wrong; see rules_miniport5.h. */
#include "rules_miniport5.h"

DRIVER_INITIALIZE DriverEntry;

static const RULES_CHANGE Nothing;

#define RULE(name, id) &Break##name, &Keep##name,
static const RULES_CHANGE *const Changes[] = {
    &Nothing,
#include "rules_miniport5.def"
};
#undef RULE

static const RULES_CHANGE *Change; /* const after Initialize */

static NDIS_STATUS NTAPI
SendAsChosen(NDIS_HANDLE MiniportAdapterContext, PNDIS_PACKET Packet, UINT Flags)
{
    return Change->Send != NULL ? Change->Send(MiniportAdapterContext, Packet)
                                : Nd5Send(MiniportAdapterContext, Packet, Flags);
}

/* Keyword Choice of the adapter, a number; absent means 0. */
static NDIS_STATUS
Choose(NDIS_HANDLE WrapperConfigurationContext)
{
    NDIS_STRING keyword = RTL_CONSTANT_STRING(L"Choice");
    PNDIS_CONFIGURATION_PARAMETER parameter;
    NDIS_HANDLE configuration;
    NDIS_STATUS status;
    ULONG choice = 0;

    NdisOpenConfiguration(&status, &configuration, WrapperConfigurationContext);
    if (status != NDIS_STATUS_SUCCESS)
        return status;
    NdisReadConfiguration(&status, &parameter, configuration, &keyword, NdisParameterInteger);
    if (status == NDIS_STATUS_SUCCESS)
        choice = parameter->ParameterData.IntegerData;
    NdisCloseConfiguration(configuration);
    if (choice >= sizeof(Changes) / sizeof(Changes[0]))
        return NDIS_STATUS_FAILURE;
    Change = Changes[choice];
    return NDIS_STATUS_SUCCESS;
}

static NDIS_STATUS NTAPI
InitializeAsChosen(PNDIS_STATUS OpenErrorStatus, PUINT SelectedMediumIndex, PNDIS_MEDIUM MediumArray,
                   UINT MediumArraySize, NDIS_HANDLE MiniportAdapterHandle, NDIS_HANDLE WrapperConfigurationContext)
{
    NDIS_STATUS status = Choose(WrapperConfigurationContext);

    if (status != NDIS_STATUS_SUCCESS)
        return status;
    return Nd5Initialize(OpenErrorStatus, SelectedMediumIndex, MediumArray, MediumArraySize, MiniportAdapterHandle,
                         WrapperConfigurationContext);
}

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
    miniport.InitializeHandler = InitializeAsChosen;
    miniport.HaltHandler = Nd5Halt;
    miniport.ResetHandler = Nd5Reset;
    miniport.SendHandler = SendAsChosen;
    miniport.ReturnPacketHandler = Nd5ReturnPacket;
    miniport.QueryInformationHandler = Nd5Query;
    miniport.SetInformationHandler = Nd5Set;
    miniport.AdapterShutdownHandler = Nd5Shutdown;
    status = NdisMRegisterMiniport(wrapper, &miniport, sizeof(miniport));
    if (status != NDIS_STATUS_SUCCESS)
        NdisTerminateWrapper(wrapper, NULL);
    return status;
}
