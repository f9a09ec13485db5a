/* SPDX-License-Identifier: MIT */
/* leave.c - the last questions: nothing is bound after the first, nothing there after the second. */
#include "stack.h"

static VOID
ProtocolLeaves(VOID)
{
    LONG unbinds = Seen.BindingUnbinds;

    NdisDeregisterProtocolDriver(StackProtocolDriver); /* documented: unbinds first what is bound */
    CHECK(Seen.BindingUnbinds == unbinds + 1 && StackBinding == NULL);
}

/* documented: for an adapter that is past repair; it is taken down as in a removal */
static VOID
AdapterIsRemoved(VOID)
{
    NDIS_HANDLE port = StackPort;
    LONG halts = Seen.PortHalts;

    REQUIRE(port != NULL);
    CHECK(NdisMRemoveMiniport(port) == NDIS_STATUS_SUCCESS);
    CHECK(NdisMRemoveMiniport(port) == NDIS_STATUS_FAILURE); /* assumed: it is on its way out */
    CHECK(StackReaches(&Seen.PortHalts, halts + 1) && StackPort == NULL);
}

DDI_TESTS(leave, { "protocol_leaves", ProtocolLeaves }, { "adapter_is_removed", AdapterIsRemoved });
