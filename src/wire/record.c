/* SPDX-License-Identifier: MIT */
/* wire/record.c - see record.h. Both formats are written as this machine has its bytes, as their magic says. */
#include "wire/record.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "wire/kind.h"

#define RING   (4u << 20) /* a power of two */
#define EN10MB 1u
#define SNAP   262144u

struct wire_recorder {
    int fd, wake;
    bool ng;
    bool stop, asleep;
    int err;
    pthread_t thread;
    uint64_t head, tail; /* bytes ever put, ever written */
    uint8_t ring[RING];
};

struct pcap_header {
    uint32_t magic;
    uint16_t major, minor;
    uint32_t zone, accuracy, snap, link;
};

struct pcap_record {
    uint32_t s, ns, captured, length;
};

/* Section, then interface with if_tsresol 9: nanoseconds. */
static const uint32_t ng_header[] = { 0x0a0d0d0a, 28,     0x1a2b3c4d, 0x00000001, 0xffffffff, 0xffffffff, 28, 1,
                                      32,         EN10MB, SNAP,       0x00010009, 9,          0,          32 };

struct ng_packet {
    uint32_t type, total, interface, time_high, time_low, captured, length;
};

/* ------------------------------------------------------------------ the thread */

static void
write_all(struct wire_recorder *r, const void *bytes, size_t length)
{
    const uint8_t *at = bytes;

    while (length > 0 && r->err == 0) {
        ssize_t n = write(r->fd, at, length);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            __atomic_store_n(&r->err, -errno, __ATOMIC_RELAXED);
            return;
        }
        at += n;
        length -= (size_t)n;
    }
}

static void *
run(void *arg)
{
    struct wire_recorder *r = arg;

    for (;;) {
        uint64_t head = __atomic_load_n(&r->head, __ATOMIC_ACQUIRE), tail = r->tail, beats;
        size_t from = tail % RING, length = (size_t)(head - tail);

        if (length > 0) {
            if (length > RING - from)
                length = RING - from;
            write_all(r, r->ring + from, length);
            __atomic_store_n(&r->tail, tail + length, __ATOMIC_RELEASE);
            continue;
        }
        if (__atomic_load_n(&r->stop, __ATOMIC_ACQUIRE)) {
            if (__atomic_load_n(&r->head, __ATOMIC_ACQUIRE) == tail)
                return NULL;
            continue;
        }
        __atomic_store_n(&r->asleep, true, __ATOMIC_SEQ_CST);
        if (__atomic_load_n(&r->head, __ATOMIC_SEQ_CST) == tail && !__atomic_load_n(&r->stop, __ATOMIC_SEQ_CST) &&
            read(r->wake, &beats, sizeof(beats)) < 0 && errno != EINTR)
            return NULL;
        __atomic_store_n(&r->asleep, false, __ATOMIC_SEQ_CST);
    }
}

static void
wake(struct wire_recorder *r)
{
    static const uint64_t one = 1;

    if (write(r->wake, &one, sizeof(one)) < 0)
        return; /* only when the count is at its end: then it is awake */
}

/* ------------------------------------------------------------------ frames */

static uint64_t
append(struct wire_recorder *r, uint64_t at, const void *bytes, size_t length)
{
    size_t to = at % RING, first = length < RING - to ? length : RING - to;

    memcpy(r->ring + to, bytes, first);
    memcpy(r->ring, (const uint8_t *)bytes + first, length - first);
    return at + length;
}

bool
wire_recorder_put(struct wire_recorder *r, const struct iovec *iov, unsigned iov_count, uint32_t length)
{
    static const uint8_t zero[4];
    uint32_t pad = r->ng ? -length & 3 : 0, left = length;
    uint32_t total =
        r->ng ? (uint32_t)sizeof(struct ng_packet) + length + pad + 4 : (uint32_t)sizeof(struct pcap_record) + length;
    uint64_t at = r->head;
    struct timespec now;

    if (__atomic_load_n(&r->err, __ATOMIC_RELAXED) != 0) /* the disk is full, say: nothing more is written */
        return false;
    if (length > SNAP || total > RING - (at - __atomic_load_n(&r->tail, __ATOMIC_ACQUIRE)))
        return false;
    clock_gettime(CLOCK_REALTIME, &now);
    if (r->ng) {
        uint64_t ns = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
        struct ng_packet h = { 6, total, 0, (uint32_t)(ns >> 32), (uint32_t)ns, length, length };

        at = append(r, at, &h, sizeof(h));
    } else {
        struct pcap_record h = { (uint32_t)now.tv_sec, (uint32_t)now.tv_nsec, length, length };

        at = append(r, at, &h, sizeof(h));
    }
    for (unsigned i = 0; i < iov_count && left > 0; i++) {
        uint32_t n = iov[i].iov_len < left ? (uint32_t)iov[i].iov_len : left;

        at = append(r, at, iov[i].iov_base, n);
        left -= n;
    }
    if (r->ng) {
        at = append(r, at, zero, pad);
        at = append(r, at, &total, sizeof(total));
    }
    __atomic_store_n(&r->head, at, __ATOMIC_SEQ_CST);
    if (__atomic_load_n(&r->asleep, __ATOMIC_SEQ_CST))
        wake(r);
    return true;
}

/* ------------------------------------------------------------------ open and close */

int
wire_recorder_open(const char *path, struct wire_recorder **out, char text[200])
{
    struct pcap_header header = { 0xa1b23c4d, 2, 4, 0, 0, SNAP, EN10MB };
    struct wire_recorder *r = calloc(1, sizeof(*r));
    size_t length = strlen(path);
    int err;

    *out = NULL;
    if (r == NULL)
        return wire_fail(text, -ENOMEM, "there is no memory for writing %.120s", path);
    r->ng = length > 7 && strcmp(path + length - 7, ".pcapng") == 0;
    r->wake = -1;
    r->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (r->fd < 0) {
        err = wire_fail(text, -errno, "cannot write %.120s: %s", path, strerror(errno));
        goto out;
    }
    if (r->ng)
        write_all(r, ng_header, sizeof(ng_header));
    else
        write_all(r, &header, sizeof(header));
    if (r->err) {
        err = wire_fail(text, r->err, "cannot write %.120s: %s", path, strerror(-r->err));
        goto out;
    }
    r->wake = eventfd(0, EFD_CLOEXEC);
    err = r->wake < 0 ? errno : pthread_create(&r->thread, NULL, run, r);
    if (err) {
        err = wire_fail(text, -err, "cannot start the writer of %.120s: %s", path, strerror(err));
        goto out;
    }
    *out = r;
    return 0;
out:
    if (r->wake >= 0)
        close(r->wake);
    if (r->fd >= 0)
        close(r->fd);
    free(r);
    return err;
}

int
wire_recorder_close(struct wire_recorder *r)
{
    int err;

    if (r == NULL)
        return 0;
    __atomic_store_n(&r->stop, true, __ATOMIC_SEQ_CST);
    wake(r);
    pthread_join(r->thread, NULL);
    err = r->err;
    if (close(r->fd) != 0 && err == 0)
        err = -errno;
    close(r->wake);
    free(r);
    return err;
}
