/* SPDX-License-Identifier: MIT */
/* machine/internal.h - what the files of src/machine share. */
#ifndef MACHINE_INTERNAL_H
#define MACHINE_INTERNAL_H

#include "machine/machine.h"
#include "machine/strategy.h"

/* snapshot.c: a range of memory and what was in it. Zeroed: nothing. */
struct kept {
    uint64_t at, size;
    uint8_t *bytes;
    uint64_t room;
    const struct guard *guard; /* which of its pages need not be put back; NULL: all do */
};

/* Keep [at, at+size). 0 or -ENOMEM. */
int kept_save(struct kept *k, uint64_t at, uint64_t size);
/* Put it back, and clear what was added behind it up to end. */
void kept_restore(const struct kept *k, uint64_t end);

/* What hb.c keeps: the order of events so far. */
struct hb_kept {
    struct hb_state state;
    uint64_t clock, arrived[FIBER_MAX + 1];
    struct hb_met {
        uint64_t last;
        uint32_t object;
    } *met;
    uint32_t count, room;
};

/* The whole state of a machine. Lanes, and what they know of blocks, by lane; stacks by fiber. */
struct copy {
    uint32_t fiber_count;
    bool own_blocks[FIBER_MAX], own_stacks[FIBER_MAX + 1]; /* false: as in the snapshot */
    struct kept heap[FIBER_MAX], blocks[FIBER_MAX];
    struct kept guest[FIBER_MAX + 1], host[FIBER_MAX + 1];
    struct kept monitor[FIBER_MAX + 1]; /* of the lane of that fiber */
    struct kept fibers, monitor_own, image, user;
    struct hb_kept hb;
};

/*
 * Keep the machine in c, as it stands while asker is parked in the engine; or put it back. base is the snapshot; c may
 * be base itself, and is when nobody runs. 0 or -ENOMEM.
 */
int copy_save(struct copy *c, const struct copy *base, const struct fiber *asker);
void copy_restore(const struct copy *c, const struct copy *base);
/* Signal context: is it in a page that nobody has written to since the snapshot? It can be written to now. */
bool snapshot_touch(uint64_t address);
/* The run stands at that mark again. Returns the fiber that asked for it; what the run had come to is in *out. */
struct fiber *mark_restore(unsigned mark, struct run_result *out);
/* asker, parked in the engine, is what the run goes on with. 0 or -ENOMEM. */
int mark_save(unsigned mark, struct fiber *asker);

/* arena.c */
extern int arena_hot_fd;
int arena_save(struct copy *c);
void arena_restore(const struct copy *c);

/* Whose memory new memory is: the running fiber's; 0 where that one only happens to run, and without one. */
static inline unsigned
machine_allocator(void)
{
    return sched_current && !machine->in_timer && !machine->in_quiet ? sched_current->id : 0;
}

/* heap.c */
void heap_init(void);
int heap_save(struct copy *c, const struct copy *base);
void heap_restore(const struct copy *c, const struct copy *base);
struct hash128 heap_digest(struct hash128 hash); /* adds all lanes to it, but for what lies in freed blocks */
unsigned heap_ranges(struct machine_range *out, unsigned max);

/* fiber.c */
void fiber_free(struct fiber *f); /* live: the slot of a fiber that ended can be used again */
void fiber_init(void);
int fiber_save(struct copy *c, const struct copy *base, const struct fiber *asker);
void fiber_restore(const struct copy *c, const struct copy *base);
unsigned fiber_ranges(struct machine_range *out, unsigned max);
/* Signal context: is it in a page of a guest stack that no run touched so far? It can be touched now. */
bool fiber_touch_stack(uint64_t address);
void fiber_switch(uint64_t *save_rsp, uint64_t load_rsp);
void fiber_go(struct fiber *to); /* from a fiber or the engine to a fiber */
_Noreturn void fiber_to_engine(void);
void fiber_park_to_engine(void); /* the same for a blocked fiber: returns when a later run wakes and chooses it */

static inline struct vp_local *
vp_local(void)
{
    struct vp_local *l;

    __asm__ volatile("movq %%gs:%c1, %0" : "=r"(l) : "i"(LAYOUT_KPCR_OURS + offsetof(struct vp_local, self)));
    return l;
}

static inline void
sched_set_current(struct fiber *f)
{
    __asm__ volatile("movq %0, %%gs:%c1" : : "r"(f), "i"(LAYOUT_KPCR_OURS) : "memory");
}

/* sched.c */
void sched_init(void);
void sched_enter_fiber(struct fiber *f); /* bookkeeping after a switch */

/* Somebody who waits, and not for work to do; NULL. services: a driver's own threads count, too. */
struct fiber *sched_waiting(bool services);
void sched_reconsider(void); /* the running fiber goes on only if it still may */
/* A run begins: who goes first, placed. Nobody can run: who `otherwise` says. NULL: nobody at all. */
struct fiber *sched_begin(struct strategy *strategy, struct fiber *(*otherwise)(void));
void sched_go_on(void); /* a run begins at a mark */

uint64_t sched_progress(void); /* changes with each run and with each solid point */
void sched_stuck(void);        /* signal-safe: end this run at its next point */

/* run.c */
extern struct strategy *sched_strategy;
extern struct run_result *sched_result;
/* Nobody can run: the run ends, unless the runner has more to do (false). true: a later run goes on here. */
bool run_over(void);

/* vp.c */
void vp_init(void);
void sched_dpc_drain(struct vp *vp);

/* clock.c */
void clock_init(void);
void clock_expire(void);                            /* the earliest timer; there is one */
void sched_clock(uint64_t now_100ns);               /* it is that late now, unless it is later already */
struct mtimer *sched_timer_due(uint64_t now_100ns); /* the earliest, if it is due: no longer armed. NULL */
uint64_t sched_timer_next(void);                    /* UINT64_MAX: none */

/* hb.c */
void hb_begin_run(void);
int hb_save(struct hb_kept *k);
void hb_restore(const struct hb_kept *k); /* another run begins, and has got that far */
void hb_arrive(struct fiber *f, enum op_kind op, uint64_t object, uint64_t ip);
void hb_touch(struct fiber *f, uint64_t object);
void hb_freed(struct fiber *f, uint64_t address, uint64_t size); /* by f, NULL: by the clock; who used it did before */
bool hb_private(struct fiber *f, uint64_t object);
void hb_time(uint64_t due_100ns);            /* time passed; what its timer touches is the clock's */
void hb_clock_touch(uint64_t object);
uint64_t hb_clock(void);                     /* hash of the clock's history */
void hb_after_clock(struct fiber *f);        /* f goes on because a timer expired */
void hb_value(struct fiber *f, uint64_t v);  /* f saw v, which no object that it touches determines */
void hb_after_all(struct fiber *f); /* f goes on after everything that happened */
void hb_join(struct fiber *woken, struct fiber *waker);
void hb_choice(struct fiber *f, enum choice_kind kind, uint64_t key, unsigned value); /* an answer that is not 0 */
void hb_device(uint64_t generation); /* a device did something of its own */

/* irq.c */
bool irq_can_enter(const struct vp *vp); /* an interrupt waits there that is above the VP's IRQL */
bool mdevice_poll(void); /* see irq.h */
struct mdevice *mdevice_at(uint64_t address); /* whose registers are there; NULL. Signal-safe, once there is a device */
uint64_t mdevice_generation(void); /* how often devices have changed what drivers can read */

/* guest.c */
_Noreturn void guest_stack_overflow(struct fiber *f);

/* trap.c */
void trap_init(void);
void trap_begin_run(void);
bool trap_in_driver(void *context); /* signal context: driver code was interrupted */
void trap_tick(void *context); /* signal context, live: take interrupted driver code off its VP, if that may be */
bool trap_context(struct trap *t, void *context); /* registers of a signal context; true if in driver code */

/* spin.c */
void spin_init(void);
bool spin_sample(void); /* signal context, once per tick of CPU time: does this run go round a loop? */
void (*spin_listener(void))(struct fiber *f, const struct trap *t);

/* plain.c */
void plain_wrote(struct fiber *f, uint64_t address, unsigned size, uint64_t ip); /* or is about to */
void plain_locked(struct fiber *f, uint64_t address, uint32_t site);             /* a locked instruction runs now */

/* race.c; all but race_begin_run only where race_active */
extern bool race_active;
void race_begin_run(void);
void race_touch(struct fiber *f, uint64_t object);
void race_join(struct fiber *to, struct fiber *from);
void race_waited(struct fiber *f, uint64_t object); /* for object, which let it go on */
void race_call(struct fiber *f);                    /* a driver's call of ours begins to act */
void race_callback(struct fiber *f);                /* a routine of a driver is about to be called */
void race_vp(struct fiber *f, bool enter);          /* to DISPATCH_LEVEL on its VP, or back below */
void race_access(struct fiber *f, uint64_t address, unsigned size, unsigned access, uint64_t ip);

/* kpcr.c */
void kpcr_init(void);
void kpcr_attach(uint32_t number);     /* this thread is VP `number`, VP_MAX: none, from now on */
void kpcr_load(const struct fiber *f); /* KPCR contents for the running fiber */
void kpcr_irql(unsigned irql);
void kpcr_time(void);                  /* the clock that drivers read without a call says what it is now */

#define MACHINE_ASSERT(x) ((x) ? (void)0 : machine_assert_failed(#x, __FILE__, __LINE__))
_Noreturn void machine_assert_failed(const char *what, const char *file, int line);

#endif
