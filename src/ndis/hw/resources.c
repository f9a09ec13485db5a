/* SPDX-License-Identifier: MIT */
/*
 * ndis/hw/resources.c - a miniport's registers, ports, configuration space, messages and processors.
 *
 * Model: an adapter may claim what is in its device's resource list and nothing else.
 */
#include "ndis/hw/hw.h"
#include "ndis/legacy/legacy.h"

#include <string.h>

struct ndis_hw *
ndis_hw_of(struct ndis_adapter *ad)
{
    if (ad->hw == NULL) {
        ad->hw = mon_alloc(sizeof(struct ndis_hw));
        list_init(&((struct ndis_hw *)ad->hw)->later);
    }
    return ad->hw;
}

struct hal_device *
ndis_hw_device(const struct ndis_adapter *ad)
{
    return ad->registration_set ? hal_device_of(ad->nic->pdo) : NULL;
}

void *
ndis_hw_resources(const struct ndis_nic *nic)
{
    const struct hal_device *d = hal_device_of(nic->pdo);

    return d != NULL ? &d->translated->List[0].PartialResourceList : NULL;
}

/* The adapter's own resource of that type that holds [start, +length). */
static bool
owns(const struct hal_device *d, unsigned type, uint64_t start, uint64_t length)
{
    const CM_PARTIAL_RESOURCE_LIST *list = &d->translated->List[0].PartialResourceList;

    for (ULONG i = 0; i < list->Count; i++) {
        const CM_PARTIAL_RESOURCE_DESCRIPTOR *r = &list->PartialDescriptors[i];
        uint64_t base = (uint64_t)r->u.Generic.Start.QuadPart;

        if (r->Type == type && start >= base && length != 0 && length <= r->u.Generic.Length &&
            start - base <= r->u.Generic.Length - length)
            return true;
    }
    return false;
}

/*
 * NdisMMapIoSpace - where the adapter's registers are.
 *
 * Source:    documented: *VirtualAddress is NULL unless it succeeds.
 * IRQL:      PASSIVE_LEVEL
 * Ownership: the mapping is the caller's until NdisMUnmapIoSpace.
 * Returns:   NDIS_STATUS_SUCCESS, _RESOURCE_CONFLICT for what is not the adapter's, _RESOURCES, _FAILURE.
 */
NDIS_STATUS NTAPI
NdisMMapIoSpace(PVOID *VirtualAddress, NDIS_HANDLE MiniportAdapterHandle, NDIS_PHYSICAL_ADDRESS PhysicalAddress,
                UINT Length)
{
    struct hal_device *d = ndis_hw_device(legacy_adapter_behind(MiniportAdapterHandle));

    *VirtualAddress = NULL;
    if (d == NULL)
        return NDIS_STATUS_FAILURE;
    if (!owns(d, CmResourceTypeMemory, (uint64_t)PhysicalAddress.QuadPart, Length))
        return NDIS_STATUS_RESOURCE_CONFLICT;
    *VirtualAddress = MmMapIoSpace(PhysicalAddress, Length, MmNonCached);
    return *VirtualAddress != NULL ? NDIS_STATUS_SUCCESS : NDIS_STATUS_RESOURCES;
}

VOID NTAPI
NdisMUnmapIoSpace(NDIS_HANDLE MiniportAdapterHandle, PVOID VirtualAddress, UINT Length)
{
    (void)MiniportAdapterHandle;
    MmUnmapIoSpace(VirtualAddress, Length);
}

/*
 * NdisMRegisterIoPortRange, NdisMDeregisterIoPortRange - claim I/O ports.
 *
 * Source:    documented. No device of this bus has ports, and the instructions are privileged; so a range is nobody's.
 * IRQL:      PASSIVE_LEVEL
 * Returns:   NDIS_STATUS_SUCCESS, _RESOURCE_CONFLICT for a range that is not the adapter's, _FAILURE without device.
 */
NDIS_STATUS NTAPI
NdisMRegisterIoPortRange(PVOID *PortOffset, NDIS_HANDLE MiniportAdapterHandle, UINT InitialPort, UINT NumberOfPorts)
{
    struct hal_device *d = ndis_hw_device(legacy_adapter_behind(MiniportAdapterHandle));

    *PortOffset = NULL;
    if (d == NULL)
        return NDIS_STATUS_FAILURE;
    if (!owns(d, CmResourceTypePort, InitialPort, NumberOfPorts))
        return NDIS_STATUS_RESOURCE_CONFLICT;
    *PortOffset = (PVOID)(ULONG_PTR)InitialPort;
    return NDIS_STATUS_SUCCESS;
}

VOID NTAPI
NdisMDeregisterIoPortRange(NDIS_HANDLE MiniportAdapterHandle, UINT InitialPort, UINT NumberOfPorts, PVOID PortOffset)
{
    (void)MiniportAdapterHandle;
    (void)NumberOfPorts;
    if ((ULONG_PTR)PortOffset != InitialPort)
        trace_emit(EV_HARDWARE_MISUSE, PortOffset, NDIS_HW_PORTS_NOT_CLAIMED, InitialPort);
}

/*
 * NdisMGetBusData, NdisMSetBusData - the device's configuration space.
 *
 * Source:    documented: returns how many bytes were read or written; WhichSpace is PCI_WHICHSPACE_CONFIG.
 * IRQL:      any
 */
ULONG NTAPI
NdisMGetBusData(NDIS_HANDLE NdisMiniportHandle, ULONG WhichSpace, ULONG Offset, PVOID Buffer, ULONG Length)
{
    const struct ndis_adapter *ad = NdisMiniportHandle;
    const struct hal_device *d = hal_device_of(ad->nic->pdo);

    return d != NULL && WhichSpace == PCI_WHICHSPACE_CONFIG ? hal_config_read(d, Offset, Buffer, Length) : 0;
}

ULONG NTAPI
NdisMSetBusData(NDIS_HANDLE NdisMiniportHandle, ULONG WhichSpace, ULONG Offset, PVOID Buffer, ULONG Length)
{
    const struct ndis_adapter *ad = NdisMiniportHandle;
    struct hal_device *d = hal_device_of(ad->nic->pdo);

    return d != NULL && WhichSpace == PCI_WHICHSPACE_CONFIG ? hal_config_write(d, Offset, Buffer, Length) : 0;
}

static const struct ndis_header_spec msix_parameters = {
    "NDIS_MSIX_CONFIG_PARAMETERS",
    NDIS_OBJECT_TYPE_DEFAULT,
    1,
    { NDIS_SIZEOF_MSIX_CONFIG_PARAMETERS_REVISION_1 },
};

/*
 * NdisMConfigMSIXTableEntry - map a table entry to a message, mask or unmask it.
 *
 * Source:    documented.
 * IRQL:      <= DISPATCH_LEVEL to map, any to mask or unmask
 * Returns:   NDIS_STATUS_SUCCESS, _INVALID_PARAMETER, _NOT_SUPPORTED for a device without messages (assumed).
 */
NDIS_STATUS NTAPI
NdisMConfigMSIXTableEntry(NDIS_HANDLE NdisMiniportHandle, PNDIS_MSIX_CONFIG_PARAMETERS MSIXConfigParameters)
{
    const NDIS_MSIX_CONFIG_PARAMETERS *p = MSIXConfigParameters;
    struct hal_device *d = ndis_hw_device(NdisMiniportHandle);
    bool ok = false;

    if (d == NULL || d->message_count == 0)
        return NDIS_STATUS_NOT_SUPPORTED;
    if (!ndis_header_ok(&p->Header, &msix_parameters, (uint32_t)ddi_lookup("ndis", "NdisMConfigMSIXTableEntry")))
        return NDIS_STATUS_INVALID_PARAMETER;
    if (p->ConfigOperation == NdisMSIXTableConfigSetTableEntry)
        ok = hal_table_set(d, p->TableEntry, p->MessageNumber);
    else if (p->ConfigOperation < NdisMSIXTableConfigMax)
        ok = hal_table_mask(d, p->TableEntry, p->ConfigOperation == NdisMSIXTableConfigMaskTableEntry);
    return ok ? NDIS_STATUS_SUCCESS : NDIS_STATUS_INVALID_PARAMETER;
}

/*
 * NdisGetRssProcessorInformation - the processors that receive side scaling may use: all.
 *
 * Source:    documented; assumed: one NUMA node, profile Closest.
 * IRQL:      <= DISPATCH_LEVEL
 * Returns:   NDIS_STATUS_SUCCESS, _BUFFER_TOO_SHORT; *Size is what was written or is needed.
 */
NDIS_STATUS NTAPI
NdisGetRssProcessorInformation(NDIS_HANDLE NdisHandle, PNDIS_RSS_PROCESSOR_INFO RssProcessorInfo, PSIZE_T Size)
{
    const struct ndis_layer *layer = NdisHandle;
    size_t head = sizeof(NDIS_RSS_PROCESSOR_INFO), need = head + machine->vp_count * sizeof(NDIS_RSS_PROCESSOR);
    NDIS_RSS_PROCESSOR *cpu;

    sched_touch(layer->ledger->handle); /* through the handle, as ndis.sys does */
    if (RssProcessorInfo == NULL || *Size < need) {
        *Size = need;
        return NDIS_STATUS_BUFFER_TOO_SHORT;
    }
    memset(RssProcessorInfo, 0, need);
    ndis_header_set(&RssProcessorInfo->Header, NDIS_OBJECT_TYPE_RSS_PROCESSOR_INFO, NDIS_RSS_PROCESSOR_INFO_REVISION_2,
                    sizeof(*RssProcessorInfo));
    RssProcessorInfo->MaxNumRssProcessors = machine->vp_count;
    RssProcessorInfo->RssProcessorArrayOffset = (ULONG)head;
    RssProcessorInfo->RssProcessorCount = machine->vp_count;
    RssProcessorInfo->RssProcessorEntrySize = sizeof(NDIS_RSS_PROCESSOR);
    RssProcessorInfo->RssMaxProcessor.Number = (UCHAR)(machine->vp_count - 1);
    RssProcessorInfo->RssProfile = NdisRssProfileClosest;
    cpu = (NDIS_RSS_PROCESSOR *)((char *)RssProcessorInfo + head);
    for (unsigned i = 0; i < machine->vp_count; i++)
        cpu[i].ProcNum.Number = (UCHAR)i;
    *Size = need;
    return NDIS_STATUS_SUCCESS;
}
