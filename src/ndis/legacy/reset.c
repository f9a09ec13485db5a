/* SPDX-License-Identifier: MIT */
/*
 * ndis/legacy/reset.c - check-for-hang and reset.
 *
 * Model: documented: every CheckForHangTimeInSeconds (2 by default, a multiple of 2) NDIS calls MiniportCheckForHang;
 * TRUE, or a request or a serialized miniport's send that was pending at two calls, makes it call MiniportReset, unless
 * the driver has set the attribute that lets NDIS ignore such. While a reset is pending sends and requests are refused.
 * Then the sends that a serialized miniport had are completed with an error, since the driver forgets them; a
 * deserialized one completes its own. AddressingReset makes NDIS set filter, multicast list and lookahead again.
 * A 5.x protocol may ask for a reset, too (protocol_reset.c).
 */
#include "ndis/driver.h"
#include "ndis/legacy/legacy.h"
#include "ndis/reset.h"

#define RESET_COMPLETE_UNEXPECTED 0x0fu

/* PASSIVE. A pause waits for it. */
static void
restore_addressing(void *arg)
{
    struct legacy_adapter *la = arg;

    ndis_oid_restore(la->ad);
    la->restoring = false;
    legacy_check_pause(la);
}

static void
reset_done(struct legacy_adapter *la, NDIS_STATUS status, bool addressing)
{
    la->resetting = false;
    if (!la->deserialized)
        legacy_send_drop_given(la, NDIS_STATUS_REQUEST_ABORTED);
    ndis_status_say(la->ad, NDIS_STATUS_RESET_END);
    if (addressing && !la->restoring) {
        la->restoring = true;
        ndis_work_queue(restore_addressing, la);
    }
    legacy_reset_told(la->ad, status);
    legacy_send_kick(la);
    legacy_check_pause(la);
}

static void
reset(struct legacy_adapter *la)
{
    NDIS_STATUS status;

    ndis_status_say(la->ad, NDIS_STATUS_RESET_START);
    la->resetting = true;
    la->block->addressing_reset = FALSE;
    status = (NDIS_STATUS)NDIS_CALL(legacy_site.ndisMResetMiniport5, (ndis_fn)la->ld->chars.ResetHandler,
                                    (uint64_t)&la->block->addressing_reset, la->context);
    if (status != NDIS_STATUS_PENDING && la->resetting)
        reset_done(la, status, la->block->addressing_reset != FALSE);
}

static void
asked(struct legacy_adapter *la, void *arg)
{
    (void)arg;
    if (!la->running)
        legacy_reset_told(la->ad, NDIS_STATUS_FAILURE);
    else if (la->resetting)
        legacy_reset_told(la->ad, NDIS_STATUS_RESET_IN_PROGRESS);
    else
        reset(la);
}

void
legacy_reset_ask(struct legacy_adapter *la)
{
    uint8_t irql = irql_raise(IRQL_DISPATCH); /* documented: where MiniportReset runs */

    legacy_run(la, asked, NULL);
    irql_lower(irql);
}

bool
legacy_nic_resets(const struct ndis_nic *nic)
{
    return nic->driver != NULL && (uint64_t)(void *)nic->driver->chars.InitializeHandlerEx == legacy_handler.initialize;
}

/* Not while the stack changes: then the adapter may go. */
void
legacy_nic_reset(struct ndis_nic *nic)
{
    ndis_walk_begin(nic);
    if (nic->adapter != NULL)
        legacy_reset_ask((struct legacy_adapter *)nic->adapter->layer.context);
    ndis_walk_end(nic);
}

/* documented: a request that was pending at two calls; and a send, of a serialized miniport. */
static bool
timed_out(struct legacy_adapter *la)
{
    ULONG flags = la->block->block.Flags;
    struct packet_track *track;
    bool late = false;

    if (la->oid != NULL && (flags & NDIS_ATTRIBUTE_IGNORE_REQUEST_TIMEOUT) == 0)
        late = ++la->oid_age >= 2;
    if (!la->deserialized && (flags & NDIS_ATTRIBUTE_IGNORE_PACKET_TIMEOUT) == 0)
        list_for_each (track, &la->given, node)
            late |= ++track->age >= 2;
    return late;
}

static void
check(struct legacy_adapter *la, void *arg)
{
    (void)arg;
    if (!la->running || la->resetting)
        return;
    if (timed_out(la) ||
        (uint8_t)NDIS_CALL(legacy_site.ndisMCheckForHang5, (ndis_fn)la->ld->chars.CheckForHangHandler, la->context))
        reset(la);
}

void
legacy_hang_dpc(uint64_t dpc, uint64_t context, uint64_t a1, uint64_t a2)
{
    struct legacy_adapter *la = (struct legacy_adapter *)context;
    uint64_t mark = guest_mark();

    (void)dpc;
    (void)a1;
    (void)a2;
    sched_touch((uint64_t)la);
    la->hanging = true;
    legacy_run(la, check, NULL);
    la->hanging = false;
    guest_release(mark);
    legacy_check_pause(la);
}

void
legacy_hang_start(struct legacy_adapter *la)
{
    uint32_t ms = la->block->block.CheckForHangSeconds * 1000;

    if (la->ld->chars.CheckForHangHandler != NULL && ms != 0)
        ke_timer_set(&la->block->hang_timer, -(int64_t)ms * 10000, ms, &la->block->hang_dpc);
}

void
legacy_hang_stop(struct legacy_adapter *la)
{
    if (la->ld->chars.CheckForHangHandler == NULL)
        return;
    ke_timer_cancel(&la->block->hang_timer);
    ke_dpc_remove(&la->block->hang_dpc);
}

/*
 * NdisMResetComplete - MiniportReset, or MiniportResetEx, had pended.
 *
 * Source:    documented; without a reset under way bug check 0x7C, 0x0F.
 * IRQL:      DISPATCH_LEVEL; <= for deserialized drivers and NDIS 6.
 */
VOID NTAPI
NdisMResetComplete(NDIS_HANDLE MiniportAdapterHandle, NDIS_STATUS Status, BOOLEAN AddressingReset)
{
    const struct ndis_object *object = MiniportAdapterHandle;
    struct legacy_adapter *la;
    bool expected;

    if (object->signature == NDIS_SIG_ADAPTER) {
        expected = ndis_reset_complete(MiniportAdapterHandle, Status, AddressingReset != FALSE);
    } else {
        la = legacy_adapter_of(MiniportAdapterHandle);
        sched_touch((uint64_t)la);
        expected = la->resetting;
        if (expected)
            reset_done(la, Status, AddressingReset != FALSE);
    }
    if (!expected)
        machine_bugcheck(NDIS_BUGCHECK, RESET_COMPLETE_UNEXPECTED, (uint64_t)MiniportAdapterHandle, (uint32_t)Status,
                         AddressingReset);
}
