/* SPDX-License-Identifier: MIT */
/* tunnel/frames.c - Ethernet frames in a stream of bytes (frames.h). */
#include "tunnel/frames.h"

#include <string.h>

/* Bytes that the record at the front has in all; only its length is looked at. */
static size_t
record_size(const struct tunnel_stream *s)
{
    return TUNNEL_LENGTH + ((size_t)s->bytes[0] << 8 | s->bytes[1]);
}

bool
tunnel_take(struct tunnel_stream *s, const uint8_t *bytes, size_t len, tunnel_frame_fn *fn, void *arg)
{
    while (!s->broken && len > 0) {
        size_t want = s->used < TUNNEL_LENGTH ? TUNNEL_LENGTH : record_size(s);
        size_t part = want - s->used < len ? want - s->used : len;
        size_t length;

        memcpy(s->bytes + s->used, bytes, part);
        s->used += part;
        bytes += part;
        len -= part;
        if (s->used < TUNNEL_LENGTH)
            continue;
        length = record_size(s) - TUNNEL_LENGTH;
        if (length != 0 && (length < TUNNEL_FRAME_MIN || length > TUNNEL_FRAME_MAX)) {
            s->broken = true;
        } else if (s->used == TUNNEL_LENGTH + length) {
            s->used = 0;
            if (length != 0)
                fn(arg, s->bytes + TUNNEL_LENGTH, length);
        }
    }
    return !s->broken;
}

size_t
tunnel_put(uint8_t *out, size_t room, const uint8_t *frame, size_t length)
{
    if (room < TUNNEL_LENGTH + length)
        return 0;
    out[0] = (uint8_t)(length >> 8);
    out[1] = (uint8_t)length;
    if (length != 0)
        memcpy(out + TUNNEL_LENGTH, frame, length);
    return TUNNEL_LENGTH + length;
}
