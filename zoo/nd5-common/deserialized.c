/* SPDX-License-Identifier: MIT */
/* deserialized.c - handlers run at the same time; a spin lock protects what they share. */
#include "nd5.h"

const ULONG Nd5Attributes = NDIS_ATTRIBUTE_DESERIALIZE;

VOID
Nd5Lock(ND5_ADAPTER *Adapter)
{
    NdisAcquireSpinLock(&Adapter->Lock);
}

VOID
Nd5Unlock(ND5_ADAPTER *Adapter)
{
    NdisReleaseSpinLock(&Adapter->Lock);
}
