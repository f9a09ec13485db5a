/* SPDX-License-Identifier: MIT */
/* image/sites.h - decoding, shared by the search for sites (sites.c), thunks (thunk.c) and traps (trap.c). */
#ifndef IMAGE_SITES_H
#define IMAGE_SITES_H

#include <Zydis/Zydis.h>

#include "image/internal.h"

#define KPCR_IRQL   0x50 /* machine/kpcr.c */
#define KPCR_THREAD 0x188

/* An instruction without its operands: all that is asked here stands in the raw fields. */
typedef ZydisDecodedInstruction insn;

void decoder_init(ZydisDecoder *d);
bool decode(const ZydisDecoder *d, const uint8_t *p, uint32_t left, insn *in);

static inline bool
insn_has_memory(const insn *in)
{
    return (in->attributes & ZYDIS_ATTRIB_HAS_MODRM) && in->raw.modrm.mod != 3;
}

static inline bool
insn_rip_relative(const insn *in)
{
    return insn_has_memory(in) && in->raw.modrm.mod == 0 && in->raw.modrm.rm == 5;
}

static inline bool
insn_relative_branch(const insn *in)
{
    return in->raw.imm[0].is_relative;
}

/* jmp through a register or memory */
static inline bool
insn_indirect_jump(const insn *in)
{
    return in->mnemonic == ZYDIS_MNEMONIC_JMP && !insn_relative_branch(in);
}

/* Does execution never go on behind it? */
static inline bool
insn_ends_flow(const insn *in)
{
    return in->mnemonic == ZYDIS_MNEMONIC_JMP || in->mnemonic == ZYDIS_MNEMONIC_RET ||
           in->mnemonic == ZYDIS_MNEMONIC_INT3 || in->mnemonic == ZYDIS_MNEMONIC_UD2;
}

/* Kind of site the instruction is; -1: none. */
int site_kind(const insn *in, const uint8_t *p);

/* thunk.c: writes the thunk of site i, whose instruction and followers lie at p. 0, -ENOMEM or -ENOSPC. */
int thunk_write(struct loaded *l, const ZydisDecoder *d, unsigned i, const uint8_t *p);
/*
 * access.c: the memory operand of the instruction at p into out->size, access, source. locked: a locked one is asked
 * for. false: it has none that others could see.
 */
bool access_of(struct loaded *l, const ZydisDecoder *d, uint32_t rva, const uint8_t *p, uint32_t left, bool locked,
               struct image_site *out);
bool image_site_access(uint32_t number, struct plain_site *out);
/* Can this instruction run somewhere else? */
bool thunk_can_move(const insn *in);

#endif
