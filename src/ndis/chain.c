/* SPDX-License-Identifier: MIT */
/*
 * ndis/chain.c - who is next for whom.
 *
 * Model: a stack is a chain of below/above pointers, the adapter at the bottom. For every handler kind each layer
 * holds the nearest neighbour in that kind's direction that has such a handler; a filter without it is bypassed
 * (documented: "Filter Module Characteristics"). At the top the chain ends with NULL: the path functions then go to
 * the bindings. Computed when the stack or a layer's handlers change, which happens while the stack is paused: then
 * nobody sends or indicates, so the paths of a live machine read it without a lock.
 */
#include "machine/live.h"
#include "ndis/driver.h"

/* Filled in init: const while drivers run. */
static ndis_host_fn ndis_host_table[NDIS_HOST_MAX];

/* A live machine goes from driver to driver without us where nothing is to be done between them. */
void
ndis_chain_hops(void)
{
    static const struct {
        const char *name;
        enum ndis_op op;
        bool counts; /* NBLs of a binding that are on their way: what its close waits for */
    } hops[] = {
        { "NdisSendNetBufferLists", NDIS_OP_SEND, true },
        { "NdisFSendNetBufferLists", NDIS_OP_SEND, false },
        { "NdisMSendNetBufferListsComplete", NDIS_OP_SEND_COMPLETE, false },
        { "NdisFSendNetBufferListsComplete", NDIS_OP_SEND_COMPLETE, false },
        { "NdisMIndicateReceiveNetBufferLists", NDIS_OP_RECEIVE, false },
        { "NdisFIndicateReceiveNetBufferLists", NDIS_OP_RECEIVE, false },
        { "NdisFReturnNetBufferLists", NDIS_OP_RETURN, false },
    };

    static const struct live_hop_count own_sends = { offsetof(struct ndis_layer, ledger),
                                                     offsetof(struct ndis_ledger, own_sends) };

    for (unsigned i = 0; i < sizeof(hops) / sizeof(hops[0]); i++) {
        const struct ddi_hop hop = {
            .next = (uint32_t)(offsetof(struct ndis_layer, next) + hops[i].op * sizeof(struct ndis_layer *)),
            .op = (uint32_t)(offsetof(struct ndis_layer, op) + hops[i].op * sizeof(ndis_fn)),
            .context = offsetof(struct ndis_layer, context),
            .kind = offsetof(struct ndis_layer, kind),
            .state = offsetof(struct ndis_layer, state),
            .kind_is = NDIS_LAYER_FILTER,
            .state_is = NDIS_STATE_RUNNING, /* send.c answers for a miniport that does not run */
            .host_max = NDIS_HOST_MAX + NDIS_NATIVE_MAX,
        };

        if (hops[i].counts)
            live_hop_counting((unsigned)ddi_lookup("ndis", hops[i].name), &hop, &own_sends);
        else
            ddi_hop((unsigned)ddi_lookup("ndis", hops[i].name), &hop);
    }
}

static struct ndis_layer *
nearest(struct ndis_layer *at, bool down, enum ndis_op op)
{
    while (at != NULL && at->op[op] == 0)
        at = down ? at->below : at->above;
    return at;
}

static void
compute(struct ndis_layer *layer)
{
    sched_touch((uint64_t)layer);
    for (unsigned op = 0; op < NDIS_OP_COUNT; op++) {
        bool down = op < NDIS_OP_DOWN_END;

        layer->next[op] = nearest(down ? layer->below : layer->above, down, op);
    }
}

void
ndis_chain_compute(struct ndis_adapter *ad)
{
    struct ndis_binding *b;

    for (struct ndis_layer *at = &ad->layer; at != NULL; at = at->above) {
        compute(at);
        ad->top = at;
    }
    list_for_each (b, &ad->bindings, node) {
        b->layer.below = ad->top;
        compute(&b->layer);
    }
}

void
ndis_chain_prepare(struct ndis_layer *layer)
{
    compute(layer);
}

ndis_fn
ndis_host_handler(ndis_host_fn fn)
{
    for (unsigned i = 1; i < NDIS_HOST_MAX; i++) {
        if (ndis_host_table[i] == NULL)
            ndis_host_table[i] = fn;
        if (ndis_host_table[i] == fn)
            return i;
    }
    NDIS_ASSERT(!"more host handlers than NDIS_HOST_MAX");
    return 0;
}

uint64_t
ndis_call(uint32_t site, ndis_fn fn, unsigned nargs, const uint64_t *args)
{
    if (fn < NDIS_HOST_MAX) { /* host functions are written for the machine lock */
        bool was = machine_lock();
        uint64_t result = ndis_host_table[fn](args);

        machine_unlock(was);
        return result;
    }
    if (fn < NDIS_HOST_MAX + NDIS_NATIVE_MAX)
        return ndis_native_call(site, fn, nargs, args);
    return guest_call(site, fn, nargs, args);
}
