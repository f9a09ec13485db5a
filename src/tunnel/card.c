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

static struct {
    HANDLE reader, writer; /* two: requests of one file that is not overlapped wait for each other */
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

static void
wake(void)
{
    uint64_t one = 1;

    if (write(card.event, &one, sizeof(one)) < 0)
        return; /* it is readable already */
}

static void *
read_frames(void *arg)
{
    static uint8_t frame[TUNNEL_FRAME_MAX];
    DWORD length;

    (void)arg;
    while (ReadFile(card.reader, frame, sizeof(frame), &length, NULL)) {
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
    card.reader = CreateFileA(path, GENERIC_READ, 0, NULL, OPEN_EXISTING, 0, NULL);
    card.writer = CreateFileA(path, GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
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

void
card_write(const uint8_t *frame, size_t length)
{
    DWORD done;
    bool ok = WriteFile(card.writer, frame, (DWORD)length, &done, NULL);

    pthread_mutex_lock(&card.lock);
    card.counts.written += ok;
    card.counts.refused += !ok;
    pthread_mutex_unlock(&card.lock);
}

struct card_counts
card_counts(void)
{
    struct card_counts counts;

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
