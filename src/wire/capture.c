/* SPDX-License-Identifier: MIT */
/*
 * wire/capture.c - reading a capture file: pcap and pcapng, in either byte order, from front to back.
 *
 * Model: a window lies over the file, in a buffer that is filled anew when the next piece is not whole in it; a file in
 * memory is one window. wire_file_next() gives the next frame, which lies in the window until the next call. Both
 * formats come from other programs: every length is compared with what is left of the file before it is used. Times
 * count from the first stamp; one that makes no sense is no reason to refuse, it counts as the frame's before it.
 *
 * The formats: draft-ietf-opsawg-pcap, draft-ietf-opsawg-pcapng. Start reading at: wire_file_next().
 */
#include "wire/pcap.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define WINDOW (1u << 18) /* stays in the cache */

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

struct wire_file {
    int fd;          /* -1: the window is all of it */
    uint8_t *buffer; /* NULL without fd */
    size_t room;
    const uint8_t *at, *end; /* the window: read and not yet used */
    uint64_t size;           /* of the file when it was opened; what it grows by is not looked at */
    uint64_t left;           /* after the window */
    uint32_t mtu;
    uint32_t count;   /* frames so far */
    uint64_t ns;      /* of the last */
    uint64_t rest;    /* from `at` to the end of what the last frame, or block, lies in */
    uint32_t trailer; /* pcapng: the length that stands at the block's end */
    bool ng, swapped, nanoseconds, begun;
    instant first; /* stamp, once begun */
    struct iface *iface;
    uint32_t iface_count;
    char *text; /* of the call under way */
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
get32(const struct wire_file *f, const uint8_t *p)
{
    uint32_t v;

    memcpy(&v, p, 4);
    return f->swapped ? __builtin_bswap32(v) : v;
}

static uint32_t
get16(const struct wire_file *f, const uint8_t *p)
{
    uint16_t v;

    memcpy(&v, p, 2);
    return f->swapped ? __builtin_bswap16(v) : v;
}

/* From here to the end of the file. */
static uint64_t
left(const struct wire_file *f)
{
    return (uint64_t)(f->end - f->at) + f->left;
}

static bool
refill(struct wire_file *f, size_t length)
{
    size_t have = (size_t)(f->end - f->at);

    if (length > left(f) || length > f->room)
        return false;
    memmove(f->buffer, f->at, have);
    while (have < length) {
        ssize_t got = read(f->fd, f->buffer + have, f->left < f->room - have ? (size_t)f->left : f->room - have);

        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0) { /* it was cut, or cannot be read: it ends here */
            f->left = 0;
            break;
        }
        have += (size_t)got;
        f->left -= (size_t)got;
    }
    f->at = f->buffer;
    f->end = f->buffer + have;
    return have >= length;
}

/* The next `length` bytes are in the window. false: the file ends before, or they are more than a window holds. */
static inline bool
need(struct wire_file *f, size_t length)
{
    return (size_t)(f->end - f->at) >= length || refill(f, length);
}

/* Over bytes that the file has. */
static void
skip(struct wire_file *f, uint64_t length)
{
    size_t have = (size_t)(f->end - f->at);

    if (length <= have) {
        f->at += length;
        return;
    }
    f->at = f->end;
    f->left -= length - have;
    if (lseek(f->fd, (off_t)(length - have), SEEK_CUR) < 0)
        f->left = 0;
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
check_link(const struct wire_file *f, uint32_t link)
{
    if (link == ETHERNET)
        return 0;
    return fail(f->text, -EINVAL, "its frames are of link type %u (%s), not Ethernet", link, link_name(link));
}

static int
ends_within(const struct wire_file *f, const char *what)
{
    return fail(f->text, -EINVAL, "after frame %u the capture ends within %s", f->count, what);
}

/* The next frame: `have` of its `length` bytes lie `before` bytes ahead. timed: it has a stamp. 1 and *out; -errno. */
static int
give_frame(struct wire_file *f, size_t before, uint32_t have, uint32_t length, bool timed, instant t,
           struct wire_frame *out)
{
    uint32_t number = f->count + 1, max = f->mtu + 18; /* with a VLAN tag */

    if (have < length)
        return fail(f->text, -EINVAL, "frame %u is cut: %u of its %u bytes were captured", number, have, length);
    if (have < WIRE_FRAME_MIN)
        return fail(f->text, -EINVAL, "frame %u has %u bytes: that is no Ethernet frame", number, have);
    if (have > max)
        return fail(f->text, -EINVAL, "frame %u has %u bytes: the wire's MTU is %u (%u bytes at most)", number, have,
                    f->mtu, max);
    if (!need(f, before + have))
        return ends_within(f, "a frame");
    if (timed && !f->begun)
        f->first = t;
    f->begun = f->begun || timed;
    if (timed && t - f->first > (instant)f->ns && t - f->first <= INT64_MAX)
        f->ns = (uint64_t)(t - f->first);
    f->count++;
    *out = (struct wire_frame){ f->ns, f->at + before, have };
    return 1;
}

static int
bad_block(const struct wire_file *f, uint32_t total)
{
    return fail(f->text, -EINVAL, "after frame %u a block of the capture has the length %u", f->count, total);
}

/* Leaves the record or block that was read last. */
static int
end_last(struct wire_file *f)
{
    uint32_t trailer = f->trailer;

    skip(f, f->rest - (trailer != 0 ? 4 : 0));
    f->rest = f->trailer = 0;
    if (trailer == 0)
        return 0;
    if (!need(f, 4))
        return ends_within(f, "a block");
    if (get32(f, f->at) != trailer)
        return bad_block(f, trailer);
    f->at += 4;
    return 0;
}

/* ------------------------------------------------------------------ pcap */

static int
begin_pcap(struct wire_file *f, uint32_t magic)
{
    int err;

    f->swapped = magic != PCAP_US && magic != PCAP_NS;
    if (!need(f, PCAP_HEADER))
        return ends_within(f, "its header");
    f->nanoseconds = get32(f, f->at) == PCAP_NS;
    err = check_link(f, get32(f, f->at + 20) & LINKS);
    f->at += PCAP_HEADER;
    return err;
}

static int
next_pcap(struct wire_file *f, struct wire_frame *out)
{
    uint32_t have;
    instant t;

    if (left(f) == 0)
        return 0;
    if (!need(f, PCAP_RECORD) || get32(f, f->at + 8) > left(f) - PCAP_RECORD)
        return ends_within(f, "a frame");
    have = get32(f, f->at + 8);
    t = (instant)get32(f, f->at) * SECOND + (instant)get32(f, f->at + 4) * (f->nanoseconds ? 1 : 1000);
    f->rest = PCAP_RECORD + have;
    return give_frame(f, PCAP_RECORD, have, get32(f, f->at + 12), true, t, out);
}

/* ------------------------------------------------------------------ pcapng */

/* What an interface block's options say of time. */
static void
read_options(const struct wire_file *f, const uint8_t *at, const uint8_t *end, struct iface *i)
{
    while (end - at >= 4) {
        uint32_t code = get16(f, at), length = get16(f, at + 2);

        at += 4;
        if (code == 0 || length > (size_t)(end - at))
            return;
        if (code == NG_TSRESOL && length == 1)
            i->resolution = *at;
        if (code == NG_TSOFFSET && length == 8)
            i->offset_s =
                (int64_t)((uint64_t)get32(f, at + (f->swapped ? 0 : 4)) << 32 | get32(f, at + (f->swapped ? 4 : 0)));
        length = (length + 3) & ~3u;
        at += length < (size_t)(end - at) ? length : (size_t)(end - at);
    }
}

static int
add_interface(struct wire_file *f, uint32_t total)
{
    struct iface i = { .resolution = 6 }, *more;

    if (total < NG_AROUND + 8)
        return ends_within(f, "an interface's description");
    if (!need(f, total))
        return fail(f->text, -EINVAL, "after frame %u an interface's description has %u bytes", f->count, total);
    i.link = get16(f, f->at + 8);
    i.snap = get32(f, f->at + 12);
    read_options(f, f->at + 16, f->at + total - 4, &i);
    more = realloc(f->iface, (f->iface_count + 1) * sizeof(*more));
    if (more == NULL)
        return fail(f->text, -ENOMEM, "out of memory while reading the capture");
    f->iface = more;
    f->iface[f->iface_count++] = i;
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
give_packet(struct wire_file *f, uint32_t type, uint32_t total, struct wire_frame *out)
{
    uint32_t fixed = type == NG_SIMPLE ? 12 : 28, number, have, length;
    const struct iface *i;
    int err;

    if (total < fixed + 4 || !need(f, fixed))
        return ends_within(f, "a frame");
    number = type == NG_SIMPLE ? 0 : type == NG_OLD ? get16(f, f->at + 8) : get32(f, f->at + 8);
    if (number >= f->iface_count)
        return fail(f->text, -EINVAL, "frame %u is of interface %u, which the capture does not describe", f->count + 1,
                    number);
    i = &f->iface[number];
    err = check_link(f, i->link);
    if (err)
        return err;
    length = get32(f, f->at + fixed - 4);
    have = type != NG_SIMPLE ? get32(f, f->at + 20) : i->snap != 0 && i->snap < length ? i->snap : length;
    if (have > total - fixed - 4)
        return ends_within(f, "a frame");
    if (type == NG_SIMPLE)
        return give_frame(f, fixed, have, length, false, 0, out);
    return give_frame(f, fixed, have, length, true,
                      instant_of(i, (uint64_t)get32(f, f->at + 12) << 32 | get32(f, f->at + 16)), out);
}

/* A section begins: its byte order, and no interface of the one before. */
static int
begin_section(struct wire_file *f)
{
    uint32_t magic;

    if (!need(f, NG_AROUND + 16))
        return ends_within(f, "the header of a section");
    memcpy(&magic, f->at + 8, 4);
    if (magic != NG_MAGIC && magic != __builtin_bswap32(NG_MAGIC))
        return fail(f->text, -EINVAL, "this is no capture file: its section has no byte order");
    f->swapped = magic != NG_MAGIC;
    f->iface_count = 0;
    if (get16(f, f->at + 12) != 1)
        return fail(f->text, -EINVAL, "the capture is of pcapng version %u, not 1", get16(f, f->at + 12));
    return 0;
}

static int
next_pcapng(struct wire_file *f, struct wire_frame *out)
{
    while (left(f) > 0) {
        uint32_t type, total;
        int result = 0;

        if (!need(f, NG_AROUND))
            return ends_within(f, "a block");
        type = get32(f, f->at);
        if (type == NG_SECTION && (result = begin_section(f)) != 0)
            return result;
        total = get32(f, f->at + 4);
        if (total > left(f))
            return ends_within(f, "a block");
        if (total < NG_AROUND || total % 4 != 0)
            return bad_block(f, total);
        f->rest = total;
        f->trailer = total;
        if (type == NG_INTERFACE)
            result = add_interface(f, total);
        else if (type == NG_PACKET || type == NG_OLD || type == NG_SIMPLE)
            return give_packet(f, type, total, out);
        if (result != 0 || (result = end_last(f)) != 0)
            return result;
    }
    return 0;
}

/* ------------------------------------------------------------------ files */

int
wire_file_next(struct wire_file *f, struct wire_frame *out, char text[200])
{
    int err;

    f->text = text;
    err = end_last(f);
    if (err)
        return err;
    return f->ng ? next_pcapng(f, out) : next_pcap(f, out);
}

/* At the first byte of a file whose window is empty, or all of it. */
static int
begin(struct wire_file *f, char text[200])
{
    uint32_t magic = 0;

    f->text = text;
    f->count = f->iface_count = 0;
    f->ns = f->rest = 0;
    f->trailer = 0;
    f->swapped = f->begun = false;
    if (left(f) == 0)
        return fail(text, -EINVAL, "the file is empty");
    if (need(f, 4))
        memcpy(&magic, f->at, 4);
    f->ng = magic == NG_SECTION;
    if (f->ng)
        return 0;
    if (magic == PCAP_US || magic == PCAP_NS || magic == __builtin_bswap32(PCAP_US) ||
        magic == __builtin_bswap32(PCAP_NS))
        return begin_pcap(f, magic);
    return fail(text, -EINVAL, "this is no capture file: it begins as neither pcap nor pcapng does");
}

int
wire_file_rewind(struct wire_file *f, char text[200])
{
    f->at = f->end = f->buffer;
    f->left = f->size;
    if (lseek(f->fd, 0, SEEK_SET) < 0)
        return fail(text, -errno, "cannot read the capture: %s", strerror(errno));
    return begin(f, text);
}

int
wire_file_adopt(int fd, size_t window, uint32_t mtu, struct wire_file **out, char text[200])
{
    struct wire_file *f = calloc(1, sizeof(*f));
    struct stat st;
    int err;

    *out = NULL;
    if (f == NULL) {
        close(fd);
        return fail(text, -ENOMEM, "out of memory while reading the capture");
    }
    f->fd = fd;
    f->mtu = mtu;
    f->room = window > mtu + 64 ? window : mtu + 64; /* a frame and what stands before it */
    f->buffer = malloc(f->room);
    if (f->buffer == NULL)
        err = fail(text, -ENOMEM, "out of memory while reading the capture");
    else if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
        err = fail(text, -EINVAL, "cannot read the capture: %s",
                   S_ISDIR(st.st_mode) ? strerror(EISDIR) : "it is no regular file, and is read twice");
    else {
        f->size = (uint64_t)st.st_size;
        err = wire_file_rewind(f, text);
    }
    if (err) {
        wire_file_close(f);
        return err;
    }
    *out = f;
    return 0;
}

int
wire_file_open(const char *path, uint32_t mtu, struct wire_file **out, char text[200])
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    *out = NULL;
    if (fd < 0)
        return fail(text, -errno, "cannot read the capture: %s", strerror(errno));
    return wire_file_adopt(fd, WINDOW, mtu, out, text);
}

int
wire_file_in_memory(const void *bytes, size_t length, uint32_t mtu, struct wire_file **out, char text[200])
{
    struct wire_file *f = calloc(1, sizeof(*f));
    int err;

    *out = NULL;
    if (f == NULL)
        return fail(text, -ENOMEM, "out of memory while reading the capture");
    f->fd = -1;
    f->at = bytes;
    f->end = f->at + length;
    f->mtu = mtu;
    err = begin(f, text);
    if (err) {
        wire_file_close(f);
        return err;
    }
    *out = f;
    return 0;
}

void
wire_file_close(struct wire_file *f)
{
    if (f == NULL)
        return;
    if (f->fd >= 0)
        close(f->fd);
    free(f->buffer);
    free(f->iface);
    free(f);
}
