/* SPDX-License-Identifier: MIT */
/*
 * fuzz/vnet_fuzz.c - no words and no frame may make the check read outside the frame, or let words pass that would lead
 * a reader there.
 *
 * Input: ten bytes of virtio_net_hdr, two of a length that is claimed for the frame, the frame's first bytes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wire/vnet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define REQUIRE(condition)                                  \
    do {                                                    \
        if (!(condition)) {                                 \
            fprintf(stderr, "vnet_fuzz: %s\n", #condition); \
            abort();                                        \
        }                                                   \
    } while (0)

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
    if (length < have)
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
    } else {
        REQUIRE(why != NULL);
    }
    free(head);
    return 0;
}
