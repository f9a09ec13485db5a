/* SPDX-License-Identifier: MIT */
/*
 * image/guard.S - what control flow guard calls instead of calling, copied into the export slots.
 *
 * Contract (documented: "Control Flow Guard"; the registers observed in what compilers emit): check has the target in
 * rcx and returns; dispatch has it in rax and goes on there. Arguments and non-volatile registers stay. Two bits stand
 * for sixteen bytes of system addresses (guard.c): the lower for their first byte, the higher for the others. A bad
 * target is fast fail 10, with the target in rax. They run on the guest stack, push nothing and are no DDI calls.
 * Position-independent, at most 0x80 bytes. The constants are checked in guard.c.
 */
        .intel_syntax noprefix
        .section .rodata

.macro guard_test                       /* target in rax; r10, r11 are free. Goes to 9 when it is bad. */
        movabs  r10, 0x7e9000000000     /* LAYOUT_SYSTEM_BASE */
        mov     r11, rax
        sub     r11, r10
        mov     r10, r11
        shr     r10, 32
        jnz     9f
        shr     r11, 4
        add     r11, r11
        test    al, 15
        jz      1f
        inc     r11
1:      movabs  r10, 0x7e9480000000     /* LAYOUT_GUARD_BASE */
        bt      [r10], r11
        jnc     9f
.endm

        .globl  image_guard_check_code
        .globl  image_guard_check_end
image_guard_check_code:
        mov     rax, rcx
        guard_test
        ret
9:      mov     ecx, 10                 /* FAST_FAIL_GUARD_ICALL_CHECK_FAILURE */
        int     0x29
image_guard_check_end:

        .globl  image_guard_dispatch_code
        .globl  image_guard_dispatch_end
image_guard_dispatch_code:
        guard_test
        jmp     rax
9:      mov     ecx, 10
        int     0x29
image_guard_dispatch_end:

        .section .note.GNU-stack,"",@progbits
