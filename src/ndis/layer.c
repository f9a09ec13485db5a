/* SPDX-License-Identifier: MIT */
/*
 * ndis/layer.c - what adapters, filter modules and bindings have in common: birth, death, pause and restart.
 *
 * Model: an operation that a handler may pend is one struct ndis_wait and one bit. The bit is set before the handler
 * runs, because its completion may come before it returns; a completion without the bit, or a second one, is what
 * NDIS stops the machine for (documented: bug check 0x7C, 0x1F).
 */
#include "ndis/driver.h"

/* Second parameter of 0x7C/0x1F: documented as existing, the numbers are assumed. */
#define TRANSITION_PAUSE_COMPLETE   1u
#define TRANSITION_RESTART_COMPLETE 2u
#define BUGCODE_NDIS                0x7cu
#define ILLEGAL_STATE_TRANSITION    0x1fu

void
ndis_misuse(struct ndis_layer *layer, enum ndis_state_misuse what, uint64_t value)
{
    trace_emit(EV_STATE_MISUSE, layer, what, layer->kind, (uint64_t)layer, value);
}

static struct ndis_ledger *
ledger_get(void)
{
    struct list_node *node = list_pop_head(&ndis_root()->ledger_free);
    struct ndis_ledger *ledger;

    if (node == NULL)
        return mon_alloc(sizeof(*ledger));
    ledger = list_entry(node, struct ndis_ledger, free);
    /* Whoever left the binding last may still look whether it was closing. What has to be 0 to come here is. */
    __atomic_store_n(&ledger->closing, false, __ATOMIC_RELAXED);
    ledger->freed = false;
    ledger->held_sends = ledger->own_receives = ledger->oids = 0;
    return ledger;
}

/* Checkers look at a ledger after its layer is gone; a live machine has none, and makes layers for days. */
static void
ledger_put(struct ndis_ledger *ledger)
{
    ledger->freed = true;
    if (machine_is_native() && ledger->own_sends + ledger->held_receives + ledger->calls == 0)
        list_add_tail(&ndis_root()->ledger_free, &ledger->free);
}

void *
ndis_layer_create(enum ndis_layer_kind kind, size_t size, struct ndis_driver *driver, struct ndis_nic *nic,
                  struct ndis_link *link, const char *what)
{
    static const uint32_t signature[] = { NDIS_SIG_ADAPTER, NDIS_SIG_FILTER, NDIS_SIG_BINDING };
    struct ndis_layer *layer = ndis_object_alloc(signature[kind], size, what);

    if (layer == NULL)
        return NULL;
    layer->kind = (uint8_t)kind;
    layer->state = NDIS_STATE_DOWN;
    layer->link = link;
    layer->ledger = ledger_get();
    layer->ledger->handle = (uint64_t)layer;
    layer->ledger->kind = (uint8_t)kind;
    layer->ledger->driver = driver->record;
    layer->ledger->nic = nic;
    return layer;
}

void
ndis_layer_destroy(struct ndis_layer *layer)
{
    ndis_layer_check_out(layer, NDIS_MISUSE_STOP_WITH_SENDS);
    if (layer->ledger->oids != 0)
        ndis_misuse(layer, NDIS_MISUSE_STOP_WITH_OIDS, layer->ledger->oids);
    ledger_put(layer->ledger);
    if (layer->link != NULL)
        layer->link->layer = NULL;
    sched_touch((uint64_t)layer);
    ndis_free(layer);
}

void
ndis_layer_check_out(struct ndis_layer *layer, enum ndis_state_misuse first)
{
    const struct ndis_ledger *ledger = layer->ledger;
    uint32_t sends = ledger->own_sends + ledger->held_sends;
    uint32_t receives = ledger->own_receives;

    /*
     * What lies below still indicates when a filter or a protocol becomes paused, so an indication may be passing
     * through it just now; that is no receive it keeps. When it stops, all below is paused.
     */
    if (first == NDIS_MISUSE_STOP_WITH_SENDS)
        receives += ledger->held_receives;

    if (sends != 0)
        ndis_misuse(layer, first, sends);
    if (receives != 0)
        ndis_misuse(layer, first + 1, receives);
}

NDIS_STATUS
ndis_layer_invoke(struct ndis_layer *layer, enum ndis_pending pending, uint32_t site, ndis_fn handler, uint64_t arg0,
                  uint64_t arg1, const char *what)
{
    NDIS_STATUS status;
    bool was_done;

    layer->wait = (struct ndis_wait){ 0 };
    layer->pending |= (uint8_t)pending;
    status = (NDIS_STATUS)NDIS_CALL(site, handler, arg0, arg1);
    was_done = layer->wait.done;
    if (status == NDIS_STATUS_PENDING) {
        if (!was_done)
            ndis_wait(&layer->wait, (uint64_t)layer,
                      ndis_words("waits for %s to complete %s", ndis_layer_driver_name(layer), what));
        status = layer->wait.status;
    } else {
        if (was_done) /* completed, and then not said to be pending: one of the two is a lie */
            ndis_misuse(layer, NDIS_MISUSE_COMPLETE_UNEXPECTED, layer->state);
        if (pending == NDIS_PENDING_PAUSE && status != NDIS_STATUS_SUCCESS) {
            ndis_misuse(layer, NDIS_MISUSE_PAUSE_RETURNED, (uint32_t)status);
            status = NDIS_STATUS_SUCCESS;
        }
        if (pending == NDIS_PENDING_PAUSE)
            trace_emit(EV_PAUSE_COMPLETE, layer, layer->kind, 0);
        else if (pending == NDIS_PENDING_RESTART)
            trace_emit(EV_RESTART_COMPLETE, layer, layer->kind, 0, (uint32_t)status);
    }
    layer->pending &= (uint8_t)~pending;
    return status;
}

void
ndis_layer_complete(struct ndis_layer *layer, enum ndis_pending pending, NDIS_STATUS status)
{
    bool expected;

    sched_touch(layer->ledger->handle); /* through the pointer first: a stale handle faults */
    expected = (layer->pending & pending) && !layer->wait.done;
    if (pending == NDIS_PENDING_PAUSE)
        trace_emit(EV_PAUSE_COMPLETE, layer, layer->kind, expected);
    else if (pending == NDIS_PENDING_RESTART)
        trace_emit(EV_RESTART_COMPLETE, layer, layer->kind, expected, (uint32_t)status);
    if (!expected) {
        ndis_misuse(layer, NDIS_MISUSE_COMPLETE_UNEXPECTED, layer->state);
        machine_bugcheck(BUGCODE_NDIS, ILLEGAL_STATE_TRANSITION,
                         pending == NDIS_PENDING_PAUSE ? TRANSITION_PAUSE_COMPLETE : TRANSITION_RESTART_COMPLETE,
                         (uint64_t)layer, 0);
    }
    ndis_wait_done(&layer->wait, status);
}
