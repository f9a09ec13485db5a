/* SPDX-License-Identifier: MIT */
/*
 * ndis/pm_item.c - wake-up patterns and protocol offloads: adding, removing, and giving way; see pm.c for the model.
 *
 * Start reading at: pm_item_add().
 */
#include "ndis/pm_item.h"

#include <string.h>

#include "ndis/driver.h"
#include "ndis/misc.h"

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

/* ------------------------------------------------------------------ items */

struct pm_item *
pm_item_find(const struct ndis_adapter *ad, enum pm_kind kind, uint32_t id)
{
    struct pm_item *item;

    list_for_each (item, &ad->pm_items, node)
        if (item->kind == kind && item->id == id)
            return item;
    return NULL;
}

void
pm_item_drop(struct pm_item *item)
{
    list_del(&item->node);
    ndis_free(item);
}

struct pm_item *
pm_item_new(struct ndis_layer *owner, enum pm_kind kind, uint32_t bytes)
{
    struct pm_item *item = ndis_alloc(sizeof(*item) + bytes, NDIS_SIG_OID, "power management of NDIS");

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
    struct pm_item *item, *next;

    list_for_each_safe (item, next, &ad->pm_items, node)
        if (layer == NULL || item->owner == layer)
            pm_item_drop(item);
}

static uint32_t
next_id(struct ndis_adapter *ad)
{
    do
        ad->pm_id = ad->pm_id < NDIS_PM_PRIVATE_PATTERN_ID || ad->pm_id >= NDIS_PM_MAX_PATTERN_ID
                        ? NDIS_PM_PRIVATE_PATTERN_ID + 1
                        : ad->pm_id + 1;
    while (pm_item_find(ad, PM_PATTERN, ad->pm_id) != NULL || pm_item_find(ad, PM_OFFLOAD, ad->pm_id) != NULL);
    return ad->pm_id;
}

/* ------------------------------------------------------------------ adding */

static uint32_t
capability(enum pm_kind kind, uint32_t type)
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

    if (kind == PM_PATTERN)
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
may_add(struct ndis_adapter *ad, NDIS_OID_REQUEST *request, enum pm_kind kind)
{
    const struct pm_begin *b = request->DATA.SET_INFORMATION.InformationBuffer;
    const struct ndis_header_spec *spec = kind == PM_PATTERN ? &pattern_spec : &offload_spec;
    NDIS_PM_CAPABILITIES c = pm_current(ad);
    uint32_t length = request->DATA.SET_INFORMATION.InformationBufferLength, flag;
    uint32_t supported = kind == PM_PATTERN ? c.SupportedWoLPacketPatterns : c.SupportedProtocolOffloads;

    if (pm_too_short(request, spec->size[0]))
        return NDIS_STATUS_BUFFER_TOO_SHORT;
    if (!ndis_header_ok(&b->Header, spec, misc_site.NdisOidRequest) || b->Header.Size > length)
        return NDIS_STATUS_INVALID_PARAMETER;
    flag = capability(kind, b->Type);
    if (flag == 0 || b->Priority < NDIS_PM_WOL_PRIORITY_HIGHEST ||
        b->FriendlyName.Length > NDIS_PM_MAX_STRING_SIZE * sizeof(WCHAR))
        return NDIS_STATUS_INVALID_PARAMETER;
    if ((supported & flag) == 0)
        return NDIS_STATUS_NOT_SUPPORTED;
    if (kind == PM_PATTERN && b->Type == NdisPMWoLPacketBitmapPattern &&
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
static struct pm_item *
victim_for(const struct pm_item *item)
{
    struct pm_item *at, *found = NULL;

    list_for_each (at, &item->owner->adapter->pm_items, node)
        if (at->kind == item->kind && at->request == NULL && at->priority > item->priority &&
            (found == NULL || at->priority > found->priority))
            found = at;
    return found;
}

static void make_room(void *arg);

/* What the miniport said to item's request; NDIS_STATUS_PENDING: it will be asked again. */
static NDIS_STATUS
outcome(struct pm_item *item, NDIS_STATUS status)
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
    pm_item_drop(item);
    return status;
}

static void
added(struct oid_record *r, NDIS_STATUS status)
{
    struct pm_item *item = (struct pm_item *)r->done_arg;

    status = outcome(item, status);
    if (status != NDIS_STATUS_PENDING)
        tell(r->source, r->request, status);
}

static NDIS_STATUS
remove_below(struct ndis_adapter *ad, enum pm_kind kind, uint32_t id)
{
    uint64_t mark = guest_mark();
    uint32_t *buffer = guest_alloc(sizeof(*buffer));
    NDIS_STATUS status;

    *buffer = id;
    status = ndis_oid_ask(ndis_oid_top(ad), NdisRequestSetInformation,
                          kind == PM_PATTERN ? OID_PM_REMOVE_WOL_PATTERN : OID_PM_REMOVE_PROTOCOL_OFFLOAD, buffer,
                          sizeof(*buffer));
    guest_release(mark);
    return status;
}

/* documented: only the binding that had added it hears of it. */
static void
say_rejected(struct ndis_layer *owner, enum pm_kind kind, uint32_t id)
{
    ndis_status_to(owner->adapter, (struct ndis_binding *)owner,
                   kind == PM_PATTERN ? NDIS_STATUS_PM_WOL_PATTERN_REJECTED : NDIS_STATUS_PM_OFFLOAD_REJECTED, &id,
                   sizeof(id));
}

/* documented: one that matters less is deleted, its owner told, and the new one is tried again. */
static void
make_room(void *arg)
{
    struct pm_item *item = arg, *victim = victim_for(item);
    struct ndis_layer *layer = item->owner;
    NDIS_OID_REQUEST *request = item->request;
    NDIS_STATUS status = NDIS_STATUS_PM_WOL_PATTERN_LIST_FULL;

    if (victim != NULL) {
        struct ndis_layer *owner = victim->owner;
        uint32_t id = victim->id;

        pm_item_drop(victim);
        remove_below(layer->adapter, item->kind, id);
        say_rejected(owner, item->kind, id);
        trace_emit(EV_OID_REQUEST, request, layer->kind, (uint64_t)layer, oid_of(request), request->RequestType);
        status = oid_submit(layer, layer, request, false, added, (uint64_t)item);
        if (status != NDIS_STATUS_PENDING)
            status = outcome(item, status);
    } else {
        if (item->kind == PM_OFFLOAD)
            status = NDIS_STATUS_PM_PROTOCOL_OFFLOAD_LIST_FULL;
        pm_item_drop(item);
    }
    layer->ledger->oids--;
    if (status != NDIS_STATUS_PENDING)
        tell(layer, request, status);
}

NDIS_STATUS
pm_item_add(struct ndis_layer *layer, NDIS_OID_REQUEST *request, enum pm_kind kind)
{
    struct pm_begin *b = request->DATA.SET_INFORMATION.InformationBuffer;
    uint32_t length = request->DATA.SET_INFORMATION.InformationBufferLength;
    struct ndis_adapter *ad = layer->adapter;
    NDIS_STATUS status = may_add(ad, request, kind);
    struct pm_item *item;

    if (status != NDIS_STATUS_SUCCESS)
        return status;
    item = pm_item_new(layer, kind, length);
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

enum pm_kind
pm_kind_of(uint32_t oid)
{
    return oid == OID_PM_ADD_WOL_PATTERN || oid == OID_PM_REMOVE_WOL_PATTERN || oid == OID_PM_WOL_PATTERN_LIST
               ? PM_PATTERN
               : PM_OFFLOAD;
}

static void
settle_removal(struct ndis_layer *layer, enum pm_kind kind, uint32_t id, NDIS_STATUS status)
{
    struct pm_item *item;

    sched_touch((uint64_t)&layer->adapter->pm_items);
    item = pm_item_find(layer->adapter, kind, id);
    if (status == NDIS_STATUS_SUCCESS && item != NULL)
        pm_item_drop(item);
}

static void
removed(struct oid_record *r, NDIS_STATUS status)
{
    settle_removal(r->source, pm_kind_of(r->oid), (uint32_t)r->done_arg, status);
    tell(r->source, r->request, status);
}

/* assumed: a binding removes its own only. */
struct pm_item *
pm_item_own(struct ndis_layer *layer, enum pm_kind kind, const void *buffer)
{
    struct pm_item *item;
    uint32_t id;

    memcpy(&id, buffer, sizeof(id));
    item = pm_item_find(layer->adapter, kind, id);
    return item != NULL && item->owner == layer && item->request == NULL ? item : NULL;
}

NDIS_STATUS
pm_item_remove(struct ndis_layer *layer, NDIS_OID_REQUEST *request, enum pm_kind kind)
{
    struct pm_item *item;
    NDIS_STATUS status;
    uint32_t id;

    if (pm_too_short(request, sizeof(uint32_t)))
        return NDIS_STATUS_INVALID_LENGTH;
    item = pm_item_own(layer, kind, request->DATA.SET_INFORMATION.InformationBuffer);
    if (item == NULL)
        return NDIS_STATUS_FILE_NOT_FOUND;
    id = item->id;
    status = oid_submit(layer, layer, request, false, removed, id);
    if (status != NDIS_STATUS_PENDING)
        settle_removal(layer, kind, id, status);
    return status;
}

static struct pm_item *
first_added_by(const struct ndis_layer *layer)
{
    struct pm_item *item;

    list_for_each (item, &layer->adapter->pm_items, node)
        if (item->owner == layer && item->kind != PM_WANTED && item->request == NULL)
            return item;
    return NULL;
}

void
ndis_pm_take_back(struct ndis_layer *layer)
{
    struct pm_item *item;

    sched_touch((uint64_t)&layer->adapter->pm_items);
    while (layer->adapter->power == NdisDeviceStateD0 && (item = first_added_by(layer)) != NULL) {
        enum pm_kind kind = item->kind;
        uint32_t id = item->id;

        pm_item_drop(item);
        remove_below(layer->adapter, kind, id);
    }
}
