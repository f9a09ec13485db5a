/* SPDX-License-Identifier: MIT */
/*
 * image/ioctls.c - control codes that a driver's code mentions.
 *
 * Model: an immediate operand that is compared, subtracted or moved, and reads as a
 * CTL_CODE: device type 0x12, 0x17, 0x22 or 0x8000 and above, function 0x800 and
 * above or a network type's own. A compiler that turns a switch into differences
 * hides some: what is found is what is sent, and the report says how many.
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

unsigned
image_find_ioctls(const struct image *im, uint32_t *out, unsigned max)
{
    const struct pe_function *rf = im->pdata;
    ZydisDecoder decoder;
    unsigned n = 0;

    ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
    for (unsigned i = 0; i < im->pdata_count; i++) {
        uint32_t at = rf[i].begin;

        while (at < rf[i].end && rf[i].end <= im->size) {
            ZydisDecodedInstruction in;
            ZydisDecodedOperand op[ZYDIS_MAX_OPERAND_COUNT];

            if (!ZYAN_SUCCESS(ZydisDecoderDecodeFull(&decoder, (const void *)(im->base + at), rf[i].end - at, &in, op)))
                break;
            if (in.mnemonic == ZYDIS_MNEMONIC_CMP || in.mnemonic == ZYDIS_MNEMONIC_SUB ||
                in.mnemonic == ZYDIS_MNEMONIC_MOV)
                for (unsigned k = 0; k < in.operand_count_visible; k++)
                    if (op[k].type == ZYDIS_OPERAND_TYPE_IMMEDIATE && looks_like_code(op[k].imm.value.u & UINT32_MAX))
                        n = note(out, n, max, (uint32_t)op[k].imm.value.u);
            at += in.length;
        }
    }
    return n;
}
