/* SPDX-License-Identifier: MIT */
/*
 * ddk/crt/wchar.h - the C run time that ntoskrnl exports; declared in wdm/rtl.h.
 */
#ifndef UNDIS_DDK_CRT_WCHAR_H
#define UNDIS_DDK_CRT_WCHAR_H

#include "../ntdef.h"
#include "../wdm/rtl.h"

#endif /* UNDIS_DDK_CRT_WCHAR_H */
