/* SPDX-License-Identifier: MIT */
/* reset.c - a miniport that is asked whether it hangs, and is reset. */
#include "stack.h"

/* Checks come every two seconds; StackReaches() waits that long. */
static BOOLEAN
Eventually(volatile LONG *Count, LONG Value)
{
    return StackReaches(Count, Value) || StackReaches(Count, Value);
}

static VOID
IsAskedWhetherItHangs(VOID)
{
    LONG checks = Seen.PortChecks, resets = Seen.PortResets;

    CHECK(Eventually(&Seen.PortChecks, checks + 1));
    CHECK(Seen.PortResets == resets);
    StackHangs = TRUE;
    CHECK(Eventually(&Seen.PortResets, resets + 1));
}

static VOID
IsResetWhenItAsks(VOID)
{
    LONG resets = Seen.PortResets, begun = Seen.BindingResetsBegun, filters = Seen.PortFilters;

    NdisMResetMiniport(StackPort);
    CHECK(StackReaches(&Seen.PortResets, resets + 1));
    CHECK(Seen.BindingResetsBegun == begun && Seen.PortFilters == filters); /* documented: only what pends is told */
}

/* documented: those above hear of the beginning and the end, and what they had set is set again */
static VOID
ResetPends(VOID)
{
    LONG begun = Seen.BindingResetsBegun, ended = Seen.BindingResetsEnded, filters = Seen.PortFilters;
    ULONG filter = NDIS_PACKET_TYPE_DIRECTED;
    NDIS_OID_REQUEST request;
    LONG done = Seen.BindingOidsDone;

    StackRequest(&request, NdisRequestSetInformation, OID_GEN_CURRENT_PACKET_FILTER, &filter, sizeof(filter));
    if (NdisOidRequest(StackBinding, &request) == NDIS_STATUS_PENDING)
        CHECK(StackReaches(&Seen.BindingOidsDone, done + 1));
    filters = Seen.PortFilters;
    StackResetPends = TRUE;
    NdisMResetMiniport(StackPort);
    CHECK(StackReaches(&Seen.BindingResetsEnded, ended + 1) && Seen.BindingResetsBegun == begun + 1);
    CHECK(StackReaches(&Seen.PortFilters, filters + 1));
    StackResetPends = FALSE;
}

/* documented: a request that two checks in a row find with the miniport */
static VOID
AStuckRequestResets(VOID)
{
    LONG resets = Seen.PortResets, done = Seen.BindingOidsDone;
    NDIS_OID_REQUEST request;
    ULONG value = 0;

    StackRequest(&request, NdisRequestQueryInformation, OID_STACK_PENDS, &value, sizeof(value));
    REQUIRE(NdisOidRequest(StackBinding, &request) == NDIS_STATUS_PENDING);
    CHECK(Eventually(&Seen.PortResets, resets + 1) || Eventually(&Seen.PortResets, resets + 1));
    PortCompleteHeld(NDIS_STATUS_SUCCESS);
    CHECK(StackReaches(&Seen.BindingOidsDone, done + 1));
}

DDI_TESTS(reset, { "is_asked_whether_it_hangs", IsAskedWhetherItHangs }, { "is_reset_when_it_asks", IsResetWhenItAsks },
          { "reset_pends", ResetPends }, { "a_stuck_request_resets", AStuckRequestResets });
