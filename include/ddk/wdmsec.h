/* SPDX-License-Identifier: MIT */
/*
 * ddk/wdmsec.h - security descriptors for named device objects.
 *
 * IoCreateDeviceSecure is declared with the I/O manager's other functions. The strings are the documented ones; under
 * the WDK they come from wdmsec.lib, here from the object that uses them.
 */
#ifndef UNDIS_DDK_WDMSEC_H
#define UNDIS_DDK_WDMSEC_H

#include "wdm.h"

#if !defined(UNDIS_HOST)
#define DDK_SDDL_(Name, Text) static const UNICODE_STRING __attribute__((unused)) Name = RTL_CONSTANT_STRING(Text)

DDK_SDDL_(SDDL_DEVOBJ_KERNEL_ONLY, L"D:P");
DDK_SDDL_(SDDL_DEVOBJ_SYS_ALL, L"D:P(A;;GA;;;SY)");
DDK_SDDL_(SDDL_DEVOBJ_SYS_ALL_ADM_ALL, L"D:P(A;;GA;;;SY)(A;;GA;;;BA)");
DDK_SDDL_(SDDL_DEVOBJ_SYS_ALL_ADM_RX, L"D:P(A;;GA;;;SY)(A;;GRGX;;;BA)");
DDK_SDDL_(SDDL_DEVOBJ_SYS_ALL_ADM_RWX_WORLD_R, L"D:P(A;;GA;;;SY)(A;;GRGWGX;;;BA)(A;;GR;;;WD)");
DDK_SDDL_(SDDL_DEVOBJ_SYS_ALL_ADM_RWX_WORLD_R_RES_R, L"D:P(A;;GA;;;SY)(A;;GRGWGX;;;BA)(A;;GR;;;WD)(A;;GR;;;RC)");
DDK_SDDL_(SDDL_DEVOBJ_SYS_ALL_ADM_RWX_WORLD_RW_RES_R, L"D:P(A;;GA;;;SY)(A;;GRGWGX;;;BA)(A;;GRGW;;;WD)(A;;GR;;;RC)");
DDK_SDDL_(SDDL_DEVOBJ_SYS_ALL_ADM_RWX_WORLD_RWX_RES_RWX,
          L"D:P(A;;GA;;;SY)(A;;GRGWGX;;;BA)(A;;GRGWGX;;;WD)(A;;GRGWGX;;;RC)");
#undef DDK_SDDL_
#endif

#endif /* UNDIS_DDK_WDMSEC_H */
