/* SPDX-License-Identifier: MIT */
/*
 * image/store.c - what an instruction that may not write would have written.
 *
 * Model: a live machine's drivers cannot write to a device's registers (machine/irq.h); the store is done here, and the
 * device is told. Followed are those that compilers make of an access to a volatile object and of the intrinsics for
 * blocks: mov and its like, xchg, or/and/xor/add/sub in memory, and movs and stos, an element at a time.
 * Start reading at: image_store().
 */
#include "image/sites.h"

#include <string.h>

#define RCX 1u
#define RSI 6u
#define RDI 7u
#define FLAGS_OF_RESULT 0x8d5ull /* CF PF AF ZF SF OF */
#define FLAG_DIRECTION  0x400ull

/* Where an operand that is a register lies in t; NULL: none that moves to memory. */
static uint8_t *
register_of(struct trap *t, ZydisRegister r)
{
    unsigned id = (unsigned)ZydisRegisterGetId(r);

    switch (ZydisRegisterGetClass(r)) {
    case ZYDIS_REGCLASS_GPR8:
        if (r >= ZYDIS_REGISTER_AH && r <= ZYDIS_REGISTER_BH)
            return (uint8_t *)&t->gpr[r - ZYDIS_REGISTER_AH] + 1;
        if (r >= ZYDIS_REGISTER_SPL)
            return (uint8_t *)&t->gpr[(r - ZYDIS_REGISTER_SPL) + 4];
        return (uint8_t *)&t->gpr[r - ZYDIS_REGISTER_AL];
    case ZYDIS_REGCLASS_GPR16:
    case ZYDIS_REGCLASS_GPR32:
    case ZYDIS_REGCLASS_GPR64:
        return (uint8_t *)&t->gpr[id];
    case ZYDIS_REGCLASS_XMM:
        return id < 16 ? (uint8_t *)&t->xmm[id] : NULL;
    default:
        return NULL;
    }
}

/* The low `size` bytes of what op says: a register, or an immediate. */
static bool
operand(struct trap *t, const ZydisDecodedOperand *op, unsigned size, uint64_t out[2])
{
    const uint8_t *from = op->type == ZYDIS_OPERAND_TYPE_REGISTER ? register_of(t, op->reg.value) : NULL;

    out[0] = out[1] = 0;
    if (op->type == ZYDIS_OPERAND_TYPE_IMMEDIATE)
        memcpy(out, &op->imm.value.u, size < 8 ? size : 8);
    else if (from != NULL)
        memcpy(out, from, size);
    else
        return false;
    return true;
}

/* Below the 128 bytes that a function may use under its stack pointer. */
#define ALU(name, suffix, type)                                                                  \
    do {                                                                                         \
        type to = (type)old, from = (type)with;                                                  \
                                                                                                 \
        __asm__("leaq -128(%%rsp), %%rsp\n\t" name suffix " %2, %0\n\t"                          \
                "pushfq\n\tpopq %1\n\tleaq 128(%%rsp), %%rsp"                                    \
                : "+r"(to), "=&r"(flags)                                                         \
                : "r"(from)                                                                      \
                : "cc", "memory");                                                               \
        result = to;                                                                             \
    } while (0)
#define ALU_SIZES(name)                 \
    do {                                \
        if (size == 1)                  \
            ALU(name, "b", uint8_t);    \
        else if (size == 2)             \
            ALU(name, "w", uint16_t);   \
        else if (size == 4)             \
            ALU(name, "l", uint32_t);   \
        else                            \
            ALU(name, "q", uint64_t);   \
    } while (0)

/* old op with, and the flags as the processor leaves them. false: another operation. */
static bool
alu(ZydisMnemonic op, uint64_t old, uint64_t with, unsigned size, uint64_t *out, uint64_t *rflags)
{
    uint64_t result = 0, flags = 0;

    switch (op) {
    case ZYDIS_MNEMONIC_OR:
        ALU_SIZES("or");
        break;
    case ZYDIS_MNEMONIC_AND:
        ALU_SIZES("and");
        break;
    case ZYDIS_MNEMONIC_XOR:
        ALU_SIZES("xor");
        break;
    case ZYDIS_MNEMONIC_ADD:
        ALU_SIZES("add");
        break;
    case ZYDIS_MNEMONIC_SUB:
        ALU_SIZES("sub");
        break;
    default:
        return false;
    }
    *out = result;
    *rflags = (*rflags & ~FLAGS_OF_RESULT) | (flags & FLAGS_OF_RESULT);
    return true;
}

/* movs, stos: one element. The address of the store is rdi's. */
static unsigned
string(struct trap *t, const ZydisDecodedInstruction *in, unsigned size, uint8_t bytes[16])
{
    bool moves = in->mnemonic >= ZYDIS_MNEMONIC_MOVSB && in->mnemonic <= ZYDIS_MNEMONIC_MOVSW;
    uint64_t step = t->rflags & FLAG_DIRECTION ? -(uint64_t)size : size;

    memcpy(bytes, moves ? (const void *)t->gpr[RSI] : (const void *)&t->gpr[0], size);
    t->gpr[RDI] += step;
    if (moves)
        t->gpr[RSI] += step;
    if (!(in->attributes & (ZYDIS_ATTRIB_HAS_REP | ZYDIS_ATTRIB_HAS_REPNE)) || --t->gpr[RCX] == 0)
        t->rip += in->length;
    return size;
}

static bool
is_string(const ZydisDecodedInstruction *in)
{
    switch (in->mnemonic) {
    case ZYDIS_MNEMONIC_MOVSB:
    case ZYDIS_MNEMONIC_MOVSW:
    case ZYDIS_MNEMONIC_MOVSQ:
    case ZYDIS_MNEMONIC_STOSB:
    case ZYDIS_MNEMONIC_STOSW:
    case ZYDIS_MNEMONIC_STOSD:
    case ZYDIS_MNEMONIC_STOSQ:
        return true;
    case ZYDIS_MNEMONIC_MOVSD: /* the name of an SSE instruction, too */
        return in->meta.category == ZYDIS_CATEGORY_STRINGOP;
    default:
        return false;
    }
}

/* See machine_store in machine.h. */
unsigned
image_store(struct trap *t, uint8_t bytes[16])
{
    ZydisDecodedOperand op[ZYDIS_MAX_OPERAND_COUNT];
    ZydisDecodedInstruction in;
    uint64_t value[2], old = 0;
    ZydisDecoder d;
    unsigned size;

    decoder_init(&d);
    if (!ZYAN_SUCCESS(ZydisDecoderDecodeFull(&d, (const void *)t->rip, ZYDIS_MAX_INSTRUCTION_LENGTH, &in, op)))
        return 0;
    if (is_string(&in))
        return string(t, &in, op[0].size / 8, bytes);
    size = op[0].size / 8;
    if (in.operand_count_visible != 2 || op[0].type != ZYDIS_OPERAND_TYPE_MEMORY || size > 16 ||
        !operand(t, &op[1], size, value))
        return 0;
    switch (in.mnemonic) {
    case ZYDIS_MNEMONIC_MOV:
    case ZYDIS_MNEMONIC_MOVNTI:
    case ZYDIS_MNEMONIC_MOVUPS:
    case ZYDIS_MNEMONIC_MOVAPS:
    case ZYDIS_MNEMONIC_MOVUPD:
    case ZYDIS_MNEMONIC_MOVAPD:
    case ZYDIS_MNEMONIC_MOVDQU:
    case ZYDIS_MNEMONIC_MOVDQA:
    case ZYDIS_MNEMONIC_MOVNTDQ:
    case ZYDIS_MNEMONIC_MOVQ:
    case ZYDIS_MNEMONIC_MOVD:
    case ZYDIS_MNEMONIC_MOVSD:
    case ZYDIS_MNEMONIC_MOVSS:
        break;
    case ZYDIS_MNEMONIC_XCHG:
        memcpy(&old, (const void *)t->address, size);
        if (size == 4)
            memset(register_of(t, op[1].reg.value), 0, 8);
        memcpy(register_of(t, op[1].reg.value), &old, size);
        break;
    default:
        if (size > 8)
            return 0;
        memcpy(&old, (const void *)t->address, size);
        if (!alu(in.mnemonic, old, value[0], size, &value[0], &t->rflags))
            return 0;
    }
    memcpy(bytes, value, size);
    t->rip += in.length;
    return size;
}
