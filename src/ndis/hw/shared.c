/* SPDX-License-Identifier: MIT */
/*
 * ndis/hw/shared.c - shared memory that a miniport asks for at DISPATCH_LEVEL and is given later.
 *
 * Model: a request stands in its adapter's list until NDIS's worker allocates and calls the completion handler.
 * Assumed: an adapter is not halted under it: whoever halts does what is left in the list first and waits for handlers
 * that run; from then on nothing is promised, not in MiniportHalt either, as its context goes with it.
 */
#include "ndis/hw/hw.h"

/* Monitor memory. */
struct shared_request {
    struct list_node node; /* until it is taken */
    bool taken;
    unsigned users; /* the worker, until it has come to it; itself, until it is told or dropped */
    struct ndis_adapter *ad;
    const uint64_t *driver; /* where its MiniportAdapterContext stands */
    uint64_t complete;
    ndis_shared_run *run;
    ULONG length;
    void *context;
    void *memory;
    NDIS_PHYSICAL_ADDRESS physical;
};

static void
put(struct shared_request *r)
{
    if (--r->users == 0)
        mon_free(r, sizeof(*r));
}

static void
take(struct shared_request *r)
{
    sched_touch((uint64_t)ndis_hw_of(r->ad));
    list_del(&r->node);
    r->taken = true;
}

/* Documented: VirtualAddress and PhysicalAddress are NULL when there was no memory. */
static void
tell(struct ndis_adapter *ad, void *arg)
{
    struct shared_request *r = arg;
    struct ndis_hw *hw = ndis_hw_of(ad);
    uint64_t mark = guest_mark();
    NDIS_PHYSICAL_ADDRESS *physical = guest_alloc(sizeof(*physical));

    *physical = r->physical;
    NDIS_CALL(ndis_site.ndisMQueuedAllocateSharedHandler, r->complete, *r->driver, (uint64_t)r->memory,
              r->memory != NULL ? (uint64_t)physical : 0, r->length, (uint64_t)r->context);
    guest_release(mark);
    sched_touch((uint64_t)hw);
    if (--hw->telling == 0)
        ndis_wait_done(&hw->told, NDIS_STATUS_SUCCESS);
    put(r);
}

static void
allocate(struct shared_request *r)
{
    struct ndis_hw *hw = ndis_hw_of(r->ad);

    take(r);
    hw->telling++;
    hw->told = (struct ndis_wait){ 0 };
    r->memory = ndis_shared_alloc(r->ad, r->length, &r->physical);
    if (r->run != NULL)
        r->run(r->ad, tell, r);
    else
        tell(r->ad, r);
}

static void
worker_comes(void *arg)
{
    struct shared_request *r = arg;

    if (!r->taken)
        allocate(r);
    put(r);
}

bool
ndis_shared_later(struct ndis_adapter *ad, const uint64_t *driver, uint64_t complete, ndis_shared_run *run,
                  ULONG length, void *context)
{
    struct ndis_hw *hw = ndis_hw_of(ad);
    struct shared_request *r;

    sched_touch((uint64_t)hw);
    if (ad->halting)
        return false;
    r = mon_alloc(sizeof(*r));
    *r = (struct shared_request){ .users = 2,
                                  .ad = ad,
                                  .driver = driver,
                                  .complete = complete,
                                  .run = run,
                                  .length = length,
                                  .context = context };
    list_add_tail(&hw->later, &r->node);
    ndis_work_queue(worker_comes, r);
    return true;
}

void
ndis_shared_finish(struct ndis_adapter *ad, bool tell_driver)
{
    struct ndis_hw *hw = ad->hw;

    ad->halting = true;
    while (hw != NULL && !list_empty(&hw->later)) {
        struct shared_request *r = list_entry(hw->later.head.next, struct shared_request, node);

        if (tell_driver) {
            allocate(r);
        } else {
            take(r);
            put(r);
        }
    }
    if (hw != NULL && hw->telling != 0)
        ndis_wait(&hw->told, (uint64_t)ad,
                  ndis_words("waits for the completion handler of shared memory of %s to return%s",
                             ndis_layer_driver_name(&ad->layer), ""));
}
