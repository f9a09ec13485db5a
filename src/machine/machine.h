/* SPDX-License-Identifier: MIT */
/*
 * machine/machine.h - one simulated computer: VPs, fibers, IRQL, time, choices, memory.
 *
 * Model. Everything that runs (kernel threads, user programs, DPCs, work items,
 * interrupts) is a fiber. A fiber has two stacks: the guest stack (24 KB, in the
 * machine arena) holds driver frames only, the host stack (in the monitor arena)
 * holds ours; ddi_enter and guest_call move between them. So driver memory holds
 * no address, frame or spill of host code and is equal in every build of undis.
 *
 * One fiber runs at a time (explore side). sched_point() is the only place where
 * another one may be chosen; sched_block() where one must.
 *
 * State: what drivers see lives in the heap lanes (heap.h part below), what the
 * checkers remember in the monitor arena (mon_alloc); both are put back by
 * machine_restore(). A mutable static outside them is a bug unless it is a
 * counter or a cache that no run can observe.
 *
 * Host code running in a fiber may be abandoned at any call that enters a driver
 * or blocks (bugcheck, cut, SEH unwind): hold nothing there that needs releasing.
 */
#ifndef MACHINE_MACHINE_H
#define MACHINE_MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/args.h"
#include "base/asan.h"
#include "base/list.h"
#include "machine/ddi.h"
#include "machine/layout.h"

#define VP_MAX    4u
#define FIBER_MAX 62u /* under exploration: one bit each, and a heap lane */
#define FIBER_SLOTS 250u /* in a live machine */
/* Timers in a row that may expire while an actor could run; a periodic one would starve it for ever. */
#define SCHED_OVERTAKE_MAX 2u

#define IRQL_PASSIVE  0u
#define IRQL_APC      1u
#define IRQL_DISPATCH 2u
#define IRQL_DEVICE   5u
#define IRQL_HIGH     15u

/* ------------------------------------------------------------------ fibers */

enum fiber_kind {
    FIBER_SYSTEM, /* system thread: DriverEntry, PnP, work items, PsCreateSystemThread */
    FIBER_USER,   /* a thread of a user-mode program inside a system call */
    FIBER_DPC,    /* one per VP, drains its DPC queue */
    FIBER_ISR,    /* one per VP, runs interrupts */
};

enum fiber_state { FIBER_FREE, FIBER_READY, FIBER_BLOCKED, FIBER_DONE };

enum block_kind {
    BLOCK_NONE,
    BLOCK_WAIT,     /* KeWaitFor...: object is the dispatcher object */
    BLOCK_SPIN,     /* spin lock held by another: object is the lock */
    BLOCK_IDLE,     /* a worker or DPC fiber with nothing to do: never a deadlock */
    BLOCK_INTERNAL, /* NDIS or PnP waits for something: object says for what */
};

struct xmm {
    uint64_t lo, hi;
};

/*
 * One edge driver -> host, on the host stack, linked from fiber->crossing. crossing.S knows these offsets.
 * For a DDI call: the driver's registers at the stub, i.e. [guest_rsp] is the return address, home space above it.
 */
struct crossing {
    struct crossing *prev;                           /* 0x00 */
    uint64_t guest_rsp;                              /* 0x08 */
    uint64_t rbx, rbp, rsi, rdi, r12, r13, r14, r15; /* 0x10 .. 0x48: non-volatiles of the driver */
    struct xmm xmm[10];                              /* 0x50: xmm6..xmm15 */
    uint64_t index;           /* 0xf0: export index; CROSSING_L1 | site for a patched instruction */
    struct guest_call *outer; /* 0xf8: the guest_call this driver segment runs in */
    uint8_t irql_at_entry;    /* 0x100 */
    uint8_t pad[15];
}; /* 0x110 */

/*
 * A patched instruction has index CROSSING_L1 | site. [guest_rsp] is then no return address: the driver's rsp is
 * guest_rsp + CROSSING_L1_FRAME and its rip is that of the site.
 */
#define CROSSING_L1       (1ull << 32)
#define CROSSING_L1_FRAME 0xb0u

/* One edge host -> driver, on the host stack, linked from fiber->outer. */
struct guest_call {
    struct guest_call *prev;
    struct crossing *inner; /* crossing that was current when the host called (NULL: outermost) */
    uint64_t host_sp;       /* host stack position to come back to */
    uint64_t guest_rsp;     /* guest rsp at the callee's entry: [guest_rsp] is the gate address */
    uint64_t function;      /* driver function called */
    uint32_t site;          /* export/symbol index: who calls, as a stack trace shows it */
    uint8_t irql;
};

struct fiber {
    /* crossing.S knows the first fields */
    uint64_t host_sp;          /* 0x00: saved host rsp while not running, or while in driver code */
    uint64_t guest_sp;         /* 0x08: lowest guest stack address in use while host code runs */
    struct crossing *crossing; /* 0x10: innermost driver -> host edge, NULL in outermost host code */
    struct guest_call *outer;  /* 0x18: innermost host -> driver edge, NULL if no driver frame exists */

    uint32_t id; /* slot; 1.. ; equals its heap lane */
    uint8_t kind, state, irql, vp;
    bool in_driver; /* true while driver code executes */
    bool placed;    /* it is the current thread of VP vp */
    bool daemon;    /* may stay blocked for ever without that being a hang */
    uint8_t affinity; /* VPs a thread may run on, a bit each; 0: any */
    bool service;   /* a driver's own thread: it may wait until its driver ends it, and time does not pass for it */
    bool locked;    /* it holds the machine lock (live) */
    bool awaited;   /* machine_run() waits for its end (live) */
    bool yielded;   /* gave way at its last point: others go first */
    uint8_t block_kind;
    uint32_t points; /* its own count of scheduling points: key of choices */
    uint32_t allocs; /* its own count of allocations */
    uint32_t children;
    uint64_t block_object;
    struct fiber *block_owner; /* who holds it, if anyone */
    const char *block_why;     /* words */
    uint64_t hb;               /* hash of its own history (explore); which of all fibers it is (live) */
    uint64_t next_object;      /* object of the point it stands at */
    uint64_t next_op;
    uint64_t stack_base;  /* guest stack: highest address + 1 */
    uint64_t stack_limit; /* lowest usable address */
    uint64_t hstack_base, hstack_limit;
    void (*entry)(void *);
    void *entry_arg;
    void *thread;          /* nt: KTHREAD/ETHREAD in the arena */
    void *process;         /* nt: EPROCESS-like object */
    uint64_t user_rip;     /* FIBER_USER: the pseudo user address below the system call */
    uint32_t syscall_site; /* FIBER_USER: symbol index of the system call being served, else 0 */
    uint32_t frame_count;
    struct guest_frame {
        uint64_t rsp;
        uint32_t site;
    } frame[16]; /* guest_push_frame, innermost last */
    char name[40];
    struct list_node link; /* for nt's wait lists */
    struct list_node run;  /* a VP's queue (live) */
    uint64_t nt[8];        /* scratch of nt/ke for waits */
    uint32_t solid;        /* its points that are neither plain accesses nor rounds of a loop */
    void *tsan;            /* what ThreadSanitizer knows it by (live) */
};

struct vp {
    uint32_t number;
    uint8_t irql;
    struct fiber *current; /* thread placed here (may be parked at PASSIVE), NULL when idle */
    struct fiber *dpc_fiber;
    struct fiber *isr_fiber;
    uint32_t dpc_pending; /* set by nt/ke: DPCs wait on this VP */
};

/* Fields are written only by src/machine unless said otherwise. Lives at the start of the monitor arena. */
struct machine {
    uint32_t vp_count;
    uint64_t now_100ns;   /* virtual time since boot */
    uint64_t step;        /* scheduling steps of this run */
    uint32_t fiber_count; /* slots handed out */
    uint64_t ready;       /* bit per fiber whose state is FIBER_READY */
    struct vp vp[VP_MAX];
    struct fiber fiber[FIBER_SLOTS + 1];
    uint64_t boot_time_100ns; /* system time at boot, 1601 epoch: fixed */
    void *nt, *ndis, *pnp, *verify,
        *runner;          /* each folder's own root, set in its init, in the monitor or machine arena */
    struct list timers;   /* struct mtimer, by due time */
    bool in_timer;        /* one fires: the running fiber did not ask for it */
    bool in_quiet;        /* the runner goes on because all are done: after all that happened, not after one fiber */
    bool off;             /* the power was switched off: what was under way ends nowhere */
    bool ending;          /* nobody has anything more to do; drivers' own threads may still end */
    bool setup;           /* before the snapshot: no choices, no exploring */
    uint32_t preemptions; /* of this run */
    uint32_t faults;      /* answers to CHOICE_FAULT of this run that were not 0 */
    void *irq;            /* interrupts and devices (irq.c); NULL: there are none */
    void *plain;          /* plain accesses (plain.c); NULL: there was none */
};

extern struct machine *const machine; /* at LAYOUT_MONITOR_BASE */

/* What a VP's OS thread knows of itself; at gs:LAYOUT_KPCR_OURS. crossing.S knows `current`. */
struct vp_local {
    struct fiber *current; /* the running fiber; NULL while the engine runs */
    uint64_t engine_sp;    /* where the engine's stack was left */
    struct vp_local *self;
    uint32_t number; /* of the VP; VP_MAX for a thread that is none */
    /* A live machine's: */
    uint32_t attention; /* not 0: let the VP's loop run at the next return from a DDI; anybody sets it */
    uint32_t returns;   /* of DDIs */
    uint32_t spins;
    uint32_t interrupt; /* IRQL of the interrupt that waits for this VP; 0: none. Written under the machine lock */
    struct asan_stack engine; /* where the engine's stack lies */
};

/*
 * The running fiber; NULL while the engine runs. Read from gs each time, as a fiber of a live machine may go on in
 * another thread whenever it blocks; so it is no thread-local variable, whose address compilers keep.
 */
static inline struct fiber *
fiber_self(void)
{
    struct fiber *f;

    __asm__ volatile("movq %%gs:%c1, %0" : "=r"(f) : "i"(LAYOUT_KPCR_OURS));
    return f;
}
#define sched_current (fiber_self())

static inline struct vp *
vp_self(void)
{
    return &machine->vp[sched_current->vp];
}
static inline unsigned
irql_get(void)
{
    return sched_current->irql;
}

/*
 * fiber_create - a new fiber, READY, that runs entry(arg) on its host stack.
 * name is copied. daemon: it may be blocked at the end of a run. Returns NULL when all slots are used.
 */
struct fiber *fiber_create(const char *name, enum fiber_kind kind, void (*entry)(void *), void *arg, bool daemon);

/* nt says how live_call() (live.h) makes a fiber with a thread object; daemon. NULL: all slots are used. */
void machine_on_call(struct fiber *(*fn)(const char *name, enum fiber_kind kind, void (*entry)(void *), void *arg));

/* End the running fiber. Does not return. Its slot is not reused within a run; a live machine does. */
_Noreturn void fiber_exit(void);

/* ------------------------------------------------------------------ scheduling */

enum op_kind {
    OP_DDI,      /* object: what the export touches */
    OP_AFTER,    /* after a release */
    OP_LOCKED,   /* L1: a LOCK instruction on object */
    OP_CR8,      /* L1: IRQL change by instruction */
    OP_INTERNAL, /* host code touches object */
    OP_START,    /* the fiber's first point */
    OP_DPC,      /* before a DPC routine */
    OP_ACTOR,    /* before an operation of an actor */
    OP_YIELD,
    OP_PLAIN, /* L2: a plain access to object, or its second half */
    OP_SPIN, /* L2: round a loop that calls nobody */
    OP_BLOCK,  /* no points, but a fiber may stand there: it waits, */
    OP_OUSTED, /* its VP went to somebody else when it lowered its IRQL or changed its affinity, */
    OP_ENDED,  /* it ended */
};

#define OBJECT_WORLD   1ull /* depends on everything declared WORLD */
#define OBJECT_DEVICES 2ull /* what devices do of their own (irq.h) */

/*
 * sched_point - another fiber may be chosen here, before the running one touches object; then the
 * touch is recorded. object 0 touches nothing. Any IRQL. May not return if the run is cut.
 */
void sched_point(enum op_kind op, uint64_t object);

/* Record that the running fiber touched object, without a point (a second object of one call). */
void sched_touch(uint64_t object);

/* Record what the running fiber saw of what is no object: the time, the number of its VP. */
void sched_saw(uint64_t value);

/*
 * sched_block - the running fiber cannot go on until sched_wake(). owner may be NULL; why is shown in
 * hang reports ("waits for FilterPause of npf to complete"). Returns when woken and chosen.
 */
void sched_block(enum block_kind kind, uint64_t object, struct fiber *owner, const char *why);
void sched_wake(struct fiber *f); /* blocked -> READY; the waker goes on */
bool sched_alone(void);           /* nobody else can run and no timer is armed */
void sched_give_way(void);        /* spin, stall, sleep(0): everybody else goes first, free of charge */

/* IRQL of the running fiber; lowering below DISPATCH lets pending DPCs of this VP run first. */
uint8_t irql_raise(unsigned irql); /* returns the old one; lowering through it is the caller's bug: check before */
void irql_lower(unsigned irql);

/* nt/ke sets how a VP's queue is drained: called on the VP's DPC fiber at DISPATCH, returns when the queue is empty. */
void vp_set_dpc_drain(void (*drain)(struct vp *vp));
void vp_dpc_request(struct vp *vp); /* a DPC was queued on vp */

/*
 * Timers of the machine. fire is called on the VP's DPC fiber context rules: it runs at DISPATCH as if from
 * the clock interrupt, must not block and usually queues a DPC or wakes waiters. The struct lives inside the
 * arena object that owns it.
 */
struct mtimer {
    struct list_node link;
    uint64_t due_100ns;
    uint64_t set_hb; /* hash of the history of who set it */
    void (*fire)(struct mtimer *t);
    uint8_t vp;
    bool armed;
};
void mtimer_set(struct mtimer *t, uint64_t due_100ns, void (*fire)(struct mtimer *));
bool mtimer_cancel(struct mtimer *t); /* true if it was armed */

/* The machine's clock, 100 ns since boot: virtual under exploration, real in a live machine. */
uint64_t machine_now(void);

/*
 * The machine lock of a live machine (live.h). Host code that an export runs holds it already unless the export is
 * FREE; then it brackets with these what the lock guards. Nests: machine_unlock() takes what machine_lock() returned.
 * Dropped and taken again around guest_call() and sched_block(). Under exploration both do nothing.
 */
bool machine_lock(void);
void machine_unlock(bool was);

/*
 * sched_spin - somebody on another VP holds what the caller spins for: pause the processor, the machine lock dropped.
 * Only a live machine spins; under exploration such a fiber blocks.
 */
void sched_spin(void);

/*
 * Do instructions whose only harm is nondeterminism (lock, pause, rdtsc) run as they are, and are the ledgers off that
 * say who holds which lock and where each NBL is? True in a live machine.
 */
extern bool machine_live; /* live.c; for this function and src/machine */
static inline bool
machine_is_native(void)
{
    return __builtin_expect(machine_live, 0);
}

/* Numbers of fibers go from 1 to this. */
static inline uint32_t
fiber_limit(void)
{
    return machine_is_native() ? FIBER_SLOTS : FIBER_MAX;
}

/* A live machine: use up that much real time on this VP, the machine lock dropped, and true. Else false. */
bool machine_stall(uint32_t us);

/* What KUSER_SHARED_DATA says of the release. Before the snapshot. */
void kpcr_version(uint32_t major, uint32_t minor, uint32_t build);
/* A driver can read that page from now on; can one, in any run of the process? */
void kpcr_shared_used(void);
bool kpcr_shared_read(void);

/*
 * The running thread runs on these VPs only, a bit each; 0: on any. It is on one of them when this returns, or as soon
 * as it is below DISPATCH_LEVEL. Nothing for DPCs and interrupts.
 */
void sched_affinity(uint8_t vps);

/* ------------------------------------------------------------------ choices */

enum choice_kind { CHOICE_SCHED, CHOICE_FAULT, CHOICE_EVENT, CHOICE_VALUE, CHOICE_KINDS };

/* One nondeterministic decision in 0..n-1; 0 is the dullest answer. key separates choices of one kind. */
unsigned choose(enum choice_kind kind, unsigned n, uint64_t key);

/* ------------------------------------------------------------------ memory */

/*
 * heap_alloc - memory of the machine. The address is a function of (running fiber, its n-th allocation, sizes
 * before it); 16-byte aligned, page-aligned from one page on; filled with 0xBAADF00D poison. tag: as a pool tag.
 * Never reused within a run. NULL only when a lane is full. heap_free poisons with a non-canonical pattern.
 */
void *heap_alloc(size_t size_bytes, uint32_t tag);
void *heap_alloc_aligned(size_t size_bytes, size_t align, uint32_t tag);

enum heap_free_result { HEAP_FREED, HEAP_BAD_POINTER, HEAP_DOUBLE_FREE, HEAP_OVERRUN, HEAP_UNDERRUN };
enum heap_free_result heap_free(void *p);
/* A freed block becomes memory again, fresh and at its old address: for allocators that hand out what came back. */
void heap_reuse(void *p);

struct heap_block {
    uint64_t address;
    uint64_t size;
    uint32_t tag;
    uint32_t fiber;
    uint64_t site;      /* driver address that allocated, 0: host */
    uint64_t free_site; /* driver address that freed */
    uint32_t free_fiber;
    uint32_t use; /* nt/ndis: what kind of object (enum in nt.h), 0 plain */
    bool freed;
    char what[24]; /* words: "NBL pool", "filter module npf" */
};

/* The block that contains address (freed ones too); NULL if none. Good until the next restore. */
struct heap_block *heap_find(uint64_t address);
void heap_label(void *p, const char *what); /* names a block for reports */

/* First live block whose guard bytes were overwritten; NULL: all well. Walks everything. */
struct heap_block *heap_check(void);

/* Walk live blocks in allocation order. */
void heap_each(void (*fn)(struct heap_block *b, void *arg), void *arg);

#define HEAP_POISON_FREE  0xDEADF4EEDEADF4EEull /* non-canonical: a dereference faults */
#define HEAP_POISON_FRESH 0xBAADF00DBAADF00Dull

/*
 * Monitor memory: zeroed, reset with the machine, invisible to drivers and dumps. Addresses depend on the same as those
 * of heap_alloc. What mon_free is given (up to 1 KB, as allocated) becomes new memory again; until then only its first
 * word changes.
 */
void *mon_alloc(size_t size_bytes);
/*
 * The same for what whoever comes first makes for all. Who that is, is no event, so it must not move what that fiber
 * allocates later; and its address depends on the schedule, so nobody may touch it as an object or show it to drivers.
 */
void *mon_alloc_shared(size_t size_bytes);
void mon_free(void *p, size_t size_bytes);
uint64_t mon_used(void); /* bytes that all but runs have taken for it */

/* User window: memory of actors' programs. */
void *user_alloc(size_t size_bytes);

/* true if [p, p+len) is readable machine memory (user window, images, hot, stacks, KPCR). Never faults. */
bool machine_readable(uint64_t p, size_t len);
bool machine_writable(uint64_t p, size_t len);

/* image sets it: is [p, p+len) inside a loaded image's mapped pages? */
extern bool (*machine_image_readable)(uint64_t p, size_t len);

/*
 * Image loading (before the snapshot): make the populated, page-aligned range [va, va+size) hot. Its bytes move into
 * the hot file and the same pages appear at va, writable. 0 or -errno.
 */
int machine_image_data(uint64_t va, uint64_t size);

/* ------------------------------------------------------------------ calling drivers */

/*
 * guest_call - run a driver function on the guest stack. site: export or symbol index naming the caller in
 * stack traces (ddi_lookup at init). args: nargs 8-byte values. Pointers handed to a driver must point into
 * the machine's memory: heap_alloc or guest_alloc, never a host local. Emits CALLBACK_ENTER/LEAVE.
 */
uint64_t guest_call(uint32_t site, uint64_t function, unsigned nargs, const uint64_t *args);

/*
 * guest_note_calls - from now on set a bit of bits for each function that guest_call() runs: the bit of its address,
 * counted from LAYOUT_IMAGE_BASE, as far as there are bytes. NULL: no more. bits may be shared with other processes.
 */
void guest_note_calls(uint8_t *bits, uint64_t bytes);
/* GUEST_CALL(site, fn, a, b ...): arguments are integers or pointers, up to 12. */
#define GUEST_CALL(site, fn, ...)                                                         \
    guest_call((site), (uint64_t)(fn), sizeof((uint64_t[]){ U64_ARGS(__VA_ARGS__) }) / 8, \
               (const uint64_t[]){ U64_ARGS(__VA_ARGS__) })

/*
 * guest_alloc - zeroed scratch on the guest stack, 16-byte aligned, gone when the DDI or actor step that called
 * it returns; outermost code brackets with guest_mark/guest_release.
 */
void *guest_alloc(size_t size_bytes);
uint64_t guest_mark(void);
void guest_release(uint64_t mark);

/*
 * guest_push_frame - a frame of our own that stack traces show, e.g. nt!NtWriteFile under a driver's write
 * handler: puts the gate address of symbol `site` and four home values on the guest stack. Pop in reverse order;
 * leaving the DDI or ending the fiber drops the rest.
 */
void guest_push_frame(uint32_t site, uint64_t a0, uint64_t a1, uint64_t a2, uint64_t a3);
void guest_pop_frame(void);

/* Driver address that made the innermost DDI call (its return address); 0 outside. */
static inline uint64_t
guest_caller(void)
{
    const struct fiber *f = sched_current;

    if (!f || !f->crossing || f->in_driver || (f->outer && f->outer->inner == f->crossing) ||
        (f->crossing->index & CROSSING_L1))
        return 0;
    return *(const uint64_t *)f->crossing->guest_rsp;
}

/* ------------------------------------------------------------------ ending a run */

/* Stop the machine. Never returns. Parameters as KeBugCheckEx. */
_Noreturn void machine_bugcheck(uint32_t code, uint64_t p1, uint64_t p2, uint64_t p3, uint64_t p4);
/* The driver called what undis lacks: exit 4, naming it. */
_Noreturn void machine_unsupported(uint32_t index, const char *what);

/* A live machine: the running fiber will never get on, as text tells; a finding as a hang is. Never returns. */
_Noreturn void machine_hang(const char *text);

/* Hook run inside machine_bugcheck before the run ends (verify/crash gather facts). */
void machine_on_bugcheck(void (*fn)(uint32_t code, const uint64_t p[4]));

/*
 * A fault or exception in driver code or in host code called by it. Full context of the driver (or of the
 * innermost driver -> host edge when our own code faulted; then rip is the export's slot + LAYOUT_SLOT_FAULT).
 */
struct trap {
    uint64_t gpr[16]; /* rax rcx rdx rbx rsp rbp rsi rdi r8..r15: CONTEXT order */
    uint64_t rip, rflags;
    struct xmm xmm[16];
    uint32_t mxcsr;
    uint32_t vector;     /* x86 trap number: 0 #DE 3 #BP 6 #UD 13 #GP 14 #PF ... */
    uint64_t error_code; /* as the processor gives it: #PF bit 1 write, bit 4 execute */
    uint64_t address;    /* faulting data address; 0xffffffffffffffff for a non-canonical one */
    bool in_host;        /* our own DDI code faulted */
    uint64_t host_rip;   /* then: where, for ourselves only */
};

/* The status of `int 29h`: no handler sees it, the machine stops with 0x139. */
#define TRAP_FAST_FAIL 0xC0000409u

/*
 * Where a bugcheck finds the records of the exception: the CONTEXT at the fiber's guest_sp, the EXCEPTION_RECORD so
 * many bytes behind it.
 */
#define TRAP_RECORD_BEHIND 0x4d0u

/* image/seh.c registers how an exception in driver code is dispatched; it may resume elsewhere (does not return)
 * or return: nobody handled it, and the machine bugchecks. */
void machine_on_exception(void (*fn)(struct trap *t, uint32_t ntstatus));

/*
 * Signal context: image sets it (image_fixup_trap). A fault in driver text that is no fault of the driver: a patched
 * site without room for a jump, KUSER_SHARED_DATA. true: *t was edited and execution goes on there.
 */
extern bool (*machine_fixup_trap)(struct trap *t);
/* image sets it: is the instruction at rip pageable? Asked where a call that raised the IRQL goes back to. */
extern bool (*machine_paged)(uint64_t rip);
/* image sets it: a function of a pageable section is entered at that patched site, at DISPATCH_LEVEL or above. */
extern void (*machine_paged_entered)(uint32_t site);
/*
 * image sets it: what the instruction at t->rip, which may not write to t->address, would have stored there, in at most
 * 16 bytes; *t becomes as it is after the instruction, or after one element of a repeated one. 0: it cannot be told.
 */
extern unsigned (*machine_store)(struct trap *t, uint8_t bytes[16]);
/* image sets it: is the instruction at rip (driver text) a privileged one? */
extern bool (*machine_privileged)(uint64_t rip);

/* Enter driver code with exactly these registers, dropping host frames above `upto` guest_call (SEH target). */
_Noreturn void guest_resume(const struct trap *t, struct guest_call *upto);

/* The trap that led to the bugcheck of this run; NULL if it came from KeBugCheckEx or a check. */
const struct trap *machine_last_trap(void);

#endif
