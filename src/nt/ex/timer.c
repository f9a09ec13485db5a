/* SPDX-License-Identifier: MIT */
/*
 * nt/ex/timer.c - EX_TIMER.
 *
 * Model: a KTIMER with a DPC of ours; the DPC calls the driver's callback at DISPATCH_LEVEL. Deleting may wait for a
 * callback that runs and for the DPC; afterwards the delete callback is called and the object freed (documented).
 */
#include "nt/ex/ex.h"

#define TAG_TIMER 0x6d695478u /* 'xTim' */

struct _EX_TIMER {
    KTIMER timer; /* first: an EX_TIMER with EX_TIMER_NOTIFICATION can be waited for */
    KDPC dpc;
    PEXT_CALLBACK callback;
    PVOID context;
    ULONG attributes;
    ULONG calls; /* DPC queued, or callback running */
    BOOLEAN deleted;
    BOOLEAN waited; /* ExDeleteTimer waits and frees it */
    PEXT_DELETE_CALLBACK delete_callback;
    PVOID delete_context;
};

static void
destroy(PEX_TIMER t)
{
    PEXT_DELETE_CALLBACK callback = t->delete_callback;
    PVOID context = t->delete_context;

    ke_memory_freed((uint64_t)t, sizeof(*t));
    heap_free(t);
    if (callback != NULL)
        GUEST_CALL(NT->ex->timer_site, callback, (uint64_t)context);
}

/* The DPC: nt!ExpTimerDpcRoutine. */
static void
timer_dpc(uint64_t dpc, uint64_t context, uint64_t arg1, uint64_t arg2)
{
    PEX_TIMER t = (PEX_TIMER)context;

    (void)dpc, (void)arg1, (void)arg2;
    sched_touch((uint64_t)t);
    t->calls = 1;
    if (t->callback != NULL && !t->deleted)
        GUEST_CALL(NT->ex->timer_site, t->callback, (uint64_t)t, (uint64_t)t->context);
    t->calls = 0;
    ke_unblock_all(&NT->ex->timer_wait);
    if (t->deleted && t->dpc.DpcData == NULL && !t->waited)
        destroy(t);
}

void
ex_timer_init(struct ex_state *ex)
{
    ex->timer_site = ke_site("ExpTimerDpcRoutine");
    ex->timer_dpc = ke_host_routine("ntoskrnl", "ExpTimerDpcRoutine", timer_dpc);
}

/* documented: NULL when there is no memory. */
PEX_TIMER NTAPI
ExAllocateTimer(PEXT_CALLBACK Callback, PVOID CallbackContext, ULONG Attributes)
{
    PEX_TIMER t;

    if (ex_fault(TAG_TIMER) || (t = heap_alloc(sizeof(*t), TAG_TIMER)) == NULL)
        return NULL;
    RtlZeroMemory(t, sizeof(*t));
    heap_find((uint64_t)t)->use = NT_USE_TIMER;
    KeInitializeTimerEx(&t->timer, Attributes & EX_TIMER_NOTIFICATION ? NotificationTimer : SynchronizationTimer);
    KeInitializeDpc(&t->dpc, (PKDEFERRED_ROUTINE)NT->ex->timer_dpc, t);
    t->callback = Callback;
    t->context = CallbackContext;
    t->attributes = Attributes;
    return t;
}

/* documented: TRUE if it was set before. Period is in 100 ns. */
BOOLEAN NTAPI
ExSetTimer(PEX_TIMER Timer, LONGLONG DueTime, LONGLONG Period, PEXT_SET_PARAMETERS Parameters)
{
    (void)Parameters;
    return ke_timer_set(&Timer->timer, DueTime, (uint32_t)((Period + 9999) / 10000), &Timer->dpc);
}

BOOLEAN NTAPI
ExCancelTimer(PEX_TIMER Timer, PVOID Parameters)
{
    (void)Parameters;
    return ke_timer_cancel(&Timer->timer);
}

/*
 * ExDeleteTimer - documented: Wait requires Cancel and IRQL <= APC_LEVEL, and returns after the callback ended; without
 * Wait the object goes when the callback has. Returns whether a timer was cancelled.
 */
BOOLEAN NTAPI
ExDeleteTimer(PEX_TIMER Timer, BOOLEAN Cancel, BOOLEAN Wait, PEXT_DELETE_PARAMETERS Parameters)
{
    BOOLEAN cancelled = Cancel && ke_timer_cancel(&Timer->timer);

    if (Parameters != NULL) {
        Timer->delete_callback = Parameters->DeleteCallback;
        Timer->delete_context = Parameters->DeleteContext;
    }
    Timer->deleted = TRUE;
    Timer->waited = Wait;
    while (Wait && (Timer->calls != 0 || Timer->dpc.DpcData != NULL))
        ke_block(&NT->ex->timer_wait, (uint64_t)Timer, NULL, "waits for a timer callback to end (ExDeleteTimer)");
    sched_touch((uint64_t)Timer);
    if (Timer->calls == 0 && Timer->dpc.DpcData == NULL)
        destroy(Timer);
    return cancelled;
}
