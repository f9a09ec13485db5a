/* SPDX-License-Identifier: MIT */
/* serialized.c - NDIS lets one handler run at a time; that is all the locking there is. */
#include "nd5.h"

const ULONG Nd5Attributes = 0;

VOID
Nd5Lock(ND5_ADAPTER *Adapter)
{
    UNREFERENCED_PARAMETER(Adapter);
}

VOID
Nd5Unlock(ND5_ADAPTER *Adapter)
{
    UNREFERENCED_PARAMETER(Adapter);
}
