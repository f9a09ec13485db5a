/* SPDX-License-Identifier: MIT */
/*
 * unit/wire/test_offload.c - offload words: which are believed, which are refused and why; from and to Linux's header.
 */
#include "unit/test.h"
#include "wire/vnet.h"

/* A TCP segment over IPv4: 14 + 20 + 20 and payload. */
static void
tcp4(uint8_t *f, size_t room)
{
    memset(f, 0, room);
    f[12] = 8;
    f[14] = 0x45;
    f[14 + 9] = 6;
    f[34 + 12] = 5 << 4;
}

static struct wire_offload
gso4(void)
{
    return (struct wire_offload){
        .flags = WIRE_NEEDS_CSUM, .gso = WIRE_GSO_TCP4, .gso_size = 1448, .csum_start = 34, .csum_offset = 16
    };
}

static const char *
refused(struct wire_offload o, const uint8_t *f, size_t have, size_t length)
{
    const char *why = NULL;

    return wire_offload_check(&o, f, have, length, &why) == 0 ? "" : why;
}

TEST(offload, true_words_pass_and_the_header_length_is_put_right)
{
    uint8_t f[3000];
    struct wire_offload o = gso4();

    tcp4(f, sizeof(f));
    o.hdr_len = 7; /* Linux calls it a hint */
    CHECK_EQ(wire_offload_check(&o, f, sizeof(f), sizeof(f), NULL), 0);
    CHECK_EQ(o.hdr_len, 54);
}

TEST(offload, words_without_meaning_become_zero)
{
    uint8_t f[60] = { 0 };
    struct wire_offload o = { .gso_size = 9, .hdr_len = 9, .csum_start = 9, .csum_offset = 9 };

    CHECK_EQ(wire_offload_check(&o, f, sizeof(f), sizeof(f), NULL), 0);
    CHECK_EQ(o.gso_size + o.hdr_len + o.csum_start + o.csum_offset, 0);
}

TEST(offload, a_checksum_outside_the_frame_is_refused)
{
    uint8_t f[60] = { 0 };
    struct wire_offload o = { .flags = WIRE_NEEDS_CSUM, .csum_start = 34, .csum_offset = 24 };

    CHECK_STR(refused(o, f, 60, 60), ""); /* 34 + 24 + 2 = 60 */
    o.csum_offset = 25;
    CHECK_STR(refused(o, f, 60, 60), "the checksum lies outside the frame");
    o = (struct wire_offload){ .flags = WIRE_NEEDS_CSUM, .csum_start = 65535, .csum_offset = 65535 };
    CHECK_STR(refused(o, f, 60, 60), "the checksum lies outside the frame");
    o = (struct wire_offload){ .flags = WIRE_NEEDS_CSUM, .csum_start = 13, .csum_offset = 16 };
    CHECK_STR(refused(o, f, 60, 60), "the checksum lies outside the frame");
}

TEST(offload, every_wrong_length_is_refused)
{
    uint8_t f[100] = { 0 };

    for (size_t length = 0; length < WIRE_HEADER; length++)
        CHECK_STR(refused((struct wire_offload){ 0 }, f, length, length), "no frame has that length");
    CHECK_STR(refused((struct wire_offload){ 0 }, f, 100, WIRE_GSO_MAX + 1), "no frame has that length");
}

TEST(offload, segments_that_the_headers_deny_are_refused)
{
    uint8_t f[3000];
    struct wire_offload o;

    tcp4(f, sizeof(f));
#define REFUSED(change, words)                                 \
    do {                                                       \
        o = gso4();                                            \
        change;                                                \
        CHECK_STR(refused(o, f, sizeof(f), sizeof(f)), words); \
        tcp4(f, sizeof(f));                                    \
    } while (0)
    REFUSED((void)0, "");
    REFUSED(o.gso_size = 0, "segments of no bytes");
    REFUSED(o.gso_size = 65535, "segments longer than IP can say");
    REFUSED(o.flags = 0, "segments without a checksum to fill in");
    REFUSED(o.flags |= 0x80, "unknown flags");
    REFUSED(o.gso = 9, "unknown kind of segments");
    REFUSED(o.gso = WIRE_GSO_TCP6, "segments of another IP version than the frame's");
    REFUSED(o.gso = WIRE_GSO_UDP, "segments of another protocol than the frame's");
    REFUSED(o.csum_start = 38, "the checksum is not where the headers have it");
    REFUSED(o.csum_offset = 6, "the checksum is not where the headers have it");
    REFUSED(f[34 + 12] = 4 << 4, "the TCP header has an impossible length");
    REFUSED(f[14] = 0x44, "there is no whole IPv4 header");
    REFUSED(f[12] = 0x12, "the frame is not IP");
    REFUSED(f[14 + 9] = 17, "segments of another protocol than the frame's");
    o = gso4();
    CHECK_STR(refused(o, f, 54, 54), "segments without payload");
    CHECK_STR(refused(o, f, 53, 3000), "there is no whole TCP or UDP header");
    o = (struct wire_offload){ .flags = WIRE_ECN };
    CHECK_STR(refused(o, f, 60, 60), "ECN without TCP segments");
}

TEST(offload, tags_and_ipv6_extensions_are_walked)
{
    uint8_t f[3000] = { 0 };
    struct wire_offload o = {
        .flags = WIRE_NEEDS_CSUM, .gso = WIRE_GSO_TCP6, .gso_size = 1000, .csum_start = 18 + 40 + 16, .csum_offset = 16
    };

    f[12] = 0x81;
    f[16] = 0x86;
    f[17] = 0xdd;
    f[18] = 0x60;
    f[18 + 6] = 60; /* destination options, 16 bytes */
    f[18 + 40] = 6;
    f[18 + 40 + 1] = 1;
    f[18 + 40 + 16 + 12] = 8 << 4;
    CHECK_EQ(wire_offload_check(&o, f, sizeof(f), sizeof(f), NULL), 0);
    CHECK_EQ(o.hdr_len, 18 + 40 + 16 + 32);
    f[18 + 40 + 1] = 255; /* an extension that leads out of the frame's head */
    CHECK_EQ(wire_offload_check(&o, f, 200, sizeof(f), NULL) != 0, 1);
}

TEST(vnet, words_survive_the_header_both_ways)
{
    static const uint8_t gso[] = { WIRE_GSO_NONE, WIRE_GSO_TCP4, WIRE_GSO_TCP6, WIRE_GSO_UDP };

    for (unsigned i = 0; i < sizeof(gso); i++) {
        struct wire_offload out, in = { .flags = WIRE_NEEDS_CSUM | WIRE_ECN,
                                        .gso = gso[i],
                                        .gso_size = 1448,
                                        .hdr_len = 54,
                                        .csum_start = 34,
                                        .csum_offset = 16 };
        uint8_t header[WIRE_VNET_SIZE];

        wire_vnet_write(&in, header);
        wire_vnet_read(header, &out);
        CHECK_MEM(&in, &out, sizeof(in));
    }
}

TEST(vnet, what_is_not_known_is_refused)
{
    uint8_t f[60] = { 0 }, header[WIRE_VNET_SIZE] = { 4 }; /* a flag: RSC information */
    struct wire_offload o;

    wire_vnet_read(header, &o);
    CHECK_STR(refused(o, f, 60, 60), "unknown flags");
    memcpy(header, (uint8_t[]){ 0, 3 }, 2); /* UFO */
    wire_vnet_read(header, &o);
    CHECK_STR(refused(o, f, 60, 60), "unknown flags");
}

TEST_MAIN(TEST_CASE(offload, true_words_pass_and_the_header_length_is_put_right),
          TEST_CASE(offload, words_without_meaning_become_zero),
          TEST_CASE(offload, a_checksum_outside_the_frame_is_refused),
          TEST_CASE(offload, every_wrong_length_is_refused),
          TEST_CASE(offload, segments_that_the_headers_deny_are_refused),
          TEST_CASE(offload, tags_and_ipv6_extensions_are_walked), TEST_CASE(vnet, words_survive_the_header_both_ways),
          TEST_CASE(vnet, what_is_not_known_is_refused))
