/* SPDX-License-Identifier: MIT */
/*
 * unit/wire/test_segment.c - frames cut into segments: lengths, numbers, flags, and checksums that a receiver accepts.
 */
#include "unit/test.h"
#include "wire/segment.h"

static uint8_t frame[20000], out[2000];

/* A frame of `payload` bytes over IPv4 or IPv6 whose words say: to be cut. */
static struct wire_offload
make(unsigned version, uint8_t protocol, uint32_t payload, uint32_t *length)
{
    uint32_t l4 = 14 + (version == 4 ? 20 : 40), head = protocol == WIRE_TCP ? 32 : 8;
    struct wire_offload o = {
        .flags = WIRE_NEEDS_CSUM,
        .gso = protocol == WIRE_UDP ? WIRE_GSO_UDP
               : version == 4       ? WIRE_GSO_TCP4
                                    : WIRE_GSO_TCP6,
        .gso_size = 1400,
        .csum_start = (uint16_t)l4,
        .csum_offset = protocol == WIRE_TCP ? 16 : 6,
    };

    memset(frame, 0, sizeof(frame));
    frame[12] = version == 4 ? 8 : 0x86;
    frame[13] = version == 4 ? 0 : 0xdd;
    if (version == 4) {
        frame[14] = 0x45;
        frame[14 + 4] = 0xff; /* identification: 0xffff, so that it wraps */
        frame[14 + 5] = 0xff;
        frame[14 + 9] = protocol;
    } else {
        frame[14] = 0x60;
        frame[14 + 6] = protocol;
    }
    for (unsigned i = 0; i < (version == 4 ? 8 : 32); i++)
        frame[l4 - 1 - i] = (uint8_t)(i * 37 + 1);
    frame[l4 + 4] = 0xff; /* sequence number near its end */
    frame[l4 + 5] = 0xff;
    frame[l4 + 6] = 0xff;
    if (protocol == WIRE_TCP) {
        frame[l4 + 12] = 8 << 4;
        frame[l4 + 13] = 0x80 | 0x10 | 0x08 | 0x01;
    }
    for (uint32_t i = 0; i < payload; i++)
        frame[l4 + head + i] = (uint8_t)(i * 31 + (i >> 8));
    *length = l4 + head + payload;
    CHECK_EQ(wire_offload_check(&o, frame, *length, *length, NULL), 0);
    return o;
}

/* As a receiver does it, a byte at a time and another way than the code under test. */
static unsigned
receiver_sum(const uint8_t *p, size_t length, unsigned sum)
{
    for (size_t i = 0; i < length; i++)
        sum += i & 1 ? p[i] : (unsigned)p[i] << 8;
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return sum;
}

static void
check_segment(const struct wire_offload *o, uint32_t length, unsigned version, uint8_t protocol)
{
    uint32_t l4 = o->csum_start;
    unsigned sum;

    if (version == 4) {
        CHECK_EQ(receiver_sum(out + 14, 20, 0), 0xffff);
        CHECK_EQ(out[16] << 8 | out[17], length - 14);
        sum = receiver_sum(out + 14 + 12, 8, 0);
    } else {
        CHECK_EQ(out[18] << 8 | out[19], length - 14 - 40);
        sum = receiver_sum(out + 14 + 8, 32, 0);
    }
    sum += protocol + (length - l4);
    CHECK_EQ(receiver_sum(out + l4, length - l4, sum), 0xffff);
}

static void
cut(unsigned version, uint8_t protocol, uint32_t payload)
{
    uint32_t length, done = 0;
    struct wire_offload o = make(version, protocol, payload, &length);
    unsigned count = wire_segments(&o, length);

    CHECK_EQ(count, (payload + 1399) / 1400);
    for (unsigned i = 0; i < count; i++) {
        uint32_t got = wire_segment(frame, length, &o, i, out), l4 = o.csum_start;

        CHECK(got > o.hdr_len && got <= o.hdr_len + 1400u);
        CHECK_MEM(out + o.hdr_len, frame + o.hdr_len + done, got - o.hdr_len);
        check_segment(&o, got, version, protocol);
        if (version == 4)
            CHECK_EQ(out[18] << 8 | out[19], (0xffff + i) & 0xffff);
        if (protocol == WIRE_TCP) {
            uint32_t sequence = (uint32_t)out[l4 + 4] << 24 | out[l4 + 5] << 16 | out[l4 + 6] << 8 | out[l4 + 7];

            CHECK_EQ(sequence, 0xffffff00u + done);
            CHECK_EQ(out[l4 + 13], 0x10 | (i == 0 ? 0x80 : 0) | (i + 1 == count ? 0x09 : 0));
        } else {
            CHECK_EQ(out[l4 + 4] << 8 | out[l4 + 5], got - l4);
        }
        done += got - o.hdr_len;
    }
    CHECK_EQ(done, payload);
}

TEST(segment, tcp_is_cut_as_a_receiver_expects)
{
    cut(4, WIRE_TCP, 1);
    cut(4, WIRE_TCP, 1400);
    cut(4, WIRE_TCP, 1401);
    cut(4, WIRE_TCP, 14001);
    cut(6, WIRE_TCP, 9999);
}

TEST(segment, udp_is_cut_as_a_receiver_expects)
{
    cut(4, WIRE_UDP, 4201);
    cut(6, WIRE_UDP, 2800);
}

TEST(segment, a_checksum_of_zero_is_stored_as_ones)
{
    static uint8_t f[64];
    struct wire_offload o = { .flags = WIRE_NEEDS_CSUM, .csum_start = 34, .csum_offset = 6 };

    f[34] = f[35] = 0xff; /* sum 0xffff, its complement 0 */
    wire_csum_fill(f, 60, &o);
    CHECK_EQ(f[40] << 8 | f[41], 0xffff);
}

TEST_MAIN(TEST_CASE(segment, tcp_is_cut_as_a_receiver_expects), TEST_CASE(segment, udp_is_cut_as_a_receiver_expects),
          TEST_CASE(segment, a_checksum_of_zero_is_stored_as_ones))
