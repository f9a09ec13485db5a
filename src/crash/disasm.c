/* SPDX-License-Identifier: MIT */
/*
 * crash/disasm.c - instructions and registers in the layout of a Windows debugger.
 *
 * Model: Zydis decodes and formats; one hook prints absolute addresses with their module, and a pass over the text
 * puts the mnemonic into its column of eight and takes the blank after commas away. Selectors are those the
 * instruction really ran with: drivers run in user mode here.
 */
#include "crash/disasm.h"

#include <Zydis/Zydis.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"

#define SELECTOR_CODE  0x33u
#define SELECTOR_STACK 0x2bu

void
frame_symbol(const struct finding_frame *f, const char *prefix, char *out, size_t room)
{
    if (f->module[0] == 0)
        snprintf(out, room, TICK_FMT, TICK(f->f.ip));
    else if (f->function[0] == 0)
        snprintf(out, room, "%s+%s%x", f->module, prefix, f->offset);
    else if (f->offset == 0)
        snprintf(out, room, "%s!%s", f->module, f->function);
    else
        snprintf(out, room, "%s!%s+%s%x", f->module, f->function, prefix, f->offset);
}

static ZyanStatus
print_absolute(const ZydisFormatter *formatter, ZydisFormatterBuffer *buffer, ZydisFormatterContext *context)
{
    const struct finding_input *in = context->user_data;
    const struct finding_module *m;
    ZyanU64 address;
    ZyanString *string;
    char words[128];

    (void)formatter;
    if (ZYAN_FAILED(
            ZydisCalcAbsoluteAddress(context->instruction, context->operand, context->runtime_address, &address)))
        return ZYAN_STATUS_FAILED;
    m = finding_module_at(in, address);
    if (m != NULL)
        snprintf(words, sizeof(words), "%s+0x%llx (" TICK_FMT ")", m->name, (unsigned long long)(address - m->base),
                 TICK(address));
    else
        snprintf(words, sizeof(words), TICK_FMT, TICK(address));
    if (ZYAN_FAILED(ZydisFormatterBufferGetString(buffer, &string)))
        return ZYAN_STATUS_FAILED;
    for (const char *c = words; *c; c++) {
        char one[2] = { *c, 0 };
        ZyanStringView view;

        if (ZYAN_FAILED(ZyanStringViewInsideBuffer(&view, one)) || ZYAN_FAILED(ZyanStringAppend(string, &view)))
            return ZYAN_STATUS_FAILED;
    }
    return ZYAN_STATUS_SUCCESS;
}

struct decoded {
    ZydisDecodedInstruction in;
    ZydisDecodedOperand op[ZYDIS_MAX_OPERAND_COUNT];
    uint8_t bytes[ZYDIS_MAX_INSTRUCTION_LENGTH];
    char text[192];
};

/* Decode at address; 0 length: unreadable or no instruction. */
static bool
decode(const struct finding_input *in, uint64_t address, struct decoded *d)
{
    ZydisDecoder decoder;
    size_t have = sizeof(d->bytes);

    memset(d, 0, sizeof(*d));
    while (have > 0 && !finding_read(in, address, d->bytes, have))
        have--;
    ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
    return have > 0 && ZYAN_SUCCESS(ZydisDecoderDecodeFull(&decoder, d->bytes, have, &d->in, d->op));
}

/* "mov rax, qword ptr [rcx+8h]" -> "mov     rax,qword ptr [rcx+8]". */
static void
layout(const char *plain, char *out, size_t room)
{
    static const char *const renamed[][2] = { { "jz", "je" }, { "jnz", "jne" }, { "retf", "retf" } };
    size_t len = 0, mnemonic;
    const char *rest = plain;

    while (str_starts(rest, "lock ") || str_starts(rest, "rep ") || str_starts(rest, "repne ") ||
           str_starts(rest, "repe ") || str_starts(rest, "bnd "))
        rest = strchr(rest, ' ') + 1;
    len = (size_t)snprintf(out, room, "%.*s", (int)(rest - plain), plain);
    mnemonic = strcspn(rest, " ");
    for (size_t i = 0; i < sizeof(renamed) / sizeof(renamed[0]); i++) {
        if (strlen(renamed[i][0]) == mnemonic && strncmp(rest, renamed[i][0], mnemonic) == 0) {
            len += (size_t)snprintf(out + len, room - len, "%s", renamed[i][1]);
            goto operands;
        }
    }
    len += (size_t)snprintf(out + len, room - len, "%.*s", (int)mnemonic, rest);
operands:
    rest += mnemonic;
    if (*rest == 0)
        return;
    rest++;
    len += (size_t)snprintf(out + len, room - len, "%*s", mnemonic < 8 ? (int)(8 - mnemonic) : 1, "");
    for (; *rest && len + 2 < room; rest++) {
        bool lone_digit = *rest == 'h' && rest[-1] >= '0' && rest[-1] <= '9' && strchr("+-,* \t[", rest[-2]) != NULL;

        if ((*rest == ' ' && rest[-1] == ',') || lone_digit) /* 0..9 are written without a base */
            continue;
        out[len++] = *rest;
    }
    out[len] = 0;
}

static void
format(const struct finding_input *in, uint64_t address, struct decoded *d)
{
    ZydisFormatter f;
    ZydisFormatterFunc hook = (ZydisFormatterFunc)&print_absolute;
    char plain[192];

    ZydisFormatterInit(&f, ZYDIS_FORMATTER_STYLE_INTEL);
    ZydisFormatterSetProperty(&f, ZYDIS_FORMATTER_PROP_FORCE_SIZE, 1);
    ZydisFormatterSetProperty(&f, ZYDIS_FORMATTER_PROP_HEX_UPPERCASE, 0);
    ZydisFormatterSetProperty(&f, ZYDIS_FORMATTER_PROP_HEX_FORCE_LEADING_NUMBER, 1);
    ZydisFormatterSetProperty(&f, ZYDIS_FORMATTER_PROP_HEX_PREFIX, (ZyanUPointer)NULL);
    ZydisFormatterSetProperty(&f, ZYDIS_FORMATTER_PROP_HEX_SUFFIX, (ZyanUPointer) "h");
    ZydisFormatterSetProperty(&f, ZYDIS_FORMATTER_PROP_DISP_PADDING, ZYDIS_PADDING_DISABLED);
    ZydisFormatterSetProperty(&f, ZYDIS_FORMATTER_PROP_IMM_PADDING, ZYDIS_PADDING_DISABLED);
    ZydisFormatterSetHook(&f, ZYDIS_FORMATTER_FUNC_PRINT_ADDRESS_ABS, (const void **)&hook);
    if (ZYAN_FAILED(ZydisFormatterFormatInstruction(&f, &d->in, d->op, d->in.operand_count_visible, plain,
                                                    sizeof(plain), address, (void *)in)))
        str_copy(plain, sizeof(plain), "???");
    layout(plain, d->text, sizeof(d->text));
}

/* Effective address of the first memory operand; false: it has none, or one that needs what we do not know (gs). */
static bool
effective_address(const struct decoded *d, uint64_t address, const struct trap *t, const ZydisDecodedOperand **which,
                  uint64_t *out)
{
    static const ZydisRegister order[16] = {
        ZYDIS_REGISTER_RAX, ZYDIS_REGISTER_RCX, ZYDIS_REGISTER_RDX, ZYDIS_REGISTER_RBX,
        ZYDIS_REGISTER_RSP, ZYDIS_REGISTER_RBP, ZYDIS_REGISTER_RSI, ZYDIS_REGISTER_RDI,
        ZYDIS_REGISTER_R8,  ZYDIS_REGISTER_R9,  ZYDIS_REGISTER_R10, ZYDIS_REGISTER_R11,
        ZYDIS_REGISTER_R12, ZYDIS_REGISTER_R13, ZYDIS_REGISTER_R14, ZYDIS_REGISTER_R15,
    };
    ZydisRegisterContext registers = { 0 };

    for (unsigned i = 0; i < 16; i++)
        registers.values[order[i]] = t->gpr[i];
    for (unsigned i = 0; i < d->in.operand_count_visible; i++) {
        const ZydisDecodedOperand *op = &d->op[i];

        if (op->type != ZYDIS_OPERAND_TYPE_MEMORY || op->mem.type == ZYDIS_MEMOP_TYPE_AGEN)
            continue;
        *which = op;
        return op->mem.segment != ZYDIS_REGISTER_GS && op->mem.segment != ZYDIS_REGISTER_FS &&
               ZYAN_SUCCESS(ZydisCalcAbsoluteAddressEx(&d->in, op, address, &registers, out));
    }
    return false;
}

/* " ds:0000:deadf4ee`deadf4f6=????????????????" */
static void
operand_value(struct text *out, const struct finding_input *in, const struct decoded *d, uint64_t address,
              const struct trap *t)
{
    const ZydisDecodedOperand *op;
    uint64_t where, value = 0;
    unsigned bytes;
    bool stack;

    if (!effective_address(d, address, t, &op, &where))
        return;
    stack = op->mem.segment == ZYDIS_REGISTER_SS;
    bytes = op->size / 8 < 1 ? 1 : op->size / 8 > 8 ? 8 : op->size / 8;
    text_add(out, " %s:%04x:" TICK_FMT "=", stack ? "ss" : "ds", stack ? SELECTOR_STACK : 0, TICK(where));
    if (finding_read(in, where, &value, bytes))
        text_add(out, "%0*llx", (int)bytes * 2, (unsigned long long)value);
    else
        for (unsigned i = 0; i < bytes; i++)
            text_put(out, "??");
}

void
disasm_line(struct text *out, const struct finding_input *in, uint64_t address, const struct trap *t)
{
    struct decoded d;
    char hex[2 * ZYDIS_MAX_INSTRUCTION_LENGTH + 1] = "";

    text_add(out, TICK_FMT " ", TICK(address));
    if (!decode(in, address, &d)) {
        text_put(out, "??              ???");
        return;
    }
    format(in, address, &d);
    for (unsigned i = 0; i < d.in.length; i++)
        snprintf(hex + 2 * i, 3, "%02x", d.bytes[i]);
    text_add(out, "%-15s %s", hex, d.text);
    if (t != NULL)
        operand_value(out, in, &d, address, t);
}

bool
disasm_call_target(const struct finding_input *in, uint64_t ret, uint64_t *target)
{
    uint8_t b[6];
    int32_t rel;

    if (!finding_read(in, ret - 6, b, sizeof(b)))
        return false;
    if (b[0] == 0xff && b[1] == 0x15) {
        memcpy(&rel, b + 2, 4);
        return finding_read(in, ret + (uint64_t)(int64_t)rel, target, 8);
    }
    if (b[1] == 0xe8) {
        memcpy(&rel, b + 2, 4);
        *target = ret + (uint64_t)(int64_t)rel;
        return true;
    }
    return false;
}

void
registers_block(struct text *out, const struct finding_input *in, const struct trap *t)
{
    static const struct {
        unsigned bit;
        const char *set, *clear;
    } flags[] = {
        { 11, "ov", "nv" }, { 10, "dn", "up" }, { 9, "ei", "di" }, { 7, "ng", "pl" },
        { 6, "zr", "nz" },  { 4, "ac", "na" },  { 2, "pe", "po" }, { 0, "cy", "nc" },
    };
    static const struct {
        const char *name;
        int at;
    } order[] = {
        { "rax", 0 },  { "rbx", 3 },  { "rcx", 1 },  { "rdx", 2 },  { "rsi", 6 },  { "rdi", 7 },
        { "rip", -1 }, { "rsp", 4 },  { "rbp", 5 },  { " r8", 8 },  { " r9", 9 },  { "r10", 10 },
        { "r11", 11 }, { "r12", 12 }, { "r13", 13 }, { "r14", 14 }, { "r15", 15 },
    };
    const struct finding_frame *f = in->frame_count > 0 ? &in->frames[0] : NULL;
    char symbol[224];

    for (unsigned i = 0; i < sizeof(order) / sizeof(order[0]); i++)
        text_add(out, "%s=%016llx%s", order[i].name,
                 (unsigned long long)(order[i].at < 0 ? t->rip : t->gpr[order[i].at]),
                 i % 3 == 2 || i == 16 ? "\n" : " ");
    text_add(out, "iopl=%u        ", (unsigned)(t->rflags >> 12) & 3);
    for (unsigned i = 0; i < 8; i++)
        text_add(out, " %s", t->rflags >> flags[i].bit & 1 ? flags[i].set : flags[i].clear);
    text_add(out, "\ncs=%04x  ss=%04x  ds=0000  es=0000  fs=0000  gs=0000             efl=%08x\n", SELECTOR_CODE,
             SELECTOR_STACK, (unsigned)t->rflags);
    if (f != NULL && f->f.ip == t->rip) {
        frame_symbol(f, "0x", symbol, sizeof(symbol));
        text_add(out, "%s:\n", symbol);
    }
    if (t->in_host)
        text_add(out, TICK_FMT " (inside undis' own code of this function: no instruction of a driver)", TICK(t->rip));
    else
        disasm_line(out, in, t->rip, t);
    text_put(out, "\n");
}
