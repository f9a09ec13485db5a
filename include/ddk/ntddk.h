/* SPDX-License-Identifier: MIT */
/* ddk/ntddk.h - what non-PnP drivers include: wdm.h and the generic tables. */
#ifndef UNDIS_DDK_NTDDK_H
#define UNDIS_DDK_NTDDK_H

#ifndef _NTDDK_
#define _NTDDK_
#endif

#include "wdm.h"
#include "wdm/gtable.h"

#endif /* UNDIS_DDK_NTDDK_H */
