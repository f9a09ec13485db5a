/* SPDX-License-Identifier: MIT */
/*
 * ddk/ndis.h - the NDIS 6 driver interface.
 *
 * Model: one piece per noun under ndis/: types and version first, then nbl,
 * oidrequest and netpnp (what travels), filter, miniport and protocol (who lives
 * in a stack), services and hardware (what NDIS offers them). What NDIS 5.x has
 * besides stands in packet5, miniport5 and protocol5.
 * Start reading at: ndis/nbl.h and ndis/filter.h.
 */
#ifndef UNDIS_DDK_NDIS_H
#define UNDIS_DDK_NDIS_H

#ifndef _NDIS_
#define _NDIS_
#endif

#include "ntddndis.h"
#include "windot11.h"
#include "xfilter.h"
#include "ndis/filter.h"
#include "ndis/hardware.h"
#include "ndis/qos.h"
#include "ndis/rssv2.h"
#include "ndis/vmq.h"
#include "ndis/miniport.h"
#include "ndis/nbl.h"
#include "ndis/netpnp.h"
#include "ndis/offload.h"
#include "ndis/oidrequest.h"
#include "ndis/poll.h"
#include "ndis/protocol.h"
#include "ndis/services.h"
#if defined(NDIS_LEGACY_DRIVER)
#include "ndis/packet5.h"
#include "ndis/miniport5.h"
#include "ndis/protocol5.h"
#endif

#endif /* UNDIS_DDK_NDIS_H */
