/* SPDX-License-Identifier: MIT */
/*
 * ddk/inaddr.h - an IPv4 address, in network order.
 */
#ifndef UNDIS_DDK_INADDR_H
#define UNDIS_DDK_INADDR_H

#include "ntdef.h"

typedef struct in_addr {
    union {
        struct {
            UCHAR s_b1, s_b2, s_b3, s_b4;
        } S_un_b;
        struct {
            USHORT s_w1, s_w2;
        } S_un_w;
        ULONG S_addr;
    } S_un;
} IN_ADDR, *PIN_ADDR, *LPIN_ADDR;
#define s_addr S_un.S_addr

#endif /* UNDIS_DDK_INADDR_H */
