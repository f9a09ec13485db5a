/* SPDX-License-Identifier: MIT */
/*
 * nt/hal/hal.h - the bus: devices with configuration space, memory, interrupts and DMA.
 *
 * Model: a struct hal_device is one function on a PCI bus and its physical device object. A simulated device (such as
 * ndis/hw/nic.c) makes one, is called when its driver writes registers, and raises interrupts through it. The PnP
 * manager's part is done at once: resources are assigned when the device appears and never change.
 *
 * Device memory is machine memory, so register accesses are plain ones; when the device sees them says machine/irq.h.
 * Physical addresses are those of nt/mm. Vectors and IRQLs follow x64 practice (observed: IRQL is the vector's upper
 * four bits).
 *
 * assumed: a line's interrupts go to processor 0, message n to processor n modulo their number.
 */
#ifndef NT_HAL_HAL_H
#define NT_HAL_HAL_H

#include "ddk/ntddk.h"
#include "machine/irq.h"
#include "nt/ke/ke.h"

#define HAL_BARS     2u
#define HAL_MESSAGES 8u
#define HAL_CONFIG   256u

struct hal_device;
struct io_interrupt;

/* Something that can interrupt: a line, which devices share, or one message of a device. Monitor memory. */
struct hal_vector {
    struct irq_vector irq;
    uint32_t number;         /* as in translated resources */
    uint32_t up;             /* line: bit per device that holds it up */
    uint32_t delivering;     /* the ISR fiber is in it */
    struct list interrupts;  /* struct io_interrupt, in order of connection */
    struct ke_queue drained; /* who waits for delivering to be 0 */
};

/* What a device is made from. */
struct hal_device_config {
    const char *name;
    uint16_t vendor, device;
    uint32_t bar_bytes[HAL_BARS]; /* 0: there is none */
    unsigned messages;            /* 0: a line */
    struct hal_device *share;     /* line: the same as this one's */
};

struct hal_device {
    struct list_node link;
    unsigned number; /* slot, and bit of a shared line */
    const char *name;
    PDEVICE_OBJECT pdo;
    uint8_t *config; /* HAL_CONFIG bytes */
    struct {
        uint8_t *memory;
        uint32_t bytes;
    } bar[HAL_BARS];
    struct hal_vector *line;
    unsigned message_count;
    struct hal_vector *message[HAL_MESSAGES];
    uint8_t table[HAL_MESSAGES]; /* MSI-X: which message an entry sends */
    bool masked[HAL_MESSAGES];   /* by entry */
    PCM_RESOURCE_LIST raw, translated;
    void *model; /* whoever simulates it */
};

void hal_init(struct nt *nt);

/* Before the snapshot or in a run, at PASSIVE_LEVEL. Never NULL. */
struct hal_device *hal_device_create(const struct hal_device_config *config);
struct hal_device *hal_device_of(const void *pdo);          /* NULL: not on this bus */
struct hal_device *hal_device_with_vector(uint32_t number); /* NULL: nobody's */
struct hal_device *hal_device_with_line(void);              /* the first; NULL: all have messages */

/* The device's side. Line: holds it up or lets go. Message: table entry n is sent. Any context. */
void hal_line_set(struct hal_device *d, bool up);
void hal_message_send(struct hal_device *d, unsigned entry);
/* Somebody else's device on the same line interrupts once, and its driver serves it. */
void hal_line_pulse(struct hal_device *d);

/* Table entry `entry` sends message; masked entries keep what they would have sent. false: no such entry or message. */
bool hal_table_set(struct hal_device *d, unsigned entry, unsigned message);
bool hal_table_mask(struct hal_device *d, unsigned entry, bool masked);

uint32_t hal_config_read(const struct hal_device *d, uint32_t offset, void *out, uint32_t bytes);
uint32_t hal_config_write(struct hal_device *d, uint32_t offset, const void *in, uint32_t bytes);

/* The device whose memory [physical, +bytes) is, and where; NULL: none. */
void *hal_memory(uint64_t physical, uint64_t bytes);

/*
 * hal_dma_reach - where the device finds bus address [address, +bytes). Memory that is no longer anybody's is bug check
 * 0xE6, 0x26 (documented: the IOMMU saw a DMA that nobody allows), with the device's PDO and the address.
 */
void *hal_dma_reach(struct hal_device *d, uint64_t address, uint32_t bytes);

/*
 * hal_sg_build - elements for `bytes` from offset on in an MDL chain, adjoining ones merged. list NULL: only count.
 * Returns how many there are; room: how many fit.
 */
uint32_t hal_sg_build(PMDL mdl, uint32_t offset, uint32_t bytes, PSCATTER_GATHER_LIST list, uint32_t room);
#define HAL_SG_BYTES(n) (sizeof(SCATTER_GATHER_LIST) + (n) * sizeof(SCATTER_GATHER_ELEMENT))

/* ------------------------------------------------------------------ connected interrupts (nt/io/interrupt.c) */

typedef bool (*io_interrupt_fn)(struct io_interrupt *i);

/* One service routine on one vector. Monitor memory; lives on after disconnection, marked. */
struct io_interrupt {
    struct list_node link; /* hal_vector.interrupts */
    struct hal_vector *vector;
    PKINTERRUPT object; /* machine memory; freed at disconnection */
    PKSPIN_LOCK lock;
    uint8_t sync_irql;
    uint32_t message;
    uint64_t routine, context; /* the driver's */
    bool by_message;           /* routine takes the message number */
    io_interrupt_fn host;      /* ours instead of routine */
    void *owner;               /* host's */
};

/* i: routine or host, context, message, lock (NULL: its own) and sync_irql (0: the vector's) set. -ENOMEM or 0. */
int io_interrupt_connect(struct io_interrupt *i, struct hal_vector *vector);
/* PASSIVE_LEVEL. When it returns the routine is not running and will not. */
void io_interrupt_disconnect(struct io_interrupt *i);
/* Raise, lock, call routine(context), unlock, lower. site: whose frame it is. */
bool io_interrupt_synchronize(struct io_interrupt *i, uint32_t site, uint64_t routine, uint64_t context);
uint8_t io_interrupt_lock(struct io_interrupt *i); /* the IRQL to give back */
void io_interrupt_unlock(struct io_interrupt *i, uint8_t irql);
void io_interrupt_describe(const struct io_interrupt *i, IO_INTERRUPT_MESSAGE_INFO_ENTRY *e);
void io_interrupt_init(void);

/* ------------------------------------------------------------------ exported, but declared by no DDK header */

VOID NTAPI HalPutDmaAdapter(PDMA_ADAPTER DmaAdapter);
PVOID NTAPI HalAllocateCommonBuffer(PDMA_ADAPTER DmaAdapter, ULONG Length, PPHYSICAL_ADDRESS LogicalAddress,
                                    BOOLEAN CacheEnabled);
VOID NTAPI HalFreeCommonBuffer(PDMA_ADAPTER DmaAdapter, ULONG Length, PHYSICAL_ADDRESS LogicalAddress,
                               PVOID VirtualAddress, BOOLEAN CacheEnabled);
ULONG NTAPI HalGetDmaAlignment(PDMA_ADAPTER DmaAdapter);
NTSTATUS NTAPI HalGetScatterGatherList(PDMA_ADAPTER DmaAdapter, PDEVICE_OBJECT DeviceObject, PMDL Mdl, PVOID CurrentVa,
                                       ULONG Length, PDRIVER_LIST_CONTROL ExecutionRoutine, PVOID Context,
                                       BOOLEAN WriteToDevice);
VOID NTAPI HalPutScatterGatherList(PDMA_ADAPTER DmaAdapter, PSCATTER_GATHER_LIST ScatterGather, BOOLEAN WriteToDevice);
NTSTATUS NTAPI HalCalculateScatterGatherListSize(PDMA_ADAPTER DmaAdapter, PMDL Mdl, PVOID CurrentVa, ULONG Length,
                                                 PULONG ScatterGatherListSize, PULONG pNumberOfMapRegisters);
NTSTATUS NTAPI HalBuildScatterGatherList(PDMA_ADAPTER DmaAdapter, PDEVICE_OBJECT DeviceObject, PMDL Mdl,
                                         PVOID CurrentVa, ULONG Length, PDRIVER_LIST_CONTROL ExecutionRoutine,
                                         PVOID Context, BOOLEAN WriteToDevice, PVOID ScatterGatherBuffer,
                                         ULONG ScatterGatherBufferLength);
void hal_dma_init(void);

/* ipi.c */
struct hal_ipi;
struct hal_ipi *hal_ipi_create(void);
struct hal_ipi *hal_ipi_of(void);

#endif
