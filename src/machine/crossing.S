/* SPDX-License-Identifier: MIT */
/*
 * machine/crossing.S - the edges between driver code and ours.
 *
 *   ddi_enter      a driver called an export slot: guest stack -> host stack, ddi_dispatch(), back
 *   guest_enter    host calls a driver function: host stack -> guest stack
 *   guest_return   the driver returned to a gate: guest stack -> host stack
 *   l1_enter ...   a patched instruction: as ddi_enter, but every register and the flags survive
 *   trap_entry     a signal handler sent us here, on the fiber's host stack
 *   guest_load     load a full driver context (SEH target)
 *   fiber_switch   host stack -> host stack
 *
 * Offsets are those of struct vp_local, struct fiber and struct crossing in machine.h; fiber.c asserts them.
 * Volatile registers are zeroed on the way back into a driver, so no host value leaks into driver state.
 */
#define CURRENT    0x3000 /* gs: struct vp_local */
#define F_HOST_SP  0x00
#define F_GUEST_SP 0x08
#define F_CROSSING 0x10
#define F_OUTER    0x18
#define C_PREV     0x00
#define C_RSP      0x08
#define C_RBX      0x10
#define C_RBP      0x18
#define C_RSI      0x20
#define C_RDI      0x28
#define C_R12      0x30
#define C_R13      0x38
#define C_R14      0x40
#define C_R15      0x48
#define C_XMM      0x50
#define C_INDEX    0xf0
#define C_OUTER    0xf8
#define C_SIZE     0x110
#define G_HOST_SP  0x10

        .intel_syntax noprefix
        .text

.macro save_crossing                    /* r10 = fiber, rax = index; r11 becomes the record */
        mov     r11, [r10 + F_HOST_SP]
        sub     r11, C_SIZE
        mov     [r11 + C_RSP], rsp
        mov     [r11 + C_RBX], rbx
        mov     [r11 + C_RBP], rbp
        mov     [r11 + C_RSI], rsi
        mov     [r11 + C_RDI], rdi
        mov     [r11 + C_R12], r12
        mov     [r11 + C_R13], r13
        mov     [r11 + C_R14], r14
        mov     [r11 + C_R15], r15
        movaps  [r11 + C_XMM + 0x00], xmm6
        movaps  [r11 + C_XMM + 0x10], xmm7
        movaps  [r11 + C_XMM + 0x20], xmm8
        movaps  [r11 + C_XMM + 0x30], xmm9
        movaps  [r11 + C_XMM + 0x40], xmm10
        movaps  [r11 + C_XMM + 0x50], xmm11
        movaps  [r11 + C_XMM + 0x60], xmm12
        movaps  [r11 + C_XMM + 0x70], xmm13
        movaps  [r11 + C_XMM + 0x80], xmm14
        movaps  [r11 + C_XMM + 0x90], xmm15
        mov     [r11 + C_INDEX], rax
        mov     rax, [r10 + F_OUTER]
        mov     [r11 + C_OUTER], rax
        mov     rax, [r10 + F_CROSSING]
        mov     [r11 + C_PREV], rax
        mov     [r10 + F_CROSSING], r11
        mov     [r10 + F_GUEST_SP], rsp
.endm

.macro drop_crossing                    /* rsp = record on entry; r11 = record, r10 = fiber after */
        mov     r10, gs:[CURRENT]
        mov     r11, rsp
        mov     rcx, [r11 + C_PREV]
        mov     [r10 + F_CROSSING], rcx
        lea     rcx, [r11 + C_SIZE]
        mov     [r10 + F_HOST_SP], rcx
        mov     rbx, [r11 + C_RBX]      /* cpuid may have changed it */
        mov     rsi, [r11 + C_RSI]
        mov     rdi, [r11 + C_RDI]
        movaps  xmm6, [r11 + C_XMM + 0x00]
        movaps  xmm7, [r11 + C_XMM + 0x10]
        movaps  xmm8, [r11 + C_XMM + 0x20]
        movaps  xmm9, [r11 + C_XMM + 0x30]
        movaps  xmm10, [r11 + C_XMM + 0x40]
        movaps  xmm11, [r11 + C_XMM + 0x50]
        movaps  xmm12, [r11 + C_XMM + 0x60]
        movaps  xmm13, [r11 + C_XMM + 0x70]
        movaps  xmm14, [r11 + C_XMM + 0x80]
        movaps  xmm15, [r11 + C_XMM + 0x90]
.endm

/* eax = export index; Windows x64 call state. */
        .globl  ddi_enter
        .type   ddi_enter, @function
ddi_enter:
        mov     [rsp + 0x08], rcx
        mov     [rsp + 0x10], rdx
        mov     [rsp + 0x18], r8
        mov     [rsp + 0x20], r9
        mov     r10, gs:[CURRENT]
        mov     eax, eax
        save_crossing
        mov     rsp, r11
        mov     rdi, r11
        call    ddi_dispatch
        drop_crossing
        mov     rsp, [r11 + C_RSP]
        xor     ecx, ecx
        xor     edx, edx
        xor     r8d, r8d
        xor     r9d, r9d
        xor     r10d, r10d
        xor     r11d, r11d
        pxor    xmm0, xmm0
        pxor    xmm1, xmm1
        pxor    xmm2, xmm2
        pxor    xmm3, xmm3
        pxor    xmm4, xmm4
        pxor    xmm5, xmm5
        ret
        .size   ddi_enter, . - ddi_enter

/*
 * guest_enter(rdi = function, rsi = guest rsp at entry): [rsi] holds the gate, home area and arguments above.
 * Returns rax of the driver through guest_return.
 */
        .globl  guest_enter
        .type   guest_enter, @function
guest_enter:
        push    rbx
        push    rbp
        push    r12
        push    r13
        push    r14
        push    r15
        sub     rsp, 8                  /* entry rsp = 8 mod 16; six pushes and 8 make it 0 mod 16 */
        mov     r10, gs:[CURRENT]
        mov     [r10 + F_HOST_SP], rsp
        mov     r11, [r10 + F_OUTER]
        mov     [r11 + G_HOST_SP], rsp  /* guest_resume comes back to it */
        mov     rax, rdi
        mov     rsp, rsi
        mov     rcx, [rsp + 0x08]
        mov     rdx, [rsp + 0x10]
        mov     r8, [rsp + 0x18]
        mov     r9, [rsp + 0x20]
        xor     ebx, ebx
        xor     ebp, ebp
        xor     esi, esi
        xor     edi, edi
        xor     r10d, r10d
        xor     r11d, r11d
        xor     r12d, r12d
        xor     r13d, r13d
        xor     r14d, r14d
        xor     r15d, r15d
        pxor    xmm0, xmm0
        pxor    xmm1, xmm1
        pxor    xmm2, xmm2
        pxor    xmm3, xmm3
        pxor    xmm4, xmm4
        pxor    xmm5, xmm5
        pxor    xmm6, xmm6
        pxor    xmm7, xmm7
        pxor    xmm8, xmm8
        pxor    xmm9, xmm9
        pxor    xmm10, xmm10
        pxor    xmm11, xmm11
        pxor    xmm12, xmm12
        pxor    xmm13, xmm13
        pxor    xmm14, xmm14
        pxor    xmm15, xmm15
        jmp     rax
        .size   guest_enter, . - guest_enter

        .globl  guest_return
        .type   guest_return, @function
guest_return:
        mov     r10, gs:[CURRENT]
        mov     rsp, [r10 + F_HOST_SP]
        add     rsp, 8
        pop     r15
        pop     r14
        pop     r13
        pop     r12
        pop     rbp
        pop     rbx
        ret
        .size   guest_return, . - guest_return

/*
 * Patched instructions. On entry (called from a thunk): [rsp] = return into the thunk, [rsp+8] = r10,
 * [rsp+16] = r11, both saved by the thunk; r10 = operand (address or value), r11d = site.
 * Saves the flags and every register that C may change, calls <hook>(record, operand, regs) and puts all back.
 * regs points at rax rcx rdx r8 r9: a hook may change them (rdtsc, cpuid).
 */
.macro patched name, hook
        .globl  \name
        .type   \name, @function
\name:
        pushfq
        push    r9
        push    r8
        push    rdx
        push    rcx
        push    rax
        sub     rsp, 0x68
        movups  [rsp + 0x00], xmm0
        movups  [rsp + 0x10], xmm1
        movups  [rsp + 0x20], xmm2
        movups  [rsp + 0x30], xmm3
        movups  [rsp + 0x40], xmm4
        movups  [rsp + 0x50], xmm5
        mov     r9, r10
        mov     eax, r11d
        bts     rax, 32
        mov     r10, gs:[CURRENT]
        save_crossing
        lea     rdx, [rsp + 0x68]
        mov     rsp, r11
        mov     rdi, r11
        mov     rsi, r9
        cld
        call    \hook
        drop_crossing
        mov     rsp, [r11 + C_RSP]
        movups  xmm0, [rsp + 0x00]
        movups  xmm1, [rsp + 0x10]
        movups  xmm2, [rsp + 0x20]
        movups  xmm3, [rsp + 0x30]
        movups  xmm4, [rsp + 0x40]
        movups  xmm5, [rsp + 0x50]
        add     rsp, 0x68
        pop     rax
        pop     rcx
        pop     rdx
        pop     r8
        pop     r9
        popfq
        ret
        .size   \name, . - \name
.endm

        patched l1_enter, l1_hook
        patched cr8_enter, cr8_hook
        patched rdtsc_enter, rdtsc_hook
        patched cpuid_enter, cpuid_hook
        patched xgetbv_enter, xgetbv_hook
        patched pause_enter, pause_hook
        patched spin_enter, spin_hook
        patched plain_enter, plain_hook
        patched watch_enter, watch_hook
        patched paged_enter, paged_hook
        patched processor_enter, processor_hook

/* Reached by a signal return; rsp is a host stack position, 16-byte aligned. Never returns. */
        .globl  trap_entry
        .type   trap_entry, @function
trap_entry:
        cld
        call    trap_run
        ud2
        .size   trap_entry, . - trap_entry

/* guest_load(rdi = struct trap): load rax..r15, xmm0-15, rflags, rip, rsp. [rsp-16] of the target is scratch. */
        .globl  guest_load
        .type   guest_load, @function
guest_load:
        movups  xmm0, [rdi + 0x90 + 0x00]
        movups  xmm1, [rdi + 0x90 + 0x10]
        movups  xmm2, [rdi + 0x90 + 0x20]
        movups  xmm3, [rdi + 0x90 + 0x30]
        movups  xmm4, [rdi + 0x90 + 0x40]
        movups  xmm5, [rdi + 0x90 + 0x50]
        movups  xmm6, [rdi + 0x90 + 0x60]
        movups  xmm7, [rdi + 0x90 + 0x70]
        movups  xmm8, [rdi + 0x90 + 0x80]
        movups  xmm9, [rdi + 0x90 + 0x90]
        movups  xmm10, [rdi + 0x90 + 0xa0]
        movups  xmm11, [rdi + 0x90 + 0xb0]
        movups  xmm12, [rdi + 0x90 + 0xc0]
        movups  xmm13, [rdi + 0x90 + 0xd0]
        movups  xmm14, [rdi + 0x90 + 0xe0]
        movups  xmm15, [rdi + 0x90 + 0xf0]
        mov     rsp, [rdi + 0x20]       /* CONTEXT order: rax rcx rdx rbx rsp rbp rsi rdi r8.. */
        sub     rsp, 24
        mov     rax, [rdi + 0x80]
        mov     [rsp + 16], rax         /* rip */
        mov     rax, [rdi + 0x38]
        mov     [rsp + 8], rax          /* rdi */
        mov     rax, [rdi + 0x88]
        mov     [rsp], rax              /* rflags */
        mov     rax, [rdi + 0x00]
        mov     rcx, [rdi + 0x08]
        mov     rdx, [rdi + 0x10]
        mov     rbx, [rdi + 0x18]
        mov     rbp, [rdi + 0x28]
        mov     rsi, [rdi + 0x30]
        mov     r8, [rdi + 0x40]
        mov     r9, [rdi + 0x48]
        mov     r10, [rdi + 0x50]
        mov     r11, [rdi + 0x58]
        mov     r12, [rdi + 0x60]
        mov     r13, [rdi + 0x68]
        mov     r14, [rdi + 0x70]
        mov     r15, [rdi + 0x78]
        popfq
        pop     rdi
        ret
        .size   guest_load, . - guest_load

/* fiber_switch(rdi = where to save rsp, rsi = rsp to load) */
        .globl  fiber_switch
        .type   fiber_switch, @function
fiber_switch:
        push    rbx
        push    rbp
        push    r12
        push    r13
        push    r14
        push    r15
        mov     [rdi], rsp
        mov     rsp, rsi
        pop     r15
        pop     r14
        pop     r13
        pop     r12
        pop     rbp
        pop     rbx
        pop     rcx
        jmp     rcx
        .size   fiber_switch, . - fiber_switch

        .section .note.GNU-stack,"",@progbits
