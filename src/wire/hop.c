/* SPDX-License-Identifier: MIT */
/*
 * wire/hop.c - the wire `link`: a cable between two undis machines.
 *
 * Model: both give the same path. Who holds the lock (PATH.lock) listens there; the other connects. Once joined, the
 * socket file is gone, so a third finds nobody and is told. When one goes, the link is down at the other, which takes
 * the lock if it is free, and listens. The lock also tells a listener from a socket that one left behind when it was
 * killed. Each message is a frame with its words in front (vnet.h).
 */
#include "wire/kind.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/figure.h"
#include "wire/vnet.h"

#define SPEED  10000000000ull
#define SNDBUF (4 << 20)

struct hop {
    struct wire wire;
    int listener; /* -1: nobody is waited for */
    int lock;     /* -1: the other has it */
    int peer;     /* -1: nobody there */
    char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
};

/* ------------------------------------------------------------------ who is there */

static struct sockaddr_un
address_of(const struct hop *h)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };

    memcpy(address.sun_path, h->path, sizeof(address.sun_path));
    return address;
}

/* 0; -EWOULDBLOCK: the other end has it; -errno. */
static int
take_lock(struct hop *h)
{
    char path[sizeof(h->path) + 8];
    struct stat held, there;

    snprintf(path, sizeof(path), "%s.lock", h->path);
    for (;;) {
        h->lock = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0600);
        if (h->lock < 0)
            return -errno;
        if (flock(h->lock, LOCK_EX | LOCK_NB) != 0)
            break;
        if (fstat(h->lock, &held) == 0 && stat(path, &there) == 0 && held.st_ino == there.st_ino)
            return 0;
        close(h->lock); /* its owner removed it just now */
    }
    close(h->lock);
    h->lock = -1;
    return -EWOULDBLOCK;
}

static void
end_listen(struct hop *h)
{
    if (h->listener < 0)
        return;
    wire_unwatch(&h->wire, h->listener);
    close(h->listener);
    h->listener = -1;
    unlink(h->path);
}

static int
begin_listen(struct hop *h)
{
    struct sockaddr_un address = address_of(h);

    h->listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (h->listener < 0)
        return -errno;
    unlink(h->path); /* ours to remove: we hold the lock */
    if (bind(h->listener, (struct sockaddr *)&address, sizeof(address)) != 0 || listen(h->listener, 1) != 0)
        return -errno;
    return wire_watch(&h->wire, h->listener);
}

static int
use_peer(struct hop *h, int fd)
{
    int size = SNDBUF, err = wire_watch(&h->wire, fd);

    if (err) {
        close(fd);
        return err;
    }
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
    h->peer = h->wire.out = fd;
    h->wire.link.up = true;
    h->wire.waits = false;
    return 0;
}

/* The second to come. */
static int
join(struct hop *h, char text[200])
{
    struct sockaddr_un address = address_of(h);
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), err;

    if (fd < 0)
        return wire_fail(text, -errno, "cannot open a socket: %s", strerror(errno));
    if (connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
        err = -errno;
        close(fd);
        if (err == -ECONNREFUSED || err == -ENOENT || err == -EAGAIN)
            return wire_fail(text, -EADDRINUSE, "the link %.110s joins two machines already", h->path);
        return wire_fail(text, err, "cannot connect to the link %.110s: %s", h->path, strerror(-err));
    }
    err = use_peer(h, fd);
    return err ? wire_fail(text, err, "cannot watch the link: %s", strerror(-err)) : 0;
}

static int
hop_open(struct wire *w, struct wire_spec *spec, char text[200])
{
    struct hop *h = (struct hop *)w;
    const char *path = wire_argument(spec);
    uint64_t mtu = w->info.mtu;
    int err;

    h->listener = h->lock = h->peer = -1;
    err = wire_option_number(spec, "mtu", 68, WIRE_MTU_MAX, &mtu, text);
    if (err == 0)
        err = wire_option_mac(spec, "mac", w->info.mac, text);
    if (err)
        return err;
    if (*path == 0 || strlen(path) >= sizeof(h->path))
        return wire_fail(text, -EINVAL, "the wire link needs a path of 1 to %zu characters: link:PATH",
                         sizeof(h->path) - 1);
    memcpy(h->path, path, strlen(path) + 1);
    memcpy(w->name, path, strlen(path) < sizeof(w->name) ? strlen(path) + 1 : sizeof(w->name) - 1);
    w->info.mtu = (uint32_t)mtu;
    w->info.frame_max = WIRE_GSO_MAX;
    w->info.checksums = w->info.tcp4 = w->info.tcp6 = true;
    w->link.bit_s = SPEED;
    err = take_lock(h);
    if (err == -EWOULDBLOCK)
        return join(h, text);
    if (err)
        return wire_fail(text, err, "cannot make %.110s.lock: %s", h->path, strerror(-err));
    err = begin_listen(h);
    return err ? wire_fail(text, err, "cannot listen at the link %.110s: %s", h->path, strerror(-err)) : 0;
}

static void
hop_close(struct wire *w)
{
    struct hop *h = (struct hop *)w;
    char lock[sizeof(h->path) + 8];

    if (h->peer >= 0)
        close(h->peer);
    end_listen(h);
    if (h->lock >= 0) {
        snprintf(lock, sizeof(lock), "%s.lock", h->path);
        unlink(lock);
        close(h->lock);
    }
}

static void
lose_peer(struct hop *h)
{
    char text[200];

    wire_unwatch(&h->wire, h->peer);
    close(h->peer);
    h->peer = h->wire.out = -1;
    h->wire.link.up = false;
    if (h->lock >= 0 || take_lock(h) == 0)
        h->wire.link.gone = begin_listen(h) != 0;
    else
        h->wire.link.gone = join(h, text) != 0; /* it was started anew */
}

static void
hop_poll(struct wire *w)
{
    struct hop *h = (struct hop *)w;
    int fd;

    if (h->listener < 0)
        return;
    fd = accept4(h->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0)
        return;
    end_listen(h);
    use_peer(h, fd);
}

/* ------------------------------------------------------------------ frames */

static unsigned
hop_receive(struct wire *w, struct wire_rx *rx, unsigned count)
{
    struct hop *h = (struct hop *)w;
    size_t bytes = 0;
    unsigned got = 0;

    while (got < count && bytes < WIRE_BURST_BYTES && h->peer >= 0) {
        struct wire_rx *r = &rx[got];
        uint8_t words[WIRE_VNET_SIZE];
        struct iovec iov[] = { { words, sizeof(words) }, { r->buffer, r->room } };
        struct msghdr message = { .msg_iov = iov, .msg_iovlen = 2 };
        ssize_t n = recvmsg(h->peer, &message, MSG_DONTWAIT);
        size_t length;

        if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
            lose_peer(h);
            break;
        }
        if (n < 0)
            break;
        if (message.msg_flags & MSG_TRUNC) {
            figure_add(&w->stats.rx_long, 1);
            continue;
        }
        if (n < (ssize_t)sizeof(words)) {
            figure_add(&w->stats.rx_short, 1);
            continue;
        }
        length = (size_t)n - sizeof(words);
        wire_vnet_read(words, &r->offload);
        if (!wire_frame_ok(w, &r->offload, r->buffer, length, length))
            continue;
        r->length = (uint32_t)length;
        got++;
        bytes += length;
    }
    return got;
}

static unsigned
hop_send(struct wire *w, const struct wire_tx *tx, unsigned count)
{
    struct hop *h = (struct hop *)w;
    static const struct mmsghdr empty;
    struct mmsghdr message[WIRE_BURST];
    struct iovec iov[WIRE_BURST][8];
    uint8_t words[WIRE_BURST][WIRE_VNET_SIZE];
    unsigned done = 0;

    while (done < count && h->peer >= 0) {
        struct iovec many[WIRE_IOV_MAX + 1], *at;
        unsigned n = 0;
        int sent;

        for (; done + n < count; n++) {
            const struct wire_tx *t = &tx[done + n];

            if (t->iov_count >= 8 && n > 0)
                break;
            at = t->iov_count < 8 ? iov[n] : many; /* one in many pieces goes alone */
            wire_vnet_write(&t->offload, words[n]);
            at[0] = (struct iovec){ words[n], WIRE_VNET_SIZE };
            memcpy(at + 1, t->iov, t->iov_count * sizeof(*at));
            message[n] = empty;
            message[n].msg_hdr.msg_iov = at;
            message[n].msg_hdr.msg_iovlen = t->iov_count + 1;
            if (at == many) {
                n++;
                break;
            }
        }
        sent = sendmmsg(h->peer, message, n, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent > 0)
            done += (unsigned)sent;
        else if (errno == EAGAIN || errno == ENOBUFS)
            return done;
        else if (errno == EMSGSIZE) {
            figure_add(&w->stats.tx_dropped, 1);
            done++;
        } else if (errno != EINTR)
            lose_peer(h);
    }
    figure_add(&w->stats.tx_dropped, count - done); /* nobody is there */
    return count;
}

const struct wire_ops wire_hop = {
    .kind = "link",
    .size = sizeof(struct hop),
    .open = hop_open,
    .receive = hop_receive,
    .send = hop_send,
    .close = hop_close,
    .poll = hop_poll,
};
