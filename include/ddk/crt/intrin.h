/* SPDX-License-Identifier: MIT */
/*
 * ddk/crt/intrin.h - the intrinsics of MSVC; declared in wdm/atomic.h and wdm/hw.h.
 */
#ifndef UNDIS_DDK_CRT_INTRIN_H
#define UNDIS_DDK_CRT_INTRIN_H

#include "../wdm.h"

#endif /* UNDIS_DDK_CRT_INTRIN_H */
