/* SPDX-License-Identifier: MIT */
/*
 * wire/wire.h - what frames come from and go to: the hardware of wirenic, the Linux side of hostif.
 *
 * Model: a wire is opened by a spec, one line of text, before any driver runs, and polled from then on by the one VP
 * that owns it. Nothing here blocks, starts a thread or allocates after the open. A frame carries its offload words:
 * what its sender left to do (a checksum, a cut into segments) or its receiver found out; they are those of Linux's
 * virtio_net_hdr, and whatever comes in was checked by wire_offload_check(), so a reader may trust them.
 *
 * Specs. KIND[:ARGUMENT][,option[=value]...]
 *
 *     tap:NAME[,attach][,mtu=N][,mac=..][,up][,plain]
 *                           a Linux interface of ours; attach: one that exists already; mac: address of a nic on it;
 *                           up: bring it up; plain: without offloads
 *     afpacket:NAME[,mac=..]
 *                           an existing interface, promiscuous
 *     pcap:FILE[,speed=full][,loops=N][,write=FILE][,mtu=N][,mac=..]
 *                           plays FILE, at the recorded speed or as fast as it is read; what is sent goes to the other
 *                           file: pcap, or pcapng if its name ends so. Without FILE it only writes. The first receive
 *                           begins it
 *     link:PATH[,mtu=N][,mac=..]
 *                           another undis machine at the same path
 *     loop[,frames=N][,mtu=N][,gso=N][,mac=..][,far]
 *                           memory: every frame sent comes back, or with far goes to wire_take(); wire_put() adds
 *                           others
 *
 * Start reading at: wire_open(), struct wire_ops in kind.h.
 */
#ifndef WIRE_WIRE_H
#define WIRE_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

struct wire;

#define WIRE_BURST       64u            /* frames per call, at most */
#define WIRE_BURST_BYTES 131072u        /* a burst ends with the frame that reaches it: more would leave the cache */
#define WIRE_IOV_MAX     64u            /* pieces per frame sent; a frame in more is the caller's to gather */
#define WIRE_HEADER      14u            /* an Ethernet header: the shortest frame */
#define WIRE_MTU_MAX     65521u         /* so that a frame is at most 65535 */
#define WIRE_GSO_MAX     (65536u + 22u) /* longest frame that is still to be cut: header with two tags, 64 KB */
#define WIRE_MARGIN      64u            /* see struct wire_rx; a line of the cache, lest frames lie across one more */

/* ------------------------------------------------------------------ offload words */

enum wire_gso { WIRE_GSO_NONE, WIRE_GSO_TCP4, WIRE_GSO_TCP6, WIRE_GSO_UDP };

#define WIRE_NEEDS_CSUM \
    1u                     /* put the checksum of csum_start.. at csum_start + csum_offset; a sum of the pseudo header
                              is there already */
#define WIRE_DATA_VALID 2u /* received: the checksums were checked and are right */
#define WIRE_ECN        4u /* with WIRE_GSO_TCP*: CWR is set in the first segment only */

struct wire_offload {
    uint8_t flags;
    uint8_t gso;       /* enum wire_gso; then WIRE_NEEDS_CSUM is set, too */
    uint16_t gso_size; /* bytes of payload per segment */
    uint16_t hdr_len;  /* all headers, with WIRE_GSO_*: where the payload starts */
    uint16_t csum_start, csum_offset;
};

/*
 * Are these words true of a frame of `length` bytes whose first `have` lie at `head`? 0; else -EINVAL and *why is a few
 * words. Corrects hdr_len, which Linux calls a hint, from the headers. For frames that are to be cut, the headers
 * (to the end of TCP's or UDP's) must be among the `have` bytes. Never reads beyond.
 */
int wire_offload_check(struct wire_offload *o, const uint8_t *head, size_t have, size_t length, const char **why);

/* ------------------------------------------------------------------ frames */

/* A frame to send: borrowed for the call. */
struct wire_tx {
    struct iovec *iov;
    uint32_t iov_count;
    uint32_t length;
    struct wire_offload offload;
};

/*
 * Room for a frame; on return its length and words. margins: WIRE_MARGIN bytes before the buffer and after its room are
 * the wire's to write; a tap then needs one piece for the frame and its words, which is cheaper.
 */
struct wire_rx {
    void *buffer;
    uint32_t room;
    uint32_t length;
    bool margins;
    struct wire_offload offload;
};

/*
 * Up to count (at most WIRE_BURST) frames into rx. Returns how many came; 0: none now. A frame that is too long for
 * its room, too short, or whose words are not true is counted (wire_stats) and skipped.
 */
unsigned wire_receive(struct wire *w, struct wire_rx *rx, unsigned count);

/* fn is told of every frame that wire_receive() gives, before its caller sees them. Before the first receive. */
void wire_on_receive(struct wire *w, void (*fn)(void *arg, const struct wire_rx *rx, unsigned count), void *arg);

/*
 * Returns how many of the count (at most WIRE_BURST) frames were taken, in order; those after are the caller's to offer
 * again when wire_send_ready() says so; wire_fd() will tell. A frame of impossible length or words is taken
 * and counted as refused.
 */
unsigned wire_send(struct wire *w, const struct wire_tx *tx, unsigned count);
bool wire_send_ready(struct wire *w);

/* ------------------------------------------------------------------ open and close */

struct wire_options {
    const uint8_t *mac;           /* wish for a new interface; NULL: the wire's own */
    uint32_t mtu;                 /* the same; 0: 1500 */
    void *(*alloc)(size_t bytes); /* memory of a loop: mon_alloc where the machine is to reset it. NULL: host memory */
};

/* 0 and *out; else -errno and one sentence without full stop. options may be NULL. */
int wire_open(const char *spec, const struct wire_options *options, struct wire **out, char text[200]);
void wire_close(struct wire *w);

struct wire_info {
    const char *kind;    /* "tap" */
    const char *name;    /* of the Linux interface, file or socket; "" if it has none */
    uint8_t mac[6];      /* hardware address of a nic on this wire; zero: choose one */
    uint8_t peer_mac[6]; /* of a Linux interface that the wire is; zero: it is none */
    uint32_t mtu;
    uint32_t frame_max;   /* longest frame that wire_receive() may give: WIRE_GSO_MAX where segments come joined */
    uint32_t queues;      /* 1 unless it has more */
    uint32_t depth;       /* frames in flight that it is worth having buffers for */
    bool checksums;       /* it takes WIRE_NEEDS_CSUM and may give it */
    bool tcp4, tcp6, udp; /* it takes frames to be cut, and may give joined ones */
    bool played;          /* what comes waits for its reader, as a file does: nothing is lost by reading late */
};
const struct wire_info *wire_info(const struct wire *w);

/* ------------------------------------------------------------------ state */

struct wire_link {
    bool up;
    bool gone;      /* the interface disappeared, the file ended, the descriptor failed: it stays so */
    uint64_t bit_s; /* speed; 0: not known */
};
void wire_link(struct wire *w, struct wire_link *out); /* cheap: looks at what was noticed by wire_poll() */

/*
 * A descriptor that is readable when there is something to receive, the link may have changed, or, after a send was put
 * off, there is room again: for the idle loop. -1 for a loop, which calls wire_on_ready()'s function instead.
 */
int wire_fd(const struct wire *w);
/* Is the descriptor to tell of frames? false while their reader has no room for them, lest it tell for ever. */
void wire_listen(struct wire *w, bool listen);
/* After a receive that gave nothing, and now and then: notices link changes. true: wire_link() changed. */
bool wire_poll(struct wire *w);
/* Called within wire_send() or wire_put() when a loop has frames to receive and had none before. */
void wire_on_ready(struct wire *w, void (*fn)(void *arg), void *arg);

/* The Linux side of a tap: carrier, address, MTU. 0, -ENOTSUP or -errno. */
int wire_set_carrier(struct wire *w, bool up);
int wire_set_mac(struct wire *w, const uint8_t mac[6]);
int wire_set_mtu(struct wire *w, uint32_t mtu);

/*
 * The far end of a loop. put: a frame arrives; offload may be NULL. 0, -ENOSPC, -EINVAL. take, with the option far: the
 * next frame that was sent; 0, -EAGAIN. plug: the cable. All: -ENOTSUP for another wire.
 */
int wire_put(struct wire *w, const void *frame, size_t length, const struct wire_offload *offload);
int wire_take(struct wire *w, struct wire_rx *rx);
int wire_plug(struct wire *w, bool plugged);

/* ------------------------------------------------------------------ counters */

struct wire_stats {
    uint64_t rx_frames, rx_bytes, tx_frames, tx_bytes;
    uint64_t rx_short, rx_long; /* lengths no frame has; longer than the room */
    uint64_t rx_words;          /* offload words that were not true */
    uint64_t rx_lost;           /* lost before us: the kernel's ring, a full loop */
    uint64_t tx_refused;        /* impossible length or words */
    uint64_t tx_dropped;        /* the interface was down or gone */
    uint64_t tx_full;           /* times that a send was put off */
};
void wire_stats(const struct wire *w, struct wire_stats *out);

#endif
