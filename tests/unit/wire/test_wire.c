/* SPDX-License-Identifier: MIT */
/*
 * unit/wire/test_wire.c - wires that need no network: specs, loop, link between two, files played and written.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "unit/test.h"
#include "wire/pcap.h"
#include "wire/record.h"
#include "wire/wire.h"

static char text[200];

static struct wire *
opened(const char *spec)
{
    struct wire *w;
    int err = wire_open(spec, NULL, &w, text);

    if (err)
        fail_msg("%s: %s", spec, text);
    return w;
}

static const char *
refused(const char *spec)
{
    struct wire *w;

    CHECK(wire_open(spec, NULL, &w, text) != 0);
    CHECK(w == NULL);
    return text;
}

static unsigned
send_one(struct wire *w, uint8_t *bytes, uint32_t length, uint8_t flags)
{
    struct iovec iov[] = { { bytes, length / 2 }, { bytes + length / 2, length - length / 2 } };
    struct wire_tx tx = { iov, 2, length, { .flags = flags, .csum_start = flags ? 34 : 0, .csum_offset = 6 } };

    return wire_send(w, &tx, 1);
}

static unsigned
receive_one(struct wire *w, uint8_t *bytes, struct wire_rx *rx)
{
    *rx = (struct wire_rx){ .buffer = bytes, .room = 2000 };
    return wire_receive(w, rx, 1);
}

static bool
readable(const struct wire *w)
{
    struct pollfd fd = { .fd = wire_fd(w), .events = POLLIN };

    return poll(&fd, 1, 0) == 1;
}

TEST(spec, what_is_wrong_is_said_in_a_sentence)
{
    CHECK_STR(refused(""), "a wire's spec has 1 to 511 characters");
    CHECK_STR(refused("foo:bar"), "there is no wire \"foo\"; there are tap, afpacket, pcap, link and loop");
    CHECK_STR(refused("loop,frames=0"), "the wire's option frames is a number from 1 to 4096");
    CHECK_STR(refused("loop,frames"), "the wire's option frames is a number from 1 to 4096");
    CHECK_STR(refused("loop,frames=-3"), "the wire's option frames is a number from 1 to 4096");
    CHECK_STR(refused("loop,frames=4,frames=4"), "the option frames of the wire is given twice");
    CHECK_STR(refused("loop,,"), "an option of the wire loop has no name");
    CHECK_STR(refused("loop,colour=red"), "the wire loop has no option \"colour\"");
    CHECK_STR(refused("loop,mac=1:2:3"), "the wire's option mac is an address like 02:00:00:00:00:01");
    CHECK_STR(refused("loop,mac=01:00:00:00:00:01"), "the wire's option mac is a multicast address");
    CHECK_STR(refused("tap"), "the wire tap needs a name of 1 to 15 characters: tap:NAME");
    CHECK_STR(refused("tap:nosuchtap,attach"), "there is no interface nosuchtap to attach to");
    CHECK_STR(refused("afpacket:nosuchif"), "there is no interface nosuchif");
    CHECK_STR(refused("pcap"), "the wire pcap needs a file to play or to write: pcap:FILE");
    CHECK_STR(refused("pcap:/nonexistent"), "cannot read the capture: No such file or directory");
    CHECK_STR(refused("pcap:,speed=slow"), "the option speed of the wire pcap is recorded or full");
    CHECK(strstr(refused("pcap:,write=/nonexistent/x"), "cannot write /nonexistent/x: ") != NULL);
}

TEST(loop, frames_come_back_in_order_with_their_words)
{
    struct wire *w = opened("loop,frames=2");
    uint8_t frame[60] = { 1 }, back[2000];
    struct wire_rx rx;

    CHECK_EQ(wire_fd(w), -1);
    CHECK_EQ(send_one(w, frame, 60, 0), 1);
    frame[0] = 2;
    CHECK_EQ(send_one(w, frame, 60, WIRE_NEEDS_CSUM), 1);
    CHECK(!wire_send_ready(w));
    CHECK_EQ(send_one(w, frame, 60, 0), 0); /* full: the caller's still */
    CHECK_EQ(receive_one(w, back, &rx), 1);
    CHECK_EQ(back[0], 1);
    CHECK(wire_send_ready(w));
    CHECK_EQ(receive_one(w, back, &rx), 1);
    CHECK_EQ(back[0], 2);
    CHECK_EQ(rx.offload.flags, WIRE_NEEDS_CSUM);
    CHECK_EQ(rx.offload.csum_start, 34);
    CHECK_EQ(receive_one(w, back, &rx), 0);
    wire_close(w);
}

TEST(loop, frames_of_wrong_length_are_counted)
{
    struct wire *w = opened("loop,mtu=1500");
    static uint8_t frame[70000];
    struct wire_offload lie = { .flags = WIRE_NEEDS_CSUM, .csum_start = 60, .csum_offset = 6 };
    struct wire_stats stats;
    struct wire_rx rx;

    CHECK_EQ(send_one(w, frame, 13, 0), 1);
    CHECK_EQ(send_one(w, frame, 1519, 0), 1);
    CHECK_EQ(send_one(w, frame, 70000, 0), 1);
    CHECK_EQ(wire_put(w, frame, 5, NULL), 0);
    CHECK_EQ(wire_put(w, frame, 60, &lie), 0);
    CHECK_EQ(wire_put(w, frame, 2000, NULL), -EINVAL);
    CHECK_EQ(receive_one(w, frame, &rx), 0);
    wire_stats(w, &stats);
    CHECK_EQ(stats.tx_refused, 3);
    CHECK_EQ(stats.rx_short, 1);
    CHECK_EQ(stats.rx_words, 1);
    CHECK_EQ(stats.rx_frames + stats.tx_frames, 0);
    wire_close(w);
}

static char folder[64];

static char *
path_in(const char *name)
{
    static char path[128];

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    return path;
}

static struct wire *
link_end(void)
{
    char spec[160];

    snprintf(spec, sizeof(spec), "link:%s", path_in("cable"));
    return opened(spec);
}

TEST(link, joins_two_and_refuses_a_third)
{
    struct wire *a = link_end(), *b;
    char spec[160];
    uint8_t frame[60] = { 7 }, back[2000];
    struct wire_link link;
    struct wire_stats stats;
    struct wire_rx rx;

    wire_link(a, &link);
    CHECK(!link.up && !link.gone);
    CHECK_EQ(send_one(a, frame, 60, 0), 1); /* into the air */
    wire_stats(a, &stats);
    CHECK_EQ(stats.tx_dropped, 1);
    b = link_end();
    CHECK(readable(a));
    CHECK(wire_poll(a));
    wire_link(a, &link);
    CHECK(link.up);
    snprintf(spec, sizeof(spec), "link:%s", path_in("cable"));
    CHECK(strstr(refused(spec), "joins two machines already") != NULL);
    CHECK_EQ(send_one(a, frame, 60, WIRE_NEEDS_CSUM), 1);
    CHECK(readable(b));
    CHECK_EQ(receive_one(b, back, &rx), 1);
    CHECK_EQ(rx.length, 60);
    CHECK_EQ(back[0], 7);
    CHECK_EQ(rx.offload.flags, WIRE_NEEDS_CSUM);
    CHECK(!readable(b));

    wire_close(a); /* the other end goes on as the one that waits */
    CHECK_EQ(receive_one(b, back, &rx), 0);
    wire_link(b, &link);
    CHECK(!link.up && !link.gone);
    a = link_end();
    CHECK(wire_poll(b));
    CHECK_EQ(send_one(b, frame, 60, 0), 1);
    CHECK_EQ(receive_one(a, back, &rx), 1);
    wire_close(a);
    wire_close(b);
    CHECK(access(path_in("cable"), F_OK) != 0);
    CHECK(access(path_in("cable.lock"), F_OK) != 0);
}

TEST(link, a_full_link_puts_sends_off_until_the_other_reads)
{
    struct wire *a = link_end(), *b = link_end();
    uint8_t frame[1500] = { 1 }, back[2000];
    struct wire_stats stats;
    struct wire_rx rx;
    unsigned sent = 0, got = 0;

    wire_poll(a);
    while (send_one(a, frame, sizeof(frame), 0) == 1)
        sent++;
    CHECK(sent > 0);
    CHECK(!readable(a)); /* no room: nothing to tell */
    while (receive_one(b, back, &rx) == 1)
        got++;
    CHECK_EQ(got, sent);
    CHECK(readable(a));
    CHECK(wire_send_ready(a));
    CHECK_EQ(send_one(a, frame, sizeof(frame), 0), 1);
    wire_stats(a, &stats);
    CHECK_EQ(stats.tx_full, 1);
    CHECK_EQ(stats.tx_dropped, 0);
    wire_close(a);
    wire_close(b);
}

/* What a machine that was killed left behind is cleared away. */
TEST(link, a_socket_without_its_owner_is_taken_over)
{
    FILE *left = fopen(path_in("cable"), "w");
    struct wire *a, *b;
    struct wire_link link;

    CHECK(left != NULL);
    fclose(left);
    a = link_end();
    b = link_end();
    wire_poll(a);
    wire_link(a, &link);
    CHECK(link.up);
    wire_close(b);
    wire_close(a);
}

/* Whoever connects may say anything: messages of every length, words that are not true, nothing at all. */
TEST(link, what_a_stranger_sends_is_counted_and_survived)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    static uint8_t message[80000], back[2000];
    struct wire *a = link_end(), *b;
    int stranger = socket(AF_UNIX, SOCK_SEQPACKET, 0);
    unsigned good = 0, sent = 0;
    struct wire_stats stats;
    struct wire_link link;
    struct wire_rx rx;

    memcpy(address.sun_path, path_in("cable"), strlen(path_in("cable")) + 1);
    CHECK_EQ(connect(stranger, (struct sockaddr *)&address, sizeof(address)), 0);
    CHECK(wire_poll(a));
    for (size_t length = 1; length < sizeof(message); length += length < 2100 ? 1 : 7777) {
        CHECK_EQ(send(stranger, message, length, 0), (long)length);
        sent++;
        while (receive_one(a, back, &rx) == 1) {
            CHECK_EQ(rx.length, length - 10);
            good++;
        }
    }
    wire_stats(a, &stats);
    CHECK_EQ(good, 2000 - 13);    /* 14 to 2000 bytes after the words */
    CHECK_EQ(stats.rx_short, 23); /* no whole words, or no whole header */
    CHECK_EQ(stats.rx_long, sent - good - 23);
    memset(message, 0xff, 10);
    CHECK_EQ(send(stranger, message, 70, 0), 70);
    CHECK_EQ(receive_one(a, back, &rx), 0);
    wire_stats(a, &stats);
    CHECK_EQ(stats.rx_words, 1);
    CHECK_EQ(stats.rx_frames, good);
    CHECK_EQ(send(stranger, message, 0, 0), 0); /* as if it had gone */
    CHECK_EQ(receive_one(a, back, &rx), 0);
    wire_link(a, &link);
    CHECK(!link.up && !link.gone);
    close(stranger);
    b = link_end();
    CHECK(wire_poll(a));
    CHECK_EQ(send_one(b, message, 60, 0), 1);
    CHECK_EQ(receive_one(a, back, &rx), 1);
    wire_close(b);
    wire_close(a);
}

static void
write_then_read(const char *name, const char *options)
{
    char spec[300];
    struct wire *w;
    uint8_t frame[1514] = { 3 }, back[2000];
    struct wire_link link;
    struct wire_rx rx;

    snprintf(spec, sizeof(spec), "pcap:,write=%s", path_in(name));
    w = opened(spec);
    CHECK_EQ(send_one(w, frame, 61, 0), 1);
    CHECK_EQ(send_one(w, frame, 1514, 0), 1);
    wire_close(w);
    snprintf(spec, sizeof(spec), "pcap:%s%s", path_in(name), options);
    w = opened(spec);
    for (unsigned loop = 0; loop < 2; loop++) {
        for (unsigned tries = 0; receive_one(w, back, &rx) == 0; tries++) {
            CHECK(tries < 1000);
            poll(NULL, 0, 1);
        }
        CHECK_EQ(rx.length, 61);
        CHECK_MEM(back, frame, 61);
        for (unsigned tries = 0; receive_one(w, back, &rx) == 0; tries++) {
            CHECK(tries < 1000);
            poll(NULL, 0, 1);
        }
        CHECK_EQ(rx.length, 1514);
        CHECK_MEM(back, frame, 1514);
    }
    CHECK_EQ(receive_one(w, back, &rx), 0);
    CHECK(!readable(w)); /* nobody wakes up for a file that has ended */
    wire_link(w, &link);
    CHECK(link.gone && !link.up);
    wire_close(w);
}

TEST(pcap, what_was_written_is_played)
{
    write_then_read("a.pcap", ",loops=2");
    write_then_read("b.pcapng", ",loops=2,speed=full");
}

/* A disk that is full: what is sent from then on is counted as lost. */
TEST(pcap, what_cannot_be_written_is_counted)
{
    struct rlimit all, little = { 4096, 4096 };
    struct wire_stats stats = { 0 };
    uint8_t frame[1514] = { 3 };
    char spec[300];
    struct wire *w;

    CHECK(strstr(refused("pcap:,write=/dev/full"), "cannot write /dev/full: No space left on device") != NULL);
    snprintf(spec, sizeof(spec), "pcap:,write=%s", path_in("a.pcap"));
    w = opened(spec);
    signal(SIGXFSZ, SIG_IGN);
    CHECK_EQ(getrlimit(RLIMIT_FSIZE, &all), 0);
    little.rlim_max = all.rlim_max;
    CHECK_EQ(setrlimit(RLIMIT_FSIZE, &little), 0);
    for (unsigned tries = 0; tries < 1000 && stats.tx_dropped == 0; tries++) {
        CHECK_EQ(send_one(w, frame, 1514, 0), 1);
        poll(NULL, 0, 1); /* its thread writes */
        wire_stats(w, &stats);
    }
    CHECK_EQ(setrlimit(RLIMIT_FSIZE, &all), 0);
    CHECK(stats.tx_dropped > 0);
    wire_close(w);
}

static int
make_folder(void **state)
{
    (void)state;
    snprintf(folder, sizeof(folder), "/tmp/undis-wire-XXXXXX");
    return mkdtemp(folder) == NULL;
}

static int
remove_folder(void **state)
{
    (void)state;
    unlink(path_in("a.pcap"));
    unlink(path_in("b.pcapng"));
    return rmdir(folder); /* fails if anything was left behind */
}

#define IN_FOLDER(area, name) TEST_CASE_WITH(area, name, make_folder, remove_folder)

TEST_MAIN(TEST_CASE(spec, what_is_wrong_is_said_in_a_sentence),
          TEST_CASE(loop, frames_come_back_in_order_with_their_words),
          TEST_CASE(loop, frames_of_wrong_length_are_counted), IN_FOLDER(link, joins_two_and_refuses_a_third),
          IN_FOLDER(link, a_full_link_puts_sends_off_until_the_other_reads),
          IN_FOLDER(link, a_socket_without_its_owner_is_taken_over),
          IN_FOLDER(link, what_a_stranger_sends_is_counted_and_survived), IN_FOLDER(pcap, what_was_written_is_played),
          IN_FOLDER(pcap, what_cannot_be_written_is_counted))
