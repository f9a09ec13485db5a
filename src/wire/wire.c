/* SPDX-License-Identifier: MIT */
/* wire/wire.c - see wire.h: opening by spec, and what all kinds have in common. Start reading at: wire_open(). */
#include "wire/kind.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/figure.h"

#define OPTIONS_MAX 12u

struct wire_spec {
    char text[512];
    const char *kind, *argument;
    struct {
        const char *name, *value; /* value: NULL without = */
        bool known;
    } option[OPTIONS_MAX];
    unsigned count;
};

static const struct wire_ops *const kinds[] = { &wire_tap, &wire_afpacket, &wire_pcap, &wire_hop, &wire_loop };

int
wire_fail(char text[200], int err, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(text, 200, format, args);
    va_end(args);
    return err;
}

/* ------------------------------------------------------------------ specs */

static int
spec_read(struct wire_spec *spec, const char *text_in, char text[200])
{
    size_t length = strlen(text_in);
    char *rest, *comma, *colon;

    memset(spec, 0, sizeof(*spec));
    if (length == 0 || length >= sizeof(spec->text))
        return wire_fail(text, -EINVAL, "a wire's spec has 1 to %zu characters", sizeof(spec->text) - 1);
    memcpy(spec->text, text_in, length + 1);
    spec->kind = spec->text;
    spec->argument = "";
    rest = strchr(spec->text, ',');
    if (rest != NULL)
        *rest++ = 0;
    colon = strchr(spec->text, ':');
    if (colon != NULL) {
        *colon = 0;
        spec->argument = colon + 1;
    }
    for (; rest != NULL; rest = comma) {
        char *equals;

        comma = strchr(rest, ',');
        if (comma != NULL)
            *comma++ = 0;
        if (spec->count == OPTIONS_MAX)
            return wire_fail(text, -EINVAL, "a wire has at most %u options", OPTIONS_MAX);
        if (*rest == 0 || *rest == '=')
            return wire_fail(text, -EINVAL, "an option of the wire %.60s has no name", spec->kind);
        equals = strchr(rest, '=');
        if (equals != NULL)
            *equals++ = 0;
        for (unsigned i = 0; i < spec->count; i++)
            if (strcmp(spec->option[i].name, rest) == 0)
                return wire_fail(text, -EINVAL, "the option %.60s of the wire is given twice", rest);
        spec->option[spec->count].name = rest;
        spec->option[spec->count++].value = equals;
    }
    return 0;
}

const char *
wire_argument(const struct wire_spec *spec)
{
    return spec->argument;
}

bool
wire_option(struct wire_spec *spec, const char *name, const char **value)
{
    *value = NULL;
    for (unsigned i = 0; i < spec->count; i++)
        if (strcmp(spec->option[i].name, name) == 0) {
            spec->option[i].known = true;
            *value = spec->option[i].value;
            return true;
        }
    return false;
}

int
wire_option_number(struct wire_spec *spec, const char *name, uint64_t from, uint64_t to, uint64_t *out, char text[200])
{
    const char *value;
    char *end;
    unsigned long long number;

    if (!wire_option(spec, name, &value))
        return 0;
    errno = 0;
    number = value != NULL ? strtoull(value, &end, 10) : 0;
    if (value == NULL || *value < '0' || *value > '9' || *end != 0 || errno != 0 || number < from || number > to)
        return wire_fail(text, -EINVAL, "the wire's option %s is a number from %llu to %llu", name,
                         (unsigned long long)from, (unsigned long long)to);
    *out = number;
    return 0;
}

int
wire_option_mac(struct wire_spec *spec, const char *name, uint8_t out[6], char text[200])
{
    const char *value;
    unsigned b[6];
    int end = 0;

    if (!wire_option(spec, name, &value))
        return 0;
    if (value == NULL || strlen(value) != 17 ||
        sscanf(value, "%2x:%2x:%2x:%2x:%2x:%2x%n", &b[0], &b[1], &b[2], &b[3], &b[4], &b[5], &end) != 6 || end != 17)
        return wire_fail(text, -EINVAL, "the wire's option %s is an address like 02:00:00:00:00:01", name);
    if (b[0] & 1)
        return wire_fail(text, -EINVAL, "the wire's option %s is a multicast address", name);
    for (unsigned i = 0; i < 6; i++)
        out[i] = (uint8_t)b[i];
    return 0;
}

/* ------------------------------------------------------------------ open and close */

static void *
host_memory(size_t bytes)
{
    return calloc(1, bytes);
}

void
wire_memory_free(struct wire *w, void *p)
{
    if (w->options.alloc == host_memory)
        free(p);
}

/* Two machines on one cable must not have one address. */
static void
choose_mac(uint8_t mac[6])
{
    static const uint8_t none[6];

    if (memcmp(mac, none, 6) != 0)
        return;
    if (getrandom(mac, 6, GRND_NONBLOCK) != 6)
        memcpy(mac, (uint8_t[]){ 0, 0, 0, 0, 0, 1 }, 6);
    mac[0] = (uint8_t)((mac[0] & 0xfc) | 2); /* locally administered, no group */
}

int
wire_open(const char *spec_text, const struct wire_options *options, struct wire **out, char text[200])
{
    const struct wire_ops *ops = NULL;
    struct wire_spec spec;
    struct wire *w;
    int err;

    *out = NULL;
    text[0] = 0;
    err = spec_read(&spec, spec_text, text);
    if (err)
        return err;
    for (unsigned i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (strcmp(kinds[i]->kind, spec.kind) == 0)
            ops = kinds[i];
    if (ops == NULL)
        return wire_fail(text, -EINVAL, "there is no wire \"%.40s\"; there are tap, afpacket, pcap, link and loop",
                         spec.kind);
    w = (options && options->alloc ? options->alloc : host_memory)(ops->size);
    if (w == NULL)
        return wire_fail(text, -ENOMEM, "there is no memory for the wire");
    if (options != NULL)
        w->options = *options;
    if (w->options.alloc == NULL)
        w->options.alloc = host_memory;
    w->ops = ops;
    w->info.kind = ops->kind;
    w->info.name = w->name;
    w->info.mtu = w->options.mtu ? w->options.mtu : 1500;
    w->info.queues = 1;
    w->info.depth = 128;
    w->epoll = w->out = -1;
    err = ops->open(w, &spec, text);
    for (unsigned i = 0; err == 0 && i < spec.count; i++)
        if (!spec.option[i].known)
            err = wire_fail(text, -EINVAL, "the wire %s has no option \"%.60s\"", spec.kind, spec.option[i].name);
    if (err) {
        wire_close(w);
        return err;
    }
    if (ops != &wire_loop) /* where a run is to repeat, it is the reader's to choose */
        choose_mac(w->info.mac);
    *out = w;
    return 0;
}

void
wire_close(struct wire *w)
{
    if (w == NULL)
        return;
    w->ops->close(w);
    if (w->epoll >= 0)
        close(w->epoll);
    wire_memory_free(w, w);
}

int
wire_watch(struct wire *w, int fd)
{
    struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };

    if (w->epoll < 0)
        w->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (w->epoll < 0 || epoll_ctl(w->epoll, EPOLL_CTL_ADD, fd, &event) != 0)
        return -errno;
    w->watched[w->watched_count++] = fd;
    return 0;
}

void
wire_unwatch(struct wire *w, int fd)
{
    for (unsigned i = 0; i < w->watched_count; i++)
        if (w->watched[i] == fd) {
            epoll_ctl(w->epoll, EPOLL_CTL_DEL, fd, NULL);
            w->watched[i] = w->watched[--w->watched_count];
            return;
        }
}

int
wire_fd(const struct wire *w)
{
    return w->epoll;
}

/* What the descriptor is to tell of. */
static void
set_events(struct wire *w, int fd)
{
    struct epoll_event event = { .events = (w->deaf ? 0 : EPOLLIN) | (w->waits && fd == w->out ? EPOLLOUT : 0),
                                 .data.fd = fd };

    epoll_ctl(w->epoll, EPOLL_CTL_MOD, fd, &event);
}

void
wire_listen(struct wire *w, bool listen)
{
    if (w->deaf != listen)
        return;
    w->deaf = !listen;
    for (unsigned i = 0; i < w->watched_count; i++)
        set_events(w, w->watched[i]);
}

static bool
is_watched(const struct wire *w, int fd)
{
    for (unsigned i = 0; i < w->watched_count; i++)
        if (w->watched[i] == fd)
            return true;
    return false;
}

/* Tell, or no longer tell, when there is room to send. */
static void
wait_for_room(struct wire *w, bool wait)
{
    struct epoll_event room = { .events = EPOLLOUT, .data.fd = w->out };

    if (w->waits == wait || w->out < 0 || w->watched_count == 0)
        return;
    w->waits = wait;
    if (is_watched(w, w->out))
        set_events(w, w->out);
    else /* a descriptor that only sends */
        epoll_ctl(w->epoll, wait ? EPOLL_CTL_ADD : EPOLL_CTL_DEL, w->out, &room);
}

void
wire_sends_by(struct wire *w, int fd)
{
    if (w->out == fd)
        return;
    wait_for_room(w, false);
    w->out = fd;
}

/* A descriptor that failed is ready for ever: nobody is to wake up for it. */
static void
check_gone(struct wire *w)
{
    if (w->link.gone)
        wait_for_room(w, false);
    while (w->link.gone && w->watched_count > 0)
        wire_unwatch(w, w->watched[0]);
}

/* ------------------------------------------------------------------ frames */

bool
wire_frame_ok(struct wire *w, struct wire_offload *o, const uint8_t *head, size_t have, size_t length)
{
    if (length < WIRE_HEADER) {
        figure_add(&w->stats.rx_short, 1);
        return false;
    }
    if (wire_offload_check(o, head, have, length, NULL) != 0) {
        figure_add(&w->stats.rx_words, 1);
        return false;
    }
    return true;
}

unsigned
wire_receive(struct wire *w, struct wire_rx *rx, unsigned count)
{
    unsigned got = w->ops->receive(w, rx, count < WIRE_BURST ? count : WIRE_BURST);

    check_gone(w);
    figure_add(&w->stats.rx_frames, got);
    for (unsigned i = 0; i < got; i++)
        figure_add(&w->stats.rx_bytes, rx[i].length);
    if (w->heard && got > 0)
        w->heard(w->heard_arg, rx, got);
    return got;
}

void
wire_on_receive(struct wire *w, void (*fn)(void *, const struct wire_rx *, unsigned), void *arg)
{
    w->heard_arg = arg;
    w->heard = fn;
}

/* The first bytes of a frame in pieces, in one piece. */
static const uint8_t *
head_of(const struct wire_tx *tx, uint8_t *buffer, size_t room, size_t *have)
{
    size_t at = 0;

    if (tx->iov[0].iov_len >= tx->length || tx->iov[0].iov_len >= room) {
        *have = tx->iov[0].iov_len < tx->length ? tx->iov[0].iov_len : tx->length;
        return tx->iov[0].iov_base;
    }
    for (unsigned i = 0; i < tx->iov_count && at < room; i++) {
        size_t n = tx->iov[i].iov_len < room - at ? tx->iov[i].iov_len : room - at;

        memcpy(buffer + at, tx->iov[i].iov_base, n);
        at += n;
    }
    *have = at;
    return buffer;
}

/* May this frame go out on this wire? Its words are checked as those of one that came: a driver wrote them. */
static bool
may_send(const struct wire *w, const struct wire_tx *tx)
{
    struct wire_offload o = tx->offload;
    uint8_t buffer[256];
    const uint8_t *head;
    size_t have;

    if (tx->length < WIRE_HEADER || tx->iov_count == 0 || tx->iov_count > WIRE_IOV_MAX)
        return false;
    if (o.flags == 0 && o.gso == WIRE_GSO_NONE)
        return tx->length <= w->info.mtu + WIRE_HEADER + 4;
    if (!w->info.checksums || (o.gso == WIRE_GSO_TCP4 && !w->info.tcp4) || (o.gso == WIRE_GSO_TCP6 && !w->info.tcp6) ||
        (o.gso == WIRE_GSO_UDP && !w->info.udp))
        return false;
    if (o.gso == WIRE_GSO_NONE && tx->length > w->info.mtu + WIRE_HEADER + 4)
        return false;
    head = head_of(tx, buffer, sizeof(buffer), &have);
    return wire_offload_check(&o, head, have, tx->length, NULL) == 0;
}

unsigned
wire_send(struct wire *w, const struct wire_tx *tx, unsigned count)
{
    unsigned done = 0;

    if (count > WIRE_BURST)
        count = WIRE_BURST;
    while (done < count) {
        unsigned good = 0, taken;

        while (done + good < count && may_send(w, &tx[done + good]))
            good++;
        taken = good ? w->ops->send(w, tx + done, good) : 0;
        for (unsigned i = 0; i < taken; i++)
            figure_add(&w->stats.tx_bytes, tx[done + i].length);
        figure_add(&w->stats.tx_frames, taken);
        done += taken;
        if (taken < good) {
            wait_for_room(w, true);
            figure_add(&w->stats.tx_full, 1);
            return done;
        }
        if (done < count) {
            figure_add(&w->stats.tx_refused, 1);
            done++;
        }
    }
    wait_for_room(w, false);
    return done;
}

bool
wire_send_ready(struct wire *w)
{
    if (w->ops->send_ready != NULL)
        return w->ops->send_ready(w);
    if (w->out >= 0) {
        struct pollfd fd = { .fd = w->out, .events = POLLOUT };

        return poll(&fd, 1, 0) != 0; /* an error, too: the next send finds out which */
    }
    return true;
}

/* ------------------------------------------------------------------ state */

const struct wire_info *
wire_info(const struct wire *w)
{
    return &w->info;
}

void
wire_link(struct wire *w, struct wire_link *out)
{
    *out = w->link;
}

void
wire_stats(const struct wire *w, struct wire_stats *out)
{
    figures_read(out, &w->stats, sizeof(*out));
}

bool
wire_poll(struct wire *w)
{
    struct wire_link before = w->link;

    if (w->ops->poll != NULL)
        w->ops->poll(w);
    check_gone(w);
    return w->link.up != before.up || w->link.gone != before.gone || w->link.bit_s != before.bit_s;
}

void
wire_on_ready(struct wire *w, void (*fn)(void *arg), void *arg)
{
    w->ready = fn;
    w->ready_arg = arg;
}

int
wire_set_carrier(struct wire *w, bool up)
{
    return w->ops->set_carrier != NULL ? w->ops->set_carrier(w, up) : -ENOTSUP;
}

int
wire_set_mac(struct wire *w, const uint8_t mac[6])
{
    return w->ops->set_mac != NULL ? w->ops->set_mac(w, mac) : -ENOTSUP;
}

int
wire_set_mtu(struct wire *w, uint32_t mtu)
{
    return w->ops->set_mtu != NULL ? w->ops->set_mtu(w, mtu) : -ENOTSUP;
}

int
wire_put(struct wire *w, const void *frame, size_t length, const struct wire_offload *offload)
{
    return w->ops->put != NULL ? w->ops->put(w, frame, length, offload) : -ENOTSUP;
}

int
wire_take(struct wire *w, struct wire_rx *rx)
{
    return w->ops->take != NULL ? w->ops->take(w, rx) : -ENOTSUP;
}

int
wire_plug(struct wire *w, bool plugged)
{
    return w->ops->set_plug != NULL ? w->ops->set_plug(w, plugged) : -ENOTSUP;
}
