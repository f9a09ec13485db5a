/* SPDX-License-Identifier: MIT */
/*
 * nt/hal/bus.c - the devices of the bus, their resources and their interrupts (see hal.h).
 *
 * Start reading at: hal_device_create().
 */
#include "nt/hal/hal.h"

#include <string.h>

#include "nt/io/devnode.h"
#include "nt/io/driver.h"
#include "nt/io/io.h"
#include "nt/mm/mm.h"
#include "nt/nt.h"
#include "nt/ps/ps.h"

#define TAG_BUS         0x20696350u /* 'Pci ' */
#define LINE_FIRST      0x91u       /* vectors; the upper four bits are the IRQL */
#define MESSAGE_FIRST   0xa0u
#define IRQL_OF(vector) ((vector) >> 4)
#define NEIGHBOUR       0x80000000u /* in hal_vector.up: a device that is not on this bus */

/* Monitor memory. */
struct hal_state {
    struct list devices;
    unsigned count, messages, lines;
    PDRIVER_OBJECT driver; /* of the physical device objects */
    struct hal_ipi *ipi;
};

#define HAL NT->hal

static uint32_t site_isr; /* const after init */

void
hal_init(struct nt *nt)
{
    struct hal_state *hal = mon_alloc(sizeof(*hal));

    list_init(&hal->devices);
    nt->hal = hal;
    site_isr = ke_site("KiInterruptDispatch");
    io_interrupt_init();
    hal_dma_init();
    hal->ipi = hal_ipi_create();
}

/* ------------------------------------------------------------------ delivery */

static bool
call_routine(struct io_interrupt *i)
{
    if (i->host)
        return i->host(i);
    return (UCHAR)(i->by_message ? GUEST_CALL(site_isr, i->routine, (uint64_t)i->object, i->context, i->message)
                                 : GUEST_CALL(site_isr, i->routine, (uint64_t)i->object, i->context)) != 0;
}

/*
 * On the ISR fiber. Documented: the routines of a line are called in the order of connection until one says that its
 * device interrupted, if the line is level-sensitive; all of them if it is latched.
 */
static void
deliver(struct irq_vector *irq)
{
    struct hal_vector *v = (struct hal_vector *)irq;
    struct io_interrupt *i;

    v->delivering++;
    list_for_each (i, &v->interrupts, link) {
        uint8_t old = io_interrupt_lock(i);
        bool mine = call_routine(i);

        io_interrupt_unlock(i, old);
        if (mine && irq->level)
            break;
    }
    if (--v->delivering == 0)
        ke_unblock_all(&v->drained);
}

static struct hal_vector *
vector_create(uint32_t number, unsigned vp, bool level)
{
    struct hal_vector *v = mon_alloc(sizeof(*v));

    v->number = number;
    v->irq.irql = (uint8_t)IRQL_OF(number);
    v->irq.vp = (uint8_t)(vp % machine->vp_count);
    v->irq.level = level;
    v->irq.deliver = deliver;
    list_init(&v->interrupts);
    return v;
}

/* ------------------------------------------------------------------ making a device */

static void
describe_memory(CM_PARTIAL_RESOURCE_DESCRIPTOR *at, const struct hal_device *d, unsigned bar)
{
    at->Type = CmResourceTypeMemory;
    at->ShareDisposition = CmResourceShareDeviceExclusive;
    at->Flags = CM_RESOURCE_MEMORY_READ_WRITE;
    at->u.Memory.Start.QuadPart = (LONGLONG)mm_physical((uint64_t)d->bar[bar].memory);
    at->u.Memory.Length = d->bar[bar].bytes;
}

static void
describe_interrupt(CM_PARTIAL_RESOURCE_DESCRIPTOR *at, const struct hal_device *d, int message, bool raw)
{
    const struct hal_vector *v = message < 0 ? d->line : d->message[message];
    KAFFINITY affinity = 1ull << v->irq.vp;

    at->Type = CmResourceTypeInterrupt;
    at->ShareDisposition = message < 0 ? CmResourceShareShared : CmResourceShareDeviceExclusive;
    at->Flags = message < 0 ? CM_RESOURCE_INTERRUPT_LEVEL_SENSITIVE
                            : CM_RESOURCE_INTERRUPT_LATCHED | CM_RESOURCE_INTERRUPT_MESSAGE;
    if (raw && message >= 0) {
        at->u.MessageInterrupt.Raw.MessageCount = 1;
        at->u.MessageInterrupt.Raw.Vector = v->number;
        at->u.MessageInterrupt.Raw.Affinity = affinity;
        return;
    }
    at->u.Interrupt.Level = v->irq.irql;
    at->u.Interrupt.Vector = v->number;
    at->u.Interrupt.Affinity = affinity;
}

static PCM_RESOURCE_LIST
describe(const struct hal_device *d, bool raw)
{
    unsigned bars = 0, interrupts = d->message_count ? d->message_count : 1, at = 0;
    CM_PARTIAL_RESOURCE_LIST *partial;
    CM_RESOURCE_LIST *list;

    for (unsigned i = 0; i < HAL_BARS; i++)
        bars += d->bar[i].bytes != 0;
    list = heap_alloc(sizeof(*list) + (bars + interrupts) * sizeof(CM_PARTIAL_RESOURCE_DESCRIPTOR), TAG_BUS);
    memset(list, 0, sizeof(*list) + (bars + interrupts) * sizeof(CM_PARTIAL_RESOURCE_DESCRIPTOR));
    heap_label(list, "resource list");
    list->Count = 1;
    list->List[0].InterfaceType = PCIBus;
    partial = &list->List[0].PartialResourceList;
    partial->Version = 1;
    partial->Revision = 1;
    partial->Count = bars + interrupts;
    for (unsigned i = 0; i < HAL_BARS; i++)
        if (d->bar[i].bytes != 0)
            describe_memory(&partial->PartialDescriptors[at++], d, i);
    if (d->message_count == 0)
        describe_interrupt(&partial->PartialDescriptors[at], d, -1, raw);
    for (unsigned i = 0; i < d->message_count; i++)
        describe_interrupt(&partial->PartialDescriptors[at++], d, (int)i, raw);
    return list;
}

static void
fill_config(struct hal_device *d, const struct hal_device_config *c)
{
    PCI_COMMON_HEADER *h = (PCI_COMMON_HEADER *)d->config;

    h->VendorID = c->vendor;
    h->DeviceID = c->device;
    h->Command = 0x0006; /* memory decoding and bus mastering are on */
    h->RevisionID = 1;
    h->BaseClass = 2; /* network controller, Ethernet */
    for (unsigned i = 0; i < HAL_BARS; i++)
        if (d->bar[i].bytes != 0) {
            uint64_t physical = mm_physical((uint64_t)d->bar[i].memory);

            h->u.type0.BaseAddresses[2 * i] = (ULONG)physical | PCI_TYPE_64BIT;
            h->u.type0.BaseAddresses[2 * i + 1] = (ULONG)(physical >> 32);
        }
    h->u.type0.InterruptLine = (UCHAR)(d->line ? d->line->number : 0);
    h->u.type0.InterruptPin = d->line ? 1 : 0;
}

struct hal_device *
hal_device_create(const struct hal_device_config *c)
{
    struct hal_device *d = mon_alloc(sizeof(*d));
    struct hal_state *hal = HAL;

    d->number = hal->count++;
    d->name = c->name;
    for (unsigned i = 0; i < HAL_BARS; i++)
        if (c->bar_bytes[i] != 0) {
            d->bar[i].memory = heap_alloc_aligned(c->bar_bytes[i], PAGE_SIZE, TAG_BUS);
            d->bar[i].bytes = c->bar_bytes[i];
            memset(d->bar[i].memory, 0, c->bar_bytes[i]);
            heap_label(d->bar[i].memory, "device registers");
        }
    d->message_count = c->messages < HAL_MESSAGES ? c->messages : HAL_MESSAGES;
    for (unsigned i = 0; i < d->message_count; i++) {
        d->message[i] = vector_create(MESSAGE_FIRST + hal->messages++, i, false);
        d->table[i] = (uint8_t)i;
    }
    if (d->message_count == 0)
        d->line = c->share ? c->share->line : vector_create(LINE_FIRST + hal->lines++, 0, true);
    d->config = heap_alloc(HAL_CONFIG, TAG_BUS);
    memset(d->config, 0, HAL_CONFIG);
    heap_label(d->config, "PCI configuration space");
    fill_config(d, c);
    d->raw = describe(d, true);
    d->translated = describe(d, false);
    if (hal->driver == NULL && io_driver_create(u"PCI", 0, 0, 0, &hal->driver) != STATUS_SUCCESS)
        __builtin_trap(); /* ours: set-up has the memory for it */
    io_bus_driver(hal->driver);
    d->pdo = io_pdo_create(hal->driver);
    list_add_tail(&hal->devices, &d->link);
    return d;
}

struct hal_device *
hal_device_of(const void *pdo)
{
    struct hal_device *d;

    list_for_each (d, &HAL->devices, link)
        if (d->pdo == pdo && pdo != NULL)
            return d;
    return NULL;
}

struct hal_device *
hal_device_with_vector(uint32_t number)
{
    struct hal_device *d;

    list_for_each (d, &HAL->devices, link) {
        if (d->line != NULL && d->line->number == number)
            return d;
        for (unsigned i = 0; i < d->message_count; i++)
            if (d->message[i]->number == number)
                return d;
    }
    return NULL;
}

struct hal_device *
hal_device_with_line(void)
{
    struct hal_device *d;

    list_for_each (d, &HAL->devices, link)
        if (d->line != NULL)
            return d;
    return NULL;
}

struct hal_ipi *
hal_ipi_of(void)
{
    return HAL->ipi;
}

/* ------------------------------------------------------------------ the device's side */

void
hal_line_set(struct hal_device *d, bool up)
{
    struct hal_vector *v = d->line;

    if (up)
        v->up |= 1u << d->number;
    else
        v->up &= ~(1u << d->number);
    if (v->up)
        irq_assert(&v->irq);
    else
        irq_deassert(&v->irq);
}

/* The other device's driver clears its cause as soon as it is called: the line is down by the time ours is done. */
static bool
neighbour(struct io_interrupt *i)
{
    struct hal_device *d = i->owner;

    if (!(d->line->up & NEIGHBOUR))
        return false;
    d->line->up &= ~NEIGHBOUR;
    if (d->line->up == 0)
        irq_deassert(&d->line->irq);
    return true;
}

void
hal_line_pulse(struct hal_device *d)
{
    struct io_interrupt *other;

    if (d->line == NULL || list_empty(&d->line->interrupts))
        return; /* nobody listens to the line */
    other = list_entry(list_last(&d->line->interrupts), struct io_interrupt, link);
    if (other->host != neighbour) { /* it was started after the driver under test */
        other = mon_alloc(sizeof(*other));
        other->host = neighbour;
        other->owner = d;
        if (io_interrupt_connect(other, d->line) != 0)
            return;
    }
    d->line->up |= NEIGHBOUR;
    irq_assert(&d->line->irq);
}

static bool
held_back(const struct hal_device *d, unsigned message)
{
    for (unsigned i = 0; i < d->message_count; i++)
        if (d->table[i] == message && d->masked[i])
            return true;
    return false;
}

void
hal_message_send(struct hal_device *d, unsigned entry)
{
    if (entry < d->message_count)
        irq_assert(&d->message[d->table[entry]]->irq);
}

bool
hal_table_set(struct hal_device *d, unsigned entry, unsigned message)
{
    if (entry >= d->message_count || message >= d->message_count)
        return false;
    d->table[entry] = (uint8_t)message;
    for (unsigned i = 0; i < d->message_count; i++)
        irq_mask(&d->message[i]->irq, held_back(d, i));
    return true;
}

bool
hal_table_mask(struct hal_device *d, unsigned entry, bool masked)
{
    if (entry >= d->message_count)
        return false;
    d->masked[entry] = masked;
    irq_mask(&d->message[d->table[entry]]->irq, held_back(d, d->table[entry]));
    return true;
}

uint32_t
hal_config_read(const struct hal_device *d, uint32_t offset, void *out, uint32_t bytes)
{
    if (offset >= HAL_CONFIG)
        return 0;
    if (bytes > HAL_CONFIG - offset)
        bytes = HAL_CONFIG - offset;
    memcpy(out, d->config + offset, bytes);
    return bytes;
}

/* The identification and the addresses are read-only once assigned (assumed: a write there is dropped, as by PCI). */
uint32_t
hal_config_write(struct hal_device *d, uint32_t offset, const void *in, uint32_t bytes)
{
    if (offset >= HAL_CONFIG)
        return 0;
    if (bytes > HAL_CONFIG - offset)
        bytes = HAL_CONFIG - offset;
    for (uint32_t i = 0; i < bytes; i++) {
        uint32_t at = offset + i;

        if ((at >= 0x04 && at < 0x06) || at == 0x0c || at == 0x0d || at == 0x3c || at >= 0x40)
            d->config[at] = ((const uint8_t *)in)[i];
    }
    return bytes;
}

void *
hal_memory(uint64_t physical, uint64_t bytes)
{
    struct hal_device *d;

    list_for_each (d, &HAL->devices, link)
        for (unsigned i = 0; i < HAL_BARS; i++) {
            uint64_t base = d->bar[i].bytes ? mm_physical((uint64_t)d->bar[i].memory) : 0;

            if (base && physical >= base && bytes != 0 && bytes <= d->bar[i].bytes &&
                physical - base <= d->bar[i].bytes - bytes)
                return d->bar[i].memory + (physical - base);
        }
    return NULL;
}

void *
hal_dma_reach(struct hal_device *d, uint64_t address, uint32_t bytes)
{
    uint64_t va = mm_virtual(address);
    struct heap_block *b = heap_find(va);

    if (!machine_writable(va, bytes) || (b != NULL && b->freed))
        machine_bugcheck(0xe6, 0x26, (uint64_t)d->pdo, address, bytes);
    return (void *)va;
}
