/* SPDX-License-Identifier: MIT */
/*
 * ndis/legacy/protocol.c - 5.x protocol drivers: registration, bindings, opens.
 *
 * Model: the wrapper's NDIS 6 protocol opens every adapter and stays bound. The 5.x protocol is bound and unbound
 * inside that binding: ProtocolBindAdapter when the stack restarts, ProtocolUnbindAdapter for each of its opens when it
 * pauses (documented: protocols that do not handle pause and restart are unbound and bound again). So a 5.x protocol
 * holds no frame across a pause, and its close waits for its sends and receives. Between the two it may open the
 * adapter as often as it likes (observed: capture drivers do so for each program); the packet filter below is the sum.
 * Start reading at: bind(), net_pnp_event(), NdisOpenAdapter().
 */
#include "ndis/legacy/legacy.h"

#include <string.h>

#include "ndis/driver.h"
#include "nt/nt.h"

/* BindContext and UnbindContext of one operation. Heap. */
struct bind5 {
    struct ndis_object object;
    struct legacy_binding *binding;
    bool unbind;
    NDIS_STATUS status; /* what the handler writes */
};

struct legacy_open *
legacy_open_of(NDIS_HANDLE handle)
{
    return ((const NDIS_OPEN_BLOCK *)handle)->MacHandle;
}

/* ------------------------------------------------------------------ the driver */

static NDIS_STATUS
register_driver(struct legacy_protocol *lp)
{
    const struct legacy_handlers *h = &legacy_handler;
    NDIS_PROTOCOL_DRIVER_CHARACTERISTICS *c = guest_alloc(sizeof(*c));

    ndis_header_set(&c->Header, NDIS_OBJECT_TYPE_PROTOCOL_DRIVER_CHARACTERISTICS,
                    NDIS_PROTOCOL_DRIVER_CHARACTERISTICS_REVISION_1,
                    NDIS_SIZEOF_PROTOCOL_DRIVER_CHARACTERISTICS_REVISION_1);
    c->MajorNdisVersion = 6;
    c->Name = lp->chars.Name;
    c->BindAdapterHandlerEx = (void *)h->bind;
    c->UnbindAdapterHandlerEx = (void *)h->unbind;
    c->OpenAdapterCompleteHandlerEx = (void *)h->nothing;
    c->CloseAdapterCompleteHandlerEx = (void *)h->close_complete;
    c->NetPnPEventHandler = (void *)h->net_pnp;
    c->OidRequestCompleteHandler = (void *)h->oid_complete;
    c->StatusHandlerEx = (void *)h->status;
    c->ReceiveNetBufferListsHandler = (void *)h->receive;
    c->SendNetBufferListsCompleteHandler = (void *)h->send_complete;
    return NdisRegisterProtocolDriver(lp, c, (NDIS_HANDLE *)&lp->driver); /* set before the first bind */
}

static size_t
characteristics_size(const NDIS_PROTOCOL_CHARACTERISTICS *c)
{
    if (c->MajorNdisVersion == 4)
        return sizeof(NDIS40_PROTOCOL_CHARACTERISTICS);
    return c->MajorNdisVersion == 5 ? sizeof(NDIS50_PROTOCOL_CHARACTERISTICS) : 0;
}

/*
 * NdisRegisterProtocol - make a 5.x protocol known; bindings follow, before or after this returns.
 *
 * Source:    documented: versions 4.0 and 5.0. Assumed: which handlers are required: those a connectionless protocol
 *            documents as required.
 * IRQL:      PASSIVE_LEVEL
 * Ownership: borrows ProtocolCharacteristics; *NdisProtocolHandle lives until NdisDeregisterProtocol.
 * Status:    NDIS_STATUS_SUCCESS, _BAD_VERSION, _BAD_CHARACTERISTICS, _RESOURCES.
 */
VOID NTAPI
NdisRegisterProtocol(PNDIS_STATUS Status, PNDIS_HANDLE NdisProtocolHandle,
                     PNDIS_PROTOCOL_CHARACTERISTICS ProtocolCharacteristics, UINT CharacteristicsLength)
{
    const NDIS_PROTOCOL_CHARACTERISTICS *c = ProtocolCharacteristics;
    size_t size = characteristics_size(c);
    uint32_t site = ndis_export.NdisRegisterProtocol;
    struct legacy_protocol *lp;

    *NdisProtocolHandle = NULL;
    *Status = size == 0 ? NDIS_STATUS_BAD_VERSION : NDIS_STATUS_BAD_CHARACTERISTICS;
    if (size == 0 || CharacteristicsLength < size)
        trace_emit(EV_HEADER_MISUSE, c, site, size == 0 ? NDIS_HEADER_VERSION : NDIS_HEADER_LENGTH,
                   size == 0 ? (uint64_t)c->MajorNdisVersion << 8 | c->MinorNdisVersion : CharacteristicsLength,
                   size == 0 ? 0x500 : size, (uint64_t) "NDIS_PROTOCOL_CHARACTERISTICS");
    if (size == 0 || CharacteristicsLength < size || !ndis_name_ok(c, site, "Name", (const UNICODE_STRING *)&c->Name) ||
        !NDIS_HANDLERS_OK(c, site, NDIS_HANDLER(c, OpenAdapterCompleteHandler),
                          NDIS_HANDLER(c, CloseAdapterCompleteHandler), NDIS_HANDLER(c, SendCompleteHandler),
                          NDIS_HANDLER(c, RequestCompleteHandler), NDIS_HANDLER(c, ReceiveHandler),
                          NDIS_HANDLER(c, StatusHandler), NDIS_HANDLER(c, BindAdapterHandler),
                          NDIS_HANDLER(c, UnbindAdapterHandler)))
        return;
    lp = ndis_object_alloc(NDIS_SIG_PROTOCOL5, sizeof(*lp) + c->Name.Length, "5.x protocol driver");
    *Status = NDIS_STATUS_RESOURCES;
    if (lp == NULL)
        return;
    memcpy(&lp->chars, c, size);
    lp->chars.Name.Buffer = (WCHAR *)(lp + 1);
    memcpy(lp->chars.Name.Buffer, c->Name.Buffer, c->Name.Length);
    list_add_tail(&legacy_root()->protocols, &lp->node);
    *NdisProtocolHandle = lp; /* a bind may come before this returns */
    *Status = register_driver(lp);
    if (*Status == NDIS_STATUS_SUCCESS)
        return;
    *NdisProtocolHandle = NULL;
    list_del(&lp->node);
    ndis_free(lp);
}

/* A handler that completes the last request of a program may be in the driver's code while its unload routine runs. */
static void
wait_told(struct legacy_protocol *lp, const char *name)
{
    sched_touch((uint64_t)lp);
    while (lp->telling != 0) {
        lp->told = (struct ndis_wait){ 0 };
        ndis_wait(&lp->told, (uint64_t)lp,
                  ndis_words("waits for %s to return from %s", name, "ProtocolCloseAdapterComplete"));
    }
}

/*
 * NdisDeregisterProtocol - unbind everywhere and forget it; no handler of it runs when it returns.
 *
 * Source: documented; assumed: it waits for close-complete handlers that have not returned. IRQL: PASSIVE_LEVEL.
 * Status: SUCCESS
 */
VOID NTAPI
NdisDeregisterProtocol(PNDIS_STATUS Status, NDIS_HANDLE NdisProtocolHandle)
{
    struct legacy_protocol *lp = NdisProtocolHandle;
    const char *name = lp->driver->driver.record->name;

    NdisDeregisterProtocolDriver(lp->driver);
    wait_told(lp, name);
    list_del(&lp->node);
    ndis_free(lp);
    *Status = NDIS_STATUS_SUCCESS;
}

/* ------------------------------------------------------------------ open and close */

static bool
same_name(const UNICODE_STRING *a, const UNICODE_STRING *b)
{
    return RtlEqualUnicodeString(a, b, TRUE);
}

static struct legacy_binding *
binding_named(const struct legacy_protocol *lp, const UNICODE_STRING *name)
{
    struct legacy_binding *lb;

    list_for_each (lb, &legacy_root()->bindings, node)
        if (lb->protocol == lp && lb->up && same_name(lb->device, name))
            return lb;
    return NULL;
}

static struct legacy_open *
open_create(struct legacy_binding *lb, uint64_t context)
{
    struct legacy_open *lo = mon_alloc(sizeof(*lo));

    *lo = (struct legacy_open){ .binding = lb, .context = context, .offered = lb->binding };
    list_add_tail(&lb->opens, &lo->node);
    return lo;
}

/*
 * NdisOpenAdapter - open an adapter that NDIS offers in ProtocolBindAdapter, or has offered.
 *
 * Source:    documented: in ProtocolBindAdapter. observed: capture drivers open adapters later, and more than once.
 *            Assumed: it never pends here; while a stack is paused and while it is down, the adapter is not found.
 * IRQL:      PASSIVE_LEVEL
 * Ownership: *NdisBindingHandle lives until its close has completed.
 * Status:    NDIS_STATUS_SUCCESS, _ADAPTER_NOT_FOUND, _UNSUPPORTED_MEDIA, _RESOURCES.
 */
VOID NTAPI
NdisOpenAdapter(PNDIS_STATUS Status, PNDIS_STATUS OpenErrorStatus, PNDIS_HANDLE NdisBindingHandle,
                PUINT SelectedMediumIndex, PNDIS_MEDIUM MediumArray, UINT MediumArraySize,
                NDIS_HANDLE NdisProtocolHandle, NDIS_HANDLE ProtocolBindingContext, PNDIS_STRING AdapterName,
                UINT OpenOptions, PSTRING AddressingInformation)
{
    struct legacy_protocol *lp = NdisProtocolHandle;
    struct legacy_binding *lb = binding_named(lp, AdapterName);
    struct legacy_open *lo;
    NDIS_OPEN_BLOCK *open;
    UINT i;

    (void)OpenOptions;
    (void)AddressingInformation;
    *OpenErrorStatus = NDIS_STATUS_SUCCESS;
    *Status = NDIS_STATUS_ADAPTER_NOT_FOUND;
    if (lb == NULL)
        return;
    sched_touch((uint64_t)lb);
    for (i = 0; i < MediumArraySize; i++)
        if (MediumArray[i] == lb->b->layer.adapter->general.MediaType)
            break;
    *Status = NDIS_STATUS_UNSUPPORTED_MEDIA;
    if (i == MediumArraySize)
        return;
    *Status = NDIS_STATUS_RESOURCES;
    open = ndis_alloc(sizeof(*open), NDIS_SIG_OPEN, "open block");
    if (open == NULL)
        return;
    lo = open_create(lb, (uint64_t)ProtocolBindingContext);
    lo->block = open;
    open->MacHandle = lo;
    open->BindingHandle = open;
    open->ProtocolHandle = lp;
    open->ProtocolBindingContext = ProtocolBindingContext;
    open->BindDeviceName = lb->device;
    legacy_open_handlers(open);
    *SelectedMediumIndex = i;
    *NdisBindingHandle = open;
    *Status = NDIS_STATUS_SUCCESS;
}

/* ------------------------------------------------------------------ what opens share */

uint32_t
legacy_filter_of_others(const struct legacy_open *lo)
{
    const struct legacy_open *other;
    uint32_t filter = 0;

    list_for_each (other, &lo->binding->opens, node)
        filter |= other != lo ? other->packet_filter : 0;
    return filter;
}

void
legacy_enter(struct legacy_open *lo)
{
    lo->calls++;
}

void
legacy_leave(struct legacy_open *lo)
{
    lo->calls--;
    legacy_open_check(lo);
}

struct legacy_open *
legacy_next_open(struct legacy_binding *lb, struct legacy_open *last)
{
    struct list_node *node = last == NULL ? list_first(&lb->opens) : list_next(&lb->opens, &last->node);
    struct legacy_open *lo = NULL;

    sched_touch((uint64_t)lb);
    for (; node != NULL; node = list_next(&lb->opens, node)) {
        lo = list_entry(node, struct legacy_open, node);
        if (!lo->closing)
            break;
        lo = NULL;
    }
    if (lo != NULL)
        legacy_enter(lo);
    if (last != NULL)
        legacy_leave(last);
    return lo;
}

/* ------------------------------------------------------------------ close */

static bool
may_close(const struct legacy_open *lo)
{
    return lo->sends == 0 && lo->receives == 0 && lo->requests == 0 && lo->calls == 0;
}

/* documented: nothing is received on a binding that is closed, and its filter counts no more. */
static void
close_finish(struct legacy_open *lo)
{
    lo->packet_filter = 0;
    lo->binding->b->packet_filter = legacy_filter_of_others(lo);
    sched_touch((uint64_t)lo->binding->b);
    ndis_free(lo->block);
    lo->block = NULL;
    lo->close_pended = false;
    list_del(&lo->node);
    sched_touch((uint64_t)lo->binding);
}

static void
close_complete_work(void *arg)
{
    struct legacy_open *lo = arg;
    struct legacy_protocol *lp = lo->binding->protocol;

    close_finish(lo);
    NDIS_CALL(legacy_site.ndisPCloseComplete5, (ndis_fn)lp->chars.CloseAdapterCompleteHandler, lo->context,
              (uint32_t)NDIS_STATUS_SUCCESS);
    sched_touch((uint64_t)lp);
    if (--lp->telling == 0)
        ndis_wait_done(&lp->told, NDIS_STATUS_SUCCESS); /* lp may go */
    if (lo->awaited)
        ndis_wait_done(&lo->close_wait, NDIS_STATUS_SUCCESS);
    else
        mon_free(lo, sizeof(*lo));
}

void
legacy_open_check(struct legacy_open *lo)
{
    sched_touch((uint64_t)lo);
    if (!lo->close_pended || !may_close(lo))
        return;
    lo->close_pended = false;
    lo->binding->protocol->telling++;
    ndis_work_queue(close_complete_work, lo);
}

static void
misuse(const struct legacy_open *lo, enum ndis_state_misuse what)
{
    struct ndis_binding *b = lo->binding->b;

    trace_emit(EV_STATE_MISUSE, b, what, NDIS_LAYER_PROTOCOL, (uint64_t)b, b->layer.state);
}

/*
 * NdisCloseAdapter - close a binding.
 *
 * Source:    documented; assumed: it pends exactly when something of the binding is out; a second time it does
 *            nothing.
 * IRQL:      PASSIVE_LEVEL
 * Ownership: takes NdisBindingHandle.
 * Status:    NDIS_STATUS_SUCCESS, _PENDING (then ProtocolCloseAdapterComplete follows).
 */
VOID NTAPI
NdisCloseAdapter(PNDIS_STATUS Status, NDIS_HANDLE NdisBindingHandle)
{
    struct legacy_open *lo = legacy_open_of(NdisBindingHandle);

    sched_touch((uint64_t)lo);
    *Status = NDIS_STATUS_SUCCESS;
    if (lo->closing) { /* the first has pended: past its end the handle is stale */
        misuse(lo, NDIS_MISUSE_CLOSED_TWICE);
        return;
    }
    lo->closing = true;
    if (may_close(lo)) {
        close_finish(lo);
        if (lo->awaited)
            ndis_wait_done(&lo->close_wait, NDIS_STATUS_SUCCESS);
        else
            mon_free(lo, sizeof(*lo));
        return;
    }
    lo->close_pended = true;
    *Status = NDIS_STATUS_PENDING;
}

static void
close_by_force(struct legacy_open *lo)
{
    NDIS_STATUS status;

    if (lo->closing)
        return;
    misuse(lo, NDIS_MISUSE_UNBIND_WITHOUT_CLOSE);
    NdisCloseAdapter(&status, lo->block);
}

/* The driver has closed it, or it is closed now; until that has completed. Its `awaited` is set. */
static void
wait_closed(struct legacy_open *lo)
{
    close_by_force(lo);
    legacy_open_check(lo);
    if (!lo->close_wait.done)
        ndis_wait(&lo->close_wait, (uint64_t)lo,
                  ndis_words("waits for sends and receives of %s before it closes %s",
                             ndis_layer_driver_name(&lo->binding->b->layer), "its binding"));
    mon_free(lo, sizeof(*lo));
}

/* ------------------------------------------------------------------ binding the 5.x protocol */

static struct bind5 *
context_begin(struct legacy_binding *lb, bool unbind)
{
    struct bind5 *bc = lb->context5;

    lb->bind_wait = (struct ndis_wait){ 0 };
    bc->unbind = unbind;
    bc->status = NDIS_STATUS_SUCCESS;
    return bc;
}

static NDIS_STATUS
wait_for(struct legacy_binding *lb, struct bind5 *bc, const char *what)
{
    if (bc->status != NDIS_STATUS_PENDING)
        return bc->status;
    return ndis_wait(&lb->bind_wait, (uint64_t)lb->b,
                     ndis_words("waits for %s to complete %s", ndis_layer_driver_name(&lb->b->layer), what));
}

/* An open that was made in ProtocolBindAdapter; NULL: none. */
static struct legacy_open *
offered_open(struct legacy_binding *lb)
{
    struct legacy_open *lo;

    list_for_each (lo, &lb->opens, node)
        if (lo->offered && !lo->awaited)
            return lo;
    return NULL;
}

/* Assumed: a protocol that does not open what it is offered is no failure of the stack; it may open it later. */
static void
bind_protocol(struct legacy_binding *lb)
{
    struct legacy_open *lo;
    struct bind5 *bc;

    sched_touch((uint64_t)lb);
    lb->up = true;
    if (lb->refused)
        return;
    bc = context_begin(lb, false);
    lb->binding = true;
    NDIS_CALL(legacy_site.ndisPBindAdapter5, (ndis_fn)lb->protocol->chars.BindAdapterHandler, (uint64_t)&bc->status,
              (uint64_t)bc, (uint64_t)lb->device, (uint64_t)lb->section, 0);
    if (wait_for(lb, bc, "ProtocolBindAdapter") != NDIS_STATUS_SUCCESS)
        while ((lo = offered_open(lb)) != NULL) {
            lo->awaited = true;
            wait_closed(lo);
        }
    lb->refused = offered_open(lb) == NULL;
    lb->binding = false;
}

/* documented: ProtocolUnbindAdapter closes the binding it is given. */
static void
unbind_open(struct legacy_binding *lb, struct legacy_open *lo)
{
    struct bind5 *bc = context_begin(lb, true);

    lo->awaited = true;
    if (!lo->closing) {
        NDIS_CALL(legacy_site.ndisPUnbindAdapter5, (ndis_fn)lb->protocol->chars.UnbindAdapterHandler,
                  (uint64_t)&bc->status, lo->context, (uint64_t)bc);
        wait_for(lb, bc, "ProtocolUnbindAdapter");
    }
    wait_closed(lo);
}

static void
unbind_protocol(struct legacy_binding *lb)
{
    struct list_node *first;

    sched_touch((uint64_t)lb);
    lb->up = false;
    while ((first = list_first(&lb->opens)) != NULL)
        unbind_open(lb, list_entry(first, struct legacy_open, node));
}

static void
completed(NDIS_HANDLE context, bool unbind, NDIS_STATUS status)
{
    struct bind5 *bc = context;
    struct legacy_binding *lb = bc->binding;

    sched_touch((uint64_t)lb);
    if (bc->unbind != unbind || lb->bind_wait.done) {
        trace_emit(EV_STATE_MISUSE, lb->b, NDIS_MISUSE_BIND_COMPLETE, NDIS_LAYER_PROTOCOL, (uint64_t)lb->b,
                   lb->b->layer.state);
        return;
    }
    ndis_wait_done(&lb->bind_wait, status);
}

/*
 * NdisCompleteBindAdapter - ProtocolBindAdapter had pended. NdisCompleteUnbindAdapter - ProtocolUnbindAdapter had.
 *
 * Source: documented. IRQL: PASSIVE_LEVEL. Ownership: takes the context.
 */
VOID NTAPI
NdisCompleteBindAdapter(NDIS_HANDLE BindAdapterContext, NDIS_STATUS Status, NDIS_STATUS OpenStatus)
{
    (void)OpenStatus; /* documented: why an open failed; for the event log */
    completed(BindAdapterContext, false, Status);
}

VOID NTAPI
NdisCompleteUnbindAdapter(NDIS_HANDLE UnbindAdapterContext, NDIS_STATUS Status)
{
    completed(UnbindAdapterContext, true, Status);
}

/* ------------------------------------------------------------------ the NDIS 6 binding */

static NDIS_STATUS
open_adapter(struct legacy_binding *lb, NDIS_HANDLE bind_context, UNICODE_STRING *name)
{
    static const NDIS_MEDIUM media[] = { NdisMedium802_3 };
    uint64_t mark = guest_mark();
    NDIS_OPEN_PARAMETERS *p = guest_alloc(sizeof(*p));
    NDIS_HANDLE *handle = guest_alloc(sizeof(*handle));
    UINT *index = guest_alloc(sizeof(*index));
    NDIS_MEDIUM *array = guest_alloc(sizeof(media));
    NDIS_STATUS status;

    memcpy(array, media, sizeof(media));
    ndis_header_set(&p->Header, NDIS_OBJECT_TYPE_OPEN_PARAMETERS, NDIS_OPEN_PARAMETERS_REVISION_1,
                    NDIS_SIZEOF_OPEN_PARAMETERS_REVISION_1);
    p->AdapterName = name;
    p->MediumArray = array;
    p->MediumArraySize = 1;
    p->SelectedMediumIndex = index;
    status = NdisOpenAdapterEx(lb->protocol->driver, lb, p, bind_context, handle);
    lb->b = *handle;
    if (lb->b != NULL)
        lb->b->shared_filter = legacy_shared_filter;
    guest_release(mark);
    return status;
}

/* Checkers look at it after its end; a live machine makes bindings for days. */
static void
binding_free(struct legacy_binding *lb)
{
    ndis_free(lb->packets);
    ndis_free(lb->context5);
    if (lb->nbls != NULL)
        NdisFreeNetBufferListPool(lb->nbls);
    if (machine_is_native())
        mon_free(lb, sizeof(*lb));
}

static uint64_t
bind(const uint64_t *args)
{
    struct legacy_protocol *lp = (struct legacy_protocol *)args[0];
    NDIS_BIND_PARAMETERS *p = (NDIS_BIND_PARAMETERS *)args[2];
    struct legacy_binding *lb = mon_alloc(sizeof(*lb));
    NDIS_STATUS status = NDIS_STATUS_RESOURCES;

    list_init(&lb->opens);
    lb->protocol = lp;
    lb->device = p->AdapterName;
    lb->section = p->ProtocolSection;
    lb->packets = packet_pool_create(PACKETS_ANY, PROTOCOL_RESERVED_SIZE_IN_PACKET);
    lb->nbls = nbl_pool_create(lp->driver);
    lb->context5 =
        ndis_object_alloc(NDIS_SIG_BIND5, sizeof(*lb->context5), "bind context"); /* now: unbind cannot fail */
    if (lb->context5 != NULL)
        lb->context5->binding = lb;
    if (lb->packets != NULL && lb->nbls != NULL && lb->context5 != NULL)
        status = open_adapter(lb, (NDIS_HANDLE)args[1], p->AdapterName);
    if (status == NDIS_STATUS_SUCCESS) {
        list_add_tail(&legacy_root()->bindings, &lb->node);
        return (uint32_t)status;
    }
    binding_free(lb);
    return (uint32_t)status;
}

static void
binding_end(struct legacy_binding *lb)
{
    list_del(&lb->node);
    binding_free(lb);
}

static uint64_t
unbind(const uint64_t *args)
{
    struct legacy_binding *lb = (struct legacy_binding *)args[1];

    unbind_protocol(lb);
    if (NdisCloseAdapterEx(lb->b) != NDIS_STATUS_PENDING)
        binding_end(lb);
    return (uint32_t)NDIS_STATUS_SUCCESS;
}

static uint64_t
close_complete(const uint64_t *args)
{
    binding_end((struct legacy_binding *)args[0]);
    return 0;
}

static uint64_t
tell_event(struct legacy_protocol *lp, uint64_t context, const NET_PNP_EVENT *event)
{
    if (lp->chars.PnPEventHandler == NULL)
        return (uint32_t)NDIS_STATUS_SUCCESS;
    return NDIS_CALL(legacy_site.ndisPPnPEvent5, (ndis_fn)lp->chars.PnPEventHandler, context, (uint64_t)event);
}

/* For a driver as a whole: for the one that NDIS has just marked. documented: without a binding's context. */
static uint64_t
binds_complete(const NET_PNP_EVENT *event)
{
    struct legacy_protocol *lp;

    list_for_each (lp, &legacy_root()->protocols, node) {
        if (lp->told_binds_complete || lp->driver == NULL || !lp->driver->told_binds_complete)
            continue;
        lp->told_binds_complete = true;
        return tell_event(lp, 0, event);
    }
    return (uint32_t)NDIS_STATUS_SUCCESS;
}

/* Each open hears of it; one that does not agree decides. */
static uint64_t
tell_opens(struct legacy_binding *lb, const NET_PNP_EVENT *event)
{
    uint64_t answer = (uint32_t)NDIS_STATUS_SUCCESS;

    for (struct legacy_open *lo = legacy_next_open(lb, NULL); lo != NULL; lo = legacy_next_open(lb, lo)) {
        uint64_t one = tell_event(lb->protocol, lo->context, event);

        if ((NDIS_STATUS)one == NDIS_STATUS_NOT_SUPPORTED && event->NetEvent == NetEventSetPower)
            lb->b->layer.link->refused = true; /* documented: a 5.x protocol asks to be unbound so */
        else if ((NDIS_STATUS)one != NDIS_STATUS_SUCCESS)
            answer = one;
    }
    return answer;
}

static uint64_t
net_pnp_event(const uint64_t *args)
{
    struct legacy_binding *lb = (struct legacy_binding *)args[0];
    NET_PNP_EVENT_NOTIFICATION *event = (NET_PNP_EVENT_NOTIFICATION *)args[1];

    if (lb == NULL)
        return binds_complete(&event->NetPnPEvent);
    switch (event->NetPnPEvent.NetEvent) {
    case NetEventPause:
        unbind_protocol(lb);
        return (uint32_t)NDIS_STATUS_SUCCESS;
    case NetEventRestart:
        bind_protocol(lb);
        return (uint32_t)NDIS_STATUS_SUCCESS;
    default:
        return tell_opens(lb, &event->NetPnPEvent);
    }
}

void
legacy_protocol_init(void)
{
    struct legacy_handlers *h = &legacy_handler;

    h->bind = ndis_host_handler(bind);
    h->unbind = ndis_host_handler(unbind);
    h->close_complete = ndis_host_handler(close_complete);
    h->net_pnp = ndis_host_handler(net_pnp_event);
    h->receive = ndis_host_handler(legacy_p_receive);
    h->send_complete = ndis_host_handler(legacy_p_send_complete);
    h->oid_complete = ndis_host_handler(legacy_p_oid_complete);
    h->status = ndis_host_handler(legacy_p_status);
}
