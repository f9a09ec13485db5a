/* SPDX-License-Identifier: MIT */
/*
 * ndis/legacy/lock.c - the miniport lock.
 *
 * Model: documented: the handlers of a serialized miniport never overlap, and run at DISPATCH_LEVEL. Nobody spins for
 * that: who finds the lock held leaves his work on a list, and the holder does it before he lets go (assumed; so a
 * call up to a protocol that leads back down, to a send, neither deadlocks nor overlaps). A deserialized miniport has
 * no lock; its work is done where it arises.
 */
#include "ndis/legacy/legacy.h"

static void
let_go(struct legacy_adapter *la)
{
    struct list_node *node;

    sched_touch((uint64_t)la);
    while ((node = list_pop_head(&la->deferred)) != NULL) {
        struct legacy_work *w = list_entry(node, struct legacy_work, node);

        w->fn(la, w->arg);
        mon_free(w, sizeof(*w));
        sched_touch((uint64_t)la);
    }
    la->held = false;
    la->block->block.LockAcquired = FALSE;
    if (la->lock_waited)
        ndis_wait_done(&la->lock_wait, NDIS_STATUS_SUCCESS);
}

void
legacy_run(struct legacy_adapter *la, void (*fn)(struct legacy_adapter *la, void *arg), void *arg)
{
    struct legacy_work *w;
    uint8_t irql;

    if (la->deserialized) {
        fn(la, arg);
        return;
    }
    sched_touch((uint64_t)la);
    if (la->held) {
        w = mon_alloc(sizeof(*w));
        w->fn = fn;
        w->arg = arg;
        list_add_tail(&la->deferred, &w->node);
        return;
    }
    la->held = true;
    la->block->block.LockAcquired = TRUE;
    irql = irql_raise(IRQL_DISPATCH);
    fn(la, arg);
    let_go(la);
    irql_lower(irql);
}

void
legacy_lock_drain(struct legacy_adapter *la)
{
    sched_touch((uint64_t)la);
    while (la->held) {
        la->lock_wait = (struct ndis_wait){ 0 };
        la->lock_waited = true;
        ndis_wait(&la->lock_wait, (uint64_t)la->block,
                  ndis_words("waits for a handler of %s to return%s", ndis_layer_driver_name(&la->ad->layer), ""));
        la->lock_waited = false;
    }
}
