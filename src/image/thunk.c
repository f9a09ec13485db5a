/* SPDX-License-Identifier: MIT */
/*
 * image/thunk.c - the code that runs instead of a patched instruction.
 *
 * Model: a thunk tells the machine and then does what the driver's code did:
 *
 *     push r11 / push r10            two registers to work with
 *     lea  r10, [operand]            (cr8: the value; rdtscp: 1; else 0)
 *     mov  r11d, site
 *     call [target]                  crossing.S: keeps all registers and flags
 *     pop  r10 / pop r11
 *     the instruction, then those that had to move along; one of these may be another
 *     site with an operand: it is told of before it runs, in the same way
 *     jmp  back
 *
 * Nothing but the call touches flags. Instructions that are replaced altogether
 * (cr8, rdtsc, rdtscp, cpuid, xgetbv) are left out: the host routine does their work; a
 * read of cr8 becomes a read of the IRQL in the KPCR and calls nobody. The area begins
 * with the table of targets.
 */
#include "image/sites.h"

#include <errno.h>
#include <stdlib.h>

#include "host/host.h"

#define KPCR_SELF 0x18
#define THUNK_MAX 192u
#define TABLE_LEN 128u /* of targets */
#define R10       10u
#define R11       11u
#define RSP       4u

uint64_t image_thunk_target[THUNK_COUNT];

struct emit {
    uint8_t *bytes;
    unsigned len;
    uint64_t va; /* of bytes[0] */
};

static void
put(struct emit *e, const void *bytes, unsigned n)
{
    memcpy(e->bytes + e->len, bytes, n);
    e->len += n;
}

static void
put8(struct emit *e, unsigned v)
{
    e->bytes[e->len++] = (uint8_t)v;
}

static void
put32(struct emit *e, uint32_t v)
{
    put(e, &v, 4);
}

/* Displacement from the end of the 4 bytes about to be written, `behind` more bytes following, to target. */
static void
put_rel32(struct emit *e, uint64_t target, unsigned behind)
{
    put32(e, (uint32_t)(target - (e->va + e->len + 4 + behind)));
}

/* lea r10, [memory operand of in], rsp being 16 lower than the driver knew it */
static void
put_lea(struct emit *e, const insn *in, uint64_t old_va)
{
    unsigned rex = 0x4c | in->raw.rex.X << 1 | in->raw.rex.B;
    unsigned mod = in->raw.modrm.mod, rm = in->raw.modrm.rm;
    bool sib = rm == 4, rsp_based = sib && in->raw.sib.base == 4 && !in->raw.rex.B;
    int64_t disp = in->raw.disp.value + (rsp_based ? 16 : 0);

    if (in->attributes & ZYDIS_ATTRIB_HAS_ADDRESSSIZE)
        put8(e, 0x67);
    put8(e, rex);
    put8(e, 0x8d);
    if (rsp_based)
        mod = 2;
    put8(e, mod << 6 | (R10 & 7) << 3 | rm);
    if (sib)
        put8(e, in->raw.sib.scale << 6 | in->raw.sib.index << 3 | in->raw.sib.base);
    if (mod == 0 && rm == 5)
        put_rel32(e, old_va + in->length + (uint64_t)disp, 0);
    else if (mod == 2 || (mod == 0 && sib && in->raw.sib.base == 5))
        put32(e, (uint32_t)disp);
    else if (mod == 1)
        put8(e, (unsigned)disp & 0xff);
    if (in->attributes & (ZYDIS_ATTRIB_HAS_SEGMENT_GS | ZYDIS_ATTRIB_HAS_SEGMENT_FS)) {
        put(e, "\x65\x4c\x8b\x1c\x25", 5); /* mov r11, gs:[self]: the segment's base */
        put32(e, KPCR_SELF);
        put(e, "\x4f\x8d\x14\x1a", 4); /* lea r10, [r10 + r11] */
    }
}

bool
thunk_can_move(const insn *in)
{
    switch (in->mnemonic) {
    case ZYDIS_MNEMONIC_CALL: /* its return address would lie in the thunk */
    case ZYDIS_MNEMONIC_INT:
    case ZYDIS_MNEMONIC_INT1:
    case ZYDIS_MNEMONIC_INT3:
    case ZYDIS_MNEMONIC_XBEGIN:
    case ZYDIS_MNEMONIC_SYSCALL:
        return false;
    default:
        return true;
    }
}

/* LOOP and JRCXZ in their forms: opcodes E0 to E3, which reach 127 bytes at most. */
static bool
is_short_only(const insn *in)
{
    return in->opcode_map == ZYDIS_OPCODE_MAP_DEFAULT && in->opcode >= 0xe0 && in->opcode <= 0xe3;
}

/* The same instruction at another place. */
static void
put_moved(struct emit *e, const insn *in, const uint8_t *p, uint64_t old_va)
{
    if (insn_relative_branch(in)) {
        uint64_t target = old_va + in->length + (uint64_t)in->raw.imm[0].value.s;

        if (is_short_only(in)) {
            put(e, p, in->length - 1u);
            put(e, "\x02\xeb\x05\xe9", 4); /* taken: over the jump behind it, to a long one */
        } else if (in->mnemonic == ZYDIS_MNEMONIC_JMP) {
            put8(e, 0xe9);
        } else { /* jcc: the condition is the low nibble of either form */
            put8(e, 0x0f);
            put8(e, 0x80 | (in->opcode & 15));
        }
        put_rel32(e, target, 0);
    } else if (insn_rip_relative(in)) {
        unsigned at = in->raw.disp.offset, behind = in->length - at - 4u;

        put(e, p, at);
        put_rel32(e, old_va + in->length + (uint64_t)in->raw.disp.value, behind);
        put(e, p + at + 4, behind);
    } else {
        put(e, p, in->length);
    }
}

static void
put_call(struct emit *e, uint64_t table, enum thunk_target target, uint32_t site)
{
    put(e, "\x41\xbb", 2); /* mov r11d, site */
    put32(e, site);
    put(e, "\xff\x15", 2); /* call [target] */
    put_rel32(e, table + target * 8u, 0);
}

/* movzx reg32, byte ptr gs:[IRQL] */
static void
put_cr8_read(struct emit *e, const insn *in)
{
    unsigned reg = in->raw.modrm.rm | in->raw.rex.B << 3;

    put8(e, 0x65);
    put8(e, 0x40 | (reg >> 3) << 2);
    put(e, "\x0f\xb6", 2);
    put8(e, (reg & 7) << 3 | 4);
    put8(e, 0x25);
    put32(e, KPCR_IRQL);
}

static void
put_cr8_value(struct emit *e, const insn *in)
{
    unsigned reg = in->raw.modrm.rm | in->raw.rex.B << 3;

    if (reg == RSP) {
        put(e, "\x4c\x8d\x54\x24\x10", 5); /* lea r10, [rsp + 16] */
        return;
    }
    put8(e, 0x49 | (reg >> 3) << 2); /* mov r10, reg */
    put8(e, 0x89);
    put8(e, 0xc0 | (reg & 7) << 3 | (R10 & 7));
}

static enum thunk_target
target_of(unsigned kind)
{
    switch (kind) {
    case SITE_CR8_WRITE:
        return THUNK_CR8;
    case SITE_RDTSC:
        return THUNK_RDTSC;
    case SITE_RDTSCP:
        return THUNK_RDTSCP;
    case SITE_CPUID:
        return THUNK_CPUID;
    case SITE_XGETBV:
        return THUNK_XGETBV;
    case SITE_PAUSE:
        return THUNK_PAUSE;
    case SITE_BACK_EDGE:
        return THUNK_SPIN;
    case SITE_PLAIN:
        return THUNK_PLAIN;
    case SITE_WATCHED:
        return THUNK_WATCH;
    case SITE_PAGED:
        return THUNK_PAGED;
    case SITE_PROCESSOR:
        return THUNK_PROCESSOR;
    default:
        return THUNK_LOCKED;
    }
}

/* The machine is told the address of its memory operand, and then it runs. */
static bool
has_operand(unsigned kind)
{
    return kind == SITE_LOCKED || kind == SITE_PLAIN || kind == SITE_WATCHED;
}

/* The machine is told before it runs, and needs no operand. */
static bool
runs_behind(unsigned kind)
{
    return kind == SITE_BACK_EDGE || kind == SITE_PAGED || kind == SITE_PROCESSOR;
}

static int
room(struct loaded *l, uint32_t need)
{
    uint64_t image_pages = ((uint64_t)l->pe.size_of_image + PAGE - 1) & ~(uint64_t)(PAGE - 1);
    uint32_t have = (l->thunk_len + 0xffff) & ~0xffffu, want = (l->thunk_len + need + 0xffff) & ~0xffffu;
    uint8_t *more;

    if (image_pages + want > LAYOUT_IMAGE_STRIDE)
        return -ENOSPC;
    if (want == have)
        return 0;
    more = realloc(l->thunk_bytes, want);
    if (!more)
        return -ENOMEM;
    l->thunk_bytes = more;
    return 0;
}

static void
moved(struct site_plan *plan, unsigned thunk_offset, uint32_t rva)
{
    plan->moved[plan->moved_count++] = (struct moved){ (uint8_t)thunk_offset, rva };
}

/* Tell of the operand of an instruction, site `number`, which then runs. k: which of the plan's sites it is. */
static void
put_told(struct emit *e, struct site_plan *plan, unsigned k, const insn *in, uint64_t va, uint64_t table,
         enum thunk_target target, uint32_t number)
{
    plan->pushes[k].begin = (uint8_t)e->len;
    put(e, "\x41\x53\x41\x52", 4); /* push r11; push r10 */
    put_lea(e, in, va);
    put_call(e, table, target, number);
    plan->pushes[k].end = (uint8_t)e->len;
    put(e, "\x41\x5a\x41\x5b", 4); /* pop r10; pop r11 */
}

int
thunk_write(struct loaded *l, const ZydisDecoder *d, unsigned i, const uint8_t *p)
{
    struct image_site *site = &l->im.sites[i];
    struct site_plan *plan = &l->plan[i];
    uint64_t area = l->im.base + (((uint64_t)l->pe.size_of_image + PAGE - 1) & ~(uint64_t)(PAGE - 1));
    uint64_t site_va = l->im.base + site->rva;
    uint32_t start = l->thunk_len ? l->thunk_len : TABLE_LEN; /* the table of targets comes first */
    struct emit e;
    insn in;
    int rc = room(l, THUNK_MAX + TABLE_LEN);

    if (rc)
        return rc;
    if (l->thunk_len == 0)
        memset(l->thunk_bytes, 0, TABLE_LEN);
    e = (struct emit){ l->thunk_bytes + start, 0, area + start };
    decode(d, p, 15 < plan->cover ? 15 : plan->cover, &in);
    if (site->kind == SITE_CR8_READ) {
        moved(plan, 0, site->rva);
        put_cr8_read(&e, &in);
    } else if (has_operand(site->kind)) {
        put_told(&e, plan, 0, &in, site_va, area, target_of(site->kind), site->number);
        moved(plan, e.len, site->rva);
        put_moved(&e, &in, p, site_va);
    } else {
        put(&e, "\x41\x53\x41\x52", 4); /* push r11; push r10 */
        if (site->kind == SITE_CR8_WRITE) {
            put_cr8_value(&e, &in);
        } else {
            put(&e, "\x41\xba", 2); /* mov r10d, n */
            put32(&e, site->kind == SITE_RDTSCP);
        }
        put_call(&e, area, target_of(site->kind), site->number);
        plan->pushes[0].end = (uint8_t)e.len;
        put(&e, "\x41\x5a\x41\x5b", 4); /* pop r10; pop r11 */
        if (runs_behind(site->kind)) {
            moved(plan, e.len, site->rva);
            put_moved(&e, &in, p, site_va);
        }
    }
    for (unsigned at = site->length; at < plan->cover; at += in.length) {
        decode(d, p + at, plan->cover - at, &in);
        moved(plan, e.len, site->rva + at);
        if (at == plan->inside)
            put_told(&e, plan, 1, &in, site_va + at, area, target_of(site[1].kind), site[1].number);
        put_moved(&e, &in, p + at, site_va + at);
    }
    moved(plan, e.len, site->rva + plan->cover);
    put8(&e, 0xe9);
    put_rel32(&e, site_va + plan->cover, 0);
    plan->thunk = start;
    plan->thunk_len = (uint8_t)e.len;
    site->thunk = area + start;
    while (e.len & 15)
        put8(&e, 0xcc);
    l->thunk_len = start + e.len;
    return 0;
}

/* The text is mapped and still writable. */
void
sites_apply(struct loaded *l)
{
    for (unsigned i = 0; i < l->im.site_count; i++) {
        const struct image_site *site = &l->im.sites[i];
        const struct site_plan *plan = &l->plan[i];
        uint8_t *at = (uint8_t *)(l->im.base + site->rva);

        switch (site->patch) {
        case PATCH_JMP:
        case PATCH_JMP_MOVED: {
            uint32_t rel = (uint32_t)(site->thunk - (l->im.base + site->rva + 5));

            at[0] = 0xe9;
            memcpy(at + 1, &rel, 4);
            memset(at + 5, 0xcc, plan->cover - 5u);
            break;
        }
        case PATCH_INT3:
            at[0] = 0xcc;
            break;
        case PATCH_IMMEDIATE:
            memcpy(at + plan->immediate_offset, &plan->immediate, 8);
            break;
        default:
            break;
        }
    }
}
