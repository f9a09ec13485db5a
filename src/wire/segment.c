/* SPDX-License-Identifier: MIT */
/*
 * wire/segment.c - see segment.h.
 *
 * Model: sums are made in the byte order of the machine, which a one's complement sum does not mind (RFC 1071), eight
 * bytes at a time. A segment has the headers of the whole frame but for lengths, IPv4 identification, TCP sequence
 * number and flags (RFC 9293; FIN and PSH only in the last, CWR only in the first), checksums.
 */
#include "wire/segment.h"

#include <string.h>

static uint16_t
load16(const uint8_t *p)
{
    uint16_t v;

    memcpy(&v, p, 2);
    return v;
}

static void
put16(uint8_t *p, uint32_t value)
{
    p[0] = (uint8_t)(value >> 8);
    p[1] = (uint8_t)value;
}

static uint32_t
get32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

uint32_t
wire_sum(const void *bytes, size_t length, uint32_t sum)
{
    const uint8_t *p = bytes;
    uint64_t wide = sum;

    for (; length >= 8; p += 8, length -= 8) {
        uint64_t v;

        memcpy(&v, p, 8);
        wide += v;
        wide += wide < v; /* the carry comes round */
    }
    for (; length >= 2; p += 2, length -= 2) {
        uint64_t v = load16(p);

        wide += v;
        wide += wide < v;
    }
    if (length > 0) {
        wide += *p;
        wide += wide < *p;
    }
    wide = (wide & 0xffffffff) + (wide >> 32);
    wide = (wide & 0xffffffff) + (wide >> 32);
    return (uint32_t)wide;
}

uint16_t
wire_fold(uint32_t sum)
{
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)sum;
}

uint16_t
wire_pseudo(const uint8_t *frame, const struct wire_headers *h, uint32_t l4_length)
{
    const uint8_t *addresses = frame + h->l3 + (h->version == 4 ? 12 : 8);
    uint8_t rest[8] = { (uint8_t)(l4_length >> 24), (uint8_t)(l4_length >> 16), (uint8_t)(l4_length >> 8),
                        (uint8_t)l4_length, [7] = h->protocol };

    return wire_fold(wire_sum(addresses, h->version == 4 ? 8 : 32, wire_sum(rest, sizeof(rest), 0)));
}

void
wire_ip_fill(uint8_t *frame, const struct wire_headers *h, uint32_t l3_length)
{
    uint8_t *ip = frame + h->l3;
    uint16_t sum;

    if (h->version == 6) {
        put16(ip + 4, l3_length - 40 <= 65535 ? l3_length - 40 : 0);
        return;
    }
    put16(ip + 2, l3_length <= 65535 ? l3_length : 0);
    memset(ip + 10, 0, 2);
    sum = (uint16_t)~wire_fold(wire_sum(ip, (ip[0] & 15u) * 4, 0));
    memcpy(ip + 10, &sum, 2);
}

void
wire_csum_fill(uint8_t *frame, size_t length, const struct wire_offload *o)
{
    uint16_t sum;

    if (!(o->flags & WIRE_NEEDS_CSUM))
        return;
    sum = (uint16_t)~wire_fold(wire_sum(frame + o->csum_start, length - o->csum_start, 0));
    if (sum == 0)
        sum = 0xffff; /* the same number; for UDP, 0 would say that there is no checksum */
    memcpy(frame + o->csum_start + o->csum_offset, &sum, 2);
}

unsigned
wire_segments(const struct wire_offload *o, size_t length)
{
    if (o->gso == WIRE_GSO_NONE)
        return 1;
    return (unsigned)((length - o->hdr_len + o->gso_size - 1) / o->gso_size);
}

uint32_t
wire_segment(const uint8_t *frame, size_t length, const struct wire_offload *o, unsigned i, uint8_t *out)
{
    size_t at = o->hdr_len + (size_t)i * o->gso_size, left = length - at;
    uint32_t payload = left < o->gso_size ? (uint32_t)left : o->gso_size;
    uint32_t total = o->hdr_len + payload;
    struct wire_offload csum = { WIRE_NEEDS_CSUM, 0, 0, 0, o->csum_start, o->csum_offset };
    struct wire_headers h;
    uint8_t *l4 = out + o->csum_start;
    uint16_t pseudo;

    memcpy(out, frame, o->hdr_len);
    memcpy(out + o->hdr_len, frame + at, payload);
    if (wire_headers(out, o->hdr_len, &h) != NULL)
        return 0; /* its words were not checked */
    if (h.version == 4)
        put16(out + h.l3 + 4, (((uint32_t)out[h.l3 + 4] << 8 | out[h.l3 + 5]) + i) & 0xffff);
    wire_ip_fill(out, &h, total - h.l3);
    if (o->gso == WIRE_GSO_UDP) {
        put16(l4 + 4, total - o->csum_start);
    } else {
        uint32_t sequence = get32(l4 + 4) + i * o->gso_size;

        put16(l4 + 4, sequence >> 16);
        put16(l4 + 6, sequence & 0xffff);
        if (at + payload < length)
            l4[13] &= (uint8_t) ~(0x01 | 0x08); /* FIN, PSH */
        if (i > 0)
            l4[13] &= (uint8_t)~0x80; /* CWR */
    }
    pseudo = wire_pseudo(out, &h, total - o->csum_start);
    memcpy(l4 + o->csum_offset, &pseudo, 2);
    wire_csum_fill(out, total, &csum);
    return total;
}
