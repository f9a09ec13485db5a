/* SPDX-License-Identifier: MIT */
/*
 * wire/pcap.h - capture files: frames a wire plays, and a record of what was on one.
 *
 * Model: a file, pcap or pcapng, is read from front to back, as often as it is played. Where a run is to repeat it is
 * read as a whole, before any driver runs; from then on that capture is memory, and its frames point into it. Every
 * frame is one that a wire of the given MTU could have carried, complete: a file with another kind of frame is refused
 * by name rather than played in part. What is written is pcap, by ourselves.
 */
#ifndef WIRE_PCAP_H
#define WIRE_PCAP_H

#include <stddef.h>
#include <stdint.h>

#define WIRE_FRAME_MIN   14u /* an Ethernet header */
#define WIRE_CAPTURE_MTU 1500u
#define WIRE_FRAME_MAX   (WIRE_CAPTURE_MTU + 18u) /* of a capture in memory: with header and VLAN tag */

struct wire_frame {
    uint64_t ns;          /* since the first frame; never less than the frame's before it */
    const uint8_t *bytes; /* in the capture's file, or good until the next call for one */
    uint32_t length;
};

/* ------------------------------------------------------------------ a file, frame by frame */

struct wire_file;

/* 0 and *out; else -errno and one sentence, without full stop and without the file's name. That is so for all here. */
int wire_file_open(const char *path, uint32_t mtu, struct wire_file **out, char text[200]);
/* The same of a descriptor, which is taken in any case; window: how many bytes are read at a time. */
int wire_file_adopt(int fd, size_t window, uint32_t mtu, struct wire_file **out, char text[200]);
/* The same of bytes that stay where they are until it is closed; it cannot be rewound. */
int wire_file_in_memory(const void *bytes, size_t length, uint32_t mtu, struct wire_file **out, char text[200]);
/* 1 and *out; 0 after the last; -errno. */
int wire_file_next(struct wire_file *f, struct wire_frame *out, char text[200]);
int wire_file_rewind(struct wire_file *f, char text[200]);
void wire_file_close(struct wire_file *f);

/* ------------------------------------------------------------------ a capture in memory */

struct wire_capture {
    struct wire_frame *frame;
    uint32_t count; /* at least 1 */
    uint8_t *file;  /* the file as it was, and its length */
    size_t file_length;
};

/* max: bytes of the file. */
int wire_capture_read(const char *path, size_t max, struct wire_capture **out, char text[200]);
int wire_capture_parse(const void *bytes, size_t length, struct wire_capture **out, char text[200]);
void wire_capture_free(struct wire_capture *capture);

/* ------------------------------------------------------------------ a record */

/* A frame that was on a wire. */
struct wire_record {
    uint64_t time_100ns; /* since 1601, as Windows counts */
    const uint8_t *bytes;
    uint32_t length;
};

/* Write a pcap file with nanoseconds, in this order. 0 or -errno. */
int wire_records_write(const char *path, const struct wire_record *record, uint32_t count);

#endif
