/* SPDX-License-Identifier: MIT */
/*
 * ddk/in6addr.h - an IPv6 address, in network order.
 */
#ifndef UNDIS_DDK_IN6ADDR_H
#define UNDIS_DDK_IN6ADDR_H

#include "ntdef.h"

typedef struct in6_addr {
    union {
        UCHAR Byte[16];
        USHORT Word[8];
    } u;
} IN6_ADDR, *PIN6_ADDR, *LPIN6_ADDR;
#define s6_addr u.Byte
#define s6_words u.Word

#endif /* UNDIS_DDK_IN6ADDR_H */
