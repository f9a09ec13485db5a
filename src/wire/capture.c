/* SPDX-License-Identifier: MIT */
/*
 * wire/capture.c - reading a capture file: pcap and pcapng, in either byte order.
 *
 * Model: the file lies in memory whole and stays there; one pass over it finds the frames, which point into it. Both
 * formats come from other programs: every length is compared with what is left before it is used. Times count from
 * the first stamp; one that makes no sense is no reason to refuse, it counts as the frame's before it.
 *
 * The formats: draft-ietf-opsawg-pcap, draft-ietf-opsawg-pcapng. Start reading at: wire_capture_parse().
 */
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/host.h"
#include "wire/pcap.h"

#define PCAP_US     0xa1b2c3d4u
#define PCAP_NS     0xa1b23c4du
#define PCAP_HEADER 24u
#define PCAP_RECORD 16u

#define NG_SECTION   0x0a0d0d0au /* the same in either order */
#define NG_MAGIC     0x1a2b3c4du
#define NG_INTERFACE 1u
#define NG_OLD       2u
#define NG_SIMPLE    3u
#define NG_PACKET    6u
#define NG_AROUND    12u /* type and length before a block's body, length after it */
#define NG_TSRESOL   9u
#define NG_TSOFFSET  14u

#define SECOND   1000000000
#define ETHERNET 1u
#define LINKS    0x03ffffffu /* of pcap's word: the rest tells of check sequences */

typedef __int128 instant; /* nanoseconds; no stamp that a file can hold overflows it */

/* pcapng: what an interface block says. */
struct iface {
    uint32_t link, snap;
    uint8_t resolution; /* units are 10^-resolution seconds; with the top bit 2^-(the rest) */
    int64_t offset_s;
};

struct reader {
    struct wire_capture *capture;
    const uint8_t *at, *end;
    bool swapped, begun;
    instant first; /* stamp, once begun */
    struct iface *iface;
    uint32_t iface_count;
    char *text;
};

static int __attribute__((format(printf, 3, 4))) fail(char text[200], int err, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(text, 200, format, args);
    va_end(args);
    return err;
}

/* ------------------------------------------------------------------ bytes */

static uint32_t
get32(const struct reader *r, const uint8_t *p)
{
    uint32_t v;

    memcpy(&v, p, 4);
    return r->swapped ? __builtin_bswap32(v) : v;
}

static uint32_t
get16(const struct reader *r, const uint8_t *p)
{
    uint16_t v;

    memcpy(&v, p, 2);
    return r->swapped ? __builtin_bswap16(v) : v;
}

static size_t
left(const struct reader *r)
{
    return (size_t)(r->end - r->at);
}

/* ------------------------------------------------------------------ frames */

static const char *
link_name(uint32_t link)
{
    static const struct {
        uint32_t link;
        const char *name;
    } names[] = { { 0, "NULL" },         { 12, "RAW" },        { 101, "RAW" },
                  { 105, "IEEE802_11" }, { 113, "LINUX_SLL" }, { 127, "IEEE802_11_RADIO" },
                  { 228, "IPV4" },       { 229, "IPV6" },      { 276, "LINUX_SLL2" } };

    for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (names[i].link == link)
            return names[i].name;
    return "unknown";
}

static int
check_link(const struct reader *r, uint32_t link)
{
    if (link == ETHERNET)
        return 0;
    return fail(r->text, -EINVAL, "its frames are of link type %u (%s), not Ethernet", link, link_name(link));
}

static int
ends_within(const struct reader *r, const char *what)
{
    return fail(r->text, -EINVAL, "after frame %u the capture ends within %s", r->capture->count, what);
}

/* The next frame: `have` of its `length` bytes lie at `bytes`. timed: it has a stamp. */
static int
add_frame(struct reader *r, const uint8_t *bytes, uint32_t have, uint32_t length, bool timed, instant t)
{
    struct wire_capture *c = r->capture;
    unsigned number = c->count + 1;
    uint64_t ns = c->count > 0 ? c->frame[c->count - 1].ns : 0;

    if (have < length)
        return fail(r->text, -EINVAL, "frame %u is cut: %u of its %u bytes were captured", number, have, length);
    if (have < WIRE_FRAME_MIN)
        return fail(r->text, -EINVAL, "frame %u has %u bytes: that is no Ethernet frame", number, have);
    if (have > WIRE_FRAME_MAX)
        return fail(r->text, -EINVAL, "frame %u has %u bytes: the wire's MTU is 1500 (%u bytes at most)", number, have,
                    WIRE_FRAME_MAX);
    if (timed && !r->begun)
        r->first = t;
    r->begun = r->begun || timed;
    if (timed && t - r->first > (instant)ns && t - r->first <= INT64_MAX)
        ns = (uint64_t)(t - r->first);
    c->frame[c->count++] = (struct wire_frame){ ns, bytes, have };
    return 0;
}

/* ------------------------------------------------------------------ pcap */

static int
read_pcap(struct reader *r)
{
    uint32_t magic = get32(r, r->at);
    bool ns;
    int err;

    r->swapped = magic != PCAP_US && magic != PCAP_NS;
    ns = get32(r, r->at) == PCAP_NS;
    if (left(r) < PCAP_HEADER)
        return ends_within(r, "its header");
    err = check_link(r, get32(r, r->at + 20) & LINKS);
    r->at += PCAP_HEADER;
    while (err == 0 && r->at < r->end) {
        const uint8_t *h = r->at;
        uint32_t have;

        if (left(r) < PCAP_RECORD || get32(r, h + 8) > left(r) - PCAP_RECORD)
            return ends_within(r, "a frame");
        have = get32(r, h + 8);
        err = add_frame(r, h + PCAP_RECORD, have, get32(r, h + 12), true,
                        (instant)get32(r, h) * SECOND + (instant)get32(r, h + 4) * (ns ? 1 : 1000));
        r->at += PCAP_RECORD + have;
    }
    return err;
}

/* ------------------------------------------------------------------ pcapng */

/* What an interface block's options say of time. */
static void
read_options(const struct reader *r, const uint8_t *at, const uint8_t *end, struct iface *i)
{
    while (end - at >= 4) {
        uint32_t code = get16(r, at), length = get16(r, at + 2);

        at += 4;
        if (code == 0 || length > (size_t)(end - at))
            return;
        if (code == NG_TSRESOL && length == 1)
            i->resolution = *at;
        if (code == NG_TSOFFSET && length == 8)
            i->offset_s =
                (int64_t)((uint64_t)get32(r, at + (r->swapped ? 0 : 4)) << 32 | get32(r, at + (r->swapped ? 4 : 0)));
        length = (length + 3) & ~3u;
        at += length < (size_t)(end - at) ? length : (size_t)(end - at);
    }
}

static int
add_interface(struct reader *r, const uint8_t *body, uint32_t length)
{
    struct iface i = { .resolution = 6 }, *more;

    if (length < 8)
        return ends_within(r, "an interface's description");
    i.link = get16(r, body);
    i.snap = get32(r, body + 4);
    read_options(r, body + 8, body + length, &i);
    more = realloc(r->iface, (r->iface_count + 1) * sizeof(*more));
    if (more == NULL)
        return fail(r->text, -ENOMEM, "out of memory while reading the capture");
    r->iface = more;
    r->iface[r->iface_count++] = i;
    return 0;
}

static instant
instant_of(const struct iface *i, uint64_t units)
{
    uint8_t power = i->resolution & 0x7f;
    instant t = units;

    if (i->resolution & 0x80) {
        t = power < 64 ? (t * SECOND) >> power : 0;
    } else {
        for (; power < 9; power++)
            t *= 10;
        for (; power > 9 && t > 0; power--)
            t /= 10;
    }
    return t + (instant)i->offset_s * SECOND;
}

static int
read_packet(struct reader *r, uint32_t type, const uint8_t *body, uint32_t length)
{
    uint32_t number, have;
    const struct iface *i;
    int err;

    if (length < (type == NG_SIMPLE ? 4 : 20))
        return ends_within(r, "a frame");
    number = type == NG_SIMPLE ? 0 : type == NG_OLD ? get16(r, body) : get32(r, body);
    if (number >= r->iface_count)
        return fail(r->text, -EINVAL, "frame %u is of interface %u, which the capture does not describe",
                    r->capture->count + 1, number);
    i = &r->iface[number];
    err = check_link(r, i->link);
    if (err)
        return err;
    if (type == NG_SIMPLE) {
        uint32_t whole = get32(r, body);

        have = i->snap != 0 && i->snap < whole ? i->snap : whole;
        if (have > length - 4)
            return ends_within(r, "a frame");
        return add_frame(r, body + 4, have, whole, false, 0);
    }
    have = get32(r, body + 12);
    if (have > length - 20)
        return ends_within(r, "a frame");
    return add_frame(r, body + 20, have, get32(r, body + 16), true,
                     instant_of(i, (uint64_t)get32(r, body + 4) << 32 | get32(r, body + 8)));
}

/* A section begins: its byte order, and no interface of the one before. */
static int
begin_section(struct reader *r)
{
    uint32_t magic;

    if (left(r) < NG_AROUND + 16)
        return ends_within(r, "the header of a section");
    memcpy(&magic, r->at + 8, 4);
    if (magic != NG_MAGIC && magic != __builtin_bswap32(NG_MAGIC))
        return fail(r->text, -EINVAL, "this is no capture file: its section has no byte order");
    r->swapped = magic != NG_MAGIC;
    r->iface_count = 0;
    if (get16(r, r->at + 12) != 1)
        return fail(r->text, -EINVAL, "the capture is of pcapng version %u, not 1", get16(r, r->at + 12));
    return 0;
}

static int
read_pcapng(struct reader *r)
{
    int err = 0;

    while (err == 0 && r->at < r->end) {
        const uint8_t *block = r->at;
        uint32_t type, total;

        if (left(r) < NG_AROUND)
            return ends_within(r, "a block");
        type = get32(r, block);
        if (type == NG_SECTION && (err = begin_section(r)) != 0)
            return err;
        total = get32(r, block + 4);
        if (total > left(r))
            return ends_within(r, "a block");
        if (total < NG_AROUND || total % 4 != 0 || get32(r, block + total - 4) != total)
            return fail(r->text, -EINVAL, "after frame %u a block of the capture has the length %u", r->capture->count,
                        total);
        if (type == NG_INTERFACE)
            err = add_interface(r, block + 8, total - NG_AROUND);
        else if (type == NG_PACKET || type == NG_OLD || type == NG_SIMPLE)
            err = read_packet(r, type, block + 8, total - NG_AROUND);
        r->at += total;
    }
    return err;
}

/* ------------------------------------------------------------------ files */

static int
parse(struct wire_capture *c, char text[200])
{
    struct reader r = { .capture = c, .at = c->file, .end = c->file + c->file_length, .text = text };
    uint32_t magic = 0;
    int err;

    if (c->file_length == 0)
        return fail(text, -EINVAL, "the file is empty");
    /* no frame takes less than its record and an Ethernet header; what is not used is never touched */
    c->frame = host_large_alloc((c->file_length / (PCAP_RECORD + WIRE_FRAME_MIN) + 1) * sizeof(*c->frame));
    if (c->frame == NULL)
        return fail(text, -ENOMEM, "out of memory while reading the capture");
    if (c->file_length >= 4)
        memcpy(&magic, c->file, 4);
    if (magic == NG_SECTION)
        err = read_pcapng(&r);
    else if (magic == PCAP_US || magic == PCAP_NS || magic == __builtin_bswap32(PCAP_US) ||
             magic == __builtin_bswap32(PCAP_NS))
        err = read_pcap(&r);
    else
        err = fail(text, -EINVAL, "this is no capture file: it begins as neither pcap nor pcapng does");
    free(r.iface);
    if (err == 0 && c->count == 0)
        err = fail(text, -EINVAL, "the capture has no frames");
    return err;
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
        return fail(text, -ENOMEM, "out of memory while reading the capture");
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
    if (err)
        return fail(text, err, "cannot read the capture: %s", strerror(-err));
    if (length > max) {
        free(bytes);
        return fail(text, -EFBIG, "the file is larger than %zu MB", max >> 20);
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
