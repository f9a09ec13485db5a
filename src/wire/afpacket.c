/* SPDX-License-Identifier: MIT */
/*
 * wire/afpacket.c - an existing Linux interface, seen whole (promiscuous): what it receives we receive, what we send it
 * sends.
 *
 * Model: frames come through a ring of slots in memory shared with Linux (TPACKET_V2): Linux fills the next slot, we
 * hand it back when its frame was copied. A ring of blocks (V3) holds more short frames, but Linux hands over a block
 * when it is full or a millisecond old, and a single frame waits for that. A frame longer than a slot, of many
 * segments, lies in the socket's queue and is received from there (PACKET_COPY_THRESH).
 *
 * Frames go by sendmmsg(), past the queueing disciplines, through sockets of their own: where one is watched, Linux
 * looks for the watcher at each frame that has left. The words of virtio_net_hdr go with what is received and with what
 * has any to send, so joined frames stay joined; a frame that has none is cheaper without.
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

#define BLOCK_SIZE  (1u << 18) /* slots do not cross it */
#define RING_SIZE   (1u << 23)
#define SLOT_MIN    2048u
#define SLOT_MAX    16384u
#define SLOT_BEFORE 128u       /* in a slot before the frame, at most */
#define AHEAD       4u         /* slots */
#define QUEUE_BYTES (4 << 20)  /* of frames longer than a slot */

#ifndef PACKET_IGNORE_OUTGOING
#define PACKET_IGNORE_OUTGOING 23
#endif

struct afpacket {
    struct wire wire;
    struct netif netif;
    int fd;    /* receives */
    int to[2]; /* send: frames as they are; those with words before them */
    bool words;
    uint8_t *ring;
    uint32_t slot_size, slot; /* a power of two; the next to read */
    uint32_t since;           /* receives since the counters of Linux were read */
};

/* ------------------------------------------------------------------ open */

static int
option(int fd, int name, int value)
{
    return setsockopt(fd, SOL_PACKET, name, &value, sizeof(value));
}

static int
make_ring(struct afpacket *a, uint32_t mtu)
{
    struct tpacket_req request = { .tp_block_size = BLOCK_SIZE, .tp_block_nr = RING_SIZE / BLOCK_SIZE };
    int queue = QUEUE_BYTES;
    void *ring;

    a->slot_size = SLOT_MIN;
    while (a->slot_size < SLOT_MAX && a->slot_size < SLOT_BEFORE + WIRE_HEADER + mtu)
        a->slot_size *= 2;
    request.tp_frame_size = a->slot_size;
    request.tp_frame_nr = RING_SIZE / a->slot_size;
    if (option(a->fd, PACKET_VERSION, TPACKET_V2) != 0 || option(a->fd, PACKET_COPY_THRESH, 1) != 0)
        return -errno;
    if (setsockopt(a->fd, SOL_SOCKET, SO_RCVBUFFORCE, &queue, sizeof(queue)) != 0) /* needs CAP_NET_ADMIN */
        setsockopt(a->fd, SOL_SOCKET, SO_RCVBUF, &queue, sizeof(queue));
    if (setsockopt(a->fd, SOL_PACKET, PACKET_RX_RING, &request, sizeof(request)) != 0)
        return -errno;
    ring = mmap(NULL, RING_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, a->fd, 0);
    if (ring == MAP_FAILED)
        return -errno;
    a->ring = ring;
    return 0;
}

static int
bind_to(int fd, int index, uint16_t protocol)
{
    struct sockaddr_ll address = { .sll_family = AF_PACKET, .sll_protocol = htons(protocol), .sll_ifindex = index };

    return bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0 ? 0 : -errno;
}

static int
receive_from(struct afpacket *a, int index)
{
    struct packet_mreq all = { .mr_ifindex = index, .mr_type = PACKET_MR_PROMISC };
    int err;

    option(a->fd, PACKET_IGNORE_OUTGOING, 1); /* not there: seen by its packet type */
    if ((err = bind_to(a->fd, index, ETH_P_ALL)) != 0)
        return err;
    return setsockopt(a->fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &all, sizeof(all)) == 0 ? 0 : -errno;
}

static int
send_to(int fd, int index)
{
    option(fd, PACKET_QDISC_BYPASS, 1); /* not there: through the queue, then */
    return bind_to(fd, index, 0);       /* no protocol: it hears nothing */
}

static int
packet_socket(void)
{
    return socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

static int
afpacket_open(struct wire *w, struct wire_spec *spec, char text[200])
{
    struct afpacket *a = (struct afpacket *)w;
    const char *name = wire_argument(spec);
    int err, index;

    a->fd = a->to[0] = a->to[1] = -1;
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
    if ((a->fd = packet_socket()) < 0 || (a->to[0] = packet_socket()) < 0 || (a->to[1] = packet_socket()) < 0)
        return wire_fail(text, -errno, "cannot open a packet socket: %s%s", strerror(errno),
                         errno == EPERM ? " (it takes root, or CAP_NET_RAW)" : "");
    if ((err = netif_open(&a->netif, index, IFF_UP | IFF_RUNNING)) != 0 ||
        (err = netif_mtu(&a->netif, &w->info.mtu)) != 0 || (err = wire_watch(w, a->netif.news)) != 0 ||
        (err = wire_watch(w, a->fd)) != 0)
        return wire_fail(text, err, "cannot watch the interface %s: %s", name, strerror(-err));
    a->words = option(a->fd, PACKET_VNET_HDR, 1) == 0 && option(a->to[1], PACKET_VNET_HDR, 1) == 0;
    if ((err = make_ring(a, w->info.mtu)) != 0)
        return wire_fail(text, err, "cannot make the ring of the packet socket: %s", strerror(-err));
    if ((err = receive_from(a, index)) != 0 || (err = send_to(a->to[0], index)) != 0 ||
        (err = send_to(a->to[1], index)) != 0)
        return wire_fail(text, err, "cannot bind the packet socket to %s: %s", name, strerror(-err));
    w->out = a->to[0];
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
        munmap(a->ring, RING_SIZE);
    if (a->fd >= 0)
        close(a->fd);
    for (unsigned i = 0; i < 2; i++)
        if (a->to[i] >= 0)
            close(a->to[i]);
}

/* ------------------------------------------------------------------ receive */

/*
 * The frame of `length` bytes that was too long for its slot: from the socket's queue, which has them in the order of
 * the slots, to `to`; NULL: away with it. false: it is not there.
 */
static bool
take_queued(struct afpacket *a, uint8_t *to, uint32_t length, struct wire_offload *o)
{
    uint8_t words[WIRE_VNET_SIZE];
    struct iovec iov[] = { { words, a->words ? sizeof(words) : 0 }, { to, to != NULL ? length : 0 } };
    struct msghdr message = { .msg_iov = iov, .msg_iovlen = 2 };
    ssize_t got;

    do /* an interface that went down is told of once, before what is left in the queue */
        got = recvmsg(a->fd, &message, MSG_DONTWAIT | MSG_TRUNC);
    while (got < 0 && (errno == EINTR || errno == ENETDOWN));
    if (got < 0 || (size_t)got != length + iov[0].iov_len)
        return false;
    if (a->words)
        wire_vnet_read(words, o);
    return true;
}

/* The frame at `to` was copied 4 bytes further back: its tag goes between. */
static void
put_tag(const struct tpacket2_hdr *f, uint8_t *to, struct wire_offload *o)
{
    uint16_t type = f->tp_status & TP_STATUS_VLAN_TPID_VALID ? f->tp_vlan_tpid : ETH_P_8021Q;
    uint16_t tag[2] = { htons(type), htons(f->tp_vlan_tci) };

    memmove(to, to + 4, 12);
    memcpy(to + 12, tag, 4);
    if (o->flags & WIRE_NEEDS_CSUM)
        o->csum_start = (uint16_t)(o->csum_start + 4);
}

/* Copy the frame out, its VLAN tag put back. false: it was counted. */
static bool
take(struct afpacket *a, const struct tpacket2_hdr *f, struct wire_rx *r)
{
    struct wire *w = &a->wire;
    const struct sockaddr_ll *from = (const void *)((const uint8_t *)f + TPACKET_ALIGN(sizeof(*f)));
    const uint8_t *bytes = (const uint8_t *)f + f->tp_mac;
    bool queued = f->tp_status & TP_STATUS_COPY;
    uint32_t tag = f->tp_status & TP_STATUS_VLAN_VALID ? 4 : 0, length = f->tp_len + tag;
    uint8_t *to = r->buffer;
    uint64_t *lost = NULL;

    if (f->tp_len < WIRE_HEADER)
        lost = &w->stats.rx_short;
    else if (length > r->room)
        lost = &w->stats.rx_long;
    else if (!queued && f->tp_snaplen < f->tp_len) /* the queue was full */
        lost = &w->stats.rx_lost;
    r->offload = (struct wire_offload){ 0 };
    if (queued) {
        if (!take_queued(a, lost == NULL ? to + tag : NULL, f->tp_len, &r->offload) && lost == NULL)
            lost = &w->stats.rx_lost;
    } else if (lost == NULL) {
        memcpy(to + tag, bytes, f->tp_len);
        if (a->words)
            wire_vnet_read(bytes - WIRE_VNET_SIZE, &r->offload);
    }
    if (from->sll_pkttype == PACKET_OUTGOING)
        return false;
    if (lost != NULL) {
        figure_add(lost, 1);
        return false;
    }
    if (tag != 0)
        put_tag(f, to, &r->offload);
    r->length = length;
    return wire_frame_ok(w, &r->offload, to, length, length);
}

/* What Linux lost for want of a free slot. Reading the counters sets them to zero. */
static void
count_lost(struct afpacket *a)
{
    struct tpacket_stats stats;
    socklen_t size = sizeof(stats);

    if (a->since++ % 1024 == 0 && getsockopt(a->fd, SOL_PACKET, PACKET_STATISTICS, &stats, &size) == 0)
        figure_add(&a->wire.stats.rx_lost, stats.tp_drops);
}

static void *
slot(const struct afpacket *a, uint32_t number)
{
    return a->ring + (size_t)(number % (RING_SIZE / a->slot_size)) * a->slot_size;
}

/* Linux wrote it, perhaps on another processor: its header, words and the frame's first bytes. */
static void
prefetch(const uint8_t *slot)
{
    for (unsigned i = 0; i < 3; i++)
        __builtin_prefetch(slot + i * 64);
}

static unsigned
afpacket_receive(struct wire *w, struct wire_rx *rx, unsigned count)
{
    struct afpacket *a = (struct afpacket *)w;
    size_t bytes = 0;
    unsigned got = 0;

    count_lost(a);
    while (got < count && bytes < WIRE_BURST_BYTES) {
        struct tpacket2_hdr *f = slot(a, a->slot);

        prefetch(slot(a, a->slot + AHEAD));
        if (!(__atomic_load_n(&f->tp_status, __ATOMIC_ACQUIRE) & TP_STATUS_USER))
            break;
        if (take(a, f, &rx[got]))
            bytes += rx[got++].length;
        __atomic_store_n(&f->tp_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
        a->slot = (a->slot + 1) % (RING_SIZE / a->slot_size);
    }
    return got;
}

/* ------------------------------------------------------------------ send */

/* wire_send() lets none pass where the wire has no words. */
static bool
has_words(const struct wire_tx *t)
{
    return t->offload.flags != 0 || t->offload.gso != WIRE_GSO_NONE;
}

/* The frame as pieces for Linux, at most WIRE_IOV_MAX + 1; `front` is room for its words. Returns how many. */
static unsigned
pieces_of(const struct wire_tx *t, uint8_t *front, struct iovec *iov)
{
    unsigned first = has_words(t);

    if (first) {
        wire_vnet_write(&t->offload, front);
        iov[0] = (struct iovec){ front, WIRE_VNET_SIZE };
    }
    memcpy(iov + first, t->iov, t->iov_count * sizeof(*iov));
    return t->iov_count + first;
}

static unsigned
afpacket_send(struct wire *w, const struct wire_tx *tx, unsigned count)
{
    struct afpacket *a = (struct afpacket *)w;
    static const struct mmsghdr empty;
    struct mmsghdr message[WIRE_BURST];
    struct iovec iov[WIRE_BURST * 4];
    uint8_t front[WIRE_BURST][WIRE_VNET_SIZE];
    unsigned done = 0;

    while (done < count) {
        bool words = has_words(&tx[done]);
        unsigned n = 0, pieces = 0;
        int sent;

        /* as many of one kind as the pieces have room for */
        for (; done + n < count; n++) {
            const struct wire_tx *t = &tx[done + n];

            if (has_words(t) != words || pieces + t->iov_count >= WIRE_BURST * 4)
                break;
            message[n] = empty;
            message[n].msg_hdr.msg_iov = &iov[pieces];
            message[n].msg_hdr.msg_iovlen = pieces_of(t, front[n], &iov[pieces]);
            pieces += (unsigned)message[n].msg_hdr.msg_iovlen;
        }
        sent = sendmmsg(a->to[words], message, n, MSG_DONTWAIT);
        if (sent > 0) {
            done += (unsigned)sent;
            continue;
        }
        if (errno == EINTR)
            continue;
        if (errno == EAGAIN || errno == ENOBUFS) {
            wire_sends_by(w, a->to[words]);
            return done;
        }
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
