/* SPDX-License-Identifier: MIT */
/*
 * image/access.c - plain accesses: loads and stores that are neither locked nor of the stack.
 *
 * Model: an access is an instruction with an explicit memory operand that it reads, writes, or both. Left out are
 * operands relative to rsp, or to rbp where the function's unwind information says that it is the frame (own locals;
 * the machine tells other stack accesses by their address), to gs and fs (the processor's own block), constants
 * (sections that are not writable), and what cannot run in a thunk: calls and jumps through memory. String
 * instructions have no explicit operand and are left out, too.
 */
#include "image/sites.h"

#define RBP 5u

/* Is rbp the frame register of f? Then what is relative to it is a local or an argument. */
static bool
frame_is_rbp(struct loaded *l, const struct pe_function *f)
{
    const uint8_t *p = f->unwind && !(f->unwind & 3) ? pe_at(&l->pe, f->unwind, 4) : NULL;

    return p && (p[3] & 15) == RBP;
}

static bool
own_frame(struct loaded *l, const struct pe_function *f, const ZydisDecodedOperandMem *m)
{
    if (m->base == ZYDIS_REGISTER_RSP)
        return true;
    return m->base == ZYDIS_REGISTER_RBP && frame_is_rbp(l, f);
}

/* What a mov writes: an immediate, or a register's number. */
static void
source_of(const ZydisDecodedInstruction *in, const ZydisDecodedOperand *op, struct image_site *out)
{
    if (in->mnemonic != ZYDIS_MNEMONIC_MOV || in->operand_count_visible != 2)
        return;
    if (op[1].type == ZYDIS_OPERAND_TYPE_IMMEDIATE) {
        out->source = SOURCE_CONSTANT;
        out->constant = op[1].imm.value.u;
    } else if (op[1].type == ZYDIS_OPERAND_TYPE_REGISTER && op[1].reg.value != ZYDIS_REGISTER_AH &&
               op[1].reg.value != ZYDIS_REGISTER_BH && op[1].reg.value != ZYDIS_REGISTER_CH &&
               op[1].reg.value != ZYDIS_REGISTER_DH) {
        out->source = SOURCE_REGISTER;
        out->constant = (uint64_t)ZydisRegisterGetId(op[1].reg.value);
    }
}

bool
access_of(struct loaded *l, const ZydisDecoder *d, uint32_t rva, const uint8_t *p, uint32_t left, bool locked,
          struct image_site *out)
{
    const struct pe_function *f = pdata_find(l, rva);
    ZydisDecodedOperand op[ZYDIS_MAX_OPERAND_COUNT];
    ZydisDecodedInstruction in;

    if (!f || !ZYAN_SUCCESS(ZydisDecoderDecodeFull(d, p, left, &in, op)) || !thunk_can_move(&in) ||
        in.mnemonic == ZYDIS_MNEMONIC_JMP || site_kind(&in, p) != (locked ? SITE_LOCKED : -1))
        return false;
    for (unsigned i = 0; i < in.operand_count_visible; i++) {
        const ZydisDecodedOperandMem *m = &op[i].mem;
        bool reads = op[i].actions & ZYDIS_OPERAND_ACTION_MASK_READ;
        bool writes = op[i].actions & ZYDIS_OPERAND_ACTION_MASK_WRITE;

        if (op[i].type != ZYDIS_OPERAND_TYPE_MEMORY || m->type != ZYDIS_MEMOP_TYPE_MEM || !(reads || writes) ||
            !insn_has_memory(&in))
            continue;
        if (own_frame(l, f, m) || m->segment == ZYDIS_REGISTER_GS || m->segment == ZYDIS_REGISTER_FS)
            return false;
        if (m->base == ZYDIS_REGISTER_RIP) {
            const struct pe_section *s = pe_section_of(&l->pe, rva + in.length + (uint32_t)m->disp.value);

            if (!s || !(s->characteristics & SCN_WRITE))
                return false;
        }
        out->size = (uint8_t)(op[i].size / 8);
        out->access = (uint8_t)((reads ? ACCESS_READ : 0) | (writes ? ACCESS_WRITE : 0));
        if (writes && !reads && !locked)
            source_of(&in, op, out);
        return out->size > 0;
    }
    return false;
}

/* machine/plain.c asks what the instruction at a site does. */
bool
image_site_access(uint32_t number, struct plain_site *out)
{
    struct image *im = NULL;
    const struct image_site *s = image_site_get(number, &im);

    if (!s || !s->size)
        return false;
    *out = (struct plain_site){
        .ip = im->base + s->rva, .size = s->size, .access = s->access, .source = s->source, .constant = s->constant
    };
    return true;
}
