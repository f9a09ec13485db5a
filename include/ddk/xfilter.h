/* SPDX-License-Identifier: MIT */
/*
 * ddk/xfilter.h - Ethernet addresses: tests, copies, comparisons.
 */
#ifndef UNDIS_DDK_XFILTER_H
#define UNDIS_DDK_XFILTER_H

#include "ntdef.h"

#ifndef ETH_LENGTH_OF_ADDRESS
#define ETH_LENGTH_OF_ADDRESS 6
#endif

#define ETH_IS_MULTICAST(Address) ((BOOLEAN)(((const UCHAR *)(Address))[0] & 0x01))
#define ETH_IS_BROADCAST(Address) \
    ((BOOLEAN)(__builtin_memcmp((Address), "\xff\xff\xff\xff\xff\xff", ETH_LENGTH_OF_ADDRESS) == 0))
#define ETH_COPY_NETWORK_ADDRESS(D, S) ((void)__builtin_memcpy((D), (S), ETH_LENGTH_OF_ADDRESS))

/* *Result becomes 0 when the addresses are equal. */
#define ETH_COMPARE_NETWORK_ADDRESSES_EQ(A, B, Result) \
    (*(Result) = (__builtin_memcmp((A), (B), ETH_LENGTH_OF_ADDRESS) == 0) ? 0 : 1)
/* *Result becomes -1, 0 or 1. */
#define ETH_COMPARE_NETWORK_ADDRESSES(A, B, Result) \
    do { \
        int ddk_c_ = __builtin_memcmp((A), (B), ETH_LENGTH_OF_ADDRESS); \
        *(Result) = (ddk_c_ > 0) - (ddk_c_ < 0); \
    } while (0)

#endif /* UNDIS_DDK_XFILTER_H */
