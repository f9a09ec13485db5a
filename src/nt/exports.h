/* SPDX-License-Identifier: MIT */
/*
 * nt/exports.h - every declaration the table of exports needs: the DDK's prototypes, and per subsystem those of
 * functions the DDK does not declare because only its inlines or its libraries call them.
 */
#ifndef NT_EXPORTS_H
#define NT_EXPORTS_H

#include "nt/etw/etw.h"
#include "nt/ex/ex.h"
#include "nt/ke/ke.h"
#include "nt/mm/mm.h"
#include "nt/ps/ps.h"
#include "nt/rtl/rtl.h"

#include "nt/cm/cm.h"
#include "nt/hal/hal.h"
#include "nt/io/io.h"
#include "nt/ob/ob.h"
#include "nt/po/po.h"
#include "nt/se/se.h"

#endif
