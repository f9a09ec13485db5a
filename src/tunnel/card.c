/* SPDX-License-Identifier: MIT */
/* tunnel/card.c - the card's two directions (card.h). */
#include "tunnel/card.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "tunnel/frames.h"
#include "undis/undis.h"

/* One request of those that are under way at a time, and its frame. */
struct slot {
    OVERLAPPED request;
    bool pending;
    uint8_t frame[TUNNEL_FRAME_MAX];
};

static struct {
    HANDLE reader, writer;
    int event;
    pthread_mutex_t lock;
    struct {
        size_t length;
        uint8_t bytes[TUNNEL_FRAME_MAX];
    } ring[TUNNEL_RING];
    unsigned first, used; /* lock, as the rest */
    struct card_counts counts;
    bool gone;
} card = { .lock = PTHREAD_MUTEX_INITIALIZER };

static struct slot reads[TUNNEL_READS];   /* the reading thread's */
static struct slot writes[TUNNEL_WRITES]; /* the writing thread's */
static unsigned next_write;

static void
wake(void)
{
    uint64_t one = 1;

    if (write(card.event, &one, sizeof(one)) < 0)
        return; /* it is readable already */
}

static void
keep(const uint8_t *frame, size_t length)
{
    pthread_mutex_lock(&card.lock);
    card.counts.read++;
    if (card.used == TUNNEL_RING) {
        card.counts.overrun++;
    } else {
        unsigned at = (card.first + card.used) % TUNNEL_RING;

        memcpy(card.ring[at].bytes, frame, length);
        card.ring[at].length = length;
        if (card.used++ == 0)
            wake();
    }
    pthread_mutex_unlock(&card.lock);
}

/* False: the machine is gone. */
static bool
read_next(struct slot *s)
{
    memset(&s->request, 0, sizeof(s->request));
    return ReadFile(card.reader, s->frame, sizeof(s->frame), NULL, &s->request) || GetLastError() == ERROR_IO_PENDING;
}

static void *
read_frames(void *arg)
{
    bool there = true;
    DWORD length;

    (void)arg;
    for (unsigned i = 0; i < TUNNEL_READS; i++)
        there = there && read_next(&reads[i]);
    for (unsigned i = 0; there; i = (i + 1) % TUNNEL_READS) {
        there = GetOverlappedResult(card.reader, &reads[i].request, &length, TRUE);
        if (there)
            keep(reads[i].frame, length);
        there = there && read_next(&reads[i]);
    }
    pthread_mutex_lock(&card.lock);
    card.gone = true;
    wake();
    pthread_mutex_unlock(&card.lock);
    return NULL;
}

bool
card_open(const char *machine, const char *device, char text[256])
{
    pthread_t thread;
    char path[128];

    snprintf(path, sizeof(path), "\\\\.\\%.100s", device);
    if (!undis_connect(machine)) {
        snprintf(text, 256, "%.200s", undis_connect_error());
        return false;
    }
    card.reader = CreateFileA(path, GENERIC_READ, 0, NULL, OPEN_EXISTING, FILE_FLAG_OVERLAPPED, NULL);
    card.writer = CreateFileA(path, GENERIC_WRITE, 0, NULL, OPEN_EXISTING, FILE_FLAG_OVERLAPPED, NULL);
    if (card.reader == INVALID_HANDLE_VALUE || card.writer == INVALID_HANDLE_VALUE) {
        snprintf(text, 256, "%.100s cannot be opened: error %u", path, (unsigned)GetLastError());
        return false;
    }
    card.event = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (card.event < 0 || pthread_create(&thread, NULL, read_frames, NULL) != 0) {
        snprintf(text, 256, "no thread can be made to read the card");
        return false;
    }
    pthread_detach(thread);
    return true;
}

int
card_event(void)
{
    return card.event;
}

size_t
card_next(uint8_t *frame, size_t room)
{
    size_t length = 0;
    uint64_t count;

    pthread_mutex_lock(&card.lock);
    if (card.used > 0 && card.ring[card.first].length <= room) {
        length = card.ring[card.first].length;
        memcpy(frame, card.ring[card.first].bytes, length);
        card.first = (card.first + 1) % TUNNEL_RING;
        card.used--;
    }
    if (card.used == 0 && !card.gone && read(card.event, &count, sizeof(count)) < 0)
        count = 0; /* it was not set */
    pthread_mutex_unlock(&card.lock);
    return length;
}

static void
count_write(bool ok)
{
    pthread_mutex_lock(&card.lock);
    card.counts.written += ok;
    card.counts.refused += !ok;
    pthread_mutex_unlock(&card.lock);
}

/* Waits for what the slot has under way. */
static void
end_write(struct slot *s)
{
    DWORD done;

    if (!s->pending)
        return;
    s->pending = false;
    count_write(GetOverlappedResult(card.writer, &s->request, &done, TRUE));
}

void
card_write(const uint8_t *frame, size_t length)
{
    struct slot *s = &writes[next_write];

    next_write = (next_write + 1) % TUNNEL_WRITES;
    end_write(s);
    memcpy(s->frame, frame, length);
    memset(&s->request, 0, sizeof(s->request));
    s->pending = !WriteFile(card.writer, s->frame, (DWORD)length, NULL, &s->request) &&
                 GetLastError() == ERROR_IO_PENDING;
    if (!s->pending)
        count_write(false);
}

struct card_counts
card_counts(void)
{
    struct card_counts counts;

    CancelIoEx(card.writer, NULL);
    for (unsigned i = 0; i < TUNNEL_WRITES; i++)
        end_write(&writes[i]);
    pthread_mutex_lock(&card.lock);
    counts = card.counts;
    pthread_mutex_unlock(&card.lock);
    return counts;
}

bool
card_gone(void)
{
    bool gone;

    pthread_mutex_lock(&card.lock);
    gone = card.gone;
    pthread_mutex_unlock(&card.lock);
    return gone;
}
