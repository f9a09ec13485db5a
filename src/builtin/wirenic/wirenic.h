/* SPDX-License-Identifier: MIT */
/*
 * wirenic/wirenic.h - an Ethernet miniport whose hardware is a wire.
 *
 * Model: a struct wn_nic per nic, which outlives disable and halt, holds the wire; a struct wn_adapter lives from
 * initialize to halt. Its DPC - queued when a loop is ready or buffers came back, or called as the poller of a live
 * machine on the same VP - fills receive buffers and indicates them, and sends what the wire had no room for. Two
 * locks: tx_lock for the send queue and the wire's sending half, rx_lock for the free receive buffers; the receiving
 * half is the DPC's alone.
 *
 * busy counts what a pause waits for: 1 while running, each send taken, each buffer with the stack, each indication
 * under way. Whoever brings it to zero completes the pause (wn_release_busy).
 *
 * Start reading at: WnInitialize, WnPause (adapter.c), WnSend (send.c), wn_poll (receive.c).
 */
#ifndef WIRENIC_WIRENIC_H
#define WIRENIC_WIRENIC_H

#include "builtin/builtin.h"
#include "builtin/frame.h"
#include "machine/live.h"

#define WN_TAG           0x63696e57u /* 'Wnic' */
#define WN_VENDOR_ID     0x00ffffffu /* no assigned identifier (documented: OID_GEN_VENDOR_ID) */
#define WN_VERSION       0x00010000u
#define WN_ADDRESS       6u
#define WN_MULTICAST_MAX 32u
#define WN_SEND_DEFAULT  1024u
#define WN_BURST_MIN     4u
#define WN_NEWS_EVERY    8u /* polls without a frame */
#define WN_SPEED_DEFAULT 1000000000ull

#define WN_FILTERS                                                                             \
    (NDIS_PACKET_TYPE_DIRECTED | NDIS_PACKET_TYPE_MULTICAST | NDIS_PACKET_TYPE_ALL_MULTICAST | \
     NDIS_PACKET_TYPE_BROADCAST | NDIS_PACKET_TYPE_PROMISCUOUS)

/* Offloads, a bit each. */
enum wn_offload {
    WN_TX_IP4 = 1u << 0,
    WN_TX_TCP4 = 1u << 1,
    WN_TX_UDP4 = 1u << 2,
    WN_TX_TCP6 = 1u << 3,
    WN_TX_UDP6 = 1u << 4,
    WN_RX_IP4 = 1u << 5, /* the same five, received: WN_RX_SHIFT higher */
    WN_RX_TCP4 = 1u << 6,
    WN_RX_UDP4 = 1u << 7,
    WN_RX_TCP6 = 1u << 8,
    WN_RX_UDP6 = 1u << 9,
    WN_LSO1 = 1u << 10,
    WN_LSO4 = 1u << 11,
    WN_LSO6 = 1u << 12,
    WN_RSC4 = 1u << 13,
    WN_RSC6 = 1u << 14,
};
#define WN_RX_SHIFT 5u

/* *PriorityVLANTag: what of 802.1Q tags is out of band. */
#define WN_TAG_PRIORITY 1u
#define WN_TAG_VLAN     2u

#define WN_TX_ALL   (WN_TX_IP4 | WN_TX_TCP4 | WN_TX_UDP4 | WN_TX_TCP6 | WN_TX_UDP6)
#define WN_RX_ALL   (WN_TX_ALL << WN_RX_SHIFT)

/* By kind of destination. */
enum wn_cast { WN_UNICAST, WN_MULTICAST, WN_BROADCAST, WN_CASTS };

struct wn_counts {
    uint64_t frames[WN_CASTS], bytes[WN_CASTS];
    uint64_t discards, errors;
};

struct wn_adapter;

/* Monitor memory; const after wirenic_add() but for adapter. */
struct wn_nic {
    struct wire *wire;
    int fd; /* of the wire; what the poller watches */
    struct live_poller poller;
    struct wn_adapter *adapter; /* NULL while halted */
    uint8_t address[WN_ADDRESS];
};

struct wn_buffer {
    struct wn_buffer *next; /* rx_lock */
    bool taken;             /* rx_lock: not among the free ones */
    PNET_BUFFER_LIST nbl;
    PMDL mdl;
    uint8_t *data;
};

/* Machine memory. */
struct wn_adapter {
    NDIS_HANDLE handle; /* const after initialize, as those down to address */
    struct wn_nic *nic;
    struct wire *wire;
    NDIS_HANDLE pool;
    uint32_t mtu, frame_max; /* frame_max: that a receive buffer holds */
    uint32_t receive_buffers, send_max;
    uint32_t hardware; /* enum wn_offload: what the wire can */
    uint32_t tags;     /* WN_TAG_*; 0: tags stay in frames */
    uint8_t address[WN_ADDRESS];

    LONG busy;    /* interlocked */
    bool running; /* both locks to write, one of them to read */
    KDPC dpc;

    NDIS_SPIN_LOCK tx_lock;
    PNET_BUFFER_LIST queue, *queue_end; /* tx_lock, as the rest here: sends not yet on the wire */
    PNET_BUFFER next;                   /* of queue: the first net buffer that is still to be sent */
    uint32_t queued;                    /* NBLs */
    struct wn_counts tx;
    uint8_t *bounce; /* one frame in too many pieces */

    NDIS_SPIN_LOCK rx_lock;
    struct wn_buffer *free; /* rx_lock */
    struct wn_buffer *buffers;
    unsigned burst, quiet; /* the DPC: buffers worth taking; polls without a frame */
    uint64_t no_buffer;    /* the DPC, as rx and spare */
    struct wn_counts rx;
    uint8_t *spare; /* where a frame lies that is cut or thrown away */

    uint32_t config; /* enum wn_offload: switched on; rx_lock to write, as the rest here */
    bool active;     /* OID_OFFLOAD_ENCAPSULATION was set: receive offloads may be used */
    uint32_t filter, lookahead;
    uint32_t multicast_count;
    uint8_t multicast[WN_MULTICAST_MAX][WN_ADDRESS];
    bool link_up;
    uint64_t link_bit_s;
};

/* adapter.c */
MINIPORT_INITIALIZE WnInitialize;
MINIPORT_HALT WnHalt;
MINIPORT_PAUSE WnPause;
MINIPORT_RESTART WnRestart;
MINIPORT_SHUTDOWN WnShutdown;
MINIPORT_DEVICE_PNP_EVENT_NOTIFY WnDevicePnPEventNotify;
void wn_take_busy(struct wn_adapter *a, LONG count);
bool wn_release_busy(struct wn_adapter *a,
                     LONG count);   /* true: nothing is left; the last but WnPause says so to NDIS */
void wn_link(struct wn_adapter *a); /* tell the stack the wire's state, if it changed */

/* config.c */
NDIS_STATUS wn_configure(struct wn_adapter *a);
void wn_offload_describe(uint32_t offloads, NDIS_OFFLOAD *out);
/* The parameters that OID_TCP_OFFLOAD_PARAMETERS sets, applied to *config. false: they make no sense. */
bool wn_offload_set(const struct wn_adapter *a, const NDIS_OFFLOAD_PARAMETERS *p, uint32_t length, uint32_t *config);

/* send.c */
MINIPORT_SEND_NET_BUFFER_LISTS WnSend;
MINIPORT_CANCEL_SEND WnCancelSend;
void wn_send_more(struct wn_adapter *a); /* DISPATCH_LEVEL: the wire may have room again */
void wn_send_abort(struct wn_adapter *a);

/* receive.c */
MINIPORT_RETURN_NET_BUFFER_LISTS WnReturn;
NDIS_STATUS wn_create_buffers(struct wn_adapter *a);
void wn_destroy_buffers(struct wn_adapter *a);
unsigned wn_poll(struct wn_adapter *a, unsigned budget); /* DISPATCH_LEVEL; the DPC or the poller */
bool wn_listen(struct wn_adapter *a); /* rx_lock held: running or filter may have changed. Is the wire to be read? */
enum wn_cast wn_cast(const uint8_t *frame);

/* oid.c */
MINIPORT_OID_REQUEST WnOidRequest;
MINIPORT_CANCEL_OID_REQUEST WnCancelOidRequest;
extern const NDIS_OID wn_oids[];
extern const uint32_t wn_oids_size;

#endif
