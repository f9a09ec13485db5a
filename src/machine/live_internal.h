/* SPDX-License-Identifier: MIT */
/* machine/live_internal.h - what the files of a live machine share. */
#ifndef MACHINE_LIVE_INTERNAL_H
#define MACHINE_LIVE_INTERNAL_H

#include <signal.h>

#include "base/figure.h"
#include "machine/internal.h"
#include "machine/live.h"

#define LIVE_TICK_NS 10000000u
#define LIVE_CALLS   256u
#define LIVE_SIG_INTERRUPT SIGURG

/* Which of a VP's pollers want a round: none, those that are due, all. */
enum live_poll { POLL_NONE, POLL_DUE, POLL_ALL };

/* Written under the machine lock by its own VP unless said otherwise. */
struct live_vp {
    int tid, epoll, kick, tick;
    bool asleep; /* in epoll, or about to be; a waker kicks it */
    enum live_poll poll;
    struct list queue; /* struct fiber.run: can run, first to last; anybody under the lock */
    struct live_poller *pollers;
    struct live_vp_stats stats;
    struct fiber *over;  /* interrupted, and about to go back to the loop */
    uint8_t over_irql;   /* while the ISR fiber runs: what it came over */
    struct trap stopped; /* where it was when the machine stopped, if it was in driver code */
    bool was_in_driver;
    uint32_t is_stopped; /* futex */
    void *tsan;          /* its loop, as ThreadSanitizer knows it */
} __attribute__((aligned(64)));

struct live {
    uint32_t lock;   /* futex: 0 free, 1 held, 2 held and somebody sleeps */
    uint32_t slept;  /* grows when one that slept for the lock has got it; under the lock */
    uint32_t change; /* futex of the runner: grows when a fiber ended, live_stop() or the machine stopped */
    bool started;
    bool stop_asked, poked;
    uint32_t ender;   /* 1 + VP that ends the machine */
    uint32_t stopped; /* the machine ended by itself, or live_fini(): VPs park */
    struct run_result result;
    uint64_t boot_ns; /* host clock at now = 0 */
    struct {
        char name[24];
        uint8_t kind;
        void (*fn)(void *);
        void *arg;
    } call[LIVE_CALLS]; /* a ring */
    uint32_t call_first, call_count;
    uint32_t turn; /* VP that takes the next call */
    uint64_t born; /* fibers made */
    struct live_vp vp[VP_MAX];
};

extern struct live live;

void live_lock(void); /* the lock itself; fibers use machine_lock() */
void live_unlock(void);

void live_kick_any(void);
void live_kick(struct live_vp *v); /* out of its sleep, or to look at its queues soon */
void live_loop(void *vp);          /* a VP's thread */
void live_dpc_main(void *vp);
void live_thread_ready(struct live_vp *v, uint32_t number);
_Noreturn void live_park_thread(void); /* this thread never runs again */
void live_changed(void);               /* wakes the runner; signal-safe */
void live_poller_unlink(struct live_vp *v, struct live_poller *p);

static inline struct vp_local *
live_vp_local(uint32_t number)
{
    return (struct vp_local *)(LAYOUT_KPCR + (uint64_t)number * LAYOUT_KPCR_STRIDE + LAYOUT_KPCR_OURS);
}

/* Let that VP's loop run at the next return from a DDI. Any thread. */
static inline void
live_want(uint32_t number)
{
    __atomic_store_n(&live_vp_local(number)->attention, 1, __ATOMIC_RELAXED);
}

/* Back ends of machine.h in a live machine. */
void live_block(enum block_kind kind, uint64_t object, struct fiber *owner, const char *why);
void live_wake(struct fiber *f);
void live_created(struct fiber *f);
void live_give_way(void);
void live_irql_lowered(void);
void live_dpc_requested(struct vp *vp);
_Noreturn void live_fiber_exit(void);
void live_claim_end(void); /* returns to the first who ends the machine only */
_Noreturn void live_end(void);
void live_attend(void);                /* at a DDI's return: attention was asked for */
void live_preempt(void);               /* on the host stack of a fiber taken out of driver code */
void live_run(struct run_result *out); /* machine_run() */
uint64_t live_now(void);

void live_park(void); /* the running fiber, to its VP's loop; under the lock */

/* live_irq.c */
/* The highest interrupt that waits for that VP has this IRQL now; 0: none does. Under the lock. */
void live_interrupt(uint32_t number, unsigned irql);
void live_let_in(struct fiber *f);

/* Does one wait that may come over f, which runs here? Signal-safe. */
static inline bool
live_may_interrupt(const struct fiber *f)
{
    return __builtin_expect(__atomic_load_n(&vp_local()->interrupt, __ATOMIC_RELAXED) > f->irql, 0) &&
           f->kind != FIBER_ISR;
}

/* Let in what may come over f, the running fiber; returns when it was served. With the lock or without. */
static inline void
live_interrupts(struct fiber *f)
{
    if (live_may_interrupt(f))
        live_let_in(f);
}

/* On the ISR fiber: the IRQL that it came over; and back to there. */
unsigned live_interrupted(uint32_t number);
void live_isr_done(void);
/* Drivers can only read these pages of the heap from now on. Returns where they can be written. Under the lock. */
void *live_device_pages(void *memory, uint32_t bytes);
/* A driver's store to a device's registers faulted: does what it would have done. false: undis cannot tell what. */
bool live_store(struct trap *t);

/* live_heap.c */
void *live_heap_alloc(size_t size, size_t align, uint32_t tag);
struct heap_block *live_heap_find(uint64_t address);
enum heap_free_result live_heap_free(void *p);
void live_heap_each(void (*fn)(struct heap_block *, void *), void *arg);
struct heap_block *live_heap_check(void);
unsigned live_heap_ranges(struct machine_range *out, unsigned max);
void live_heap_init(void);

#endif
