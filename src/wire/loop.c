/* SPDX-License-Identifier: MIT */
/*
 * wire/loop.c - a wire in memory: what is sent comes back, and a scenario adds what it likes.
 *
 * Model: a ring of frames to be received. With the option `far` there is a second one, and what is sent goes there, for
 * whoever plays the far end (wire_take()). Both are allocated at the open; with memory of the machine (options.alloc) a
 * restore puts them back with all the rest. Every kind of offload words goes through, so that explore mode meets them
 * without Linux.
 */
#include "wire/kind.h"

#include <errno.h>
#include <string.h>

#include "base/figure.h"

#define FRAMES_DEFAULT 16u
#define FRAMES_MAX     4096u

struct slot {
    uint32_t length;
    struct wire_offload offload;
};

struct ring {
    uint32_t head, count;
    struct slot *slot;
    uint8_t *bytes; /* frames * room */
};

struct loop {
    struct wire wire;
    uint32_t frames, room;
    bool far;
    struct ring in, out; /* out: with far only */
};

/* ------------------------------------------------------------------ rings */

static int
ring_init(struct loop *l, struct ring *r)
{
    r->slot = l->wire.options.alloc(l->frames * sizeof(*r->slot));
    r->bytes = l->wire.options.alloc((size_t)l->frames * l->room);
    return r->slot != NULL && r->bytes != NULL ? 0 : -ENOMEM;
}

static bool
ring_full(const struct loop *l, const struct ring *r)
{
    return r->count == l->frames;
}

static uint8_t *
ring_bytes(const struct loop *l, const struct ring *r, uint32_t slot)
{
    return r->bytes + (size_t)slot * l->room;
}

/* Append a frame in pieces; there is a slot for it, and it is not too long. */
static void
ring_put(struct loop *l, struct ring *r, const struct iovec *iov, unsigned pieces, uint32_t length,
         const struct wire_offload *o)
{
    uint32_t slot = (r->head + r->count) % l->frames, at = 0;

    for (unsigned i = 0; i < pieces && at < length; i++) {
        size_t n = iov[i].iov_len < length - at ? iov[i].iov_len : length - at;

        memcpy(ring_bytes(l, r, slot) + at, iov[i].iov_base, n);
        at += (uint32_t)n;
    }
    r->slot[slot] = (struct slot){ at, *o };
    r->count++;
}

static const struct slot *
ring_take(struct loop *l, struct ring *r, const uint8_t **bytes)
{
    uint32_t slot = r->head;

    *bytes = ring_bytes(l, r, slot);
    r->head = (r->head + 1) % l->frames;
    r->count--;
    return &r->slot[slot];
}

static void
tell(struct loop *l)
{
    if (l->wire.ready != NULL)
        l->wire.ready(l->wire.ready_arg);
}

/* ------------------------------------------------------------------ open and close */

static int
loop_open(struct wire *w, struct wire_spec *spec, char text[200])
{
    struct loop *l = (struct loop *)w;
    uint64_t frames = FRAMES_DEFAULT, mtu = w->info.mtu, gso = 0;
    const char *value;
    int err;

    l->far = wire_option(spec, "far", &value);
    err = wire_option_number(spec, "frames", 1, FRAMES_MAX, &frames, text);
    if (err == 0)
        err = wire_option_number(spec, "mtu", 68, WIRE_MTU_MAX, &mtu, text);
    if (err == 0)
        err = wire_option_number(spec, "gso", 100, WIRE_GSO_MAX, &gso, text);
    if (err == 0)
        err = wire_option_mac(spec, "mac", w->info.mac, text);
    if (err)
        return err;
    if (*wire_argument(spec) != 0)
        return wire_fail(text, -EINVAL, "the wire loop takes no argument");
    l->frames = (uint32_t)frames;
    w->info.mtu = (uint32_t)mtu;
    l->room = w->info.mtu + WIRE_HEADER + 4;
    if (gso > l->room)
        l->room = (uint32_t)gso;
    w->info.frame_max = l->room;
    w->info.depth = l->frames;
    w->info.checksums = true;
    w->info.tcp4 = w->info.tcp6 = gso != 0;
    w->link = (struct wire_link){ .up = true, .bit_s = 1000000000 };
    if (ring_init(l, &l->in) != 0 || (l->far && ring_init(l, &l->out) != 0))
        return wire_fail(text, -ENOMEM, "there is no memory for the wire");
    return 0;
}

static void
loop_close(struct wire *w)
{
    struct loop *l = (struct loop *)w;

    wire_memory_free(w, l->in.slot);
    wire_memory_free(w, l->in.bytes);
    wire_memory_free(w, l->out.slot);
    wire_memory_free(w, l->out.bytes);
}

/* ------------------------------------------------------------------ frames */

static unsigned
loop_receive(struct wire *w, struct wire_rx *rx, unsigned count)
{
    struct loop *l = (struct loop *)w;
    unsigned got = 0;

    while (got < count && l->in.count > 0) {
        const uint8_t *bytes;
        const struct slot *slot = ring_take(l, &l->in, &bytes);
        struct wire_offload o = slot->offload;

        if (slot->length > rx[got].room) {
            figure_add(&w->stats.rx_long, 1);
            continue;
        }
        if (!wire_frame_ok(w, &o, bytes, slot->length, slot->length))
            continue;
        memcpy(rx[got].buffer, bytes, slot->length);
        rx[got].length = slot->length;
        rx[got++].offload = o;
    }
    return got;
}

static unsigned
loop_send(struct wire *w, const struct wire_tx *tx, unsigned count)
{
    struct loop *l = (struct loop *)w;
    struct ring *to = l->far ? &l->out : &l->in;
    unsigned done;

    for (done = 0; done < count; done++) {
        if (ring_full(l, to))
            break;
        if (tx[done].length > l->room) {
            figure_add(&w->stats.tx_dropped, 1);
            continue;
        }
        ring_put(l, to, tx[done].iov, tx[done].iov_count, tx[done].length, &tx[done].offload);
        if (to == &l->in && to->count == 1)
            tell(l);
    }
    return done;
}

static bool
loop_send_ready(struct wire *w)
{
    struct loop *l = (struct loop *)w;

    return !ring_full(l, l->far ? &l->out : &l->in);
}

/* Anything goes in, so that what comes in wrong is seen to be counted. */
static int
loop_put(struct wire *w, const void *frame, size_t length, const struct wire_offload *offload)
{
    static const struct wire_offload none;
    struct loop *l = (struct loop *)w;
    struct iovec iov = { (void *)frame, length };

    if (length > l->room)
        return -EINVAL;
    if (ring_full(l, &l->in)) {
        figure_add(&w->stats.rx_lost, 1);
        return -ENOSPC;
    }
    ring_put(l, &l->in, &iov, 1, (uint32_t)length, offload != NULL ? offload : &none);
    if (l->in.count == 1)
        tell(l);
    return 0;
}

static int
loop_take(struct wire *w, struct wire_rx *rx)
{
    struct loop *l = (struct loop *)w;
    bool full = ring_full(l, &l->out);
    const struct slot *slot;
    const uint8_t *bytes;

    if (!l->far)
        return -ENOTSUP;
    if (l->out.count == 0)
        return -EAGAIN;
    slot = ring_take(l, &l->out, &bytes);
    rx->length = slot->length;
    rx->offload = slot->offload;
    memcpy(rx->buffer, bytes, slot->length < rx->room ? slot->length : rx->room);
    if (full)
        tell(l); /* there is room again */
    return 0;
}

/* Pull the plug, or put it back. */
static int
loop_set_plug(struct wire *w, bool plugged)
{
    w->link.up = plugged;
    tell((struct loop *)w);
    return 0;
}

const struct wire_ops wire_loop = {
    .kind = "loop",
    .size = sizeof(struct loop),
    .open = loop_open,
    .receive = loop_receive,
    .send = loop_send,
    .close = loop_close,
    .send_ready = loop_send_ready,
    .put = loop_put,
    .take = loop_take,
    .set_plug = loop_set_plug,
};
