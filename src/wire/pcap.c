/* SPDX-License-Identifier: MIT */
/* wire/pcap.c - a capture file in memory, and a pcap file of frames that were on a wire; see pcap.h. */
#include "wire/pcap.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/host.h"

#define RECORD_MIN       (16u + WIRE_FRAME_MIN) /* bytes that a frame takes in a file, at least */
#define UNIX_EPOCH_100NS 116444736000000000ull
#define SNAP             262144u

/* ------------------------------------------------------------------ in memory */

static int
refuse(char text[200], int err, const char *why)
{
    snprintf(text, 200, "%s", why);
    return err;
}

static int
parse(struct wire_capture *c, char text[200])
{
    struct wire_file *f;
    int got = wire_file_in_memory(c->file, c->file_length, WIRE_CAPTURE_MTU, &f, text);

    if (got < 0)
        return got;
    c->frame = host_large_alloc((c->file_length / RECORD_MIN + 1) * sizeof(*c->frame)); /* touched as far as used */
    if (c->frame == NULL)
        got = refuse(text, -ENOMEM, "out of memory while reading the capture");
    while (got >= 0 && (got = wire_file_next(f, &c->frame[c->count], text)) == 1)
        c->count++;
    wire_file_close(f);
    if (got == 0 && c->count == 0)
        got = refuse(text, -EINVAL, "the capture has no frames");
    return got;
}

/* file becomes the capture's in any case. */
static int
adopt(uint8_t *file, size_t length, struct wire_capture **out, char text[200])
{
    struct wire_capture *c = calloc(1, sizeof(*c));
    int err;

    *out = NULL;
    if (c == NULL || file == NULL) {
        free(file);
        free(c);
        return refuse(text, -ENOMEM, "out of memory while reading the capture");
    }
    c->file = file;
    c->file_length = length;
    err = parse(c, text);
    if (err) {
        wire_capture_free(c);
        return err;
    }
    *out = c;
    return 0;
}

int
wire_capture_parse(const void *bytes, size_t length, struct wire_capture **out, char text[200])
{
    uint8_t *copy = malloc(length + 1);

    if (copy != NULL)
        memcpy(copy, bytes, length);
    return adopt(copy, length, out, text);
}

int
wire_capture_read(const char *path, size_t max, struct wire_capture **out, char text[200])
{
    uint8_t *bytes = NULL;
    size_t length = 0;
    int err = host_read_file(path, &bytes, &length);

    *out = NULL;
    if (err) {
        snprintf(text, 200, "cannot read the capture: %s", strerror(-err));
        return err;
    }
    if (length > max) {
        free(bytes);
        snprintf(text, 200, "the file is larger than %zu MB", max >> 20);
        return -EFBIG;
    }
    return adopt(bytes, length, out, text);
}

void
wire_capture_free(struct wire_capture *capture)
{
    if (capture == NULL)
        return;
    free(capture->frame);
    free(capture->file);
    free(capture);
}

/* ------------------------------------------------------------------ a record */

struct file_header {
    uint32_t magic;
    uint16_t major, minor;
    uint32_t zone, accuracy, snap, link;
};

struct record_header {
    uint32_t s, ns, captured, length;
};

static uint32_t
captured(const struct wire_record *r)
{
    return r->length < SNAP ? r->length : SNAP;
}

int
wire_records_write(const char *path, const struct wire_record *record, uint32_t count)
{
    struct file_header header = { 0xa1b23c4d, 2, 4, 0, 0, SNAP, 1 };
    size_t size = sizeof(header);
    uint8_t *out, *at;
    int err;

    for (uint32_t i = 0; i < count; i++)
        size += sizeof(struct record_header) + captured(&record[i]);
    out = at = malloc(size);
    if (out == NULL)
        return -ENOMEM;
    at = (uint8_t *)memcpy(at, &header, sizeof(header)) + sizeof(header);
    for (uint32_t i = 0; i < count; i++) {
        const struct wire_record *r = &record[i];
        uint64_t t = r->time_100ns > UNIX_EPOCH_100NS ? r->time_100ns - UNIX_EPOCH_100NS : 0;
        struct record_header h = { (uint32_t)(t / 10000000), (uint32_t)(t % 10000000) * 100, captured(r), r->length };

        at = (uint8_t *)memcpy(at, &h, sizeof(h)) + sizeof(h);
        at = (uint8_t *)memcpy(at, r->bytes, h.captured) + h.captured;
    }
    err = host_write_file(path, out, size);
    free(out);
    return err;
}
