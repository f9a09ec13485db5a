/* SPDX-License-Identifier: MIT */
/*
 * crt/guard.c - what a driver with control flow guard needs of a run time library: `undis cc --guard` compiles it in.
 *
 * Model (documented: "PE Format", load configuration): the two pointers that indirect calls go through, which let
 * everything pass until a loader sets them, and the load configuration that tells the loader of them and of the
 * functions whose address is taken. The linker makes the __guard symbols.
 */
#include <ntdef.h>

extern const char __guard_fids_table[], __guard_fids_count[], __guard_flags[];

__asm__(".section .text,\"xr\"\n"
        ".globl _guard_check_icall_nop\n"
        "_guard_check_icall_nop:\n"
        "    ret\n"
        ".globl _guard_dispatch_icall_nop\n"
        "_guard_dispatch_icall_nop:\n"
        "    jmp *%rax\n");
extern void _guard_check_icall_nop(void);
extern void _guard_dispatch_icall_nop(void);

/* The loader writes them before the image runs; then they stay. */
__attribute__((section(".00cfg"))) void (*const volatile __guard_check_icall_fptr)(void) = _guard_check_icall_nop;
__attribute__((section(".00cfg"))) void (*const volatile __guard_dispatch_icall_fptr)(void) = _guard_dispatch_icall_nop;

/* Only the fields that are used have names; the flags are followed by the code integrity's. */
struct load_config {
    ULONG Size;
    ULONG Unused1[27];
    const volatile void *GuardCFCheckFunctionPointer;
    const volatile void *GuardCFDispatchFunctionPointer;
    const void *GuardCFFunctionTable;
    const void *GuardCFFunctionCount;
    const void *GuardFlags;
    ULONG64 Unused2[6];
};

const struct load_config _load_config_used = {
    .Size = sizeof(struct load_config),
    .GuardCFCheckFunctionPointer = &__guard_check_icall_fptr,
    .GuardCFDispatchFunctionPointer = &__guard_dispatch_icall_fptr,
    .GuardCFFunctionTable = __guard_fids_table,
    .GuardCFFunctionCount = __guard_fids_count,
    .GuardFlags = __guard_flags,
};
