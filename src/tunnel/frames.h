/* SPDX-License-Identifier: MIT */
/*
 * tunnel/frames.h - Ethernet frames in a stream of bytes.
 *
 * Model: two bytes of length, most significant first, then the frame. Length 0 is a sign of life. Any other length than
 * 0 and TUNNEL_FRAME_MIN to TUNNEL_FRAME_MAX is an error, after which the stream is of no use.
 */
#ifndef TUNNEL_FRAMES_H
#define TUNNEL_FRAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TUNNEL_FRAME_MIN 14u
#define TUNNEL_FRAME_MAX 9018u
#define TUNNEL_LENGTH    2u

/* What of the stream is not taken yet. Zeroed: the beginning of a stream. */
struct tunnel_stream {
    uint8_t bytes[TUNNEL_LENGTH + TUNNEL_FRAME_MAX];
    size_t used;
    bool broken;
};

typedef void tunnel_frame_fn(void *arg, const uint8_t *frame, size_t length);

/* The next len bytes: fn for each frame that they complete. False: the stream is broken, now or before. */
bool tunnel_take(struct tunnel_stream *s, const uint8_t *bytes, size_t len, tunnel_frame_fn *fn, void *arg);

/* A frame, or with length 0 a sign of life, at out; the bytes it takes, or 0 if room is too small for it. */
size_t tunnel_put(uint8_t *out, size_t room, const uint8_t *frame, size_t length);

#endif
