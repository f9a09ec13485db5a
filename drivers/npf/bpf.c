/* SPDX-License-Identifier: MIT */
/*
 * bpf.c - classic BPF: which frames a handle wants, and how much of each.
 *
 * Model: a program is checked once, when it is set, and then runs without further checks: jumps go forward and stay
 * inside, so it ends; scratch indexes and constant divisors are good; the last instruction returns. Loads are
 * checked against the frame as they run: one outside it rejects the frame. Accumulator, index register and scratch
 * memory start at zero, so a program cannot read what a previous one left.
 *
 * The instruction set is that of the BSD packet filter and of Linux socket filters, without the latter's ancillary
 * loads.
 */
#include "npf.h"

#define BPF_MEMWORDS 16

enum {
    /* class | size | mode */
    LD_W_ABS = 0x20,
    LD_H_ABS = 0x28,
    LD_B_ABS = 0x30,
    LD_W_IND = 0x40,
    LD_H_IND = 0x48,
    LD_B_IND = 0x50,
    LD_IMM = 0x00,
    LD_MEM = 0x60,
    LD_LEN = 0x80,
    LDX_IMM = 0x01,
    LDX_MEM = 0x61,
    LDX_LEN = 0x81,
    LDX_B_MSH = 0xb1,
    ST = 0x02,
    STX = 0x03,
    /* class | operation | source: constant, or + 8 for the index register */
    ADD_K = 0x04,
    SUB_K = 0x14,
    MUL_K = 0x24,
    DIV_K = 0x34,
    OR_K = 0x44,
    AND_K = 0x54,
    LSH_K = 0x64,
    RSH_K = 0x74,
    NEG = 0x84,
    MOD_K = 0x94,
    XOR_K = 0xa4,
    JA = 0x05,
    JEQ_K = 0x15,
    JGT_K = 0x25,
    JGE_K = 0x35,
    JSET_K = 0x45,
    RET_K = 0x06,
    RET_A = 0x16,
    TAX = 0x07,
    TXA = 0x87,
    SRC_X = 0x08,
    /* parts of a code */
    CLASS_MASK = 0x07,
    CLASS_JUMP = 0x05,
    SIZE_MASK = 0x18,
    SIZE_W = 0x00,
    SIZE_H = 0x08,
    MODE_IND = 0x40,
};

static BOOLEAN NpfBpfCompute(USHORT Code, ULONG Operand, PULONG Accumulator);
static BOOLEAN NpfBpfTest(USHORT Code, ULONG A, ULONG Operand);
static BOOLEAN NpfBpfLoad(const NPF_FRAME *Frame, ULONG Offset, USHORT Code, PULONG Value);

/* TRUE if NpfBpfRun may run the program. */
BOOLEAN
NpfBpfValid(const NPF_BPF_INSN *Program, ULONG Count)
{
    ULONG i;

    if (Count == 0 || Count > NPF_BPF_MAX_INSNS)
        return FALSE;
    for (i = 0; i < Count; i++) {
        const NPF_BPF_INSN *insn = &Program[i];
        ULONG following = Count - i - 1;

        switch (insn->Code) {
        case LD_W_ABS:
        case LD_H_ABS:
        case LD_B_ABS:
        case LD_W_IND:
        case LD_H_IND:
        case LD_B_IND:
        case LD_IMM:
        case LD_LEN:
        case LDX_IMM:
        case LDX_LEN:
        case LDX_B_MSH:
        case ADD_K:
        case ADD_K + SRC_X:
        case SUB_K:
        case SUB_K + SRC_X:
        case MUL_K:
        case MUL_K + SRC_X:
        case DIV_K + SRC_X:
        case MOD_K + SRC_X:
        case OR_K:
        case OR_K + SRC_X:
        case AND_K:
        case AND_K + SRC_X:
        case XOR_K:
        case XOR_K + SRC_X:
        case LSH_K + SRC_X:
        case RSH_K + SRC_X:
        case NEG:
        case RET_K:
        case RET_A:
        case TAX:
        case TXA:
            break;
        case LD_MEM:
        case LDX_MEM:
        case ST:
        case STX:
            if (insn->K >= BPF_MEMWORDS)
                return FALSE;
            break;
        case DIV_K:
        case MOD_K:
            if (insn->K == 0)
                return FALSE;
            break;
        case LSH_K:
        case RSH_K:
            if (insn->K >= 32)
                return FALSE;
            break;
        case JA:
            if (insn->K >= following)
                return FALSE;
            break;
        case JEQ_K:
        case JEQ_K + SRC_X:
        case JGT_K:
        case JGT_K + SRC_X:
        case JGE_K:
        case JGE_K + SRC_X:
        case JSET_K:
        case JSET_K + SRC_X:
            if (insn->Jt >= following || insn->Jf >= following)
                return FALSE;
            break;
        default:
            return FALSE;
        }
    }
    return Program[Count - 1].Code == RET_K || Program[Count - 1].Code == RET_A;
}

/* How many bytes of the frame the program wants, 0: none, the frame is not accepted. Program is valid. */
ULONG
NpfBpfRun(const NPF_BPF_INSN *Program, ULONG Count, const NPF_FRAME *Frame)
{
    ULONG mem[BPF_MEMWORDS];
    ULONG a = 0;
    ULONG x = 0;
    ULONG i;

    NdisZeroMemory(mem, sizeof(mem));
    for (i = 0; i < Count; i++) {
        const NPF_BPF_INSN *insn = &Program[i];
        ULONG operand = (insn->Code & SRC_X) != 0 ? x : insn->K;
        ULONG base;

        switch (insn->Code) {
        case LD_W_ABS:
        case LD_H_ABS:
        case LD_B_ABS:
        case LD_W_IND:
        case LD_H_IND:
        case LD_B_IND:
            base = (insn->Code & MODE_IND) != 0 ? x : 0;
            if (base > MAXULONG - insn->K || !NpfBpfLoad(Frame, base + insn->K, insn->Code, &a))
                return 0;
            break;
        case LDX_B_MSH: /* four times the low nibble: the length of an IPv4 header */
            if (!NpfBpfLoad(Frame, insn->K, insn->Code, &x))
                return 0;
            x = (x & 0xf) << 2;
            break;
        case LD_IMM:
            a = insn->K;
            break;
        case LDX_IMM:
            x = insn->K;
            break;
        case LD_LEN:
            a = Frame->Length;
            break;
        case LDX_LEN:
            x = Frame->Length;
            break;
        case LD_MEM:
            a = mem[insn->K];
            break;
        case LDX_MEM:
            x = mem[insn->K];
            break;
        case ST:
            mem[insn->K] = a;
            break;
        case STX:
            mem[insn->K] = x;
            break;
        case JA:
            i += insn->K;
            break;
        case TAX:
            x = a;
            break;
        case TXA:
            a = x;
            break;
        case RET_A:
            return a;
        case RET_K:
            return insn->K;
        default:
            if ((insn->Code & CLASS_MASK) == CLASS_JUMP)
                i += NpfBpfTest(insn->Code, a, operand) ? insn->Jt : insn->Jf;
            else if (!NpfBpfCompute(insn->Code, operand, &a))
                return 0;
            break;
        }
    }
    return 0;
}

/* Arithmetic and logic. FALSE if it divides by zero. */
static BOOLEAN
NpfBpfCompute(USHORT Code, ULONG Operand, PULONG Accumulator)
{
    ULONG a = *Accumulator;

    switch (Code & ~SRC_X) {
    case ADD_K:
        a += Operand;
        break;
    case SUB_K:
        a -= Operand;
        break;
    case MUL_K:
        a *= Operand;
        break;
    case DIV_K:
        if (Operand == 0)
            return FALSE;
        a /= Operand;
        break;
    case MOD_K:
        if (Operand == 0)
            return FALSE;
        a %= Operand;
        break;
    case OR_K:
        a |= Operand;
        break;
    case AND_K:
        a &= Operand;
        break;
    case XOR_K:
        a ^= Operand;
        break;
    case LSH_K:
        a = Operand < 32 ? a << Operand : 0;
        break;
    case RSH_K:
        a = Operand < 32 ? a >> Operand : 0;
        break;
    case NEG:
        a = 0 - a;
        break;
    }
    *Accumulator = a;
    return TRUE;
}

static BOOLEAN
NpfBpfTest(USHORT Code, ULONG A, ULONG Operand)
{
    switch (Code & ~SRC_X) {
    case JEQ_K:
        return A == Operand;
    case JGT_K:
        return A > Operand;
    case JGE_K:
        return A >= Operand;
    default:
        return (A & Operand) != 0;
    }
}

/* The word, half word or byte that a load's code asks for, from network order. FALSE if the frame ends before. */
static BOOLEAN
NpfBpfLoad(const NPF_FRAME *Frame, ULONG Offset, USHORT Code, PULONG Value)
{
    ULONG size = (Code & SIZE_MASK) == SIZE_W ? 4 : (Code & SIZE_MASK) == SIZE_H ? 2 : 1;
    UCHAR bytes[4];
    ULONG value = 0;
    ULONG i;

    if (!NpfFrameRead(Frame, Offset, bytes, size))
        return FALSE;
    for (i = 0; i < size; i++)
        value = value << 8 | bytes[i];
    *Value = value;
    return TRUE;
}
