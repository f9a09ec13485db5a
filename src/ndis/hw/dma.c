/* SPDX-License-Identifier: MIT */
/*
 * ndis/hw/dma.c - a miniport's DMA: scatter-gather lists of net buffers, memory shared with the device.
 *
 * Model: the registration is an object of the adapter's; a list lies in the driver's buffer if that is large enough,
 * else in memory of ours, told apart by its Reserved field. Shared memory is contiguous and page-aligned.
 * Start reading at: NdisMRegisterScatterGatherDma().
 */
#include "ndis/hw/hw.h"
#include "ndis/legacy/legacy.h"

#include <string.h>

#include "nt/ex/ex.h"
#include "nt/mm/mm.h"

#define TAG_SHARED 0x6d53644eu /* 'NdSm' */

/* Machine memory; NdisMiniportDmaHandle is its address. */
struct ndis_dma {
    struct ndis_object object;
    struct ndis_adapter *adapter;
    uint64_t process_list, shared_complete; /* handlers */
    uint32_t lists;                         /* given out and not back */
};

static const struct ndis_header_spec sg_description = {
    "NDIS_SG_DMA_DESCRIPTION",
    NDIS_OBJECT_TYPE_SG_DMA_DESCRIPTION,
    1,
    { NDIS_SIZEOF_SG_DMA_DESCRIPTION_REVISION_1 },
};

/* ------------------------------------------------------------------ registration */

/*
 * NdisMRegisterScatterGatherDma - the device is a bus master and wants lists.
 *
 * Source:    documented; assumed: lists are asked for with up to one element a page of MaximumPhysicalMapping.
 * IRQL:      PASSIVE_LEVEL
 * Ownership: borrows DmaDescription and writes ScatterGatherListSize; *NdisMiniportDmaHandle lives until
 *            NdisMDeregisterScatterGatherDma.
 * Returns:   NDIS_STATUS_SUCCESS, _RESOURCES, _NOT_SUPPORTED (the attributes do not say bus master), _BAD_VERSION,
 *            _BAD_CHARACTERISTICS without MiniportProcessSGList (assumed), _FAILURE without device (assumed).
 */
NDIS_STATUS NTAPI
NdisMRegisterScatterGatherDma(NDIS_HANDLE MiniportAdapterHandle, PNDIS_SG_DMA_DESCRIPTION DmaDescription,
                              PNDIS_HANDLE NdisMiniportDmaHandle)
{
    struct ndis_adapter *ad = MiniportAdapterHandle;
    NDIS_SG_DMA_DESCRIPTION *c = DmaDescription;
    struct ndis_dma *dma;

    if (ndis_hw_device(ad) == NULL)
        return NDIS_STATUS_FAILURE;
    if (!(ad->registration.AttributeFlags & NDIS_MINIPORT_ATTRIBUTES_BUS_MASTER))
        return NDIS_STATUS_NOT_SUPPORTED;
    if (!ndis_header_ok(&c->Header, &sg_description, (uint32_t)ddi_lookup("ndis", "NdisMRegisterScatterGatherDma")))
        return NDIS_STATUS_BAD_VERSION;
    if (c->ProcessSGListHandler == NULL)
        return NDIS_STATUS_BAD_CHARACTERISTICS;
    dma = ndis_object_alloc(NDIS_SIG_DMA, sizeof(*dma), "NDIS DMA");
    if (dma == NULL)
        return NDIS_STATUS_RESOURCES;
    dma->adapter = ad;
    dma->process_list = (uint64_t)c->ProcessSGListHandler;
    dma->shared_complete = (uint64_t)c->SharedMemAllocateCompleteHandler;
    c->ScatterGatherListSize = (ULONG)HAL_SG_BYTES(c->MaximumPhysicalMapping / PAGE_SIZE + 2);
    ndis_hw_of(ad)->dmas++;
    *NdisMiniportDmaHandle = dma;
    return NDIS_STATUS_SUCCESS;
}

/* Source: documented; assumed: lists that are out are bug check 0xE6, 0x0A as for any DMA adapter. PASSIVE_LEVEL. */
VOID NTAPI
NdisMDeregisterScatterGatherDma(NDIS_HANDLE NdisMiniportDmaHandle)
{
    struct ndis_dma *dma = NdisMiniportDmaHandle;
    struct ndis_adapter *ad = dma->adapter;

    if (dma->lists != 0)
        machine_bugcheck(0xe6, 0x0a, (uint64_t)dma, dma->lists, (uint64_t)ad->nic->pdo);
    ndis_hw_of(ad)->dmas--;
    ndis_free(dma);
}

/* ------------------------------------------------------------------ lists */

/*
 * NdisMAllocateNetBufferSGList - where the data of a net buffer lies, for the device.
 *
 * Source:    documented: the list begins at the beginning of the current MDL, so the driver leaves CurrentMdlOffset
 *            bytes out itself; a buffer that is too small makes NDIS allocate. assumed: MiniportProcessSGList is called
 *            before this returns.
 * IRQL:      DISPATCH_LEVEL
 * Ownership: the list is the driver's until NdisMFreeNetBufferSGList.
 * Returns:   NDIS_STATUS_SUCCESS, _RESOURCES (then the handler is not called).
 */
NDIS_STATUS NTAPI
NdisMAllocateNetBufferSGList(NDIS_HANDLE NdisMiniportDmaHandle, PNET_BUFFER NetBuffer, PVOID Context, ULONG Flags,
                             PVOID ScatterGatherListBuffer, ULONG ScatterGatherListBufferSize)
{
    struct ndis_dma *dma = NdisMiniportDmaHandle;
    PMDL mdl = NET_BUFFER_CURRENT_MDL(NetBuffer);
    ULONG bytes = NET_BUFFER_CURRENT_MDL_OFFSET(NetBuffer) + NET_BUFFER_DATA_LENGTH(NetBuffer);
    uint32_t n = hal_sg_build(mdl, 0, bytes, NULL, 0);
    SCATTER_GATHER_LIST *list = ScatterGatherListBuffer;
    bool own = list == NULL || ScatterGatherListBufferSize < HAL_SG_BYTES(n);

    (void)Flags; /* nothing is copied either way */
    if (own)
        list = ndis_alloc(HAL_SG_BYTES(n), NDIS_SIG_DMA, "scatter-gather list");
    if (list == NULL)
        return NDIS_STATUS_RESOURCES;
    list->NumberOfElements = n;
    list->Reserved = own;
    hal_sg_build(mdl, 0, bytes, list, n);
    dma->lists++;
    NDIS_CALL(ndis_site.ndisMProcessSGList, dma->process_list, (uint64_t)dma->adapter->nic->pdo, 0, (uint64_t)list,
              (uint64_t)Context);
    return NDIS_STATUS_SUCCESS;
}

/* Source: documented; assumed: a list that is not out is bug check 0xE6, 0x06. IRQL: DISPATCH_LEVEL. */
VOID NTAPI
NdisMFreeNetBufferSGList(NDIS_HANDLE NdisMiniportDmaHandle, PSCATTER_GATHER_LIST pSGL, PNET_BUFFER NetBuffer)
{
    struct ndis_dma *dma = NdisMiniportDmaHandle;

    (void)NetBuffer;
    if (dma->lists == 0 || pSGL->NumberOfElements == 0)
        machine_bugcheck(0xe6, 0x06, (uint64_t)dma, (uint64_t)pSGL, (uint64_t)dma->adapter->nic->pdo);
    dma->lists--;
    pSGL->NumberOfElements = 0;
    if (pSGL->Reserved)
        ndis_free(pSGL);
}

/* ------------------------------------------------------------------ shared memory */

void *
ndis_shared_alloc(struct ndis_adapter *ad, ULONG length, NDIS_PHYSICAL_ADDRESS *physical)
{
    void *memory = length == 0 || ex_fault(TAG_SHARED) ? NULL : heap_alloc_aligned(length, PAGE_SIZE, TAG_SHARED);

    if (memory == NULL)
        return NULL;
    heap_label(memory, "memory shared with the NIC");
    physical->QuadPart = (LONGLONG)mm_physical((uint64_t)memory);
    ndis_hw_of(ad)->shared++;
    return memory;
}

static void
shared_free(struct ndis_adapter *ad, void *memory)
{
    const struct heap_block *b = heap_find((uint64_t)memory);

    if (b == NULL || b->freed || b->tag != TAG_SHARED || b->address != (uint64_t)memory)
        machine_bugcheck(NDIS_BUGCHECK, 0x03, (uint64_t)ad, (uint64_t)memory & ~0xfffull, (uint64_t)memory);
    heap_free(memory);
    ndis_hw_of(ad)->shared--;
}

/*
 * NdisMAllocateSharedMemory - memory that driver and device both reach.
 *
 * Source:    documented; above PASSIVE_LEVEL bug check 0x7C, 1. *VirtualAddress is NULL when there is none.
 * IRQL:      PASSIVE_LEVEL
 * Ownership: the caller's until NdisMFreeSharedMemory.
 */
VOID NTAPI
NdisMAllocateSharedMemory(NDIS_HANDLE MiniportAdapterHandle, ULONG Length, BOOLEAN Cached, PVOID *VirtualAddress,
                          PNDIS_PHYSICAL_ADDRESS PhysicalAddress)
{
    struct ndis_adapter *ad = legacy_adapter_behind(MiniportAdapterHandle);

    (void)Cached;
    if (irql_get() > IRQL_PASSIVE)
        machine_bugcheck(NDIS_BUGCHECK, 0x01, (uint64_t)ad, Length, irql_get());
    *VirtualAddress = ndis_hw_device(ad) != NULL ? ndis_shared_alloc(ad, Length, PhysicalAddress) : NULL;
}

/* Source: documented; an address that is not out is bug check 0x7C, 3. IRQL: <= DISPATCH_LEVEL. */
VOID NTAPI
NdisMFreeSharedMemory(NDIS_HANDLE MiniportAdapterHandle, ULONG Length, BOOLEAN Cached, PVOID VirtualAddress,
                      NDIS_PHYSICAL_ADDRESS PhysicalAddress)
{
    (void)Length;
    (void)Cached;
    (void)PhysicalAddress;
    shared_free(legacy_adapter_behind(MiniportAdapterHandle), VirtualAddress);
}

/*
 * NdisMAllocateSharedMemoryAsyncEx - the same, later, told by MiniportAllocateSharedMemoryComplete.
 *
 * Source:    documented. IRQL: <= DISPATCH_LEVEL.
 * Returns:   NDIS_STATUS_PENDING, _FAILURE without that handler, and while the adapter is halted (assumed).
 */
NDIS_STATUS NTAPI
NdisMAllocateSharedMemoryAsyncEx(NDIS_HANDLE MiniportDmaHandle, ULONG Length, BOOLEAN Cached, PVOID Context)
{
    struct ndis_dma *dma = MiniportDmaHandle;

    (void)Cached;
    if (dma->shared_complete == 0)
        return NDIS_STATUS_FAILURE;
    return ndis_shared_later(dma->adapter, &dma->adapter->layer.context, dma->shared_complete, NULL, Length, Context)
               ? NDIS_STATUS_PENDING
               : NDIS_STATUS_FAILURE;
}

/* Machine memory: the handle NdisAllocateSharedMemory gives. */
struct shared_handle {
    struct ndis_object object;
    void *memory;
};

static const struct ndis_header_spec shared_parameters = {
    "NDIS_SHARED_MEMORY_PARAMETERS",
    NDIS_OBJECT_TYPE_SHARED_MEMORY_PROVIDER_CHARACTERISTICS,
    1,
    { NDIS_SIZEOF_SHARED_MEMORY_PARAMETERS_REVISION_1 },
};

/*
 * NdisAllocateSharedMemory - shared memory with its scatter-gather list, for receive queues.
 *
 * Source:    documented; here it is always contiguous and the list has one element.
 * IRQL:      PASSIVE_LEVEL
 * Ownership: the caller's until NdisFreeSharedMemory.
 * Returns:   NDIS_STATUS_SUCCESS, _RESOURCES, _INVALID_PARAMETER (no length, a list buffer too small), _FAILURE.
 */
NDIS_STATUS NTAPI
NdisAllocateSharedMemory(NDIS_HANDLE NdisHandle, PNDIS_SHARED_MEMORY_PARAMETERS SharedMemoryParameters,
                         PNDIS_HANDLE pAllocationHandle)
{
    NDIS_SHARED_MEMORY_PARAMETERS *p = SharedMemoryParameters;
    struct ndis_adapter *ad = NdisHandle;
    NDIS_PHYSICAL_ADDRESS physical = { .QuadPart = 0 };
    struct shared_handle *h;

    if (ndis_hw_device(ad) == NULL || ndis_hw_of(ad)->dmas == 0) /* documented: a DMA channel is registered first */
        return NDIS_STATUS_FAILURE;
    if (!ndis_header_ok(&p->Header, &shared_parameters, (uint32_t)ddi_lookup("ndis", "NdisAllocateSharedMemory")) ||
        p->Length == 0 || (p->SGListBuffer != NULL && p->SGListBufferLength < HAL_SG_BYTES(1)))
        return NDIS_STATUS_INVALID_PARAMETER;
    h = ndis_object_alloc(NDIS_SIG_SHARED_MEMORY, sizeof(*h), "shared memory");
    if (h == NULL)
        return NDIS_STATUS_RESOURCES;
    h->memory = ndis_shared_alloc(ad, p->Length, &physical);
    if (h->memory == NULL) {
        ndis_free(h);
        return NDIS_STATUS_RESOURCES;
    }
    p->VirtualAddress = h->memory;
    if (p->SGListBuffer != NULL) {
        p->SGListBuffer->NumberOfElements = 1;
        p->SGListBuffer->Reserved = 0;
        p->SGListBuffer->Elements[0] = (SCATTER_GATHER_ELEMENT){ .Address = physical, .Length = p->Length };
    }
    *pAllocationHandle = h;
    return NDIS_STATUS_SUCCESS;
}

/* Source: documented. IRQL: PASSIVE_LEVEL. */
VOID NTAPI
NdisFreeSharedMemory(NDIS_HANDLE NdisHandle, NDIS_HANDLE AllocationHandle)
{
    struct shared_handle *h = AllocationHandle;

    shared_free(NdisHandle, h->memory);
    ndis_free(h);
}
