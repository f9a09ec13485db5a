/* SPDX-License-Identifier: MIT */
/*
 * ndis/misc_event.c - NDIS_EVENT: a notification event of the kernel in ndis's name.
 *
 * Model: the KEVENT inside is nt/ke's; ndis adds one check of its own, the IRQL of a wait.
 */
#include "ndis/misc.h"
#include "nt/nt.h"

#define BUGCHECK_WAIT_EVENT_HIGH_IRQL 0x14u

/*
 * NdisInitializeEvent - make it a notification event that is not set.
 *
 * Source:    documented. IRQL: any.
 * Ownership: borrows Event, nonpaged memory of the caller's.
 */
void NTAPI
NdisInitializeEvent(PNDIS_EVENT Event)
{
    ke_event_init(&Event->Event, NotificationEvent, false);
}

/* NdisSetEvent, NdisResetEvent - Source: documented. IRQL: <= DISPATCH_LEVEL. */
void NTAPI
NdisSetEvent(PNDIS_EVENT Event)
{
    ke_event_set(&Event->Event);
}

void NTAPI
NdisResetEvent(PNDIS_EVENT Event)
{
    ke_event_clear(&Event->Event);
}

/*
 * NdisWaitEvent - wait until the event is set or MsToWait is over; 0 waits for ever.
 *
 * Source:    documented; above PASSIVE_LEVEL bug check 0x7C, 0x14.
 * IRQL:      PASSIVE_LEVEL
 * Returns:   TRUE if the event was set.
 */
BOOLEAN NTAPI
NdisWaitEvent(PNDIS_EVENT Event, UINT MsToWait)
{
    int64_t timeout = -(int64_t)MsToWait * 10000;

    if (irql_get() > IRQL_PASSIVE)
        machine_bugcheck(NDIS_BUGCHECK, BUGCHECK_WAIT_EVENT_HIGH_IRQL, irql_get(), 0, 0);
    return ke_wait(&Event->Event, MsToWait != 0 ? &timeout : NULL, NULL) == STATUS_SUCCESS;
}
