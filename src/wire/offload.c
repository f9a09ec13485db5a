/* SPDX-License-Identifier: MIT */
/*
 * wire/offload.c - are a frame's offload words true of it?
 *
 * Model: the words come from another program, and what is wrong in them would become a write outside the frame by
 * whoever fills in a checksum or cuts segments. So each is compared with the frame before anyone acts on it; for
 * frames that are to be cut, the headers are walked and must say the same.
 * Start reading at: wire_offload_check().
 */
#include "wire/wire.h"

#include <errno.h>
#include <string.h>

#include "wire/segment.h"

#define ETHER_IPV4 0x0800u
#define ETHER_IPV6 0x86ddu
#define ETHER_TAG  0x8100u
#define ETHER_QINQ 0x88a8u

#define IPV6_HOP_BY_HOP  0u
#define IPV6_ROUTING     43u
#define IPV6_DESTINATION 60u

static uint32_t
be16(const uint8_t *p)
{
    return (uint32_t)p[0] << 8 | p[1];
}

const char *
wire_headers(const uint8_t *p, size_t have, struct wire_headers *h)
{
    uint32_t at = 12, type, next;

    if (have < WIRE_HEADER)
        return "the frame is shorter than its header";
    type = be16(p + at);
    for (unsigned tags = 0; tags < 2 && (type == ETHER_TAG || type == ETHER_QINQ); tags++) {
        at += 4;
        if (have < at + 2)
            return "the frame ends in its VLAN tag";
        type = be16(p + at);
    }
    at += 2;
    h->l3 = at;
    if (type == ETHER_IPV4) {
        if (have < at + 20 || p[at] >> 4 != 4 || (p[at] & 15) < 5)
            return "there is no whole IPv4 header";
        h->version = 4;
        h->protocol = p[at + 9];
        h->l4 = at + (p[at] & 15u) * 4;
        return NULL;
    }
    if (type != ETHER_IPV6)
        return "the frame is not IP";
    if (have < at + 40 || p[at] >> 4 != 6)
        return "there is no whole IPv6 header";
    h->version = 6;
    next = p[at + 6];
    at += 40;
    while (next == IPV6_HOP_BY_HOP || next == IPV6_ROUTING || next == IPV6_DESTINATION) {
        if (have < at + 8)
            return "the frame ends in its IPv6 extension headers";
        next = p[at];
        at += (p[at + 1] + 1u) * 8;
    }
    h->protocol = (uint8_t)next;
    h->l4 = at;
    return NULL;
}

/* A frame to be cut: the words against the headers. */
static const char *
check_gso(struct wire_offload *o, const uint8_t *p, size_t have, size_t length)
{
    bool tcp = o->gso != WIRE_GSO_UDP;
    struct wire_headers h;
    const char *why = wire_headers(p, have, &h);

    if (why != NULL)
        return why;
    if (!(o->flags & WIRE_NEEDS_CSUM))
        return "segments without a checksum to fill in";
    if (o->gso_size == 0)
        return "segments of no bytes";
    if (h.protocol != (tcp ? WIRE_TCP : WIRE_UDP))
        return "segments of another protocol than the frame's";
    if (tcp && h.version != (o->gso == WIRE_GSO_TCP4 ? 4 : 6))
        return "segments of another IP version than the frame's";
    if (o->csum_start != h.l4 || o->csum_offset != (tcp ? 16 : 6))
        return "the checksum is not where the headers have it";
    if (have < h.l4 + (tcp ? 20u : 8u))
        return "there is no whole TCP or UDP header";
    o->hdr_len = (uint16_t)(h.l4 + (tcp ? (uint32_t)(p[h.l4 + 12] >> 4) * 4 : 8));
    if (o->hdr_len < h.l4 + (tcp ? 20u : 8u) || o->hdr_len > have)
        return "the TCP header has an impossible length";
    if (o->hdr_len >= length)
        return "segments without payload";
    if (o->hdr_len - h.l3 + o->gso_size > 65535)
        return "segments longer than IP can say";
    return NULL;
}

static const char *
check(struct wire_offload *o, const uint8_t *head, size_t have, size_t length)
{
    if (length < WIRE_HEADER || length > WIRE_GSO_MAX)
        return "no frame has that length";
    if (o->flags & ~(WIRE_NEEDS_CSUM | WIRE_DATA_VALID | WIRE_ECN))
        return "unknown flags";
    if (o->gso > WIRE_GSO_UDP)
        return "unknown kind of segments";
    if ((o->flags & WIRE_ECN) && o->gso != WIRE_GSO_TCP4 && o->gso != WIRE_GSO_TCP6)
        return "ECN without TCP segments";
    if (o->flags & WIRE_NEEDS_CSUM) {
        o->flags &= (uint8_t)~WIRE_DATA_VALID;
        if (o->csum_start < WIRE_HEADER || (size_t)o->csum_start + o->csum_offset + 2 > length)
            return "the checksum lies outside the frame";
    }
    return o->gso != WIRE_GSO_NONE ? check_gso(o, head, have, length) : NULL;
}

int
wire_offload_check(struct wire_offload *o, const uint8_t *head, size_t have, size_t length, const char **why)
{
    const char *found = check(o, head, have, length);

    if (why != NULL)
        *why = found;
    if (found != NULL)
        return -EINVAL;
    /* what has no meaning is zero, so that nobody can act on it */
    if (!(o->flags & WIRE_NEEDS_CSUM))
        o->csum_start = o->csum_offset = 0;
    if (o->gso == WIRE_GSO_NONE)
        o->gso_size = o->hdr_len = 0;
    return 0;
}
