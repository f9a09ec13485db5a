/* SPDX-License-Identifier: MIT */
/* builtin/cable.c - see cable.h. Start reading at: poll(). */
#include "builtin/cable.h"

#include <string.h>

#include "machine/live.h"
#include "machine/machine.h"
#include "ndis/hw/nic.h"
#include "wire/segment.h"
#include "wire/wire.h"

#define BURST      32u
#define NEWS_EVERY 8u /* polls without a frame */

/* Monitor memory. Only the poller touches what is below `played`. */
struct cable {
    struct hw_nic *card;
    struct hw_nic_cable end;
    struct wire *wire;
    struct live_poller poller;
    int fd;
    bool played;
    struct wire_rx rx[BURST]; /* read from the wire; those before rx_at are with the card */
    unsigned rx_at, rx_count;
    unsigned segment; /* of rx[rx_at]: the next one */
    uint8_t *cut;     /* a segment */
    struct wire_tx tx[BURST];
    struct iovec iov[BURST];
    uint8_t out[BURST][HW_NIC_FRAME_MAX]; /* taken from the card; those before tx_at are on the wire */
    unsigned tx_at, tx_count;
    unsigned quiet;
};

/* ------------------------------------------------------------------ to the card */

/* Under the lock: rx[rx_at], or what there is room for of its segments. */
static void
deliver_one(struct cable *c)
{
    struct wire_rx *r = &c->rx[c->rx_at];
    unsigned segments = r->offload.gso != WIRE_GSO_NONE ? wire_segments(&r->offload, r->length) : 1;

    if (r->offload.gso == WIRE_GSO_NONE) {
        if (r->offload.flags & WIRE_NEEDS_CSUM)
            wire_csum_fill(r->buffer, r->length, &r->offload);
        hw_nic_receive(c->card, r->buffer, r->length);
        c->segment++;
    }
    for (; c->segment < segments && hw_nic_room(c->card) > 0; c->segment++)
        hw_nic_receive(c->card, c->cut, wire_segment(r->buffer, r->length, &r->offload, c->segment, c->cut));
    if (c->segment < segments)
        return;
    c->segment = 0;
    c->rx_at++;
}

/* How many frames more the card can take. */
static uint32_t
deliver(struct cable *c)
{
    bool was = machine_lock();
    uint32_t room;

    while ((room = hw_nic_room(c->card)) > 0 && c->rx_at < c->rx_count)
        deliver_one(c);
    machine_unlock(was);
    return room;
}

static unsigned
receive(struct cable *c)
{
    uint32_t room = deliver(c);
    bool listen = c->rx_at == c->rx_count && room > 0 && !(room == UINT32_MAX && c->played);

    wire_listen(c->wire, listen);
    if (!listen)
        return 0;
    for (unsigned i = 0; i < BURST; i++)
        c->rx[i].offload = (struct wire_offload){ 0 };
    c->rx_at = 0;
    c->rx_count = wire_receive(c->wire, c->rx, room < BURST ? room : BURST);
    if (c->rx_count > 0)
        deliver(c);
    return c->rx_count;
}

/* ------------------------------------------------------------------ from the card */

static void
take(struct cable *c)
{
    bool was = machine_lock();

    c->tx_at = c->tx_count = 0;
    while (c->tx_count < BURST) {
        uint32_t length = hw_nic_take(c->card, c->out[c->tx_count]);

        if (length == 0)
            break;
        c->iov[c->tx_count].iov_len = length;
        c->tx[c->tx_count++].length = length;
    }
    hw_nic_taken(c->card);
    machine_unlock(was);
}

static unsigned
send(struct cable *c)
{
    unsigned sent = 0, n;

    for (;;) {
        if (c->tx_at == c->tx_count)
            take(c);
        if (c->tx_count == 0)
            return sent;
        n = wire_send(c->wire, c->tx + c->tx_at, c->tx_count - c->tx_at);
        c->tx_at += n;
        sent += n;
        if (c->tx_at < c->tx_count && !wire_send_ready(c->wire))
            return sent; /* the descriptor tells when there is room */
        if (sent >= LIVE_BURST)
            return sent;
    }
}

/* ------------------------------------------------------------------ the poller */

static void
news(struct cable *c)
{
    struct wire_link link;
    bool was;

    if (!wire_poll(c->wire))
        return;
    wire_link(c->wire, &link);
    was = machine_lock();
    hw_nic_link(c->card, link.up);
    machine_unlock(was);
}

static unsigned
poll(void *arg, unsigned budget)
{
    struct cable *c = arg;
    unsigned count = send(c) + receive(c);

    (void)budget; /* a burst each way is less */
    if (count > 0)
        c->quiet = 0;
    else if (c->quiet++ % NEWS_EVERY == 0)
        news(c);
    return count;
}

/* Under the machine lock, any IRQL. */
static void
ready(void *arg)
{
    struct cable *c = arg;

    live_poller_due(&c->poller);
}

/* A loop has frames: within wire_send(), so in our own poll. */
static void
loop_ready(void *arg)
{
    bool was = machine_lock();

    ready(arg);
    machine_unlock(was);
}

struct cable *
cable_add(struct hw_nic *card, struct wire *w, unsigned vp)
{
    static const uint8_t none[6];
    const struct wire_info *info = wire_info(w);
    struct cable *c = mon_alloc(sizeof(*c));
    size_t room = info->frame_max > HW_NIC_FRAME_MAX ? info->frame_max : HW_NIC_FRAME_MAX;
    struct wire_link link;

    c->card = card;
    c->wire = w;
    c->played = info->played;
    c->fd = wire_fd(w);
    c->cut = mon_alloc(room);
    for (unsigned i = 0; i < BURST; i++) {
        c->rx[i] = (struct wire_rx){ .buffer = (uint8_t *)mon_alloc(room + 2 * WIRE_MARGIN) + WIRE_MARGIN,
                                     .room = (uint32_t)room,
                                     .margins = true };
        c->iov[i].iov_base = c->out[i];
        c->tx[i] = (struct wire_tx){ .iov = &c->iov[i], .iov_count = 1 };
    }
    c->poller = (struct live_poller){ .fn = poll, .arg = c, .fds = &c->fd, .fd_count = c->fd >= 0, .vp = (uint8_t)vp };
    c->end = (struct hw_nic_cable){ .ready = ready, .arg = c };
    if (live_poller_add(&c->poller) != 0)
        return NULL;
    if (memcmp(info->mac, none, sizeof(none)) != 0)
        hw_nic_set_address(card, info->mac);
    wire_on_ready(w, loop_ready, c);
    wire_set_carrier(w, true);
    wire_link(w, &link);
    hw_nic_link(card, link.up);
    hw_nic_connect(card, &c->end);
    return c;
}

void
cable_remove(struct cable *c)
{
    hw_nic_connect(c->card, NULL);
    live_poller_remove(&c->poller);
}
