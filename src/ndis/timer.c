/* SPDX-License-Identifier: MIT */
/*
 * ndis/timer.c - NDIS timer objects.
 *
 * Model: a kernel timer and its DPC in one heap object; the DPC routine is ndis's and calls the driver's function.
 */
#include "ndis/misc.h"

#include "nt/ke/ke.h"

struct ndis_timer {
    struct ndis_object object;
    KTIMER timer;
    KDPC dpc;
    uint64_t function;
    uint64_t context;     /* of the last NdisSetTimerObject */
    uint64_t own_context; /* of the characteristics */
};

static const struct ndis_header_spec timer_characteristics = {
    "NDIS_TIMER_CHARACTERISTICS",
    NDIS_OBJECT_TYPE_TIMER_CHARACTERISTICS,
    1,
    { NDIS_SIZEOF_TIMER_CHARACTERISTICS_REVISION_1 },
};

static uint64_t dpc_routine; /* const after init */

static void
timer_fires(uint64_t dpc, uint64_t context, uint64_t arg1, uint64_t arg2)
{
    struct ndis_timer *t = (struct ndis_timer *)context;

    sched_touch((uint64_t)t);
    NDIS_CALL(ndis_site.ndisInvokeTimer, t->function, dpc, t->context, arg1, arg2);
}

void
ndis_timer_init(void)
{
    dpc_routine = ke_host_routine("ndis", "ndisMTimerObjectDpc", timer_fires);
}

/*
 * NdisAllocateTimerObject - create a timer that is not running.
 *
 * Source:    documented; assumed: *pTimerObject is left alone on failure.
 * IRQL:      <= DISPATCH_LEVEL
 * Ownership: borrows TimerCharacteristics; the caller takes *pTimerObject until NdisFreeTimerObject.
 * Returns:   NDIS_STATUS_SUCCESS, _RESOURCES, _BAD_CHARACTERISTICS. _FAILURE is documented too; nothing here needs it.
 */
NDIS_STATUS NTAPI
NdisAllocateTimerObject(NDIS_HANDLE NdisHandle, PNDIS_TIMER_CHARACTERISTICS TimerCharacteristics,
                        PNDIS_HANDLE pTimerObject)
{
    struct ndis_timer *t;

    (void)NdisHandle; /* says whose memory it is; the allocation's call site says so here */
    if (!ndis_header_ok(&TimerCharacteristics->Header, &timer_characteristics, misc_site.NdisAllocateTimerObject))
        return NDIS_STATUS_BAD_CHARACTERISTICS;
    t = ndis_object_alloc(NDIS_SIG_TIMER, sizeof(*t), "NDIS timer");
    if (t == NULL)
        return NDIS_STATUS_RESOURCES;
    t->function = (uint64_t)TimerCharacteristics->TimerFunction;
    t->context = t->own_context = (uint64_t)TimerCharacteristics->FunctionContext;
    KeInitializeTimer(&t->timer);
    KeInitializeDpc(&t->dpc, (PKDEFERRED_ROUTINE)dpc_routine, t);
    *pTimerObject = t;
    return NDIS_STATUS_SUCCESS;
}

/*
 * NdisFreeTimerObject - the timer must have been cancelled.
 *
 * Source:    documented; assumed: one that still runs, or whose DPC is queued, is bug check 0xC7 as for any memory.
 * IRQL:      <= DISPATCH_LEVEL
 */
void NTAPI
NdisFreeTimerObject(NDIS_HANDLE TimerObject)
{
    struct ndis_timer *t = TimerObject;

    if (t->function == 0) /* read through the handle as ndis.sys does */
        return;
    ke_memory_freed((uint64_t)t, sizeof(*t));
    ndis_free(t);
}

/*
 * NdisSetTimerObject - start or restart the timer. A negative DueTime is relative.
 *
 * Source:    documented; a NULL FunctionContext means the one of the characteristics.
 * IRQL:      <= DISPATCH_LEVEL
 * Returns:   TRUE if it was running already.
 */
BOOLEAN NTAPI
NdisSetTimerObject(NDIS_HANDLE TimerObject, LARGE_INTEGER DueTime, LONG MillisecondsPeriod, PVOID FunctionContext)
{
    struct ndis_timer *t = TimerObject;
    uint32_t period = MillisecondsPeriod > 0 ? (uint32_t)MillisecondsPeriod : 0;

    t->context = FunctionContext != NULL ? (uint64_t)FunctionContext : t->own_context;
    return ke_timer_set(&t->timer, DueTime.QuadPart, period, &t->dpc);
}

/* NdisSetCoalescableTimerObject - the same; Tolerance only allows to be late. documented. IRQL: <= DISPATCH_LEVEL. */
BOOLEAN NTAPI
NdisSetCoalescableTimerObject(NDIS_HANDLE TimerObject, LARGE_INTEGER DueTime, LONG MillisecondsPeriod,
                              PVOID FunctionContext, ULONG Tolerance)
{
    (void)Tolerance;
    return NdisSetTimerObject(TimerObject, DueTime, MillisecondsPeriod, FunctionContext);
}

/*
 * NdisCancelTimerObject - Source: documented: TRUE if the timer was running; FALSE says that its function may still
 * run. IRQL: <= DISPATCH_LEVEL (documented: a periodic one at PASSIVE_LEVEL).
 */
BOOLEAN NTAPI
NdisCancelTimerObject(NDIS_HANDLE TimerObject)
{
    struct ndis_timer *t = TimerObject;

    return ke_timer_cancel(&t->timer);
}
