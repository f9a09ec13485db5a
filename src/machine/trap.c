/* SPDX-License-Identifier: MIT */
/*
 * machine/trap.c - faults and patched instructions.
 *
 * Model: the first touch of a page of a guest stack goes on at once (fiber.c), and so does the first write to a page
 * that the snapshot holds (snapshot.c).
 * Else a signal handler runs on the OS thread's alternate stack, classifies,
 * copies the registers to one static record, points rip at trap_entry and rsp at
 * the fiber's host stack, and returns. The work (exception dispatch, bugcheck)
 * runs from there, where switching fibers and calling drivers is legal.
 * A fault while no fiber runs, or in host code outside any DDI, is our own.
 */
#include "machine/internal.h"

#include <signal.h>
#include <string.h>
#include <ucontext.h>

#include "base/tsan.h"
#include "host/host.h"
#include "machine/live_internal.h"
#include "machine/user.h"
#include "trace/event.h"

void trap_entry(void);
void trap_run(void);
_Noreturn void guest_load(const struct trap *t);

static struct trap pending[VP_MAX + 1]; /* per OS thread: VP, or none */
static struct trap last;
static bool have_last;
static void (*on_exception)(struct trap *, uint32_t);
bool (*machine_fixup_trap)(struct trap *t);
void (*machine_on_user_exception)(const struct trap *t, uint32_t ntstatus);

/* Vectors beyond the processor's. */
#define TRAP_SYSCALL 0x100u
#define TRAP_STUCK   0x101u
#define TRAP_TICK    0x102u
#define TRAP_DEVICE  0x103u /* live: a store to a device's registers */

#define STATUS_ACCESS_VIOLATION       0xC0000005u
#define STATUS_ILLEGAL_INSTRUCTION    0xC000001Du
#define STATUS_INTEGER_DIVIDE_BY_ZERO 0xC0000094u
#define STATUS_BREAKPOINT             0x80000003u
#define STATUS_PRIVILEGED_INSTRUCTION 0xC0000096u
#define STATUS_ASSERTION_FAILURE      0xC0000420u

/* What the processor's general protection fault says of an `int n` that programs may not use. */
#define SOFTWARE_INTERRUPT(n) ((n) << 3 | 2u)

static const int greg[16] = { REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
                              REG_R8,  REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15 };

/* Code of an image: a driver's, or a program's. */
static bool
in_driver_code(uint64_t rip)
{
    return program_address(rip) ||
           (rip >= LAYOUT_IMAGE_BASE && rip < LAYOUT_IMAGE_BASE + LAYOUT_IMAGE_MAX * LAYOUT_IMAGE_STRIDE);
}

TSAN_SKIP static void
load(struct trap *t, const siginfo_t *si, const ucontext_t *uc)
{
    const mcontext_t *m = &uc->uc_mcontext;

    memset(t, 0, sizeof(*t));
    for (int i = 0; i < 16; i++)
        t->gpr[i] = (uint64_t)m->gregs[greg[i]];
    t->rip = (uint64_t)m->gregs[REG_RIP];
    t->rflags = (uint64_t)m->gregs[REG_EFL];
    t->vector = (uint32_t)m->gregs[REG_TRAPNO];
    t->error_code = (uint64_t)m->gregs[REG_ERR];
    t->address = t->vector == 14 && si ? (uint64_t)si->si_addr : UINT64_MAX;
    if (m->fpregs) {
        memcpy(t->xmm, m->fpregs->_xmm, sizeof(t->xmm));
        t->mxcsr = m->fpregs->mxcsr;
    }
}

static void
store(const struct trap *t, ucontext_t *uc)
{
    mcontext_t *m = &uc->uc_mcontext;

    for (int i = 0; i < 16; i++)
        m->gregs[greg[i]] = (greg_t)t->gpr[i];
    m->gregs[REG_RIP] = (greg_t)t->rip;
    m->gregs[REG_EFL] = (greg_t)t->rflags;
}

/* 3 GHz, from virtual time plus a step so that two reads differ. */
static uint64_t
machine_tsc(void)
{
    uint64_t tsc = machine_now() * 300 + machine->step;

    sched_saw(tsc);
    return tsc;
}

/* An rdtsc or rdtscp that no patch found: the processor traps it (PR_SET_TSC). */
static bool
trapped_rdtsc(struct trap *t)
{
    const uint8_t *p = (const uint8_t *)t->rip;
    bool p_form = t->vector == 13 && p[0] == 0x0f && p[1] == 0x01 && p[2] == 0xf9;
    uint64_t tsc = machine_tsc();

    if (!p_form && !(t->vector == 13 && p[0] == 0x0f && p[1] == 0x31))
        return false;
    t->gpr[0] = (uint32_t)tsc;
    t->gpr[2] = tsc >> 32;
    if (p_form)
        t->gpr[1] = sched_current ? sched_current->vp : 0;
    t->rip += p_form ? 3 : 2;
    return true;
}

/* The handler's return goes to trap_entry with t pending. */
TSAN_SKIP static void
redirect(const struct trap *t, struct fiber *f, ucontext_t *uc)
{
    uint64_t sp;

    pending[vp_local()->number] = *t;
    if (t->in_host) {
        sp = t->gpr[4] - 512;
    } else {
        sp = f->host_sp;
        f->guest_sp = (t->gpr[4] - 0x100) & ~15ull;
    }
    uc->uc_mcontext.gregs[REG_RSP] = (greg_t)(sp & ~15ull);
    uc->uc_mcontext.gregs[REG_RIP] = (greg_t)(uint64_t)trap_entry;
    uc->uc_mcontext.gregs[REG_EFL] &= ~0x500; /* DF, TF */
}

TSAN_SKIP bool
trap_in_driver(void *context)
{
    const ucontext_t *uc = context;
    const struct fiber *f = sched_current;
    uint64_t rip = (uint64_t)uc->uc_mcontext.gregs[REG_RIP];

    return f && f->in_driver && rip >= LAYOUT_IMAGE_BASE &&
           rip < LAYOUT_IMAGE_BASE + LAYOUT_IMAGE_MAX * LAYOUT_IMAGE_STRIDE;
}

TSAN_SKIP void
trap_tick(void *context)
{
    ucontext_t *uc = context;
    struct fiber *f = sched_current;
    struct trap t;

    if (!trap_in_driver(context) || (f->irql >= IRQL_DISPATCH && !live_may_interrupt(f)))
        return;
    load(&t, NULL, uc);
    t.vector = TRAP_TICK;
    redirect(&t, f, uc);
}

bool
trap_context(struct trap *t, void *context)
{
    const struct fiber *f = sched_current;

    load(t, NULL, context);
    return f && f->in_driver;
}

TSAN_SKIP static void
on_signal(int sig, siginfo_t *si, void *context)
{
    ucontext_t *uc = context;
    struct fiber *f = sched_current;
    struct trap t;

    if (sig == SIGVTALRM && !spin_sample())
        return;
    if (sig == SIGSEGV && (fiber_touch_stack((uint64_t)si->si_addr) || snapshot_touch((uint64_t)si->si_addr)))
        return;
    load(&t, si, uc);
    if (sig == SIGVTALRM) {
        t.in_host = !in_driver_code(t.rip);
        spin_listener()(f, &t);
        return;
    }
    if (sig == SIGSYS)
        t.vector = TRAP_SYSCALL;
    if (sig == SIGUSR1) { /* the supervisor: this run does not get on */
        if (!f || !in_driver_code(t.rip)) {
            sched_stuck();
            return;
        }
        t.vector = TRAP_STUCK;
    }
#ifdef UNDIS_SANITIZE /* ASan's allocator looks at the clock, whatever it reads there */
    if (!in_driver_code(t.rip) && sig == SIGSEGV && trapped_rdtsc(&t)) {
        store(&t, uc);
        return;
    }
#endif
    if (!f)
        host_crash("a fault outside any run", t.rip, t.address);
    if (machine_live && t.vector == 14 && (t.error_code & 2) && mdevice_at(t.address) != NULL) {
        t.vector = TRAP_DEVICE;
        t.in_host = !in_driver_code(t.rip);
        redirect(&t, f, uc);
        return;
    }
    if (in_driver_code(t.rip) && sig == SIGSEGV && trapped_rdtsc(&t)) {
        store(&t, uc);
        return;
    }
    if (in_driver_code(t.rip) && machine_fixup_trap && t.vector < TRAP_SYSCALL && machine_fixup_trap(&t)) {
        store(&t, uc);
        return;
    }
    t.in_host = !in_driver_code(t.rip);
    if (t.in_host && f->in_driver) { /* a wild jump: the driver's, though rip lies elsewhere */
        t.in_host = false;
    } else if (t.in_host && !f->crossing && !f->outer && f->frame_count == 0) {
        host_crash("a fault in undis itself", t.rip, t.address);
    }
    redirect(&t, f, uc);
}

void
trap_init(void)
{
    static const int sigs[] = { SIGSEGV, SIGBUS, SIGILL, SIGTRAP, SIGFPE, SIGSYS, SIGUSR1, SIGVTALRM };

    for (size_t i = 0; i < sizeof(sigs) / sizeof(sigs[0]); i++)
        MACHINE_ASSERT(host_on_signal(sigs[i], on_signal) == 0);
}

void
machine_on_exception(void (*fn)(struct trap *, uint32_t))
{
    on_exception = fn;
}

const struct trap *
machine_last_trap(void)
{
    return have_last ? &last : NULL;
}

void
trap_begin_run(void)
{
    have_last = false;
}

static uint32_t
status_of(const struct trap *t)
{
    switch (t->vector) {
    case 0:
        return STATUS_INTEGER_DIVIDE_BY_ZERO;
    case 3:
        return STATUS_BREAKPOINT;
    case 6:
        return STATUS_ILLEGAL_INSTRUCTION;
    case 13:
        if (t->error_code == SOFTWARE_INTERRUPT(0x29)) /* documented: __fastfail */
            return TRAP_FAST_FAIL;
        if (t->error_code == SOFTWARE_INTERRUPT(0x2c)) /* documented: DbgRaiseAssertionFailure */
            return STATUS_ASSERTION_FAILURE;
        return t->error_code == 0 && !t->in_host && machine_privileged && machine_privileged(t->rip)
                   ? STATUS_PRIVILEGED_INSTRUCTION
                   : STATUS_ACCESS_VIOLATION;
    default:
        return STATUS_ACCESS_VIOLATION;
    }
}

bool (*machine_privileged)(uint64_t rip);

/* Is address inside the guard page below f's kernel stack? */
static bool
in_guard(const struct fiber *f, uint64_t address)
{
    return address < f->stack_limit && address >= f->stack_limit - 0x1000;
}

static _Noreturn void
trap_bugcheck(struct fiber *f, const struct trap *t, uint32_t status)
{
    uint64_t access = t->vector == 14 && (t->error_code & 16) ? 8 : t->vector == 14 && (t->error_code & 2) ? 1 : 0;
    bool canonical_system = t->address >= LAYOUT_SYSTEM_BASE && t->address != UINT64_MAX;
    const char *module, *name;
    uint32_t offset;

    last = *t;
    have_last = true;
    trace_emit(EV_EXCEPTION, t->address, status, t->address, t->rip, access);
    if (status == TRAP_FAST_FAIL) /* assumed: the context record stands where the page says trap frame */
        machine_bugcheck(0x139, (uint32_t)t->gpr[1], f->guest_sp, f->guest_sp + TRAP_RECORD_BEHIND, 0);
    if (status == STATUS_ACCESS_VIOLATION && f->irql >= IRQL_DISPATCH) {
        if (ddi_symbolize(t->rip, &module, &name, &offset) && strcmp(module, "nt") == 0)
            machine_bugcheck(0x0a, t->address, f->irql, access, t->rip);
        machine_bugcheck(0xd1, t->address, f->irql, access, t->rip);
    }
    if (status == STATUS_ACCESS_VIOLATION && t->vector == 14 && canonical_system)
        machine_bugcheck(0x50, t->address, access == 1 ? 2 : access == 8 ? 0x10 : 0, t->rip, 0);
    if (f->irql >= IRQL_DISPATCH)
        machine_bugcheck(0x1e, (uint64_t)(int64_t)(int32_t)status, t->rip, access, t->address);
    if (f->kind == FIBER_USER)
        machine_bugcheck(0x3b, (uint64_t)(int64_t)(int32_t)status & 0xffffffffu, t->rip, f->guest_sp, 0);
    machine_bugcheck(0x7e, (uint64_t)(int64_t)(int32_t)status, t->rip, f->guest_sp + TRAP_RECORD_BEHIND, f->guest_sp);
}

/*
 * The faulting context as a debugger would show it when our own code faulted: that of the driver at the DDI call,
 * rip inside the export.
 */
static void
blame_export(struct fiber *f, struct trap *t)
{
    const struct crossing *c = f->crossing;

    t->host_rip = t->rip;
    if (!c || (f->outer && f->outer->inner == c)) { /* no driver called us: nt, serving a program, or ndis by itself */
        uint32_t site = f->outer ? f->outer->site : f->frame_count ? f->frame[f->frame_count - 1].site : 0;

        t->rip = ddi_address(site) + LAYOUT_SLOT_FAULT;
        t->gpr[4] = f->guest_sp;
        return;
    }
    memset(t->gpr, 0, sizeof(t->gpr));
    memset(t->xmm, 0, sizeof(t->xmm));
    t->gpr[1] = ((const uint64_t *)c->guest_rsp)[1];
    t->gpr[2] = ((const uint64_t *)c->guest_rsp)[2];
    t->gpr[8] = ((const uint64_t *)c->guest_rsp)[3];
    t->gpr[9] = ((const uint64_t *)c->guest_rsp)[4];
    t->gpr[3] = c->rbx;
    t->gpr[4] = c->guest_rsp;
    t->gpr[5] = c->rbp;
    t->gpr[6] = c->rsi;
    t->gpr[7] = c->rdi;
    t->gpr[12] = c->r12;
    t->gpr[13] = c->r13;
    t->gpr[14] = c->r14;
    t->gpr[15] = c->r15;
    memcpy(&t->xmm[6], c->xmm, sizeof(c->xmm));
    t->rflags = 0x246;
    if (!(c->index & CROSSING_L1))
        t->rip = ddi_address((unsigned)c->index) + LAYOUT_SLOT_FAULT;
}

/* A call of ours faulted: if an argument points into freed memory, say so before the machine stops. */
static void
tell_stale_arguments(const struct fiber *f)
{
    const struct crossing *c = f->crossing;
    const struct ddi_export *e;

    if (!c || (f->outer && f->outer->inner == c) || (c->index & CROSSING_L1))
        return;
    e = ddi_get((unsigned)c->index);
    for (unsigned i = 0; i < e->nargs; i++) {
        uint64_t arg = ((const uint64_t *)c->guest_rsp)[1 + i];
        const struct heap_block *b = heap_find(arg);

        if (b && b->freed)
            trace_emit(EV_STALE_HANDLE, arg, (unsigned)c->index, arg, i);
    }
}

/* The same where no call of ours was made: a slot went on to the next driver by itself (ddi_hop()). */
static void
tell_stale_hop(const struct trap *t)
{
    const struct heap_block *b = heap_find(t->gpr[1]);
    const char *module, *name;
    uint32_t offset;

    if (b && b->freed && ddi_symbolize(t->rip, &module, &name, &offset))
        trace_emit(EV_STALE_HANDLE, t->gpr[1], (unsigned)ddi_lookup(module, name), t->gpr[1], 0);
}

void
trap_run(void)
{
    struct fiber *f = sched_current;
    struct trap t = pending[vp_local()->number];
    uint32_t status;

    f->in_driver = false;
    if (t.vector == TRAP_TICK) {
        live_preempt();
        f->in_driver = true;
        guest_load(&t);
    }
    if (t.vector == TRAP_DEVICE) {
        if (t.in_host || !live_store(&t))
            machine_unsupported(UINT32_MAX, "a store to a device's registers that undis cannot follow");
        live_preempt();
        f->in_driver = true;
        guest_load(&t);
    }
    machine_lock();
    if (t.vector >= TRAP_SYSCALL) {
        last = t;
        have_last = true;
        if (t.vector == TRAP_SYSCALL)
            run_end(RUN_SYSCALL, "driver code executed a system call");
        run_end(RUN_LIVELOCK, "driver code loops without calling anything");
    }
    if (t.in_host) {
        tell_stale_arguments(f);
        blame_export(f, &t);
    } else {
        tell_stale_hop(&t);
    }
    if (t.vector == 14 && in_guard(f, t.address)) {
        last = t;
        have_last = true;
        guest_stack_overflow(f);
    }
    status = status_of(&t);
    if (status == STATUS_PRIVILEGED_INSTRUCTION) { /* ring 0 may execute it; we cannot */
        last = t;
        have_last = true;
        machine_unsupported(UINT32_MAX, "a privileged instruction");
    }
    if (!t.in_host && machine_on_user_exception)
        machine_on_user_exception(&t, status);
    if (!t.in_host && on_exception)
        on_exception(&t, status);
    trap_bugcheck(f, &t, status);
}

/* ------------------------------------------------------------------ patched instructions (crossing.S) */

uint64_t l1_hook(struct crossing *c, uint64_t address, uint64_t *regs);
uint64_t cr8_hook(struct crossing *c, uint64_t value, uint64_t *regs);
uint64_t rdtsc_hook(struct crossing *c, uint64_t with_aux, uint64_t *regs);
uint64_t cpuid_hook(struct crossing *c, uint64_t unused, uint64_t *regs);
uint64_t xgetbv_hook(struct crossing *c, uint64_t unused, uint64_t *regs);
uint64_t paged_hook(struct crossing *c, uint64_t unused, uint64_t *regs);
uint64_t pause_hook(struct crossing *c, uint64_t unused, uint64_t *regs);

/* A locked instruction on address is about to run. */
uint64_t
l1_hook(struct crossing *c, uint64_t address, uint64_t *regs)
{
    struct fiber *f = sched_current;

    (void)regs;
    f->in_driver = false;
    sched_point(OP_LOCKED, address & ~7ull);
    plain_locked(f, address, (uint32_t)c->index);
    trace_emit(EV_LOCKED_OP, address, (uint32_t)c->index);
    f->in_driver = true;
    return 0;
}

/* mov cr8, value */
uint64_t
cr8_hook(struct crossing *c, uint64_t value, uint64_t *regs)
{
    struct fiber *f = sched_current;

    (void)c;
    (void)regs;
    f->in_driver = false;
    if (value > IRQL_HIGH)
        machine_bugcheck(0x0a, value, f->irql, 0, 0);
    if (value > f->irql) {
        irql_raise((unsigned)value);
    } else {
        irql_lower((unsigned)value);
        sched_point(OP_CR8, 0);
    }
    f->in_driver = true;
    return 0;
}

/* rdtsc, rdtscp */
uint64_t
rdtsc_hook(struct crossing *c, uint64_t with_aux, uint64_t *regs)
{
    uint64_t tsc = machine_tsc();

    (void)c;
    regs[0] = (uint32_t)tsc;
    regs[2] = tsc >> 32;
    if (with_aux)
        regs[1] = sched_current->vp; /* rdtscp: IA32_TSC_AUX */
    sched_touch(OBJECT_WORLD);
    return 0;
}

/* A plain x86-64-v2 processor: fixed answers, whatever the host is. rbx goes back through the record. */
uint64_t
cpuid_hook(struct crossing *c, uint64_t unused, uint64_t *regs)
{
    uint32_t leaf = (uint32_t)regs[0];

    (void)unused;
    regs[0] = regs[1] = regs[2] = 0;
    c->rbx = 0;
    if (leaf == 0) {
        regs[0] = 7;
        memcpy(&c->rbx, "undi", 4);
        memcpy(&regs[2], "sVir", 4);
        memcpy(&regs[1], "tual", 4);
    } else if (leaf == 1) {
        regs[0] = 0x000806e9;
        regs[1] = 0x00982201; /* SSE3 SSSE3 CX16 SSE4.1 SSE4.2 MOVBE POPCNT */
        regs[2] = 0x078bfbff;
    } else if (leaf == 0x80000000u) {
        regs[0] = 0x80000001u;
    } else if (leaf == 0x80000001u) {
        regs[1] = 1;
        regs[2] = 0x28100800; /* SYSCALL NX RDTSCP LM */
    }
    return 0;
}

uint64_t
xgetbv_hook(struct crossing *c, uint64_t unused, uint64_t *regs)
{
    (void)c;
    (void)unused;
    regs[0] = 3; /* x87 and SSE state */
    regs[2] = 0;
    return 0;
}

void (*machine_paged_entered)(uint32_t site);

uint64_t
paged_hook(struct crossing *c, uint64_t unused, uint64_t *regs)
{
    struct fiber *f = sched_current;

    (void)unused;
    (void)regs;
    if (f->irql < IRQL_DISPATCH)
        return 0;
    f->in_driver = false;
    machine_paged_entered((uint32_t)c->index);
    f->in_driver = true;
    return 0;
}

/* The instruction that reads it comes next, and no point lies between. */
uint64_t
processor_hook(struct crossing *c, uint64_t unused, uint64_t *regs)
{
    (void)c;
    (void)unused;
    (void)regs;
    sched_saw(sched_current->vp);
    return 0;
}

uint64_t
pause_hook(struct crossing *c, uint64_t unused, uint64_t *regs)
{
    struct fiber *f = sched_current;

    (void)c;
    (void)unused;
    (void)regs;
    f->in_driver = false;
    if (!machine_live)
        sched_clock(machine->now_100ns + 1);
    sched_give_way();
    f->in_driver = true;
    return 0;
}
