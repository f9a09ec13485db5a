/* SPDX-License-Identifier: MIT */
/*
 * wire/replay.c - the wire `pcap`: frames of a file come in, what is sent goes to another.
 *
 * Model: the file is read once from front to back when the wire is opened, so that one which cannot be played whole is
 * refused, and again as it is played, a window at a time (pcap.h); the next frame is always there already. At the
 * recorded speed a timer says when it is due, counted from the first receive; at full speed it is. After the last the
 * link is gone, as when a cable is pulled, unless the wire only writes. The same when the file was changed meanwhile
 * and cannot be read on, which counts as a frame lost.
 */
#include "wire/kind.h"

#include <errno.h>
#include <string.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "base/figure.h"
#include "host/host.h"
#include "wire/pcap.h"
#include "wire/record.h"

#define LOOPS_MAX 1000000000u

struct replay {
    struct wire wire;
    struct wire_file *file;
    struct wire_frame next;
    struct wire_recorder *recorder;
    uint64_t loops; /* left, this one included */
    uint64_t start; /* when the first frame of this loop was played; 0: not begun */
    int timer;
    bool full_speed;
};

/* All of it can be played. The first frame is the next. */
static int
look_through(struct replay *r, char text[200])
{
    int got;

    do
        got = wire_file_next(r->file, &r->next, text);
    while (got == 1);
    if (got == 0)
        got = wire_file_rewind(r->file, text);
    if (got == 0)
        got = wire_file_next(r->file, &r->next, text);
    if (got == 0)
        return wire_fail(text, -EINVAL, "the capture has no frames");
    return got < 0 ? got : 0;
}

static int
replay_open(struct wire *w, struct wire_spec *spec, char text[200])
{
    struct replay *r = (struct replay *)w;
    const char *file = wire_argument(spec), *value, *slash = strrchr(file, '/');
    struct itimerspec at_once = { .it_value.tv_nsec = 1 };
    uint64_t mtu = w->info.mtu;
    int err;

    r->timer = -1;
    r->loops = 1;
    err = wire_option_number(spec, "loops", 1, LOOPS_MAX, &r->loops, text);
    if (err == 0)
        err = wire_option_number(spec, "mtu", 68, WIRE_MTU_MAX, &mtu, text);
    if (err == 0)
        err = wire_option_mac(spec, "mac", w->info.mac, text);
    if (err)
        return err;
    w->info.mtu = (uint32_t)mtu;
    if (wire_option(spec, "speed", &value)) {
        if (value == NULL || (strcmp(value, "full") != 0 && strcmp(value, "recorded") != 0))
            return wire_fail(text, -EINVAL, "the option speed of the wire pcap is recorded or full");
        r->full_speed = strcmp(value, "full") == 0;
    }
    if (wire_option(spec, "write", &value)) {
        if (value == NULL || *value == 0)
            return wire_fail(text, -EINVAL, "the option write of the wire pcap needs a file");
        err = wire_recorder_open(value, &r->recorder, text);
        if (err)
            return err;
    } else if (*file == 0)
        return wire_fail(text, -EINVAL, "the wire pcap needs a file to play or to write: pcap:FILE");
    slash = slash != NULL ? slash + 1 : file;
    memcpy(w->name, slash, strlen(slash) < sizeof(w->name) ? strlen(slash) + 1 : sizeof(w->name) - 1);
    w->info.frame_max = w->info.mtu + WIRE_HEADER + 4;
    w->link.up = true;
    if (*file == 0)
        return 0;
    w->info.played = true;
    if ((err = wire_file_open(file, w->info.mtu, &r->file, text)) != 0 || (err = look_through(r, text)) != 0)
        return err;
    r->timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    if (r->timer < 0 || timerfd_settime(r->timer, 0, &at_once, NULL) != 0)
        return wire_fail(text, -errno, "cannot make a timer: %s", strerror(errno));
    err = wire_watch(w, r->timer);
    return err ? wire_fail(text, err, "cannot watch a timer: %s", strerror(-err)) : 0;
}

static void
replay_close(struct wire *w)
{
    struct replay *r = (struct replay *)w;

    wire_recorder_close(r->recorder);
    wire_file_close(r->file);
    if (r->timer >= 0)
        close(r->timer);
}

/* The timer fires when the next frame is due. */
static void
wait_until(struct replay *r, uint64_t due_ns)
{
    struct itimerspec at = { .it_value = { (time_t)(due_ns / 1000000000), (long)(due_ns % 1000000000) } };

    timerfd_settime(r->timer, TFD_TIMER_ABSTIME, &at, NULL); /* also takes back that it has fired */
}

/* The next frame was played: on to the one after it, perhaps the first again. */
static void
advance(struct replay *r)
{
    char text[200];
    int got = wire_file_next(r->file, &r->next, text);

    if (got == 0) {
        r->start = 0;
        if (--r->loops > 0 && (got = wire_file_rewind(r->file, text)) == 0 &&
            (got = wire_file_next(r->file, &r->next, text)) == 0)
            got = -EINVAL; /* it was cut */
    }
    if (got < 0)
        figure_add(&r->wire.stats.rx_lost, 1);
    if (got != 1)
        r->wire.link = (struct wire_link){ .gone = true };
}

static unsigned
replay_receive(struct wire *w, struct wire_rx *rx, unsigned count)
{
    struct replay *r = (struct replay *)w;
    uint64_t now = 0;
    unsigned got = 0;

    if (r->file == NULL || w->link.gone)
        return 0;
    if (!r->full_speed)
        now = host_now_ns();
    while (got < count && !w->link.gone) {
        const struct wire_frame *f = &r->next;

        if (!r->full_speed) {
            if (r->start == 0)
                r->start = now;
            if (r->start + f->ns > now) {
                wait_until(r, r->start + f->ns);
                break;
            }
        }
        if (f->length > rx[got].room) {
            figure_add(&w->stats.rx_long, 1);
        } else {
            memcpy(rx[got].buffer, f->bytes, f->length);
            rx[got].length = f->length;
            rx[got++].offload = (struct wire_offload){ 0 };
        }
        advance(r);
    }
    return got;
}

static unsigned
replay_send(struct wire *w, const struct wire_tx *tx, unsigned count)
{
    struct replay *r = (struct replay *)w;

    for (unsigned i = 0; i < count; i++)
        if (r->recorder != NULL && !wire_recorder_put(r->recorder, tx[i].iov, tx[i].iov_count, tx[i].length))
            figure_add(&w->stats.tx_dropped, 1);
    return count;
}

const struct wire_ops wire_pcap = {
    .kind = "pcap",
    .size = sizeof(struct replay),
    .open = replay_open,
    .receive = replay_receive,
    .send = replay_send,
    .close = replay_close,
};
