/* SPDX-License-Identifier: MIT */
/*
 * image/trap.c - faults in driver text that are no fault of the driver, and where a thunk stands for driver code.
 *
 * Runs in signal context: it reads code and edits registers, and calls nobody that may block or allocate.
 */
#include "image/sites.h"

#include "base/str.h"

#define VECTOR_BREAKPOINT 3u

/* ------------------------------------------------------------------ sites */

const struct image_site *
image_site_get(uint32_t number, struct image **im)
{
    struct image *at;

    for (unsigned i = 0; (at = image_get(i)); i++) {
        const struct loaded *l = loaded_of(at);

        if (number - l->first_site < at->site_count) {
            if (im)
                *im = at;
            return &at->sites[number - l->first_site];
        }
    }
    return NULL;
}

/* Number of the last site at or below rva; -1: none. */
static int
site_below(const struct image *im, uint32_t rva)
{
    int lo = 0, hi = (int)im->site_count;

    while (lo < hi) {
        int mid = (lo + hi) / 2;

        if (im->sites[mid].rva <= rva)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo - 1;
}

const struct image_site *
image_site_at(const struct image *im, uint32_t rva)
{
    int i = site_below(im, rva);

    return i >= 0 && im->sites[i].rva == rva ? &im->sites[i] : NULL;
}

bool
image_thunk_origin(uint64_t rip, uint64_t *origin, unsigned *pushed_bytes)
{
    const struct loaded *l = image_at(rip);

    if (!l || !l->im.thunks || rip < l->im.thunks || rip >= l->im.thunks + l->thunk_len)
        return false;
    for (unsigned i = 0; i < l->im.site_count; i++) {
        const struct site_plan *plan = &l->plan[i];
        uint64_t offset = rip - l->im.sites[i].thunk;

        if (!l->im.sites[i].thunk || offset >= plan->thunk_len)
            continue;
        *origin = l->im.base + l->im.sites[i].rva;
        for (unsigned k = 0; k < plan->moved_count && offset >= plan->moved[k].thunk_offset; k++)
            *origin = l->im.base + plan->moved[k].rva;
        *pushed_bytes = 0; /* push r11 and push r10 take two bytes each, so do the pops */
        for (unsigned k = 0; k < 2; k++) {
            unsigned begin = plan->pushes[k].begin, end = plan->pushes[k].end;

            if (end && offset >= begin + 4 && offset <= end)
                *pushed_bytes = 16;
            else if (end && (offset == begin + 2 || offset == end + 2))
                *pushed_bytes = 8;
        }
        return true;
    }
    return false;
}

/* ------------------------------------------------------------------ the instruction at rip */

/* Decode from the private copy of the file: the text may be patched or gone. */
static bool
decode_at(uint64_t rip, insn *in, const uint8_t **bytes)
{
    struct loaded *l = image_at(rip);
    ZydisDecoder d;
    uint32_t left = 0;

    if (!l || rip - l->im.base >= l->im.size)
        return false;
    *bytes = pe_run(&l->pe, (uint32_t)(rip - l->im.base), &left);
    decoder_init(&d);
    return *bytes && decode(&d, *bytes, left, in);
}

bool
image_privileged(uint64_t rip, char text[32])
{
    const uint8_t *p;
    const char *name;
    int kind;
    insn in;

    if (!decode_at(rip, &in, &p))
        return false;
    kind = site_kind(&in, p);
    if (kind != SITE_PRIVILEGED && kind != SITE_CR8_READ && kind != SITE_CR8_WRITE)
        return false;
    name = ZydisMnemonicGetString(in.mnemonic);
    str_copy(text, 32, name ? name : "?");
    if (in.mnemonic == ZYDIS_MNEMONIC_MOV) {
        unsigned reg = in.raw.modrm.reg | in.raw.rex.R << 3;

        str_copy(text, 32, in.opcode & 1 ? "mov drN" : "mov crN");
        text[6] = (char)('0' + reg % 10);
    }
    return true;
}

/*
 * A read of KUSER_SHARED_DATA through a register: the register moves to the page that can be read, and the
 * instruction runs again. The driver cannot tell: it has the register for nothing else. code: where the instruction
 * stands in the driver.
 */
static bool
move_to_alias(struct trap *t, uint64_t code)
{
    unsigned base, index = 4;
    const uint8_t *p;
    insn in;

    if (t->address - KUSER_ADDRESS >= PAGE || (t->error_code & 2) || !decode_at(code, &in, &p) ||
        !insn_has_memory(&in) || insn_rip_relative(&in))
        return false;
    base = in.raw.modrm.rm | in.raw.rex.B << 3;
    if (in.raw.modrm.rm == 4) {
        base = in.raw.sib.base | in.raw.rex.B << 3;
        index = in.raw.sib.scale == 0 ? in.raw.sib.index | in.raw.rex.X << 3 : 4;
        if (in.raw.sib.base == 5 && in.raw.modrm.mod == 0)
            base = 4;
    }
    if (base == 4 || t->gpr[base] - (KUSER_ADDRESS - 0x40000000) >= 0x80000000u)
        base = index;
    if (base == 4 || t->gpr[base] - (KUSER_ADDRESS - 0x40000000) >= 0x80000000u)
        return false;
    kpcr_shared_used();
    t->gpr[base] += KUSER_ALIAS - KUSER_ADDRESS;
    return true;
}

/* mov reg, cr8 that the search for sites did not reach */
static bool
read_cr8(struct trap *t)
{
    const uint8_t *p;
    insn in;

    if (!decode_at(t->rip, &in, &p) || site_kind(&in, p) != SITE_CR8_READ)
        return false;
    t->gpr[in.raw.modrm.rm | in.raw.rex.B << 3] = irql_get();
    t->rip += in.length;
    return true;
}

bool
image_fixup_trap(struct trap *t)
{
    uint64_t origin;
    unsigned pushed;

    if (t->vector == VECTOR_BREAKPOINT) {
        struct image *im = image_find(t->rip - 1);
        int i = im ? site_below(im, (uint32_t)(t->rip - 1 - im->base)) : -1;

        if (i < 0 || im->base + im->sites[i].rva != t->rip - 1 || im->sites[i].patch != PATCH_INT3)
            return false;
        t->rip = im->sites[i].thunk;
        race_trapped();
        return true;
    }
    if (image_thunk_origin(t->rip, &origin, &pushed)) {
        if (t->vector == 14 && pushed == 0 && move_to_alias(t, origin))
            return true; /* and goes on in the thunk */
        t->rip = origin; /* the driver's own fault: reported at its own address */
        t->gpr[4] += pushed;
        return false;
    }
    if (t->vector == 14)
        return move_to_alias(t, t->rip);
    if (t->vector == 13)
        return read_cr8(t);
    return false;
}
