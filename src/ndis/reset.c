/* SPDX-License-Identifier: MIT */
/*
 * ndis/reset.c - check-for-hang and reset of NDIS 6 miniports; those of NDIS 5 are in legacy/reset.c.
 *
 * Model: documented: every CheckForHangTimeInSeconds (2 by default) NDIS calls MiniportCheckForHangEx at PASSIVE_LEVEL;
 * TRUE, or a request that the miniport had at the call before and still has, leads to MiniportResetEx, as does
 * NdisMResetMiniport. A pended reset is told to those above, at its start and its end. It neither stops frames and
 * requests nor changes the adapter's state. AddressingReset makes NDIS set again what bindings had set.
 *
 * The clock only leaves word: each check or reset is a worker's. What is known of it is the nic's, in monitor memory,
 * so that a worker that comes too late finds nothing to do.
 */
#include "ndis/reset.h"

#include "ndis/driver.h"
#include "ndis/misc.h"
#include "nt/ex/ex.h"
#include "nt/nt.h"

#define DEFAULT_SECONDS 2u

struct ndis_reset {
    struct ndis_nic *nic;
    struct mtimer timer;
    bool checks; /* the timer goes on */
    bool asked;  /* a worker is on its way, or works */
    bool in_handler;
    bool pended;    /* MiniportResetEx said so, or its completion came first */
    bool completed; /* while in the handler */
    bool addressing;
    NDIS_STATUS status;     /* of a completion that came while in the handler */
    uint32_t had;           /* serial of the request that the miniport had at the last check */
    uint32_t had_begin;     /* and when the reset began */
    struct ndis_wait *idle; /* a halt waits */
    void (*done)(struct ndis_adapter *ad, NDIS_STATUS status); /* who asked hears of it */
};

/* The record is made by whoever needs it first; where the adapter keeps it is an object from the start. */
static void
touch(const struct ndis_reset *r)
{
    sched_touch((uint64_t)&r->nic->reset);
}

static struct ndis_reset *
reset_of(struct ndis_nic *nic)
{
    struct ndis_reset *r = nic->reset;

    if (r == NULL) {
        r = nic->reset = mon_alloc_shared(sizeof(*r));
        r->nic = nic;
    }
    return r;
}

static void
idle_now(struct ndis_reset *r)
{
    if (r->idle != NULL && !r->asked && !r->in_handler && !r->pended)
        ndis_wait_done(r->idle, NDIS_STATUS_SUCCESS);
}

/* ------------------------------------------------------------------ reset */

static void
tell(struct ndis_reset *r, struct ndis_adapter *ad, NDIS_STATUS status)
{
    void (*done)(struct ndis_adapter *ad, NDIS_STATUS status) = r->done;

    r->done = NULL;
    if (done != NULL)
        done(ad, status);
}

static void
restore_work(void *arg)
{
    struct ndis_reset *r = arg;

    if (r->nic->adapter != NULL)
        ndis_oid_restore(r->nic->adapter);
    r->asked = false;
    idle_now(r);
}

/* The miniport is done. Documented: since 6.30 it has completed the requests that it had. */
static void
finish(struct ndis_reset *r, struct ndis_adapter *ad, NDIS_STATUS status)
{
    r->pended = false;
    tell(r, ad, status);
    if (ad->driver->driver.minor >= 30 && r->had_begin != 0 && ndis_oid_serial(&ad->layer) == r->had_begin)
        ndis_misuse(&ad->layer, NDIS_MISUSE_RESET_WITH_OID, r->had_begin);
    if (r->addressing) {
        r->asked = true;
        if (ex_work("ndis reset", ad, 0, restore_work, r))
            return;
        r->asked = false;
    }
    idle_now(r);
}

static void
reset(struct ndis_reset *r, struct ndis_adapter *ad)
{
    uint64_t mark = guest_mark();
    BOOLEAN *addressing = guest_alloc(sizeof(*addressing));
    NDIS_STATUS status;

    r->in_handler = true;
    r->completed = r->addressing = false;
    r->had_begin = ndis_oid_serial(&ad->layer);
    status = (NDIS_STATUS)NDIS_CALL(ndis_site.ndisMResetMiniportInternal, (ndis_fn)ad->driver->chars.ResetHandlerEx,
                                    ad->layer.context, (uint64_t)addressing);
    r->in_handler = false;
    if (status == NDIS_STATUS_PENDING) {
        r->pended = true;
        ndis_status_say(ad, NDIS_STATUS_RESET_START);
        if (r->completed) {
            ndis_status_say(ad, NDIS_STATUS_RESET_END);
            finish(r, ad, r->status);
        }
    } else if (status == NDIS_STATUS_RESET_IN_PROGRESS) {
        tell(r, ad, status); /* documented: the call was superfluous */
        idle_now(r);
    } else {
        r->addressing = *addressing != FALSE;
        finish(r, ad, status);
    }
    guest_release(mark);
}

/* Not once it is being halted, nor asleep, nor twice at a time. */
static bool
may_be_called(const struct ndis_reset *r, const struct ndis_adapter *ad)
{
    return ad != NULL && ad->layer.state != NDIS_STATE_DOWN && ad->layer.state != NDIS_STATE_SHUTDOWN &&
           ad->power == NdisDeviceStateD0 && r->idle == NULL && !r->in_handler && !r->pended;
}

static void
reset_work(void *arg)
{
    struct ndis_reset *r = arg;
    struct ndis_adapter *ad = r->nic->adapter;

    touch(r);
    r->asked = false;
    if (may_be_called(r, ad)) {
        reset(r, ad);
        return;
    }
    if (ad == NULL || r->idle != NULL || !(r->in_handler || r->pended)) /* else the one under way is told of */
        tell(r, ad, NDIS_STATUS_FAILURE);
    idle_now(r);
}

bool
ndis_reset_ask(struct ndis_nic *nic, void (*done)(struct ndis_adapter *ad, NDIS_STATUS status))
{
    struct ndis_reset *r = reset_of(nic);

    touch(r);
    if (nic->adapter == NULL || nic->adapter->driver->chars.ResetHandlerEx == NULL || r->idle != NULL)
        return false;
    if (!r->asked) {
        r->asked = ex_work("ndis reset", nic->adapter, 0, reset_work, r);
        if (!r->asked)
            return false;
    }
    if (done != NULL)
        r->done = done;
    return true;
}

bool
ndis_reset_complete(struct ndis_adapter *ad, NDIS_STATUS status, bool addressing)
{
    struct ndis_reset *r = reset_of(ad->nic);

    touch(r);
    if ((!r->in_handler && !r->pended) || r->completed)
        return false;
    r->completed = true;
    r->status = status;
    r->addressing = addressing;
    if (r->in_handler)
        return true; /* reset() goes on when the handler is back */
    ndis_status_say(ad, NDIS_STATUS_RESET_END);
    finish(r, ad, status);
    return true;
}

/* ------------------------------------------------------------------ check for hang */

static void arm(struct ndis_reset *r);

static void
check_work(void *arg)
{
    struct ndis_reset *r = arg;
    struct ndis_adapter *ad = r->nic->adapter;
    uint32_t had;
    bool hangs;

    touch(r);
    if (!may_be_called(r, ad)) {
        r->asked = false;
        idle_now(r);
        return;
    }
    hangs = (uint8_t)NDIS_CALL(ndis_site.ndisMCheckForHang, (ndis_fn)ad->driver->chars.CheckForHangHandlerEx,
                               ad->layer.context) != 0;
    had = ndis_oid_serial(&ad->layer);
    hangs = hangs || (had != 0 && had == r->had);
    r->had = had;
    r->asked = false;
    if (hangs && r->idle == NULL && ad->driver->chars.ResetHandlerEx != NULL)
        reset(r, ad);
    else
        idle_now(r);
}

/* As from the clock interrupt: may not call a driver. */
static void
timer_fires(struct mtimer *timer)
{
    struct ndis_reset *r = list_entry(timer, struct ndis_reset, timer);

    if (!r->checks)
        return;
    arm(r);
    if (r->asked)
        return;
    r->asked = true;
    if (!ex_work("ndis check for hang", r->nic->adapter, 0, check_work, r))
        r->asked = false;
}

static void
arm(struct ndis_reset *r)
{
    uint32_t seconds = r->nic->adapter->registration.CheckForHangTimeInSeconds;

    mtimer_set(&r->timer, machine_now() + (seconds != 0 ? seconds : DEFAULT_SECONDS) * 10000000ull, timer_fires);
}

void
ndis_reset_start(struct ndis_adapter *ad)
{
    struct ndis_reset *r;

    if (ad->driver->chars.CheckForHangHandlerEx == NULL)
        return;
    r = reset_of(ad->nic);
    r->had = 0;
    r->checks = true;
    r->timer.vp = (uint8_t)vp_self()->number;
    arm(r);
}

void
ndis_reset_stop(struct ndis_adapter *ad)
{
    struct ndis_reset *r = ad->nic->reset;
    struct ndis_wait wait = { 0 };

    if (r == NULL)
        return;
    touch(r);
    r->checks = false;
    mtimer_cancel(&r->timer);
    if (!r->asked && !r->in_handler && !r->pended)
        return;
    r->idle = &wait;
    ndis_wait(&wait, (uint64_t)ad,
              ndis_words("waits for %s to complete %s", ndis_layer_driver_name(&ad->layer), "MiniportResetEx"));
    r->idle = NULL;
}

/*
 * NdisMResetMiniport - a miniport wants to be reset.
 *
 * Source:    documented: MiniportResetEx is called by a work item. Assumed: a miniport without one is not; a second
 *            wish while the first waits is one.
 * IRQL:      <= DISPATCH_LEVEL
 */
VOID NTAPI
NdisMResetMiniport(NDIS_HANDLE MiniportAdapterHandle)
{
    struct ndis_adapter *ad = MiniportAdapterHandle;

    sched_touch(ad->layer.ledger->handle);
    ndis_reset_ask(ad->nic, NULL);
}
