/* SPDX-License-Identifier: MIT */
/*
 * ndis/miniport.c - miniport drivers and miniport adapters.
 *
 * Model: as filter.c, one layer lower. The adapter's object (what the driver holds as MiniportAdapterHandle) is born
 * at MiniportInitializeEx and dies after MiniportHaltEx; the nic stays.
 */
#include "ndis/driver.h"
#include "ndis/fdo.h"
#include "ndis/idle.h"
#include "ndis/pm.h"
#include "ndis/poll.h"
#include "ndis/port.h"
#include "ndis/reset.h"

#include <string.h>

/* Reasons of bug check 0x7C. */
#define HALT_WITHOUT_INTERRUPT_DEREGISTER        0x08u
#define INIT_FAILED_WITHOUT_INTERRUPT_DEREGISTER 0x0bu
#define HALT_INIT_WITHOUT_INTERRUPT_DEREGISTER   0x0du
#define PM_INIT_FAILED_NO_INT_DEREGISTER         0x10u

static const struct ndis_header_spec driver_characteristics = {
    "NDIS_MINIPORT_DRIVER_CHARACTERISTICS",
    NDIS_OBJECT_TYPE_MINIPORT_DRIVER_CHARACTERISTICS,
    3,
    { NDIS_SIZEOF_MINIPORT_DRIVER_CHARACTERISTICS_REVISION_1, NDIS_SIZEOF_MINIPORT_DRIVER_CHARACTERISTICS_REVISION_2,
      NDIS_SIZEOF_MINIPORT_DRIVER_CHARACTERISTICS_REVISION_3 },
};

static const struct ndis_header_spec pnp_characteristics = {
    "NDIS_MINIPORT_PNP_CHARACTERISTICS",
    NDIS_OBJECT_TYPE_MINIPORT_PNP_CHARACTERISTICS,
    1,
    { NDIS_SIZEOF_MINIPORT_PNP_CHARACTERISTICS_REVISION_1 },
};

static const struct ndis_header_spec registration_attributes = {
    "NDIS_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES",
    NDIS_OBJECT_TYPE_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES,
    2,
    { NDIS_SIZEOF_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES_REVISION_1,
      NDIS_SIZEOF_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES_REVISION_2 },
};

static const struct ndis_header_spec add_device_attributes = {
    "NDIS_MINIPORT_ADD_DEVICE_REGISTRATION_ATTRIBUTES",
    NDIS_OBJECT_TYPE_MINIPORT_ADD_DEVICE_REGISTRATION_ATTRIBUTES,
    1,
    { NDIS_SIZEOF_MINIPORT_ADD_DEVICE_REGISTRATION_ATTRIBUTES_REVISION_1 },
};

static const struct ndis_header_spec offload_attributes = {
    "NDIS_MINIPORT_ADAPTER_OFFLOAD_ATTRIBUTES",
    NDIS_OBJECT_TYPE_MINIPORT_ADAPTER_OFFLOAD_ATTRIBUTES,
    1,
    { NDIS_SIZEOF_MINIPORT_ADAPTER_OFFLOAD_ATTRIBUTES_REVISION_1 },
};

static const struct ndis_header_spec general_attributes = {
    "NDIS_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES",
    NDIS_OBJECT_TYPE_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES,
    2,
    { NDIS_SIZEOF_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES_REVISION_1,
      NDIS_SIZEOF_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES_REVISION_2 },
};

/* ------------------------------------------------------------------ the driver */

/*
 * NdisMRegisterMiniportDriver - make a miniport driver known.
 *
 * Source:    documented.
 * IRQL:      PASSIVE_LEVEL
 * Ownership: borrows MiniportDriverCharacteristics; *NdisMiniportDriverHandle lives until
 *            NdisMDeregisterMiniportDriver.
 * Returns:   NDIS_STATUS_SUCCESS, _BAD_VERSION, _BAD_CHARACTERISTICS, _INVALID_PARAMETER, _RESOURCES, and what
 *            MiniportSetOptions returned.
 */
NDIS_STATUS NTAPI
NdisMRegisterMiniportDriver(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath,
                            NDIS_HANDLE MiniportDriverContext,
                            PNDIS_MINIPORT_DRIVER_CHARACTERISTICS MiniportDriverCharacteristics,
                            PNDIS_HANDLE NdisMiniportDriverHandle)
{
    const NDIS_MINIPORT_DRIVER_CHARACTERISTICS *c = MiniportDriverCharacteristics;
    uint32_t site = ndis_export.NdisMRegisterMiniportDriver;
    struct ndis_miniport_driver *md;
    NDIS_STATUS status = NDIS_STATUS_BAD_CHARACTERISTICS;

    if (c == NULL || RegistryPath == NULL || NdisMiniportDriverHandle == NULL)
        return NDIS_STATUS_INVALID_PARAMETER;
    if (!ndis_header_ok(&c->Header, &driver_characteristics, site))
        goto out;
    status = NDIS_STATUS_BAD_VERSION;
    if (!ndis_version_ok(c->MajorNdisVersion, c->MinorNdisVersion, c, driver_characteristics.name, site))
        goto out;
    status = NDIS_STATUS_BAD_CHARACTERISTICS;
    if (!NDIS_HANDLERS_OK(c, site, NDIS_HANDLER(c, InitializeHandlerEx), NDIS_HANDLER(c, HaltHandlerEx),
                          NDIS_HANDLER(c, UnloadHandler), NDIS_HANDLER(c, PauseHandler),
                          NDIS_HANDLER(c, RestartHandler), NDIS_HANDLER(c, OidRequestHandler),
                          NDIS_HANDLER(c, SendNetBufferListsHandler), NDIS_HANDLER(c, ReturnNetBufferListsHandler),
                          NDIS_HANDLER(c, CancelSendHandler), NDIS_HANDLER(c, DevicePnPEventNotifyHandler),
                          NDIS_HANDLER(c, ShutdownHandlerEx), NDIS_HANDLER(c, CancelOidRequestHandler)))
        goto out;
    status = NDIS_STATUS_RESOURCES;
    md = ndis_object_alloc(NDIS_SIG_MINIPORT_DRIVER, sizeof(*md), "miniport driver");
    if (md == NULL)
        goto out;
    ndis_copy_versioned(&md->chars, sizeof(md->chars), &c->Header);
    md->driver.major = c->MajorNdisVersion;
    md->driver.minor = c->MinorNdisVersion;
    md->driver.context = (uint64_t)MiniportDriverContext;
    ndis_driver_init(&md->driver, NDIS_LAYER_MINIPORT, DriverObject, RegistryPath);
    *NdisMiniportDriverHandle = md;
    status = NDIS_STATUS_SUCCESS;
    if (md->chars.SetOptionsHandler != NULL)
        status = (NDIS_STATUS)NDIS_CALL(ndis_site.ndisMInvokeSetOptions, (ndis_fn)md->chars.SetOptionsHandler,
                                        (uint64_t)md, md->driver.context);
    if (status != NDIS_STATUS_SUCCESS) {
        ndis_driver_remove(&md->driver);
        goto out;
    }
    /* Documented: NDIS calls MiniportDriverUnload from the unload routine it gives the driver object. */
    if (DriverObject != NULL && md->chars.UnloadHandler != NULL)
        DriverObject->DriverUnload = (PDRIVER_UNLOAD)md->chars.UnloadHandler;
out:
    trace_emit(EV_NDIS_REGISTER, DriverObject, NDIS_LAYER_MINIPORT, (uint64_t)DriverObject,
               (uint64_t)c->MajorNdisVersion << 8 | c->MinorNdisVersion, (uint32_t)status);
    return status;
}

/* Its adapters are halted, and none starts again. */
static void
leave(struct ndis_miniport_driver *md)
{
    struct ndis_nic *nic;

    md->driver.leaving = true;
    list_for_each (nic, &ndis_root()->nics, node)
        if (nic->driver == md)
            ndis_nic_settle(nic);
}

void
ndis_miniport_unloading(PDRIVER_OBJECT driver)
{
    struct ndis_nic *nic;

    list_for_each (nic, &ndis_root()->nics, node)
        if (nic->driver != NULL && nic->driver->driver.driver_object == driver)
            leave(nic->driver);
}

/*
 * NdisMDeregisterMiniportDriver - forget a miniport driver; adapters that are left are halted first.
 *
 * Source:    documented.
 * IRQL:      PASSIVE_LEVEL
 */
void NTAPI
NdisMDeregisterMiniportDriver(NDIS_HANDLE NdisMiniportDriverHandle)
{
    struct ndis_miniport_driver *md = NdisMiniportDriverHandle;
    struct ndis_nic *nic;

    leave(md);
    list_for_each (nic, &ndis_root()->nics, node)
        if (nic->driver == md)
            nic->driver = NULL;
    ndis_driver_remove(&md->driver);
}

NDIS_STATUS
ndis_miniport_set_pnp(struct ndis_miniport_driver *md, const NDIS_OBJECT_HEADER *header)
{
    if (!ndis_header_ok(header, &pnp_characteristics, ndis_export.NdisSetOptionalHandlers))
        return NDIS_STATUS_BAD_CHARACTERISTICS;
    ndis_copy_versioned(&md->pnp, sizeof(md->pnp), header);
    return NDIS_STATUS_SUCCESS;
}

/* ------------------------------------------------------------------ attributes */

/* The adapter's own copy of what its driver's structure leads to. */
static void *
copy_bytes(const void *from, size_t size)
{
    void *copy;

    if (from == NULL)
        return NULL;
    copy = ndis_alloc(size, NDIS_SIG_ADAPTER, "adapter attributes");
    if (copy != NULL)
        memcpy(copy, from, size);
    return copy;
}

/* The same of a structure that begins with a header. */
static NDIS_OBJECT_HEADER *
copy_object(const NDIS_OBJECT_HEADER *from)
{
    return copy_bytes(from, from != NULL ? from->Size : 0);
}

/* documented: _BAD_VERSION for a Revision that NDIS does not have. */
static NDIS_STATUS
refused(const NDIS_OBJECT_HEADER *header)
{
    return header->Revision == 0 ? NDIS_STATUS_BAD_VERSION : NDIS_STATUS_BAD_CHARACTERISTICS;
}

static NDIS_STATUS
set_general(struct ndis_adapter *ad, const NDIS_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES *from)
{
    NDIS_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES *to = &ad->general, given;

    if (!ndis_header_ok(&from->Header, &general_attributes, ndis_export.NdisMSetMiniportAttributes))
        return refused(&from->Header);
    ndis_copy_versioned(&given, sizeof(given), &from->Header);
    if (given.PowerManagementCapabilitiesEx != NULL && !ndis_pm_capabilities_ok(given.PowerManagementCapabilitiesEx))
        return NDIS_STATUS_BAD_CHARACTERISTICS;
    *to = given;
    to->SupportedOidList =
        copy_bytes(given.SupportedOidListLength != 0 ? given.SupportedOidList : NULL, given.SupportedOidListLength);
    to->RecvScaleCapabilities = (void *)copy_object((NDIS_OBJECT_HEADER *)given.RecvScaleCapabilities);
    to->PowerManagementCapabilities = copy_bytes(given.PowerManagementCapabilities, sizeof(NDIS_PNP_CAPABILITIES));
    to->PowerManagementCapabilitiesEx = (void *)copy_object((NDIS_OBJECT_HEADER *)given.PowerManagementCapabilitiesEx);
    if ((given.SupportedOidListLength != 0 && given.SupportedOidList != NULL && to->SupportedOidList == NULL) ||
        (given.RecvScaleCapabilities != NULL && to->RecvScaleCapabilities == NULL) ||
        (given.PowerManagementCapabilities != NULL && to->PowerManagementCapabilities == NULL) ||
        (given.PowerManagementCapabilitiesEx != NULL && to->PowerManagementCapabilitiesEx == NULL))
        return NDIS_STATUS_RESOURCES;
    ad->connect_state = to->MediaConnectState;
    ad->duplex_state = to->MediaDuplexState;
    ad->xmit_speed = to->XmitLinkSpeed;
    ad->rcv_speed = to->RcvLinkSpeed;
    ad->lookahead = to->LookaheadSize;
    ad->general_set = true;
    return NDIS_STATUS_SUCCESS;
}

/* The adapter's offloads, to be told to who attaches or binds; a status indication may change them later (status.c). */
static NDIS_STATUS
set_offload(struct ndis_adapter *ad, const NDIS_MINIPORT_ADAPTER_OFFLOAD_ATTRIBUTES *from)
{
    if (!ad->registration_set)
        return NDIS_STATUS_FAILURE;
    if (!ndis_header_ok(&from->Header, &offload_attributes, ndis_export.NdisMSetMiniportAttributes))
        return refused(&from->Header);
    ndis_free(ad->offload);
    ndis_free(ad->offload_hardware);
    ad->offload = (void *)copy_object((NDIS_OBJECT_HEADER *)from->DefaultOffloadConfiguration);
    ad->offload_hardware = (void *)copy_object((NDIS_OBJECT_HEADER *)from->HardwareOffloadCapabilities);
    if ((from->DefaultOffloadConfiguration != NULL && ad->offload == NULL) ||
        (from->HardwareOffloadCapabilities != NULL && ad->offload_hardware == NULL))
        return NDIS_STATUS_RESOURCES;
    return NDIS_STATUS_SUCCESS;
}

/*
 * NdisMSetMiniportAttributes - what the adapter is; inside MiniportInitializeEx, registration attributes first.
 *
 * Source:    documented; assumed: general attributes before registration attributes fail with _FAILURE.
 * IRQL:      PASSIVE_LEVEL
 * Ownership: borrows MiniportAttributes; pointers in it are copied.
 * Returns:   NDIS_STATUS_SUCCESS, _BAD_CHARACTERISTICS, _RESOURCES, _FAILURE, _NOT_SUPPORTED for a type we lack,
 *            _BAD_VERSION (documented) for a revision that there is not.
 */
NDIS_STATUS NTAPI
NdisMSetMiniportAttributes(NDIS_HANDLE NdisMiniportAdapterHandle, PNDIS_MINIPORT_ADAPTER_ATTRIBUTES MiniportAttributes)
{
    struct ndis_adapter *ad = NdisMiniportAdapterHandle;
    const NDIS_OBJECT_HEADER *header = (const NDIS_OBJECT_HEADER *)MiniportAttributes;
    NDIS_OBJECT_HEADER **slot = NULL;

    sched_touch(ad->layer.ledger->handle);
    switch (header->Type) {
    case NDIS_OBJECT_TYPE_MINIPORT_ADD_DEVICE_REGISTRATION_ATTRIBUTES:
        if (!ndis_header_ok(header, &add_device_attributes, ndis_export.NdisMSetMiniportAttributes))
            return refused(header);
        ad->nic->add_device_context =
            (uint64_t)MiniportAttributes->AddDeviceRegistrationAttributes.MiniportAddDeviceContext;
        return NDIS_STATUS_SUCCESS;
    case NDIS_OBJECT_TYPE_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES:
        if (!ndis_header_ok(header, &registration_attributes, ndis_export.NdisMSetMiniportAttributes))
            return refused(header);
        ndis_copy_versioned(&ad->registration, sizeof(ad->registration), header);
        ad->layer.context = (uint64_t)ad->registration.MiniportAdapterContext;
        ad->layer.flags = ad->registration.AttributeFlags;
        ad->registration_set = true;
        ndis_ports_registered(ad);
        return NDIS_STATUS_SUCCESS;
    case NDIS_OBJECT_TYPE_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES:
        if (!ad->registration_set)
            return NDIS_STATUS_FAILURE;
        return set_general(ad, (const NDIS_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES *)header);
    case NDIS_OBJECT_TYPE_MINIPORT_ADAPTER_OFFLOAD_ATTRIBUTES:
        return set_offload(ad, (const NDIS_MINIPORT_ADAPTER_OFFLOAD_ATTRIBUTES *)header);
    case NDIS_OBJECT_TYPE_MINIPORT_ADAPTER_NATIVE_802_11_ATTRIBUTES:
        slot = &ad->native;
        break;
    case NDIS_OBJECT_TYPE_MINIPORT_ADAPTER_HARDWARE_ASSIST_ATTRIBUTES:
        slot = &ad->hardware_assist;
        break;
    default:
        trace_emit(EV_HEADER_MISUSE, header, ndis_export.NdisMSetMiniportAttributes, NDIS_HEADER_TYPE, header->Type,
                   NDIS_OBJECT_TYPE_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES, (uint64_t) "NDIS_MINIPORT_ADAPTER_ATTRIBUTES");
        return NDIS_STATUS_NOT_SUPPORTED;
    }
    if (!ad->registration_set)
        return NDIS_STATUS_FAILURE;
    *slot = copy_object(header);
    return *slot != NULL ? NDIS_STATUS_SUCCESS : NDIS_STATUS_RESOURCES;
}

/* ------------------------------------------------------------------ initialize and halt */

static void
set_handlers(struct ndis_layer *layer, const NDIS_MINIPORT_DRIVER_CHARACTERISTICS *c)
{
    layer->op[NDIS_OP_SEND] = (ndis_fn)c->SendNetBufferListsHandler;
    layer->op[NDIS_OP_CANCEL_SEND] = (ndis_fn)c->CancelSendHandler;
    layer->op[NDIS_OP_RETURN] = (ndis_fn)c->ReturnNetBufferListsHandler;
    layer->op[NDIS_OP_OID] = (ndis_fn)c->OidRequestHandler;
    layer->op[NDIS_OP_CANCEL_OID] = (ndis_fn)c->CancelOidRequestHandler;
    layer->op[NDIS_OP_DIRECT_OID] = (ndis_fn)c->DirectOidRequestHandler;
    layer->op[NDIS_OP_CANCEL_DIRECT_OID] = (ndis_fn)c->CancelDirectOidRequestHandler;
    layer->op[NDIS_OP_SYNC_OID] = (ndis_fn)c->SynchronousOidRequestHandler;
    layer->op[NDIS_OP_DEVICE_PNP] = (ndis_fn)c->DevicePnPEventNotifyHandler;
}

/* Entries that filters allocated for the list of restart attributes NDIS frees (documented); the first is ours. */
static void
drop_added_attributes(struct ndis_adapter *ad)
{
    NDIS_RESTART_ATTRIBUTES *at = ad->restart_attributes ? ad->restart_attributes->Next : NULL, *next;

    for (; at != NULL; at = next) {
        next = at->Next;
        NdisFreeMemory(at, 0, 0);
    }
}

/* What the layers above are told of the adapter at a restart; each may change it for those above it. */
static void
fill_restart_attributes(struct ndis_adapter *ad)
{
    const NDIS_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES *g = &ad->general;
    NDIS_RESTART_ATTRIBUTES *list = ad->restart_attributes;
    NDIS_RESTART_GENERAL_ATTRIBUTES *a;

    if (list == NULL)
        return; /* documented: without the list nobody reports changes */
    drop_added_attributes(ad);
    list->Next = NULL;
    list->Oid = OID_GEN_MINIPORT_RESTART_ATTRIBUTES;
    list->DataLength = sizeof(*a);
    a = (NDIS_RESTART_GENERAL_ATTRIBUTES *)list->Data;
    memset(a, 0, sizeof(*a));
    ndis_header_set(&a->Header, NDIS_OBJECT_TYPE_RESTART_GENERAL_ATTRIBUTES, 2, sizeof(*a));
    a->MtuSize = g->MtuSize;
    a->MaxXmitLinkSpeed = g->MaxXmitLinkSpeed;
    a->MaxRcvLinkSpeed = g->MaxRcvLinkSpeed;
    a->LookaheadSize = g->LookaheadSize;
    a->MacOptions = g->MacOptions;
    a->SupportedPacketFilters = g->SupportedPacketFilters;
    a->MaxMulticastListSize = g->MaxMulticastListSize;
    a->RecvScaleCapabilities = g->RecvScaleCapabilities;
    a->AccessType = g->AccessType;
    a->ConnectionType = g->ConnectionType;
    a->SupportedStatistics = g->SupportedStatistics;
    a->DataBackFillSize = g->DataBackFillSize;
    a->ContextBackFillSize = g->ContextBackFillSize;
    a->SupportedOidList = g->SupportedOidList;
    a->SupportedOidListLength = g->SupportedOidListLength;
    a->MaxLookaheadSizeAccessed = g->LookaheadSize;
}

/* What the miniport said in its initialize goes with its halt. */
static void
forget_attributes(struct ndis_adapter *ad)
{
    ndis_polls_fini(ad);
    ndis_ports_fini(ad);
    drop_added_attributes(ad);
    if (ad->restart_attributes != NULL)
        ad->restart_attributes->Next = NULL;
    ndis_free(ad->general.SupportedOidList);
    ndis_free(ad->general.RecvScaleCapabilities);
    ndis_free(ad->general.PowerManagementCapabilities);
    ndis_free(ad->general.PowerManagementCapabilitiesEx);
    ndis_free(ad->offload);
    ndis_free(ad->offload_hardware);
    ndis_free(ad->native);
    ndis_free(ad->hardware_assist);
    memset(&ad->general, 0, sizeof(ad->general));
    ad->offload = ad->offload_hardware = NULL;
    ad->native = ad->hardware_assist = NULL;
    ad->registration_set = ad->general_set = false;
    ndis_ports_init(ad);
}

static void
adapter_free(struct ndis_adapter *ad)
{
    if (ad->device_added && ad->driver->pnp.MiniportRemoveDeviceHandler != NULL)
        NDIS_CALL(ndis_site.ndisMRemoveDevice, (ndis_fn)ad->driver->pnp.MiniportRemoveDeviceHandler,
                  ad->nic->add_device_context);
    ad->nic->add_device_context = 0;
    ad->nic->adapter = NULL;
    forget_attributes(ad);
    ndis_pm_forget(ad, NULL);
    ndis_free(ad->restart_attributes);
    ndis_layer_destroy(&ad->layer);
}

static void
call_halt(struct ndis_adapter *ad, NDIS_HALT_ACTION action)
{
    ndis_reset_stop(ad);
    ndis_oid_drain(&ad->layer);
    ndis_shared_finish(ad, true);
    ndis_layer_move(&ad->layer, NDIS_MOVE_STOP);
    NDIS_CALL(ndis_site.ndisMHaltMiniport, (ndis_fn)ad->driver->chars.HaltHandlerEx, ad->layer.context, action);
}

/* MiniportInitializeEx; from a halted adapter to a paused one, or to a halted one whose attributes may be set. */
static NDIS_STATUS
start(struct ndis_adapter *ad)
{
    struct ndis_miniport_driver *md = ad->driver;
    NDIS_MINIPORT_INIT_PARAMETERS *p;
    NDIS_STATUS status;
    uint64_t mark;

    ndis_layer_move(&ad->layer, NDIS_MOVE_START);
    ndis_oid_layer_init(&ad->layer);
    ad->halting = false;
    mark = guest_mark();
    p = guest_alloc(sizeof(*p));
    ndis_header_set(&p->Header, NDIS_OBJECT_TYPE_MINIPORT_INIT_PARAMETERS, NDIS_MINIPORT_INIT_PARAMETERS_REVISION_1,
                    NDIS_SIZEOF_MINIPORT_INIT_PARAMETERS_REVISION_1);
    p->IfIndex = ad->nic->if_index;
    p->NetLuid.Value = ad->nic->luid;
    p->MiniportAddDeviceContext = (NDIS_HANDLE)ad->nic->add_device_context;
    p->IMDeviceInstanceContext = (NDIS_HANDLE)ad->nic->im_context;
    p->AllocatedResources = ndis_hw_resources(ad->nic);
    p->DefaultPortAuthStates = (PNDIS_PORT_AUTHENTICATION_PARAMETERS)ndis_port_default_authentication();
    status = (NDIS_STATUS)NDIS_CALL(ndis_site.ndisMInitializeAdapter, (ndis_fn)md->chars.InitializeHandlerEx,
                                    (uint64_t)ad, md->driver.context, (uint64_t)p);
    guest_release(mark);
    if (status == NDIS_STATUS_SUCCESS && !ad->general_set) {
        /* Assumed: NDIS halts an adapter that initialized without saying what it is. */
        ndis_misuse(&ad->layer, NDIS_MISUSE_ATTACH_WITHOUT_ATTRIBUTES, ad->layer.state);
        ndis_layer_move(&ad->layer, NDIS_MOVE_STARTED);
        call_halt(ad, NdisHaltDeviceInitializationFailed);
        ndis_hw_check(ad, HALT_INIT_WITHOUT_INTERRUPT_DEREGISTER);
        return NDIS_STATUS_FAILURE;
    }
    if (status != NDIS_STATUS_SUCCESS) {
        ndis_shared_finish(ad, false);
        ndis_layer_move(&ad->layer, NDIS_MOVE_START_FAILED);
        ndis_hw_check(ad, ad->suspended ? PM_INIT_FAILED_NO_INT_DEREGISTER : INIT_FAILED_WITHOUT_INTERRUPT_DEREGISTER);
        return status;
    }
    ndis_layer_move(&ad->layer, NDIS_MOVE_STARTED);
    ndis_reset_start(ad);
    return NDIS_STATUS_SUCCESS;
}

static NDIS_STATUS
add_device(struct ndis_adapter *ad)
{
    struct ndis_miniport_driver *md = ad->driver;
    NDIS_STATUS status;

    if (md->pnp.MiniportAddDeviceHandler == NULL)
        return NDIS_STATUS_SUCCESS;
    status = (NDIS_STATUS)NDIS_CALL(ndis_site.ndisMAddDevice, (ndis_fn)md->pnp.MiniportAddDeviceHandler, (uint64_t)ad,
                                    md->driver.context);
    ad->device_added = status == NDIS_STATUS_SUCCESS;
    return status;
}

NDIS_STATUS
ndis_miniport_initialize(struct ndis_nic *nic)
{
    struct ndis_miniport_driver *md = nic->driver;
    struct ndis_adapter *ad;
    NDIS_STATUS status;

    ad = ndis_layer_create(NDIS_LAYER_MINIPORT, sizeof(*ad), &md->driver, nic, NULL, "miniport adapter");
    if (ad == NULL)
        return NDIS_STATUS_RESOURCES;
    ad->nic = nic;
    ad->driver = md;
    ad->layer.adapter = ad;
    ad->power = ad->power_next = ad->power_told = NdisDeviceStateD0;
    list_init(&ad->bindings);
    list_init(&ad->sets);
    list_init(&ad->polls);
    list_init(&ad->pm_items);
    ndis_ports_init(ad);
    set_handlers(&ad->layer, &md->chars);
    ndis_chain_compute(ad);
    nic->adapter = ad;
    ad->restart_attributes =
        ndis_alloc(offsetof(NDIS_RESTART_ATTRIBUTES, Data) + sizeof(NDIS_RESTART_GENERAL_ATTRIBUTES), NDIS_SIG_ADAPTER,
                   "restart attributes");
    status = add_device(ad);
    if (status == NDIS_STATUS_SUCCESS)
        status = start(ad);
    if (status != NDIS_STATUS_SUCCESS)
        adapter_free(ad);
    return status;
}

void
ndis_miniport_halt(struct ndis_adapter *ad)
{
    if (!ad->suspended)
        call_halt(ad, ad->nic->halt_action);
    ndis_hw_check(ad, HALT_WITHOUT_INTERRUPT_DEREGISTER);
    ad->nic->im_asked = false;
    ndis_wake_disarm(ad->nic);
    adapter_free(ad);
}

void
ndis_miniport_shutdown(struct ndis_adapter *ad)
{
    ndis_layer_move(&ad->layer, NDIS_MOVE_SHUTDOWN);
    NDIS_CALL(ndis_site.ndisMShutdownMiniport, (ndis_fn)ad->driver->chars.ShutdownHandlerEx, ad->layer.context,
              NdisShutdownPowerOff);
}

void
ndis_miniport_suspend(struct ndis_adapter *ad)
{
    call_halt(ad, NdisHaltDevicePoweredDown);
    ndis_hw_check(ad, HALT_WITHOUT_INTERRUPT_DEREGISTER);
    ad->suspended = true;
}

NDIS_STATUS
ndis_miniport_resume(struct ndis_adapter *ad)
{
    NDIS_STATUS status;

    forget_attributes(ad);
    status = start(ad);
    if (status == NDIS_STATUS_SUCCESS)
        ad->suspended = false;
    return status;
}

/* ------------------------------------------------------------------ pause and restart */

void
ndis_miniport_pause(struct ndis_adapter *ad, uint32_t reason)
{
    uint64_t mark = guest_mark();
    NDIS_MINIPORT_PAUSE_PARAMETERS *p = guest_alloc(sizeof(*p));

    ndis_header_set(&p->Header, NDIS_OBJECT_TYPE_DEFAULT, NDIS_MINIPORT_PAUSE_PARAMETERS_REVISION_1,
                    RTL_SIZEOF_THROUGH_FIELD(NDIS_MINIPORT_PAUSE_PARAMETERS, PauseReason));
    p->PauseReason = reason;
    ndis_idle_stop(ad);
    ndis_layer_move(&ad->layer, NDIS_MOVE_PAUSE);
    ndis_layer_invoke(&ad->layer, NDIS_PENDING_PAUSE, ndis_site.ndisMPauseMiniport,
                      (ndis_fn)ad->driver->chars.PauseHandler, ad->layer.context, (uint64_t)p, "MiniportPause");
    guest_release(mark);
    ndis_layer_check_out(&ad->layer, NDIS_MISUSE_PAUSE_WITH_SENDS);
    ndis_layer_move(&ad->layer, NDIS_MOVE_PAUSE_DONE);
}

NDIS_STATUS
ndis_miniport_restart(struct ndis_adapter *ad)
{
    uint64_t mark = guest_mark();
    NDIS_MINIPORT_RESTART_PARAMETERS *p = guest_alloc(sizeof(*p));
    NDIS_STATUS status;

    ndis_header_set(&p->Header, NDIS_OBJECT_TYPE_DEFAULT, NDIS_MINIPORT_RESTART_PARAMETERS_REVISION_1,
                    RTL_SIZEOF_THROUGH_FIELD(NDIS_MINIPORT_RESTART_PARAMETERS, Flags));
    fill_restart_attributes(ad);
    p->RestartAttributes = ad->restart_attributes;
    ndis_layer_move(&ad->layer, NDIS_MOVE_RESTART);
    status =
        ndis_layer_invoke(&ad->layer, NDIS_PENDING_RESTART, ndis_site.ndisMRestartMiniport,
                          (ndis_fn)ad->driver->chars.RestartHandler, ad->layer.context, (uint64_t)p, "MiniportRestart");
    guest_release(mark);
    ndis_layer_move(&ad->layer, status == NDIS_STATUS_SUCCESS ? NDIS_MOVE_RESTARTED : NDIS_MOVE_RESTART_FAILED);
    if (status == NDIS_STATUS_SUCCESS)
        ndis_idle_start(ad);
    return status;
}

/*
 * NdisMPauseComplete - MiniportPause had returned NDIS_STATUS_PENDING and is done.
 *
 * Source:    documented; without a pause under way bug check 0x7C, 0x1F.
 * IRQL:      <= DISPATCH_LEVEL
 */
void NTAPI
NdisMPauseComplete(NDIS_HANDLE MiniportAdapterHandle)
{
    struct ndis_adapter *ad = MiniportAdapterHandle;

    ndis_layer_complete(&ad->layer, NDIS_PENDING_PAUSE, NDIS_STATUS_SUCCESS);
}

/* NdisMRestartComplete - the same for MiniportRestart. Source: documented. IRQL: <= DISPATCH_LEVEL */
void NTAPI
NdisMRestartComplete(NDIS_HANDLE MiniportAdapterHandle, NDIS_STATUS Status)
{
    struct ndis_adapter *ad = MiniportAdapterHandle;

    ndis_layer_complete(&ad->layer, NDIS_PENDING_RESTART, Status);
}

/*
 * NdisMRemoveMiniport - the adapter's hardware failed for good: NDIS takes it down as for a removal.
 *
 * Source:    documented; the stack goes on NDIS's own thread, and comes back only when enabled anew (assumed).
 * IRQL:      PASSIVE_LEVEL
 * Returns:   NDIS_STATUS_SUCCESS, _FAILURE for an adapter that is on its way out already (assumed).
 */
NDIS_STATUS NTAPI
NdisMRemoveMiniport(NDIS_HANDLE MiniportHandle)
{
    struct ndis_adapter *ad = MiniportHandle;

    sched_touch(ad->layer.ledger->handle);
    if (ad->nic->failed)
        return NDIS_STATUS_FAILURE;
    ad->nic->failed = true;
    ndis_nic_kick(ad->nic);
    return NDIS_STATUS_SUCCESS;
}
