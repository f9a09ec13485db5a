/* SPDX-License-Identifier: MIT */
/*
 * nt/io/interrupt.c - interrupt objects: connecting service routines, and what excludes them.
 *
 * Model: a KINTERRUPT is machine memory that points at our record of the connection; a freed one is poisoned, so that
 * using it faults here as in the kernel. A service routine runs at the interrupt's SynchronizeIrql with its spin lock
 * held (documented), so KeSynchronizeExecution and KeAcquireInterruptSpinLock, which raise to that IRQL and take that
 * lock, keep it out on every processor.
 * Start reading at: io_interrupt_connect(); delivery is deliver() in nt/hal/bus.c.
 */
#include "nt/hal/hal.h"

#include <errno.h>
#include <string.h>

#include "nt/ex/ex.h"
#include "nt/io/io.h"
#include "nt/ps/ps.h"
#include "trace/event.h"

#define TAG_INTERRUPT 0x6e496f49u /* 'IoIn' */

struct _KINTERRUPT {
    SHORT Type;
    SHORT Size;
    LIST_ENTRY InterruptListEntry;
    struct io_interrupt *record;
    KSPIN_LOCK SpinLock; /* unless the driver gave its own */
};

/* What IoConnectInterruptEx gives out for messages: the table drivers see, with our list behind it. */
struct message_table {
    struct io_interrupt *record[HAL_MESSAGES];
    IO_INTERRUPT_MESSAGE_INFO info; /* MessageCount entries */
};

static uint32_t site_synchronize; /* const after init */

void
io_interrupt_init(void)
{
    site_synchronize = ke_site("KeSynchronizeExecution");
}

/* ------------------------------------------------------------------ the lock */

uint8_t
io_interrupt_lock(struct io_interrupt *i)
{
    unsigned old = irql_get();

    irql_raise(old > i->sync_irql ? old : i->sync_irql);
    sched_touch((uint64_t)i->lock);
    ke_spin_acquire(i->lock, LOCK_INTERRUPT);
    return (uint8_t)old;
}

void
io_interrupt_unlock(struct io_interrupt *i, uint8_t irql)
{
    ke_spin_release(i->lock, LOCK_INTERRUPT);
    irql_lower(irql);
}

bool
io_interrupt_synchronize(struct io_interrupt *i, uint32_t site, uint64_t routine, uint64_t context)
{
    uint8_t old = io_interrupt_lock(i);
    bool result = (UCHAR)GUEST_CALL(site, routine, context) != 0;

    io_interrupt_unlock(i, old);
    return result;
}

/* ------------------------------------------------------------------ connecting */

int
io_interrupt_connect(struct io_interrupt *i, struct hal_vector *vector)
{
    PKINTERRUPT object = ex_fault(TAG_INTERRUPT) ? NULL : heap_alloc(sizeof(*object), TAG_INTERRUPT);

    if (object == NULL)
        return -ENOMEM;
    memset(object, 0, sizeof(*object));
    heap_label(object, "interrupt object");
    object->Type = InterruptObject;
    object->Size = sizeof(*object);
    object->record = i;
    i->object = object;
    i->vector = vector;
    if (i->lock == NULL)
        i->lock = &object->SpinLock;
    if (i->sync_irql < vector->irq.irql)
        i->sync_irql = vector->irq.irql;
    trace_emit(EV_INTERRUPT_CONNECT, object, i->routine, i->message, vector->irq.irql);
    list_add_tail(&vector->interrupts, &i->link);
    if (!vector->irq.connected) {
        irq_connect(&vector->irq);
        if (machine->vp[vector->irq.vp].isr_fiber->thread == NULL)
            ps_thread_of(machine->vp[vector->irq.vp].isr_fiber);
    }
    return 0;
}

/*
 * Windows runs the removal on the interrupt's own processor; here the caller waits until the vector is not being
 * served, and nothing can switch between that and the removal.
 */
void
io_interrupt_disconnect(struct io_interrupt *i)
{
    struct hal_vector *v = i->vector;

    while (v->delivering != 0)
        ke_block(&v->drained, (uint64_t)i->object, machine->vp[v->irq.vp].isr_fiber,
                 "waits for an interrupt service routine to end");
    sched_touch((uint64_t)&v->irq);
    list_del(&i->link);
    trace_emit(EV_INTERRUPT_DISCONNECT, i->object, i->routine);
    if (list_empty(&v->interrupts))
        irq_disconnect(&v->irq);
    if (i->lock == &i->object->SpinLock)
        ke_memory_freed((uint64_t)i->object, sizeof(*i->object));
    heap_free(i->object);
}

static struct io_interrupt *
new_record(PVOID routine, PVOID context, PKSPIN_LOCK lock, KIRQL sync_irql)
{
    struct io_interrupt *i = mon_alloc(sizeof(*i));

    i->routine = (uint64_t)routine;
    i->context = (uint64_t)context;
    i->lock = lock;
    i->sync_irql = sync_irql;
    return i;
}

static NTSTATUS
connect_line(struct hal_device *d, PVOID routine, PVOID context, PKSPIN_LOCK lock, KIRQL sync_irql, PKINTERRUPT *out)
{
    struct io_interrupt *i = new_record(routine, context, lock, sync_irql);

    if (io_interrupt_connect(i, d->line) != 0)
        return STATUS_INSUFFICIENT_RESOURCES;
    *out = i->object;
    return STATUS_SUCCESS;
}

/* Documented (Intel SDM 3A, 11.11): where a message is written and what. */
void
io_interrupt_describe(const struct io_interrupt *i, IO_INTERRUPT_MESSAGE_INFO_ENTRY *e)
{
    e->MessageAddress.QuadPart = 0xfee00000 | (LONGLONG)i->vector->irq.vp << 12; /* documented: Intel SDM 3A, 11.11 */
    e->TargetProcessorSet = 1ull << i->vector->irq.vp;
    e->InterruptObject = i->object;
    e->MessageData = i->vector->number;
    e->Vector = i->vector->number;
    e->Irql = i->vector->irq.irql;
    e->Mode = Latched;
    e->Polarity = InterruptActiveHigh;
}

/* One interrupt object a message; a driver that wants one lock for all gives it. */
static NTSTATUS
connect_messages(struct hal_device *d, const IO_CONNECT_INTERRUPT_MESSAGE_BASED_PARAMETERS *p)
{
    unsigned n = d->message_count;
    struct message_table *t = heap_alloc(sizeof(*t) + n * sizeof(t->info.MessageInfo[0]), TAG_INTERRUPT);

    if (t == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    memset(t, 0, sizeof(*t) + n * sizeof(t->info.MessageInfo[0]));
    heap_label(t, "interrupt message table");
    for (unsigned m = 0; m < n; m++) {
        struct io_interrupt *i =
            new_record(p->MessageServiceRoutine, p->ServiceContext, p->SpinLock, p->SynchronizeIrql);

        i->message = m;
        i->by_message = true;
        if (io_interrupt_connect(i, d->message[m]) != 0) {
            while (m-- > 0)
                io_interrupt_disconnect(t->record[m]);
            heap_free(t);
            return STATUS_INSUFFICIENT_RESOURCES;
        }
        t->record[m] = i;
        io_interrupt_describe(i, &t->info.MessageInfo[m]);
        if (i->sync_irql > t->info.UnifiedIrql)
            t->info.UnifiedIrql = i->sync_irql;
    }
    t->info.MessageCount = n;
    *p->ConnectionContext.InterruptMessageTable = &t->info;
    return STATUS_SUCCESS;
}

static struct hal_vector *
vector_of(const struct hal_device *d, ULONG number)
{
    if (d->line != NULL && d->line->number == number)
        return d->line;
    for (unsigned i = 0; i < d->message_count; i++)
        if (d->message[i]->number == number)
            return d->message[i];
    return NULL;
}

/* Documented: the tenth parameter is the processor mask; the others must be what the translated resources say. */
static NTSTATUS
connect_exactly(struct hal_device *d, const IO_CONNECT_INTERRUPT_FULLY_SPECIFIED_PARAMETERS *p)
{
    struct hal_vector *v = vector_of(d, p->Vector);
    struct io_interrupt *i;

    if (p->ProcessorEnableMask == 0)
        return STATUS_INVALID_PARAMETER_10;
    if (v == NULL || p->Irql != v->irq.irql || p->SynchronizeIrql < p->Irql || p->ServiceRoutine == NULL)
        return STATUS_INVALID_PARAMETER;
    i = new_record(p->ServiceRoutine, p->ServiceContext, p->SpinLock, p->SynchronizeIrql);
    if (io_interrupt_connect(i, v) != 0)
        return STATUS_INSUFFICIENT_RESOURCES;
    *p->InterruptObject = i->object;
    return STATUS_SUCCESS;
}

/* ------------------------------------------------------------------ exports */

/*
 * IoConnectInterruptEx - register a service routine for a device's line, its messages, or one vector.
 *
 * Source:    documented; assumed: STATUS_NOT_FOUND for a device that has no interrupt of the kind and no fallback.
 * IRQL:      PASSIVE_LEVEL
 * Ownership: the interrupt object or message table is the caller's until IoDisconnectInterruptEx.
 * Returns:   STATUS_SUCCESS, _INVALID_PARAMETER (no PDO of a bus), _INVALID_PARAMETER_1 (Version),
 *            _INVALID_PARAMETER_10 (no processor), _INVALID_DEVICE_REQUEST (a line is asked for, messages were
 *            assigned),
 *            _INSUFFICIENT_RESOURCES, _NOT_FOUND.
 * Tests:     tests/ddi/hw-msi/hw.c
 */
NTSTATUS NTAPI
IoConnectInterruptEx(PIO_CONNECT_INTERRUPT_PARAMETERS Parameters)
{
    IO_CONNECT_INTERRUPT_PARAMETERS *p = Parameters;
    struct hal_device *d;

    if (p->Version < CONNECT_FULLY_SPECIFIED || p->Version > CONNECT_CURRENT_VERSION)
        return STATUS_INVALID_PARAMETER_1;
    d = hal_device_of(p->LineBased.PhysicalDeviceObject); /* first in each of the three */
    if (d == NULL)
        return STATUS_INVALID_PARAMETER;
    switch (p->Version) {
    case CONNECT_LINE_BASED:
        if (d->line == NULL)
            return STATUS_INVALID_DEVICE_REQUEST;
        return connect_line(d, p->LineBased.ServiceRoutine, p->LineBased.ServiceContext, p->LineBased.SpinLock,
                            p->LineBased.SynchronizeIrql, p->LineBased.InterruptObject);
    case CONNECT_MESSAGE_BASED:
        if (d->message_count != 0)
            return connect_messages(d, &p->MessageBased);
        if (p->MessageBased.FallBackServiceRoutine == NULL)
            return STATUS_NOT_FOUND;
        p->Version = CONNECT_LINE_BASED;
        return connect_line(d, p->MessageBased.FallBackServiceRoutine, p->MessageBased.ServiceContext,
                            p->MessageBased.SpinLock, p->MessageBased.SynchronizeIrql,
                            p->MessageBased.ConnectionContext.InterruptObject);
    default:
        return connect_exactly(d, &p->FullySpecified);
    }
}

/*
 * IoDisconnectInterruptEx - what IoConnectInterruptEx connected; Version as that call left it.
 *
 * Source:    documented. IRQL: PASSIVE_LEVEL. After it returns the routine does not run.
 */
VOID NTAPI
IoDisconnectInterruptEx(PIO_DISCONNECT_INTERRUPT_PARAMETERS Parameters)
{
    struct message_table *t;

    if (Parameters->Version != CONNECT_MESSAGE_BASED) {
        io_interrupt_disconnect(Parameters->ConnectionContext.InterruptObject->record);
        return;
    }
    t = CONTAINING_RECORD(Parameters->ConnectionContext.InterruptMessageTable, struct message_table, info);
    for (ULONG i = 0; i < t->info.MessageCount; i++)
        io_interrupt_disconnect(t->record[i]);
    heap_free(t);
}

/*
 * IoConnectInterrupt - the older form: vector and IRQLs as in the translated resources, of whatever device has them.
 *
 * Source:    documented. IRQL: PASSIVE_LEVEL.
 * Returns:   STATUS_SUCCESS, _INVALID_PARAMETER, _INSUFFICIENT_RESOURCES.
 */
NTSTATUS NTAPI
IoConnectInterrupt(PKINTERRUPT *InterruptObject, PKSERVICE_ROUTINE ServiceRoutine, PVOID ServiceContext,
                   PKSPIN_LOCK SpinLock, ULONG Vector, KIRQL Irql, KIRQL SynchronizeIrql, KINTERRUPT_MODE InterruptMode,
                   BOOLEAN ShareVector, KAFFINITY ProcessorEnableMask, BOOLEAN FloatingSave)
{
    const IO_CONNECT_INTERRUPT_FULLY_SPECIFIED_PARAMETERS p = { .InterruptObject = InterruptObject,
                                                                .ServiceRoutine = ServiceRoutine,
                                                                .ServiceContext = ServiceContext,
                                                                .SpinLock = SpinLock,
                                                                .SynchronizeIrql = SynchronizeIrql,
                                                                .Vector = Vector,
                                                                .Irql = Irql,
                                                                .ProcessorEnableMask = ProcessorEnableMask };
    struct hal_device *d = hal_device_with_vector(Vector);
    NTSTATUS status;

    (void)InterruptMode;
    (void)ShareVector;
    (void)FloatingSave;
    if (d == NULL)
        return STATUS_INVALID_PARAMETER;
    status = connect_exactly(d, &p);
    return status == STATUS_INVALID_PARAMETER_10 ? STATUS_INVALID_PARAMETER : status;
}

VOID NTAPI
IoDisconnectInterrupt(PKINTERRUPT InterruptObject)
{
    io_interrupt_disconnect(InterruptObject->record);
}

/*
 * KeSynchronizeExecution - call a routine so that the interrupt's service routine is kept out.
 *
 * Source:    documented. IRQL: <= the interrupt's. Returns what the routine returned.
 */
BOOLEAN NTAPI
KeSynchronizeExecution(PKINTERRUPT Interrupt, PKSYNCHRONIZE_ROUTINE SynchronizeRoutine, PVOID SynchronizeContext)
{
    return io_interrupt_synchronize(Interrupt->record, site_synchronize, (uint64_t)SynchronizeRoutine,
                                    (uint64_t)SynchronizeContext);
}

/* KeAcquireInterruptSpinLock, KeReleaseInterruptSpinLock. Source: documented. Returns the IRQL to give back. */
KIRQL NTAPI
KeAcquireInterruptSpinLock(PKINTERRUPT Interrupt)
{
    return io_interrupt_lock(Interrupt->record);
}

VOID NTAPI
KeReleaseInterruptSpinLock(PKINTERRUPT Interrupt, KIRQL OldIrql)
{
    io_interrupt_unlock(Interrupt->record, OldIrql);
}
