/* SPDX-License-Identifier: MIT */
/*
 * ndis/legacy/wrapper.c - 5.x miniport drivers: the wrapper handle, registration, unload, devices.
 *
 * Model: a 5.x driver registers here, and here registers an NDIS 6 miniport driver for it whose handlers are ours. The
 * driver object's unload routine becomes ndis's: it takes the adapters down, then calls the driver's unload handler.
 */
#include "ndis/legacy/legacy.h"

#include <string.h>

#include "ndis/driver.h"

/*
 * NdisInitializeWrapper - the first call of a 5.x miniport driver, with what DriverEntry was given.
 *
 * Source:    documented; assumed: without memory *NdisWrapperHandle is NULL.
 * IRQL:      PASSIVE_LEVEL
 * Ownership: the caller takes *NdisWrapperHandle until NdisTerminateWrapper, or for ever once it registered.
 */
VOID NTAPI
NdisInitializeWrapper(PNDIS_HANDLE NdisWrapperHandle, PVOID SystemSpecific1, PVOID SystemSpecific2,
                      PVOID SystemSpecific3)
{
    const UNICODE_STRING *path = SystemSpecific2;
    struct legacy_wrapper *w =
        ndis_object_alloc(NDIS_SIG_WRAPPER, sizeof(*w) + (path != NULL ? path->Length : 0), "NDIS wrapper handle");

    (void)SystemSpecific3;
    *NdisWrapperHandle = w;
    if (w == NULL)
        return;
    w->driver_object = SystemSpecific1;
    w->path.Buffer = (WCHAR *)(w + 1);
    if (path != NULL) {
        w->path.Length = w->path.MaximumLength = path->Length;
        memcpy(w->path.Buffer, path->Buffer, path->Length);
    }
    list_add_tail(&legacy_root()->wrappers, &w->node);
}

/*
 * NdisTerminateWrapper - the driver will not register after all.
 *
 * Source: documented: called when registration failed. IRQL: PASSIVE_LEVEL. Ownership: takes NdisWrapperHandle.
 */
VOID NTAPI
NdisTerminateWrapper(NDIS_HANDLE NdisWrapperHandle, PVOID SystemSpecific)
{
    struct legacy_wrapper *w = NdisWrapperHandle;

    (void)SystemSpecific;
    list_del(&w->node);
    ndis_free(w);
}

/* Bytes of the characteristics of a version; 0: there is none. */
static size_t
characteristics_size(const NDIS_MINIPORT_CHARACTERISTICS *c)
{
    if (c->MajorNdisVersion == 4)
        return sizeof(NDIS40_MINIPORT_CHARACTERISTICS);
    if (c->MajorNdisVersion == 5)
        return c->MinorNdisVersion >= 1 ? sizeof(NDIS51_MINIPORT_CHARACTERISTICS)
                                        : sizeof(NDIS50_MINIPORT_CHARACTERISTICS);
    return 0;
}

/* Register the NDIS 6 driver that stands for ld. */
static NDIS_STATUS
register_driver(struct legacy_driver *ld)
{
    const struct legacy_handlers *h = &legacy_handler;
    NDIS_MINIPORT_DRIVER_CHARACTERISTICS *c = ndis_alloc(sizeof(*c), NDIS_SIG_WRAPPER, "characteristics");
    NDIS_HANDLE handle;
    NDIS_STATUS status;

    if (c == NULL)
        return NDIS_STATUS_RESOURCES;
    ndis_header_set(&c->Header, NDIS_OBJECT_TYPE_MINIPORT_DRIVER_CHARACTERISTICS,
                    NDIS_MINIPORT_DRIVER_CHARACTERISTICS_REVISION_1,
                    NDIS_SIZEOF_MINIPORT_DRIVER_CHARACTERISTICS_REVISION_1);
    c->MajorNdisVersion = 6;
    c->InitializeHandlerEx = (void *)h->initialize;
    c->HaltHandlerEx = (void *)h->halt;
    c->UnloadHandler = (void *)h->nothing;
    c->PauseHandler = (void *)h->pause;
    c->RestartHandler = (void *)h->restart;
    c->OidRequestHandler = (void *)h->oid;
    c->SendNetBufferListsHandler = (void *)h->send;
    c->ReturnNetBufferListsHandler = (void *)h->returned;
    c->CancelSendHandler = (void *)h->cancel;
    c->DevicePnPEventNotifyHandler = (void *)h->pnp;
    c->ShutdownHandlerEx = (void *)h->shutdown;
    c->CancelOidRequestHandler = (void *)h->nothing;
    status = NdisMRegisterMiniportDriver(ld->wrapper->driver_object, &ld->wrapper->path, ld, c, &handle);
    ndis_free(c);
    if (status != NDIS_STATUS_SUCCESS)
        return status;
    ld->driver = handle;
    ld->wrapper->driver_object->DriverUnload = (PDRIVER_UNLOAD)legacy_handler.unload;
    return NDIS_STATUS_SUCCESS;
}

static const char characteristics_name[] = "NDIS_MINIPORT_CHARACTERISTICS";

static NDIS_STATUS
register_miniport(struct legacy_wrapper *w, const NDIS_MINIPORT_CHARACTERISTICS *c, UINT length, uint32_t site,
                  struct legacy_driver **out)
{
    size_t size = characteristics_size(c);
    struct legacy_driver *ld;
    NDIS_STATUS status;

    *out = NULL;
    if (size == 0) {
        trace_emit(EV_HEADER_MISUSE, c, site, NDIS_HEADER_VERSION,
                   (uint64_t)c->MajorNdisVersion << 8 | c->MinorNdisVersion, 0x500, (uint64_t)characteristics_name);
        return NDIS_STATUS_BAD_VERSION;
    }
    if (length < size) {
        trace_emit(EV_HEADER_MISUSE, c, site, NDIS_HEADER_LENGTH, length, size, (uint64_t)characteristics_name);
        return NDIS_STATUS_BAD_CHARACTERISTICS;
    }
    if (!NDIS_HANDLERS_OK(
            c, site, NDIS_HANDLER(c, HaltHandler), NDIS_HANDLER(c, InitializeHandler),
            NDIS_HANDLER(c, QueryInformationHandler), NDIS_HANDLER(c, ResetHandler),
            NDIS_HANDLER(c, SetInformationHandler),
            { "SendHandler, or SendPacketsHandler", (uint64_t)c->SendHandler | (uint64_t)c->SendPacketsHandler }))
        return NDIS_STATUS_BAD_CHARACTERISTICS;
    ld = ndis_object_alloc(NDIS_SIG_WRAPPER, sizeof(*ld), "5.x miniport driver");
    if (ld == NULL)
        return NDIS_STATUS_RESOURCES;
    memcpy(&ld->chars, c, size);
    ld->wrapper = w;
    status = register_driver(ld);
    if (status != NDIS_STATUS_SUCCESS) {
        ndis_free(ld);
        return status;
    }
    *out = ld;
    return NDIS_STATUS_SUCCESS;
}

/*
 * NdisMRegisterMiniport - make a 5.x miniport driver known.
 *
 * Source:    documented; assumed: versions 4.0, 5.0 and 5.1, and MiniportReset is required of all.
 * IRQL:      PASSIVE_LEVEL
 * Ownership: borrows MiniportCharacteristics; takes NdisWrapperHandle on success.
 * Returns:   NDIS_STATUS_SUCCESS, _BAD_VERSION, _BAD_CHARACTERISTICS, _RESOURCES; _FAILURE for a second one.
 */
NDIS_STATUS NTAPI
NdisMRegisterMiniport(NDIS_HANDLE NdisWrapperHandle, PNDIS_MINIPORT_CHARACTERISTICS MiniportCharacteristics,
                      UINT CharacteristicsLength)
{
    struct legacy_wrapper *w = NdisWrapperHandle;

    if (w->driver != NULL)
        return NDIS_STATUS_FAILURE;
    return register_miniport(w, MiniportCharacteristics, CharacteristicsLength, ndis_export.NdisMRegisterMiniportDriver,
                             &w->driver);
}

/*
 * NdisIMRegisterLayeredMiniport - the miniport edge of an intermediate driver.
 *
 * Source:    documented.
 * IRQL:      PASSIVE_LEVEL
 * Ownership: borrows MiniportCharacteristics; the caller takes *DriverHandle until NdisIMDeregisterLayeredMiniport.
 * Returns:   as NdisMRegisterMiniport.
 */
NDIS_STATUS NTAPI
NdisIMRegisterLayeredMiniport(NDIS_HANDLE NdisWrapperHandle, PNDIS_MINIPORT_CHARACTERISTICS MiniportCharacteristics,
                              UINT CharacteristicsLength, PNDIS_HANDLE DriverHandle)
{
    struct legacy_wrapper *w = NdisWrapperHandle;
    NDIS_STATUS status;

    *DriverHandle = NULL;
    if (w->layered != NULL)
        return NDIS_STATUS_FAILURE;
    status = register_miniport(w, MiniportCharacteristics, CharacteristicsLength,
                               ndis_export.NdisMRegisterMiniportDriver, &w->layered);
    if (status != NDIS_STATUS_SUCCESS)
        return status;
    w->layered->layered = true;
    *DriverHandle = w->layered->driver;
    return NDIS_STATUS_SUCCESS;
}

static void
deregister(struct legacy_driver *ld)
{
    NdisMDeregisterMiniportDriver(ld->driver);
    ndis_free(ld);
}

/* NdisIMDeregisterLayeredMiniport - Source: documented. IRQL: PASSIVE_LEVEL. Ownership: takes DriverHandle. */
VOID NTAPI
NdisIMDeregisterLayeredMiniport(NDIS_HANDLE DriverHandle)
{
    struct ndis_miniport_driver *md = DriverHandle;
    struct legacy_driver *ld = (struct legacy_driver *)md->driver.context;

    ld->wrapper->layered = NULL;
    deregister(ld);
}

/* NdisMRegisterUnloadHandler - what to call when the driver is unloaded. Source: documented. IRQL: PASSIVE_LEVEL */
VOID NTAPI
NdisMRegisterUnloadHandler(NDIS_HANDLE NdisWrapperHandle, PDRIVER_UNLOAD UnloadHandler)
{
    struct legacy_wrapper *w = NdisWrapperHandle;

    w->unload = (uint64_t)UnloadHandler;
    w->driver_object->DriverUnload = (PDRIVER_UNLOAD)legacy_handler.unload;
}

/*
 * The driver object's unload routine. documented: MiniportUnload runs after all adapters were halted; that of an
 * intermediate driver deregisters its protocol and its layered miniport itself.
 */
VOID NTAPI
ndisMUnload(PDRIVER_OBJECT DriverObject)
{
    struct legacy_wrapper *w, *next;

    list_for_each_safe (w, next, &legacy_root()->wrappers, node) {
        if (w->driver_object != DriverObject)
            continue;
        if (w->driver != NULL)
            deregister(w->driver);
        w->driver = NULL;
        if (w->unload != 0)
            NDIS_CALL(legacy_site.ndisMUnload5, w->unload, (uint64_t)DriverObject);
        if (w->layered != NULL)
            deregister(w->layered);
        list_del(&w->node);
        ndis_free(w);
    }
}

/*
 * NdisMRegisterDevice - a device of the driver's, with a link for programs.
 *
 * Source:    documented; as NdisRegisterDeviceEx without an extension. The driver must have registered.
 * IRQL:      PASSIVE_LEVEL
 * Ownership: borrows the strings and the table; the caller takes *NdisDeviceHandle until NdisMDeregisterDevice.
 * Returns:   as NdisRegisterDeviceEx.
 */
NDIS_STATUS NTAPI
NdisMRegisterDevice(NDIS_HANDLE NdisWrapperHandle, PNDIS_STRING DeviceName, PNDIS_STRING SymbolicName,
                    PDRIVER_DISPATCH MajorFunctions[], PDEVICE_OBJECT *pDeviceObject, NDIS_HANDLE *NdisDeviceHandle)
{
    struct legacy_wrapper *w = NdisWrapperHandle;
    struct legacy_driver *ld = w->driver != NULL ? w->driver : w->layered;
    NDIS_DEVICE_OBJECT_ATTRIBUTES *a = guest_alloc(sizeof(*a));

    *NdisDeviceHandle = NULL;
    *pDeviceObject = NULL;
    if (ld == NULL)
        return NDIS_STATUS_NOT_SUPPORTED;
    ndis_header_set(&a->Header, NDIS_OBJECT_TYPE_DEVICE_OBJECT_ATTRIBUTES, NDIS_DEVICE_OBJECT_ATTRIBUTES_REVISION_1,
                    NDIS_SIZEOF_DEVICE_OBJECT_ATTRIBUTES_REVISION_1);
    a->DeviceName = DeviceName;
    a->SymbolicName = SymbolicName;
    a->MajorFunctions = MajorFunctions;
    return NdisRegisterDeviceEx(ld->driver, a, pDeviceObject, NdisDeviceHandle);
}

/* NdisMDeregisterDevice - Source: documented. IRQL: PASSIVE_LEVEL. Takes NdisDeviceHandle. Returns SUCCESS. */
NDIS_STATUS NTAPI
NdisMDeregisterDevice(NDIS_HANDLE NdisDeviceHandle)
{
    NdisDeregisterDeviceEx(NdisDeviceHandle);
    return NDIS_STATUS_SUCCESS;
}
