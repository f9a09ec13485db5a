/* SPDX-License-Identifier: MIT */
/*
 * ndis/legacy/protocol_reset.c - a 5.x protocol resets what it is bound to.
 *
 * Model: an open asks once at a time and stands in legacy_root.resets until it is told. A 5.x miniport is reset in the
 * call, or by the holder of its lock; one of NDIS 6 by a thread of NDIS's (documented: protocols of NDIS 6 cannot ask;
 * assumed: those of 5.x still can). However it ends, legacy_reset_told() comes once for the adapter. An open hears of
 * it by the result of its call if that is still under way, else by ProtocolResetComplete.
 */
#include "ndis/admin.h"
#include "ndis/driver.h"
#include "ndis/legacy/legacy.h"
#include "ndis/reset.h"

static struct ndis_adapter *
adapter_of(const struct legacy_open *lo)
{
    return lo->binding->b->layer.adapter;
}

static void
told(struct legacy_open *lo, NDIS_STATUS status)
{
    sched_touch((uint64_t)lo);
    if (lo->reset == OPEN_RESET_CALLS) {
        lo->reset = OPEN_RESET_DONE;
        lo->reset_status = status;
        return;
    }
    lo->reset = OPEN_RESET_NONE;
    NDIS_CALL(legacy_site.ndisPResetComplete5, (ndis_fn)lo->binding->protocol->chars.ResetCompleteHandler, lo->context,
              (uint32_t)status);
    lo->requests--;
    legacy_open_check(lo);
}

void
legacy_reset_told(struct ndis_adapter *ad, NDIS_STATUS status)
{
    struct legacy_open *lo, *next;
    struct list_node *node;
    struct list mine; /* an open that asks again in its handler waits for another reset */

    list_init(&mine);
    list_for_each_safe (lo, next, &legacy_root()->resets, reset_node)
        if (adapter_of(lo) == ad) {
            list_del(&lo->reset_node);
            list_add_tail(&mine, &lo->reset_node);
        }
    while ((node = list_pop_head(&mine)) != NULL)
        told(list_entry(node, struct legacy_open, reset_node), status);
}

/* NDIS_STATUS_PENDING: the miniport will be reset, or has been. */
static NDIS_STATUS
ask(struct ndis_adapter *ad)
{
    if (legacy_nic_resets(ad->nic)) {
        legacy_reset_ask((struct legacy_adapter *)ad->layer.context);
        return NDIS_STATUS_PENDING;
    }
    if (!ndis_nic_can_reset(ad->nic))
        return NDIS_STATUS_NOT_RESETTABLE;
    return ndis_reset_ask(ad->nic, legacy_reset_told) ? NDIS_STATUS_PENDING : NDIS_STATUS_FAILURE;
}

/*
 * ndisPReset - NdisReset leads here through the open block.
 *
 * Source:    documented; assumed: _FAILURE while the adapter is being halted.
 * IRQL:      <= DISPATCH_LEVEL
 * Returns:   what MiniportReset says, NDIS_STATUS_PENDING (ProtocolResetComplete follows, maybe before this returns),
 *            _RESET_IN_PROGRESS, _NOT_RESETTABLE, _CLOSING, _FAILURE.
 */
NDIS_STATUS NTAPI
ndisPReset(NDIS_HANDLE NdisBindingHandle)
{
    struct legacy_open *lo = legacy_open_of(NdisBindingHandle);
    NDIS_STATUS status;

    sched_touch((uint64_t)lo);
    if (lo->closing)
        return NDIS_STATUS_CLOSING;
    if (lo->reset != OPEN_RESET_NONE)
        return NDIS_STATUS_RESET_IN_PROGRESS;
    lo->reset = OPEN_RESET_CALLS;
    lo->requests++;
    list_add_tail(&legacy_root()->resets, &lo->reset_node);
    status = ask(adapter_of(lo));
    if (status == NDIS_STATUS_PENDING && lo->reset == OPEN_RESET_CALLS) {
        lo->reset = OPEN_RESET_WAITS;
        return status;
    }
    if (lo->reset == OPEN_RESET_DONE)
        status = lo->reset_status;
    else
        list_del(&lo->reset_node);
    lo->reset = OPEN_RESET_NONE;
    lo->requests--;
    legacy_open_check(lo);
    return status;
}

/* NdisReset - what the macro of the headers does. Source: documented. IRQL: <= DISPATCH_LEVEL */
VOID NTAPI
NdisReset(PNDIS_STATUS Status, NDIS_HANDLE NdisBindingHandle)
{
    *Status = ndisPReset(NdisBindingHandle);
}
