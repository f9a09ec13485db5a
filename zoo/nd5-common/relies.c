/* SPDX-License-Identifier: MIT */
/* relies.c - says that it is deserialized, and locks nothing: what it was as a serialized driver. */
#include "nd5.h"

const ULONG Nd5Attributes = NDIS_ATTRIBUTE_DESERIALIZE;

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
