/* SPDX-License-Identifier: MIT */
/*
 * image/unwind.c - one frame up, by .pdata.
 *
 * Model (documented: "x64 exception handling"): a function's unwind info lists
 * what its prologue did, last step first; undoing the steps that have run gives
 * the caller's registers. In an epilogue the remaining instructions are simulated
 * instead: version 1 recognises it by its only legal shape, version 2 lists where
 * epilogues lie. A function without an entry is a leaf: the return address is at rsp.
 *
 * Unwind info is read from the private copy of the file, the stack only where
 * machine_readable() says so: a damaged stack ends the walk and faults nowhere.
 */
#include "image/internal.h"

#define OP_PUSH_NONVOL     0
#define OP_ALLOC_LARGE     1
#define OP_ALLOC_SMALL     2
#define OP_SET_FPREG       3
#define OP_SAVE_NONVOL     4
#define OP_SAVE_NONVOL_FAR 5
#define OP_EPILOG          6 /* version 2; a 2-slot save of half an xmm register before that */
#define OP_SPARE           7
#define OP_SAVE_XMM        8
#define OP_SAVE_XMM_FAR    9
#define OP_PUSH_MACHFRAME  10

#define FLAG_EHANDLER 1
#define FLAG_UHANDLER 2
#define FLAG_CHAIN    4

#define CHAIN_MAX 32u
#define RSP       4u

struct unwind_info {
    uint8_t version, flags, prolog, codes, frame_reg;
    uint32_t frame_offset;
    const uint8_t *code;
    uint32_t tail_rva; /* handler or chained function */
};

static bool
read_stack(uint64_t at, void *to, size_t len)
{
    if (!machine_readable(at, len))
        return false;
    memcpy(to, (const void *)at, len);
    return true;
}

static bool
read_info(struct pe *pe, uint32_t rva, struct unwind_info *u)
{
    const uint8_t *p = pe_at(pe, rva, 4);

    if (!p)
        return false;
    u->version = p[0] & 7;
    u->flags = p[0] >> 3;
    u->prolog = p[1];
    u->codes = p[2];
    u->frame_reg = p[3] & 15;
    u->frame_offset = (p[3] >> 4) * 16u;
    if (u->version != 1 && u->version != 2)
        return false;
    p = pe_at(pe, rva, 4 + u->codes * 2u);
    if (!p)
        return false;
    u->code = p + 4;
    u->tail_rva = rva + 4 + ((u->codes + 1u) & ~1u) * 2;
    return true;
}

/* Slots that the operation at c takes; 0: there is no such operation. */
static unsigned
slots(const uint8_t *c)
{
    switch (c[1] & 15) {
    case OP_PUSH_NONVOL:
    case OP_ALLOC_SMALL:
    case OP_SET_FPREG:
    case OP_PUSH_MACHFRAME:
        return 1;
    case OP_ALLOC_LARGE:
        return (c[1] >> 4) ? 3 : 2;
    case OP_SAVE_NONVOL:
    case OP_SAVE_XMM:
    case OP_EPILOG: /* version 2: always an even number of one-slot codes */
        return 2;
    case OP_SAVE_NONVOL_FAR:
    case OP_SAVE_XMM_FAR:
    case OP_SPARE:
        return 3;
    default:
        return 0;
    }
}

/* Undo what the codes say, those with an offset above `done` excepted. *machine_frame: rip and rsp are final. */
static bool
undo_prolog(struct cpu_context *cx, const struct unwind_info *u, uint32_t done, bool *machine_frame)
{
    uint64_t base = u->frame_reg ? cx->gpr[u->frame_reg] - u->frame_offset : cx->gpr[RSP];

    for (unsigned i = 0, n; i < u->codes; i += n) {
        const uint8_t *c = u->code + i * 2;
        unsigned op = c[1] & 15, info = c[1] >> 4;
        uint64_t rsp = cx->gpr[RSP];

        n = slots(c);
        if (n == 0 || i + n > u->codes)
            return false;
        if (c[0] > done && op != OP_EPILOG)
            continue;
        switch (op) {
        case OP_PUSH_NONVOL:
            if (!read_stack(rsp, &cx->gpr[info], 8))
                return false;
            cx->gpr[RSP] = rsp + 8; /* also when it pushed rsp, which nobody does */
            break;
        case OP_ALLOC_LARGE:
            cx->gpr[RSP] = rsp + (info ? get32(c + 2) : get16(c + 2) * 8u);
            break;
        case OP_ALLOC_SMALL:
            cx->gpr[RSP] = rsp + info * 8 + 8;
            break;
        case OP_SET_FPREG:
            cx->gpr[RSP] = cx->gpr[u->frame_reg] - u->frame_offset;
            break;
        case OP_SAVE_NONVOL:
            if (!read_stack(base + get16(c + 2) * 8u, &cx->gpr[info], 8))
                return false;
            break;
        case OP_SAVE_NONVOL_FAR:
            if (!read_stack(base + get32(c + 2), &cx->gpr[info], 8))
                return false;
            break;
        case OP_SAVE_XMM:
            if (!read_stack(base + get16(c + 2) * 16u, &cx->xmm[info], 16))
                return false;
            break;
        case OP_SAVE_XMM_FAR:
            if (!read_stack(base + get32(c + 2), &cx->xmm[info], 16))
                return false;
            break;
        case OP_PUSH_MACHFRAME:
            rsp += info ? 8 : 0;
            if (!read_stack(rsp, &cx->rip, 8) || !read_stack(rsp + 24, &cx->gpr[RSP], 8))
                return false;
            *machine_frame = true;
            break;
        default:
            break;
        }
    }
    return true;
}

/* ------------------------------------------------------------------ epilogues */

/* Length of `add rsp, n` or `lea rsp, [frame register + n]` at p, 0: it is neither. *rsp: the value after it. */
static unsigned
release(const uint8_t *p, uint32_t left, const struct cpu_context *cx, unsigned frame_reg, uint64_t *rsp)
{
    if (left >= 4 && p[0] == 0x48 && p[1] == 0x83 && p[2] == 0xc4) {
        *rsp = cx->gpr[RSP] + (uint64_t)(int64_t)(int8_t)p[3];
        return 4;
    }
    if (left >= 7 && p[0] == 0x48 && p[1] == 0x81 && p[2] == 0xc4) {
        *rsp = cx->gpr[RSP] + (uint64_t)(int64_t)(int32_t)get32(p + 3);
        return 7;
    }
    if (left >= 4 && (p[0] & 0xfe) == 0x48 && p[1] == 0x8d && (p[2] & 0x38) == 0x20 && frame_reg) {
        unsigned base = (p[2] & 7u) | (p[0] & 1u) << 3, at = 3;

        if ((p[2] & 7) == 4) { /* r12: a SIB byte that says nothing else */
            if (p[3] != 0x24)
                return 0;
            at = 4;
        }
        if (base != frame_reg)
            return 0;
        if (p[2] >> 6 == 1 && left > at) {
            *rsp = cx->gpr[base] + (uint64_t)(int64_t)(int8_t)p[at];
            return at + 1;
        }
        if (p[2] >> 6 == 2 && left >= at + 4) {
            *rsp = cx->gpr[base] + (uint64_t)(int64_t)(int32_t)get32(p + at);
            return at + 4;
        }
        if (p[2] >> 6 == 0 && at == 3 && (base & 7) != 5) {
            *rsp = cx->gpr[base];
            return 3;
        }
    }
    return 0;
}

/*
 * Does the code at rva do nothing but leave the function? Then undo it: *cx becomes the caller's. A jmp counts as
 * leaving when it goes outside f, or through memory (documented shapes).
 */
static bool
undo_epilog(struct loaded *l, uint32_t rva, const struct pe_function *f, unsigned frame_reg, struct cpu_context *cx)
{
    struct cpu_context out = *cx;
    uint32_t left = 0;
    const uint8_t *p = pe_run(&l->pe, rva, &left);
    unsigned n;
    int64_t to;

    if (!p)
        return false;
    n = release(p, left, cx, frame_reg, &out.gpr[RSP]);
    for (;;) {
        unsigned reg;

        p += n;
        left -= n;
        rva += n;
        if (left >= 1 && (p[0] & 0xf8) == 0x58) {
            reg = p[0] & 7u;
            n = 1;
        } else if (left >= 2 && (p[0] & 0xfe) == 0x40 && (p[1] & 0xf8) == 0x58) {
            reg = (p[1] & 7u) | (p[0] & 1u) << 3;
            n = 2;
        } else {
            break;
        }
        if (reg == RSP || !read_stack(out.gpr[RSP], &out.gpr[reg], 8))
            return false;
        out.gpr[RSP] += 8;
    }
    if (left >= 1 && (p[0] == 0xc3 || p[0] == 0xc2)) {
        ;
    } else if (left >= 2 && p[0] == 0xf3 && p[1] == 0xc3) {
        ;
    } else if ((left >= 2 && p[0] == 0xeb) || (left >= 5 && p[0] == 0xe9)) {
        to = p[0] == 0xeb ? (int64_t)rva + 2 + (int8_t)p[1] : (int64_t)rva + 5 + (int32_t)get32(p + 1);
        if (to > f->begin && to < f->end)
            return false;
    } else if (left >= 6 && p[0] == 0xff && p[1] == 0x25) {
        ;
    } else if (left >= 7 && (p[0] & 0xf8) == 0x48 && p[1] == 0xff && (p[2] & 0x38) == 0x20) {
        ; /* rex.w jmp: by convention only in epilogues */
    } else {
        return false;
    }
    if (!read_stack(out.gpr[RSP], &out.rip, 8))
        return false;
    out.gpr[RSP] += 8;
    *cx = out;
    return true;
}

/* Version 2: is rva inside one of the listed epilogues? The first code has their size, each further one a distance. */
static bool
in_listed_epilog(const struct unwind_info *u, const struct pe_function *f, uint32_t rva)
{
    uint32_t size = 0;

    for (unsigned i = 0; i < u->codes && (u->code[i * 2 + 1] & 15) == OP_EPILOG; i++) {
        const uint8_t *c = u->code + i * 2;
        uint32_t back;

        if (i == 0) {
            size = c[0];
            back = (c[1] >> 4) & 1 ? size : 0; /* one lies at the very end */
        } else {
            back = c[0] | (uint32_t)(c[1] >> 4) << 8;
        }
        if (back && back <= f->end - f->begin && rva - (f->end - back) < size)
            return true;
    }
    return false;
}

/* ------------------------------------------------------------------ one frame */

static bool
pop_return(struct cpu_context *cx)
{
    if (!read_stack(cx->gpr[RSP], &cx->rip, 8))
        return false;
    cx->gpr[RSP] += 8;
    return true;
}

static bool
unwind_function(struct loaded *l, const struct pe_function *f, uint32_t rva, struct cpu_context *cx,
                uint64_t *establisher, uint64_t *handler, uint64_t *handler_data, unsigned wanted_flag)
{
    struct unwind_info u;
    struct pe_function chained = *f;
    uint32_t done = rva - f->begin;
    bool in_prolog, machine_frame = false;

    if (!read_info(&l->pe, f->unwind, &u))
        return false;
    in_prolog = done < u.prolog;
    if (u.frame_reg && (!in_prolog || (u.flags & FLAG_CHAIN)))
        *establisher = cx->gpr[u.frame_reg] - u.frame_offset;
    else
        *establisher = cx->gpr[RSP];
    if (u.frame_reg && in_prolog)
        for (unsigned i = 0, n; i < u.codes && (n = slots(u.code + i * 2)); i += n)
            if ((u.code[i * 2 + 1] & 15) == OP_SET_FPREG && u.code[i * 2] <= done)
                *establisher = cx->gpr[u.frame_reg] - u.frame_offset;
    if (!in_prolog && (u.version == 1 || in_listed_epilog(&u, f, rva)) && undo_epilog(l, rva, f, u.frame_reg, cx))
        return true; /* no handler: the frame is all but gone */
    for (unsigned depth = 0; depth < CHAIN_MAX; depth++) {
        const uint8_t *p;

        if (!undo_prolog(cx, &u, depth == 0 && in_prolog ? done : UINT32_MAX, &machine_frame))
            return false;
        if (!(u.flags & FLAG_CHAIN)) {
            p = (u.flags & wanted_flag) && !in_prolog ? pe_at(&l->pe, u.tail_rva, 4) : NULL;
            if (p && get32(p) < l->pe.size_of_image) {
                *handler = l->im.base + get32(p);
                *handler_data = l->im.base + u.tail_rva + 4;
            }
            return machine_frame || pop_return(cx);
        }
        p = pe_at(&l->pe, u.tail_rva, 12);
        if (!p)
            return false;
        chained.unwind = get32(p + 8);
        in_prolog = false;
        if (!read_info(&l->pe, chained.unwind & ~3u, &u))
            return false;
    }
    return false;
}

bool
unwind_frame(struct cpu_context *cx, bool after_call, uint64_t *establisher, uint64_t *handler, uint64_t *handler_data,
             bool want_exception_handler)
{
    const struct pe_function *f;
    struct cpu_context out = *cx;
    uint64_t origin;
    unsigned pushed;
    struct loaded *l;
    uint32_t rva;

    *establisher = cx->gpr[RSP];
    *handler = *handler_data = 0;
    if (image_thunk_origin(out.rip, &origin, &pushed)) {
        out.rip = origin;
        out.gpr[RSP] += pushed;
        *establisher = out.gpr[RSP];
    }
    l = image_at(out.rip);
    if (!l || out.rip - l->im.base >= l->im.size) {
        /* a jump to nowhere: who called stands at rsp, if that is driver code */
        if (after_call || !pop_return(&out) || !image_find(out.rip))
            return false;
        *cx = out;
        return true;
    }
    rva = (uint32_t)(out.rip - l->im.base);
    f = pdata_find(l, after_call && rva ? rva - 1 : rva);
    if (!f || f->unwind == 0) {
        if (!pop_return(&out))
            return false;
    } else if (f->unwind & 1) { /* an entry that stands for another entry */
        const uint8_t *p = pe_at(&l->pe, f->unwind & ~1u, 12);
        struct pe_function other;

        if (!p)
            return false;
        other = (struct pe_function){ .begin = get32(p), .end = get32(p + 4), .unwind = get32(p + 8) };
        if (!unwind_function(l, &other, rva, &out, establisher, handler, handler_data,
                             want_exception_handler ? FLAG_EHANDLER : FLAG_UHANDLER))
            return false;
    } else if (!unwind_function(l, f, rva, &out, establisher, handler, handler_data,
                                want_exception_handler ? FLAG_EHANDLER : FLAG_UHANDLER)) {
        return false;
    }
    *cx = out;
    return true;
}

bool
unwind_step(struct cpu_context *cx, uint64_t *establisher, uint64_t *handler, uint64_t *handler_data,
            bool want_exception_handler)
{
    return unwind_frame(cx, false, establisher, handler, handler_data, want_exception_handler);
}
