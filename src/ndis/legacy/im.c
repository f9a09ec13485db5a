/* SPDX-License-Identifier: MIT */
/*
 * ndis/legacy/im.c - the miniport edge of intermediate drivers, of either generation.
 *
 * Model: a virtual adapter is a nic like any other whose driver asks for it: it appears, and is enabled, when its
 * protocol edge has a lower adapter to stand on, and is disabled when that goes. Whatever halted it, it comes up again
 * only when its driver asks again (documented: the driver controls when its virtual miniports are initialized;
 * observed: Microsoft's mux sample frees the device context in MiniportHaltEx). The driver's own protocol is not bound
 * to it (on Windows the notify object and the bindings of the INF see to that: assumed).
 * Start reading at: NdisIMInitializeDeviceInstanceEx().
 */
#include "ndis/legacy/legacy.h"

#include <string.h>

#include "base/fmt.h"
#include "base/str.h"
#include "ndis/admin.h"

static struct ndis_driver *
protocol_of(NDIS_HANDLE handle)
{
    const struct ndis_object *object = handle;

    if (object->signature == NDIS_SIG_PROTOCOL5)
        return &((struct legacy_protocol *)handle)->driver->driver;
    return handle;
}

/*
 * NdisIMAssociateMiniport - these two are the edges of one driver.
 *
 * Source: documented. IRQL: PASSIVE_LEVEL
 */
VOID NTAPI
NdisIMAssociateMiniport(NDIS_HANDLE DriverHandle, NDIS_HANDLE ProtocolHandle)
{
    struct ndis_miniport_driver *md = DriverHandle;
    struct ndis_driver *pd = protocol_of(ProtocolHandle);
    struct ndis_nic *nic;
    struct ndis_link *link;

    md->associated = pd;
    list_for_each (nic, &ndis_root()->nics, node)
        if (nic->driver == md)
            list_for_each (link, &nic->links, node)
                if (link->driver == pd)
                    link->wanted = false;
}

/* The {...} of a device instance's name, or the name. */
static void
instance_text(const UNICODE_STRING *name, char *text, size_t room)
{
    size_t at = 0;

    for (unsigned i = 0; i < name->Length / 2u && at + 1 < room; i++) {
        if (name->Buffer[i] == '\\')
            at = 0;
        else
            text[at++] = name->Buffer[i] < 0x7f ? (char)name->Buffer[i] : '_';
    }
    text[at] = 0;
}

static struct ndis_nic *
find_instance(const struct ndis_miniport_driver *md, const char *text)
{
    struct ndis_nic *nic;
    char guid[96];

    list_for_each (nic, &ndis_root()->nics, node) {
        fmt(guid, sizeof(guid), "%wZ", (const void *)&nic->instance_guid);
        if (nic->driver == md && (str_ieq(guid, text) || (nic->im_name != NULL && str_ieq(nic->im_name, text))))
            return nic;
    }
    return NULL;
}

/*
 * The adapter that text will name from now on: one that was installed and that nobody has asked for yet (assumed: there
 * is no notify object to tell the driver its name), or a new one.
 */
static struct ndis_nic *
claim_instance(struct ndis_miniport_driver *md, const char *text)
{
    struct ndis_nic *nic;
    size_t size = strlen(text) + 1;
    char *copy = mon_alloc(size);

    memcpy(copy, text, size);
    list_for_each (nic, &ndis_root()->nics, node)
        if (nic->driver == md && nic->adapter == NULL && nic->im_name == NULL) {
            nic->im_name = copy;
            return nic;
        }
    nic = ndis_nic_add(&(struct ndis_nic_config){ .service = md->driver.record->name, .guid = copy });
    if (nic != NULL) {
        nic->im_name = copy;
        nic->driver = md; /* its service may have a miniport of another kind, too */
    }
    return nic;
}

/*
 * NdisIMInitializeDeviceInstanceEx - bring a virtual adapter up.
 *
 * Source:    documented; assumed: MiniportInitialize is called before this returns, and the stack over it is bound.
 * IRQL:      PASSIVE_LEVEL
 * Ownership: borrows DriverInstance; DeviceContext is the driver's.
 * Returns:   NDIS_STATUS_SUCCESS, _FAILURE.
 */
NDIS_STATUS NTAPI
NdisIMInitializeDeviceInstanceEx(NDIS_HANDLE DriverHandle, PNDIS_STRING DriverInstance, NDIS_HANDLE DeviceContext)
{
    struct ndis_miniport_driver *md = DriverHandle;
    struct ndis_nic *nic;
    struct ndis_link *link;
    char text[96];

    instance_text(DriverInstance, text, sizeof(text));
    nic = find_instance(md, text);
    if (nic == NULL)
        nic = claim_instance(md, text);
    if (nic == NULL || nic->adapter != NULL)
        return NDIS_STATUS_FAILURE;
    list_for_each (link, &nic->links, node)
        if (link->driver == md->associated)
            link->wanted = false;
    nic->im_context = (uint64_t)DeviceContext;
    nic->im_asked = true;
    if (ndis_nic_enable(nic) == 0)
        return NDIS_STATUS_SUCCESS;
    nic->im_asked = false;
    return NDIS_STATUS_FAILURE;
}

/*
 * NdisIMCancelInitializeDeviceInstance - give an instance up that is not initialized yet.
 *
 * Source:    documented. IRQL: PASSIVE_LEVEL
 * Returns:   NDIS_STATUS_SUCCESS; _FAILURE if there is none, or its MiniportInitialize ran already.
 */
NDIS_STATUS NTAPI
NdisIMCancelInitializeDeviceInstance(NDIS_HANDLE DriverHandle, PNDIS_STRING DeviceInstance)
{
    struct ndis_nic *nic;
    char text[96];

    instance_text(DeviceInstance, text, sizeof(text));
    nic = find_instance(DriverHandle, text);
    if (nic == NULL || nic->adapter != NULL)
        return NDIS_STATUS_FAILURE;
    nic->want_present = nic->im_asked = false;
    return NDIS_STATUS_SUCCESS;
}

/*
 * NdisIMDeInitializeDeviceInstance - take a virtual adapter down: unbound above, paused, halted.
 *
 * Source:    documented; assumed: MiniportHalt is called before this returns.
 * IRQL:      PASSIVE_LEVEL
 * Returns:   NDIS_STATUS_SUCCESS
 */
NDIS_STATUS NTAPI
NdisIMDeInitializeDeviceInstance(NDIS_HANDLE NdisMiniportHandle)
{
    ndis_nic_disable(legacy_adapter_behind(NdisMiniportHandle)->nic);
    return NDIS_STATUS_SUCCESS;
}

/* NdisIMGetDeviceContext - what NdisIMInitializeDeviceInstanceEx was given. Source: documented. IRQL: any */
NDIS_HANDLE NTAPI
NdisIMGetDeviceContext(NDIS_HANDLE MiniportAdapterHandle)
{
    return (NDIS_HANDLE)legacy_adapter_behind(MiniportAdapterHandle)->nic->im_context;
}

/* NdisIMGetBindingContext - the same of the virtual adapter below a binding. Source: documented. IRQL: any */
NDIS_HANDLE NTAPI
NdisIMGetBindingContext(NDIS_HANDLE NdisBindingHandle)
{
    const struct ndis_object *object = NdisBindingHandle;
    const struct ndis_binding *b = NdisBindingHandle;

    if (object->signature != NDIS_SIG_BINDING)
        b = legacy_open_of(NdisBindingHandle)->binding->b;
    return (NDIS_HANDLE)b->layer.adapter->nic->im_context;
}
