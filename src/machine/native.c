/* SPDX-License-Identifier: MIT */
/* machine/native.c - see native.h. */
#include "machine/native.h"

#include "machine/internal.h"
#include "machine/live_internal.h"
#include "trace/event.h"

bool
native_enter(unsigned index, const uint64_t args[4])
{
    const struct ddi_export *e = ddi_get(index);
    struct fiber *f = fiber_self();

    if (machine_is_native())
        return (e->flags & DDI_FREE) || machine_lock();
    if (e->irql == DDI_EXACT_DISPATCH ? f->irql != IRQL_DISPATCH : f->irql > e->irql)
        trace_emit(EV_IRQL_TOO_HIGH, 0, index, f->irql, e->irql == DDI_EXACT_DISPATCH ? IRQL_DISPATCH : e->irql);
    if (e->touch <= TOUCH_ARG3)
        sched_point(OP_DDI, args[e->touch - TOUCH_ARG0]);
    else if (e->touch != TOUCH_NONE && e->touch != TOUCH_SELF)
        sched_point(OP_DDI, OBJECT_WORLD);
    trace_emit(EV_DDI_ENTER, args[0], index, args[0], args[1], args[2], args[3]);
    return true;
}

void
native_leave(unsigned index, bool was)
{
    if (machine_is_native()) {
        machine_unlock(was);
        live_interrupts(fiber_self());
        return;
    }
    if (ddi_get(index)->flags & DDI_AFTER)
        sched_point(OP_AFTER, 0);
    trace_emit(EV_DDI_LEAVE, 0, index, 0);
}

typedef uint64_t u;
#define MS __attribute__((ms_abi))

static uint64_t
call(const void *fn, unsigned nargs, const uint64_t *args)
{
    uint64_t a[6] = { 0 };

    MACHINE_ASSERT(nargs <= 6);
    for (unsigned i = 0; i < nargs; i++)
        a[i] = args[i];
    return ((u(MS *)(u, u, u, u, u, u))fn)(a[0], a[1], a[2], a[3], a[4], a[5]);
}

uint64_t
native_call(uint32_t site, const void *function, uint64_t id, unsigned nargs, const uint64_t *args)
{
    struct fiber *f = fiber_self();
    uint8_t irql = f->irql;
    bool locked = f->locked;
    uint64_t result;

    trace_emit(EV_CALLBACK_ENTER, nargs ? args[0] : 0, id, site, nargs > 0 ? args[0] : 0, nargs > 1 ? args[1] : 0,
               nargs > 2 ? args[2] : 0, nargs > 3 ? args[3] : 0);
    machine_unlock(!locked);
    result = call(function, nargs, args);
    trace_emit(EV_CALLBACK_LEAVE, nargs ? args[0] : 0, id, site, result, irql, f->irql);
    if (locked)
        machine_lock();
    return result;
}
