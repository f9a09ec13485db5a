/* SPDX-License-Identifier: MIT */
/*
 * wire/pcap.h - capture files: frames a wire plays, and a record of what was on one.
 *
 * Model: a file, pcap or pcapng, is read as a whole, before any driver runs; from then on a capture is memory, and its
 * frames point into it. Every frame is one that a wire with an MTU of 1500 could have carried, complete: a file with
 * another kind of frame is refused by name rather than played in part. What is written is pcap, by ourselves.
 */
#ifndef WIRE_PCAP_H
#define WIRE_PCAP_H

#include <stddef.h>
#include <stdint.h>

#define WIRE_FILE_MAX  (1u << 30)
#define WIRE_FRAME_MIN 14u   /* an Ethernet header */
#define WIRE_FRAME_MAX 1518u /* header, VLAN tag, MTU of 1500 */

struct wire_frame {
    uint64_t ns;          /* since the first frame; never less than the frame's before it */
    const uint8_t *bytes; /* in the capture's file */
    uint32_t length;
};

struct wire_capture {
    struct wire_frame *frame;
    uint32_t count; /* at least 1 */
    uint8_t *file;  /* the file as it was, and its length */
    size_t file_length;
};

/* 0 and *out; else -errno and one sentence, without full stop and without the file's name. max: bytes of the file. */
int wire_capture_read(const char *path, size_t max, struct wire_capture **out, char text[200]);
int wire_capture_parse(const void *bytes, size_t length, struct wire_capture **out, char text[200]);
void wire_capture_free(struct wire_capture *capture);

/* A frame that was on a wire. */
struct wire_record {
    uint64_t time_100ns; /* since 1601, as Windows counts */
    const uint8_t *bytes;
    uint32_t length;
};

/* Write a pcap file with nanoseconds, in this order. 0 or -errno. */
int wire_records_write(const char *path, const struct wire_record *record, uint32_t count);

#endif
