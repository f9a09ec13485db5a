/* SPDX-License-Identifier: MIT */
/*
 * image/walk.c - the stack of a fiber, across both of its stacks.
 *
 * Model: driver frames are unwound by .pdata. Host code has no frames of its own
 * here: where the unwinding reaches a gate, the guest_call record says which
 * export called, guest_frame records add frames of ours, and the crossing record
 * has the registers of the driver frame below. A cursor makes these steps;
 * stack_walk() writes them down as a debugger prints them: a frame's child_sp is
 * its stack pointer, and the four quadwords at the caller's are its home area.
 */
#include "image/internal.h"

#define RSP 4u

/* ------------------------------------------------------------------ cursor */

static uint64_t
stack_u64(uint64_t at)
{
    uint64_t v = 0;

    if (machine_readable(at, 8))
        memcpy(&v, (const void *)at, 8);
    return v;
}

void
cursor_at_trap(struct cursor *c, struct fiber *f, const struct trap *t)
{
    uint64_t origin;
    unsigned pushed;

    memset(c, 0, sizeof(*c));
    c->f = f;
    memcpy(c->cx.gpr, t->gpr, sizeof(t->gpr));
    memcpy(c->cx.xmm, t->xmm, sizeof(t->xmm));
    c->cx.rip = t->rip;
    c->cx.rflags = t->rflags;
    c->cx.mxcsr = t->mxcsr;
    c->call = f->outer;
    if (image_thunk_origin(c->cx.rip, &origin, &pushed)) {
        c->cx.rip = origin;
        c->cx.gpr[RSP] += pushed;
    }
}

void
cursor_at_crossing(struct cursor *c, struct fiber *f)
{
    memset(c, 0, sizeof(*c));
    c->f = f;
    c->call = f->outer;
    c->crossing = f->crossing;
    c->in_host = true;
}

/* Registers that a thunk and crossing.S keep on the guest stack of a patched instruction. */
static void
load_patched(struct cursor *c, const struct crossing *k)
{
    static const struct {
        uint8_t reg, offset;
    } kept[] = {
        { 0, 0x68 }, { 1, 0x70 }, { 2, 0x78 }, { 8, 0x80 }, { 9, 0x88 }, { 10, 0xa0 }, { 11, 0xa8 },
    };
    const struct image_site *site;
    struct image *im;

    for (unsigned i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
        c->cx.gpr[kept[i].reg] = stack_u64(k->guest_rsp + kept[i].offset);
    c->cx.rflags = stack_u64(k->guest_rsp + 0x90);
    if (machine_readable(k->guest_rsp, 0x60))
        memcpy(c->cx.xmm, (const void *)k->guest_rsp, 0x60);
    c->cx.gpr[RSP] = k->guest_rsp + CROSSING_L1_FRAME;
    site = image_site_get((uint32_t)k->index, &im);
    c->cx.rip = site ? im->base + site->rva : 0;
    c->after_call = false;
}

bool
cursor_leave_host(struct cursor *c)
{
    const struct crossing *k = c->crossing;

    if (!k)
        return false;
    memset(&c->cx, 0, sizeof(c->cx));
    c->cx.gpr[3] = k->rbx;
    c->cx.gpr[5] = k->rbp;
    c->cx.gpr[6] = k->rsi;
    c->cx.gpr[7] = k->rdi;
    c->cx.gpr[12] = k->r12;
    c->cx.gpr[13] = k->r13;
    c->cx.gpr[14] = k->r14;
    c->cx.gpr[15] = k->r15;
    memcpy(&c->cx.xmm[6], k->xmm, sizeof(k->xmm));
    c->cx.rflags = 0x246;
    c->cx.mxcsr = 0x1f80;
    c->cx.gpr[RSP] = k->guest_rsp + 8;
    c->cx.rip = stack_u64(k->guest_rsp);
    c->after_call = true;
    if (k->index & CROSSING_L1)
        load_patched(c, k);
    c->call = k->outer;
    c->in_host = false;
    return true;
}

bool
cursor_at_gate(const struct cursor *c)
{
    return c->call && c->cx.gpr[RSP] == c->call->guest_rsp + 8;
}

/* From the first driver frame of a segment to the host code that called it. */
void
cursor_enter_host(struct cursor *c)
{
    const struct guest_call *call = c->call;
    const struct seh_record *r = seh_record_of(c->f, call);

    if (r) { /* a handler, called by the dispatcher of an exception: go on at the exception */
        c->cx = r->resume.cx;
        c->call = r->resume.call;
        c->crossing = r->resume.crossing;
        c->in_host = r->resume.in_host;
        c->after_call = r->resume.after_call;
        c->via = r;
        return;
    }
    c->crossing = call->inner && call->inner->outer == call->prev ? call->inner : NULL;
    c->call = call->prev;
    c->in_host = true;
}

/* ------------------------------------------------------------------ stack_walk */

struct walk {
    struct stack_frame *out;
    unsigned count, max;
    uint32_t site; /* export or symbol of the frame added last, if it is host code */
    bool site_known;
    uint32_t pushed; /* guest_frame records not yet passed */
};

static void
add(struct walk *w, uint64_t child_sp, uint64_t ip, bool pseudo)
{
    if (w->count == w->max)
        return;
    memset(&w->out[w->count], 0, sizeof(w->out[0]));
    w->out[w->count].child_sp = child_sp;
    w->out[w->count].ip = ip;
    w->out[w->count++].pseudo = pseudo;
    w->site_known = false;
}

static void
add_host(struct walk *w, uint64_t child_sp, uint32_t site, uint32_t offset)
{
    add(w, child_sp, ddi_address(site) + offset, true);
    w->site = site;
    w->site_known = true;
}

/* Frames of ours between low and the edge to the driver (or the end of the stack), then the export called, if any. */
static void
add_segment(struct walk *w, const struct cursor *c, uint64_t low)
{
    const struct crossing *k = c->crossing;
    const struct fiber *f = c->f;
    uint64_t high = k ? k->guest_rsp : UINT64_MAX;

    while (w->pushed && f->frame[w->pushed - 1].rsp < low)
        w->pushed--;
    for (; w->pushed && f->frame[w->pushed - 1].rsp < high; w->pushed--)
        add_host(w, f->frame[w->pushed - 1].rsp + 8, f->frame[w->pushed - 1].site, LAYOUT_SLOT_GATE);
    if (k && !(k->index & CROSSING_L1) && !(w->site_known && w->site == k->index))
        add_host(w, k->guest_rsp, (uint32_t)k->index, LAYOUT_SLOT_GATE);
}

/* Return addresses and home areas follow from the next frame. */
static void
finish(struct walk *w, const struct fiber *f)
{
    if (f->kind == FIBER_USER && f->user_rip && w->count && w->count < w->max) {
        if (f->syscall_site && f->frame_count == 0 && !(w->site_known && w->site == f->syscall_site))
            add_host(w, f->stack_base - 8, f->syscall_site, LAYOUT_SLOT_GATE);
        add(w, 0, f->user_rip, false);
    }
    for (unsigned i = 0; i + 1 < w->count; i++) {
        uint64_t home = w->out[i + 1].child_sp;

        w->out[i].ret_addr = w->out[i + 1].ip;
        if (home && machine_readable(home, 32))
            memcpy(w->out[i].args, (const void *)home, 32);
    }
}

unsigned
stack_walk(struct fiber *f, const struct trap *start, struct stack_frame *out, unsigned max)
{
    struct walk w = { .out = out, .max = max, .pushed = f->frame_count };
    uint64_t low = f->guest_sp;
    struct cursor c;

    if (w.pushed > sizeof(f->frame) / sizeof(f->frame[0]))
        w.pushed = sizeof(f->frame) / sizeof(f->frame[0]);
    if (start && !start->in_host) {
        cursor_at_trap(&c, f, start);
    } else {
        cursor_at_crossing(&c, f);
        if (f->outer && (!f->crossing || f->crossing->outer != f->outer)) {
            /* it entered a driver and came out by a trap that nobody hands us: begin at the call */
            add_host(&w, f->outer->guest_rsp + 8, f->outer->site, LAYOUT_SLOT_GATE);
            low = f->outer->guest_rsp + 8;
            cursor_enter_host(&c);
        } else if (start && f->crossing && !(f->crossing->index & CROSSING_L1)) {
            add(&w, f->crossing->guest_rsp, start->rip, true);
            w.site = (uint32_t)f->crossing->index;
            w.site_known = true;
            low = f->crossing->guest_rsp;
        }
    }
    while (w.count < max) {
        uint64_t establisher, handler, data, before;

        if (!c.in_host && cursor_at_gate(&c)) {
            low = c.call->guest_rsp + 8;
            add_host(&w, low, c.call->site, LAYOUT_SLOT_GATE);
            cursor_enter_host(&c);
        }
        if (c.in_host) {
            add_segment(&w, &c, low);
            if (!cursor_leave_host(&c))
                break;
            continue;
        }
        before = c.cx.gpr[RSP];
        add(&w, before, c.cx.rip, false);
        if (!unwind_frame(&c.cx, c.after_call, &establisher, &handler, &data, true) ||
            (c.call && c.cx.gpr[RSP] > c.call->guest_rsp + 8) || c.cx.gpr[RSP] <= before) {
            if (!c.call)
                break;
            c.cx.gpr[RSP] = c.call->guest_rsp + 8; /* damaged: the record says where the segment ends */
        }
        c.after_call = true;
    }
    finish(&w, f);
    return w.count;
}
