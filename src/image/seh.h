/* SPDX-License-Identifier: MIT */
/* image/seh.h - what seh.c and the functions drivers call for it (rtl.c) share, and those functions. */
#ifndef IMAGE_SEH_H
#define IMAGE_SEH_H

#include "ddk/wdm/seh.h"
#include "image/image.h"

void seh_context_from(CONTEXT *to, const struct cpu_context *cx);
void seh_context_to(const CONTEXT *from, struct cpu_context *cx);

/* Go on in driver code with these registers; segment: the call of host code it runs under. */
_Noreturn void seh_resume(struct fiber *f, const struct cpu_context *cx, struct guest_call *segment);

/*
 * Unwind from the caller of the running DDI to the frame whose establisher is target_frame, and go on there at
 * target_ip with value in rax. record may be NULL.
 */
_Noreturn void seh_unwind(uint64_t target_frame, uint64_t target_ip, EXCEPTION_RECORD *record, uint64_t value);

VOID NTAPI RtlRaiseStatus(NTSTATUS Status);
VOID NTAPI _local_unwind(PVOID TargetFrame, PVOID TargetIp);

#endif
