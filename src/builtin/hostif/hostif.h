/* SPDX-License-Identifier: MIT */
/*
 * hostif/hostif.h - a protocol that shows an adapter to Linux as an interface.
 *
 * Model: a struct hostif per nic that is shown, which outlives disable and halt, holds the wire, a tap. While the
 * adapter is there a struct hi_binding holds the open adapter. What Linux sends is read into send buffers and goes
 * down; what the adapter indicates goes to Linux within the indication, so no receive is ever held. While the
 * binding does not run, or the adapter has no link, Linux sees an interface without carrier.
 *
 * busy counts what a pause waits for: 1 while running, each send that is not back, each call of NDIS under way.
 *
 * Start reading at: HiBindAdapter, HiNetPnPEvent (bind.c), HiReceive, hi_poll (data.c).
 */
#ifndef HOSTIF_HOSTIF_H
#define HOSTIF_HOSTIF_H

#include "base/list.h"
#include "builtin/builtin.h"
#include "builtin/frame.h"
#include "machine/live.h"

#define HI_TAG        0x66697448u /* 'Htif' */
#define HI_ADDRESS    6u
#define HI_BURST_MIN  4u
#define HI_NEWS_EVERY 8u /* polls without a frame */
#define HI_FILTER                                                                              \
    (NDIS_PACKET_TYPE_DIRECTED | NDIS_PACKET_TYPE_MULTICAST | NDIS_PACKET_TYPE_ALL_MULTICAST | \
     NDIS_PACKET_TYPE_BROADCAST)

/* What the adapter does for sends, a bit each. */
enum hi_offload {
    HI_TCP4 = 1u << 0,
    HI_UDP4 = 1u << 1,
    HI_TCP6 = 1u << 2,
    HI_UDP6 = 1u << 3,
    HI_LSO4 = 1u << 4,
    HI_LSO6 = 1u << 5,
};

struct hi_buffer {
    struct hi_buffer *next; /* lock: among the free, or those that wait */
    PNET_BUFFER_LIST nbl;
    PMDL mdl;
    uint8_t *data;
    /* lock: a frame of Linux's that waits */
    struct wire_rx rx;
    struct {
        uint32_t skip, length;       /* where in data it is */
        struct wire_offload offload; /* corrected for that */
        PVOID tag;                   /* its Ieee8021QNetBufferListInfo */
        unsigned next, count;        /* segments; count 0: it was not begun */
    } cut;
};

struct hi_binding;

/* Monitor memory. */
struct hostif {
    struct list_node node;
    struct ndis_nic *nic;
    struct wire *wire;
    int fd;
    struct live_poller poller;
    struct hi_binding *binding; /* NULL while there is none */
    struct hostif_stats stats;
    KDPC *dpc;             /* machine memory */
    uint8_t *spare;        /* machine memory: one frame to be cut or thrown away; the DPC's */
    uint8_t *bounce;       /* machine memory: one frame for Linux in too many pieces, or without its checksum; lock */
    unsigned burst, quiet; /* the DPC: buffers worth taking; polls without a frame */
    bool carrier;
};

/* Machine memory. */
struct hi_binding {
    struct hostif *hostif;
    NDIS_HANDLE handle;
    NDIS_HANDLE pool;
    struct hi_buffer *buffers;
    uint32_t mtu;
    bool tags; /* 802.1Q tags go to the adapter out of band */
    uint32_t frame_max, buffer_count;
    PVOID cancel_id; /* of all its sends */

    LONG busy;                           /* interlocked */
    PNET_PNP_EVENT_NOTIFICATION pausing; /* the pause that waits for busy */
    NDIS_SPIN_LOCK lock;
    bool running; /* lock, as the rest here */
    bool link_up;
    bool starved; /* no buffer was left: the wire does not tell of frames */
    struct hi_buffer *free;
    struct hi_buffer *waiting, **waiting_end; /* read of Linux and not sent, oldest first */
    uint32_t out, window; /* sends that are not back; so many may be: what the adapter has room for, as far as known */
    uint32_t taken;       /* sends that it took since the window grew last */
    bool no_room;         /* it refused some for lack of it */
    uint32_t offloads; /* enum hi_offload: what it does now */

    NDIS_OID_REQUEST request; /* one at a time, in bind */
    NDIS_EVENT answered;
    NDIS_STATUS answer;
};

/* bind.c */
PROTOCOL_BIND_ADAPTER_EX HiBindAdapter;
PROTOCOL_UNBIND_ADAPTER_EX HiUnbindAdapter;
PROTOCOL_OPEN_ADAPTER_COMPLETE_EX HiOpenComplete;
PROTOCOL_CLOSE_ADAPTER_COMPLETE_EX HiCloseComplete;
PROTOCOL_OID_REQUEST_COMPLETE HiOidComplete;
PROTOCOL_NET_PNP_EVENT HiNetPnPEvent;
PROTOCOL_STATUS_EX HiStatus;
void hi_take_busy(struct hi_binding *b, LONG count);
void hi_release_busy(struct hi_binding *b, LONG count); /* the last thing done with b: it may end a pause */
struct hostif *hi_find(const struct ndis_nic *nic);
extern NDIS_HANDLE *hi_driver; /* machine memory; const after init */

/* data.c */
PROTOCOL_RECEIVE_NET_BUFFER_LISTS HiReceive;
PROTOCOL_SEND_NET_BUFFER_LISTS_COMPLETE HiSendComplete;
NDIS_STATUS hi_create_buffers(struct hi_binding *b);
void hi_destroy_buffers(struct hi_binding *b);
unsigned hi_drop_waiting(struct hi_binding *b);      /* lock held; how many frames */
unsigned hi_poll(struct hostif *h, unsigned budget); /* DISPATCH_LEVEL; the DPC or the poller */

#endif
