/* SPDX-License-Identifier: MIT */
/*
 * ndis/legacy/hardware.c - interrupts and DMA of 5.x miniports.
 *
 * Model: documented: NDIS is first when the card interrupts. Who registered with RequestIsr, or shares the line, has
 * MiniportISR called at DIRQL; for others NDIS calls MiniportDisableInterrupt. Then MiniportHandleInterrupt runs as a
 * DPC, under the miniport lock like any handler, and after it MiniportEnableInterrupt where there is one. The driver's
 * NDIS_MINIPORT_INTERRUPT holds the address of an object of ours. DMA: with NdisMInitializeScatterGatherDma each packet
 * has its list before the miniport is given it; with map registers the driver asks for addresses buffer by buffer.
 * Everything else is that of NDIS 6 (ndis/hw), which takes the handles of both generations.
 * Start reading at: NdisMRegisterInterrupt().
 */
#include "ndis/legacy/legacy.h"

#include <string.h>

#include "ndis/hw/hw.h"

/* Heap, as its DPC is driver-visible time; found from the driver's NDIS_MINIPORT_INTERRUPT. */
struct legacy_interrupt {
    struct ndis_object object;
    KDPC dpc;
    KSPIN_LOCK lock; /* here, as a DPC that is out when the interrupt is disconnected uses it */
    struct legacy_adapter *la;
    struct io_interrupt *io;  /* monitor memory */
    bool isr;                 /* MiniportISR is called */
    uint32_t outstanding;     /* DPCs queued, or waiting for the miniport lock, or running */
    struct ke_queue *drained; /* monitor memory */
};

static uint64_t dpc_routine; /* const after init */

static struct legacy_interrupt *
interrupt_of(PNDIS_MINIPORT_INTERRUPT interrupt)
{
    return interrupt->Reserved[0];
}

/* ------------------------------------------------------------------ service */

static void
handle(struct legacy_adapter *la, void *arg)
{
    struct legacy_interrupt *li = arg;
    const NDIS_MINIPORT_CHARACTERISTICS *c = &la->ld->chars;

    NDIS_CALL(legacy_site.ndisMHandleInterrupt5, (ndis_fn)c->HandleInterruptHandler, la->context);
    if (c->EnableInterruptHandler != NULL) /* assumed: excluding MiniportISR, as MiniportDisableInterrupt does */
        io_interrupt_synchronize(li->io, legacy_site.ndisMEnableInterrupt5, (uint64_t)(void *)c->EnableInterruptHandler,
                                 la->context);
    if (--li->outstanding == 0)
        ke_unblock_all(li->drained);
}

static void
interrupt_dpc(uint64_t dpc, uint64_t context, uint64_t a1, uint64_t a2)
{
    struct legacy_interrupt *li = (struct legacy_interrupt *)context;

    (void)dpc;
    (void)a1;
    (void)a2;
    legacy_run(li->la, handle, li);
}

static void
queue(struct legacy_interrupt *li)
{
    li->outstanding++;
    sched_touch((uint64_t)&li->dpc);
    if (!ke_dpc_queue(&li->dpc, NULL, NULL))
        li->outstanding--;
}

/* At DIRQL with the interrupt's lock. */
static bool
isr(struct io_interrupt *io)
{
    struct legacy_interrupt *li = io->owner;
    const NDIS_MINIPORT_CHARACTERISTICS *c = &li->la->ld->chars;
    uint64_t mark = guest_mark();
    struct {
        BOOLEAN recognized, queue;
    } *out = guest_alloc(sizeof(*out));
    bool mine = true;

    if (li->isr) {
        NDIS_CALL(legacy_site.ndisMIsr5, (ndis_fn)c->ISRHandler, (uint64_t)&out->recognized, (uint64_t)&out->queue,
                  li->la->context);
        mine = out->recognized != FALSE;
    } else {
        NDIS_CALL(legacy_site.ndisMDisableInterrupt5, (ndis_fn)c->DisableInterruptHandler, li->la->context);
        out->queue = TRUE;
    }
    if (mine && out->queue)
        queue(li);
    guest_release(mark);
    return mine;
}

/* ------------------------------------------------------------------ registration */

/* ------------------------------------------------------------------ shared memory */

struct shared_work {
    void (*fn)(struct ndis_adapter *ad, void *arg);
    void *arg;
};

static void
run_shared(struct legacy_adapter *la, void *arg)
{
    struct shared_work *w = arg;

    w->fn(la->ad, w->arg);
    mon_free(w, sizeof(*w));
}

/* As any handler of the miniport: it may have to wait for its turn. */
static void
as_handler(struct ndis_adapter *ad, void (*fn)(struct ndis_adapter *ad, void *arg), void *arg)
{
    struct shared_work *w = mon_alloc(sizeof(*w));

    *w = (struct shared_work){ fn, arg };
    legacy_run((struct legacy_adapter *)ad->layer.context, run_shared, w);
}

/*
 * NdisMAllocateSharedMemoryAsync - memory that driver and device both reach, told by MiniportAllocateComplete later.
 *
 * Source:    documented; assumed: _FAILURE without that handler, where NdisMAllocateSharedMemory gives nothing, and
 *            while the adapter is halted; a serialized miniport's handler runs under the miniport lock, a deserialized
 *            one's at PASSIVE_LEVEL as that of NDIS 6 does; what was asked for is told before the adapter is halted.
 * IRQL:      <= DISPATCH_LEVEL
 * Ownership: the memory is the driver's from MiniportAllocateComplete until NdisMFreeSharedMemory.
 * Returns:   NDIS_STATUS_PENDING, _FAILURE.
 */
NDIS_STATUS NTAPI
NdisMAllocateSharedMemoryAsync(NDIS_HANDLE MiniportAdapterHandle, ULONG Length, BOOLEAN Cached, PVOID Context)
{
    struct legacy_adapter *la = legacy_adapter_of(MiniportAdapterHandle);
    uint64_t complete = (uint64_t)(void *)la->ld->chars.AllocateCompleteHandler;

    (void)Cached;
    if (complete == 0 || ndis_hw_device(la->ad) == NULL)
        return NDIS_STATUS_FAILURE;
    return ndis_shared_later(la->ad, &la->context, complete, as_handler, Length, Context) ? NDIS_STATUS_PENDING
                                                                                         : NDIS_STATUS_FAILURE;
}

/* ------------------------------------------------------------------ registration of interrupts */

static void
forget(struct ndis_hw *hw)
{
    if (--hw->interrupts == 0)
        hw->interrupt = NULL;
}

/*
 * NdisMRegisterInterrupt - connect the card's interrupt line; interrupts may come before it returns.
 *
 * Source:    documented: the attributes are set before; a card that shares its line, or a driver that asks for it, has
 *            MiniportISR. Assumed: the vector is that of the resource list; a line that is another's is a conflict, as
 *            is a card with messages, which NDIS 5 does not know; lacking handlers are _FAILURE.
 * IRQL:      PASSIVE_LEVEL
 * Ownership: Interrupt is the driver's memory, resident until NdisMDeregisterInterrupt has returned.
 * Returns:   NDIS_STATUS_SUCCESS, _RESOURCE_CONFLICT, _RESOURCES, _FAILURE.
 */
NDIS_STATUS NTAPI
NdisMRegisterInterrupt(PNDIS_MINIPORT_INTERRUPT Interrupt, NDIS_HANDLE MiniportAdapterHandle, UINT InterruptVector,
                       UINT InterruptLevel, BOOLEAN RequestIsr, BOOLEAN SharedInterrupt,
                       NDIS_INTERRUPT_MODE InterruptMode)
{
    struct legacy_adapter *la = legacy_adapter_of(MiniportAdapterHandle);
    const NDIS_MINIPORT_CHARACTERISTICS *c = &la->ld->chars;
    struct hal_device *d = ndis_hw_device(la->ad);
    struct legacy_interrupt *li;
    struct ndis_hw *hw;

    (void)InterruptLevel;
    (void)InterruptMode;
    if (d == NULL || c->HandleInterruptHandler == NULL ||
        (RequestIsr || SharedInterrupt ? (void *)c->ISRHandler : (void *)c->DisableInterruptHandler) == NULL)
        return NDIS_STATUS_FAILURE;
    if (d->message_count != 0 || d->line->number != InterruptVector)
        return NDIS_STATUS_RESOURCE_CONFLICT;
    li = ndis_object_alloc(NDIS_SIG_INTERRUPT, sizeof(*li), "NDIS 5 interrupt");
    if (li == NULL)
        return NDIS_STATUS_RESOURCES;
    li->la = la;
    li->isr = RequestIsr || SharedInterrupt;
    li->drained = mon_alloc(sizeof(*li->drained));
    KeInitializeDpc(&li->dpc, (PKDEFERRED_ROUTINE)dpc_routine, li);
    li->io = mon_alloc(sizeof(*li->io));
    li->io->host = isr;
    li->io->owner = li;
    li->io->lock = &li->lock;
    li->io->routine = (uint64_t)(li->isr ? (void *)c->ISRHandler : (void *)c->DisableInterruptHandler);
    memset(Interrupt, 0, sizeof(*Interrupt));
    Interrupt->Reserved[0] = li;
    hw = ndis_hw_of(la->ad);
    hw->interrupt = li;
    hw->interrupts++;
    if (io_interrupt_connect(li->io, d->line) != 0) {
        forget(hw);
        ndis_free(li);
        return NDIS_STATUS_RESOURCES;
    }
    return NDIS_STATUS_SUCCESS;
}

/*
 * NdisMDeregisterInterrupt - when it returns neither MiniportISR nor MiniportHandleInterrupt runs or will.
 *
 * Source: documented. IRQL: PASSIVE_LEVEL.
 */
VOID NTAPI
NdisMDeregisterInterrupt(PNDIS_MINIPORT_INTERRUPT Interrupt)
{
    struct legacy_interrupt *li = interrupt_of(Interrupt);

    io_interrupt_disconnect(li->io);
    while (li->outstanding != 0)
        ke_block(li->drained, (uint64_t)li, NULL, "waits for MiniportHandleInterrupt (NdisMDeregisterInterrupt)");
    sched_touch((uint64_t)li);
    forget(ndis_hw_of(li->la->ad));
    ndis_free(li);
}

/*
 * NdisMSynchronizeWithInterrupt - call a function that MiniportISR does not run beside.
 *
 * Source: documented. IRQL: <= DIRQL. Returns what the function returned.
 */
BOOLEAN NTAPI
NdisMSynchronizeWithInterrupt(PNDIS_MINIPORT_INTERRUPT Interrupt, PVOID SynchronizeFunction, PVOID SynchronizeContext)
{
    return io_interrupt_synchronize(interrupt_of(Interrupt)->io, ndis_site.ndisMSynchronizeWithInterrupt,
                                    (uint64_t)SynchronizeFunction, (uint64_t)SynchronizeContext);
}

/*
 * NdisMQueryAdapterResources - what the bus has given the card; inside MiniportInitialize.
 *
 * Source:    documented: with too small a buffer *BufferSize is what is needed, and NDIS_STATUS_RESOURCES. A device
 *            without any: NDIS_STATUS_ADAPTER_NOT_FOUND (assumed).
 * IRQL:      PASSIVE_LEVEL
 * Ownership: fills the caller's ResourceList.
 */
VOID NTAPI
NdisMQueryAdapterResources(PNDIS_STATUS Status, NDIS_HANDLE WrapperConfigurationContext,
                           PNDIS_RESOURCE_LIST ResourceList, PUINT BufferSize)
{
    const struct ndis_adapter *ad = WrapperConfigurationContext;
    const CM_PARTIAL_RESOURCE_LIST *list = ndis_hw_resources(ad->nic);
    size_t need;

    *Status = NDIS_STATUS_ADAPTER_NOT_FOUND;
    if (list == NULL)
        return;
    need = offsetof(CM_PARTIAL_RESOURCE_LIST, PartialDescriptors) + list->Count * sizeof(list->PartialDescriptors[0]);
    *Status = NDIS_STATUS_RESOURCES;
    if (*BufferSize >= need) {
        memcpy(ResourceList, list, need);
        *Status = NDIS_STATUS_SUCCESS;
    }
    *BufferSize = (UINT)need;
}

/*
 * NdisReadPciSlotInformation, NdisWritePciSlotInformation - the card's configuration space.
 *
 * Source:    documented: how many bytes were read or written; SlotNumber is not looked at.
 * IRQL:      any
 */
ULONG NTAPI
NdisReadPciSlotInformation(NDIS_HANDLE NdisAdapterHandle, ULONG SlotNumber, ULONG Offset, PVOID Buffer, ULONG Length)
{
    const struct hal_device *d = hal_device_of(legacy_adapter_behind(NdisAdapterHandle)->nic->pdo);

    (void)SlotNumber;
    return d != NULL ? hal_config_read(d, Offset, Buffer, Length) : 0;
}

ULONG NTAPI
NdisWritePciSlotInformation(NDIS_HANDLE NdisAdapterHandle, ULONG SlotNumber, ULONG Offset, PVOID Buffer, ULONG Length)
{
    struct hal_device *d = hal_device_of(legacy_adapter_behind(NdisAdapterHandle)->nic->pdo);

    (void)SlotNumber;
    return d != NULL ? hal_config_write(d, Offset, Buffer, Length) : 0;
}

/* ------------------------------------------------------------------ DMA */

/*
 * NdisMInitializeScatterGatherDma - from now on each packet to send has a list where its data lies for the card, in its
 * ScatterGatherListPacketInfo.
 *
 * Source:    documented; 32-bit cards reach all memory of this machine's bus addresses that they are given (assumed).
 * IRQL:      PASSIVE_LEVEL, in MiniportInitialize after the attributes, with NDIS_ATTRIBUTE_BUS_MASTER.
 * Returns:   NDIS_STATUS_SUCCESS, _NOT_SUPPORTED (no bus master), _FAILURE without device (assumed).
 */
NDIS_STATUS NTAPI
NdisMInitializeScatterGatherDma(NDIS_HANDLE MiniportAdapterHandle, BOOLEAN Dma64BitAddresses,
                                ULONG MaximumPhysicalMapping)
{
    struct legacy_adapter *la = legacy_adapter_of(MiniportAdapterHandle);

    (void)Dma64BitAddresses;
    (void)MaximumPhysicalMapping;
    if (ndis_hw_device(la->ad) == NULL)
        return NDIS_STATUS_FAILURE;
    if (!(la->block->block.Flags & NDIS_ATTRIBUTE_BUS_MASTER))
        return NDIS_STATUS_NOT_SUPPORTED;
    la->sg_lists = true;
    return NDIS_STATUS_SUCCESS;
}

bool
legacy_list_make(NDIS_PACKET *packet)
{
    uint32_t bytes = chain_length(packet->Private.Head);
    uint32_t n = hal_sg_build(packet->Private.Head, 0, bytes, NULL, 0);
    SCATTER_GATHER_LIST *list = ndis_alloc(HAL_SG_BYTES(n), NDIS_SIG_DMA, "scatter-gather list");

    if (list == NULL)
        return false;
    list->NumberOfElements = n;
    hal_sg_build(packet->Private.Head, 0, bytes, list, n);
    NDIS_PER_PACKET_INFO_FROM_PACKET(packet, ScatterGatherListPacketInfo) = list;
    return true;
}

void
legacy_list_free(NDIS_PACKET *packet)
{
    ndis_free(NDIS_PER_PACKET_INFO_FROM_PACKET(packet, ScatterGatherListPacketInfo));
    NDIS_PER_PACKET_INFO_FROM_PACKET(packet, ScatterGatherListPacketInfo) = NULL;
}

#define MAP_REGISTERS_MAX 64u

/*
 * NdisMAllocateMapRegisters - reserve what maps buffers for a bus master; inside MiniportInitialize.
 *
 * Source:    documented: DmaChannel is 0 unless the bus is ISA's. Assumed: up to 64, once; this machine maps every
 *            address as it is, so the size of addresses and buffers makes no difference.
 * IRQL:      PASSIVE_LEVEL
 * Returns:   NDIS_STATUS_SUCCESS, _RESOURCES, _FAILURE without device.
 */
NDIS_STATUS NTAPI
NdisMAllocateMapRegisters(NDIS_HANDLE MiniportAdapterHandle, UINT DmaChannel, NDIS_DMA_SIZE DmaSize,
                          ULONG BaseMapRegistersNeeded, ULONG MaximumBufferSize)
{
    struct legacy_adapter *la = legacy_adapter_of(MiniportAdapterHandle);

    (void)DmaSize;
    (void)MaximumBufferSize;
    if (ndis_hw_device(la->ad) == NULL)
        return NDIS_STATUS_FAILURE;
    if (DmaChannel != 0 || BaseMapRegistersNeeded == 0 || BaseMapRegistersNeeded > MAP_REGISTERS_MAX ||
        la->map_registers != 0)
        return NDIS_STATUS_RESOURCES;
    la->map_registers = BaseMapRegistersNeeded;
    return NDIS_STATUS_SUCCESS;
}

/* NdisMFreeMapRegisters - give them back; in MiniportHalt. Source: documented. IRQL: PASSIVE_LEVEL. */
VOID NTAPI
NdisMFreeMapRegisters(NDIS_HANDLE MiniportAdapterHandle)
{
    legacy_adapter_of(MiniportAdapterHandle)->map_registers = 0;
}

/* The register becomes used or free; one that is not reserved, or is so already, is an event. */
static void
map(struct legacy_adapter *la, ULONG number, bool used)
{
    uint64_t bit = number < MAP_REGISTERS_MAX ? 1ull << number : 0;

    if (number >= la->map_registers || ((la->mapped & bit) != 0) == used)
        trace_emit(EV_HARDWARE_MISUSE, la->block, NDIS_HW_MAP_REGISTER, number);
    la->mapped = used ? la->mapped | bit : la->mapped & ~bit;
}

/*
 * NdisMStartBufferPhysicalMapping - where a buffer lies for the card.
 *
 * Source:    documented: an element for each physically contiguous part.
 * IRQL:      <= DISPATCH_LEVEL
 * Ownership: borrows Buffer until NdisMCompleteBufferPhysicalMapping; fills the caller's array.
 */
VOID NTAPI
NdisMStartBufferPhysicalMapping(NDIS_HANDLE MiniportAdapterHandle, PNDIS_BUFFER Buffer, ULONG PhysicalMapRegister,
                                BOOLEAN WriteToDevice, PNDIS_PHYSICAL_ADDRESS_UNIT PhysicalAddressArray,
                                PUINT ArraySize)
{
    uint64_t mark = guest_mark();
    uint32_t n = hal_sg_build(Buffer, 0, Buffer->ByteCount, NULL, 0);
    SCATTER_GATHER_LIST *list = guest_alloc(HAL_SG_BYTES(n));

    (void)WriteToDevice;
    map(legacy_adapter_of(MiniportAdapterHandle), PhysicalMapRegister, true);
    hal_sg_build(Buffer, 0, Buffer->ByteCount, list, n);
    for (uint32_t i = 0; i < n; i++)
        PhysicalAddressArray[i] = (NDIS_PHYSICAL_ADDRESS_UNIT){ .PhysicalAddress = list->Elements[i].Address,
                                                                .Length = list->Elements[i].Length };
    *ArraySize = n;
    guest_release(mark);
}

/* NdisMCompleteBufferPhysicalMapping - the transfer is over. Source: documented. IRQL: <= DISPATCH_LEVEL. */
VOID NTAPI
NdisMCompleteBufferPhysicalMapping(NDIS_HANDLE MiniportAdapterHandle, PNDIS_BUFFER Buffer, ULONG PhysicalMapRegister)
{
    (void)Buffer;
    map(legacy_adapter_of(MiniportAdapterHandle), PhysicalMapRegister, false);
}

void
legacy_hardware_init(void)
{
    dpc_routine = ke_host_routine("ndis", "ndisMDpc5", interrupt_dpc);
}
