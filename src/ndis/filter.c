/* SPDX-License-Identifier: MIT */
/*
 * ndis/filter.c - filter drivers and filter modules.
 *
 * Model: a driver registers once; for each nic it is linked to, the bind engine attaches a module, restarts, pauses
 * and detaches it. The functions below are those single steps; bind.c decides when. The state changes at the entry
 * of the driver's handler, as documented.
 */
#include "ndis/driver.h"
#include "ndis/pm.h"
#include "nt/nt.h"

#include <string.h>

static const struct ndis_header_spec driver_characteristics = {
    "NDIS_FILTER_DRIVER_CHARACTERISTICS",
    NDIS_OBJECT_TYPE_FILTER_DRIVER_CHARACTERISTICS,
    3,
    { NDIS_SIZEOF_FILTER_DRIVER_CHARACTERISTICS_REVISION_1, NDIS_SIZEOF_FILTER_DRIVER_CHARACTERISTICS_REVISION_2,
      NDIS_SIZEOF_FILTER_DRIVER_CHARACTERISTICS_REVISION_3 },
};

static const struct ndis_header_spec partial_characteristics = {
    "NDIS_FILTER_PARTIAL_CHARACTERISTICS",
    NDIS_OBJECT_TYPE_FILTER_PARTIAL_CHARACTERISTICS,
    1,
    { NDIS_SIZEOF_FILTER_PARTIAL_CHARACTERISTICS_REVISION_1 },
};

static const struct ndis_header_spec attributes = {
    "NDIS_FILTER_ATTRIBUTES",
    NDIS_OBJECT_TYPE_FILTER_ATTRIBUTES,
    1,
    { NDIS_SIZEOF_FILTER_ATTRIBUTES_REVISION_1 },
};

/* ------------------------------------------------------------------ the driver */

/*
 * Documented: a filter has to supply the handler that answers what its other handlers lead to. Each pair: having the
 * first asks for the second.
 */
static void
check_pairs(const NDIS_FILTER_DRIVER_CHARACTERISTICS *c, uint32_t site)
{
    const struct {
        uint64_t have;
        struct ndis_handler needs;
    } pairs[] = {
        { (uint64_t)c->SendNetBufferListsHandler, NDIS_HANDLER(c, SendNetBufferListsCompleteHandler) },
        { (uint64_t)c->ReceiveNetBufferListsHandler, NDIS_HANDLER(c, ReturnNetBufferListsHandler) },
        { (uint64_t)c->ReturnNetBufferListsHandler, NDIS_HANDLER(c, StatusHandler) },
        { (uint64_t)c->OidRequestHandler, NDIS_HANDLER(c, OidRequestCompleteHandler) },
    };

    for (unsigned i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
        if (pairs[i].have != 0) /* NDIS takes it: a rule may speak */
            ndis_handlers_ok(c, site, &pairs[i].needs, 1);
}

/* The driver's string may not outlive its DriverEntry. */
static bool
own_string(UNICODE_STRING *string)
{
    WCHAR *copy = ndis_alloc(string->Length + 2u, NDIS_SIG_FILTER_DRIVER, "filter driver name");

    if (copy == NULL)
        return false;
    memcpy(copy, string->Buffer, string->Length);
    string->Buffer = copy;
    string->MaximumLength = (USHORT)(string->Length + 2);
    return true;
}

static void
forget(struct ndis_filter_driver *fd)
{
    WCHAR *name = fd->chars.UniqueName.Buffer;

    ndis_driver_remove(&fd->driver);
    ndis_free(name);
}

/*
 * NdisFRegisterFilterDriver - make a filter driver known; modules may attach from now on.
 *
 * Source:    documented; assumed: that the two required handlers beyond Attach and Detach are Restart and Pause.
 * IRQL:      PASSIVE_LEVEL
 * Ownership: borrows FilterDriverCharacteristics; *NdisFilterDriverHandle lives until NdisFDeregisterFilterDriver.
 * Returns:   NDIS_STATUS_SUCCESS, _BAD_VERSION, _BAD_CHARACTERISTICS, _INVALID_PARAMETER, _RESOURCES, and what
 *            FilterSetOptions returned.
 */
NDIS_STATUS NTAPI
NdisFRegisterFilterDriver(PDRIVER_OBJECT DriverObject, NDIS_HANDLE FilterDriverContext,
                          PNDIS_FILTER_DRIVER_CHARACTERISTICS FilterDriverCharacteristics,
                          PNDIS_HANDLE NdisFilterDriverHandle)
{
    const NDIS_FILTER_DRIVER_CHARACTERISTICS *c = FilterDriverCharacteristics;
    uint32_t site = ndis_export.NdisFRegisterFilterDriver;
    struct ndis_filter_driver *fd;
    NDIS_STATUS status = NDIS_STATUS_BAD_CHARACTERISTICS;

    if (DriverObject == NULL || c == NULL || NdisFilterDriverHandle == NULL)
        return NDIS_STATUS_INVALID_PARAMETER;
    if (!ndis_header_ok(&c->Header, &driver_characteristics, site))
        goto out;
    status = NDIS_STATUS_BAD_VERSION;
    if (!ndis_version_ok(c->MajorNdisVersion, c->MinorNdisVersion, c, driver_characteristics.name, site))
        goto out;
    status = NDIS_STATUS_BAD_CHARACTERISTICS;
    if (!NDIS_HANDLERS_OK(c, site, NDIS_HANDLER(c, AttachHandler), NDIS_HANDLER(c, DetachHandler),
                          NDIS_HANDLER(c, RestartHandler), NDIS_HANDLER(c, PauseHandler)) ||
        !ndis_name_ok(c, site, "FriendlyName", &c->FriendlyName) ||
        !ndis_name_ok(c, site, "UniqueName", &c->UniqueName) || !ndis_name_ok(c, site, "ServiceName", &c->ServiceName))
        goto out;
    check_pairs(c, site);
    status = NDIS_STATUS_RESOURCES;
    fd = ndis_object_alloc(NDIS_SIG_FILTER_DRIVER, sizeof(*fd), "filter driver");
    if (fd == NULL)
        goto out;
    ndis_copy_versioned(&fd->chars, sizeof(fd->chars), &c->Header);
    if (!own_string(&fd->chars.UniqueName)) {
        ndis_free(fd);
        goto out;
    }
    fd->driver.major = c->MajorNdisVersion;
    fd->driver.minor = c->MinorNdisVersion;
    fd->driver.context = (uint64_t)FilterDriverContext;
    ndis_driver_init(&fd->driver, NDIS_LAYER_FILTER, DriverObject, &c->ServiceName);
    ndis_install_apply(fd);
    *NdisFilterDriverHandle = fd;
    status = NDIS_STATUS_SUCCESS;
    if (fd->chars.SetOptionsHandler != NULL)
        status = (NDIS_STATUS)NDIS_CALL(ndis_site.ndisFInvokeSetOptions, (ndis_fn)fd->chars.SetOptionsHandler,
                                        (uint64_t)fd, fd->driver.context);
    if (status != NDIS_STATUS_SUCCESS) {
        forget(fd);
        goto out;
    }
    ndis_links_add(&fd->driver);
out:
    trace_emit(EV_NDIS_REGISTER, DriverObject, NDIS_LAYER_FILTER, (uint64_t)DriverObject,
               c ? (uint64_t)c->MajorNdisVersion << 8 | c->MinorNdisVersion : 0, (uint32_t)status);
    return status;
}

/*
 * NdisFDeregisterFilterDriver - detach all modules of the driver and forget it.
 *
 * Source:    documented: it returns when every module is detached.
 * IRQL:      PASSIVE_LEVEL
 */
void NTAPI
NdisFDeregisterFilterDriver(NDIS_HANDLE NdisFilterDriverHandle)
{
    struct ndis_filter_driver *fd = NdisFilterDriverHandle;

    ndis_links_remove(&fd->driver);
    forget(fd);
}

/* ------------------------------------------------------------------ the module's handlers */

static void
set_data_handlers(struct ndis_layer *layer, const NDIS_FILTER_DRIVER_CHARACTERISTICS *c)
{
    layer->op[NDIS_OP_SEND] = (ndis_fn)c->SendNetBufferListsHandler;
    layer->op[NDIS_OP_SEND_COMPLETE] = (ndis_fn)c->SendNetBufferListsCompleteHandler;
    layer->op[NDIS_OP_CANCEL_SEND] = (ndis_fn)c->CancelSendNetBufferListsHandler;
    layer->op[NDIS_OP_RECEIVE] = (ndis_fn)c->ReceiveNetBufferListsHandler;
    layer->op[NDIS_OP_RETURN] = (ndis_fn)c->ReturnNetBufferListsHandler;
}

static void
set_handlers(struct ndis_layer *layer, const NDIS_FILTER_DRIVER_CHARACTERISTICS *c)
{
    set_data_handlers(layer, c);
    layer->op[NDIS_OP_OID] = (ndis_fn)c->OidRequestHandler;
    layer->op[NDIS_OP_OID_COMPLETE] = (ndis_fn)c->OidRequestCompleteHandler;
    layer->op[NDIS_OP_CANCEL_OID] = (ndis_fn)c->CancelOidRequestHandler;
    layer->op[NDIS_OP_DEVICE_PNP] = (ndis_fn)c->DevicePnPEventNotifyHandler;
    layer->op[NDIS_OP_NET_PNP] = (ndis_fn)c->NetPnPEventHandler;
    layer->op[NDIS_OP_STATUS] = (ndis_fn)c->StatusHandler;
    layer->op[NDIS_OP_DIRECT_OID] = (ndis_fn)c->DirectOidRequestHandler;
    layer->op[NDIS_OP_DIRECT_OID_COMPLETE] = (ndis_fn)c->DirectOidRequestCompleteHandler;
    layer->op[NDIS_OP_CANCEL_DIRECT_OID] = (ndis_fn)c->CancelDirectOidRequestHandler;
    layer->op[NDIS_OP_SYNC_OID] = (ndis_fn)c->SynchronousOidRequestHandler;
    layer->op[NDIS_OP_SYNC_OID_COMPLETE] = (ndis_fn)c->SynchronousOidRequestCompleteHandler;
}

/* Documented: only from FilterSetModuleOptions, so the stack is paused. */
NDIS_STATUS
ndis_filter_set_partial(struct ndis_filter *fm, const NDIS_OBJECT_HEADER *header)
{
    const NDIS_FILTER_PARTIAL_CHARACTERISTICS *p = (const NDIS_FILTER_PARTIAL_CHARACTERISTICS *)header;
    struct ndis_layer *layer = &fm->layer;

    if (!ndis_header_ok(header, &partial_characteristics, ndis_export.NdisSetOptionalHandlers))
        return NDIS_STATUS_BAD_CHARACTERISTICS;
    layer->op[NDIS_OP_SEND] = (ndis_fn)p->SendNetBufferListsHandler;
    layer->op[NDIS_OP_SEND_COMPLETE] = (ndis_fn)p->SendNetBufferListsCompleteHandler;
    layer->op[NDIS_OP_CANCEL_SEND] = (ndis_fn)p->CancelSendNetBufferListsHandler;
    layer->op[NDIS_OP_RECEIVE] = (ndis_fn)p->ReceiveNetBufferListsHandler;
    layer->op[NDIS_OP_RETURN] = (ndis_fn)p->ReturnNetBufferListsHandler;
    ndis_chain_compute(layer->adapter);
    return NDIS_STATUS_SUCCESS;
}

/*
 * NdisFSetAttributes - a module's context, which its handlers get.
 *
 * Source:    documented: only inside FilterAttach.
 * IRQL:      PASSIVE_LEVEL
 * Returns:   NDIS_STATUS_SUCCESS, _FAILURE (outside FilterAttach, or a header NDIS does not take: assumed).
 */
NDIS_STATUS NTAPI
NdisFSetAttributes(NDIS_HANDLE NdisFilterHandle, NDIS_HANDLE FilterModuleContext,
                   PNDIS_FILTER_ATTRIBUTES FilterAttributes)
{
    struct ndis_filter *fm = NdisFilterHandle;

    if (!ndis_header_ok(&FilterAttributes->Header, &attributes, ndis_export.NdisFSetAttributes))
        return NDIS_STATUS_FAILURE;
    if (fm->layer.state != NDIS_STATE_STARTING)
        return NDIS_STATUS_FAILURE;
    fm->layer.context = (uint64_t)FilterModuleContext;
    fm->layer.flags = FilterAttributes->Flags;
    fm->attributes_set = true;
    return NDIS_STATUS_SUCCESS;
}

/*
 * NdisFGetOptionalSwitchHandlers - what the extensible switch offers an extension; no adapter here is such a switch.
 *
 * Source:    documented: _NOT_SUPPORTED where the filter is attached to a physical adapter; then nothing is filled in.
 * IRQL:      PASSIVE_LEVEL (FilterAttach)
 * Ownership: borrows both.
 * Returns:   NDIS_STATUS_NOT_SUPPORTED
 * Tests:     tests/ddi/stack/module.c
 */
NDIS_STATUS NTAPI
NdisFGetOptionalSwitchHandlers(NDIS_HANDLE NdisFilterHandle, PNDIS_SWITCH_CONTEXT NdisSwitchContext,
                               PNDIS_SWITCH_OPTIONAL_HANDLERS NdisSwitchHandlers)
{
    struct ndis_filter *fm = NdisFilterHandle;

    (void)NdisSwitchContext;
    (void)NdisSwitchHandlers;
    sched_touch(fm->layer.ledger->handle);
    return NDIS_STATUS_NOT_SUPPORTED;
}

/* ------------------------------------------------------------------ attach and detach */

static struct ndis_layer *
layer_below(struct ndis_link *link)
{
    struct ndis_nic *nic = link->nic;
    struct ndis_layer *below = &nic->adapter->layer;
    struct ndis_link *at;

    list_for_each (at, &nic->links, node) {
        if (at == link)
            break;
        if (at->layer != NULL && at->layer->kind == NDIS_LAYER_FILTER)
            below = at->layer;
    }
    return below;
}

static unsigned
attach_revision(const struct ndis_driver *driver, unsigned *size)
{
    if (driver->minor >= 30)
        return *size = NDIS_SIZEOF_FILTER_ATTACH_PARAMETERS_REVISION_4, 4;
    if (driver->minor >= 20)
        return *size = NDIS_SIZEOF_FILTER_ATTACH_PARAMETERS_REVISION_3, 3;
    if (driver->minor >= 1)
        return *size = NDIS_SIZEOF_FILTER_ATTACH_PARAMETERS_REVISION_2, 2;
    return *size = NDIS_SIZEOF_FILTER_ATTACH_PARAMETERS_REVISION_1, 1;
}

static NDIS_FILTER_ATTACH_PARAMETERS *
attach_parameters(struct ndis_link *link, struct ndis_filter *fm)
{
    struct ndis_nic *nic = link->nic;
    struct ndis_adapter *ad = nic->adapter;
    struct ndis_layer *below = fm->layer.below;
    NDIS_FILTER_ATTACH_PARAMETERS *p = guest_alloc(sizeof(*p));
    unsigned size, revision = attach_revision(link->driver, &size);

    ndis_header_set(&p->Header, NDIS_OBJECT_TYPE_FILTER_ATTACH_PARAMETERS, revision, size);
    p->IfIndex = link->if_index;
    p->NetLuid.Value = link->luid;
    p->FilterModuleGuidName = link->guid_name;
    p->BaseMiniportIfIndex = nic->if_index;
    p->BaseMiniportInstanceName = nic->instance_name;
    p->BaseMiniportName = nic->guid_name;
    p->BaseMiniportNetLuid.Value = nic->luid;
    p->MediaConnectState = ad->connect_state;
    p->MediaDuplexState = ad->duplex_state;
    p->XmitLinkSpeed = ad->xmit_speed;
    p->RcvLinkSpeed = ad->rcv_speed;
    p->MiniportMediaType = ad->general.MediaType;
    p->MiniportPhysicalMediaType = ad->general.PhysicalMediumType;
    p->MiniportMediaSpecificAttributes = ad->native;
    p->DefaultOffloadConfiguration = ad->offload;
    p->MacAddressLength = ad->general.MacAddressLength;
    memcpy(p->CurrentMacAddress, ad->general.CurrentMacAddress, sizeof(p->CurrentMacAddress));
    p->LowerIfIndex = below->link ? below->link->if_index : nic->if_index;
    p->LowerIfNetLuid.Value = below->link ? below->link->luid : nic->luid;
    p->MiniportPhysicalDeviceObject = nic->pdo;
    return p;
}

static void
put_on_stack(struct ndis_layer *layer)
{
    layer->above = layer->below->above;
    layer->below->above = layer;
    if (layer->above != NULL)
        layer->above->below = layer;
    ndis_chain_compute(layer->adapter);
}

NDIS_STATUS
ndis_filter_attach(struct ndis_link *link)
{
    struct ndis_filter_driver *fd = (struct ndis_filter_driver *)link->driver;
    struct ndis_adapter *ad = link->nic->adapter;
    struct ndis_filter *fm;
    NDIS_STATUS status;
    uint64_t mark;

    fm = ndis_layer_create(NDIS_LAYER_FILTER, sizeof(*fm), &fd->driver, link->nic, link, "filter module");
    if (fm == NULL)
        return NDIS_STATUS_RESOURCES;
    fm->driver = fd;
    fm->layer.adapter = ad;
    fm->layer.below = layer_below(link);
    set_handlers(&fm->layer, &fd->chars);
    ndis_chain_prepare(&fm->layer);
    ndis_layer_move(&fm->layer, NDIS_MOVE_START);
    ndis_oid_layer_init(&fm->layer);
    mark = guest_mark();
    status = (NDIS_STATUS)NDIS_CALL(ndis_site.ndisAttachFilterInner, (ndis_fn)fd->chars.AttachHandler, (uint64_t)fm,
                                    fd->driver.context, (uint64_t)attach_parameters(link, fm));
    guest_release(mark);
    if (status == NDIS_STATUS_SUCCESS && !fm->attributes_set) {
        ndis_misuse(&fm->layer, NDIS_MISUSE_ATTACH_WITHOUT_ATTRIBUTES, fm->layer.state);
        status = NDIS_STATUS_FAILURE;
    }
    trace_emit(EV_ATTACH, fm, (uint64_t)ad, (uint32_t)status);
    if (status != NDIS_STATUS_SUCCESS) {
        ndis_layer_move(&fm->layer, NDIS_MOVE_START_FAILED);
        ndis_layer_destroy(&fm->layer);
        return status;
    }
    link->layer = &fm->layer;
    ndis_layer_move(&fm->layer, NDIS_MOVE_STARTED);
    put_on_stack(&fm->layer);
    return NDIS_STATUS_SUCCESS;
}

void
ndis_filter_detach(struct ndis_filter *fm)
{
    struct ndis_layer *layer = &fm->layer;
    struct ndis_adapter *ad = layer->adapter;

    ndis_oid_drain(layer);
    ndis_layer_move(layer, NDIS_MOVE_STOP);
    layer->detached_by = fiber_self();
    NDIS_CALL(ndis_site.ndisDetachFilterInner, (ndis_fn)fm->driver->chars.DetachHandler, layer->context);
    trace_emit(EV_DETACH, fm, (uint64_t)ad);
    layer->below->above = layer->above;
    if (layer->above != NULL)
        layer->above->below = layer->below;
    ndis_chain_compute(ad);
    ndis_pm_forget(ad, layer);
    ndis_layer_destroy(layer);
}

/* ------------------------------------------------------------------ pause and restart */

void
ndis_filter_pause(struct ndis_filter *fm, uint32_t reason)
{
    uint64_t mark = guest_mark();
    NDIS_FILTER_PAUSE_PARAMETERS *p = guest_alloc(sizeof(*p));

    ndis_header_set(&p->Header, NDIS_OBJECT_TYPE_FILTER_PAUSE_PARAMETERS, NDIS_FILTER_PAUSE_PARAMETERS_REVISION_1,
                    NDIS_SIZEOF_FILTER_PAUSE_PARAMETERS_REVISION_1);
    p->PauseReason = reason;
    ndis_layer_move(&fm->layer, NDIS_MOVE_PAUSE);
    ndis_layer_invoke(&fm->layer, NDIS_PENDING_PAUSE, ndis_site.ndisPauseFilter,
                      (ndis_fn)fm->driver->chars.PauseHandler, fm->layer.context, (uint64_t)p, "FilterPause");
    guest_release(mark);
    ndis_layer_check_out(&fm->layer, NDIS_MISUSE_PAUSE_WITH_SENDS);
    ndis_layer_move(&fm->layer, NDIS_MOVE_PAUSE_DONE);
}

void
ndis_filter_set_module_options(struct ndis_filter *fm)
{
    if (fm->driver->chars.SetFilterModuleOptionsHandler != NULL)
        NDIS_CALL(ndis_site.ndisFInvokeSetModuleOptions, (ndis_fn)fm->driver->chars.SetFilterModuleOptionsHandler,
                  (uint64_t)fm, fm->layer.context);
}

NDIS_STATUS
ndis_filter_restart(struct ndis_filter *fm)
{
    struct ndis_adapter *ad = fm->layer.adapter;
    struct ndis_layer *below = fm->layer.below;
    uint64_t mark = guest_mark();
    NDIS_FILTER_RESTART_PARAMETERS *p = guest_alloc(sizeof(*p));
    NDIS_STATUS status;

    ndis_header_set(&p->Header, NDIS_OBJECT_TYPE_FILTER_RESTART_PARAMETERS, NDIS_FILTER_RESTART_PARAMETERS_REVISION_1,
                    NDIS_SIZEOF_FILTER_RESTART_PARAMETERS_REVISION_1);
    p->MiniportMediaType = ad->general.MediaType;
    p->MiniportPhysicalMediaType = ad->general.PhysicalMediumType;
    p->RestartAttributes = ad->restart_attributes;
    p->LowerIfIndex = below->link ? below->link->if_index : ad->nic->if_index;
    p->LowerIfNetLuid.Value = below->link ? below->link->luid : ad->nic->luid;
    ndis_layer_move(&fm->layer, NDIS_MOVE_RESTART);
    status =
        ndis_layer_invoke(&fm->layer, NDIS_PENDING_RESTART, ndis_site.ndisRestartFilter,
                          (ndis_fn)fm->driver->chars.RestartHandler, fm->layer.context, (uint64_t)p, "FilterRestart");
    guest_release(mark);
    ndis_layer_move(&fm->layer, status == NDIS_STATUS_SUCCESS ? NDIS_MOVE_RESTARTED : NDIS_MOVE_RESTART_FAILED);
    return status;
}

/*
 * NdisFPauseComplete - FilterPause had returned NDIS_STATUS_PENDING and is done.
 *
 * Source:    documented; assumed: unexpected, it stops the machine as a miniport's does (0x7C, 0x1F).
 * IRQL:      <= DISPATCH_LEVEL
 */
void NTAPI
NdisFPauseComplete(NDIS_HANDLE NdisFilterHandle)
{
    struct ndis_filter *fm = NdisFilterHandle;

    ndis_layer_complete(&fm->layer, NDIS_PENDING_PAUSE, NDIS_STATUS_SUCCESS);
}

/* NdisFRestartComplete - the same for FilterRestart. Source: documented. IRQL: PASSIVE_LEVEL */
void NTAPI
NdisFRestartComplete(NDIS_HANDLE NdisFilterHandle, NDIS_STATUS Status)
{
    struct ndis_filter *fm = NdisFilterHandle;

    ndis_layer_complete(&fm->layer, NDIS_PENDING_RESTART, Status);
}

/*
 * NdisFRestartFilter - ask for a pause and restart around FilterSetModuleOptions.
 *
 * Source:    documented: it only schedules. Assumed: the whole stack is paused (the pages differ).
 * IRQL:      PASSIVE_LEVEL
 * Returns:   NDIS_STATUS_SUCCESS, _RESOURCES (nothing is scheduled: a choice)
 */
NDIS_STATUS NTAPI
NdisFRestartFilter(NDIS_HANDLE NdisFilterHandle)
{
    struct ndis_filter *fm = NdisFilterHandle;

    if (ex_fault(NDIS_TAG_WORK))
        return NDIS_STATUS_RESOURCES;
    fm->layer.link->restart = true;
    ndis_nic_kick(fm->layer.link->nic);
    return NDIS_STATUS_SUCCESS;
}
