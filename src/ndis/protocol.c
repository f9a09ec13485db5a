/* SPDX-License-Identifier: MIT */
/*
 * ndis/protocol.c - protocol drivers and their bindings.
 *
 * Model: a binding is born when NDIS calls ProtocolBindAdapterEx (Opening), is open from NdisOpenAdapterEx on
 * (Paused), and dies when ProtocolUnbindAdapterEx is done and NdisCloseAdapterEx has completed, whichever is later.
 * A close waits for the sends that are out, the receives that are held and the handlers NDIS is in. BindContext and
 * UnbindContext are objects of their own, one per operation. Pause and restart are net-PnP events.
 */
#include "ndis/driver.h"
#include "ndis/pm.h"
#include "ndis/nbl.h"
#include "ndis/port.h"
#include "nt/nt.h"

#include <string.h>

static const struct ndis_header_spec driver_characteristics = {
    "NDIS_PROTOCOL_DRIVER_CHARACTERISTICS",
    NDIS_OBJECT_TYPE_PROTOCOL_DRIVER_CHARACTERISTICS,
    2,
    { NDIS_SIZEOF_PROTOCOL_DRIVER_CHARACTERISTICS_REVISION_1, NDIS_SIZEOF_PROTOCOL_DRIVER_CHARACTERISTICS_REVISION_2 },
};

static const struct ndis_header_spec open_parameters = {
    "NDIS_OPEN_PARAMETERS",
    NDIS_OBJECT_TYPE_OPEN_PARAMETERS,
    1,
    { NDIS_SIZEOF_OPEN_PARAMETERS_REVISION_1 },
};

/* ------------------------------------------------------------------ the driver */

/*
 * NdisRegisterProtocolDriver - make a protocol known; bindings follow.
 *
 * Source:    documented.
 * IRQL:      PASSIVE_LEVEL
 * Ownership: borrows ProtocolCharacteristics; *NdisProtocolHandle lives until NdisDeregisterProtocolDriver.
 * Returns:   NDIS_STATUS_SUCCESS, _BAD_VERSION, _BAD_CHARACTERISTICS, _RESOURCES, and what ProtocolSetOptions returned.
 */
NDIS_STATUS NTAPI
NdisRegisterProtocolDriver(NDIS_HANDLE ProtocolDriverContext,
                           PNDIS_PROTOCOL_DRIVER_CHARACTERISTICS ProtocolCharacteristics,
                           PNDIS_HANDLE NdisProtocolHandle)
{
    const NDIS_PROTOCOL_DRIVER_CHARACTERISTICS *c = ProtocolCharacteristics;
    uint32_t site = ndis_export.NdisRegisterProtocolDriver;
    struct ndis_protocol_driver *pd;
    NDIS_STATUS status = NDIS_STATUS_BAD_CHARACTERISTICS;

    if (!ndis_header_ok(&c->Header, &driver_characteristics, site))
        goto out;
    status = NDIS_STATUS_BAD_VERSION;
    if (!ndis_version_ok(c->MajorNdisVersion, c->MinorNdisVersion, c, driver_characteristics.name, site))
        goto out;
    status = NDIS_STATUS_BAD_CHARACTERISTICS;
    if (!NDIS_HANDLERS_OK(c, site, NDIS_HANDLER(c, BindAdapterHandlerEx), NDIS_HANDLER(c, UnbindAdapterHandlerEx),
                          NDIS_HANDLER(c, OpenAdapterCompleteHandlerEx), NDIS_HANDLER(c, CloseAdapterCompleteHandlerEx),
                          NDIS_HANDLER(c, NetPnPEventHandler), NDIS_HANDLER(c, OidRequestCompleteHandler),
                          NDIS_HANDLER(c, StatusHandlerEx), NDIS_HANDLER(c, ReceiveNetBufferListsHandler),
                          NDIS_HANDLER(c, SendNetBufferListsCompleteHandler)) ||
        !ndis_name_ok(c, site, "Name", &c->Name))
        goto out;
    status = NDIS_STATUS_RESOURCES;
    pd = ndis_object_alloc(NDIS_SIG_PROTOCOL_DRIVER, sizeof(*pd), "protocol driver");
    if (pd == NULL)
        goto out;
    ndis_copy_versioned(&pd->chars, sizeof(pd->chars), &c->Header);
    pd->driver.major = c->MajorNdisVersion;
    pd->driver.minor = c->MinorNdisVersion;
    pd->driver.context = (uint64_t)ProtocolDriverContext;
    ndis_driver_init(&pd->driver, NDIS_LAYER_PROTOCOL, NULL, &c->Name);
    *NdisProtocolHandle = pd;
    status = NDIS_STATUS_SUCCESS;
    if (pd->chars.SetOptionsHandler != NULL)
        status = (NDIS_STATUS)NDIS_CALL(ndis_site.ndisPInvokeSetOptions, (ndis_fn)pd->chars.SetOptionsHandler,
                                        (uint64_t)pd, pd->driver.context);
    if (status != NDIS_STATUS_SUCCESS) {
        ndis_driver_remove(&pd->driver);
        goto out;
    }
    ndis_links_add(&pd->driver);
out:
    trace_emit(EV_NDIS_REGISTER, 0, NDIS_LAYER_PROTOCOL, 0, (uint64_t)c->MajorNdisVersion << 8 | c->MinorNdisVersion,
               (uint32_t)status);
    return status;
}

/*
 * NdisDeregisterProtocolDriver - unbind all bindings, in this context, and forget the driver.
 *
 * Source:    documented.
 * IRQL:      PASSIVE_LEVEL
 */
void NTAPI
NdisDeregisterProtocolDriver(NDIS_HANDLE NdisProtocolHandle)
{
    struct ndis_protocol_driver *pd = NdisProtocolHandle;

    ndis_links_remove(&pd->driver);
    ndis_driver_remove(&pd->driver);
}

/* ------------------------------------------------------------------ pause and restart */

void
ndis_protocol_pause(struct ndis_binding *b, uint32_t reason)
{
    uint64_t mark = guest_mark();
    NDIS_PROTOCOL_PAUSE_PARAMETERS *p = guest_alloc(sizeof(*p));
    NDIS_STATUS status;

    ndis_header_set(&p->Header, NDIS_OBJECT_TYPE_DEFAULT, NDIS_PROTOCOL_PAUSE_PARAMETERS_REVISION_1,
                    RTL_SIZEOF_THROUGH_FIELD(NDIS_PROTOCOL_PAUSE_PARAMETERS, PauseReason));
    p->PauseReason = reason;
    ndis_layer_move(&b->layer, NDIS_MOVE_PAUSE);
    status = ndis_net_pnp_deliver(&b->layer, ndis_net_pnp_event(NetEventPause, p, sizeof(*p)));
    guest_release(mark);
    if (status != NDIS_STATUS_SUCCESS)
        ndis_misuse(&b->layer, NDIS_MISUSE_PAUSE_RETURNED, (uint32_t)status);
    trace_emit(EV_PAUSE_COMPLETE, b, NDIS_LAYER_PROTOCOL, 1);
    ndis_layer_check_out(&b->layer, NDIS_MISUSE_PAUSE_WITH_SENDS);
    ndis_layer_move(&b->layer, NDIS_MOVE_PAUSE_DONE);
}

NDIS_STATUS
ndis_protocol_restart(struct ndis_binding *b)
{
    struct ndis_adapter *ad = b->layer.adapter;
    struct ndis_link *top = ad->top->link;
    uint64_t mark = guest_mark();
    NDIS_PROTOCOL_RESTART_PARAMETERS *p = guest_alloc(sizeof(*p));
    NDIS_STATUS status;

    ndis_header_set(&p->Header, NDIS_OBJECT_TYPE_PROTOCOL_RESTART_PARAMETERS,
                    NDIS_PROTOCOL_RESTART_PARAMETERS_REVISION_1,
                    RTL_SIZEOF_THROUGH_FIELD(NDIS_PROTOCOL_RESTART_PARAMETERS, Flags));
    p->RestartAttributes = ad->restart_attributes;
    p->BoundIfIndex = top ? top->if_index : ad->nic->if_index;
    p->BoundIfNetluid.Value = top ? top->luid : ad->nic->luid;
    ndis_layer_move(&b->layer, NDIS_MOVE_RESTART);
    status = ndis_net_pnp_deliver(&b->layer, ndis_net_pnp_event(NetEventRestart, p, sizeof(*p)));
    guest_release(mark);
    trace_emit(EV_RESTART_COMPLETE, b, NDIS_LAYER_PROTOCOL, 1, (uint32_t)status);
    ndis_layer_move(&b->layer, status == NDIS_STATUS_SUCCESS ? NDIS_MOVE_RESTARTED : NDIS_MOVE_RESTART_FAILED);
    return status;
}

/*
 * Every adapter that is there was offered to the driver: it is told so once, without a binding (documented). What it
 * answers changes nothing; assumed: it does not pend, having no binding to complete the event with.
 */
void
ndis_protocol_binds_complete(struct ndis_protocol_driver *pd)
{
    uint64_t mark = guest_mark();

    if (pd->told_binds_complete || pd->driver.record->host)
        return;
    pd->told_binds_complete = true;
    NDIS_CALL(ndis_site.ndisPnPNotifyBinding, (ndis_fn)pd->chars.NetPnPEventHandler, 0,
              (uint64_t)ndis_net_pnp_event(NetEventBindsComplete, NULL, 0));
    guest_release(mark);
}

/* The adapter whose binding comes next behind place `order`; NULL: none does. */
static const struct ndis_link *
next_bound(const struct ndis_protocol_driver *pd, uint32_t order)
{
    const struct ndis_link *link, *found = NULL;
    const struct ndis_nic *nic;

    list_for_each (nic, &ndis_root()->nics, node)
        list_for_each (link, &nic->links, node)
            if (nic->driver != NULL && link->driver == &pd->driver && link->wanted && link->order > order &&
                (found == NULL || link->order < found->order))
                found = link;
    return found;
}

/*
 * The bindings changed places: the driver is given their names in the new order, without a binding (documented:
 * strings that end in zero, each as ProtocolBindAdapterEx gets it). Assumed: an empty string ends the list.
 */
void
ndis_protocol_bind_list(struct ndis_protocol_driver *pd)
{
    uint64_t mark = guest_mark();
    const struct ndis_link *link;
    uint32_t bytes = sizeof(WCHAR);
    WCHAR *list, *at;

    if (!pd->order_changed || pd->driver.record->host)
        return;
    pd->order_changed = false;
    for (link = next_bound(pd, 0); link != NULL; link = next_bound(pd, link->order))
        bytes += link->nic->guid_name->Length + sizeof(WCHAR);
    list = at = guest_alloc(bytes);
    for (link = next_bound(pd, 0); link != NULL; link = next_bound(pd, link->order)) {
        memcpy(at, link->nic->guid_name->Buffer, link->nic->guid_name->Length);
        at += link->nic->guid_name->Length / sizeof(WCHAR);
        *at++ = 0;
    }
    *at = 0;
    NDIS_CALL(ndis_site.ndisPnPNotifyBinding, (ndis_fn)pd->chars.NetPnPEventHandler, 0,
              (uint64_t)ndis_net_pnp_event(NetEventBindList, list, bytes));
    guest_release(mark);
}

/* ------------------------------------------------------------------ bind and unbind */

static struct ndis_bind_context *
context_create(struct ndis_binding *b, bool unbind)
{
    struct ndis_bind_context *bc = ndis_object_alloc(NDIS_SIG_BIND_CONTEXT, sizeof(*bc), "bind context");

    if (bc != NULL) {
        bc->binding = b;
        bc->unbind = unbind;
    }
    return bc;
}

static void
context_end(struct ndis_binding *b)
{
    ndis_free(b->bind);
    b->bind = NULL;
}

/*
 * What a protocol older than 6.20 is told of an adapter's power management. observed: the sample multiplexer reads it
 * without a look; so it is there for every adapter, made from the newer attributes where it has those.
 */
static NDIS_PNP_CAPABILITIES *
pnp_capabilities(const NDIS_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES *g)
{
    const NDIS_PM_CAPABILITIES *newer = g->PowerManagementCapabilitiesEx;
    NDIS_PNP_CAPABILITIES *p = guest_alloc(sizeof(*p));

    if (g->PowerManagementCapabilities != NULL) {
        *p = *g->PowerManagementCapabilities;
    } else if (newer != NULL) {
        p->WakeUpCapabilities.MinMagicPacketWakeUp = newer->MinMagicPacketWakeUp;
        p->WakeUpCapabilities.MinPatternWakeUp = newer->MinPatternWakeUp;
        p->WakeUpCapabilities.MinLinkChangeWakeUp = newer->MinLinkChangeWakeUp;
    }
    return p;
}

static NDIS_BIND_PARAMETERS *
bind_parameters(struct ndis_link *link)
{
    struct ndis_nic *nic = link->nic;
    struct ndis_adapter *ad = nic->adapter;
    const NDIS_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES *g = &ad->general;
    NDIS_BIND_PARAMETERS *p = guest_alloc(sizeof(*p));
    bool new = link->driver->minor >= 30;

    ndis_header_set(&p->Header, NDIS_OBJECT_TYPE_BIND_PARAMETERS, new ? 4 : 1,
                    new ? sizeof(*p) : NDIS_SIZEOF_BIND_PARAMETERS_REVISION_1);
    p->ProtocolSection = link->guid_name;
    p->AdapterName = nic->guid_name;
    p->PhysicalDeviceObject = nic->pdo;
    p->MediaType = g->MediaType;
    p->MtuSize = g->MtuSize;
    p->MaxXmitLinkSpeed = g->MaxXmitLinkSpeed;
    p->XmitLinkSpeed = ad->xmit_speed;
    p->MaxRcvLinkSpeed = g->MaxRcvLinkSpeed;
    p->RcvLinkSpeed = ad->rcv_speed;
    p->MediaConnectState = ad->connect_state;
    p->MediaDuplexState = ad->duplex_state;
    p->LookaheadSize = ad->lookahead;
    p->SupportedPacketFilters = g->SupportedPacketFilters;
    p->MaxMulticastListSize = g->MaxMulticastListSize;
    p->MacAddressLength = g->MacAddressLength;
    memcpy(p->CurrentMacAddress, g->CurrentMacAddress, sizeof(p->CurrentMacAddress));
    p->PhysicalMediumType = g->PhysicalMediumType;
    p->MacOptions = g->MacOptions;
    p->BoundIfIndex = ad->top->link ? ad->top->link->if_index : nic->if_index;
    p->BoundIfNetluid.Value = ad->top->link ? ad->top->link->luid : nic->luid;
    p->LowestIfIndex = nic->if_index;
    p->LowestIfNetluid.Value = nic->luid;
    p->AccessType = g->AccessType;
    p->DirectionType = g->DirectionType;
    p->ConnectionType = g->ConnectionType;
    p->IfType = g->IfType;
    p->IfConnectorPresent = g->IfConnectorPresent;
    p->DefaultOffloadConfiguration = ad->offload;
    p->DataBackFillSize = g->DataBackFillSize;
    p->ContextBackFillSize = g->ContextBackFillSize;
    p->RcvScaleCapabilities = g->RecvScaleCapabilities;
    p->PowerManagementCapabilities = pnp_capabilities(g);
    if (new)
        p->PowerManagementCapabilitiesEx = g->PowerManagementCapabilitiesEx;
    p->ActivePorts = ndis_ports_active(ad); /* assumed: the default port is one of them */
    return p;
}

static void
binding_off_stack(struct ndis_binding *b)
{
    struct ndis_adapter *ad = b->layer.adapter;

    sched_touch((uint64_t)&ad->bindings);
    ndis_bindings_lock(ad);
    list_del(&b->node);
    ndis_bindings_unlock(ad);
}

/* The close is done: nothing of the binding is out. */
static void
close_finish(struct ndis_binding *b)
{
    binding_off_stack(b);
    b->open = false;
    ndis_free(b->multicast);
    b->multicast = NULL;
    ndis_pm_forget(b->layer.adapter, &b->layer);
    ndis_layer_move(&b->layer, NDIS_MOVE_STOPPED);
}

static bool
close_may_finish(const struct ndis_binding *b)
{
    const struct ndis_ledger *ledger = b->layer.ledger;

    /* These and `closing` are in one order for all: who leaves sees that, or we see that he left. */
    return __atomic_load_n(&ledger->own_sends, __ATOMIC_SEQ_CST) == 0 &&
           __atomic_load_n(&ledger->held_receives, __ATOMIC_SEQ_CST) == 0 &&
           __atomic_load_n(&ledger->calls, __ATOMIC_SEQ_CST) == 0;
}

static void
close_complete_work(void *arg)
{
    struct ndis_binding *b = arg;

    close_finish(b);
    b->close_telling = true; /* the handler may complete the unbind, which then waits for this */
    NDIS_CALL(ndis_site.ndisInvokeCloseComplete, (ndis_fn)b->driver->chars.CloseAdapterCompleteHandlerEx,
              b->layer.context);
    b->close_telling = false;
    ndis_wait_done(&b->close_wait, NDIS_STATUS_SUCCESS);
}

void
ndis_binding_drained(struct ndis_binding *b)
{
    if (!b->close_pended || b->layer.state != NDIS_STATE_CLOSING || !close_may_finish(b))
        return;
    b->close_pended = false;
    ndis_work_queue(close_complete_work, b);
}

void
ndis_binding_leave(struct ndis_ledger *ledger)
{
    bool was;

    __atomic_sub_fetch(&ledger->calls, 1, __ATOMIC_SEQ_CST);
    if (!__atomic_load_n(&ledger->closing, __ATOMIC_SEQ_CST))
        return;
    was = machine_lock();
    if (!ledger->freed)
        ndis_binding_drained((struct ndis_binding *)ledger->handle);
    machine_unlock(was);
}

/* ProtocolBindAdapterEx and ProtocolUnbindAdapterEx both: call, and wait if it pends. */
static NDIS_STATUS
invoke(struct ndis_binding *b, uint32_t site, ndis_fn handler, uint64_t a0, uint64_t a1, uint64_t a2, const char *what)
{
    struct ndis_bind_context *bc = b->bind;
    NDIS_STATUS status;

    status = (NDIS_STATUS)NDIS_CALL(site, handler, a0, a1, a2);
    if (status == NDIS_STATUS_PENDING)
        status = ndis_wait(&bc->wait, (uint64_t)b,
                           ndis_words("waits for %s to complete %s", ndis_layer_driver_name(&b->layer), what));
    else if (bc->wait.done)
        ndis_misuse(&b->layer, NDIS_MISUSE_BIND_COMPLETE, b->layer.state);
    return status;
}

/* Nobody closed it: NDIS does, so that the binding can go (assumed). */
static void
force_close(struct ndis_binding *b)
{
    ndis_misuse(&b->layer, NDIS_MISUSE_UNBIND_WITHOUT_CLOSE, b->layer.state);
    if (!b->closing)
        NdisCloseAdapterEx(b);
}

static void
wait_closed(struct ndis_binding *b)
{
    ndis_binding_drained(b);
    if (b->closing && (b->open || b->close_telling))
        ndis_wait(&b->close_wait, (uint64_t)b,
                  ndis_words("waits for sends and receives of %s before it closes %s",
                             ndis_layer_driver_name(&b->layer), "its binding"));
}

NDIS_STATUS
ndis_protocol_bind(struct ndis_link *link)
{
    struct ndis_protocol_driver *pd = (struct ndis_protocol_driver *)link->driver;
    struct ndis_binding *b;
    NDIS_STATUS status = NDIS_STATUS_RESOURCES;
    uint64_t mark;

    b = ndis_layer_create(NDIS_LAYER_PROTOCOL, sizeof(*b), &pd->driver, link->nic, link, "protocol binding");
    if (b == NULL)
        return NDIS_STATUS_RESOURCES;
    b->driver = pd;
    b->layer.adapter = link->nic->adapter;
    b->layer.below = b->layer.adapter->top;
    list_node_init(&b->node);
    b->layer.op[NDIS_OP_RECEIVE] = (ndis_fn)pd->chars.ReceiveNetBufferListsHandler;
    b->layer.op[NDIS_OP_SEND_COMPLETE] = (ndis_fn)pd->chars.SendNetBufferListsCompleteHandler;
    b->layer.op[NDIS_OP_OID_COMPLETE] = (ndis_fn)pd->chars.OidRequestCompleteHandler;
    b->layer.op[NDIS_OP_DIRECT_OID_COMPLETE] = (ndis_fn)pd->chars.DirectOidRequestCompleteHandler;
    b->layer.op[NDIS_OP_STATUS] = (ndis_fn)pd->chars.StatusHandlerEx;
    b->layer.op[NDIS_OP_NET_PNP] = (ndis_fn)pd->chars.NetPnPEventHandler;
    ndis_layer_move(&b->layer, NDIS_MOVE_START);
    b->bind = context_create(b, false);
    b->unbind = context_create(b, true); /* now: unbinding cannot fail */
    if (b->bind != NULL && b->unbind != NULL) {
        mark = guest_mark();
        status = invoke(b, ndis_site.ndisBindNdis6Protocol, (ndis_fn)pd->chars.BindAdapterHandlerEx, pd->driver.context,
                        (uint64_t)b->bind, (uint64_t)bind_parameters(link), "ProtocolBindAdapterEx");
        guest_release(mark);
    }
    if (status == NDIS_STATUS_SUCCESS && b->open && !b->closing) {
        link->layer = &b->layer;
        context_end(b);
        return NDIS_STATUS_SUCCESS;
    }
    if (b->open && !b->closing)
        force_close(b);
    wait_closed(b);
    if (b->layer.state == NDIS_STATE_STARTING)
        ndis_layer_move(&b->layer, NDIS_MOVE_START_FAILED);
    context_end(b);
    ndis_free(b->unbind);
    ndis_layer_destroy(&b->layer);
    return status != NDIS_STATUS_SUCCESS ? status : NDIS_STATUS_FAILURE;
}

void
ndis_protocol_unbind(struct ndis_binding *b)
{
    ndis_layer_move(&b->layer, NDIS_MOVE_STOP);
    b->bind = b->unbind;
    b->unbind = NULL;
    invoke(b, ndis_site.ndisUnbindProtocol, (ndis_fn)b->driver->chars.UnbindAdapterHandlerEx, (uint64_t)b->bind,
           b->layer.context, 0, "ProtocolUnbindAdapterEx");
    if (b->open && !b->closing)
        force_close(b);
    wait_closed(b);
    context_end(b);
    ndis_layer_destroy(&b->layer);
}

static void
bind_complete(struct ndis_bind_context *bc, bool unbind, NDIS_STATUS status)
{
    struct ndis_binding *b = bc->binding;

    sched_touch(b->layer.ledger->handle);
    if (bc->unbind != unbind || bc->wait.done) {
        ndis_misuse(&b->layer, NDIS_MISUSE_BIND_COMPLETE, b->layer.state);
        return;
    }
    ndis_wait_done(&bc->wait, status);
}

/* NdisCompleteBindAdapterEx - ProtocolBindAdapterEx had pended. Source: documented. IRQL: <= DISPATCH_LEVEL */
void NTAPI
NdisCompleteBindAdapterEx(NDIS_HANDLE BindAdapterContext, NDIS_STATUS Status)
{
    bind_complete(BindAdapterContext, false, Status);
}

/* NdisCompleteUnbindAdapterEx - ProtocolUnbindAdapterEx had pended. Source: documented. IRQL: <= DISPATCH_LEVEL */
void NTAPI
NdisCompleteUnbindAdapterEx(NDIS_HANDLE UnbindContext)
{
    bind_complete(UnbindContext, true, NDIS_STATUS_SUCCESS);
}

static bool
same_name(const UNICODE_STRING *a, const UNICODE_STRING *b)
{
    if (a->Length != b->Length)
        return false;
    for (unsigned i = 0; i < a->Length / 2u; i++) {
        WCHAR x = a->Buffer[i], y = b->Buffer[i];

        if (x != y && !((x ^ y) == 0x20 && (x | 0x20) >= 'a' && (x | 0x20) <= 'z'))
            return false;
    }
    return true;
}

/*
 * NdisOpenAdapterEx - open the binding that is being made.
 *
 * Source:    documented: only inside ProtocolBindAdapterEx. Assumed: it never pends here; a protocol has to be ready
 *            for both.
 * IRQL:      PASSIVE_LEVEL
 * Ownership: *NdisBindingHandle lives until its close has completed.
 * Returns:   NDIS_STATUS_SUCCESS, _ADAPTER_NOT_FOUND, _UNSUPPORTED_MEDIA, _FAILURE.
 */
NDIS_STATUS NTAPI
NdisOpenAdapterEx(NDIS_HANDLE NdisProtocolHandle, NDIS_HANDLE ProtocolBindingContext,
                  PNDIS_OPEN_PARAMETERS OpenParameters, NDIS_HANDLE BindContext, PNDIS_HANDLE NdisBindingHandle)
{
    struct ndis_protocol_driver *pd = NdisProtocolHandle;
    struct ndis_bind_context *bc = BindContext;
    struct ndis_binding *b = bc->binding;
    struct ndis_adapter *ad;
    unsigned i;

    sched_touch(b->layer.ledger->handle);
    ad = b->layer.adapter;
    if (!ndis_header_ok(&OpenParameters->Header, &open_parameters, ndis_export.NdisOpenAdapterEx))
        return NDIS_STATUS_FAILURE;
    if (bc->unbind || b->driver != pd || b->layer.state != NDIS_STATE_STARTING) {
        ndis_misuse(&b->layer, NDIS_MISUSE_OPEN_OUTSIDE_BIND, b->layer.state);
        return NDIS_STATUS_FAILURE;
    }
    if (!same_name(OpenParameters->AdapterName, ad->nic->guid_name))
        return NDIS_STATUS_ADAPTER_NOT_FOUND;
    for (i = 0; i < OpenParameters->MediumArraySize; i++)
        if (OpenParameters->MediumArray[i] == ad->general.MediaType)
            break;
    if (i == OpenParameters->MediumArraySize)
        return NDIS_STATUS_UNSUPPORTED_MEDIA;
    *OpenParameters->SelectedMediumIndex = i;
    b->layer.context = (uint64_t)ProtocolBindingContext;
    b->open = true;
    ndis_bindings_lock(ad);
    list_add_tail(&ad->bindings, &b->node);
    ndis_bindings_unlock(ad);
    sched_touch((uint64_t)&ad->bindings);
    ndis_chain_compute(ad);
    ndis_layer_move(&b->layer, NDIS_MOVE_STARTED);
    ndis_oid_layer_init(&b->layer);
    *NdisBindingHandle = b;
    return NDIS_STATUS_SUCCESS;
}

/*
 * NdisCloseAdapterEx - close a binding; nothing new is indicated on it from here on.
 *
 * Source:    documented; assumed: it pends exactly when something of the binding is out; a second time it does
 *            nothing.
 * IRQL:      PASSIVE_LEVEL
 * Returns:   NDIS_STATUS_SUCCESS, _PENDING (then ProtocolCloseAdapterCompleteEx follows).
 */
NDIS_STATUS NTAPI
NdisCloseAdapterEx(NDIS_HANDLE NdisBindingHandle)
{
    struct ndis_binding *b = NdisBindingHandle;

    sched_touch(b->layer.ledger->handle);
    if (b->closing) {
        ndis_misuse(&b->layer, NDIS_MISUSE_CLOSED_TWICE, b->layer.state);
        return NDIS_STATUS_SUCCESS;
    }
    if (b->bind == NULL)
        ndis_misuse(&b->layer, NDIS_MISUSE_CLOSE_OUTSIDE_UNBIND, b->layer.state);
    ndis_pm_take_back(&b->layer); /* documented as the protocol's to do; assumed: NDIS does it for one that forgot */
    ndis_oid_drain(&b->layer);
    ndis_bindings_lock(b->layer.adapter); /* who looks for listeners reads it under this lock */
    b->closing = true;
    ndis_bindings_unlock(b->layer.adapter);
    __atomic_store_n(&b->layer.ledger->closing, true, __ATOMIC_SEQ_CST);
    if (b->layer.state == NDIS_STATE_PAUSED) /* inside ProtocolBindAdapterEx, after a successful open */
        ndis_layer_move(&b->layer, NDIS_MOVE_STOP);
    if (b->layer.state == NDIS_STATE_CLOSING && close_may_finish(b)) {
        close_finish(b);
        return NDIS_STATUS_SUCCESS;
    }
    b->close_pended = true;
    return NDIS_STATUS_PENDING;
}

/*
 * NdisUnbindAdapter - a protocol wants to be rid of a binding: NDIS unbinds it on its own thread.
 *
 * Source:    documented; it stays unbound until NdisReEnumerateProtocolBindings or the adapter comes anew (assumed).
 * IRQL:      PASSIVE_LEVEL
 * Returns:   NDIS_STATUS_SUCCESS, _RESOURCES (the binding stays: a choice)
 */
NDIS_STATUS NTAPI
NdisUnbindAdapter(NDIS_HANDLE NdisBindingHandle)
{
    struct ndis_binding *b = NdisBindingHandle;
    struct ndis_link *link = b->layer.link;

    if (ex_fault(NDIS_TAG_WORK))
        return NDIS_STATUS_RESOURCES;
    sched_touch((uint64_t)link->nic);
    link->refused = true;
    ndis_nic_kick(link->nic);
    return NDIS_STATUS_SUCCESS;
}

/* NdisReEnumerateProtocolBindings - try all adapters again. Source: documented. IRQL: PASSIVE_LEVEL */
NDIS_STATUS NTAPI
NdisReEnumerateProtocolBindings(NDIS_HANDLE NdisProtocolHandle)
{
    struct ndis_protocol_driver *pd = NdisProtocolHandle;
    struct ndis_nic *nic;
    struct ndis_link *link;

    sched_touch(pd->driver.record->handle);
    list_for_each (nic, &ndis_root()->nics, node)
        list_for_each (link, &nic->links, node)
            if (link->driver == &pd->driver && link->refused) {
                link->refused = false;
                ndis_nic_kick(nic);
            }
    return NDIS_STATUS_SUCCESS;
}
