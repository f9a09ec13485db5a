/* SPDX-License-Identifier: MIT */
/*
 * crash/disasm.h - instructions and registers in the layout of a Windows debugger.
 */
#ifndef CRASH_DISASM_H
#define CRASH_DISASM_H

#include "crash/finding.h"
#include "crash/text.h"

/* "fffff807`12345678 488b4108        mov     rax,qword ptr [rcx+8]" and what the operand refers to, if t is given. */
void disasm_line(struct text *out, const struct finding_input *in, uint64_t address, const struct trap *t);

/* The register block of a trap, then the symbol line and the instruction at its rip. */
void registers_block(struct text *out, const struct finding_input *in, const struct trap *t);

/* Where the call that returns to `ret` goes. false: the bytes before ret are no direct or import call. */
bool disasm_call_target(const struct finding_input *in, uint64_t ret, uint64_t *target);

/* "npf!NPF_Write+0x24" of a frame, or "npf+0x1042", or the address; 0x as the caller wants. */
void frame_symbol(const struct finding_frame *f, const char *prefix, char *out, size_t room);

/* 8 digits, back-tick, 8 digits. */
#define TICK_FMT "%08x`%08x"
#define TICK(v)  (unsigned)((uint64_t)(v) >> 32), (unsigned)((uint64_t)(v)&0xffffffffu)

#endif
