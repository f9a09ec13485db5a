/* SPDX-License-Identifier: MIT */
/*
 * unit/wire/test_pcap.c - capture files, made here byte by byte: which are read, what comes out, what is refused.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "unit/test.h"
#include "wire/pcap.h"

#define FILE_MAX (1u << 20)

struct bytes {
    uint8_t at[8192];
    size_t length;
};

static void
put(struct bytes *b, const void *from, size_t length)
{
    assert_true(b->length + length <= sizeof(b->at));
    memcpy(b->at + b->length, from, length);
    b->length += length;
}

static void
put32(struct bytes *b, uint32_t value)
{
    put(b, &value, 4);
}

static void
header(struct bytes *b, uint32_t magic, uint32_t link)
{
    b->length = 0;
    put32(b, magic);
    put32(b, 2 | 4u << 16);
    put32(b, 0);
    put32(b, 0);
    put32(b, 65535);
    put32(b, link);
}

/* A frame whose bytes all are fill. */
static void
frame(struct bytes *b, uint32_t s, uint32_t fraction, uint32_t have, uint32_t length, uint8_t fill)
{
    uint8_t data[2000];

    memset(data, fill, sizeof(data));
    put32(b, s);
    put32(b, fraction);
    put32(b, have);
    put32(b, length);
    put(b, data, have);
}

/* A descriptor of a file that has these bytes. */
static int
file_of(const struct bytes *b)
{
    int fd = memfd_create("capture", MFD_CLOEXEC);

    assert_true(fd >= 0 && write(fd, b->at, b->length) == (ssize_t)b->length);
    return fd;
}

/* The same file, through a window as small as may be: the frames, or the sentence, that the capture in memory has. */
static void
reads_by_windows(const struct bytes *b, const struct wire_capture *c, const char *sentence)
{
    struct wire_file *f;
    char text[200] = "";
    struct wire_frame frame;
    uint32_t count = 0;
    int got = wire_file_adopt(file_of(b), 0, WIRE_CAPTURE_MTU, &f, text);

    for (unsigned i = 0; i < 2 && got == 0; i++) { /* and once more from the front */
        for (count = 0; (got = wire_file_next(f, &frame, text)) == 1; count++) {
            assert_true(c == NULL || count < c->count);
            if (c == NULL)
                continue;
            assert_int_equal(frame.ns, c->frame[count].ns);
            assert_int_equal(frame.length, c->frame[count].length);
            assert_memory_equal(frame.bytes, c->frame[count].bytes, frame.length);
        }
        if (got == 0 && i == 0)
            got = wire_file_rewind(f, text);
    }
    wire_file_close(f);
    if (c != NULL)
        assert_true(got == 0 && count == c->count);
    else if (got == 0)
        assert_int_equal(count, 0); /* "the capture has no frames" is said by who wants one */
    else
        assert_string_equal(text, sentence);
}

static struct wire_capture *
reads(const struct bytes *b)
{
    struct wire_capture *c;
    char text[200] = "";
    int err = wire_capture_parse(b->at, b->length, &c, text);

    if (err)
        fail_msg("%s", text);
    reads_by_windows(b, c, NULL);
    return c;
}

static void
refuses(const struct bytes *b, const char *why)
{
    struct wire_capture *c;
    char text[200] = "";
    int err = wire_capture_parse(b->at, b->length, &c, text);

    assert_true(err < 0);
    assert_null(c);
    if (strstr(text, why) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", text, why);
    reads_by_windows(b, NULL, text);
}

TEST(pcap, frames_come_with_bytes_and_times_since_the_first)
{
    struct bytes b;
    struct wire_capture *c;

    header(&b, 0xa1b2c3d4, 1);
    frame(&b, 1000, 500000, 14, 14, 1);
    frame(&b, 1001, 250000, 1518, 1518, 2);
    c = reads(&b);
    assert_int_equal(c->count, 2);
    assert_int_equal(c->frame[0].ns, 0);
    assert_int_equal(c->frame[1].ns, 750000000);
    assert_int_equal(c->frame[0].length, 14);
    assert_int_equal(c->frame[1].length, 1518);
    assert_int_equal(c->frame[1].bytes[1517], 2);
    assert_int_equal(c->file_length, b.length);
    assert_memory_equal(c->file, b.at, b.length);
    wire_capture_free(c);
}

TEST(pcap, the_other_byte_order_is_read)
{
    struct bytes b;
    struct wire_capture *c;

    for (unsigned ns = 0; ns < 2; ns++) {
        header(&b, ns ? 0xa1b23c4d : 0xa1b2c3d4, 1);
        frame(&b, 1000, 500000, 60, 60, 1);
        frame(&b, 1001, 500001, 14, 14, 2);
        for (size_t at = 0; at < b.length; at += 4) { /* all that are not a frame's bytes */
            uint32_t word;

            memcpy(&word, b.at + at, 4);
            word = at == 4 ? 2u << 16 | 4 : word; /* two halves */
            if (word != 0x01010101 && word != 0x02020202)
                word = __builtin_bswap32(word);
            memcpy(b.at + at, &word, at + 4 <= b.length ? 4 : b.length - at);
        }
        c = reads(&b);
        assert_int_equal(c->count, 2);
        assert_int_equal(c->frame[1].ns, ns ? 1000000001 : 1000001000);
        assert_int_equal(c->frame[0].length, 60);
        assert_int_equal(c->frame[1].length, 14);
        wire_capture_free(c);
    }
}

TEST(pcap, nanoseconds_are_kept_and_time_never_goes_back)
{
    struct bytes b;
    struct wire_capture *c;

    header(&b, 0xa1b23c4d, 1);
    frame(&b, 7, 10, 60, 60, 1);
    frame(&b, 7, 35, 60, 60, 2);
    frame(&b, 5, 0, 60, 60, 3);
    c = reads(&b);
    assert_int_equal(c->frame[1].ns, 25);
    assert_int_equal(c->frame[2].ns, 25);
    wire_capture_free(c);
}

TEST(pcap, pcapng_is_read)
{
    static const uint32_t head[] = { 0x0a0d0d0a, 28, 0x1a2b3c4d, 1, 0xffffffff, 0xffffffff, 28, 1, 20, 1, 65535, 20 };
    static const uint32_t packet[] = { 6, 32 + 60, 0, 0, 1234, 60, 60 };
    uint8_t data[60];
    struct bytes b = { .length = 0 };
    struct wire_capture *c;

    memset(data, 9, sizeof(data));
    put(&b, head, sizeof(head));
    put(&b, packet, sizeof(packet));
    put(&b, data, sizeof(data));
    put32(&b, 32 + 60);
    c = reads(&b);
    assert_int_equal(c->count, 1);
    assert_int_equal(c->frame[0].length, 60);
    assert_int_equal(c->frame[0].bytes[59], 9);
    wire_capture_free(c);
}

/* A block of pcapng, as a machine of the other byte order writes it if so asked. */
static void
block(struct bytes *b, bool swap, uint32_t type, const uint32_t *words, uint32_t count, const void *data,
      uint32_t length)
{
    uint32_t total = 12 + 4 * count + length, all[16] = { type, total };

    assert_true(count <= 12 && length % 4 == 0);
    memcpy(all + 2, words, 4 * count);
    all[2 + count] = total;
    for (uint32_t i = 0; swap && i < count + 3; i++)
        all[i] = __builtin_bswap32(all[i]);
    put(b, all, 8 + 4 * (size_t)count);
    put(b, data, length);
    put(b, &all[2 + count], 4);
}

#define SECTION(b, swap) \
    block(b, swap, 0x0a0d0d0a, (uint32_t[]){ 0x1a2b3c4d, swap ? 0x00010000 : 1, 0xffffffff, 0xffffffff }, 4, "", 0)

TEST(pcap, pcapng_of_either_byte_order_with_units_offsets_and_sections)
{
    static const uint8_t data[60] = { 7 };
    struct bytes b = { .length = 0 };
    struct wire_capture *c;

    SECTION(&b, true);
    /* 16 bits of link type come first in memory: in this order the word's upper half */
    block(&b, true, 1, (uint32_t[]){ 0x00010000, 0, 0x00090001, 0x09000000 }, 4, "", 0); /* nanoseconds */
    block(&b, true, 5, (uint32_t[]){ 0, 0, 0 }, 3, "", 0);                               /* of no interest */
    block(&b, true, 6, (uint32_t[]){ 0, 0, 1000, 60, 60 }, 5, data, 60);
    block(&b, true, 6, (uint32_t[]){ 0, 1, 0, 60, 60 }, 5, data, 60); /* 2^32 ns */
    SECTION(&b, false);
    block(&b, false, 1, (uint32_t[]){ 1, 50, 0x0001000a, 0, 0x00010009, 0x8a, 0x0008000e, 3, 0 }, 9, "", 0);
    block(&b, false, 6, (uint32_t[]){ 0, 0, 2048, 60, 60 }, 5, data, 60); /* 2 s of 2^-10, and 3 */
    block(&b, false, 2, (uint32_t[]){ 0, 0, 3072, 60, 60 }, 5, data, 60); /* the older block */
    c = reads(&b);
    assert_int_equal(c->count, 4);
    assert_int_equal(c->frame[0].ns, 0);
    assert_int_equal(c->frame[1].ns, (1ull << 32) - 1000);
    assert_int_equal(c->frame[2].ns, 5000000000ull - 1000);
    assert_int_equal(c->frame[3].ns, 6000000000ull - 1000);
    wire_capture_free(c);
}

TEST(pcap, pcapng_frames_without_a_time_follow_the_one_before)
{
    static const uint8_t data[60] = { 7 };
    struct bytes b = { .length = 0 };
    struct wire_capture *c;

    SECTION(&b, false);
    block(&b, false, 1, (uint32_t[]){ 1, 0 }, 2, "", 0);
    block(&b, false, 3, (uint32_t[]){ 60 }, 1, data, 60);
    block(&b, false, 6, (uint32_t[]){ 0, 0, 10, 60, 60 }, 5, data, 60);
    block(&b, false, 6, (uint32_t[]){ 0, 0, 12, 60, 60 }, 5, data, 60);
    block(&b, false, 3, (uint32_t[]){ 60 }, 1, data, 60);
    c = reads(&b);
    assert_int_equal(c->count, 4);
    assert_int_equal(c->frame[0].ns, 0);
    assert_int_equal(c->frame[1].ns, 0);
    assert_int_equal(c->frame[2].ns, 2000);
    assert_int_equal(c->frame[3].ns, 2000);
    wire_capture_free(c);
}

TEST(pcap, pcapng_that_lies_is_refused_in_words)
{
    static const uint8_t data[60] = { 7 };
    struct bytes b = { .length = 0 };

    SECTION(&b, false);
    block(&b, false, 6, (uint32_t[]){ 0, 0, 0, 60, 60 }, 5, data, 60);
    refuses(&b, "frame 1 is of interface 0, which the capture does not describe");
    b.length = 0;
    SECTION(&b, false);
    block(&b, false, 1, (uint32_t[]){ 276, 0 }, 2, "", 0);
    block(&b, false, 6, (uint32_t[]){ 0, 0, 0, 60, 60 }, 5, data, 60);
    refuses(&b, "link type 276 (LINUX_SLL2), not Ethernet");
    b.length = 0;
    SECTION(&b, false);
    block(&b, false, 1, (uint32_t[]){ 1, 0 }, 2, "", 0);
    block(&b, false, 6, (uint32_t[]){ 0, 0, 0, 61, 61 }, 5, data, 60);
    refuses(&b, "after frame 0 the capture ends within a frame");
    b.at[4] = 13;
    refuses(&b, "a block of the capture has the length 13");
    b.at[4] = 28;
    b.at[12] = 2;
    refuses(&b, "pcapng version 2, not 1");
    b.at[8] = 0;
    refuses(&b, "its section has no byte order");
}

TEST(pcap, what_no_wire_could_carry_is_refused_by_its_number)
{
    struct bytes b;

    header(&b, 0xa1b2c3d4, 1);
    frame(&b, 0, 0, 60, 60, 1);
    frame(&b, 0, 0, 60, 1000, 1);
    refuses(&b, "frame 2 is cut: 60 of its 1000 bytes");
    header(&b, 0xa1b2c3d4, 1);
    frame(&b, 0, 0, 13, 13, 1);
    refuses(&b, "frame 1 has 13 bytes: that is no Ethernet frame");
    header(&b, 0xa1b2c3d4, 1);
    frame(&b, 0, 0, 1519, 1519, 1);
    refuses(&b, "frame 1 has 1519 bytes: the wire's MTU is 1500");
}

TEST(pcap, files_that_are_none_are_refused_in_words)
{
    struct bytes b = { .length = 0 };

    refuses(&b, "the file is empty");
    put(&b, "name: no capture at all, but a longish text\n", 44);
    refuses(&b, "this is no capture file");
    header(&b, 0xa1b2c3d4, 1);
    refuses(&b, "no frames");
    header(&b, 0xa1b2c3d4, 105);
    frame(&b, 0, 0, 60, 60, 1);
    refuses(&b, "link type 105 (IEEE802_11), not Ethernet");
}

TEST(pcap, every_cut_of_a_file_is_refused_or_a_shorter_capture)
{
    struct bytes b;

    header(&b, 0xa1b2c3d4, 1);
    frame(&b, 1, 0, 60, 60, 1);
    frame(&b, 2, 0, 60, 60, 2);
    for (size_t length = 0, whole = b.length; length < whole; length++) {
        struct wire_capture *c;
        char text[200] = "";
        int err = wire_capture_parse(b.at, length, &c, text);

        assert_true(err ? text[0] != '\0' && c == NULL : length == 24 + 16 + 60 && c->count == 1);
        b.length = length;
        reads_by_windows(&b, c, text);
        wire_capture_free(c);
    }
}

/* Blocks of no interest may be longer than any window, and options may follow a frame. */
TEST(pcap, pcapng_blocks_that_nobody_wants_are_stepped_over)
{
    static const uint8_t data[60] = { 7 }, much[4000];
    struct bytes b = { .length = 0 };
    struct wire_capture *c;

    SECTION(&b, false);
    block(&b, false, 1, (uint32_t[]){ 1, 0 }, 2, "", 0);
    block(&b, false, 0x0bad, (uint32_t[]){ 0 }, 1, much, sizeof(much));
    block(&b, false, 6, (uint32_t[]){ 0, 0, 0, 20, 20 }, 5, data, 60); /* 40 bytes of options */
    block(&b, false, 4, (uint32_t[]){ 0 }, 1, much, 2000);
    block(&b, false, 6, (uint32_t[]){ 0, 0, 1, 60, 60 }, 5, data, 60);
    c = reads(&b);
    assert_int_equal(c->count, 2);
    assert_int_equal(c->frame[0].length, 20);
    wire_capture_free(c);
    b.at[b.length - 4] ^= 1; /* the length at the end of the last block */
    refuses(&b, "after frame 2 a block of the capture has the length 92");
}

TEST(pcap, longer_frames_where_the_mtu_is_larger)
{
    struct wire_frame got;
    struct wire_file *f;
    char text[200];
    struct bytes b;

    header(&b, 0xa1b2c3d4, 1);
    frame(&b, 0, 0, 1900, 1900, 1);
    assert_int_equal(wire_file_adopt(file_of(&b), 0, 1882, &f, text), 0);
    assert_int_equal(wire_file_next(f, &got, text), 1);
    assert_int_equal(got.length, 1900);
    wire_file_close(f);
    assert_int_equal(wire_file_adopt(file_of(&b), 0, 1881, &f, text), 0);
    assert_int_equal(wire_file_next(f, &got, text), -EINVAL);
    assert_string_equal(text, "frame 1 has 1900 bytes: the wire's MTU is 1881 (1899 bytes at most)");
    wire_file_close(f);
}

TEST(pcap, a_file_that_is_cut_while_it_is_read_ends_within_a_frame)
{
    struct wire_frame got;
    struct wire_file *f;
    char text[200];
    struct bytes b;
    int fd;

    header(&b, 0xa1b2c3d4, 1);
    for (unsigned i = 0; i < 5; i++)
        frame(&b, 0, i, 1500, 1500, 1);
    fd = file_of(&b);
    assert_int_equal(wire_file_adopt(fd, 0, WIRE_CAPTURE_MTU, &f, text), 0);
    assert_int_equal(wire_file_next(f, &got, text), 1);
    assert_int_equal(ftruncate(fd, 4000), 0);
    assert_int_equal(wire_file_next(f, &got, text), 1);
    assert_int_equal(wire_file_next(f, &got, text), -EINVAL);
    assert_string_equal(text, "after frame 2 the capture ends within a frame");
    assert_int_equal(wire_file_rewind(f, text), 0); /* again from the front, and as far */
    assert_int_equal(wire_file_next(f, &got, text), 1);
    assert_int_equal(wire_file_next(f, &got, text), 1);
    assert_int_equal(wire_file_next(f, &got, text), -EINVAL);
    wire_file_close(f);
}

TEST(pcap, what_is_no_regular_file_is_refused)
{
    struct wire_file *f;
    char text[200];

    assert_int_equal(wire_file_open("/dev/null", WIRE_CAPTURE_MTU, &f, text), -EINVAL);
    assert_string_equal(text, "cannot read the capture: it is no regular file, and is read twice");
    assert_int_equal(wire_file_open("/", WIRE_CAPTURE_MTU, &f, text), -EINVAL);
    assert_string_equal(text, "cannot read the capture: Is a directory");
}

TEST(pcap, a_missing_file_is_said_to_be_missing)
{
    struct wire_capture *c;
    char text[200];

    assert_int_equal(wire_capture_read("/nonexistent/x.pcap", FILE_MAX, &c, text), -ENOENT);
    assert_string_equal(text, "cannot read the capture: No such file or directory");
}

TEST(pcap, what_is_written_is_read_again)
{
    uint8_t one[60], two[100];
    struct wire_record records[] = { { 132514560000000000ull, one, 60 }, { 132514560000000123ull, two, 100 } };
    struct wire_capture *c;
    char path[] = "test_pcap_XXXXXX", text[200];
    int fd = mkstemp(path), err;

    assert_true(fd >= 0);
    close(fd);
    memset(one, 1, sizeof(one));
    memset(two, 2, sizeof(two));
    assert_int_equal(wire_records_write(path, records, 2), 0);
    assert_int_equal(wire_capture_read(path, 100, &c, text), -EFBIG);
    assert_string_equal(text, "the file is larger than 0 MB");
    err = wire_capture_read(path, FILE_MAX, &c, text);
    unlink(path);
    assert_int_equal(err, 0);
    assert_int_equal(c->count, 2);
    assert_int_equal(c->frame[1].ns, 12300);
    assert_int_equal(c->frame[1].length, 100);
    assert_memory_equal(c->frame[1].bytes, two, 100);
    wire_capture_free(c);
}

TEST_MAIN(TEST_CASE(pcap, frames_come_with_bytes_and_times_since_the_first),
          TEST_CASE(pcap, the_other_byte_order_is_read),
        TEST_CASE(pcap, nanoseconds_are_kept_and_time_never_goes_back), TEST_CASE(pcap, pcapng_is_read),
          TEST_CASE(pcap, pcapng_of_either_byte_order_with_units_offsets_and_sections),
          TEST_CASE(pcap, pcapng_frames_without_a_time_follow_the_one_before),
          TEST_CASE(pcap, pcapng_that_lies_is_refused_in_words),
          TEST_CASE(pcap, what_no_wire_could_carry_is_refused_by_its_number),
          TEST_CASE(pcap, files_that_are_none_are_refused_in_words),
          TEST_CASE(pcap, every_cut_of_a_file_is_refused_or_a_shorter_capture),
          TEST_CASE(pcap, pcapng_blocks_that_nobody_wants_are_stepped_over),
        TEST_CASE(pcap, longer_frames_where_the_mtu_is_larger),
        TEST_CASE(pcap, a_file_that_is_cut_while_it_is_read_ends_within_a_frame),
        TEST_CASE(pcap, what_is_no_regular_file_is_refused),
        TEST_CASE(pcap, a_missing_file_is_said_to_be_missing), TEST_CASE(pcap, what_is_written_is_read_again))
