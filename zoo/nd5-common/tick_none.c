/* SPDX-License-Identifier: MIT */
/* tick_none.c - a card without a clock of its own. */
#include "nd5.h"

VOID
Nd5Start(ND5_ADAPTER *Adapter)
{
    UNREFERENCED_PARAMETER(Adapter);
}

VOID
Nd5Stop(ND5_ADAPTER *Adapter)
{
    UNREFERENCED_PARAMETER(Adapter);
}
