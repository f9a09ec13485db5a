/* SPDX-License-Identifier: MIT */
/* ndis/exports.h - declarations the table of exports needs beyond the DDK's prototypes. */
#ifndef NDIS_EXPORTS_H
#define NDIS_EXPORTS_H

#include "ddk/ndis.h"

#include "ndis/misc.h"
#include "ndis/fdo.h"
#include "ndis/hw/hw.h"

#endif
