/* SPDX-License-Identifier: MIT */
/*
 * driver5.c - entry, unload, and what belongs to the driver as a whole.
 *
 * Model: as drivers/ndisprot/driver.c: the device first, since a binding may come inside the registration.
 */
#include "ndis5.h"

static DRIVER_UNLOAD NpUnload5;

NDIS_HANDLE NpProtocolHandle; /* documented: stored before the first bind */
KEVENT NpBindsComplete;

/* Parameters\Receive: 1 for a driver without ProtocolReceivePacket, which is shown frames by lookahead only. */
static ULONG
NpReceiveByLookahead(PUNICODE_STRING RegistryPath)
{
    RTL_QUERY_REGISTRY_TABLE table[3];
    ULONG value = 0, zero = 0;
    WCHAR path[NDISPROT_NAME_CHARS];

    if (RegistryPath->Length >= sizeof(path))
        return 0;
    NdisZeroMemory(path, sizeof(path)); /* the name must be terminated */
    NdisMoveMemory(path, RegistryPath->Buffer, RegistryPath->Length);
    NdisZeroMemory(table, sizeof(table));
    table[0].Flags = RTL_QUERY_REGISTRY_SUBKEY;
    table[0].Name = (PWSTR)(ULONG_PTR)L"Parameters";
    table[1].Flags = RTL_QUERY_REGISTRY_DIRECT;
    table[1].Name = (PWSTR)(ULONG_PTR)L"Receive";
    table[1].EntryContext = &value;
    table[1].DefaultType = REG_DWORD;
    table[1].DefaultData = &zero;
    table[1].DefaultLength = sizeof(zero);
    return RtlQueryRegistryValues(RTL_REGISTRY_ABSOLUTE, path, table, NULL, NULL) == STATUS_SUCCESS ? value : 0;
}

_Use_decl_annotations_
NTSTATUS
DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    NDIS_PROTOCOL_CHARACTERISTICS chars;
    NDIS_STATUS status;

    NdisAllocateSpinLock(&NpLock);
    InitializeListHead(&NpBindings);
    KeInitializeEvent(&NpBindsComplete, NotificationEvent, FALSE);

    NdisZeroMemory(&chars, sizeof(chars));
    chars.MajorNdisVersion = 5;
    chars.MinorNdisVersion = 0;
    NdisInitUnicodeString(&chars.Name, L"NDISPROT5");
    chars.BindAdapterHandler = NpBindAdapter5;
    chars.UnbindAdapterHandler = NpUnbindAdapter5;
    chars.OpenAdapterCompleteHandler = NpOpenComplete5;
    chars.CloseAdapterCompleteHandler = NpCloseComplete5;
    chars.SendCompleteHandler = NpSendComplete5;
    chars.TransferDataCompleteHandler = NpTransferComplete5;
    chars.ResetCompleteHandler = NpResetComplete5;
    chars.RequestCompleteHandler = NpRequestComplete5;
    chars.ReceiveHandler = NpReceive5;
    chars.ReceiveCompleteHandler = NpReceiveComplete5;
    chars.StatusHandler = NpStatus5;
    chars.StatusCompleteHandler = NpStatusComplete5;
    chars.PnPEventHandler = NpPnPEvent5;
    if (NpReceiveByLookahead(RegistryPath) == 0)
        chars.ReceivePacketHandler = NpReceivePacket5;

    DriverObject->DriverUnload = NpUnload5;
    status = NpCreateDevice(DriverObject);
    if (status == STATUS_SUCCESS) {
        NdisRegisterProtocol(&status, &NpProtocolHandle, &chars, sizeof(chars));
        if (status == NDIS_STATUS_SUCCESS)
            return STATUS_SUCCESS;
        DbgPrint("ndisprot5: registration failed, 0x%x\n", status);
        NpDeleteDevice();
    }
    NdisFreeSpinLock(&NpLock);
    return status;
}

/* No handle is open any more: the I/O manager does not unload a driver whose devices are in use. */
_Use_decl_annotations_
static VOID
NpUnload5(PDRIVER_OBJECT DriverObject)
{
    NDIS_STATUS status;

    UNREFERENCED_PARAMETER(DriverObject);

    NdisDeregisterProtocol(&status, NpProtocolHandle); /* unbinds what is still bound */
    NpDeleteDevice();
    NdisFreeSpinLock(&NpLock);
}

PVOID
NpAllocate(ULONG Length)
{
    PVOID memory;

    return NdisAllocateMemoryWithTag(&memory, Length, NP_TAG) == NDIS_STATUS_SUCCESS ? memory : NULL;
}
