/* SPDX-License-Identifier: MIT */
/* nt/ke/state.h - the root of ke, for the files of this folder. */
#ifndef NT_KE_STATE_H
#define NT_KE_STATE_H

#include "nt/ke/ke.h"

#define KE_LOCK_BUCKETS 256u
#define KE_SPIN_TAKERS  256u
#define KE_SPIN_MAX     200000000u /* 20 s: as long as a DPC may take (documented: the default of the DPC watchdog) */

/* Who took that spin lock last, as far as no other one with its place in the table was taken since. A live machine. */
struct ke_spin_taker {
    uint64_t lock, site, born;
    uint32_t fiber;
};

/* A DPC in a queue. The KDPC is the driver's; the order is ours. */
struct ke_dpc_node {
    struct list_node link;
    PKDPC dpc;
    uint64_t routine; /* as it was when queued */
    uint64_t serial;  /* grows with every insertion of the run */
};

struct ke_dpc_queue {
    struct list nodes;
    PKDPC running; /* NULL: none */
    uint64_t running_serial;
    uint64_t running_routine;
};

/* An armed KTIMER: the machine's timer for it. Nodes are reused. */
struct ke_timer_node {
    struct mtimer clock;
    struct list_node link;
    PKTIMER timer;
};

/* Monitor memory. */
struct ke_state {
    struct ke_lock *locks[KE_LOCK_BUCKETS];
    struct ke_lock *locks_made;
    struct ke_dpc_queue dpc[VP_MAX];
    uint64_t dpc_serial;
    struct ke_queue dpc_flush; /* who waits for DPCs to end */
    struct list timers;        /* struct ke_timer_node, armed, in the order they were set */
    struct {
        struct mtimer clock;
    } *wait; /* per fiber: timeout of its wait, end of its stall */
    uint32_t threaded_dpcs; /* threaded DPCs queued or running */
    struct ke_spin_taker taker[KE_SPIN_TAKERS]; /* any VP */
    uint64_t spin_max_100ns;                    /* a VP may spin so long; a test waits less */
};

/* What a VP's DPC queue is called where objects are touched. */
#define KE_DPC_QUEUE(vp) (LAYOUT_KPCR + 0x800 + 0x40 * (uint64_t)(vp))

/* here: the VP that a DPC without a target goes to. */
bool ke_dpc_queue_from(PKDPC dpc, void *arg1, void *arg2, unsigned here);

void ke_dpc_init(void);
void ke_timer_init(void);
void ke_stack_init(void);
void ke_processor_init(void);

#endif
