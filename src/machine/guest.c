/* SPDX-License-Identifier: MIT */
/* machine/guest.c - calling driver code: argument area, gates, frames of our own, scratch on the guest stack. */
#include "machine/internal.h"
#include "machine/live_internal.h"

#include <string.h>

#include "base/asan.h"
#include "base/bits.h"
#include "trace/event.h"

uint64_t guest_enter(uint64_t function, uint64_t guest_rsp);
_Noreturn void guest_load(const struct trap *t);

static uint64_t
gate(uint32_t site)
{
    return ddi_address(site) + LAYOUT_SLOT_GATE;
}

/* Room for size bytes below what is in use, or the stack is full: that is the driver's bugcheck. */
static uint64_t
take(struct fiber *f, uint64_t size)
{
    uint64_t sp = (f->guest_sp - size) & ~15ull;

    if (sp < f->stack_limit + 64 || sp > f->stack_base)
        guest_stack_overflow(f);
    return sp;
}

void
guest_stack_overflow(struct fiber *f)
{
    f->guest_sp = f->stack_base - 0x20;
    machine_bugcheck(0x7f, 8, f->stack_limit, 0, 0); /* UNEXPECTED_KERNEL_MODE_TRAP, double fault */
}

static uint8_t *called;
static uint64_t called_bytes;

void
guest_note_calls(uint8_t *bits, uint64_t bytes)
{
    called = bits;
    called_bytes = bytes;
}

uint64_t
guest_call(uint32_t site, uint64_t function, unsigned nargs, const uint64_t *args)
{
    struct fiber *f = sched_current;
    struct guest_call g = {
        .prev = f->outer, .inner = f->crossing, .function = function, .site = site, .irql = f->irql
    };
    uint64_t host_sp = f->host_sp, guest_sp = f->guest_sp, result;
    uint32_t frames = f->frame_count;
    bool locked = false;
    unsigned slots = nargs < 4 ? 4 : (nargs + 1) & ~1u;
    uint64_t *at = (uint64_t *)take(f, slots * 8);

    for (unsigned i = 0; i < slots; i++)
        at[i] = i < nargs ? args[i] : 0;
    if (called != NULL)
        bits_add(called, called_bytes, function - LAYOUT_IMAGE_BASE);
    *--at = gate(site);
    g.guest_rsp = (uint64_t)at;
    f->outer = &g;
    f->guest_sp = (uint64_t)at;
    trace_emit(EV_CALLBACK_ENTER, args && nargs ? args[0] : 0, function, site, nargs > 0 ? args[0] : 0,
               nargs > 1 ? args[1] : 0, nargs > 2 ? args[2] : 0, nargs > 3 ? args[3] : 0);
    if (race_active)
        race_callback(f);
    if (f->locked) {
        f->locked = false;
        live_unlock();
        locked = true;
    }
    f->in_driver = true;
    result = guest_enter(function, (uint64_t)at);
    f->in_driver = false;
    if (locked) {
        live_lock();
        f->locked = true;
    }
    f->host_sp = host_sp;
    f->guest_sp = guest_sp;
    f->outer = g.prev;
    f->crossing = g.inner;
    f->frame_count = frames;
    if (g.irql != f->irql)
        trace_emit(EV_IRQL_RETURN, args && nargs ? args[0] : 0, function, site, result, g.irql, f->irql);
    trace_emit(EV_CALLBACK_LEAVE, args && nargs ? args[0] : 0, function, site, result, g.irql, f->irql);
    return result;
}

void *
guest_alloc(size_t size)
{
    struct fiber *f = sched_current;

    f->guest_sp = take(f, size);
    memset((void *)f->guest_sp, 0, size);
    return (void *)f->guest_sp;
}

uint64_t
guest_mark(void)
{
    return sched_current->guest_sp;
}

void
guest_release(uint64_t mark)
{
    sched_current->guest_sp = mark;
}

void
guest_push_frame(uint32_t site, uint64_t a0, uint64_t a1, uint64_t a2, uint64_t a3)
{
    struct fiber *f = sched_current;
    uint64_t *at = (uint64_t *)take(f, 0x30);

    MACHINE_ASSERT(f->frame_count < 16);
    at[0] = gate(site);
    at[1] = a0;
    at[2] = a1;
    at[3] = a2;
    at[4] = a3;
    at[5] = 0;
    f->frame[f->frame_count].rsp = (uint64_t)at;
    f->frame[f->frame_count++].site = site;
    f->guest_sp = (uint64_t)at;
}

void
guest_pop_frame(void)
{
    struct fiber *f = sched_current;

    MACHINE_ASSERT(f->frame_count > 0);
    f->guest_sp = f->frame[--f->frame_count].rsp + 0x30;
}

void
guest_resume(const struct trap *t, struct guest_call *upto)
{
    struct fiber *f = sched_current;

    MACHINE_ASSERT(upto != NULL);
    while (f->frame_count && f->frame[f->frame_count - 1].rsp < t->gpr[4])
        f->frame_count--;
    f->outer = upto;
    f->crossing = upto->inner;
    f->host_sp = upto->host_sp;
    machine_unlock(!f->locked);
    f->in_driver = true;
    asan_forget(f->hstack_limit, upto->host_sp);
    guest_load(t);
}
