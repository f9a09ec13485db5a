/* SPDX-License-Identifier: MIT */
/* leave.c - the last question: nothing is bound after it. */
#include "stack.h"

static VOID
ProtocolLeaves(VOID)
{
    LONG unbinds = Seen.BindingUnbinds;

    NdisDeregisterProtocolDriver(StackProtocolDriver); /* documented: unbinds first what is bound */
    CHECK(Seen.BindingUnbinds == unbinds + 1 && StackBinding == NULL);
}

DDI_TESTS(leave, { "protocol_leaves", ProtocolLeaves });
