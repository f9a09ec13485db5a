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
#include "ndis/pm.h"

#include <string.h>

#include "ndis/driver.h"
#include "ndis/misc.h"
#include "nt/cm/cm.h"

enum item_kind { ITEM_PATTERN, ITEM_OFFLOAD, ITEM_WANTED };

/* ndis_adapter.pm_items, in order of adding. Machine memory. */
struct item {
    struct list_node node;
    struct ndis_layer *owner;
    NDIS_OID_REQUEST *request; /* that adds it, while it is not added */
    uint8_t kind;              /* enum item_kind */
    uint32_t id, priority;
    uint32_t bytes; /* of value */
    struct ndis_pm_wanted wanted;
    uint8_t value[]; /* NDIS_PM_WOL_PATTERN or NDIS_PM_PROTOCOL_OFFLOAD, as given, with its identifier */
};

/* The two structures begin alike. */
struct begin {
    NDIS_OBJECT_HEADER Header;
    ULONG Flags, Priority, Type;
    NDIS_PM_COUNTED_STRING FriendlyName;
    ULONG Id, NextOffset;
};
_Static_assert(offsetof(struct begin, Id) == offsetof(NDIS_PM_WOL_PATTERN, PatternId) &&
                   offsetof(struct begin, NextOffset) == offsetof(NDIS_PM_WOL_PATTERN, NextWoLPatternOffset) &&
                   offsetof(struct begin, Id) == offsetof(NDIS_PM_PROTOCOL_OFFLOAD, ProtocolOffloadId) &&
                   offsetof(struct begin, NextOffset) == offsetof(NDIS_PM_PROTOCOL_OFFLOAD, NextProtocolOffloadOffset),
               "what the structures have in common");

static const struct ndis_header_spec pattern_spec = {
    "NDIS_PM_WOL_PATTERN",
    NDIS_OBJECT_TYPE_DEFAULT,
    2,
    { NDIS_SIZEOF_NDIS_PM_WOL_PATTERN_REVISION_1, NDIS_SIZEOF_NDIS_PM_WOL_PATTERN_REVISION_2 },
};
static const struct ndis_header_spec offload_spec = {
    "NDIS_PM_PROTOCOL_OFFLOAD",
    NDIS_OBJECT_TYPE_DEFAULT,
    1,
    { NDIS_SIZEOF_NDIS_PM_PROTOCOL_OFFLOAD_REVISION_1 },
};
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
static NDIS_PM_CAPABILITIES
current(const struct ndis_adapter *ad)
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

/* ------------------------------------------------------------------ items */

static struct item *
find(const struct ndis_adapter *ad, enum item_kind kind, uint32_t id)
{
    struct item *item;

    list_for_each (item, &ad->pm_items, node)
        if (item->kind == kind && item->id == id)
            return item;
    return NULL;
}

static void
drop(struct item *item)
{
    list_del(&item->node);
    ndis_free(item);
}

static struct item *
item_add(struct ndis_layer *owner, enum item_kind kind, uint32_t bytes)
{
    struct item *item = ndis_alloc(sizeof(*item) + bytes, NDIS_SIG_OID, "power management of NDIS");

    if (item == NULL)
        return NULL;
    item->owner = owner;
    item->kind = (uint8_t)kind;
    item->bytes = bytes;
    list_add_tail(&owner->adapter->pm_items, &item->node);
    return item;
}

void
ndis_pm_forget(struct ndis_adapter *ad, const struct ndis_layer *layer)
{
    struct item *item, *next;

    list_for_each_safe (item, next, &ad->pm_items, node)
        if (layer == NULL || item->owner == layer)
            drop(item);
}

static uint32_t
next_id(struct ndis_adapter *ad)
{
    do
        ad->pm_id = ad->pm_id < NDIS_PM_PRIVATE_PATTERN_ID || ad->pm_id >= NDIS_PM_MAX_PATTERN_ID
                        ? NDIS_PM_PRIVATE_PATTERN_ID + 1
                        : ad->pm_id + 1;
    while (find(ad, ITEM_PATTERN, ad->pm_id) != NULL || find(ad, ITEM_OFFLOAD, ad->pm_id) != NULL);
    return ad->pm_id;
}

/* ------------------------------------------------------------------ what is wanted */

struct ndis_pm_wanted
ndis_pm_sum(const struct ndis_adapter *ad)
{
    NDIS_PM_CAPABILITIES c = current(ad);
    struct ndis_pm_wanted sum = { 0 };
    const struct item *item;

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
    NDIS_PM_CAPABILITIES c = current(layer->adapter);
    struct item *item;

    if ((wanted.patterns & ~c.SupportedWoLPacketPatterns) != 0 || (wanted.offloads & ~c.SupportedProtocolOffloads) != 0)
        return NDIS_STATUS_INVALID_PARAMETER;
    list_for_each (item, &layer->adapter->pm_items, node)
        if (item->kind == ITEM_WANTED && item->owner == layer) {
            item->wanted = wanted;
            return NDIS_STATUS_SUCCESS;
        }
    item = item_add(layer, ITEM_WANTED, 0);
    if (item == NULL)
        return NDIS_STATUS_RESOURCES;
    item->wanted = wanted;
    return NDIS_STATUS_SUCCESS;
}

static bool
too_short(NDIS_OID_REQUEST *request, uint32_t needed)
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

    if (too_short(request, NDIS_SIZEOF_NDIS_PM_PARAMETERS_REVISION_1))
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

    if (too_short(request, sizeof(flags)))
        return NDIS_STATUS_INVALID_LENGTH;
    memcpy(&flags, request->DATA.SET_INFORMATION.InformationBuffer, sizeof(flags));
    status = store(layer, from_wake_up(flags));
    if (status == NDIS_STATUS_SUCCESS)
        request->DATA.SET_INFORMATION.BytesRead = sizeof(flags);
    return status;
}

/* ------------------------------------------------------------------ adding */

static uint32_t
capability(enum item_kind kind, uint32_t type)
{
    static const uint32_t patterns[] = { 0,
                                         NDIS_PM_WOL_BITMAP_PATTERN_SUPPORTED,
                                         NDIS_PM_WOL_MAGIC_PACKET_SUPPORTED,
                                         NDIS_PM_WOL_IPV4_TCP_SYN_SUPPORTED,
                                         NDIS_PM_WOL_IPV6_TCP_SYN_SUPPORTED,
                                         NDIS_PM_WOL_EAPOL_REQUEST_ID_MESSAGE_SUPPORTED };
    static const uint32_t offloads[] = { 0, NDIS_PM_PROTOCOL_OFFLOAD_ARP_SUPPORTED,
                                         NDIS_PM_PROTOCOL_OFFLOAD_NS_SUPPORTED,
                                         NDIS_PM_PROTOCOL_OFFLOAD_80211_RSN_REKEY_SUPPORTED };

    if (kind == ITEM_PATTERN)
        return type < sizeof(patterns) / sizeof(patterns[0]) ? patterns[type] : 0;
    return type < sizeof(offloads) / sizeof(offloads[0]) ? offloads[type] : 0;
}

static bool
inside(uint32_t offset, uint32_t size, uint32_t from, uint32_t length)
{
    return size != 0 && offset >= from && offset <= length && size <= length - offset;
}

/* Mask and pattern lie behind the structure, and there is a bit of mask for each byte of pattern. */
static bool
bitmap_ok(const NDIS_PM_WOL_PATTERN *p, uint32_t length)
{
    const struct _WOL_BITMAP_PATTERN *b = &p->WoLPattern.WoLBitMapPattern;

    return inside(b->MaskOffset, b->MaskSize, NDIS_SIZEOF_NDIS_PM_WOL_PATTERN_REVISION_1, length) &&
           inside(b->PatternOffset, b->PatternSize, NDIS_SIZEOF_NDIS_PM_WOL_PATTERN_REVISION_1, length) &&
           b->MaskSize >= (b->PatternSize + 7) / 8;
}

static NDIS_STATUS
may_add(struct ndis_adapter *ad, NDIS_OID_REQUEST *request, enum item_kind kind)
{
    const struct begin *b = request->DATA.SET_INFORMATION.InformationBuffer;
    const struct ndis_header_spec *spec = kind == ITEM_PATTERN ? &pattern_spec : &offload_spec;
    NDIS_PM_CAPABILITIES c = current(ad);
    uint32_t length = request->DATA.SET_INFORMATION.InformationBufferLength, flag;
    uint32_t supported = kind == ITEM_PATTERN ? c.SupportedWoLPacketPatterns : c.SupportedProtocolOffloads;

    if (too_short(request, spec->size[0]))
        return NDIS_STATUS_BUFFER_TOO_SHORT;
    if (!ndis_header_ok(&b->Header, spec, misc_site.NdisOidRequest) || b->Header.Size > length)
        return NDIS_STATUS_INVALID_PARAMETER;
    flag = capability(kind, b->Type);
    if (flag == 0 || b->Priority < NDIS_PM_WOL_PRIORITY_HIGHEST ||
        b->FriendlyName.Length > NDIS_PM_MAX_STRING_SIZE * sizeof(WCHAR))
        return NDIS_STATUS_INVALID_PARAMETER;
    if ((supported & flag) == 0)
        return NDIS_STATUS_NOT_SUPPORTED;
    if (kind == ITEM_PATTERN && b->Type == NdisPMWoLPacketBitmapPattern &&
        !bitmap_ok((const NDIS_PM_WOL_PATTERN *)b, length))
        return NDIS_STATUS_INVALID_PARAMETER;
    if (ad->power_told != NdisDeviceStateD0) /* documented: refused; the status is the page's for other reasons */
        return NDIS_STATUS_FAILURE;
    return NDIS_STATUS_SUCCESS;
}

static void
tell(struct ndis_layer *layer, NDIS_OID_REQUEST *request, NDIS_STATUS status)
{
    NDIS_CALL(ndis_site.ndisInvokeOidRequestComplete, layer->op[NDIS_OP_OID_COMPLETE], layer->context,
              (uint64_t)request, (uint32_t)status);
}

/* The least important of what is added already and matters less than item; the number of a lower priority is higher. */
static struct item *
victim_for(const struct item *item)
{
    struct item *at, *found = NULL;

    list_for_each (at, &item->owner->adapter->pm_items, node)
        if (at->kind == item->kind && at->request == NULL && at->priority > item->priority &&
            (found == NULL || at->priority > found->priority))
            found = at;
    return found;
}

static void make_room(void *arg);

/* What the miniport said to item's request; NDIS_STATUS_PENDING: it will be asked again. */
static NDIS_STATUS
outcome(struct item *item, NDIS_STATUS status)
{
    sched_touch((uint64_t)&item->owner->adapter->pm_items);
    if (status == NDIS_STATUS_SUCCESS) {
        item->request->DATA.SET_INFORMATION.BytesRead = item->bytes;
        item->request = NULL;
        return status;
    }
    if ((status == NDIS_STATUS_PM_WOL_PATTERN_LIST_FULL || status == NDIS_STATUS_PM_PROTOCOL_OFFLOAD_LIST_FULL) &&
        victim_for(item) != NULL) {
        item->owner->ledger->oids++; /* the request is still out */
        ndis_work_queue(make_room, item);
        return NDIS_STATUS_PENDING;
    }
    drop(item);
    return status;
}

static void
added(struct oid_record *r, NDIS_STATUS status)
{
    struct item *item = (struct item *)r->done_arg;

    status = outcome(item, status);
    if (status != NDIS_STATUS_PENDING)
        tell(r->source, r->request, status);
}

static NDIS_STATUS
remove_below(struct ndis_adapter *ad, enum item_kind kind, uint32_t id)
{
    uint64_t mark = guest_mark();
    uint32_t *buffer = guest_alloc(sizeof(*buffer));
    NDIS_STATUS status;

    *buffer = id;
    status = ndis_oid_ask(ndis_oid_top(ad), NdisRequestSetInformation,
                          kind == ITEM_PATTERN ? OID_PM_REMOVE_WOL_PATTERN : OID_PM_REMOVE_PROTOCOL_OFFLOAD, buffer,
                          sizeof(*buffer));
    guest_release(mark);
    return status;
}

/* documented: only the binding that had added it hears of it. */
static void
say_rejected(struct ndis_layer *owner, enum item_kind kind, uint32_t id)
{
    ndis_status_to(owner->adapter, (struct ndis_binding *)owner,
                   kind == ITEM_PATTERN ? NDIS_STATUS_PM_WOL_PATTERN_REJECTED : NDIS_STATUS_PM_OFFLOAD_REJECTED, &id,
                   sizeof(id));
}

/* documented: one that matters less is deleted, its owner told, and the new one is tried again. */
static void
make_room(void *arg)
{
    struct item *item = arg, *victim = victim_for(item);
    struct ndis_layer *layer = item->owner;
    NDIS_OID_REQUEST *request = item->request;
    NDIS_STATUS status = NDIS_STATUS_PM_WOL_PATTERN_LIST_FULL;

    if (victim != NULL) {
        struct ndis_layer *owner = victim->owner;
        uint32_t id = victim->id;

        drop(victim);
        remove_below(layer->adapter, item->kind, id);
        say_rejected(owner, item->kind, id);
        trace_emit(EV_OID_REQUEST, request, layer->kind, (uint64_t)layer, oid_of(request), request->RequestType);
        status = oid_submit(layer, layer, request, false, added, (uint64_t)item);
        if (status != NDIS_STATUS_PENDING)
            status = outcome(item, status);
    } else {
        if (item->kind == ITEM_OFFLOAD)
            status = NDIS_STATUS_PM_PROTOCOL_OFFLOAD_LIST_FULL;
        drop(item);
    }
    layer->ledger->oids--;
    if (status != NDIS_STATUS_PENDING)
        tell(layer, request, status);
}

static NDIS_STATUS
add(struct ndis_layer *layer, NDIS_OID_REQUEST *request, enum item_kind kind)
{
    struct begin *b = request->DATA.SET_INFORMATION.InformationBuffer;
    uint32_t length = request->DATA.SET_INFORMATION.InformationBufferLength;
    struct ndis_adapter *ad = layer->adapter;
    NDIS_STATUS status = may_add(ad, request, kind);
    struct item *item;

    if (status != NDIS_STATUS_SUCCESS)
        return status;
    item = item_add(layer, kind, length);
    if (item == NULL)
        return NDIS_STATUS_RESOURCES;
    item->request = request;
    item->priority = b->Priority;
    b->Id = item->id = next_id(ad);
    memcpy(item->value, b, length);
    status = oid_submit(layer, layer, request, false, added, (uint64_t)item);
    return status == NDIS_STATUS_PENDING ? status : outcome(item, status);
}

/* ------------------------------------------------------------------ removing */

static enum item_kind
kind_of(uint32_t oid)
{
    return oid == OID_PM_ADD_WOL_PATTERN || oid == OID_PM_REMOVE_WOL_PATTERN || oid == OID_PM_WOL_PATTERN_LIST
               ? ITEM_PATTERN
               : ITEM_OFFLOAD;
}

static void
settle_removal(struct ndis_layer *layer, enum item_kind kind, uint32_t id, NDIS_STATUS status)
{
    struct item *item;

    sched_touch((uint64_t)&layer->adapter->pm_items);
    item = find(layer->adapter, kind, id);
    if (status == NDIS_STATUS_SUCCESS && item != NULL)
        drop(item);
}

static void
removed(struct oid_record *r, NDIS_STATUS status)
{
    settle_removal(r->source, kind_of(r->oid), (uint32_t)r->done_arg, status);
    tell(r->source, r->request, status);
}

/* assumed: a binding removes its own only. */
static struct item *
own_item(struct ndis_layer *layer, enum item_kind kind, const void *buffer)
{
    struct item *item;
    uint32_t id;

    memcpy(&id, buffer, sizeof(id));
    item = find(layer->adapter, kind, id);
    return item != NULL && item->owner == layer && item->request == NULL ? item : NULL;
}

static NDIS_STATUS
take_out(struct ndis_layer *layer, NDIS_OID_REQUEST *request, enum item_kind kind)
{
    struct item *item;
    NDIS_STATUS status;
    uint32_t id;

    if (too_short(request, sizeof(uint32_t)))
        return NDIS_STATUS_INVALID_LENGTH;
    item = own_item(layer, kind, request->DATA.SET_INFORMATION.InformationBuffer);
    if (item == NULL)
        return NDIS_STATUS_FILE_NOT_FOUND;
    id = item->id;
    status = oid_submit(layer, layer, request, false, removed, id);
    if (status != NDIS_STATUS_PENDING)
        settle_removal(layer, kind, id, status);
    return status;
}

static struct item *
first_added_by(const struct ndis_layer *layer)
{
    struct item *item;

    list_for_each (item, &layer->adapter->pm_items, node)
        if (item->owner == layer && item->kind != ITEM_WANTED && item->request == NULL)
            return item;
    return NULL;
}

void
ndis_pm_take_back(struct ndis_layer *layer)
{
    struct item *item;

    sched_touch((uint64_t)&layer->adapter->pm_items);
    while (layer->adapter->power == NdisDeviceStateD0 && (item = first_added_by(layer)) != NULL) {
        enum item_kind kind = item->kind;
        uint32_t id = item->id;

        drop(item);
        remove_below(layer->adapter, kind, id);
    }
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
               own_item(layer, ITEM_OFFLOAD, request->DATA.METHOD_INFORMATION.InformationBuffer) == NULL;
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
        *status = add(layer, request, kind_of(oid));
    else
        *status = take_out(layer, request, kind_of(oid));
    return true;
}

/* The list of patterns or of offloads; documented: next offsets from the beginning of the buffer, 0 in the last. */
static const void *
list_of(const struct ndis_adapter *ad, enum item_kind kind, uint32_t *size)
{
    struct begin *last = NULL;
    const struct item *item;
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
        last = (struct begin *)(out + at);
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
        *c = current(ad);
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
        *value = list_of(ad, kind_of(oid), size);
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
    enum item_kind kind = s->StatusCode == NDIS_STATUS_PM_WOL_PATTERN_REJECTED ? ITEM_PATTERN : ITEM_OFFLOAD;
    struct item *item;
    uint32_t id;

    *only = NULL;
    switch (s->StatusCode) {
    case NDIS_STATUS_PM_WOL_PATTERN_REJECTED:
    case NDIS_STATUS_PM_OFFLOAD_REJECTED:
        sched_touch((uint64_t)&ad->pm_items);
        memcpy(&id, s->StatusBuffer, sizeof(id));
        item = find(ad, kind, id);
        if (item == NULL || item->request != NULL)
            break;
        *only = (struct ndis_binding *)item->owner;
        drop(item);
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
