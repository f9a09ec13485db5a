/* SPDX-License-Identifier: MIT */
/*
 * ddk/ndis/nblchain.h - chains of NET_BUFFER_LISTs; they stand with the queues.
 */
#ifndef UNDIS_DDK_NDIS_NBLCHAIN_H
#define UNDIS_DDK_NDIS_NBLCHAIN_H

#include "nblqueue.h"

#endif /* UNDIS_DDK_NDIS_NBLCHAIN_H */
