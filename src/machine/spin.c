/* SPDX-License-Identifier: MIT */
/*
 * machine/spin.c - loops that call nobody.
 *
 * Model: such a loop passes no scheduling point, so nobody else could ever run. A tick of CPU time sees that a run
 * gets nowhere; the listener (src/explore) plants a point on the loop's back edge and begins the search again. From
 * then on going round is a point like any other: the first time an ordinary one, from the second time in a row on
 * everybody else goes first.
 *
 * With nobody else able to run, going round is counted and compared. Registers and all of machine memory equal to
 * those of an earlier round, though time went on: it will go round for ever, a livelock. A loop that changes
 * something each time (it counts its tries) has ROUNDS_MAX to end.
 * When a tick comes decides only which run is cut short to plant, never what a run does.
 */
#include "machine/internal.h"

#include "base/hash.h"

#define QUIET_TICKS 3u       /* ticks without a step before a run is taken to go round a loop */
#define SAME_FIRST  4u       /* equal registers so often in a row: remember the memory, let time pass */
#define SAME_LAST   8u       /* and so often: compare */
#define ROUNDS_MAX  1000000u /* in a row, by a loop that changes something */
#define TICK_100NS  156250u

struct spin {
    uint64_t registers, memory; /* hashes */
    uint32_t same;              /* rounds in a row with equal registers */
    uint32_t rounds;            /* in a row */
    uint32_t solid;             /* of the fiber, when it was last here */
};

static struct spin *spins; /* by fiber, monitor memory */
static void (*listener)(struct fiber *, const struct trap *);
static uint64_t seen_progress;
static uint32_t seen_ticks;

uint64_t spin_hook(struct crossing *c, uint64_t unused, uint64_t *regs);

void
spin_init(void)
{
    spins = mon_alloc(sizeof(*spins) * (FIBER_MAX + 1));
}

void
machine_on_spin(void (*fn)(struct fiber *, const struct trap *))
{
    listener = fn;
}

void (*spin_listener(void))(struct fiber *, const struct trap *)
{
    return listener;
}

bool
spin_sample(void)
{
    uint64_t progress;

    if (!sched_current || !listener) {
        seen_ticks = 0;
        return false;
    }
    progress = hash64_add(sched_progress(), sched_result->rounds);
    if (progress != seen_progress)
        seen_ticks = 0;
    seen_progress = progress;
    return ++seen_ticks > QUIET_TICKS;
}

/* All registers of the driver: non-volatile ones in the record, the rest where thunk and crossing.S pushed them. */
static uint64_t
hash_registers(const struct crossing *c)
{
    uint64_t h = hash64_bytes(c->index, &c->guest_rsp, sizeof(*c) - offsetof(struct crossing, guest_rsp) - 32);

    return hash64_bytes(h, (const void *)c->guest_rsp, CROSSING_L1_FRAME);
}

static uint64_t
hash_memory(void)
{
    struct machine_range r[200];
    unsigned n = machine_ranges(r, 200);
    uint64_t h = 0;

    for (unsigned i = 0; i < n; i++)
        h = hash64_bytes(h ^ r[i].base, r[i].bytes, r[i].size);
    return h;
}

/* Nobody else can run. Ends the run when going round leads nowhere. */
static void
round_alone(struct spin *s, const struct crossing *c)
{
    uint64_t registers = hash_registers(c);

    sched_result->rounds++;
    s->same = registers == s->registers ? s->same + 1 : 0;
    s->registers = registers;
    if (s->same == SAME_FIRST) {
        s->memory = hash_memory();
        sched_clock(machine->now_100ns + TICK_100NS); /* it may wait for the clock that is read without a call */
    } else if (s->same == SAME_LAST) {
        if (hash_memory() == s->memory)
            run_end(RUN_LIVELOCK, "goes round a loop: the same state again, and nobody else can run");
        s->same = 0;
    }
    if (s->rounds > ROUNDS_MAX)
        run_end(RUN_LIVELOCK, "goes round a loop a million times, and nobody else can run");
}

/* A planted back edge is about to be taken, or not. */
uint64_t
spin_hook(struct crossing *c, uint64_t unused, uint64_t *regs)
{
    struct fiber *f = sched_current;
    struct spin *s = &spins[f->id];

    (void)unused;
    (void)regs;
    f->in_driver = false;
    if (s->solid != f->solid)
        *s = (struct spin){ 0 };
    s->rounds++;
    sched_clock(machine->now_100ns + 1);
    if (s->rounds == 1)
        sched_point(OP_SPIN, 0);
    else if (sched_alone())
        round_alone(s, c);
    else
        sched_give_way();
    s->solid = f->solid;
    f->in_driver = true;
    return 0;
}
