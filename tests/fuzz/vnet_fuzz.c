/* SPDX-License-Identifier: MIT */
/*
 * fuzz/vnet_fuzz.c - no words and no frame may make the check read outside the frame, or let words pass that would lead
 * a reader there: what passes is done, the checksum filled in, the frame cut.
 *
 * Input: ten bytes of virtio_net_hdr, two of a length that is claimed for the frame, the frame's first bytes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wire/segment.h"
#include "wire/vnet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define REQUIRE(condition)                                  \
    do {                                                    \
        if (!(condition)) {                                 \
            fprintf(stderr, "vnet_fuzz: %s\n", #condition); \
            abort();                                        \
        }                                                   \
    } while (0)

/* TCP's or UDP's checksum of a frame is right. */
static bool
is_right(const uint8_t *frame, size_t length, const struct wire_offload *o)
{
    struct wire_headers h;

    if (wire_headers(frame, length, &h) != NULL)
        return false;
    return wire_fold(wire_sum(frame + o->csum_start, length - o->csum_start,
                              wire_pseudo(frame, &h, (uint32_t)length - o->csum_start))) == 0xffff;
}

/* Segments, each in memory of exactly its size, with all the payload there is and right checksums. */
static void
cut(const uint8_t *frame, size_t length, const struct wire_offload *o)
{
    unsigned count = wire_segments(o, length);
    size_t payload = 0;

    for (unsigned i = 0; i < count; i++) {
        uint8_t *out = malloc((size_t)o->hdr_len + o->gso_size);
        uint32_t got;

        if (out == NULL)
            return;
        got = wire_segment(frame, length, o, i, out);
        REQUIRE(got > o->hdr_len && got <= (uint32_t)o->hdr_len + o->gso_size);
        REQUIRE(is_right(out, got, o));
        payload += got - o->hdr_len;
        free(out);
    }
    REQUIRE(payload == length - o->hdr_len);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct wire_offload o, again;
    const char *why = NULL;
    uint8_t header[WIRE_VNET_SIZE], *head;
    size_t have, length;

    if (size < WIRE_VNET_SIZE + 2)
        return 0;
    wire_vnet_read(data, &o);
    length = (size_t)data[10] << 8 | data[11];
    have = size - 12;
    if (length < have || length == 0xffff) /* so: the frame is all there */
        length = have;
    head = malloc(have + 1); /* a copy of its own, so that a read behind it is seen */
    if (head == NULL)
        return 0;
    memcpy(head, data + 12, have);
    if (wire_offload_check(&o, head, have, length, &why) == 0) {
        REQUIRE(why == NULL && length >= WIRE_HEADER && o.gso <= WIRE_GSO_UDP);
        if (o.flags & WIRE_NEEDS_CSUM)
            REQUIRE(o.csum_start >= WIRE_HEADER && (size_t)o.csum_start + o.csum_offset + 2 <= length);
        if (o.gso != WIRE_GSO_NONE)
            REQUIRE(o.gso_size > 0 && o.hdr_len > o.csum_start && o.hdr_len <= have && o.hdr_len < length);
        wire_vnet_write(&o, header);
        wire_vnet_read(header, &again);
        REQUIRE(memcmp(&o, &again, sizeof(o)) == 0);
        if (o.gso != WIRE_GSO_NONE && have == length)
            cut(head, length, &o);
        else if (have == length)
            wire_csum_fill(head, length, &o);
    } else {
        REQUIRE(why != NULL);
    }
    free(head);
    return 0;
}
