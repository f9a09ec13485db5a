/* SPDX-License-Identifier: MIT */
/*
 * wire/segment.h - what offload words ask for, done by the processor: checksums, and cutting a frame into segments.
 *
 * Everything here works on frames in one piece whose words wire_offload_check() let pass.
 */
#ifndef WIRE_SEGMENT_H
#define WIRE_SEGMENT_H

#include "wire/wire.h"

struct wire_headers {
    uint32_t l3, l4; /* where IP and what it carries begin */
    uint8_t version; /* 4, 6 */
    uint8_t protocol;
};

#define WIRE_TCP 6u
#define WIRE_UDP 17u

/* Walk the headers in the first `have` bytes. NULL, or a few words: what is not as it should be. */
const char *wire_headers(const uint8_t *frame, size_t have, struct wire_headers *out);

/* The one's complement sum of bytes, added to `sum`, in network order when folded; odd lengths only last. */
uint32_t wire_sum(const void *bytes, size_t length, uint32_t sum);
/* Folded to 16 bits, in the order in which it is stored. */
uint16_t wire_fold(uint32_t sum);
/* The sum of TCP's or UDP's pseudo header for l4_length bytes: what WIRE_NEEDS_CSUM wants in the checksum's place. */
uint16_t wire_pseudo(const uint8_t *frame, const struct wire_headers *h, uint32_t l4_length);
/* IPv4: the header's length field and checksum for l3_length bytes; IPv6: the length field. */
void wire_ip_fill(uint8_t *frame, const struct wire_headers *h, uint32_t l3_length);

/* Do what WIRE_NEEDS_CSUM asks, on a frame that is not to be cut. */
void wire_csum_fill(uint8_t *frame, size_t length, const struct wire_offload *o);

/* How many segments; and segment i, complete with checksums, its length. out: o->hdr_len + o->gso_size bytes. */
unsigned wire_segments(const struct wire_offload *o, size_t length);
uint32_t wire_segment(const uint8_t *frame, size_t length, const struct wire_offload *o, unsigned i, uint8_t *out);

#endif
