/* SPDX-License-Identifier: MIT */
/*
 * fuzz/tunnel_fuzz.c - no stream makes the tunnel hand over a frame of a length that there is not, and how the stream
 * is cut into pieces makes no difference.
 *
 * Input: the stream. It is taken whole, and a second time in pieces of 1, 2, 3, ... bytes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tunnel/frames.c"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define REQUIRE(condition)                                    \
    do {                                                      \
        if (!(condition)) {                                   \
            fprintf(stderr, "tunnel_fuzz: %s\n", #condition); \
            abort();                                          \
        }                                                     \
    } while (0)

struct seen {
    size_t frames, bytes;
    uint32_t sum;
};

static void
see(void *arg, const uint8_t *frame, size_t length)
{
    struct seen *s = arg;

    REQUIRE(length >= TUNNEL_FRAME_MIN && length <= TUNNEL_FRAME_MAX);
    s->frames++;
    s->bytes += length;
    for (size_t i = 0; i < length; i++)
        s->sum = s->sum * 31 + frame[i];
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct tunnel_stream whole, pieces;
    struct seen a = { 0, 0, 0 }, b = { 0, 0, 0 };
    bool ok, still = true;
    uint8_t out[64];

    memset(&whole, 0, sizeof(whole));
    memset(&pieces, 0, sizeof(pieces));
    ok = tunnel_take(&whole, data, size, see, &a);
    for (size_t at = 0, part = 1; at < size; at += part, part++)
        still = tunnel_take(&pieces, data + at, part < size - at ? part : size - at, see, &b);
    REQUIRE(ok == still);
    REQUIRE(a.frames == b.frames && a.bytes == b.bytes && a.sum == b.sum);
    REQUIRE(a.bytes + TUNNEL_LENGTH * a.frames <= size);
    if (!ok)
        REQUIRE(!tunnel_take(&whole, (const uint8_t *)"\0\0", 2, see, &a));
    if (size >= TUNNEL_FRAME_MIN && size <= sizeof(out)) {
        size_t n = tunnel_put(out, sizeof(out), data, size);

        REQUIRE(n == (size + TUNNEL_LENGTH <= sizeof(out) ? size + TUNNEL_LENGTH : 0));
    }
    return 0;
}
