/* SPDX-License-Identifier: MIT */
/*
 * ndis/hw/interrupt.c - a miniport's interrupt: service routines, their DPCs, and what keeps them out.
 *
 * Model: one object for the line or for all messages. The ISR fiber comes in through isr(), calls the driver's
 * handler at DIRQL with the interrupt's lock held, and queues the DPCs it asked for: a KDPC for each message and
 * processor, so one that is queued already is not queued twice. outstanding counts DPCs queued or running;
 * deregistering disconnects first, then waits until it is 0.
 * Start reading at: NdisMRegisterInterruptEx().
 */
#include "ndis/hw/hw.h"

#include <string.h>

#include "ndis/driver.h"
#include "nt/ke/ke.h"

struct dpc_slot {
    KDPC dpc;
    struct ndis_interrupt *owner;
    uint32_t message;
};

/* Machine memory; NdisInterruptHandle is its address. */
struct ndis_interrupt {
    struct ndis_object object;
    struct ndis_adapter *adapter;
    uint64_t context;
    NDIS_MINIPORT_INTERRUPT_CHARACTERISTICS chars;
    struct ndis_interrupt_state *state;
    KSPIN_LOCK lock[HAL_MESSAGES]; /* the first for all messages, if they are to exclude each other; DPCs that are
                                      still out when the interrupt is disconnected use them */
    IO_INTERRUPT_MESSAGE_INFO *table;
    struct dpc_slot *dpc; /* [messages or 1][vp_count] */
};

/* Monitor memory. */
struct ndis_interrupt_state {
    struct io_interrupt *io[HAL_MESSAGES];
    unsigned count;
    bool messages;
    uint32_t outstanding; /* DPCs queued or running */
    struct ke_queue drained;
};

static const struct ndis_header_spec interrupt_characteristics = {
    "NDIS_MINIPORT_INTERRUPT_CHARACTERISTICS",
    NDIS_OBJECT_TYPE_MINIPORT_INTERRUPT,
    1,
    { NDIS_SIZEOF_MINIPORT_INTERRUPT_CHARACTERISTICS_REVISION_1 },
};

static uint64_t dpc_routine;   /* const after init */
static uint32_t site_register; /* the same */

/* ------------------------------------------------------------------ DPCs */

static struct dpc_slot *
slot_of(struct ndis_interrupt *i, uint32_t message, unsigned vp)
{
    return &i->dpc[message * machine->vp_count + vp];
}

/* true: queued now. */
static bool
queue_dpc(struct ndis_interrupt *i, uint32_t message, unsigned vp, void *context)
{
    struct dpc_slot *s = slot_of(i, message, vp);

    i->state->outstanding++; /* before: below DISPATCH_LEVEL it may have run when the call returns */
    sched_touch((uint64_t)&s->dpc);
    if (ke_dpc_queue(&s->dpc, context, NULL))
        return true;
    i->state->outstanding--;
    return false;
}

static uint64_t
queue_dpcs(struct ndis_interrupt *i, uint32_t message, uint64_t targets, void *context)
{
    uint64_t queued = 0;

    for (unsigned vp = 0; vp < machine->vp_count; vp++)
        if ((targets >> vp & 1) && queue_dpc(i, message, vp, context))
            queued |= 1ull << vp;
    return queued;
}

/* The KDPC's routine. Documented (6.20): a driver that leaves MoreNblsPending set is called again. */
static void
interrupt_dpc(uint64_t dpc, uint64_t context, uint64_t arg1, uint64_t arg2)
{
    struct dpc_slot *s = (struct dpc_slot *)context;
    struct ndis_interrupt *i = s->owner;
    struct ndis_interrupt_state *state = i->state;
    uint64_t mark = guest_mark();
    NDIS_RECEIVE_THROTTLE_PARAMETERS *throttle = guest_alloc(sizeof(*throttle));

    (void)dpc;
    (void)arg2;
    throttle->MaxNblsToIndicate = NDIS_INDICATE_ALL_NBLS;
    if (state->messages)
        NDIS_CALL(ndis_site.ndisMiniportMessageDpc, (ndis_fn)i->chars.MessageInterruptDpcHandler, i->context,
                  s->message, arg1, (uint64_t)throttle, 0);
    else
        NDIS_CALL(ndis_site.ndisMiniportDpc, (ndis_fn)i->chars.InterruptDpcHandler, i->context, arg1,
                  (uint64_t)throttle, 0);
    if (throttle->MoreNblsPending)
        queue_dpc(i, s->message, fiber_self()->vp, (void *)arg1);
    guest_release(mark);
    if (--state->outstanding == 0)
        ke_unblock_all(&state->drained);
}

/* ------------------------------------------------------------------ service */

static bool
isr(struct io_interrupt *io)
{
    struct ndis_interrupt *i = io->owner;
    uint64_t mark = guest_mark();
    struct {
        BOOLEAN queue;
        ULONG targets;
    } *out = guest_alloc(sizeof(*out));
    bool mine;

    if (i->state->messages)
        mine = (UCHAR)NDIS_CALL(ndis_site.ndisMiniportMessageIsr, (ndis_fn)i->chars.MessageInterruptHandler, i->context,
                                io->message, (uint64_t)&out->queue, (uint64_t)&out->targets) != 0;
    else
        mine = (UCHAR)NDIS_CALL(ndis_site.ndisMiniportIsr, (ndis_fn)i->chars.InterruptHandler, i->context,
                                (uint64_t)&out->queue, (uint64_t)&out->targets) != 0;
    if (out->queue) /* documented: then the targets are not looked at */
        queue_dpc(i, io->message, fiber_self()->vp, NULL);
    else
        queue_dpcs(i, io->message, out->targets, NULL);
    guest_release(mark);
    return mine;
}

/* ------------------------------------------------------------------ registration */

static IO_INTERRUPT_MESSAGE_INFO *
make_table(const struct ndis_interrupt *i)
{
    unsigned n = i->state->count;
    IO_INTERRUPT_MESSAGE_INFO *t =
        ndis_alloc(sizeof(*t) + n * sizeof(t->MessageInfo[0]), NDIS_SIG_INTERRUPT, "interrupt message table");

    if (t == NULL)
        return NULL;
    t->MessageCount = n;
    for (unsigned m = 0; m < n; m++) {
        const struct io_interrupt *io = i->state->io[m];

        io_interrupt_describe(io, &t->MessageInfo[m]);
        if (io->sync_irql > t->UnifiedIrql)
            t->UnifiedIrql = io->sync_irql;
    }
    return t;
}

static void
disconnect(struct ndis_interrupt *i)
{
    struct ndis_interrupt_state *s = i->state;

    while (s->count > 0)
        io_interrupt_disconnect(s->io[--s->count]);
}

static NDIS_STATUS
connect(struct ndis_interrupt *i, struct hal_device *d)
{
    struct ndis_interrupt_state *s = i->state;
    unsigned n = s->messages ? d->message_count : 1;

    for (unsigned m = 0; m < n; m++) {
        struct io_interrupt *io = mon_alloc(sizeof(*io));

        io->host = isr;
        io->owner = i;
        io->message = m;
        io->lock = &i->lock[i->chars.MsiSyncWithAllMessages ? 0 : m];
        io->routine =
            (uint64_t)(s->messages ? (void *)i->chars.MessageInterruptHandler : (void *)i->chars.InterruptHandler);
        if (io_interrupt_connect(io, s->messages ? d->message[m] : d->line) != 0) {
            disconnect(i);
            return NDIS_STATUS_RESOURCES;
        }
        s->io[s->count++] = io;
    }
    return NDIS_STATUS_SUCCESS;
}

static void
interrupt_free(struct ndis_interrupt *i)
{
    ndis_free(i->table);
    ndis_free(i->dpc);
    ndis_free(i);
}

static struct ndis_interrupt *
interrupt_create(struct ndis_adapter *ad, uint64_t context, const NDIS_OBJECT_HEADER *chars, const struct hal_device *d)
{
    struct ndis_interrupt *i = ndis_object_alloc(NDIS_SIG_INTERRUPT, sizeof(*i), "NDIS interrupt");
    unsigned n = d->message_count ? d->message_count : 1;

    if (i == NULL)
        return NULL;
    i->dpc = ndis_alloc(n * machine->vp_count * sizeof(*i->dpc), NDIS_SIG_INTERRUPT, "NDIS interrupt DPCs");
    if (i->dpc == NULL) {
        ndis_free(i);
        return NULL;
    }
    i->adapter = ad;
    i->context = context;
    i->state = mon_alloc(sizeof(*i->state));
    i->state->messages = d->message_count != 0;
    ndis_copy_versioned(&i->chars, sizeof(i->chars), chars);
    for (unsigned m = 0; m < n; m++)
        for (unsigned vp = 0; vp < machine->vp_count; vp++) {
            struct dpc_slot *s = slot_of(i, m, vp);

            s->owner = i;
            s->message = m;
            KeInitializeDpc(&s->dpc, (PKDEFERRED_ROUTINE)dpc_routine, s);
            KeSetTargetProcessorDpc(&s->dpc, (CCHAR)vp);
        }
    return i;
}

static bool
handlers_ok(const NDIS_MINIPORT_INTERRUPT_CHARACTERISTICS *c)
{
    if (c->MsiSupported && !NDIS_HANDLERS_OK(c, site_register, NDIS_HANDLER(c, MessageInterruptHandler),
                                             NDIS_HANDLER(c, MessageInterruptDpcHandler)))
        return false;
    return NDIS_HANDLERS_OK(c, site_register, NDIS_HANDLER(c, InterruptHandler), NDIS_HANDLER(c, InterruptDpcHandler));
}

/*
 * NdisMRegisterInterruptEx - connect the device's interrupt, by message if the driver can and messages were assigned.
 *
 * Source:    documented; assumed: without a device or before the attributes are set _FAILURE; lacking handlers
 *            _BAD_CHARACTERISTICS; a driver without MSI on a device with messages _FAILURE.
 * IRQL:      PASSIVE_LEVEL
 * Ownership: borrows the characteristics and writes InterruptType and MessageInfoTable, which lives until
 *            NdisMDeregisterInterruptEx, as *NdisInterruptHandle does.
 * Returns:   NDIS_STATUS_SUCCESS, _RESOURCES, _BAD_CHARACTERISTICS, _FAILURE. Interrupts may come before it returns.
 */
NDIS_STATUS NTAPI
NdisMRegisterInterruptEx(NDIS_HANDLE MiniportAdapterHandle, NDIS_HANDLE MiniportInterruptContext,
                         PNDIS_MINIPORT_INTERRUPT_CHARACTERISTICS MiniportInterruptCharacteristics,
                         PNDIS_HANDLE NdisInterruptHandle)
{
    struct ndis_adapter *ad = MiniportAdapterHandle;
    NDIS_MINIPORT_INTERRUPT_CHARACTERISTICS *c = MiniportInterruptCharacteristics;
    struct hal_device *d = ndis_hw_device(ad);
    struct ndis_interrupt *i;
    struct ndis_hw *hw;
    NDIS_STATUS status;

    if (!ndis_header_ok(&c->Header, &interrupt_characteristics, site_register) || !handlers_ok(c))
        return NDIS_STATUS_BAD_CHARACTERISTICS;
    if (d == NULL || (d->message_count != 0 && !c->MsiSupported))
        return NDIS_STATUS_FAILURE;
    i = interrupt_create(ad, (uint64_t)MiniportInterruptContext, &c->Header, d);
    if (i == NULL)
        return NDIS_STATUS_RESOURCES;
    hw = ndis_hw_of(ad);
    hw->interrupt = i;
    hw->interrupts++;
    *NdisInterruptHandle = i; /* documented: the handlers may be called before this returns */
    c->InterruptType = i->state->messages ? NDIS_CONNECT_MESSAGE_BASED : NDIS_CONNECT_LINE_BASED;
    status = connect(i, d);
    if (status == NDIS_STATUS_SUCCESS && i->state->messages) {
        c->MessageInfoTable = i->table = make_table(i);
        if (i->table == NULL) {
            disconnect(i);
            status = NDIS_STATUS_RESOURCES;
        }
    }
    if (status != NDIS_STATUS_SUCCESS) {
        if (--hw->interrupts == 0)
            hw->interrupt = NULL;
        *NdisInterruptHandle = NULL;
        interrupt_free(i);
    }
    return status;
}

/*
 * NdisMDeregisterInterruptEx - when it returns neither service routine nor DPC runs or will.
 *
 * Source:    documented. The device should have been told not to interrupt. IRQL: PASSIVE_LEVEL.
 */
VOID NTAPI
NdisMDeregisterInterruptEx(NDIS_HANDLE NdisInterruptHandle)
{
    struct ndis_interrupt *i = NdisInterruptHandle;
    struct ndis_interrupt_state *s = i->state;
    struct ndis_hw *hw = ndis_hw_of(i->adapter);

    disconnect(i);
    while (s->outstanding != 0)
        ke_block(&s->drained, (uint64_t)i, NULL, "waits for the DPCs of an interrupt (NdisMDeregisterInterruptEx)");
    sched_touch((uint64_t)i);
    if (--hw->interrupts == 0)
        hw->interrupt = NULL;
    interrupt_free(i);
}

/* ------------------------------------------------------------------ what drivers do with it */

static uint32_t
message_of(const struct ndis_interrupt *i, ULONG message)
{
    return i->state->messages && message < i->state->count ? message : 0;
}

/*
 * NdisMQueueDpc, NdisMQueueDpcEx - DPCs on other processors, or with a context.
 *
 * Source:    documented: the bits of the processors it was queued on; one that was queued already is not among them.
 * IRQL:      any
 */
ULONG NTAPI
NdisMQueueDpc(NDIS_HANDLE NdisInterruptHandle, ULONG MessageId, ULONG TargetProcessors, PVOID MiniportDpcContext)
{
    struct ndis_interrupt *i = NdisInterruptHandle;

    return (ULONG)queue_dpcs(i, message_of(i, MessageId), TargetProcessors, MiniportDpcContext);
}

KAFFINITY NTAPI
NdisMQueueDpcEx(NDIS_HANDLE NdisInterruptHandle, ULONG MessageId, PGROUP_AFFINITY TargetProcessors,
                PVOID MiniportDpcContext)
{
    struct ndis_interrupt *i = NdisInterruptHandle;

    if (TargetProcessors->Group != 0)
        return 0;
    return queue_dpcs(i, message_of(i, MessageId), TargetProcessors->Mask, MiniportDpcContext);
}

/* NdisMSynchronizeWithInterruptEx - Source: documented. IRQL: <= DIRQL. Returns what the function returned. */
BOOLEAN NTAPI
NdisMSynchronizeWithInterruptEx(NDIS_HANDLE NdisInterruptHandle, ULONG MessageId,
                                MINIPORT_SYNCHRONIZE_INTERRUPT_HANDLER SynchronizeFunction, PVOID SynchronizeContext)
{
    struct ndis_interrupt *i = NdisInterruptHandle;

    return io_interrupt_synchronize(i->state->io[message_of(i, MessageId)], ndis_site.ndisMSynchronizeWithInterrupt,
                                    (uint64_t)SynchronizeFunction, (uint64_t)SynchronizeContext);
}

/* ------------------------------------------------------------------ halt */

void
ndis_hw_check(struct ndis_adapter *ad, uint32_t reason)
{
    const struct ndis_hw *hw = ad->hw;

    if (hw != NULL && hw->interrupt != NULL)
        machine_bugcheck(NDIS_BUGCHECK, reason, (uint64_t)ad, (uint64_t)hw->interrupt, 0);
}

void
ndis_hw_init(void)
{
    dpc_routine = ke_host_routine("ndis", "ndisInterruptDpc", interrupt_dpc);
    site_register = (uint32_t)ddi_lookup("ndis", "NdisMRegisterInterruptEx");
}
