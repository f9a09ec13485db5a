/* SPDX-License-Identifier: MIT */
/*
 * ddk/crt/ctype.h - the C run time that ntoskrnl exports; declared in wdm/rtl.h.
 */
#ifndef UNDIS_DDK_CRT_CTYPE_H
#define UNDIS_DDK_CRT_CTYPE_H

#include "../ntdef.h"
#include "../wdm/rtl.h"

#endif /* UNDIS_DDK_CRT_CTYPE_H */
