/* SPDX-License-Identifier: MIT */
/*
 * ndis/power.c - device power states of an adapter.
 *
 * Model: documented ("Handling a Set Power Request"): to sleep, those above are told by NetEventSetPower, the stack is
 * paused, and OID_PNP_SET_POWER goes to the miniport; to wake, the OID, then the restart, then the event. Which of
 * these is due the walk of bind.c finds from ad->power and ad->power_told. A miniport that knows nothing of power and
 * does not ask to be spared is halted instead and initialized anew; its adapter, modules and bindings stay. From 6.30
 * on a stack whose every driver can do without is not paused.
 *
 * Before low power the miniport hears what may wake it (pm.c), and where something may, the bus is asked to wait for
 * the signal (documented: "Low Power for Wake on LAN"). Which requests lead here is fdo.c's and pnp.c's.
 */
#include "ndis/power.h"

#include "ndis/driver.h"
#include "ndis/fdo.h"
#include "ndis/hw/nic.h"
#include "ndis/idle.h"
#include "ndis/misc.h"
#include "ndis/pm.h"

/* Buffer of an event and of an OID: the state as drivers read it, in guest scratch memory. */
static uint32_t *
state_buffer(uint32_t state)
{
    uint32_t *buffer = guest_alloc(sizeof(*buffer));

    *buffer = state;
    return buffer;
}

static bool
aware(const struct ndis_adapter *ad)
{
    return ad->general.PowerManagementCapabilities != NULL || ad->general.PowerManagementCapabilitiesEx != NULL;
}

/* Documented ("Power Management for Old Miniport Drivers"); of others NDIS does not ask OID_PNP_QUERY_POWER either. */
static bool
halts(const struct ndis_adapter *ad)
{
    return !aware(ad) && !(ad->registration.AttributeFlags & NDIS_MINIPORT_ATTRIBUTES_NO_HALT_ON_SUSPEND);
}

void
ndis_power_tell(struct ndis_adapter *ad, uint32_t state)
{
    uint64_t mark = guest_mark();

    if (state != NdisDeviceStateD0) {
        ndis_net_pnp_up(&ad->layer, ndis_net_pnp_event(NetEventQueryPower, state_buffer(state), sizeof(state)));
        if (aware(ad) || ad->driver->associated != NULL)
            ndis_oid_ask(ndis_oid_top(ad), NdisRequestQueryInformation, OID_PNP_QUERY_POWER, state_buffer(state),
                         sizeof(state));
        sched_point(OP_INTERNAL, (uint64_t)ad->nic);
    }
    ad->power_told = (uint8_t)state; /* from here on nobody adds patterns for a sleep that has begun (pm.c) */
    ndis_net_pnp_up(&ad->layer, ndis_net_pnp_event(NetEventSetPower, state_buffer(state), sizeof(state)));
    guest_release(mark);
}

bool
ndis_power_pauses(const struct ndis_adapter *ad)
{
    const struct ndis_link *link;

    if (halts(ad) || !(ad->registration.AttributeFlags & NDIS_MINIPORT_ATTRIBUTES_NO_PAUSE_ON_SUSPEND))
        return true;
    list_for_each (link, &ad->nic->links, node)
        if (link->layer != NULL && link->driver->minor < 30)
            return true;
    return false;
}

static void
set_by_oid(struct ndis_adapter *ad, uint32_t state)
{
    struct ndis_layer *top = ad->top;
    NDIS_STATUS status;
    uint64_t mark = guest_mark();

    ad->power_reached = false;
    status = ndis_oid_ask(ndis_oid_top(ad), NdisRequestSetInformation, OID_PNP_SET_POWER, state_buffer(state),
                          sizeof(state));
    if (status != NDIS_STATUS_NOT_ACCEPTED && !ad->power_reached)
        ndis_misuse(top, NDIS_MISUSE_POWER_BLOCKED, (uint32_t)status);
    guest_release(mark);
}

/* Documented: what bindings had set is set again for a miniport that was halted. */
static bool
resume(struct ndis_adapter *ad)
{
    if (ndis_miniport_resume(ad) != NDIS_STATUS_SUCCESS)
        return false;
    ndis_oid_restore(ad);
    return true;
}

bool
ndis_power_set(struct ndis_adapter *ad, uint32_t state)
{
    struct hw_nic *card = hw_nic_of(ad->nic);
    uint8_t from = ad->power;
    bool ok = true;

    if (state == NdisDeviceStateD0)
        ndis_wake_disarm(ad->nic);
    if (card != NULL && state == NdisDeviceStateD0)
        hw_nic_power(card, true);
    ad->power_next = (uint8_t)state;
    if (state != NdisDeviceStateD0)
        ndis_idle_stop(ad);
    if (!halts(ad)) {
        bool armed = state != NdisDeviceStateD0 && ndis_pm_arm(ad);

        set_by_oid(ad, state);
        if (armed)
            ndis_wake_arm(ad->nic);
    }
    else if (state == NdisDeviceStateD0)
        ok = resume(ad);
    else if (!ad->suspended)
        ndis_miniport_suspend(ad);
    ad->power = (uint8_t)state;
    if (card != NULL && state == NdisDeviceStateD3)
        hw_nic_power(card, false);
    trace_emit(EV_ADAPTER_POWER, ad, from, state);
    if (ok && state == NdisDeviceStateD0)
        ndis_power_profile(ad);
    if (ok && state == NdisDeviceStateD0 && ad->layer.state == NDIS_STATE_RUNNING) /* it was not paused for the sleep */
        ndis_idle_start(ad);
    return ok;
}

void
ndis_power_profile(struct ndis_adapter *ad)
{
    uint64_t mark = guest_mark();
    uint32_t *profile = state_buffer(NdisPowerProfileAcOnLine);

    ndis_device_pnp_event(ad, NdisDevicePnPEventPowerProfileChanged, profile, sizeof(*profile));
    guest_release(mark);
}
