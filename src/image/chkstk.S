/* SPDX-License-Identifier: MIT */
/*
 * image/chkstk.S - __chkstk, copied into its export slot.
 *
 * Contract (documented: "__chkstk Routine"): rax = bytes the caller is about to subtract from rsp. Touches every page
 * down to there, so that the guard page is met and not jumped over; keeps every register. It runs on the guest stack
 * and is no DDI call. Position-independent, at most 0x80 bytes.
 */
        .intel_syntax noprefix
        .section .rodata
        .globl  image_chkstk_code
        .globl  image_chkstk_end
image_chkstk_code:
        push    r10
        push    r11
        lea     r11, [rsp + 24]         /* the caller's rsp */
        mov     r10, r11
        sub     r10, rax                /* where it will be */
        jae     1f
        xor     r10d, r10d              /* below zero: to the guard page it is */
1:      sub     r11, 0x1000
        cmp     r11, r10
        jb      2f
        test    byte ptr [r11], 0
        jmp     1b
2:      pop     r11
        pop     r10
        ret
image_chkstk_end:

        .section .note.GNU-stack,"",@progbits
