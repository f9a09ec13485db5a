/* SPDX-License-Identifier: MIT */
/* ndis/pm_item.h - what pm.c and pm_item.c share: wake-up patterns, protocol offloads, and what layers want enabled. */
#ifndef NDIS_PM_ITEM_H
#define NDIS_PM_ITEM_H

#include "ndis/pm.h"

enum pm_kind { PM_PATTERN, PM_OFFLOAD, PM_WANTED };

/* ndis_adapter.pm_items, in order of adding. Machine memory. */
struct pm_item {
    struct list_node node;
    struct ndis_layer *owner;
    NDIS_OID_REQUEST *request; /* that adds it, while it is not added */
    uint8_t kind;              /* enum pm_kind */
    uint32_t id, priority;
    uint32_t bytes; /* of value */
    struct ndis_pm_wanted wanted;
    uint8_t value[]; /* NDIS_PM_WOL_PATTERN or NDIS_PM_PROTOCOL_OFFLOAD, as given, with its identifier */
};

/* The two structures begin alike. */
struct pm_begin {
    NDIS_OBJECT_HEADER Header;
    ULONG Flags, Priority, Type;
    NDIS_PM_COUNTED_STRING FriendlyName;
    ULONG Id, NextOffset;
};
_Static_assert(offsetof(struct pm_begin, Id) == offsetof(NDIS_PM_WOL_PATTERN, PatternId), "identifiers of patterns");
_Static_assert(offsetof(struct pm_begin, NextOffset) == offsetof(NDIS_PM_WOL_PATTERN, NextWoLPatternOffset),
               "lists of patterns");
_Static_assert(offsetof(struct pm_begin, Id) == offsetof(NDIS_PM_PROTOCOL_OFFLOAD, ProtocolOffloadId),
               "identifiers of offloads");
_Static_assert(offsetof(struct pm_begin, NextOffset) == offsetof(NDIS_PM_PROTOCOL_OFFLOAD, NextProtocolOffloadOffset),
               "lists of offloads");

/* An item of the adapter's with this identifier; NULL: none. */
struct pm_item *pm_item_find(const struct ndis_adapter *ad, enum pm_kind kind, uint32_t id);
/* The same, of layer's own and added already; id: at buffer. */
struct pm_item *pm_item_own(struct ndis_layer *layer, enum pm_kind kind, const void *buffer);
/* At the end of the list, with so many bytes of value; NULL: no memory. */
struct pm_item *pm_item_new(struct ndis_layer *owner, enum pm_kind kind, uint32_t bytes);
void pm_item_drop(struct pm_item *item);
/* Of which kind is a request to add, to remove or to list? */
enum pm_kind pm_kind_of(uint32_t oid);

/* OID_PM_ADD_xxx and OID_PM_REMOVE_xxx of a binding: what NdisOidRequest returns. <= DISPATCH_LEVEL */
NDIS_STATUS pm_item_add(struct ndis_layer *layer, NDIS_OID_REQUEST *request, enum pm_kind kind);
NDIS_STATUS pm_item_remove(struct ndis_layer *layer, NDIS_OID_REQUEST *request, enum pm_kind kind);

/* pm.c: what protocols may see of the capabilities: without what the user switched off. */
NDIS_PM_CAPABILITIES pm_current(const struct ndis_adapter *ad);
/* pm.c: is the buffer of a set too small? Then the request says how many bytes are needed. */
bool pm_too_short(NDIS_OID_REQUEST *request, uint32_t needed);

#endif
