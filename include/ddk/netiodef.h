/* SPDX-License-Identifier: MIT */
/*
 * ddk/netiodef.h - headers of Ethernet, IPv4, IPv6, ICMP, TCP and UDP as they lie in a frame.
 *
 * Model: every field of more than one byte is in network order; the structures are packed to one byte.
 */
#ifndef UNDIS_DDK_NETIODEF_H
#define UNDIS_DDK_NETIODEF_H

#include "ws2def.h"
#include "ws2ipdef.h"

#define ETHERNET_TYPE_MINIMUM 0x0600
#define ETHERNET_TYPE_IPV4 0x0800
#define ETHERNET_TYPE_ARP 0x0806
#define ETHERNET_TYPE_IPV6 0x86dd
#define ETHERNET_TYPE_802_1Q 0x8100

#define IPV4_VERSION 4
#define IPV6_VERSION 6

#pragma pack(push, 1)

typedef union _DL_EUI48 {
    UCHAR Byte[6];
    struct {
        union {
            UCHAR Oui[3];
            struct {
                UCHAR Group : 1;
                UCHAR Local : 1;
            };
        };
        UCHAR Ei48[3];
    };
} DL_EUI48, *PDL_EUI48;

typedef struct _ETHERNET_HEADER {
    DL_EUI48 Destination;
    DL_EUI48 Source;
    union {
        USHORT Type;
        USHORT Length;
    };
} ETHERNET_HEADER, *PETHERNET_HEADER;

typedef struct _VLAN_TAG {
    union {
        USHORT Tag;
        struct {
            USHORT VlanIdHi : 4;
            USHORT Cfi : 1;
            USHORT Priority : 3;
            USHORT VlanIdLo : 8;
        };
    };
    USHORT Type;
} VLAN_TAG, *PVLAN_TAG;

typedef struct _IPV4_HEADER {
    union {
        UCHAR VersionAndHeaderLength;
        struct {
            UCHAR HeaderLength : 4;
            UCHAR Version : 4;
        };
    };
    union {
        UCHAR TypeOfServiceAndEcnField;
        struct {
            UCHAR EcnField : 2;
            UCHAR TypeOfService : 6;
        };
    };
    USHORT TotalLength;
    USHORT Identification;
    union {
        USHORT FlagsAndOffset;
        struct {
            USHORT DontUse1 : 5;
            USHORT MoreFragments : 1;
            USHORT DontFragment : 1;
            USHORT Reserved : 1;
            USHORT DontUse2 : 8;
        };
    };
    UCHAR TimeToLive;
    UCHAR Protocol;
    USHORT HeaderChecksum;
    IN_ADDR SourceAddress;
    IN_ADDR DestinationAddress;
} IPV4_HEADER, *PIPV4_HEADER;

typedef struct _IPV6_HEADER {
    union {
        ULONG VersionClassFlow;
        struct {
            ULONG DontUse1 : 4;
            ULONG Version : 4;
            ULONG DontUse2 : 24;
        };
    };
    USHORT PayloadLength;
    UCHAR NextHeader;
    UCHAR HopLimit;
    IN6_ADDR SourceAddress;
    IN6_ADDR DestinationAddress;
} IPV6_HEADER, *PIPV6_HEADER;

typedef struct _ICMP_HEADER {
    UCHAR Type;
    UCHAR Code;
    USHORT Checksum;
} ICMP_HEADER, *PICMP_HEADER, ICMPV4_HEADER, *PICMPV4_HEADER, ICMPV6_HEADER, *PICMPV6_HEADER;

typedef struct _TCP_HDR {
    USHORT th_sport;
    USHORT th_dport;
    ULONG th_seq;
    ULONG th_ack;
    UCHAR th_x2 : 4;
    UCHAR th_len : 4;
    UCHAR th_flags;
    USHORT th_win;
    USHORT th_sum;
    USHORT th_urp;
} TCP_HDR, *PTCP_HDR;
#define TH_FIN 0x01
#define TH_SYN 0x02
#define TH_RST 0x04
#define TH_PSH 0x08
#define TH_ACK 0x10
#define TH_URG 0x20
#define TH_ECE 0x40
#define TH_CWR 0x80
#define TH_MAX_LEN 0x3c

typedef struct _UDP_HDR {
    USHORT uh_sport;
    USHORT uh_dport;
    USHORT uh_ulen;
    USHORT uh_sum;
} UDP_HDR, *PUDP_HDR;

#pragma pack(pop)

DDK_ASSERT_SIZE(ETHERNET_HEADER, 14);
DDK_ASSERT_SIZE(IPV4_HEADER, 20);
DDK_ASSERT_SIZE(IPV6_HEADER, 40);
DDK_ASSERT_SIZE(TCP_HDR, 20);
DDK_ASSERT_SIZE(UDP_HDR, 8);

#endif /* UNDIS_DDK_NETIODEF_H */
