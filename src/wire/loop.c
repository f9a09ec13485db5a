/* SPDX-License-Identifier: MIT */
/*
 * wire/loop.c - a wire in memory: what is sent comes back, and a scenario adds what it likes.
 *
 * Model: a ring of slots, allocated at the open; with memory of the machine (options.alloc) a restore puts it back with
 * all the rest. It carries every kind of offload words, so that explore mode meets them without Linux.
 */
#include "wire/kind.h"

#include <errno.h>
#include <string.h>

#define FRAMES_DEFAULT 16u
#define FRAMES_MAX     4096u

struct slot {
    uint32_t length;
    struct wire_offload offload;
};

struct loop {
    struct wire wire;
    uint32_t frames, room, head, count;
    struct slot *slot;
    uint8_t *bytes; /* frames * room */
};

static int
loop_open(struct wire *w, struct wire_spec *spec, char text[200])
{
    struct loop *l = (struct loop *)w;
    uint64_t frames = FRAMES_DEFAULT, mtu = w->info.mtu, gso = 0;
    int err;

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
    w->info.checksums = true;
    w->info.tcp4 = w->info.tcp6 = gso != 0;
    w->link = (struct wire_link){ .up = true, .bit_s = 1000000000 };
    l->slot = w->options.alloc(l->frames * sizeof(*l->slot));
    l->bytes = w->options.alloc((size_t)l->frames * l->room);
    if (l->slot == NULL || l->bytes == NULL)
        return wire_fail(text, -ENOMEM, "there is no memory for the wire");
    return 0;
}

static void
loop_close(struct wire *w)
{
    struct loop *l = (struct loop *)w;

    wire_memory_free(w, l->slot);
    wire_memory_free(w, l->bytes);
}

static uint8_t *
bytes_of(const struct loop *l, uint32_t slot)
{
    return l->bytes + (size_t)slot * l->room;
}

/* The next free slot, or -1. */
static int64_t
slot_for(const struct loop *l)
{
    return l->count < l->frames ? (int64_t)((l->head + l->count) % l->frames) : -1;
}

/* The slot was filled. */
static void
push(struct loop *l)
{
    if (l->count++ == 0 && l->wire.ready != NULL)
        l->wire.ready(l->wire.ready_arg);
}

static unsigned
loop_receive(struct wire *w, struct wire_rx *rx, unsigned count)
{
    struct loop *l = (struct loop *)w;
    unsigned got = 0;

    while (got < count && l->count > 0) {
        const struct slot *slot = &l->slot[l->head];
        const uint8_t *bytes = bytes_of(l, l->head);
        struct wire_offload o = slot->offload;

        l->head = (l->head + 1) % l->frames;
        l->count--;
        if (slot->length > rx[got].room) {
            w->stats.rx_long++;
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
    unsigned done;

    for (done = 0; done < count; done++) {
        int64_t slot = slot_for(l);
        uint32_t at = 0;

        if (slot < 0)
            break;
        if (tx[done].length > l->room) {
            w->stats.tx_dropped++;
            continue;
        }
        for (unsigned i = 0; i < tx[done].iov_count && at < tx[done].length; i++) {
            size_t n = tx[done].iov[i].iov_len;

            if (n > tx[done].length - at)
                n = tx[done].length - at;
            memcpy(bytes_of(l, (uint32_t)slot) + at, tx[done].iov[i].iov_base, n);
            at += (uint32_t)n;
        }
        l->slot[slot] = (struct slot){ at, tx[done].offload };
        push(l);
    }
    return done;
}

static bool
loop_send_ready(struct wire *w)
{
    return slot_for((struct loop *)w) >= 0;
}

/* Anything goes in, so that what comes in wrong is seen to be counted. */
static int
loop_put(struct wire *w, const void *frame, size_t length, const struct wire_offload *offload)
{
    struct loop *l = (struct loop *)w;
    int64_t slot = slot_for(l);

    if (length > l->room)
        return -EINVAL;
    if (slot < 0) {
        w->stats.rx_lost++;
        return -ENOSPC;
    }
    memcpy(bytes_of(l, (uint32_t)slot), frame, length);
    l->slot[slot] = (struct slot){ .length = (uint32_t)length };
    if (offload != NULL)
        l->slot[slot].offload = *offload;
    push(l);
    return 0;
}

/* Pull the plug, or put it back. */
static int
loop_set_carrier(struct wire *w, bool up)
{
    w->link.up = up;
    if (w->ready != NULL)
        w->ready(w->ready_arg);
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
    .set_carrier = loop_set_carrier,
    .put = loop_put,
};
