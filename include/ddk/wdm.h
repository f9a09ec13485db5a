/* SPDX-License-Identifier: MIT */
/*
 * ddk/wdm.h - the Windows Driver Model: everything a kernel driver starts from.
 *
 * Model: one piece per kernel subsystem under wdm/, each including the one below:
 * atomic, rtl, ke (with kuser), ex, mm, se, pnptypes, io, iofn, zw; seh and hw beside them.
 * Start reading at: wdm/io.h for IRPs, wdm/kefn.h for IRQL, locks and waits.
 */
#ifndef UNDIS_DDK_WDM_H
#define UNDIS_DDK_WDM_H

#ifndef _WDMDDK_
#define _WDMDDK_
#endif

#include "ntdef.h"
#include "ntstatus.h"
#include "bugcodes.h"
#include "wdm/zw.h"
#include "wdm/seh.h"
#include "wdm/hw.h"

#endif /* UNDIS_DDK_WDM_H */
