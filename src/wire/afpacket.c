/* SPDX-License-Identifier: MIT */
/*
 * wire/afpacket.c - an existing Linux interface, seen whole (promiscuous): what it receives we receive, what we send it
 * sends.
 *
 * Model: frames come through a ring of blocks in memory shared with Linux (TPACKET_V3): Linux hands over a block when
 * it is full or a millisecond old, we hand it back when its last frame was read. They go by sendmmsg(), a call per
 * burst, past the queueing disciplines. The words of virtio_net_hdr go with both, so joined frames stay joined.
 * A VLAN tag that Linux took out is put back. The link is up while the interface is and has a carrier.
 */
#include "wire/kind.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/figure.h"
#include "wire/netif.h"
#include "wire/vnet.h"

#define BLOCK_SIZE  (1u << 18)
#define BLOCK_COUNT 32u
#define BLOCK_MS    1u

#ifndef PACKET_IGNORE_OUTGOING
#define PACKET_IGNORE_OUTGOING 23
#endif

struct afpacket {
    struct wire wire;
    struct netif netif;
    int fd;
    bool words;
    uint8_t *ring;
    uint32_t block;                   /* the next to read */
    const struct tpacket3_hdr *frame; /* within it; NULL: not begun */
    uint32_t left;                    /* frames of it not yet read */
    uint32_t since;                   /* receives since the counters of Linux were read */
};

/* ------------------------------------------------------------------ open */

static int
option(struct afpacket *a, int name, int value)
{
    return setsockopt(a->fd, SOL_PACKET, name, &value, sizeof(value));
}

static int
make_ring(struct afpacket *a)
{
    struct tpacket_req3 request = { .tp_block_size = BLOCK_SIZE,
                                    .tp_block_nr = BLOCK_COUNT,
                                    .tp_frame_size = 2048,
                                    .tp_frame_nr = BLOCK_SIZE / 2048 * BLOCK_COUNT,
                                    .tp_retire_blk_tov = BLOCK_MS };
    void *ring;

    if (option(a, PACKET_VERSION, TPACKET_V3) != 0)
        return -errno;
    a->words = option(a, PACKET_VNET_HDR, 1) == 0;
    if (setsockopt(a->fd, SOL_PACKET, PACKET_RX_RING, &request, sizeof(request)) != 0)
        return -errno;
    ring = mmap(NULL, (size_t)BLOCK_SIZE * BLOCK_COUNT, PROT_READ | PROT_WRITE, MAP_SHARED, a->fd, 0);
    if (ring == MAP_FAILED)
        return -errno;
    a->ring = ring;
    return 0;
}

static int
bind_to(struct afpacket *a, int index)
{
    struct sockaddr_ll address = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL), .sll_ifindex = index };
    struct packet_mreq all = { .mr_ifindex = index, .mr_type = PACKET_MR_PROMISC };

    option(a, PACKET_QDISC_BYPASS, 1);    /* not there: through the queue, then */
    option(a, PACKET_IGNORE_OUTGOING, 1); /* not there: seen by its packet type */
    if (bind(a->fd, (struct sockaddr *)&address, sizeof(address)) != 0 ||
        setsockopt(a->fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &all, sizeof(all)) != 0)
        return -errno;
    return 0;
}

static int
afpacket_open(struct wire *w, struct wire_spec *spec, char text[200])
{
    struct afpacket *a = (struct afpacket *)w;
    const char *name = wire_argument(spec);
    int err, index;

    a->fd = -1;
    netif_init(&a->netif);
    err = wire_option_mac(spec, "mac", w->info.mac, text);
    if (err)
        return err;
    if (*name == 0 || strlen(name) >= IFNAMSIZ)
        return wire_fail(text, -EINVAL, "the wire afpacket needs the name of an interface: afpacket:NAME");
    index = (int)if_nametoindex(name);
    if (index == 0)
        return wire_fail(text, -ENODEV, "there is no interface %s", name);
    memcpy(w->name, name, strlen(name) + 1);
    a->fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (a->fd < 0)
        return wire_fail(text, -errno, "cannot open a packet socket: %s%s", strerror(errno),
                         errno == EPERM ? " (it takes root, or CAP_NET_RAW)" : "");
    if ((err = make_ring(a)) != 0)
        return wire_fail(text, err, "cannot make the ring of the packet socket: %s", strerror(-err));
    if ((err = bind_to(a, index)) != 0)
        return wire_fail(text, err, "cannot bind the packet socket to %s: %s", name, strerror(-err));
    if ((err = netif_open(&a->netif, index, IFF_UP | IFF_RUNNING)) != 0 ||
        (err = netif_mtu(&a->netif, &w->info.mtu)) != 0 || (err = wire_watch(w, a->fd)) != 0 ||
        (err = wire_watch(w, a->netif.news)) != 0)
        return wire_fail(text, err, "cannot watch the interface %s: %s", name, strerror(-err));
    w->out = a->fd;
    w->info.checksums = w->info.tcp4 = w->info.tcp6 = a->words;
    w->info.frame_max = WIRE_GSO_MAX;
    netif_link(&a->netif, &w->link);
    return 0;
}

static void
afpacket_close(struct wire *w)
{
    struct afpacket *a = (struct afpacket *)w;

    netif_close(&a->netif);
    if (a->ring != NULL)
        munmap(a->ring, (size_t)BLOCK_SIZE * BLOCK_COUNT);
    if (a->fd >= 0)
        close(a->fd);
}

/* ------------------------------------------------------------------ receive */

/* The next frame of the ring, NULL if Linux has handed over no more. */
static const struct tpacket3_hdr *
next_frame(struct afpacket *a)
{
    while (a->left == 0) {
        struct tpacket_block_desc *d = (void *)(a->ring + (size_t)a->block * BLOCK_SIZE);

        if (a->frame != NULL) {
            __atomic_store_n(&d->hdr.bh1.block_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
            a->block = (a->block + 1) % BLOCK_COUNT;
            a->frame = NULL;
            continue;
        }
        if (!(__atomic_load_n(&d->hdr.bh1.block_status, __ATOMIC_ACQUIRE) & TP_STATUS_USER))
            return NULL;
        a->left = d->hdr.bh1.num_pkts;
        a->frame = (const void *)((const uint8_t *)d + d->hdr.bh1.offset_to_first_pkt);
        if (a->left > 0)
            return a->frame;
    }
    return a->frame;
}

static void
frame_done(struct afpacket *a)
{
    if (--a->left > 0)
        a->frame = (const void *)((const uint8_t *)a->frame + a->frame->tp_next_offset);
}

/* Copy the frame out, its VLAN tag put back. false: it was counted. */
static bool
take(struct afpacket *a, const struct tpacket3_hdr *f, struct wire_rx *r)
{
    struct wire *w = &a->wire;
    const struct sockaddr_ll *from = (const void *)((const uint8_t *)f + TPACKET_ALIGN(sizeof(*f)));
    const uint8_t *bytes = (const uint8_t *)f + f->tp_mac;
    bool tagged = f->tp_status & TP_STATUS_VLAN_VALID;
    uint32_t length = f->tp_len + (tagged ? 4 : 0);
    uint8_t *to = r->buffer;

    if (from->sll_pkttype == PACKET_OUTGOING)
        return false;
    r->offload = (struct wire_offload){ 0 };
    if (a->words)
        wire_vnet_read(bytes - WIRE_VNET_SIZE, &r->offload);
    if (f->tp_snaplen < f->tp_len || length > r->room) {
        figure_add(&w->stats.rx_long, 1);
        return false;
    }
    if (f->tp_len < WIRE_HEADER) {
        figure_add(&w->stats.rx_short, 1);
        return false;
    }
    if (tagged) {
        uint16_t type = f->tp_status & TP_STATUS_VLAN_TPID_VALID ? f->hv1.tp_vlan_tpid : ETH_P_8021Q;
        uint16_t tag[2] = { htons(type), htons((uint16_t)f->hv1.tp_vlan_tci) };

        memcpy(to, bytes, 12);
        memcpy(to + 12, tag, 4);
        memcpy(to + 16, bytes + 12, f->tp_len - 12);
        if (r->offload.flags & WIRE_NEEDS_CSUM)
            r->offload.csum_start = (uint16_t)(r->offload.csum_start + 4);
    } else {
        memcpy(to, bytes, f->tp_len);
    }
    r->length = length;
    return wire_frame_ok(w, &r->offload, to, length, length);
}

/* What Linux lost for want of a free block. Reading the counters sets them to zero. */
static void
count_lost(struct afpacket *a)
{
    struct tpacket_stats_v3 stats;
    socklen_t size = sizeof(stats);

    if (a->since++ % 1024 == 0 && getsockopt(a->fd, SOL_PACKET, PACKET_STATISTICS, &stats, &size) == 0)
        figure_add(&a->wire.stats.rx_lost, stats.tp_drops);
}

static unsigned
afpacket_receive(struct wire *w, struct wire_rx *rx, unsigned count)
{
    struct afpacket *a = (struct afpacket *)w;
    const struct tpacket3_hdr *f;
    size_t bytes = 0;
    unsigned got = 0;

    count_lost(a);
    while (got < count && bytes < WIRE_BURST_BYTES && (f = next_frame(a)) != NULL) {
        if (take(a, f, &rx[got]))
            bytes += rx[got++].length;
        frame_done(a);
    }
    return got;
}

/* ------------------------------------------------------------------ send */

/* The frame as pieces for Linux, at most WIRE_IOV_MAX + 1; `front` is room for its words. Returns how many. */
static unsigned
pieces_of(const struct afpacket *a, const struct wire_tx *t, uint8_t *front, struct iovec *iov)
{
    if (!a->words) {
        memcpy(iov, t->iov, t->iov_count * sizeof(*iov));
        return t->iov_count;
    }
    if (t->length <= WIRE_VNET_SHORT) {
        iov[0] = (struct iovec){ front, wire_vnet_pack(t, front) };
        return 1;
    }
    wire_vnet_write(&t->offload, front);
    iov[0] = (struct iovec){ front, WIRE_VNET_SIZE };
    memcpy(iov + 1, t->iov, t->iov_count * sizeof(*iov));
    return t->iov_count + 1;
}

static unsigned
afpacket_send(struct wire *w, const struct wire_tx *tx, unsigned count)
{
    struct afpacket *a = (struct afpacket *)w;
    static const struct mmsghdr empty;
    struct mmsghdr message[WIRE_BURST];
    struct iovec iov[WIRE_BURST * 4];
    uint8_t front[WIRE_BURST][WIRE_VNET_SIZE + WIRE_VNET_SHORT];
    unsigned done = 0;

    while (done < count) {
        unsigned n = 0, pieces = 0;
        int sent;

        /* as many as the pieces have room for */
        for (; done + n < count && pieces + tx[done + n].iov_count < WIRE_BURST * 4; n++) {
            message[n] = empty;
            message[n].msg_hdr.msg_iov = &iov[pieces];
            message[n].msg_hdr.msg_iovlen = pieces_of(a, &tx[done + n], front[n], &iov[pieces]);
            pieces += (unsigned)message[n].msg_hdr.msg_iovlen;
        }
        sent = sendmmsg(a->fd, message, n, MSG_DONTWAIT);
        if (sent > 0) {
            done += (unsigned)sent;
            continue;
        }
        if (errno == EINTR)
            continue;
        if (errno == EAGAIN || errno == ENOBUFS)
            return done;
        figure_add(&w->stats.tx_dropped, 1); /* the first of them: interface down, or it does not take the frame */
        done++;
    }
    return done;
}

static void
afpacket_poll(struct wire *w)
{
    struct afpacket *a = (struct afpacket *)w;
    socklen_t size = sizeof(int);
    int error;

    netif_news(&a->netif, &w->link);
    /* an interface that went down is an error of the socket, which stays ready until somebody has asked for it */
    getsockopt(a->fd, SOL_SOCKET, SO_ERROR, &error, &size);
}

const struct wire_ops wire_afpacket = {
    .kind = "afpacket",
    .size = sizeof(struct afpacket),
    .open = afpacket_open,
    .receive = afpacket_receive,
    .send = afpacket_send,
    .close = afpacket_close,
    .poll = afpacket_poll,
};
