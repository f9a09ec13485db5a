/* SPDX-License-Identifier: MIT */
/*
 * ddk/crt/stdlib.h - the C run time that ntoskrnl exports; declared in ntdef.h and wdm/rtl.h.
 */
#ifndef UNDIS_DDK_CRT_STDLIB_H
#define UNDIS_DDK_CRT_STDLIB_H

#include "../ntdef.h"
#include "../wdm/rtl.h"

#endif /* UNDIS_DDK_CRT_STDLIB_H */
