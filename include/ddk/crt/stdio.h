/* SPDX-License-Identifier: MIT */
/*
 * ddk/crt/stdio.h - the printing into buffers that ntoskrnl exports; declared in wdm/rtl.h.
 */
#ifndef UNDIS_DDK_CRT_STDIO_H
#define UNDIS_DDK_CRT_STDIO_H

#include "../ntdef.h"
#include "../wdm/rtl.h"

#endif /* UNDIS_DDK_CRT_STDIO_H */
