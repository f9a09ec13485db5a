/* SPDX-License-Identifier: MIT */
/*
 * nt/hal/dma.c - device memory and DMA: mapping registers, scatter-gather lists, DMA adapters.
 *
 * Model: every device reaches all memory (no map registers, nothing is copied), so a bus address is the physical
 * address and a list is the MDL chain's pages with neighbours merged. Mapping device memory gives the address where
 * it is; unmapping only checks that it was mapped, later accesses through the address are not noticed.
 * Start reading at: hal_sg_build().
 */
#include "nt/hal/hal.h"

#include <string.h>

#include "nt/ex/ex.h"
#include "nt/mm/mm.h"
#include "trace/event.h"

#define TAG_DMA 0x616d4448u /* 'HDma' */

static DMA_OPERATIONS *operations; /* machine memory; made by init, the same in every run */

/* ------------------------------------------------------------------ device memory */

/*
 * MmMapIoSpace - where drivers find device registers.
 *
 * Source:    documented; assumed: NULL for an address that is not a device's (memory that the memory manager owns must
 *            not be mapped so).
 * IRQL:      <= DISPATCH_LEVEL
 */
PVOID NTAPI
MmMapIoSpace(PHYSICAL_ADDRESS PhysicalAddress, SIZE_T NumberOfBytes, MEMORY_CACHING_TYPE CacheType)
{
    (void)CacheType;
    if (ex_fault(TAG_DMA))
        return NULL;
    return hal_memory((uint64_t)PhysicalAddress.QuadPart, NumberOfBytes);
}

/* MmMapIoSpaceEx - the same with a page protection. Source: documented: NULL if Protect is none it allows. */
PVOID NTAPI
MmMapIoSpaceEx(PHYSICAL_ADDRESS PhysicalAddress, SIZE_T NumberOfBytes, ULONG Protect)
{
    ULONG access = Protect & 0xffu;

    if (access != PAGE_READONLY && access != PAGE_READWRITE && access != PAGE_EXECUTE && access != PAGE_EXECUTE_READ &&
        access != PAGE_EXECUTE_READWRITE)
        return NULL;
    return MmMapIoSpace(PhysicalAddress, NumberOfBytes, MmNonCached);
}

/* Source: documented; an address that MmMapIoSpace did not give is bug check 0x1A (assumed: as for any bad unmap). */
VOID NTAPI
MmUnmapIoSpace(PVOID BaseAddress, SIZE_T NumberOfBytes)
{
    if (hal_memory(mm_physical((uint64_t)BaseAddress), NumberOfBytes) == NULL)
        machine_bugcheck(0x1a, 0x1233, (uint64_t)BaseAddress, NumberOfBytes, 0);
}

/* Source: documented: obsolete; bus addresses of PCI memory are physical ones, and there are no ports. */
BOOLEAN NTAPI
HalTranslateBusAddress(INTERFACE_TYPE InterfaceType, ULONG BusNumber, PHYSICAL_ADDRESS BusAddress, PULONG AddressSpace,
                       PPHYSICAL_ADDRESS TranslatedAddress)
{
    if (InterfaceType != PCIBus || BusNumber != 0 || *AddressSpace != 0)
        return FALSE;
    *TranslatedAddress = BusAddress;
    return TRUE;
}

/* ------------------------------------------------------------------ lists */

/* The piece of MDL data at offset: up to the end of its page. The pages are where they are mapped (nt/mm). */
static uint64_t
piece(PMDL mdl, uint32_t offset, uint32_t *bytes)
{
    uint64_t va = (uint64_t)mdl->StartVa + mdl->ByteOffset + offset;
    uint32_t room = PAGE_SIZE - va % PAGE_SIZE;

    if (*bytes > room)
        *bytes = room;
    return mm_physical(va);
}

uint32_t
hal_sg_build(PMDL mdl, uint32_t offset, uint32_t bytes, PSCATTER_GATHER_LIST list, uint32_t room)
{
    uint64_t end = 0;
    uint32_t count = 0, at = offset;

    while (mdl != NULL && at >= mdl->ByteCount) {
        at -= mdl->ByteCount;
        mdl = mdl->Next;
    }
    for (; mdl != NULL && bytes != 0; mdl = mdl->Next, at = 0) {
        while (at < mdl->ByteCount && bytes != 0) {
            uint32_t n = mdl->ByteCount - at < bytes ? mdl->ByteCount - at : bytes;
            uint64_t address = piece(mdl, at, &n);

            if (count != 0 && address == end) {
                if (list != NULL && count <= room)
                    list->Elements[count - 1].Length += n;
            } else if (count++ < room && list != NULL) {
                list->Elements[count - 1] =
                    (SCATTER_GATHER_ELEMENT){ .Address.QuadPart = (LONGLONG)address, .Length = n };
            }
            end = address + n;
            at += n;
            bytes -= n;
        }
    }
    return count;
}

/* ------------------------------------------------------------------ adapters */

struct dma_adapter {
    DMA_ADAPTER public;
    struct hal_device *device;
    uint32_t lists, buffers; /* given out and not back */
};

static uint64_t
slot(const char *name)
{
    int index = ddi_lookup("hal", name);

    return index >= 0 ? ddi_address((unsigned)index) : ddi_lacking("hal", name);
}

void
hal_dma_init(void)
{
    static const char *const names[] = {
        "HalPutDmaAdapter",
        "HalAllocateCommonBuffer",
        "HalFreeCommonBuffer",
        "AllocateAdapterChannel",
        "FlushAdapterBuffers",
        "FreeAdapterChannel",
        "FreeMapRegisters",
        "MapTransfer",
        "HalGetDmaAlignment",
        "ReadDmaCounter",
        "HalGetScatterGatherList",
        "HalPutScatterGatherList",
        "HalCalculateScatterGatherListSize",
        "HalBuildScatterGatherList",
        "BuildMdlFromScatterGatherList",
    };
    uint64_t *at;

    operations = heap_alloc(sizeof(*operations), TAG_DMA);
    heap_label(operations, "DMA operations");
    operations->Size = sizeof(*operations);
    at = (uint64_t *)&operations->PutDmaAdapter;
    for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        at[i] = slot(names[i]);
}

/*
 * IoGetDmaAdapter - a device's way to DMA.
 *
 * Source:    documented; assumed: one map register a page up to MaximumLength, since none is needed.
 * IRQL:      PASSIVE_LEVEL
 * Ownership: the caller's until PutDmaAdapter.
 * Returns:   the adapter, NULL for a device that is on no bus or a description that fits no bus master.
 */
PDMA_ADAPTER NTAPI
IoGetDmaAdapter(PDEVICE_OBJECT PhysicalDeviceObject, PDEVICE_DESCRIPTION DeviceDescription, PULONG NumberOfMapRegisters)
{
    struct hal_device *d = hal_device_of(PhysicalDeviceObject);
    struct dma_adapter *a;

    if (d == NULL || DeviceDescription->Version > DEVICE_DESCRIPTION_VERSION2 || !DeviceDescription->Master ||
        ex_fault(TAG_DMA))
        return NULL;
    a = heap_alloc(sizeof(*a), TAG_DMA);
    if (a == NULL)
        return NULL;
    memset(a, 0, sizeof(*a));
    heap_label(a, "DMA adapter");
    a->public.Version = 1;
    a->public.Size = sizeof(a->public);
    a->public.DmaOperations = operations;
    a->device = d;
    *NumberOfMapRegisters = DeviceDescription->MaximumLength / PAGE_SIZE + 2;
    return &a->public;
}

/* Documented (0xE6): what the driver got through the adapter must be back: 0x07 buffers, 0x0A lists. */
VOID NTAPI
HalPutDmaAdapter(PDMA_ADAPTER DmaAdapter)
{
    struct dma_adapter *a = (struct dma_adapter *)DmaAdapter;

    if (a->buffers != 0)
        machine_bugcheck(0xe6, 0x07, (uint64_t)a, a->buffers, (uint64_t)a->device->pdo);
    if (a->lists != 0)
        machine_bugcheck(0xe6, 0x0a, (uint64_t)a, a->lists, (uint64_t)a->device->pdo);
    heap_free(a);
}

PVOID NTAPI
HalAllocateCommonBuffer(PDMA_ADAPTER DmaAdapter, ULONG Length, PPHYSICAL_ADDRESS LogicalAddress, BOOLEAN CacheEnabled)
{
    struct dma_adapter *a = (struct dma_adapter *)DmaAdapter;
    void *memory = Length == 0 || ex_fault(TAG_DMA) ? NULL : heap_alloc_aligned(Length, PAGE_SIZE, TAG_DMA);

    (void)CacheEnabled;
    if (memory == NULL)
        return NULL;
    heap_label(memory, "DMA common buffer");
    a->buffers++;
    LogicalAddress->QuadPart = (LONGLONG)mm_physical((uint64_t)memory);
    return memory;
}

VOID NTAPI
HalFreeCommonBuffer(PDMA_ADAPTER DmaAdapter, ULONG Length, PHYSICAL_ADDRESS LogicalAddress, PVOID VirtualAddress,
                    BOOLEAN CacheEnabled)
{
    struct dma_adapter *a = (struct dma_adapter *)DmaAdapter;

    (void)Length;
    (void)LogicalAddress;
    (void)CacheEnabled;
    if (a->buffers == 0 || heap_free(VirtualAddress) != HEAP_FREED)
        machine_bugcheck(0xe6, 0x03, (uint64_t)a, (uint64_t)VirtualAddress, (uint64_t)a->device->pdo);
    a->buffers--;
}

ULONG NTAPI
HalGetDmaAlignment(PDMA_ADAPTER DmaAdapter)
{
    (void)DmaAdapter;
    return 1; /* assumed: as PCI bus masters have it */
}

/* CurrentVa as an offset into the chain that begins with mdl. */
static uint32_t
offset_of(PMDL mdl, PVOID va)
{
    return (uint32_t)((uint64_t)va - ((uint64_t)mdl->StartVa + mdl->ByteOffset));
}

static NTSTATUS
give_list(struct dma_adapter *a, PDEVICE_OBJECT device, PMDL mdl, PVOID va, ULONG length, PVOID buffer, ULONG room,
          PDRIVER_LIST_CONTROL routine, PVOID context)
{
    uint32_t n = hal_sg_build(mdl, offset_of(mdl, va), length, NULL, 0);
    SCATTER_GATHER_LIST *list = buffer;

    if (buffer != NULL && room < HAL_SG_BYTES(n))
        return STATUS_BUFFER_TOO_SMALL;
    if (buffer == NULL)
        list = ex_fault(TAG_DMA) ? NULL : heap_alloc(HAL_SG_BYTES(n), TAG_DMA);
    if (list == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    list->NumberOfElements = n;
    list->Reserved = buffer != NULL; /* whose memory it is */
    hal_sg_build(mdl, offset_of(mdl, va), length, list, n);
    a->lists++;
    GUEST_CALL((uint32_t)ddi_lookup("hal", "HalGetScatterGatherList"), routine, (uint64_t)device,
               device != NULL ? (uint64_t)device->CurrentIrp : 0, (uint64_t)list, (uint64_t)context);
    return STATUS_SUCCESS;
}

/*
 * GetScatterGatherList, BuildScatterGatherList - Source: documented; assumed: the routine is called before they
 * return, since no map registers can be short. IRQL: DISPATCH_LEVEL.
 */
NTSTATUS NTAPI
HalGetScatterGatherList(PDMA_ADAPTER DmaAdapter, PDEVICE_OBJECT DeviceObject, PMDL Mdl, PVOID CurrentVa, ULONG Length,
                        PDRIVER_LIST_CONTROL ExecutionRoutine, PVOID Context, BOOLEAN WriteToDevice)
{
    (void)WriteToDevice;
    return give_list((struct dma_adapter *)DmaAdapter, DeviceObject, Mdl, CurrentVa, Length, NULL, 0, ExecutionRoutine,
                     Context);
}

NTSTATUS NTAPI
HalBuildScatterGatherList(PDMA_ADAPTER DmaAdapter, PDEVICE_OBJECT DeviceObject, PMDL Mdl, PVOID CurrentVa, ULONG Length,
                          PDRIVER_LIST_CONTROL ExecutionRoutine, PVOID Context, BOOLEAN WriteToDevice,
                          PVOID ScatterGatherBuffer, ULONG ScatterGatherBufferLength)
{
    (void)WriteToDevice;
    return give_list((struct dma_adapter *)DmaAdapter, DeviceObject, Mdl, CurrentVa, Length, ScatterGatherBuffer,
                     ScatterGatherBufferLength, ExecutionRoutine, Context);
}

VOID NTAPI
HalPutScatterGatherList(PDMA_ADAPTER DmaAdapter, PSCATTER_GATHER_LIST ScatterGather, BOOLEAN WriteToDevice)
{
    struct dma_adapter *a = (struct dma_adapter *)DmaAdapter;

    (void)WriteToDevice;
    if (a->lists == 0)
        machine_bugcheck(0xe6, 0x06, (uint64_t)a, (uint64_t)ScatterGather, (uint64_t)a->device->pdo);
    a->lists--;
    if (ScatterGather->Reserved == 0 && heap_free(ScatterGather) != HEAP_FREED)
        machine_bugcheck(0xe6, 0x06, (uint64_t)a, (uint64_t)ScatterGather, (uint64_t)a->device->pdo);
}

NTSTATUS NTAPI
HalCalculateScatterGatherListSize(PDMA_ADAPTER DmaAdapter, PMDL Mdl, PVOID CurrentVa, ULONG Length,
                                  PULONG ScatterGatherListSize, PULONG pNumberOfMapRegisters)
{
    uint32_t pages = Mdl != NULL ? hal_sg_build(Mdl, offset_of(Mdl, CurrentVa), Length, NULL, 0)
                                 : ADDRESS_AND_SIZE_TO_SPAN_PAGES(CurrentVa, Length);

    (void)DmaAdapter;
    *ScatterGatherListSize = (ULONG)HAL_SG_BYTES(pages);
    if (pNumberOfMapRegisters != NULL)
        *pNumberOfMapRegisters = pages;
    return STATUS_SUCCESS;
}
