/* SPDX-License-Identifier: MIT */
/*
 * wire/tap.c - a Linux interface whose other end we are: what Linux sends there we receive, what we send it receives.
 *
 * Model: one descriptor of /dev/net/tun, a read or a write per frame with its words in front (IFF_VNET_HDR), so a
 * 64 KB frame that is still to be cut costs one system call; nothing else makes this wire faster (io_uring and
 * IFF_NAPI were measured, and are slower). Linux drops what it has no room for: a tap is never full.
 *
 * The interface may be taken to another namespace: the descriptor goes on working; only news of its state end.
 */
#include "wire/kind.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/figure.h"
#include "wire/netif.h"
#include "wire/vnet.h"

#define SPEED 10000000000ull /* what Linux, too, says of a tap by default */

struct tap {
    struct wire wire;
    struct netif netif;
    int fd;
    bool words; /* frames have a header in front */
    bool away;  /* in another namespace */
};

/* ------------------------------------------------------------------ open */

static int
attach(struct tap *t, const char *name, bool exists, bool plain, char text[200])
{
    struct ifreq ifr = { .ifr_flags = (short)(IFF_TAP | IFF_NO_PI | (plain ? 0 : IFF_VNET_HDR)) };
    int err;

    t->fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (t->fd < 0)
        return wire_fail(text, -errno, "cannot open /dev/net/tun: %s", strerror(errno));
    memcpy(ifr.ifr_name, name, strlen(name) + 1);
    if (ioctl(t->fd, TUNSETIFF, &ifr) != 0) {
        err = errno;
        if (err == EBUSY)
            return wire_fail(text, -err, "the tap %s is in use by another program", name);
        if (exists && err == EINVAL)
            return wire_fail(text, -err, "the interface %s is no tap that can be attached to", name);
        return wire_fail(text, -err, "cannot %s the tap %s: %s%s", exists ? "attach to" : "make", name, strerror(err),
                         err == EPERM ? " (it takes root, or undis run --netns new)" : "");
    }
    t->words = !plain;
    memcpy(t->wire.name, ifr.ifr_name, strnlen(ifr.ifr_name, IFNAMSIZ - 1));
    return 0;
}

static int
offloads(struct tap *t, char text[200])
{
    struct wire_info *info = &t->wire.info;
    unsigned flags = TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN;
    int size = WIRE_VNET_SIZE;

    if (!t->words)
        return 0;
    if (ioctl(t->fd, TUNSETVNETHDRSZ, &size) != 0)
        return wire_fail(text, -errno, "the tap %s has headers of another size: %s", t->wire.name, strerror(errno));
    if (ioctl(t->fd, TUNSETOFFLOAD, flags) != 0) /* nor USO: wirenic and hostif have no words for it */
        return wire_fail(text, -errno, "the tap %s takes no offloads: %s", t->wire.name, strerror(errno));
    info->checksums = info->tcp4 = info->tcp6 = true;
    return 0;
}

/* Address, MTU and state of the interface. */
static int
settle(struct tap *t, bool exists, uint64_t mtu, bool up, char text[200])
{
    struct wire *w = &t->wire;
    int err = netif_open(&t->netif, (int)if_nametoindex(w->name), IFF_UP); /* its carrier is ours to give */

    if (err)
        return wire_fail(text, err, "cannot watch the tap %s: %s", w->name, strerror(-err));
    if (!exists && w->options.mac != NULL && (err = wire_set_mac(w, w->options.mac)) != 0)
        return wire_fail(text, err, "the tap %s does not take its address: %s", w->name, strerror(-err));
    if (mtu != 0 && (err = netif_set_mtu(&t->netif, (uint32_t)mtu)) != 0)
        return wire_fail(text, err, "the tap %s does not take an MTU of %u: %s", w->name, (unsigned)mtu,
                         strerror(-err));
    if (up && (err = netif_set_up(&t->netif)) != 0)
        return wire_fail(text, err, "the tap %s cannot be brought up: %s", w->name, strerror(-err));
    err = netif_mac(&t->netif, w->info.peer_mac);
    if (err == 0)
        err = netif_mtu(&t->netif, &w->info.mtu);
    if (err)
        return wire_fail(text, err, "cannot ask the tap %s: %s", w->name, strerror(-err));
    w->info.frame_max = t->words ? WIRE_GSO_MAX : WIRE_MTU_MAX + WIRE_HEADER + 4; /* its MTU may be set any time */
    netif_link(&t->netif, &w->link);
    w->link.bit_s = SPEED;
    return 0;
}

static int
tap_open(struct wire *w, struct wire_spec *spec, char text[200])
{
    struct tap *t = (struct tap *)w;
    const char *name = wire_argument(spec), *value;
    bool want_attach = wire_option(spec, "attach", &value), plain = wire_option(spec, "plain", &value);
    bool up = wire_option(spec, "up", &value), exists;
    uint64_t mtu = w->options.mtu;
    int err;

    t->fd = -1;
    netif_init(&t->netif);
    err = wire_option_number(spec, "mtu", 68, WIRE_MTU_MAX, &mtu, text);
    if (err == 0)
        err = wire_option_mac(spec, "mac", w->info.mac, text);
    if (err)
        return err;
    if (*name == 0 || strlen(name) >= IFNAMSIZ || strchr(name, '/') != NULL)
        return wire_fail(text, -EINVAL, "the wire tap needs a name of 1 to %u characters: tap:NAME", IFNAMSIZ - 1);
    exists = if_nametoindex(name) != 0;
    if (exists && !want_attach)
        return wire_fail(text, -EEXIST, "there is an interface %s already; the option attach uses it", name);
    if (!exists && want_attach)
        return wire_fail(text, -ENODEV, "there is no interface %s to attach to", name);
    if ((err = attach(t, name, exists, plain, text)) != 0 || (err = offloads(t, text)) != 0 ||
        (err = settle(t, exists, mtu, up, text)) != 0)
        return err;
    w->out = t->fd;
    if ((err = wire_watch(w, t->fd)) != 0 || (err = wire_watch(w, t->netif.news)) != 0)
        return wire_fail(text, err, "cannot watch the tap %s: %s", w->name, strerror(-err));
    return 0;
}

static void
tap_close(struct wire *w)
{
    struct tap *t = (struct tap *)w;

    netif_close(&t->netif);
    if (t->fd >= 0)
        close(t->fd);
}

/* ------------------------------------------------------------------ frames */

/* The descriptor failed for good: the interface was deleted. */
static bool
broken(struct tap *t)
{
    if (errno != EBADFD && errno != EIO && errno != ENODEV)
        return false;
    return errno == EBADFD || t->wire.link.gone;
}

/* The system calls themselves: the library's are points of cancellation, which nobody here is, at a price. */
static ssize_t
read_one(const struct tap *t, const struct wire_rx *r, uint8_t *words)
{
    uint8_t *at = r->buffer, spill;
    struct iovec iov[] = { { words, WIRE_VNET_SIZE }, { r->buffer, r->room }, { &spill, 1 } };
    ssize_t n;

    if (!r->margins)
        return t->words ? syscall(SYS_readv, t->fd, iov, 3) : syscall(SYS_readv, t->fd, iov + 1, 2);
    if (!t->words)
        return syscall(SYS_read, t->fd, at, r->room + 1ul);
    n = syscall(SYS_read, t->fd, at - WIRE_VNET_SIZE, WIRE_VNET_SIZE + r->room + 1ul);
    if (n >= (ssize_t)WIRE_VNET_SIZE)
        memcpy(words, at - WIRE_VNET_SIZE, WIRE_VNET_SIZE);
    return n;
}

static unsigned
tap_receive(struct wire *w, struct wire_rx *rx, unsigned count)
{
    struct tap *t = (struct tap *)w;
    size_t bytes = 0;
    unsigned got = 0;

    for (unsigned tries = 0; got < count && bytes < WIRE_BURST_BYTES && tries < 2 * WIRE_BURST && !w->link.gone;
         tries++) {
        struct wire_rx *r = &rx[got];
        uint8_t words[WIRE_VNET_SIZE];
        ssize_t n = read_one(t, r, words);
        size_t length;

        if (n < 0) {
            if (errno == EINTR)
                continue;
            if (broken(t))
                w->link = (struct wire_link){ .gone = true };
            break;
        }
        r->offload = (struct wire_offload){ 0 };
        if (t->words && n < (ssize_t)sizeof(words)) {
            figure_add(&w->stats.rx_short, 1);
            continue;
        }
        length = (size_t)n - (t->words ? sizeof(words) : 0);
        if (length > r->room) {
            figure_add(&w->stats.rx_long, 1);
            continue;
        }
        if (t->words)
            wire_vnet_read(words, &r->offload);
        if (!wire_frame_ok(w, &r->offload, r->buffer, length, length))
            continue;
        r->length = (uint32_t)length;
        got++;
        bytes += length;
    }
    return got;
}

static ssize_t
write_one(const struct tap *t, const struct wire_tx *tx)
{
    struct iovec iov[WIRE_IOV_MAX + 1];
    uint8_t words[WIRE_VNET_SIZE + WIRE_VNET_SHORT];

    if (!t->words && tx->iov_count == 1)
        return syscall(SYS_write, t->fd, tx->iov->iov_base, tx->iov->iov_len);
    if (!t->words)
        return syscall(SYS_writev, t->fd, tx->iov, tx->iov_count);
    if (tx->length <= WIRE_VNET_SHORT)
        return syscall(SYS_write, t->fd, words, wire_vnet_pack(tx, words));
    wire_vnet_write(&tx->offload, words);
    iov[0] = (struct iovec){ words, WIRE_VNET_SIZE };
    memcpy(iov + 1, tx->iov, tx->iov_count * sizeof(*iov));
    return syscall(SYS_writev, t->fd, iov, tx->iov_count + 1ul);
}

static unsigned
tap_send(struct wire *w, const struct wire_tx *tx, unsigned count)
{
    struct tap *t = (struct tap *)w;
    unsigned done;

    for (done = 0; done < count; done++) {
        ssize_t n;

        if (w->link.gone) {
            figure_add(&w->stats.tx_dropped, 1);
            continue;
        }
        do
            n = write_one(t, &tx[done]);
        while (n < 0 && errno == EINTR);
        if (n >= 0)
            continue;
        if (errno == EAGAIN)
            break;
        if (broken(t))
            w->link = (struct wire_link){ .gone = true };
        figure_add(&w->stats.tx_dropped, 1); /* the interface is down, or Linux did not like the frame */
    }
    return done;
}

/* ------------------------------------------------------------------ state */

static void
tap_poll(struct wire *w)
{
    struct tap *t = (struct tap *)w;
    struct ifreq ifr = { 0 };

    if (t->away || w->link.gone || !netif_news(&t->netif, &w->link) || !w->link.gone)
        return;
    if (ioctl(t->fd, TUNGETIFF, &ifr) != 0)
        return;
    t->away = true;
    wire_unwatch(w, t->netif.news); /* it would go on telling of the namespace's other interfaces */
    w->link.gone = false;
    w->link.up = true; /* nobody tells us any more */
}

static int
tap_set_carrier(struct wire *w, bool up)
{
    struct tap *t = (struct tap *)w;
    int carrier = up;

    return ioctl(t->fd, TUNSETCARRIER, &carrier) == 0 ? 0 : -errno;
}

static int
tap_set_mac(struct wire *w, const uint8_t mac[6])
{
    struct tap *t = (struct tap *)w;
    struct ifreq ifr = { .ifr_hwaddr.sa_family = ARPHRD_ETHER };

    memcpy(ifr.ifr_hwaddr.sa_data, mac, 6);
    if (ioctl(t->fd, SIOCSIFHWADDR, &ifr) != 0)
        return -errno;
    memcpy(w->info.peer_mac, mac, 6);
    return 0;
}

static int
tap_set_mtu(struct wire *w, uint32_t mtu)
{
    struct tap *t = (struct tap *)w;
    int err = netif_set_mtu(&t->netif, mtu);

    if (err == 0)
        w->info.mtu = mtu;
    return err;
}

const struct wire_ops wire_tap = {
    .kind = "tap",
    .size = sizeof(struct tap),
    .open = tap_open,
    .receive = tap_receive,
    .send = tap_send,
    .close = tap_close,
    .poll = tap_poll,
    .set_carrier = tap_set_carrier,
    .set_mac = tap_set_mac,
    .set_mtu = tap_set_mtu,
};
