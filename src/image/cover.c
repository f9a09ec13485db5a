/* SPDX-License-Identifier: MIT */
/* image/cover.c - blocks that ran (cover.h). */
#include "image/cover.h"

#include <Zydis/Zydis.h>
#include <stdlib.h>

#include "base/bits.h"
#include "base/str.h"
#include "image/internal.h"

#define MARK_FUNCTION "__sanitizer_cov_trace_pc"

static uint8_t *cover_bits;
static unsigned cover_images;

void
image_cover_into(uint8_t *bits, unsigned images)
{
    cover_bits = bits;
    cover_images = images;
}

static __attribute__((ms_abi)) void
cover_mark(void)
{
    if (cover_bits != NULL)
        bits_add(cover_bits, cover_images * COVER_BYTES, guest_caller() - LAYOUT_IMAGE_BASE);
}

/* ------------------------------------------------------------------ what there is to run */

/* Does the call at rva, with this target or through this pointer, lead to import slot `slot`? */
static bool
leads_to(struct pe *pe, const ZydisDecodedInstruction *in, const ZydisDecodedOperand *op, uint32_t next, uint32_t slot)
{
    const uint8_t *thunk;

    if (op[0].type == ZYDIS_OPERAND_TYPE_MEMORY)
        return op[0].mem.base == ZYDIS_REGISTER_RIP && next + (uint32_t)op[0].mem.disp.value == slot;
    if (op[0].type != ZYDIS_OPERAND_TYPE_IMMEDIATE || in->length != 5)
        return false;
    next += (uint32_t)op[0].imm.value.s;
    thunk = pe_at(pe, next, 6); /* jmp [rip+n] */
    return thunk && thunk[0] == 0xff && thunk[1] == 0x25 && next + 6 + get32(thunk + 2) == slot;
}

static uint32_t
slot_of(const struct image *im)
{
    for (unsigned i = 0; i < im->import_count; i++)
        if (str_eq(im->imports[i].name, MARK_FUNCTION))
            return (uint32_t)(im->imports[i].slot_va - im->base);
    return 0;
}

struct sweep {
    struct pe *pe;
    uint32_t slot, function, open; /* open: the mark of the block that is not ended; 0: none yet */
    uint32_t begin;
    unsigned count;
    void (*fn)(const struct cover_block *b, void *arg);
    void *arg;
};

static void
end_block(struct sweep *s, uint32_t end)
{
    const struct cover_block b = { s->function, s->begin, end, s->open };

    if (s->open == 0)
        return;
    s->count++;
    if (s->fn)
        s->fn(&b, s->arg);
    s->begin = end;
}

static void
sweep_function(struct sweep *s, const struct pe_function *f)
{
    const uint8_t *code = pe_at(s->pe, f->begin, f->code_end - f->begin);
    ZydisDecodedOperand op[ZYDIS_MAX_OPERAND_COUNT];
    ZydisDecodedInstruction in;
    ZydisDecoder decoder;

    ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
    s->function = s->begin = f->begin;
    s->open = 0;
    for (uint32_t at = f->begin; code && at < f->code_end; at += in.length) {
        if (!ZYAN_SUCCESS(ZydisDecoderDecodeFull(&decoder, code + (at - f->begin), f->code_end - at, &in, op)))
            break;
        if (in.mnemonic != ZYDIS_MNEMONIC_CALL || !leads_to(s->pe, &in, op, at + in.length, s->slot))
            continue;
        end_block(s, at);
        s->open = at + in.length;
    }
    end_block(s, f->code_end);
}

unsigned
image_cover_blocks(const struct image *im, void (*fn)(const struct cover_block *b, void *arg), void *arg)
{
    struct loaded *l = loaded_of(im);
    struct sweep s = { .pe = &l->pe, .slot = slot_of(im), .fn = fn, .arg = arg };

    for (unsigned i = 0; s.slot != 0 && i < l->function_count; i++)
        sweep_function(&s, &l->function[i]);
    return s.count;
}

void
image_cover_instructions(const struct image *im, uint32_t begin, uint32_t end, void (*fn)(uint32_t rva, void *arg),
                         void *arg)
{
    struct loaded *l = loaded_of(im);
    const uint8_t *code = pe_at(&l->pe, begin, end - begin);
    ZydisDecodedInstruction in;
    ZydisDecoder decoder;

    ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
    for (uint32_t at = begin; code && at < end; at += in.length) {
        if (!ZYAN_SUCCESS(ZydisDecoderDecodeInstruction(&decoder, NULL, code + (at - begin), end - at, &in)))
            return;
        fn(at, arg);
    }
}

/* ------------------------------------------------------------------ entry points */

struct taken {
    struct loaded *l;
    uint8_t *seen; /* per function of l */
    void (*fn)(uint32_t rva, void *arg);
    void *arg;
};

static void
take_address(struct taken *t, uint32_t rva)
{
    const struct pe_function *f = pdata_find(t->l, rva);

    if (f == NULL || f->begin != rva || t->seen[f - t->l->function])
        return;
    t->seen[f - t->l->function] = 1;
    t->fn(rva, t->arg);
}

static void
taken_by_data(void *arg, uint32_t rva)
{
    struct taken *t = arg;
    const uint8_t *p = pe_at(&t->l->pe, rva, 8);
    uint64_t target = p ? get64(p) - t->l->pe.preferred_base : UINT64_MAX;

    if (target < t->l->pe.size_of_image)
        take_address(t, (uint32_t)target);
}

static void
taken_by_code(struct taken *t, const struct pe_function *f)
{
    const uint8_t *code = pe_at(&t->l->pe, f->begin, f->code_end - f->begin);
    ZydisDecodedOperand op[ZYDIS_MAX_OPERAND_COUNT];
    ZydisDecodedInstruction in;
    ZydisDecoder decoder;

    ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
    for (uint32_t at = f->begin; code && at < f->code_end; at += in.length) {
        if (!ZYAN_SUCCESS(ZydisDecoderDecodeFull(&decoder, code + (at - f->begin), f->code_end - at, &in, op)))
            return;
        if (in.mnemonic == ZYDIS_MNEMONIC_LEA && op[1].mem.base == ZYDIS_REGISTER_RIP)
            take_address(t, at + in.length + (uint32_t)op[1].mem.disp.value);
    }
}

void
image_entry_points(const struct image *im, void (*fn)(uint32_t rva, void *arg), void *arg)
{
    struct loaded *l = loaded_of(im);
    struct taken t = { l, calloc(l->function_count + 1, 1), fn, arg };
    struct image_error err;

    if (t.seen == NULL)
        return;
    take_address(&t, l->pe.entry);
    pe_relocate(&l->pe, taken_by_data, &t, &err);
    for (unsigned i = 0; i < l->function_count; i++)
        taken_by_code(&t, &l->function[i]);
    free(t.seen);
}

/* ------------------------------------------------------------------ the import */

#define FN(m, n, size, access) { #m, #n, (void *)cover_mark, DDI_FUNCTION, 0, DDI_ANY, TOUCH_NONE, DDI_FREE, 0 },
static const struct ddi_export exports[] = {
#include "image/cover.def"
};
#undef FN

void
cover_register(void)
{
    ddi_register(exports, sizeof(exports) / sizeof(exports[0]));
}
