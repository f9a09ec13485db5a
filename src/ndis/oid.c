/* SPDX-License-Identifier: MIT */
/*
 * ndis/oid.c - the hops of OID requests: from the layer that asks to the nearest layer below that answers, and back.
 *
 * Model: a request is good for one hop; a filter forwards by a clone, which is another request. Each layer that
 * answers has one regular request at a time (documented), further ones queue at it in order; direct requests do not
 * queue. A request that comes at PASSIVE_LEVEL to an idle layer is delivered at once, in the caller's thread; any
 * other is delivered by a worker at PASSIVE_LEVEL and NDIS_STATUS_PENDING is returned (assumed: where documentation
 * leaves the thread open).
 *
 * What NDIS knows of a hop is a record in monitor memory, found by target and address, so a completion that nobody
 * asked for is seen without looking at the request.
 * Start reading at: oid_submit().
 */
#include "ndis/driver.h"
#include "ndis/idle.h"
#include "ndis/misc.h"

#include <string.h>

#include "nt/ex/ex.h"
#include "nt/nt.h"

#define BUGCHECK_FAILED_OID_MUST_SUCCEED 0x1cu
#define BUGCHECK_OID_INVALID_BUFFER      0x1du

/* ------------------------------------------------------------------ records */

static struct oid_record *
record_new(NDIS_OID_REQUEST *request, struct ndis_layer *source, struct ndis_layer *target, bool direct)
{
    struct ndis_misc *misc = ndis_misc();
    struct oid_record *r = mon_alloc(sizeof(*r));

    r->request = request;
    r->source = source;
    r->target = target;
    r->direct = direct;
    r->oid = oid_of(request);
    r->request_id = (uint64_t)request->RequestId;
    r->serial = ++misc->oid_serial;
    list_add_tail(&misc->oids, &r->node);
    if (source != NULL) {
        r->ledger = source->ledger;
        r->ledger->oids++;
    }
    return r;
}

/* The request is answered: its owner is told next. */
static void
record_settle(struct oid_record *r)
{
    if (r->ledger != NULL)
        r->ledger->oids--;
    r->ledger = NULL;
}

static void
record_free(struct oid_record *r)
{
    mtimer_cancel(&r->timeout);
    r->serial = 0;
    list_del(&r->node);
    mon_free(r, sizeof(*r));
}

bool
oid_record_active(const struct oid_record *r)
{
    return r->state == OID_STARTING || r->state == OID_IN_HANDLER || r->state == OID_PENDED;
}

/* The regular request that target works on; NULL: it may be given one. */
static struct oid_record *
busy_with(const struct ndis_layer *target)
{
    struct oid_record *r;

    list_for_each (r, &ndis_misc()->oids, node)
        if (r->target == target && !r->direct && oid_record_active(r))
            return r;
    return NULL;
}

static struct oid_record *
first_queued(const struct ndis_layer *target)
{
    struct oid_record *r;

    list_for_each (r, &ndis_misc()->oids, node)
        if (r->target == target && r->state == OID_QUEUED)
            return r;
    return NULL;
}

struct oid_gate *
oid_gate_of(const struct ndis_layer *layer)
{
    switch (layer->kind) {
    case NDIS_LAYER_MINIPORT:
        return ((const struct ndis_adapter *)layer)->oid;
    case NDIS_LAYER_FILTER:
        return ((const struct ndis_filter *)layer)->oid;
    default:
        return ((const struct ndis_binding *)layer)->oid;
    }
}

/* ------------------------------------------------------------------ the answer */

/* Documented (NDIS_BUGCHECK_OID_REQUEST_INVALID_BUFFER): counts must fit the buffer. */
static void
check_counts(const struct ndis_layer *target, const NDIS_OID_REQUEST *request)
{
    bool bad = false;

    switch (request->RequestType) {
    case NdisRequestQueryInformation:
    case NdisRequestQueryStatistics:
        bad = request->DATA.QUERY_INFORMATION.BytesWritten > request->DATA.QUERY_INFORMATION.InformationBufferLength;
        break;
    case NdisRequestSetInformation:
        bad = request->DATA.SET_INFORMATION.BytesRead > request->DATA.SET_INFORMATION.InformationBufferLength;
        break;
    case NdisRequestMethod:
        bad = request->DATA.METHOD_INFORMATION.BytesRead > request->DATA.METHOD_INFORMATION.InputBufferLength ||
              request->DATA.METHOD_INFORMATION.BytesWritten > request->DATA.METHOD_INFORMATION.OutputBufferLength;
        break;
    default:
        break;
    }
    if (bad)
        machine_bugcheck(NDIS_BUGCHECK, BUGCHECK_OID_INVALID_BUFFER, (uint64_t)target, (uint64_t)request, 0);
}

/* Documented (rule NdisOidComplete): requests that give something back may only be refused so. */
static void
check_release(const struct ndis_layer *target, const struct oid_record *r, NDIS_STATUS status)
{
    switch (r->oid) {
    case OID_RECEIVE_FILTER_CLEAR_FILTER:
    case OID_RECEIVE_FILTER_FREE_QUEUE:
    case OID_TCP_TASK_IPSEC_OFFLOAD_V2_DELETE_SA:
    case OID_NIC_SWITCH_FREE_VF:
    case OID_NIC_SWITCH_DELETE_SWITCH:
    case OID_802_3_DELETE_MULTICAST_ADDRESS:
    case OID_PM_REMOVE_WOL_PATTERN:
    case OID_PM_REMOVE_PROTOCOL_OFFLOAD:
        break;
    default:
        return;
    }
    if (status != NDIS_STATUS_SUCCESS && status != NDIS_STATUS_NOT_ACCEPTED && status != NDIS_STATUS_REQUEST_ABORTED)
        machine_bugcheck(NDIS_BUGCHECK, BUGCHECK_FAILED_OID_MUST_SUCCEED, (uint64_t)target, r->oid, (uint32_t)status);
}

static void arm_timeout(struct oid_record *r, uint32_t seconds);

/* r has its answer: event, checks, room for the next. r stays on the list; the caller frees it. */
static void
answered(struct oid_record *r, NDIS_STATUS status)
{
    struct ndis_layer *target = r->target;

    trace_emit(EV_OID_COMPLETE, r->request, target->kind, (uint64_t)target, r->oid, (uint32_t)status, 1);
    if (status == NDIS_STATUS_SUCCESS)
        check_counts(target, r->request);
    if (target->kind == NDIS_LAYER_MINIPORT)
        check_release(target, r, status);
    record_settle(r);
}

static bool
works(const struct ndis_layer *layer)
{
    struct oid_record *r;

    list_for_each (r, &ndis_misc()->oids, node)
        if (r->target == layer && (oid_record_active(r) || r->state == OID_QUEUED))
            return true;
    return oid_gate_of(layer)->synchronous != 0;
}

bool
ndis_oid_answers(const struct ndis_layer *layer)
{
    const struct oid_record *r;

    list_for_each (r, &ndis_misc()->oids, node)
        if (r->target == layer && (r->state == OID_IN_HANDLER || r->state == OID_PENDED))
            return true;
    return false;
}

uint32_t
ndis_oid_serial(const struct ndis_layer *layer)
{
    const struct oid_record *r = busy_with(layer);

    return r != NULL ? r->serial : 0;
}

void
oid_gate_check(struct ndis_layer *layer)
{
    struct oid_gate *gate = oid_gate_of(layer);

    if (!gate->draining || works(layer))
        return;
    gate->draining = false;
    ndis_wait_done(&gate->wait, NDIS_STATUS_SUCCESS);
}

static void
target_freed(struct ndis_layer *target)
{
    oid_start_next(target);
    oid_gate_check(target);
}

void
oid_tell(struct ndis_layer *source, oid_done_fn done, struct oid_record *copy, NDIS_STATUS status)
{
    enum ndis_op op = copy->direct ? NDIS_OP_DIRECT_OID_COMPLETE : NDIS_OP_OID_COMPLETE;

    if (done != NULL) {
        done(copy, status);
        return;
    }
    sched_touch(source->ledger->handle);
    NDIS_CALL(ndis_site.ndisInvokeOidRequestComplete, source->op[op], source->context, (uint64_t)copy->request,
              (uint32_t)status);
}

void
oid_record_complete(struct oid_record *r, NDIS_STATUS status)
{
    struct oid_record copy = *r;

    answered(r, status);
    if (r->state == OID_IN_HANDLER)
        r->state = OID_EARLY; /* deliver() frees it */
    else
        record_free(r);
    target_freed(copy.target);
    oid_tell(copy.source, copy.done, &copy, status);
}

/* ------------------------------------------------------------------ delivery */

static bool
in_its_handler(const struct oid_record *r, NDIS_OID_REQUEST *request)
{
    return r->request == request && r->state == OID_EARLY;
}

/*
 * Call the target. NDIS_STATUS_PENDING: the record lives on, or is gone because the completion came first. Anything
 * else is the answer, and the record is gone.
 */
static NDIS_STATUS
deliver(struct oid_record *r)
{
    struct ndis_layer *target = r->target;
    NDIS_OID_REQUEST *request = r->request;
    enum ndis_op op = r->direct ? NDIS_OP_DIRECT_OID : NDIS_OP_OID;
    uint32_t oid = r->oid;
    NDIS_STATUS status;

    r->state = OID_IN_HANDLER;
    sched_touch((uint64_t)target);
    if (target->kind == NDIS_LAYER_MINIPORT && oid == OID_PNP_SET_POWER)
        ((struct ndis_adapter *)target)->power_reached = true;
    if (target->state == NDIS_STATE_SHUTDOWN)
        status = NDIS_STATUS_NOT_ACCEPTED; /* documented: nothing calls it any more; the status is assumed */
    else if (target->kind != NDIS_LAYER_MINIPORT || !oid_answer((struct ndis_adapter *)target, request, &status))
        status =
            (NDIS_STATUS)NDIS_CALL(ndis_site.ndisInvokeOidRequest, target->op[op], target->context, (uint64_t)request);
    if (in_its_handler(r, request)) {
        record_free(r);
        if (status == NDIS_STATUS_PENDING)
            return NDIS_STATUS_PENDING;
        trace_emit(EV_OID_COMPLETE, request, target->kind, (uint64_t)target, oid, (uint32_t)status, 0);
        if (target->kind == NDIS_LAYER_MINIPORT)
            machine_bugcheck(NDIS_BUGCHECK, BUGCHECK_INVALID_OID_COMPLETION, (uint64_t)target, (uint64_t)request, 0);
        return NDIS_STATUS_PENDING; /* its owner was told once */
    }
    if (status == NDIS_STATUS_PENDING) {
        r->state = OID_PENDED;
        trace_emit(EV_OID_PEND, request, target->kind, (uint64_t)target, r->oid);
        return NDIS_STATUS_PENDING;
    }
    answered(r, status);
    record_free(r);
    target_freed(target);
    return status;
}

static void
deliver_work(void *arg)
{
    struct oid_record *r = arg, copy = *r;
    NDIS_STATUS status = deliver(r);

    if (status != NDIS_STATUS_PENDING)
        oid_tell(copy.source, copy.done, &copy, status);
}

static void
deliver_later(struct oid_record *r)
{
    r->state = OID_STARTING;
    if (!ex_work("ndis OID", r->request, 0, deliver_work, r))
        oid_record_complete(r, NDIS_STATUS_RESOURCES);
}

static bool
is_down(const struct ndis_layer *target)
{
    return target->kind == NDIS_LAYER_MINIPORT && ndis_idle_down((const struct ndis_adapter *)target);
}

void
oid_start_next(struct ndis_layer *target)
{
    struct oid_record *r = is_down(target) ? NULL : first_queued(target);

    if (r != NULL && busy_with(target) == NULL)
        deliver_later(r);
}

/* The layer below `from` that is to answer; one that is being detached is passed by. */
static struct ndis_layer *
target_of(struct ndis_layer *from, enum ndis_op op)
{
    struct ndis_layer *to = from->next[op];

    while (to != NULL && to->kind == NDIS_LAYER_FILTER && oid_gate_of(to)->closed)
        to = to->next[op];
    return to;
}

NDIS_STATUS
oid_submit_to(struct ndis_layer *source, struct ndis_layer *target, NDIS_OID_REQUEST *request, bool direct,
              oid_done_fn done, uint64_t done_arg)
{
    struct oid_record *r;

    NDIS_STATUS status;

    if (target == NULL)
        return NDIS_STATUS_NOT_SUPPORTED;
    sched_touch((uint64_t)target);
    if (oid_gate_of(target)->closed)
        return NDIS_STATUS_NOT_ACCEPTED;
    if (!direct && oid_statistics(source, target, request, done, done_arg, &status))
        return status;
    r = record_new(request, source, target, direct);
    r->done = done;
    r->done_arg = done_arg;
    if (request->Timeout != NDIS_OID_REQUEST_TIMEOUT_INFINITE)
        arm_timeout(r, request->Timeout);
    if (source == NULL && is_down(target) && ndis_idle_own_oid((struct ndis_adapter *)target, r->oid))
        return deliver(r); /* before those that it holds */
    if ((target->kind == NDIS_LAYER_MINIPORT && ndis_idle_holds_oids((struct ndis_adapter *)target)) ||
        (!direct && (busy_with(target) != NULL || first_queued(target) != r))) {
        r->state = OID_QUEUED;
        return NDIS_STATUS_PENDING;
    }
    if (!direct && irql_get() > IRQL_PASSIVE) {
        deliver_later(r);
        return NDIS_STATUS_PENDING;
    }
    return deliver(r);
}

NDIS_STATUS
oid_submit(struct ndis_layer *source, struct ndis_layer *from, NDIS_OID_REQUEST *request, bool direct, oid_done_fn done,
           uint64_t done_arg)
{
    return oid_submit_to(source, target_of(from, direct ? NDIS_OP_DIRECT_OID : NDIS_OP_OID), request, direct, done,
                         done_arg);
}

/* ------------------------------------------------------------------ cancelling */

void
oid_record_cancel(struct oid_record *r)
{
    struct ndis_layer *target = r->target;
    enum ndis_op op = r->direct ? NDIS_OP_CANCEL_DIRECT_OID : NDIS_OP_CANCEL_OID;
    uint64_t id = r->request_id;

    r->cancelled = true;
    trace_emit(EV_OID_CANCEL, r->request, target->kind, (uint64_t)target, r->oid);
    if (r->state == OID_QUEUED) {
        oid_record_complete(r, NDIS_STATUS_REQUEST_ABORTED);
        return;
    }
    sched_touch((uint64_t)target);
    if (target->op[op] != 0) /* documented: the handler is optional */
        NDIS_CALL(ndis_site.ndisInvokeCancelOidRequest, target->op[op], target->context, id);
}

/* The time of a request is over. Its record may have been settled, or serve another request, meanwhile. */
static void
timeout_work(void *arg)
{
    struct oid_record *r = arg;

    if (r->serial == 0 || r->serial != r->overdue)
        return;
    sched_touch((uint64_t)r->target);
    if (r->state != OID_EARLY && !r->cancelled)
        oid_record_cancel(r);
}

/* As from the clock interrupt: may not call a driver. */
static void
timeout_fires(struct mtimer *timer)
{
    struct oid_record *r = list_entry(timer, struct oid_record, timeout);

    r->overdue = r->serial;
    ex_work("ndis OID timeout", r->request, 0, timeout_work, r);
}

/* Documented: NDIS may cancel a request whose time is over, or reset the miniport. Assumed: it cancels. */
static void
arm_timeout(struct oid_record *r, uint32_t seconds)
{
    r->timeout.vp = (uint8_t)vp_self()->number;
    mtimer_set(&r->timeout, machine_now() + seconds * 10000000ull, timeout_fires);
}

/* ------------------------------------------------------------------ a layer comes and goes */

void
ndis_oid_layer_init(struct ndis_layer *layer)
{
    struct oid_gate *gate = layer->ledger->gate;

    if (gate == NULL)
        gate = layer->ledger->gate = mon_alloc(sizeof(*gate));
    memset(gate, 0, sizeof(*gate));
    switch (layer->kind) {
    case NDIS_LAYER_MINIPORT:
        ((struct ndis_adapter *)layer)->oid = gate;
        break;
    case NDIS_LAYER_FILTER:
        ((struct ndis_filter *)layer)->oid = gate;
        break;
    default:
        ((struct ndis_binding *)layer)->oid = gate;
        break;
    }
}

/*
 * Assumed: a filter module that goes finishes what it has; new requests pass it by. A miniport's queue is refused
 * (documented: NDIS_STATUS_NOT_ACCEPTED) and what it pended is waited for.
 */
void
ndis_oid_drain(struct ndis_layer *layer)
{
    struct oid_gate *gate = oid_gate_of(layer);
    struct oid_record *r;

    if (gate == NULL)
        return;
    sched_touch((uint64_t)layer);
    gate->closed = true;
    if (layer->kind == NDIS_LAYER_MINIPORT)
        while ((r = first_queued(layer)) != NULL)
            oid_record_complete(r, NDIS_STATUS_NOT_ACCEPTED);
    while (works(layer)) {
        gate->wait = (struct ndis_wait){ 0 };
        gate->draining = true;
        ndis_wait(&gate->wait, (uint64_t)layer,
                  ndis_words("waits for %s to complete an OID request%s", ndis_layer_driver_name(layer), ""));
    }
}
