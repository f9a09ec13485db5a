/* SPDX-License-Identifier: MIT */
/*
 * ndis/poll.c - poll mode: NDIS asks a miniport for received frames and completed sends.
 *
 * Model: a Poll object is idle, or walked by one thread of execution at a time: a DPC, and for further rounds in a row
 * a worker at PASSIVE_LEVEL. A round turns the notification off if it is on, and polls. One that brings nothing turns
 * the notification on and polls again, for what came before that; if that brings nothing either and nobody asked
 * meanwhile, the object is idle.
 *
 * documented: NDIS polls at least once for every request, goes on while there is progress, gives limits, polls at
 * either IRQL, and never runs two handlers of one object at once. observed (in the comments of a public virtio
 * miniport): the notification is turned off before the first poll, and a poll follows its being turned on. assumed: the
 * limit is 64 NBLs of each kind, a worker takes over after the first round (so that drivers are shown both), and the
 * notification counts as on at the start.
 * Start reading at: NdisRequestPoll(), then round_of().
 */
#include "ndis/poll.h"

#include <string.h>

#include "ndis/driver.h"
#include "ndis/misc.h"
#include "ndis/nbl.h"
#include "nt/ex/ex.h"
#include "nt/ke/ke.h"
#include "nt/nt.h"

enum { NBLS_MAX = 64 };

#define RECEIVE_FLAGS                                                                                              \
    (NDIS_RECEIVE_FLAGS_SINGLE_ETHER_TYPE | NDIS_RECEIVE_FLAGS_SINGLE_VLAN | NDIS_RECEIVE_FLAGS_PERFECT_FILTERED | \
     NDIS_RECEIVE_FLAGS_SINGLE_QUEUE | NDIS_RECEIVE_FLAGS_SHARED_MEMORY_INFO_VALID)
#define COMPLETE_FLAGS (NDIS_SEND_COMPLETE_FLAGS_SINGLE_QUEUE | NDIS_SEND_COMPLETE_FLAGS_SWITCH_SINGLE_SOURCE)

/* Monitor memory. */
struct poll_state {
    bool requested; /* by the driver, and no poll has begun since */
    bool active;    /* a round is queued or running */
    bool leaving;
    bool notifies; /* what the driver was told last */
    bool again;    /* the round is not the first in a row */
    int vp;        /* -1: where the request was made */
    struct ke_queue idle;
};

/* Machine memory; NDIS_POLL_HANDLE is its address. */
struct ndis_poll {
    struct ndis_object object;
    struct list_node node; /* ndis_adapter.polls */
    struct ndis_adapter *adapter;
    uint64_t context;
    NDIS_POLL_CHARACTERISTICS chars;
    struct poll_state *state;
    KDPC dpc;
    NDIS_POLL_DATA data; /* lent to the driver for a call */
    NDIS_POLL_NOTIFICATION notification;
};

static const struct ndis_header_spec characteristics = {
    "NDIS_POLL_CHARACTERISTICS",
    NDIS_OBJECT_TYPE_DEFAULT,
    1,
    { NDIS_SIZEOF_NDIS_POLL_CHARACTERISTICS_REVISION_1 },
};

static uint64_t dpc_routine; /* const after init */

/* ------------------------------------------------------------------ a round */

static void
notify(struct ndis_poll *p, bool enabled)
{
    ndis_header_set(&p->notification.Header, NDIS_OBJECT_TYPE_DEFAULT, NDIS_POLL_NOTIFICATION_REVISION_1,
                    NDIS_SIZEOF_NDIS_POLL_NOTIFICATION_REVISION_1);
    p->notification.Enabled = enabled;
    p->state->notifies = enabled;
    NDIS_CALL(ndis_site.ndisSetPollNotification, (ndis_fn)p->chars.SetPollNotificationHandler, p->context,
              (uint64_t)&p->notification);
}

/* What the driver says it gave; documented: it may leave the counting to NDIS, and may not go beyond the limit. */
static uint32_t
given(struct ndis_poll *p, const NET_BUFFER_LIST *chain, uint32_t said)
{
    uint32_t count = ndis_chain_length(chain);

    if (count > NBLS_MAX)
        ndis_misuse(&p->adapter->layer, NDIS_MISUSE_POLL_OVER_LIMIT, count);
    if (said != NDIS_ANY_NUMBER_OF_NBLS && said != count)
        ndis_misuse(&p->adapter->layer, NDIS_MISUSE_POLL_COUNT, said);
    return count;
}

/* true: something came of it. */
static bool
poll_once(struct ndis_poll *p)
{
    bool dispatch = irql_get() == IRQL_DISPATCH;
    NDIS_POLL_RECEIVE_DATA *receive = &p->data.Receive;
    NDIS_POLL_TRANSMIT_DATA *transmit = &p->data.Transmit;
    uint32_t received, completed;

    memset(&p->data, 0, sizeof(p->data));
    ndis_header_set(&p->data.Header, NDIS_OBJECT_TYPE_DEFAULT, NDIS_POLL_DATA_REVISION_1,
                    NDIS_SIZEOF_NDIS_POLL_DATA_REVISION_1);
    receive->MaxNblsToIndicate = transmit->MaxNblsToComplete = NBLS_MAX;
    sched_touch((uint64_t)p);
    p->state->requested = false;
    NDIS_CALL(ndis_site.ndisInvokePoll, (ndis_fn)p->chars.PollHandler, p->context, (uint64_t)&p->data);
    received = given(p, receive->IndicatedNblChain, receive->NumberOfIndicatedNbls);
    completed = given(p, transmit->CompletedNblChain, transmit->NumberOfCompletedNbls);
    if ((receive->Flags & ~RECEIVE_FLAGS) || (transmit->SendCompleteFlags & ~COMPLETE_FLAGS))
        ndis_misuse(&p->adapter->layer, NDIS_MISUSE_POLL_FLAGS,
                    receive->Flags & ~RECEIVE_FLAGS ? receive->Flags : transmit->SendCompleteFlags);
    if (completed != 0)
        NdisMSendNetBufferListsComplete(p->adapter, transmit->CompletedNblChain,
                                        (transmit->SendCompleteFlags & COMPLETE_FLAGS) |
                                            (dispatch ? NDIS_SEND_COMPLETE_FLAGS_DISPATCH_LEVEL : 0));
    if (received != 0)
        NdisMIndicateReceiveNetBufferLists(p->adapter, receive->IndicatedNblChain, NDIS_DEFAULT_PORT_NUMBER, received,
                                           (receive->Flags & RECEIVE_FLAGS) |
                                               (dispatch ? NDIS_RECEIVE_FLAGS_DISPATCH_LEVEL : 0));
    return received != 0 || completed != 0;
}

static void schedule(struct ndis_poll *p);

static void
round_of(struct ndis_poll *p)
{
    struct poll_state *s = p->state;
    bool more;

    if (s->notifies)
        notify(p, false);
    more = poll_once(p) || s->requested;
    if (!more && !s->leaving) {
        notify(p, true);
        more = poll_once(p) || s->requested;
    }
    sched_touch((uint64_t)p);
    if (more && !s->leaving) {
        s->again = true;
        schedule(p);
        return;
    }
    s->again = false;
    s->active = false;
    ke_unblock_all(&s->idle);
}

static void
poll_dpc(uint64_t dpc, uint64_t context, uint64_t arg1, uint64_t arg2)
{
    (void)dpc;
    (void)arg1;
    (void)arg2;
    round_of((struct ndis_poll *)context);
}

static void
poll_work(void *arg)
{
    struct ndis_poll *p = arg;
    bool bound = p->state->vp >= 0;

    if (bound)
        sched_affinity((uint8_t)(1u << p->state->vp));
    round_of(p);
    if (bound)
        sched_affinity(0);
}

static void
schedule(struct ndis_poll *p)
{
    if (!p->state->again) {
        KeSetTargetProcessorDpc(&p->dpc, (CCHAR)(p->state->vp >= 0 ? p->state->vp : fiber_self()->vp));
        ke_dpc_queue(&p->dpc, NULL, NULL);
    } else {
        ex_work("ndis poll", p, (uint64_t)p->chars.PollHandler, poll_work, p);
    }
}

/* ------------------------------------------------------------------ calls */

/*
 * NdisRegisterPoll - create a Poll object.
 *
 * Source:    documented; assumed: STATUS_INVALID_PARAMETER for a wrong header or a lacking handler.
 * IRQL:      PASSIVE_LEVEL
 * Ownership: borrows Characteristics; the caller takes *PollHandle until NdisDeregisterPoll, at the latest in
 *            MiniportHaltEx.
 * Returns:   STATUS_SUCCESS, _INVALID_PARAMETER, _INSUFFICIENT_RESOURCES.
 * Tests:     tests/ddi/stack/poll.c
 */
NTSTATUS NTAPI
NdisRegisterPoll(NDIS_HANDLE NdisHandle, void *Context, const NDIS_POLL_CHARACTERISTICS *Characteristics,
                 NDIS_POLL_HANDLE *PollHandle)
{
    struct ndis_adapter *ad = NdisHandle;
    struct ndis_poll *p;

    if (!ndis_header_ok(&Characteristics->Header, &characteristics, ndis_export.NdisRegisterPoll))
        return STATUS_INVALID_PARAMETER;
    if (!NDIS_HANDLERS_OK(Characteristics, ndis_export.NdisRegisterPoll, NDIS_HANDLER(Characteristics, PollHandler),
                          NDIS_HANDLER(Characteristics, SetPollNotificationHandler)))
        return STATUS_INVALID_PARAMETER;
    p = ndis_object_alloc(NDIS_SIG_POLL, sizeof(*p), "NDIS Poll object");
    if (p == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    p->adapter = ad;
    p->context = (uint64_t)Context;
    ndis_copy_versioned(&p->chars, sizeof(p->chars), &Characteristics->Header);
    p->state = mon_alloc(sizeof(*p->state));
    p->state->notifies = true;
    p->state->vp = -1;
    KeInitializeDpc(&p->dpc, (PKDEFERRED_ROUTINE)dpc_routine, p);
    list_add_tail(&ad->polls, &p->node);
    *PollHandle = (NDIS_POLL_HANDLE)p;
    return STATUS_SUCCESS;
}

/*
 * NdisDeregisterPoll - end a Poll object: when it returns no handler of it runs or will.
 *
 * Source:    documented. Requests that come meanwhile do nothing (assumed); the device should ask no more.
 * IRQL:      PASSIVE_LEVEL; waits for a handler that runs, so not from inside one.
 * Ownership: takes PollHandle.
 * Tests:     tests/ddi/stack/poll.c
 */
void NTAPI
NdisDeregisterPoll(NDIS_POLL_HANDLE PollHandle)
{
    struct ndis_poll *p = (struct ndis_poll *)PollHandle;

    p->state->leaving = true;
    while (p->state->active)
        ke_block(&p->state->idle, (uint64_t)p, NULL, "waits for polling to end (NdisDeregisterPoll)");
    sched_touch((uint64_t)p);
    list_del(&p->node);
    ndis_free(p);
}

/*
 * NdisRequestPoll - have the object polled, at least once after this.
 *
 * Source:    documented.
 * IRQL:      any; typically from a service routine.
 * Ownership: none; Reserved must be zero, anything else is NDIS_MISUSE_POLL_RESERVED.
 * Tests:     tests/ddi/stack/poll.c
 */
void NTAPI
NdisRequestPoll(NDIS_POLL_HANDLE PollHandle, void *Reserved)
{
    struct ndis_poll *p = (struct ndis_poll *)PollHandle;
    struct poll_state *s = p->state;

    if (Reserved != NULL)
        ndis_misuse(&p->adapter->layer, NDIS_MISUSE_POLL_RESERVED, (uint64_t)Reserved);
    if (s->leaving)
        return;
    s->requested = true;
    if (s->active)
        return;
    s->active = true;
    schedule(p);
}

/*
 * NdisSetPollAffinity - on which processor the handler is called from now on; one more call may come on the old one.
 *
 * Source:    documented; assumed: a processor that the machine has not is left out of account.
 * IRQL:      <= DISPATCH_LEVEL
 * Ownership: borrows PollAffinity.
 * Tests:     tests/ddi/stack/poll.c
 */
void NTAPI
NdisSetPollAffinity(NDIS_POLL_HANDLE PollHandle, const PROCESSOR_NUMBER *PollAffinity)
{
    struct ndis_poll *p = (struct ndis_poll *)PollHandle;

    if (PollAffinity->Group == 0 && PollAffinity->Number < machine->vp_count)
        p->state->vp = PollAffinity->Number;
}

/* ------------------------------------------------------------------ the adapter goes */

void
ndis_polls_fini(struct ndis_adapter *ad)
{
    if (!list_empty(&ad->polls))
        ndis_misuse(&ad->layer, NDIS_MISUSE_STOP_WITH_POLLS, 0);
    while (!list_empty(&ad->polls))
        NdisDeregisterPoll((NDIS_POLL_HANDLE)list_entry(list_first(&ad->polls), struct ndis_poll, node));
}

void
ndis_poll_init(void)
{
    dpc_routine = ke_host_routine("ndis", "ndisPollDpc", poll_dpc);
}
