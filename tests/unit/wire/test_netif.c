/* SPDX-License-Identifier: MIT */
/*
 * unit/wire/test_netif.c - tap and afpacket on interfaces of a namespace made for the test.
 *
 * Two wires look at one interface: what goes in through the tap's descriptor comes out of the packet socket, and back.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unit/test.h"
#include "wire/wire.h"

static char text[200];
static const char *cannot; /* why these tests cannot run here */

static struct wire *
opened(const char *spec)
{
    struct wire *w;
    int err = wire_open(spec, NULL, &w, text);

    if (err)
        fail_msg("%s: %s", spec, text);
    return w;
}

static void
make_frame(uint8_t *f, uint32_t length, uint8_t mark)
{
    memset(f, 0, length);
    memset(f, 0xff, 6);
    f[6] = 2;
    f[12] = 0x88;
    f[13] = 0xb5; /* for local experiments: Linux drops it */
    f[14] = mark;
}

static unsigned
send_one(struct wire *w, uint8_t *bytes, uint32_t length, struct wire_offload o)
{
    struct iovec iov = { bytes, length };
    struct wire_tx tx = { &iov, 1, length, o };

    return wire_send(w, &tx, 1);
}

/* The next frame of ours; Linux sends some of its own on an interface that comes up. */
static bool
receive_ours(struct wire *w, uint8_t *bytes, struct wire_rx *rx)
{
    struct pollfd fd = { .fd = wire_fd(w), .events = POLLIN };

    for (unsigned i = 0; i < 200; i++) {
        *rx = (struct wire_rx){ .buffer = bytes, .room = WIRE_GSO_MAX };
        if (wire_receive(w, rx, 1) == 0) {
            wire_poll(w);
            poll(&fd, 1, 10);
        } else if ((bytes[12] == 0x88 && bytes[13] == 0xb5) || rx->offload.gso != WIRE_GSO_NONE ||
                   (bytes[12] == 0x81 && bytes[13] == 0))
            return true;
    }
    return false;
}

static void
set_up(const char *name, bool up)
{
    struct ifreq ifr = { 0 };
    int fd = socket(AF_INET, SOCK_DGRAM, 0);

    memcpy(ifr.ifr_name, name, strlen(name) + 1);
    CHECK_EQ(ioctl(fd, SIOCGIFFLAGS, &ifr), 0);
    ifr.ifr_flags = (short)(up ? ifr.ifr_flags | IFF_UP : ifr.ifr_flags & ~IFF_UP);
    CHECK_EQ(ioctl(fd, SIOCSIFFLAGS, &ifr), 0);
    close(fd);
}

#define NEEDS_NAMESPACE() \
    if (cannot != NULL)   \
    SKIP(cannot)

TEST(tap, carries_frames_both_ways)
{
    struct wire *tap, *packet;
    uint8_t frame[WIRE_GSO_MAX], back[WIRE_GSO_MAX];
    struct wire_rx rx;
    struct wire_link link;

    NEEDS_NAMESPACE();
    tap = opened("tap:wt0,mtu=9000,up");
    CHECK_EQ(wire_info(tap)->mtu, 9000);
    CHECK(wire_info(tap)->checksums && wire_info(tap)->tcp4);
    wire_link(tap, &link);
    CHECK(link.up && !link.gone);
    packet = opened("afpacket:wt0");
    CHECK_EQ(wire_info(packet)->mtu, 9000);

    make_frame(frame, 9014, 1);
    CHECK_EQ(send_one(tap, frame, 9014, (struct wire_offload){ 0 }), 1);
    CHECK(receive_ours(packet, back, &rx));
    CHECK_EQ(rx.length, 9014);
    CHECK_MEM(back, frame, 9014);

    make_frame(frame, 60, 2);
    CHECK_EQ(send_one(packet, frame, 60, (struct wire_offload){ 0 }), 1);
    CHECK(receive_ours(tap, back, &rx));
    CHECK_EQ(rx.length, 60);
    CHECK_MEM(back, frame, 60);

    /* a VLAN tag that Linux takes out is put back */
    make_frame(frame, 64, 3);
    memcpy(frame + 12, (uint8_t[]){ 0x81, 0, 0, 42, 0x88, 0xb5 }, 6);
    CHECK_EQ(send_one(tap, frame, 64, (struct wire_offload){ 0 }), 1);
    CHECK(receive_ours(packet, back, &rx));
    CHECK_EQ(rx.length, 64);
    CHECK_MEM(back, frame, 64);
    wire_close(packet);
    wire_close(tap);
}

/* The same with words and frame in one read; nothing but the margins is written around the room. */
TEST(tap, a_buffer_with_margins_holds_the_same_frame)
{
    static const uint32_t lengths[] = { 60, 256, 257, 1514 };
    struct wire *tap, *packet;
    uint8_t frame[1514], memory[1514 + 4 * WIRE_MARGIN], *buffer = memory + 2 * WIRE_MARGIN;
    struct wire_stats stats;
    struct wire_rx rx;

    NEEDS_NAMESPACE();
    tap = opened("tap:wt6,up");
    packet = opened("afpacket:wt6");
    for (unsigned i = 0; i < 8; i++) {
        uint32_t length = lengths[i % 4], room = i < 4 ? length : length - 1;
        uint64_t before;

        wire_stats(tap, &stats);
        before = stats.rx_long;
        memset(memory, 0xaa, sizeof(memory));
        make_frame(frame, length, (uint8_t)i);
        CHECK_EQ(send_one(packet, frame, length, (struct wire_offload){ 0 }), 1);
        for (bool done = false; !done;) { /* what Linux itself says on the interface is older than the frame */
            unsigned got;

            rx = (struct wire_rx){ .buffer = buffer, .room = room, .margins = true };
            got = wire_receive(tap, &rx, 1);
            wire_stats(tap, &stats);
            done = room == length ? got == 1 && buffer[12] == 0x88 && buffer[13] == 0xb5 : stats.rx_long != before;
            if (!done && got == 0) /* Linux may pass it on from another processor, a while later */
                CHECK_EQ(poll(&(struct pollfd){ .fd = wire_fd(tap), .events = POLLIN }, 1, 5000), 1);
        }
        for (unsigned at = 0; at < WIRE_MARGIN; at++)
            CHECK(memory[at] == 0xaa && buffer[room + WIRE_MARGIN + at] == 0xaa);
        if (room == length) {
            CHECK_EQ(rx.length, length);
            CHECK_MEM(buffer, frame, length);
        }
    }
    /* and out again: short frames are copied, in how many pieces they may be */
    for (unsigned i = 0; i < 4; i++) {
        uint8_t back[WIRE_GSO_MAX];
        struct iovec iov[] = { { frame, 20 }, { frame + 20, 1 }, { frame + 21, lengths[i] - 21 } };
        struct wire_tx tx = { iov, 3, lengths[i], { 0 } };

        make_frame(frame, lengths[i], (uint8_t)i);
        CHECK_EQ(wire_send(tap, &tx, 1), 1);
        CHECK(receive_ours(packet, back, &rx));
        CHECK_EQ(rx.length, lengths[i]);
        CHECK_MEM(back, frame, lengths[i]);
    }
    wire_close(packet);
    wire_close(tap);
}

/* 32 KB of TCP, to be cut into segments of 1448 bytes. */
static struct wire_offload
make_segments(uint8_t *f, uint32_t length)
{
    uint32_t sum = 0;

    make_frame(f, length, 0);
    memcpy(f + 12, (uint8_t[]){ 8, 0, 0x45, 0 }, 4);
    f[16] = (uint8_t)((length - 14) >> 8);
    f[17] = (uint8_t)(length - 14);
    memcpy(f + 22, (uint8_t[]){ 64, 6, 0, 0, 10, 9, 0, 1, 10, 9, 0, 2 }, 12);
    for (unsigned i = 14; i < 34; i += 2)
        sum += (uint32_t)f[i] << 8 | f[i + 1];
    sum = (sum & 0xffff) + (sum >> 16);
    f[24] = (uint8_t)(~sum >> 8);
    f[25] = (uint8_t)~sum;
    f[46] = 5 << 4;
    f[47] = 0x10;
    return (struct wire_offload){ .flags = WIRE_NEEDS_CSUM,
                                  .gso = WIRE_GSO_TCP4,
                                  .gso_size = 1448,
                                  .hdr_len = 54,
                                  .csum_start = 34,
                                  .csum_offset = 16 };
}

TEST(tap, frames_to_be_cut_stay_whole)
{
    struct wire *tap, *packet;
    uint8_t frame[WIRE_GSO_MAX], back[WIRE_GSO_MAX];
    struct wire_offload o = make_segments(frame, 32054);
    struct wire_rx rx;

    NEEDS_NAMESPACE();
    tap = opened("tap:wt1,up");
    packet = opened("afpacket:wt1");
    CHECK_EQ(send_one(tap, frame, 32054, o), 1);
    CHECK(receive_ours(packet, back, &rx));
    CHECK_EQ(rx.length, 32054);
    CHECK_EQ(rx.offload.gso, WIRE_GSO_TCP4);
    CHECK_EQ(rx.offload.gso_size, 1448);
    CHECK_EQ(rx.offload.hdr_len, 54);
    CHECK_EQ(send_one(packet, frame, 32054, o), 1);
    CHECK(receive_ours(tap, back, &rx));
    CHECK_EQ(rx.length, 32054);
    CHECK_EQ(rx.offload.gso, WIRE_GSO_TCP4);
    wire_close(packet);
    wire_close(tap);
}

/* The number of the next frame of ours; -1: there is none, and no waiting for one. */
static int
next_number(struct wire *w, uint8_t *bytes, uint32_t room, struct wire_rx *rx)
{
    do {
        *rx = (struct wire_rx){ .buffer = bytes, .room = room };
        if (wire_receive(w, rx, 1) == 0)
            return -1;
    } while ((bytes[12] != 0x88 || bytes[13] != 0xb5) && rx->offload.gso == WIRE_GSO_NONE);
    return rx->offload.gso != WIRE_GSO_NONE ? bytes[bytes[12] == 0x81 ? 42 : 38] : bytes[14];
}

/*
 * Numbers from first (even) on. Every other frame is longer than a slot; of these every other has a tag, which Linux
 * takes out, and its number is in TCP's sequence.
 */
static void
send_mixed(struct wire *tap, unsigned first, unsigned count)
{
    uint8_t frame[WIRE_GSO_MAX];

    for (unsigned i = first; i < first + count; i++) {
        struct wire_offload none = { 0 }, o;

        if (i % 2 == 0) {
            make_frame(frame, 60, (uint8_t)i);
            CHECK_EQ(send_one(tap, frame, 60, none), 1);
            continue;
        }
        o = make_segments(frame, 20054);
        frame[38] = (uint8_t)i;
        if (i % 4 == 1) {
            CHECK_EQ(send_one(tap, frame, 20054, o), 1);
            continue;
        }
        memmove(frame + 16, frame + 12, 20042);
        memcpy(frame + 12, (uint8_t[]){ 0x81, 0, 0, 42 }, 4);
        o.csum_start = (uint16_t)(o.csum_start + 4);
        o.hdr_len = (uint16_t)(o.hdr_len + 4);
        CHECK_EQ(send_one(tap, frame, 20058, o), 1);
    }
}

TEST(afpacket, every_frame_is_there_at_once_and_long_ones_keep_their_place)
{
    uint8_t back[WIRE_GSO_MAX];
    struct wire *tap, *packet;
    struct wire_stats stats;
    struct wire_rx rx;

    NEEDS_NAMESPACE();
    tap = opened("tap:wt8,up");
    packet = opened("afpacket:wt8");
    send_mixed(tap, 0, 16);
    for (unsigned i = 0; i < 16; i++) {
        CHECK_EQ(next_number(packet, back, sizeof(back), &rx), i);
        CHECK_EQ(rx.length, i % 2 == 0 ? 60 : i % 4 == 1 ? 20054 : 20058);
        CHECK_EQ(rx.offload.csum_start, i % 2 == 0 ? 0 : i % 4 == 1 ? 34 : 38);
    }
    /* one that has no room is counted and does not stand in the way of others */
    send_mixed(tap, 20, 16);
    for (unsigned i = 20; i < 36; i += 2)
        CHECK_EQ(next_number(packet, back, 2000, &rx), i);
    CHECK_EQ(next_number(packet, back, 2000, &rx), -1);
    wire_stats(packet, &stats);
    CHECK_EQ(stats.rx_long, 8);
    /* what came before the interface went down is received, although the socket has an error to tell of */
    send_mixed(tap, 40, 4);
    set_up("wt8", false);
    for (unsigned i = 40; i < 44; i++)
        CHECK_EQ(next_number(packet, back, sizeof(back), &rx), i);
    wire_stats(packet, &stats);
    CHECK_EQ(stats.rx_lost, 0);
    wire_close(packet);
    wire_close(tap);
}

/* Nobody reads: what Linux has no room for is counted, and what it kept comes in order. */
TEST(afpacket, frames_that_nobody_reads_are_lost_and_counted)
{
    enum { SENT = 6000 };
    uint8_t frame[60] = { 0 }, back[WIRE_GSO_MAX];
    struct wire *tap, *packet;
    struct wire_stats stats;
    struct wire_rx rx;
    unsigned got = 0;

    NEEDS_NAMESPACE();
    tap = opened("tap:wt9,up");
    packet = opened("afpacket:wt9");
    make_frame(frame, 60, 0);
    for (unsigned i = 0; i < SENT; i++) {
        frame[14] = (uint8_t)i;
        CHECK_EQ(send_one(tap, frame, 60, (struct wire_offload){ 0 }), 1);
    }
    for (int number; (number = next_number(packet, back, sizeof(back), &rx)) >= 0; got++)
        CHECK_EQ(number, (uint8_t)got);
    CHECK(got > 4000 && got <= 4096);
    for (unsigned i = 0; i < 1100; i++) /* the counter is read now and then */
        next_number(packet, back, sizeof(back), &rx);
    wire_stats(packet, &stats);
    CHECK(stats.rx_lost >= SENT - got && stats.rx_lost < SENT - got + 20); /* Linux sends some of its own */
    wire_close(packet);
    wire_close(tap);
}

TEST(tap, an_interface_that_goes_down_and_away_is_noticed)
{
    struct wire *tap, *packet;
    uint8_t frame[60], back[WIRE_GSO_MAX];
    struct pollfd fd;
    struct wire_link link;
    struct wire_stats stats;
    struct wire_rx rx;

    NEEDS_NAMESPACE();
    tap = opened("tap:wt2,up");
    packet = opened("afpacket:wt2");
    set_up("wt2", false);
    CHECK(wire_poll(tap));
    wire_link(tap, &link);
    CHECK(!link.up && !link.gone);
    make_frame(frame, 60, 1);
    CHECK_EQ(send_one(tap, frame, 60, (struct wire_offload){ 0 }), 1);
    wire_stats(tap, &stats);
    CHECK_EQ(stats.tx_dropped, 1);
    set_up("wt2", true);
    CHECK(wire_poll(tap));
    wire_link(tap, &link);
    CHECK(link.up);

    wire_close(tap); /* and with it the interface */
    rx = (struct wire_rx){ .buffer = back, .room = sizeof(back) };
    while (wire_receive(packet, &rx, 1) != 0)
        ;
    wire_poll(packet);
    wire_link(packet, &link);
    CHECK(link.gone && !link.up);
    CHECK_EQ(send_one(packet, frame, 60, (struct wire_offload){ 0 }), 1);
    wire_stats(packet, &stats);
    CHECK_EQ(stats.tx_dropped, 1);
    fd = (struct pollfd){ .fd = wire_fd(packet), .events = POLLIN };
    CHECK_EQ(poll(&fd, 1, 0), 0); /* nobody wakes up for it */
    wire_close(packet);
}

/* Gives the interface to the network namespace of a process. */
static void
give_away(const char *name, pid_t to)
{
    struct {
        struct nlmsghdr h;
        struct ifinfomsg info;
        struct rtattr key;
        uint32_t pid;
    } ask = { .h = { .nlmsg_len = sizeof(ask), .nlmsg_type = RTM_NEWLINK, .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK },
              .info = { .ifi_index = (int)if_nametoindex(name) },
              .key = { .rta_len = RTA_LENGTH(sizeof(uint32_t)), .rta_type = IFLA_NET_NS_PID },
              .pid = (uint32_t)to };
    struct {
        struct nlmsghdr h;
        struct nlmsgerr answer;
        uint8_t more[256];
    } got;
    int fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);

    CHECK_EQ(send(fd, &ask, sizeof(ask), 0), (long)sizeof(ask));
    CHECK(recv(fd, &got, sizeof(got), 0) >= (long)(sizeof(got.h) + sizeof(got.answer.error)));
    CHECK_EQ(got.h.nlmsg_type, NLMSG_ERROR);
    CHECK_EQ(got.answer.error, 0);
    close(fd);
}

/* It works on where it is now, and the changes of others where it was wake nobody. */
TEST(tap, an_interface_given_to_another_namespace_stays_and_is_quiet)
{
    struct wire *tap, *other;
    struct wire_link link;
    struct pollfd fd;
    int ready[2];
    char byte;
    pid_t there;

    NEEDS_NAMESPACE();
    CHECK_EQ(pipe(ready), 0);
    there = fork();
    if (there == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (unshare(CLONE_NEWNET) != 0 || write(ready[1], "r", 1) != 1)
            _exit(1);
        pause();
        _exit(0);
    }
    CHECK_EQ(read(ready[0], &byte, 1), 1);
    tap = opened("tap:wt6,up");
    give_away("wt6", there);
    CHECK_EQ(if_nametoindex("wt6"), 0);
    wire_poll(tap);
    wire_link(tap, &link);
    CHECK(link.up && !link.gone);
    other = opened("tap:wt7,up"); /* news here */
    fd = (struct pollfd){ .fd = wire_fd(tap), .events = POLLIN };
    CHECK_EQ(poll(&fd, 1, 20), 0);
    wire_close(other);
    wire_close(tap);
    kill(there, SIGKILL);
    waitpid(there, NULL, 0);
    close(ready[0]);
    close(ready[1]);
}

TEST(tap, its_linux_side_takes_carrier_address_and_mtu)
{
    struct wire *tap;
    static const uint8_t mac[6] = { 2, 1, 2, 3, 4, 5 };
    struct ifreq ifr = { .ifr_name = "wt3" };
    int fd;

    NEEDS_NAMESPACE();
    tap = opened("tap:wt3,up");
    fd = socket(AF_INET, SOCK_DGRAM, 0);
    CHECK_EQ(wire_set_carrier(tap, false), 0);
    for (unsigned i = 0; i < 300; i++) { /* Linux passes it on from a work item, once a second */
        CHECK_EQ(ioctl(fd, SIOCGIFFLAGS, &ifr), 0);
        if (!(ifr.ifr_flags & IFF_RUNNING))
            break;
        poll(NULL, 0, 10);
    }
    CHECK((ifr.ifr_flags & IFF_UP) && !(ifr.ifr_flags & IFF_RUNNING));
    CHECK_EQ(wire_set_carrier(tap, true), 0);
    CHECK_EQ(wire_set_mac(tap, mac), 0);
    CHECK_EQ(ioctl(fd, SIOCGIFHWADDR, &ifr), 0);
    CHECK_MEM(ifr.ifr_hwaddr.sa_data, mac, 6);
    CHECK_MEM(wire_info(tap)->peer_mac, mac, 6);
    CHECK_EQ(wire_set_mtu(tap, 4000), 0);
    CHECK_EQ(ioctl(fd, SIOCGIFMTU, &ifr), 0);
    CHECK_EQ(ifr.ifr_mtu, 4000);
    close(fd);
    wire_close(tap);
}

TEST(tap, a_name_that_is_taken_is_refused)
{
    struct wire *tap, *w;

    NEEDS_NAMESPACE();
    tap = opened("tap:wt4");
    CHECK_EQ(wire_open("tap:wt4", NULL, &w, text), -EEXIST);
    CHECK_STR(text, "there is an interface wt4 already; the option attach uses it");
    CHECK_EQ(wire_open("tap:wt4,attach", NULL, &w, text), -EBUSY);
    CHECK_STR(text, "the tap wt4 is in use by another program");
    CHECK(wire_open("tap:lo,attach", NULL, &w, text) != 0);
    wire_close(tap);
}

TEST(tap, plain_has_no_words)
{
    struct wire *tap;
    uint8_t frame[60];

    NEEDS_NAMESPACE();
    tap = opened("tap:wt5,plain,up");
    CHECK(!wire_info(tap)->checksums && !wire_info(tap)->tcp4);
    make_frame(frame, 60, 1);
    CHECK_EQ(send_one(tap, frame, 60, (struct wire_offload){ 0 }), 1);
    CHECK_EQ(send_one(tap, frame, 60, (struct wire_offload){ .flags = WIRE_NEEDS_CSUM, .csum_start = 34 }), 1);
    struct wire_stats stats;
    wire_stats(tap, &stats);
    CHECK_EQ(stats.tx_frames, 1);
    CHECK_EQ(stats.tx_refused, 1);
    wire_close(tap);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_CASE(tap, carries_frames_both_ways),
        TEST_CASE(tap, a_buffer_with_margins_holds_the_same_frame),
        TEST_CASE(tap, frames_to_be_cut_stay_whole),
        TEST_CASE(afpacket, every_frame_is_there_at_once_and_long_ones_keep_their_place),
        TEST_CASE(afpacket, frames_that_nobody_reads_are_lost_and_counted),
        TEST_CASE(tap, an_interface_that_goes_down_and_away_is_noticed),
        TEST_CASE(tap, an_interface_given_to_another_namespace_stays_and_is_quiet),
        TEST_CASE(tap, its_linux_side_takes_carrier_address_and_mtu),
        TEST_CASE(tap, a_name_that_is_taken_is_refused),
        TEST_CASE(tap, plain_has_no_words),
    };

    if (unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0)
        cannot = "no user and network namespaces here";
    else if (access("/dev/net/tun", R_OK | W_OK) != 0)
        cannot = "no /dev/net/tun here";
    return cmocka_run_group_tests(tests, NULL, NULL);
}
