/* SPDX-License-Identifier: MIT */
/*
 * image/ioctls.c - control codes that a driver's code mentions.
 *
 * Model: an immediate operand that is compared, subtracted or moved, and reads as a CTL_CODE: device type 0x12, 0x17,
 * 0x22 or 0x8000 and above, function 0x800 and above or a network type's own. Compilers turn a switch into differences:
 * from where a code was subtracted from a register on, small numbers that are subtracted from it or compared with it
 * are distances from that code, and a range check before a jump table stands for every fourth number of the range, the
 * codes of one method and access. clang rotates such a difference right by two first: then each number counts four.
 * What is found is what is sent, and the report says how many.
 */
#include "image/ioctls.h"

#include <Zydis/Zydis.h>

#include "image/internal.h"

static bool
looks_like_code(uint64_t v)
{
    uint32_t type = (uint32_t)(v >> 16) & 0xffff, function = (uint32_t)(v >> 2) & 0xfff;

    if (v > UINT32_MAX)
        return false;
    if (type == 0x12 || type == 0x17 || type == 0x22)
        return function != 0;
    return type >= 0x8000 && type < 0xc000 && function >= 0x800;
}

static unsigned
note(uint32_t *out, unsigned n, unsigned max, uint32_t code)
{
    for (unsigned i = 0; i < n; i++)
        if (out[i] == code)
            return n;
    if (n < max)
        out[n++] = code;
    return n;
}

#define DISTANCE_MAX 0x400u

/* A register that holds what is left of a control code after `base` was subtracted. */
struct difference {
    ZydisRegister reg;
    uint32_t base;
    unsigned shift; /* it was rotated right by so much, which makes a range check of what is no multiple, too */
    unsigned left;  /* instructions for which the difference is believed to be at work */
};

struct found {
    uint32_t *out;
    unsigned n, max;
};

static void
found_note(struct found *f, uint64_t code)
{
    if (looks_like_code(code))
        f->n = note(f->out, f->n, f->max, (uint32_t)code);
}

/*
 * How much less than a control code the destination becomes: SUB r,imm; ADD r,-imm; LEA r,[x-imm]; MOV r,-imm, to which
 * the code is added. 0: no such instruction.
 */
static uint32_t
subtracted(const ZydisDecodedInstruction *in, const ZydisDecodedOperand *op)
{
    if (in->mnemonic == ZYDIS_MNEMONIC_LEA)
        return op[1].mem.index == ZYDIS_REGISTER_NONE ? (uint32_t)-op[1].mem.disp.value : 0;
    if (in->operand_count_visible < 2 || op[1].type != ZYDIS_OPERAND_TYPE_IMMEDIATE)
        return 0;
    if (in->mnemonic == ZYDIS_MNEMONIC_SUB)
        return (uint32_t)op[1].imm.value.u;
    if (in->mnemonic == ZYDIS_MNEMONIC_MOV && !looks_like_code((uint32_t)-op[1].imm.value.s))
        return 0;
    return in->mnemonic == ZYDIS_MNEMONIC_ADD || in->mnemonic == ZYDIS_MNEMONIC_MOV ? (uint32_t)-op[1].imm.value.s : 0;
}

/* By how many bits the instruction rotates or shifts a 32-bit register right; 0: it does not, or by more than 4. */
static unsigned
rotated(const ZydisDecodedInstruction *in, const ZydisDecodedOperand *op)
{
    unsigned bits;

    if (in->operand_count_visible < 2 || op[1].type != ZYDIS_OPERAND_TYPE_IMMEDIATE || op[0].size != 32)
        return 0;
    bits = (unsigned)op[1].imm.value.u & 31;
    if (in->mnemonic == ZYDIS_MNEMONIC_ROL)
        bits = 32 - bits;
    else if (in->mnemonic != ZYDIS_MNEMONIC_ROR && in->mnemonic != ZYDIS_MNEMONIC_SHR)
        return 0;
    return bits <= 4 ? bits : 0;
}

static void
follow(struct difference *d, struct found *f, const ZydisDecodedInstruction *in, const ZydisDecodedOperand *op)
{
    ZydisRegister reg;
    uint32_t less;

    d->left -= d->left != 0;
    if (in->operand_count_visible < 1 || op[0].type != ZYDIS_OPERAND_TYPE_REGISTER)
        return;
    reg = ZydisRegisterGetLargestEnclosing(ZYDIS_MACHINE_MODE_LONG_64, op[0].reg.value);
    less = subtracted(in, op);
    if (looks_like_code(less)) {
        *d = (struct difference){ .reg = reg, .base = less, .left = 16 };
        found_note(f, less);
    } else if (d->left == 0 || (reg != d->reg && in->mnemonic != ZYDIS_MNEMONIC_CMP)) {
        return; /* a comparison may be of another register: without optimisation values go through memory */
    } else if (rotated(in, op) != 0) {
        d->shift = rotated(in, op);
    } else if (in->mnemonic == ZYDIS_MNEMONIC_CMP && op[1].type == ZYDIS_OPERAND_TYPE_IMMEDIATE && d->shift != 0 &&
               op[1].imm.value.u <= DISTANCE_MAX >> d->shift) {
        for (uint32_t at = 0; at <= op[1].imm.value.u; at++)
            found_note(f, d->base + (at << d->shift));
    } else if (in->mnemonic == ZYDIS_MNEMONIC_CMP && op[1].type == ZYDIS_OPERAND_TYPE_IMMEDIATE &&
               op[1].imm.value.u <= DISTANCE_MAX) {
        for (uint32_t at = (uint32_t)op[1].imm.value.u % 4; at <= op[1].imm.value.u; at += 4)
            found_note(f, d->base + at);
    } else if (less != 0 && less <= DISTANCE_MAX && in->mnemonic != ZYDIS_MNEMONIC_LEA) {
        for (uint32_t at = less % 4; at <= less; at += 4) /* SUB may be the range check, too */
            found_note(f, d->base + at);
        d->base += less;
    } else if ((op[0].actions & ZYDIS_OPERAND_ACTION_MASK_WRITE) && in->mnemonic != ZYDIS_MNEMONIC_ADD) {
        d->reg = ZYDIS_REGISTER_NONE; /* a spilled copy may be compared yet */
    }
}

unsigned
image_find_ioctls(const struct image *im, uint32_t *out, unsigned max)
{
    const struct pe_function *rf = im->pdata;
    struct found f = { .out = out, .max = max };
    ZydisDecoder decoder;

    ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
    for (unsigned i = 0; i < im->pdata_count; i++) {
        struct difference d = { .reg = ZYDIS_REGISTER_NONE };
        uint32_t at = rf[i].begin;

        while (at < rf[i].end && rf[i].end <= im->size) {
            ZydisDecodedInstruction in;
            ZydisDecodedOperand op[ZYDIS_MAX_OPERAND_COUNT];

            if (!ZYAN_SUCCESS(ZydisDecoderDecodeFull(&decoder, (const void *)(im->base + at), rf[i].end - at, &in, op)))
                break;
            if (in.mnemonic == ZYDIS_MNEMONIC_CMP || in.mnemonic == ZYDIS_MNEMONIC_MOV)
                for (unsigned k = 0; k < in.operand_count_visible; k++)
                    if (op[k].type == ZYDIS_OPERAND_TYPE_IMMEDIATE)
                        found_note(&f, op[k].imm.value.u & UINT32_MAX);
            follow(&d, &f, &in, op);
            at += in.length;
        }
    }
    return f.n;
}
