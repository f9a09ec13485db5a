/* SPDX-License-Identifier: MIT */
/*
 * ndis/idle.c - NDIS selective suspend (6.30): an adapter that nobody uses goes to low power by itself.
 *
 * Model: documented ("NDIS Selective Suspend", its pages): nothing sent, received or asked for *SSIdleTimeout seconds,
 * NDIS calls MiniportIdleNotification. The miniport refuses, or says NDIS_STATUS_PENDING and confirms when its bus lets
 * it: then NDIS waits for the wake-up signal, tells the miniport what may wake it and that it goes to low power, and
 * takes the power. A send, a request or the signal makes NDIS call MiniportCancelIdleNotification; the miniport
 * completes the notification, then or by its own wish, and is brought back. What is for the miniport meanwhile, NDIS
 * holds (assumed: the pages say only that it wakes the adapter).
 *
 *     OFF --start--> WATCHING --time-out--> NOTIFIED --confirm--> SUSPENDING --> SUSPENDED --complete--> RESUMING
 *     OFF <--stop--  WATCHING <--refused, completed-- NOTIFIED                        WATCHING <-------------+
 *
 * The clock only leaves word; every step that calls the miniport is a worker's, or its own call's. What is known is the
 * nic's, in monitor memory. assumed: between one time-out and two pass since the last use, requests that NDIS answers
 * itself wake the adapter too, and synchronous requests reach a suspended miniport. A live machine suspends nobody.
 * Start reading at: timer_fires().
 */
#include "ndis/idle.h"

#include <string.h>

#include "ndis/driver.h"
#include "ndis/fdo.h"
#include "ndis/hw/nic.h"
#include "ndis/misc.h"
#include "ndis/nbl.h"
#include "ndis/pm.h"
#include "nt/cm/cm.h"
#include "nt/ex/ex.h"
#include "nt/po/po.h"

#define DEFAULT_SECONDS 5u
#define MAX_SECONDS     60u

enum idle_state { IDLE_OFF, IDLE_WATCHING, IDLE_NOTIFIED, IDLE_SUSPENDING, IDLE_SUSPENDED, IDLE_RESUMING };

/* Sends that wait, in order. Monitor memory. */
struct held {
    struct held *next;
    NET_BUFFER_LIST *nbls;
    uint32_t port, flags;
};

struct ndis_idle {
    struct ndis_nic *nic;
    struct mtimer timer;
    uint8_t state;     /* enum idle_state */
    bool used;         /* since the timer was set */
    bool wanted;       /* somebody wants it awake */
    bool cancelled;    /* the miniport was asked to complete the notification */
    bool completed;    /* it did, while its confirmation was at work */
    bool low;          /* it was told to go to low power */
    bool in_handler;   /* MiniportIdleNotification runs */
    bool asked;        /* a worker comes to cancel */
    bool stopping;
    uint32_t seconds;
    struct held *first, **last;
    struct ndis_wait wait; /* of who stops it */
};

static const struct ndis_header_spec characteristics = {
    "NDIS_MINIPORT_SS_CHARACTERISTICS",
    NDIS_OBJECT_TYPE_MINIPORT_SS_CHARACTERISTICS,
    1,
    { NDIS_SIZEOF_MINIPORT_SS_CHARACTERISTICS_REVISION_1 },
};

NDIS_STATUS
ndis_miniport_set_idle(struct ndis_miniport_driver *md, const NDIS_OBJECT_HEADER *header)
{
    const NDIS_MINIPORT_SS_CHARACTERISTICS *c = (const NDIS_MINIPORT_SS_CHARACTERISTICS *)header;

    if (md->driver.minor < 30)
        return NDIS_STATUS_NOT_SUPPORTED;
    if (!ndis_header_ok(header, &characteristics, ndis_export.NdisSetOptionalHandlers) ||
        c->IdleNotificationHandler == NULL || c->CancelIdleNotificationHandler == NULL)
        return NDIS_STATUS_BAD_CHARACTERISTICS;
    ndis_copy_versioned(&md->idle, sizeof(md->idle), header);
    return NDIS_STATUS_SUCCESS;
}

static struct ndis_adapter *
adapter_of(const struct ndis_idle *i)
{
    return i->nic->adapter;
}

static void
touch(const struct ndis_idle *i)
{
    sched_touch((uint64_t)&i->nic->idle);
}

/* ------------------------------------------------------------------ watching */

static void timer_fires(struct mtimer *timer);

static void
watch(struct ndis_idle *i)
{
    i->state = IDLE_WATCHING;
    i->used = i->wanted = i->cancelled = i->completed = false;
    if (!i->stopping)
        mtimer_set(&i->timer, machine_now() + i->seconds * 10000000ull, timer_fires);
}

/* At full power: what was held goes on, at PASSIVE_LEVEL. */
static void
go_on(struct ndis_idle *i)
{
    struct ndis_adapter *ad = adapter_of(i);
    struct held *h;

    watch(i);
    while (i->state == IDLE_WATCHING && (h = i->first) != NULL) {
        struct held copy = *h;

        i->first = copy.next;
        if (i->first == NULL)
            i->last = &i->first;
        mon_free(h, sizeof(*h));
        ndis_send_to_miniport(&ad->layer, copy.nbls, copy.port, copy.flags & ~(uint32_t)NDIS_SEND_FLAGS_DISPATCH_LEVEL);
        touch(i);
    }
    oid_start_next(&ad->layer);
    if (i->stopping && i->state == IDLE_WATCHING)
        ndis_wait_done(&i->wait, NDIS_STATUS_SUCCESS);
}

static void
cancel_work(void *arg)
{
    struct ndis_idle *i = arg;

    touch(i);
    i->asked = false;
    if ((i->state != IDLE_NOTIFIED && i->state != IDLE_SUSPENDED) || i->in_handler || i->cancelled)
        return;
    i->cancelled = true;
    NDIS_CALL(ndis_site.ndisMCancelIdleNotification, (ndis_fn)adapter_of(i)->driver->idle.CancelIdleNotificationHandler,
              adapter_of(i)->layer.context);
}

/* Somebody wants it awake; while a handler or a confirmation is at work its end sees to that. */
static void
want(struct ndis_idle *i)
{
    i->wanted = true;
    if ((i->state == IDLE_NOTIFIED || i->state == IDLE_SUSPENDED) && !i->in_handler && !i->cancelled && !i->asked)
        i->asked = ex_work("ndis cancel idle notification", adapter_of(i), 0, cancel_work, i);
}

/* documented: FALSE, since the time-out led here. */
static void
notify_work(void *arg)
{
    struct ndis_idle *i = arg;
    struct ndis_adapter *ad = adapter_of(i);
    NDIS_STATUS status;

    touch(i);
    if (i->state != IDLE_WATCHING || i->stopping)
        return;
    if (i->used || ndis_oid_answers(&ad->layer)) {
        watch(i);
        return;
    }
    i->state = IDLE_NOTIFIED;
    i->in_handler = true;
    status = (NDIS_STATUS)NDIS_CALL(ndis_site.ndisMIdleNotification, (ndis_fn)ad->driver->idle.IdleNotificationHandler,
                                    ad->layer.context, FALSE);
    touch(i);
    i->in_handler = false;
    if (status != NDIS_STATUS_PENDING && status != NDIS_STATUS_BUSY && status != NDIS_STATUS_FAILURE)
        ndis_misuse(&ad->layer, NDIS_MISUSE_IDLE_RETURNED, (uint32_t)status);
    if (status != NDIS_STATUS_PENDING && i->state == IDLE_NOTIFIED)
        go_on(i); /* documented: it is watched anew */
    else if (i->wanted)
        want(i);
}

/* As from the clock interrupt: may not call a driver. */
static void
timer_fires(struct mtimer *timer)
{
    struct ndis_idle *i = list_entry(timer, struct ndis_idle, timer);

    if (i->state == IDLE_WATCHING)
        ex_work("ndis idle notification", adapter_of(i), 0, notify_work, i);
}

/* ------------------------------------------------------------------ down and up */

/* The device's own power: documented: by IRP_MN_SET_POWER to the bus. */
static void
device_power(struct ndis_nic *nic, uint32_t state)
{
    POWER_STATE to = { .DeviceState = (DEVICE_POWER_STATE)(PowerDeviceD0 + (state - NdisDeviceStateD0)) };
    struct hw_nic *card = hw_nic_of(nic);

    if (card != NULL && state == NdisDeviceStateD0)
        hw_nic_power(card, true);
    nic->idle_power = true;
    po_send(nic->pdo, IRP_MN_SET_POWER, DevicePowerState, to, PowerActionNone);
    nic->idle_power = false;
    if (card != NULL && state == NdisDeviceStateD3)
        hw_nic_power(card, false);
}

static void
tell_power(struct ndis_adapter *ad, uint32_t state)
{
    uint64_t mark = guest_mark();
    uint32_t *buffer = guest_alloc(sizeof(*buffer));

    *buffer = state;
    ndis_oid_ask(&ad->layer, NdisRequestSetInformation, OID_PNP_SET_POWER, buffer, sizeof(*buffer));
    guest_release(mark);
}

static void
resume_work(void *arg)
{
    struct ndis_idle *i = arg;
    struct ndis_adapter *ad = adapter_of(i);

    touch(i);
    if (i->low) {
        ndis_wake_disarm(i->nic);
        device_power(i->nic, NdisDeviceStateD0);
        tell_power(ad, NdisDeviceStateD0);
        trace_emit(EV_ADAPTER_POWER, ad, NdisDeviceStateD3, NdisDeviceStateD0);
        touch(i);
        i->low = false;
    }
    go_on(i);
}

static void
resume(struct ndis_idle *i)
{
    i->state = IDLE_RESUMING;
    if (!ex_work("ndis resume", adapter_of(i), 0, resume_work, i))
        ndis_work_queue(resume_work, i);
}

/*
 * NdisMIdleNotificationConfirm - the miniport says that its idle adapter may be suspended: it is when this returns.
 *
 * Source:    documented, with the order of what NDIS does. Without a notification that is out, for one that is
 *            complete, or a second time: a misuse, and nothing happens (assumed). After a cancel that the miniport has
 *            not answered yet nothing happens either (assumed).
 * IRQL:      PASSIVE_LEVEL
 * Ownership: nothing moves; the miniport has completed its sends and has its receives back when OID_PNP_SET_POWER ends.
 * Tests:     tests/ddi/stack/idle.c
 */
VOID NTAPI
NdisMIdleNotificationConfirm(NDIS_HANDLE MiniportAdapterHandle, NDIS_DEVICE_POWER_STATE IdlePowerState)
{
    struct ndis_adapter *ad = MiniportAdapterHandle;
    struct ndis_idle *i;

    sched_touch(ad->layer.ledger->handle);
    i = ad->nic->idle;
    if (i == NULL || i->state != IDLE_NOTIFIED) {
        ndis_misuse(&ad->layer, NDIS_MISUSE_IDLE_CONFIRM, i != NULL ? i->state : IDLE_OFF);
        return;
    }
    touch(i);
    if (i->cancelled)
        return;
    i->state = IDLE_SUSPENDING;
    ndis_wake_arm(i->nic);
    i->low = ndis_pm_arm_idle(ad) == NDIS_STATUS_SUCCESS;
    if (i->low) {
        tell_power(ad, IdlePowerState);
        device_power(i->nic, IdlePowerState);
        trace_emit(EV_ADAPTER_POWER, ad, NdisDeviceStateD0, IdlePowerState);
    } else {
        ndis_wake_disarm(i->nic); /* documented: only after that succeeded; assumed: it stays as it is */
    }
    touch(i);
    i->state = IDLE_SUSPENDED;
    if (i->completed)
        resume(i);
    else if (i->wanted)
        want(i);
}

/*
 * NdisMIdleNotificationComplete - the miniport completes its idle notification, asked or by its own wish.
 *
 * Source:    documented; the way to full power is a worker's (assumed: this may be called at DISPATCH_LEVEL). Without a
 *            notification that is out: a misuse, and nothing happens (assumed).
 * IRQL:      <= DISPATCH_LEVEL
 * Tests:     tests/ddi/stack/idle.c
 */
VOID NTAPI
NdisMIdleNotificationComplete(NDIS_HANDLE MiniportAdapterHandle)
{
    struct ndis_adapter *ad = MiniportAdapterHandle;
    struct ndis_idle *i;

    sched_touch(ad->layer.ledger->handle);
    i = ad->nic->idle;
    if (i == NULL || i->state < IDLE_NOTIFIED || i->state == IDLE_RESUMING || i->completed) {
        ndis_misuse(&ad->layer, NDIS_MISUSE_IDLE_COMPLETE, i != NULL ? i->state : IDLE_OFF);
        return;
    }
    touch(i);
    if (i->state == IDLE_SUSPENDING)
        i->completed = true;
    else
        resume(i);
}

/* ------------------------------------------------------------------ start and stop */

static uint32_t
time_out(const struct ndis_nic *nic)
{
    char path[300], text[16];
    uint32_t seconds = 0;

    ndis_config_nic_path(nic, path, sizeof(path));
    if (cm_get_string(path, "*SSIdleTimeout", text, sizeof(text)) == 0)
        for (const char *p = text; *p >= '0' && *p <= '9'; p++)
            seconds = seconds * 10 + (uint32_t)(*p - '0');
    return seconds >= 1 && seconds <= MAX_SECONDS ? seconds : DEFAULT_SECONDS;
}

void
ndis_idle_start(struct ndis_adapter *ad)
{
    const NDIS_PM_CAPABILITIES *c = (const NDIS_PM_CAPABILITIES *)ad->general.PowerManagementCapabilitiesEx;
    struct ndis_idle *i = ad->nic->idle;

    if (ad->driver->idle.IdleNotificationHandler == NULL || c == NULL ||
        (c->Flags & NDIS_PM_SELECTIVE_SUSPEND_SUPPORTED) == 0 || machine_is_native())
        return;
    if (i == NULL) {
        i = ad->nic->idle = mon_alloc_shared(sizeof(*i));
        i->nic = ad->nic;
        i->last = &i->first;
    }
    touch(i);
    if (i->state != IDLE_OFF)
        return;
    i->seconds = time_out(ad->nic);
    i->timer.vp = (uint8_t)vp_self()->number;
    i->stopping = false;
    ad->idle = i;
    watch(i);
}

void
ndis_idle_stop(struct ndis_adapter *ad)
{
    struct ndis_idle *i = ad->idle;

    if (i == NULL)
        return;
    touch(i);
    i->stopping = true;
    mtimer_cancel(&i->timer);
    while (i->state != IDLE_WATCHING) {
        i->wait = (struct ndis_wait){ 0 };
        want(i);
        ndis_wait(&i->wait, (uint64_t)ad,
                  ndis_words("waits for %s to complete %s", ndis_layer_driver_name(&ad->layer),
                             "its idle notification"));
        touch(i);
    }
    i->state = IDLE_OFF;
    ad->idle = NULL;
}

/* ------------------------------------------------------------------ use */

void
ndis_idle_use(struct ndis_adapter *ad)
{
    touch(ad->idle);
    ad->idle->used = true;
}

bool
ndis_idle_signal(struct ndis_adapter *ad)
{
    if (ad == NULL || ad->idle == NULL || ad->idle->state < IDLE_NOTIFIED)
        return false;
    touch(ad->idle);
    want(ad->idle);
    return true;
}

bool
ndis_idle_hold_sends(struct ndis_adapter *ad, NET_BUFFER_LIST *nbls, uint32_t port, uint32_t flags)
{
    struct ndis_idle *i = ad->idle;
    struct held *h;

    touch(i);
    i->used = true;
    if (i->state <= IDLE_WATCHING && i->first == NULL)
        return false;
    h = mon_alloc(sizeof(*h));
    *h = (struct held){ NULL, nbls, port, flags };
    *i->last = h;
    i->last = &h->next;
    if (i->state > IDLE_WATCHING)
        want(i);
    return true;
}

bool
ndis_idle_holds_oids(const struct ndis_adapter *ad)
{
    struct ndis_idle *i = ad->idle;

    if (i == NULL)
        return false;
    touch(i);
    i->used = true;
    if (i->state <= IDLE_WATCHING)
        return false;
    want(i);
    return true;
}

bool
ndis_idle_down(const struct ndis_adapter *ad)
{
    return ad->idle != NULL && ad->idle->state > IDLE_WATCHING;
}

bool
ndis_idle_own_oid(const struct ndis_adapter *ad, uint32_t oid)
{
    return ad->idle != NULL && (ad->idle->state == IDLE_SUSPENDING || ad->idle->state == IDLE_RESUMING) &&
           (oid == OID_PNP_SET_POWER || oid == OID_PM_PARAMETERS);
}
