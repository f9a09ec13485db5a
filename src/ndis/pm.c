/* SPDX-License-Identifier: MIT */
/*
 * ndis/pm.c - power management parameters, wake-up patterns and protocol offloads of an adapter.
 *
 * Model: documented ("Low Power for Wake on LAN", the pages of OID_PM_xxx). What the layers above want enabled in low
 * power NDIS stores without asking the miniport, and tells it the sum before each low-power state. Patterns and
 * offloads go to the miniport as they come, with an identifier of NDIS's in them, and NDIS keeps a copy of each that
 * the miniport took: an item. A miniport whose list is full loses its least important item if the new one matters
 * more. What the user switched off (the standardized keywords of the adapter's key) nobody above sees.
 * assumed: identifiers count from 2 (NDIS_PM_PRIVATE_PATTERN_ID is 1); an adapter whose key lacks a keyword has the
 * keyword's default; requests of filters other than OID_PM_PARAMETERS are the miniport's.
 * Start reading at: ndis_pm_request().
 */
#include "ndis/pm_item.h"

#include <string.h>

#include "ndis/driver.h"
#include "ndis/misc.h"
#include "nt/cm/cm.h"

static const struct ndis_header_spec parameters_spec = {
    "NDIS_PM_PARAMETERS",
    NDIS_OBJECT_TYPE_DEFAULT,
    2,
    { NDIS_SIZEOF_NDIS_PM_PARAMETERS_REVISION_1, NDIS_SIZEOF_NDIS_PM_PARAMETERS_REVISION_2 },
};
static const struct ndis_header_spec capabilities_spec = {
    "NDIS_PM_CAPABILITIES",
    NDIS_OBJECT_TYPE_DEFAULT,
    2,
    { NDIS_SIZEOF_NDIS_PM_CAPABILITIES_REVISION_1, NDIS_SIZEOF_NDIS_PM_CAPABILITIES_REVISION_2 },
};

/* ------------------------------------------------------------------ capabilities */

bool
ndis_pm_capabilities_ok(const NDIS_PM_CAPABILITIES *given)
{
    return ndis_header_ok(&given->Header, &capabilities_spec, ndis_export.NdisMSetMiniportAttributes);
}

/* A standardized keyword of the adapter's, "0" or "1"; documented: each is on by default. */
static bool
switched_on(const struct ndis_adapter *ad, const char *keyword)
{
    char path[300], text[8];

    ndis_config_nic_path(ad->nic, path, sizeof(path));
    return cm_get_string(path, keyword, text, sizeof(text)) != 0 || strcmp(text, "0") != 0;
}

/* What protocols may see of it: without what the user switched off. */
NDIS_PM_CAPABILITIES
pm_current(const struct ndis_adapter *ad)
{
    const NDIS_PM_CAPABILITIES *ex = (const NDIS_PM_CAPABILITIES *)ad->general.PowerManagementCapabilitiesEx;
    const NDIS_PNP_CAPABILITIES *old = ad->general.PowerManagementCapabilities;
    NDIS_PM_CAPABILITIES c;

    memset(&c, 0, sizeof(c));
    if (ex != NULL) {
        ndis_copy_versioned(&c, sizeof(c), &ex->Header);
    } else if (old != NULL) { /* documented: NDIS translates what an older miniport says */
        ndis_header_set(&c.Header, NDIS_OBJECT_TYPE_DEFAULT, NDIS_PM_CAPABILITIES_REVISION_1,
                        NDIS_SIZEOF_NDIS_PM_CAPABILITIES_REVISION_1);
        c.MinMagicPacketWakeUp = old->WakeUpCapabilities.MinMagicPacketWakeUp;
        c.MinPatternWakeUp = old->WakeUpCapabilities.MinPatternWakeUp;
        c.MinLinkChangeWakeUp = old->WakeUpCapabilities.MinLinkChangeWakeUp;
        c.SupportedWoLPacketPatterns =
            (c.MinMagicPacketWakeUp != NdisDeviceStateUnspecified ? NDIS_PM_WOL_MAGIC_PACKET_SUPPORTED : 0) |
            (c.MinPatternWakeUp != NdisDeviceStateUnspecified ? NDIS_PM_WOL_BITMAP_PATTERN_SUPPORTED : 0);
    }
    if (!switched_on(ad, "*WakeOnMagicPacket"))
        c.SupportedWoLPacketPatterns &= ~(ULONG)NDIS_PM_WOL_MAGIC_PACKET_SUPPORTED;
    if (!switched_on(ad, "*WakeOnPattern"))
        c.SupportedWoLPacketPatterns &= NDIS_PM_WOL_MAGIC_PACKET_SUPPORTED;
    if (!switched_on(ad, "*PMARPOffload"))
        c.SupportedProtocolOffloads &= ~(ULONG)NDIS_PM_PROTOCOL_OFFLOAD_ARP_SUPPORTED;
    if (!switched_on(ad, "*PMNSOffload"))
        c.SupportedProtocolOffloads &= ~(ULONG)NDIS_PM_PROTOCOL_OFFLOAD_NS_SUPPORTED;
    if (!switched_on(ad, "*PMWiFiRekeyOffload"))
        c.SupportedProtocolOffloads &= ~(ULONG)NDIS_PM_PROTOCOL_OFFLOAD_80211_RSN_REKEY_SUPPORTED;
    return c;
}

/* ------------------------------------------------------------------ what is wanted */

struct ndis_pm_wanted
ndis_pm_sum(const struct ndis_adapter *ad)
{
    NDIS_PM_CAPABILITIES c = pm_current(ad);
    struct ndis_pm_wanted sum = { 0 };
    const struct pm_item *item;

    list_for_each (item, &ad->pm_items, node) {
        sum.patterns |= item->wanted.patterns;
        sum.offloads |= item->wanted.offloads;
        sum.wake_flags |= item->wanted.wake_flags;
    }
    if (ad->general.PowerManagementCapabilitiesEx != NULL) /* documented: by the user's settings, not by protocols */
        sum.patterns |= c.SupportedWoLPacketPatterns & NDIS_PM_WOL_MAGIC_PACKET_SUPPORTED;
    return sum;
}

static NDIS_STATUS
store(struct ndis_layer *layer, struct ndis_pm_wanted wanted)
{
    NDIS_PM_CAPABILITIES c = pm_current(layer->adapter);
    struct pm_item *item;

    if ((wanted.patterns & ~c.SupportedWoLPacketPatterns) != 0 || (wanted.offloads & ~c.SupportedProtocolOffloads) != 0)
        return NDIS_STATUS_INVALID_PARAMETER;
    list_for_each (item, &layer->adapter->pm_items, node)
        if (item->kind == PM_WANTED && item->owner == layer) {
            item->wanted = wanted;
            return NDIS_STATUS_SUCCESS;
        }
    item = pm_item_new(layer, PM_WANTED, 0);
    if (item == NULL)
        return NDIS_STATUS_RESOURCES;
    item->wanted = wanted;
    return NDIS_STATUS_SUCCESS;
}

bool
pm_too_short(NDIS_OID_REQUEST *request, uint32_t needed)
{
    if (request->DATA.SET_INFORMATION.InformationBufferLength >= needed)
        return false;
    request->DATA.SET_INFORMATION.BytesNeeded = needed;
    return true;
}

static NDIS_STATUS
set_parameters(struct ndis_layer *layer, NDIS_OID_REQUEST *request)
{
    const NDIS_PM_PARAMETERS *p = request->DATA.SET_INFORMATION.InformationBuffer;
    NDIS_STATUS status;

    if (pm_too_short(request, NDIS_SIZEOF_NDIS_PM_PARAMETERS_REVISION_1))
        return NDIS_STATUS_BUFFER_TOO_SHORT;
    if (!ndis_header_ok(&p->Header, &parameters_spec, misc_site.NdisOidRequest))
        return NDIS_STATUS_INVALID_PARAMETER;
    status = store(layer, (struct ndis_pm_wanted){ p->EnabledWoLPacketPatterns, p->EnabledProtocolOffloads,
                                                   p->WakeUpFlags & ~(ULONG)NDIS_PM_SELECTIVE_SUSPEND_ENABLED });
    if (status == NDIS_STATUS_SUCCESS)
        request->DATA.SET_INFORMATION.BytesRead = p->Header.Size;
    return status;
}

/* The two generations of flags. documented: the one for link changes is ignored. */
static struct ndis_pm_wanted
from_wake_up(uint32_t flags)
{
    return (struct ndis_pm_wanted){
        .patterns = ((flags & NDIS_PNP_WAKE_UP_MAGIC_PACKET) != 0 ? NDIS_PM_WOL_MAGIC_PACKET_ENABLED : 0) |
                    ((flags & NDIS_PNP_WAKE_UP_PATTERN_MATCH) != 0 ? NDIS_PM_WOL_BITMAP_PATTERN_ENABLED : 0)
    };
}

static uint32_t
to_wake_up(struct ndis_pm_wanted wanted)
{
    return ((wanted.patterns & NDIS_PM_WOL_MAGIC_PACKET_ENABLED) != 0 ? NDIS_PNP_WAKE_UP_MAGIC_PACKET : 0) |
           ((wanted.patterns & NDIS_PM_WOL_BITMAP_PATTERN_ENABLED) != 0 ? NDIS_PNP_WAKE_UP_PATTERN_MATCH : 0);
}

static NDIS_STATUS
enable_wake_up(struct ndis_layer *layer, NDIS_OID_REQUEST *request)
{
    uint32_t flags;
    NDIS_STATUS status;

    if (pm_too_short(request, sizeof(flags)))
        return NDIS_STATUS_INVALID_LENGTH;
    memcpy(&flags, request->DATA.SET_INFORMATION.InformationBuffer, sizeof(flags));
    status = store(layer, from_wake_up(flags));
    if (status == NDIS_STATUS_SUCCESS)
        request->DATA.SET_INFORMATION.BytesRead = sizeof(flags);
    return status;
}

/* ------------------------------------------------------------------ requests */

bool
ndis_pm_request(struct ndis_layer *layer, NDIS_OID_REQUEST *request, NDIS_STATUS *status)
{
    struct ndis_adapter *ad = layer->adapter;
    bool binding = layer->kind == NDIS_LAYER_PROTOCOL, set = request->RequestType == NdisRequestSetInformation;
    bool newer = ad->driver->driver.minor >= 20;
    uint32_t oid = oid_of(request);

    switch (oid) {
    case OID_PM_PARAMETERS: /* not the clones of NDIS's own */
        if (!set || ad->pm_arming)
            return false;
        break;
    case OID_PNP_ENABLE_WAKE_UP:
    case OID_PM_ADD_WOL_PATTERN:
    case OID_PM_ADD_PROTOCOL_OFFLOAD:
    case OID_PM_REMOVE_WOL_PATTERN:
    case OID_PM_REMOVE_PROTOCOL_OFFLOAD:
        if (!set || !binding)
            return false;
        break;
    case OID_PM_GET_PROTOCOL_OFFLOAD: /* the miniport's, but for what is wrong before it is asked */
        if (request->RequestType != NdisRequestMethod || !binding)
            return false;
        *status = NDIS_STATUS_NOT_SUPPORTED;
        if (!newer)
            return true;
        *status = NDIS_STATUS_INVALID_PARAMETER;
        return request->DATA.METHOD_INFORMATION.InputBufferLength < sizeof(uint32_t) ||
               pm_item_own(layer, PM_OFFLOAD, request->DATA.METHOD_INFORMATION.InformationBuffer) == NULL;
    default:
        return false;
    }
    trace_emit(EV_OID_REQUEST, request, layer->kind, (uint64_t)layer, oid, request->RequestType);
    sched_touch((uint64_t)&ad->pm_items);
    if (oid == OID_PM_PARAMETERS)
        *status = set_parameters(layer, request);
    else if (oid == OID_PNP_ENABLE_WAKE_UP)
        *status = enable_wake_up(layer, request);
    else if (!newer) /* documented for removing; assumed for adding */
        *status = NDIS_STATUS_NOT_SUPPORTED;
    else if (oid == OID_PM_ADD_WOL_PATTERN || oid == OID_PM_ADD_PROTOCOL_OFFLOAD)
        *status = pm_item_add(layer, request, pm_kind_of(oid));
    else
        *status = pm_item_remove(layer, request, pm_kind_of(oid));
    return true;
}

/* The list of patterns or of offloads; documented: next offsets from the beginning of the buffer, 0 in the last. */
static const void *
list_of(const struct ndis_adapter *ad, enum pm_kind kind, uint32_t *size)
{
    struct pm_begin *last = NULL;
    const struct pm_item *item;
    uint32_t at = 0;
    uint8_t *out;

    *size = 0;
    list_for_each (item, &ad->pm_items, node)
        if (item->kind == kind && item->request == NULL)
            *size += (item->bytes + 7) & ~7u;
    out = guest_alloc(*size + 8);
    list_for_each (item, &ad->pm_items, node) {
        if (item->kind != kind || item->request != NULL)
            continue;
        if (last != NULL)
            last->NextOffset = at;
        last = (struct pm_begin *)(out + at);
        memcpy(last, item->value, item->bytes);
        last->NextOffset = 0;
        at += (item->bytes + 7) & ~7u;
    }
    return out;
}

static const NDIS_PM_PARAMETERS *
parameters(struct ndis_pm_wanted sum, bool newest)
{
    NDIS_PM_PARAMETERS *p = guest_alloc(sizeof(*p));

    memset(p, 0, sizeof(*p));
    ndis_header_set(&p->Header, NDIS_OBJECT_TYPE_DEFAULT, newest ? 2 : 1,
                    newest ? NDIS_SIZEOF_NDIS_PM_PARAMETERS_REVISION_2 : NDIS_SIZEOF_NDIS_PM_PARAMETERS_REVISION_1);
    p->EnabledWoLPacketPatterns = sum.patterns;
    p->EnabledProtocolOffloads = sum.offloads;
    p->WakeUpFlags = sum.wake_flags;
    return p;
}

bool
ndis_pm_query(struct ndis_adapter *ad, uint32_t oid, const void **value, uint32_t *size)
{
    const NDIS_PM_PARAMETERS *p;
    NDIS_PM_CAPABILITIES *c;
    uint32_t *flags;

    sched_touch((uint64_t)&ad->pm_items);
    switch (oid) {
    case OID_PM_CURRENT_CAPABILITIES:
        c = guest_alloc(sizeof(*c));
        *c = pm_current(ad);
        *value = c;
        *size = c->Header.Size; /* 0: its miniport manages no power */
        return true;
    case OID_PM_PARAMETERS:
        p = parameters(ndis_pm_sum(ad), ad->driver->driver.minor >= 30);
        *value = p;
        *size = p->Header.Size;
        return true;
    case OID_PNP_ENABLE_WAKE_UP:
        flags = guest_alloc(sizeof(*flags));
        *flags = to_wake_up(ndis_pm_sum(ad));
        *value = flags;
        *size = sizeof(*flags);
        return true;
    case OID_PM_WOL_PATTERN_LIST:
    case OID_PM_PROTOCOL_OFFLOAD_LIST:
        *value = list_of(ad, pm_kind_of(oid), size);
        return true;
    default:
        return false;
    }
}

/* ------------------------------------------------------------------ statuses */

static void
keep_capabilities(struct ndis_adapter *ad, const NDIS_STATUS_INDICATION *s)
{
    NDIS_OBJECT_HEADER *kept = (NDIS_OBJECT_HEADER *)ad->general.PowerManagementCapabilitiesEx;
    const NDIS_OBJECT_HEADER *given = s->StatusBuffer;
    uint8_t revision;
    uint16_t size;

    if (kept == NULL || given->Size > s->StatusBufferSize)
        return;
    revision = kept->Revision; /* there is room for what was said first */
    size = kept->Size;
    memcpy(kept, given, given->Size < size ? given->Size : size);
    kept->Revision = revision;
    kept->Size = size;
}

void
ndis_pm_status(struct ndis_adapter *ad, const NDIS_STATUS_INDICATION *s, struct ndis_binding **only)
{
    enum pm_kind kind = s->StatusCode == NDIS_STATUS_PM_WOL_PATTERN_REJECTED ? PM_PATTERN : PM_OFFLOAD;
    struct pm_item *item;
    uint32_t id;

    *only = NULL;
    switch (s->StatusCode) {
    case NDIS_STATUS_PM_WOL_PATTERN_REJECTED:
    case NDIS_STATUS_PM_OFFLOAD_REJECTED:
        sched_touch((uint64_t)&ad->pm_items);
        memcpy(&id, s->StatusBuffer, sizeof(id));
        item = pm_item_find(ad, kind, id);
        if (item == NULL || item->request != NULL)
            break;
        *only = (struct ndis_binding *)item->owner;
        pm_item_drop(item);
        break;
    case NDIS_STATUS_PM_CAPABILITIES_CHANGE:
    case NDIS_STATUS_PM_HARDWARE_CAPABILITIES:
        sched_touch((uint64_t)&ad->pm_items);
        keep_capabilities(ad, s);
        break;
    default:
        break;
    }
}

/* ------------------------------------------------------------------ before low power */

bool
ndis_pm_arm(struct ndis_adapter *ad)
{
    struct ndis_pm_wanted sum = ndis_pm_sum(ad);
    uint64_t mark = guest_mark();
    const NDIS_PM_PARAMETERS *p;
    uint32_t *flags;

    sched_touch((uint64_t)&ad->pm_items);
    if (ad->general.PowerManagementCapabilitiesEx != NULL) {
        sum.wake_flags &= ~(uint32_t)NDIS_PM_WAKE_ON_LINK_CHANGE_ENABLED; /* documented: not from sleep */
        p = parameters(sum, ad->driver->driver.minor >= 30);
        ad->pm_arming = true;
        ndis_oid_ask(ndis_oid_top(ad), NdisRequestSetInformation, OID_PM_PARAMETERS, (void *)p, p->Header.Size);
        ad->pm_arming = false;
    } else if (to_wake_up(sum) != 0) {
        flags = guest_alloc(sizeof(*flags));
        *flags = to_wake_up(sum);
        ndis_oid_ask(ndis_oid_top(ad), NdisRequestSetInformation, OID_PNP_ENABLE_WAKE_UP, flags, sizeof(*flags));
    }
    guest_release(mark);
    return sum.patterns != 0 || sum.wake_flags != 0;
}

NDIS_STATUS
ndis_pm_arm_idle(struct ndis_adapter *ad)
{
    uint64_t mark = guest_mark();
    const NDIS_PM_PARAMETERS *p =
        parameters((struct ndis_pm_wanted){ .wake_flags = NDIS_PM_SELECTIVE_SUSPEND_ENABLED }, true);
    NDIS_STATUS status =
        ndis_oid_ask(&ad->layer, NdisRequestSetInformation, OID_PM_PARAMETERS, (void *)p, p->Header.Size);

    guest_release(mark);
    return status;
}
