/* SPDX-License-Identifier: MIT */
/* wire/pcap.c - see pcap.h. Start reading at: wire_capture_parse(). */
#include "wire/pcap.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/host.h"

static int __attribute__((format(printf, 3, 4))) fail(char text[200], int err, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(text, 200, format, args);
    va_end(args);
    return err;
}

void
wire_capture_free(struct wire_capture *capture)
{
    if (capture == NULL)
        return;
    for (uint32_t i = 0; i < capture->count; i++)
        free((void *)capture->frame[i].bytes);
    free(capture->frame);
    free(capture->file);
    free(capture);
}

/* ---- reading --------------------------------------------------------------------------------------------------- */

#ifdef UNDIS_PCAP
#include <pcap/pcap.h>

/* Room for one more frame. */
static int
grow(struct wire_capture *c, uint32_t *room)
{
    struct wire_frame *more;

    if (c->count < *room)
        return 0;
    *room = *room ? *room * 2 : 64;
    more = realloc(c->frame, *room * sizeof(*more));
    if (more == NULL)
        return -ENOMEM;
    c->frame = more;
    return 0;
}

static int
add_frame(struct wire_capture *c, uint32_t *room, int64_t ns, const struct pcap_pkthdr *h, const u_char *bytes,
          char text[200])
{
    unsigned number = c->count + 1;
    uint64_t before = c->count ? c->frame[c->count - 1].ns : 0;
    uint8_t *copy;

    if (number > WIRE_FRAMES_MAX)
        return fail(text, -EFBIG, "the capture has more than %u frames", WIRE_FRAMES_MAX);
    if (h->caplen < h->len)
        return fail(text, -EINVAL, "frame %u is cut: %u of its %u bytes were captured", number, h->caplen, h->len);
    if (h->caplen < WIRE_FRAME_MIN)
        return fail(text, -EINVAL, "frame %u has %u bytes: that is no Ethernet frame", number, h->caplen);
    if (h->caplen > WIRE_FRAME_MAX)
        return fail(text, -EINVAL, "frame %u has %u bytes: the wire's MTU is 1500 (%u bytes at most)", number,
                    h->caplen, WIRE_FRAME_MAX);
    copy = malloc(h->caplen);
    if (copy == NULL || grow(c, room)) {
        free(copy);
        return fail(text, -ENOMEM, "out of memory while reading the capture");
    }
    memcpy(copy, bytes, h->caplen);
    c->frame[c->count++] = (struct wire_frame){ ns > (int64_t)before ? (uint64_t)ns : before, copy, h->caplen };
    return 0;
}

static int
read_frames(pcap_t *pcap, struct wire_capture *c, char text[200])
{
    struct pcap_pkthdr *h;
    const u_char *bytes;
    uint32_t room = 0;
    int64_t first_s = 0, first_ns = 0;
    int got, err = 0;

    while (err == 0 && (got = pcap_next_ex(pcap, &h, &bytes)) == 1) {
        int64_t ns;

        if (c->count == 0) {
            first_s = h->ts.tv_sec;
            first_ns = h->ts.tv_usec; /* nanoseconds: so it was opened */
        }
        /* a time that makes no sense is no reason to refuse: it counts as the frame's before it */
        if (__builtin_sub_overflow((int64_t)h->ts.tv_sec, first_s, &ns) ||
            __builtin_mul_overflow(ns, INT64_C(1000000000), &ns) ||
            __builtin_add_overflow(ns, (int64_t)h->ts.tv_usec - first_ns, &ns))
            ns = 0;
        err = add_frame(c, &room, ns, h, bytes, text);
    }
    if (err)
        return err;
    if (got == -1)
        return fail(text, -EINVAL, "after frame %u the capture cannot be read: %.130s", c->count, pcap_geterr(pcap));
    if (c->count == 0)
        return fail(text, -EINVAL, "the capture has no frames");
    return 0;
}

static int
parse(const void *bytes, size_t length, struct wire_capture *c, char text[200])
{
    char problem[PCAP_ERRBUF_SIZE] = "";
    FILE *file;
    pcap_t *pcap;
    int link, err;

    if (length == 0)
        return fail(text, -EINVAL, "the file is empty");
    if (length > WIRE_FILE_MAX)
        return fail(text, -EFBIG, "the file is larger than %u MB", WIRE_FILE_MAX >> 20);
    file = fmemopen((void *)bytes, length, "rb");
    if (file == NULL)
        return fail(text, -ENOMEM, "out of memory while reading the capture");
    pcap = pcap_fopen_offline_with_tstamp_precision(file, PCAP_TSTAMP_PRECISION_NANO, problem);
    if (pcap == NULL) {
        fclose(file);
        return fail(text, -EINVAL, "this is no capture file: %.150s", problem);
    }
    link = pcap_datalink(pcap);
    if (link != DLT_EN10MB) {
        const char *name = pcap_datalink_val_to_name(link);

        err =
            fail(text, -EINVAL, "its frames are of link type %d (%.40s), not Ethernet", link, name ? name : "unknown");
    } else {
        err = read_frames(pcap, c, text);
    }
    pcap_close(pcap); /* and file */
    return err;
}

#else

static int
parse(const void *bytes, size_t length, struct wire_capture *c, char text[200])
{
    (void)bytes;
    (void)length;
    (void)c;
    return fail(text, -ENOTSUP, "the wire pcap is lacking: undis was built without libpcap (install libpcap-dev)");
}

#endif

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
        return fail(text, -ENOMEM, "out of memory while reading the capture");
    }
    c->file = file;
    c->file_length = length;
    err = parse(file, length, c, text);
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
wire_capture_read(const char *path, struct wire_capture **out, char text[200])
{
    uint8_t *bytes = NULL;
    size_t length = 0;
    int err = host_read_file(path, &bytes, &length);

    *out = NULL;
    if (err)
        return fail(text, err, "cannot read the capture: %s", strerror(-err));
    return adopt(bytes, length, out, text);
}

/* ---- writing --------------------------------------------------------------------------------------------------- */

#define UNIX_EPOCH_100NS 116444736000000000ull
#define SNAP             262144u

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
