/* SPDX-License-Identifier: MIT */
/*
 * nt/ke/dpc.c - deferred procedure calls.
 *
 * Model: a queue per VP. The order is kept in monitor memory, so a KDPC whose memory goes away cannot take the queue
 * with it; KDPC.DpcData is not NULL while queued, as in Windows. A VP's DPC fiber drains its queue at DISPATCH_LEVEL
 * with a scheduling point before each routine: until that point a DPC can still be removed. Routine, context and
 * arguments are read before the DPC is marked unqueued, so a routine may queue its own DPC again or free it.
 * A threaded DPC (KeInitializeThreadedDpc) runs at PASSIVE_LEVEL on a thread of its own.
 * Start reading at: ke_dpc_queue(), then drain().
 *
 * assumed: importance orders the queue (high goes to the front) and does not delay a DPC, since when it runs is the
 * scheduler's choice anyway.
 */
#include "nt/ke/state.h"

#include "nt/ps/ps.h"
#include "trace/event.h"

#define TARGET_SET    0x500u /* observed: KDPC.Number of a DPC with a target is this plus the processor */
#define HOST_ROUTINES 64u

/* Built by the folders' init functions, the same in every run. */
static struct {
    uint64_t address;
    ke_host_fn fn;
} host_routines[HOST_ROUTINES];
static unsigned host_routine_count;

static uint32_t site_retire;

/* ------------------------------------------------------------------ calling either kind of routine */

uint32_t
ke_site(const char *name)
{
    int index = ddi_lookup("ntoskrnl", name);

    if (index < 0)
        __builtin_trap(); /* ours: the symbol is missing from exports.def */
    return (uint32_t)index;
}

uint64_t
ke_host_routine(const char *module, const char *symbol, ke_host_fn fn)
{
    int index = ddi_lookup(module, symbol);
    uint64_t address;

    if (index < 0 || host_routine_count == HOST_ROUTINES)
        __builtin_trap(); /* ours: no such symbol, or too many */
    address = ddi_address((unsigned)index);
    for (unsigned i = 0; i < host_routine_count; i++)
        if (host_routines[i].address == address)
            return address;
    host_routines[host_routine_count].address = address;
    host_routines[host_routine_count++].fn = fn;
    return address;
}

uint64_t
ke_call(uint32_t site, uint64_t routine, unsigned nargs, const uint64_t args[4])
{
    if (routine - LAYOUT_PSEUDO_BASE < LAYOUT_PSEUDO_SIZE * LAYOUT_PSEUDO_MAX)
        for (unsigned i = 0; i < host_routine_count; i++)
            if (host_routines[i].address == routine) {
                host_routines[i].fn(args[0], args[1], args[2], args[3]);
                return 0;
            }
    return guest_call(site, routine, nargs, args);
}

/* ------------------------------------------------------------------ queueing */

static unsigned
target_vp(PKDPC dpc, unsigned here)
{
    unsigned vp = dpc->Number >= TARGET_SET ? dpc->Number - TARGET_SET : here;

    if (vp >= machine->vp_count) /* TIMER_OR_DPC_INVALID: a bad processor number */
        machine_bugcheck(0xc7, 3, (uint64_t)dpc, vp, machine->vp_count);
    return vp;
}

static struct ke_dpc_node *
find_queued(PKDPC dpc, unsigned *vp)
{
    for (*vp = 0; *vp < machine->vp_count; ++*vp) {
        struct ke_dpc_node *node;

        list_for_each (node, &NT->ke->dpc[*vp].nodes, link)
            if (node->dpc == dpc)
                return node;
    }
    return NULL;
}

/* A threaded DPC's thread. arg: the KDPC, already unqueued but for its routine, which Windows also reads here. */
static void
threaded_main(void *arg)
{
    PKDPC dpc = arg;
    uint64_t args[4];
    uint64_t routine;

    sched_point(OP_DPC, (uint64_t)dpc);
    if (dpc->DpcData == NULL) { /* removed meanwhile */
        NT->ke->threaded_dpcs--;
        ke_unblock_all(&NT->ke->dpc_flush);
        return;
    }
    routine = (uint64_t)dpc->DeferredRoutine;
    args[0] = (uint64_t)dpc;
    args[1] = (uint64_t)dpc->DeferredContext;
    args[2] = (uint64_t)dpc->SystemArgument1;
    args[3] = (uint64_t)dpc->SystemArgument2;
    dpc->DpcData = NULL;
    trace_emit(EV_DPC_RUN, dpc, routine);
    ke_call(site_retire, routine, 4, args);
    trace_emit(EV_DPC_DONE, dpc, routine);
    NT->ke->threaded_dpcs--;
    ke_unblock_all(&NT->ke->dpc_flush);
}

bool
ke_dpc_queue(PKDPC dpc, void *arg1, void *arg2)
{
    return ke_dpc_queue_from(dpc, arg1, arg2, fiber_self()->vp);
}

bool
ke_dpc_queue_from(PKDPC dpc, void *arg1, void *arg2, unsigned here)
{
    struct ke_state *ke = NT->ke;
    struct ke_dpc_node *node;
    unsigned vp;

    sched_touch((uint64_t)dpc);
    if (dpc->DpcData != NULL)
        return false;
    vp = target_vp(dpc, here);
    sched_touch(KE_DPC_QUEUE(vp));
    dpc->SystemArgument1 = arg1;
    dpc->SystemArgument2 = arg2;
    dpc->DpcData = (PVOID)KE_DPC_QUEUE(vp);
    trace_emit(EV_DPC_QUEUE, dpc, (uint64_t)dpc->DeferredRoutine, vp);
    if (dpc->Type == ThreadedDpcObject) {
        if (ps_thread_create("Threaded DPC", FIBER_SYSTEM, NULL, threaded_main, dpc, true, NULL) != NULL) {
            ke->threaded_dpcs++;
            return true;
        }
        /* no fiber is left: documented, threaded DPCs may be disabled and then run as ordinary ones */
    }
    node = mon_alloc(sizeof(*node));
    node->dpc = dpc;
    node->routine = (uint64_t)dpc->DeferredRoutine;
    node->serial = ++ke->dpc_serial;
    if (dpc->Importance == HighImportance)
        list_add_head(&ke->dpc[vp].nodes, &node->link);
    else
        list_add_tail(&ke->dpc[vp].nodes, &node->link);
    vp_dpc_request(&machine->vp[vp]);
    return true;
}

static void
unlink_node(struct ke_dpc_node *node)
{
    list_del(&node->link);
    node->dpc = NULL;
    mon_free(node, sizeof(*node));
}

bool
ke_dpc_remove(PKDPC dpc)
{
    struct ke_dpc_node *node;
    unsigned vp;

    if (dpc->DpcData == NULL)
        return false;
    node = find_queued(dpc, &vp);
    if (node != NULL) {
        sched_touch(KE_DPC_QUEUE(vp));
        unlink_node(node);
    }
    dpc->DpcData = NULL;
    ke_unblock_all(&NT->ke->dpc_flush);
    return true;
}

/* ------------------------------------------------------------------ running */

static void
run_next(struct ke_dpc_queue *q, struct ke_dpc_node *node)
{
    PKDPC dpc = node->dpc;
    uint64_t args[4] = { (uint64_t)dpc, (uint64_t)dpc->DeferredContext, (uint64_t)dpc->SystemArgument1,
                         (uint64_t)dpc->SystemArgument2 };

    q->running = dpc;
    q->running_serial = node->serial;
    q->running_routine = (uint64_t)dpc->DeferredRoutine;
    unlink_node(node);
    dpc->DpcData = NULL;
    trace_emit(EV_DPC_RUN, dpc, q->running_routine);
    ke_call(site_retire, q->running_routine, 4, args);
    trace_emit(EV_DPC_DONE, dpc, q->running_routine);
    q->running = NULL;
    if (irql_get() != IRQL_DISPATCH) /* guest_call() told the change; the next DPC starts clean */
        irql_raise(IRQL_DISPATCH);
    ke_unblock_all(&NT->ke->dpc_flush);
}

static void
drain(struct vp *vp)
{
    struct ke_dpc_queue *q = &NT->ke->dpc[vp->number];

    while (!list_empty(&q->nodes)) {
        struct ke_dpc_node *node = list_entry(list_first(&q->nodes), struct ke_dpc_node, link);

        sched_point(OP_DPC, (uint64_t)node->dpc);
        if (list_empty(&q->nodes))
            break;
        node = list_entry(list_first(&q->nodes), struct ke_dpc_node, link); /* it may be another by now */
        sched_touch((uint64_t)node->dpc);
        sched_touch(KE_DPC_QUEUE(vp->number));
        run_next(q, node);
    }
}

/* Is a DPC that was queued no later than `serial` still queued or running? */
static bool
older_outstanding(uint64_t serial)
{
    for (uint32_t i = 0; i < machine->vp_count; i++) {
        struct ke_dpc_queue *q = &NT->ke->dpc[i];
        struct ke_dpc_node *node;

        if (q->running != NULL && q->running_serial <= serial)
            return true;
        list_for_each (node, &q->nodes, link)
            if (node->serial <= serial)
                return true;
    }
    return false;
}

static bool
running_anywhere(PKDPC dpc)
{
    for (uint32_t i = 0; i < machine->vp_count; i++)
        if (NT->ke->dpc[i].running == dpc)
            return true;
    return false;
}

/* ------------------------------------------------------------------ exports */

static void
dpc_init(PRKDPC dpc, unsigned type, PKDEFERRED_ROUTINE routine, PVOID context)
{
    dpc->TargetInfoAsUlong = 0;
    dpc->Type = (UCHAR)type;
    dpc->Importance = MediumImportance;
    dpc->Number = 0;
    dpc->DpcListEntry.Next = NULL;
    dpc->ProcessorHistory = 0;
    dpc->DeferredRoutine = routine;
    dpc->DeferredContext = context;
    dpc->DpcData = NULL;
}

VOID NTAPI
KeInitializeDpc(PRKDPC Dpc, PKDEFERRED_ROUTINE DeferredRoutine, PVOID DeferredContext)
{
    dpc_init(Dpc, DpcObject, DeferredRoutine, DeferredContext);
}

VOID NTAPI
KeInitializeThreadedDpc(PRKDPC Dpc, PKDEFERRED_ROUTINE DeferredRoutine, PVOID DeferredContext)
{
    dpc_init(Dpc, ThreadedDpcObject, DeferredRoutine, DeferredContext);
}

BOOLEAN NTAPI
KeInsertQueueDpc(PRKDPC Dpc, PVOID SystemArgument1, PVOID SystemArgument2)
{
    return ke_dpc_queue(Dpc, SystemArgument1, SystemArgument2);
}

BOOLEAN NTAPI
KeRemoveQueueDpc(PRKDPC Dpc)
{
    return ke_dpc_remove(Dpc);
}

/* documented: with WaitIfActive, returns only after a running call of the routine has ended; <= APC_LEVEL then. */
BOOLEAN NTAPI
KeRemoveQueueDpcEx(PRKDPC Dpc, BOOLEAN WaitIfActive)
{
    BOOLEAN removed = ke_dpc_remove(Dpc);

    while (WaitIfActive && running_anywhere(Dpc))
        ke_block(&NT->ke->dpc_flush, (uint64_t)Dpc, NULL, "waits for a DPC to end (KeRemoveQueueDpcEx)");
    sched_touch((uint64_t)Dpc);
    return removed;
}

VOID NTAPI
KeSetImportanceDpc(PRKDPC Dpc, KDPC_IMPORTANCE Importance)
{
    Dpc->Importance = (UCHAR)Importance;
}

VOID NTAPI
KeSetTargetProcessorDpc(PRKDPC Dpc, CCHAR Number)
{
    Dpc->Number = (USHORT)(TARGET_SET + (UCHAR)Number);
}

NTSTATUS NTAPI
KeSetTargetProcessorDpcEx(PKDPC Dpc, PPROCESSOR_NUMBER ProcNumber)
{
    if (ProcNumber->Group != 0 || ProcNumber->Number >= machine->vp_count || ProcNumber->Reserved != 0)
        return STATUS_INVALID_PARAMETER;
    Dpc->Number = (USHORT)(TARGET_SET + ProcNumber->Number);
    return STATUS_SUCCESS;
}

/* documented: returns after all DPCs queued before the call, on all processors, have run. PASSIVE_LEVEL. */
VOID NTAPI
KeFlushQueuedDpcs(VOID)
{
    struct ke_state *ke = NT->ke;
    uint64_t serial = ke->dpc_serial;

    for (uint32_t i = 0; i < machine->vp_count; i++)
        sched_touch(KE_DPC_QUEUE(i));
    while (older_outstanding(serial) || ke->threaded_dpcs != 0)
        ke_block(&ke->dpc_flush, 0, NULL, "waits for queued DPCs to end (KeFlushQueuedDpcs)");
    for (uint32_t i = 0; i < machine->vp_count; i++)
        sched_touch(KE_DPC_QUEUE(i));
}

/* documented: only at DISPATCH_LEVEL, else STATUS_UNSUCCESSFUL. No watchdog runs here: the limits read as disabled. */
NTSTATUS NTAPI
KeQueryDpcWatchdogInformation(PKDPC_WATCHDOG_INFORMATION WatchdogInformation)
{
    if (irql_get() < IRQL_DISPATCH)
        return STATUS_UNSUCCESSFUL;
    WatchdogInformation->DpcTimeLimit = 0;
    WatchdogInformation->DpcTimeCount = 0;
    WatchdogInformation->DpcWatchdogLimit = 0;
    WatchdogInformation->DpcWatchdogCount = 0;
    WatchdogInformation->Reserved = 0;
    return STATUS_SUCCESS;
}

/* ------------------------------------------------------------------ memory that goes away */

static void
check_queues(uint64_t base, uint64_t size, bool image)
{
    for (uint32_t i = 0; i < machine->vp_count; i++) {
        struct ke_dpc_node *node;

        list_for_each (node, &NT->ke->dpc[i].nodes, link) {
            if ((uint64_t)node->dpc - base < size)
                machine_bugcheck(0xc7, 1, (uint64_t)node->dpc, base, base + size);
            if (image && node->routine - base < size)
                machine_bugcheck(0xc7, 2, node->routine, base, base + size);
        }
    }
}

static void
check_timers(uint64_t base, uint64_t size, bool image)
{
    struct ke_timer_node *node;

    list_for_each (node, &NT->ke->timers, link) {
        PKTIMER timer = node->timer;

        if ((uint64_t)timer - base < size) {
            trace_emit(EV_TIMER_LEFT, timer, base, size);
            machine_bugcheck(0xc7, 0, (uint64_t)timer, base, base + size);
        }
        if (timer->Dpc == NULL)
            continue;
        if ((uint64_t)timer->Dpc - base < size)
            machine_bugcheck(0xc7, 1, (uint64_t)timer->Dpc, base, base + size);
        if (image && (uint64_t)timer->Dpc->DeferredRoutine - base < size)
            machine_bugcheck(0xc7, 2, (uint64_t)timer->Dpc->DeferredRoutine, base, base + size);
    }
}

void
ke_memory_freed(uint64_t base, uint64_t size)
{
    check_queues(base, size, false);
    check_timers(base, size, false);
    ke_locks_freed(base, size);
}

void
ke_image_unloaded(uint64_t base, uint64_t size)
{
    check_queues(base, size, true);
    check_timers(base, size, true);
    ke_locks_freed(base, size);
}

void
ke_dpc_init(void)
{
    for (unsigned i = 0; i < VP_MAX; i++)
        list_init(&NT->ke->dpc[i].nodes);
    site_retire = ke_site("KiRetireDpcList");
    vp_set_dpc_drain(drain);
}
