/* SPDX-License-Identifier: MIT */
/*
 * bench/packet_loop.c - the peer of undis between two interfaces that it shares with Linux: from one to the other.
 *
 *     packet_loop NAME NAME
 *
 * Model: one thread, a TPACKET_V3 ring of blocks for each interface, poll() when both are empty, sendmmsg() of up to 64
 * frames straight out of the block, words (virtio_net_hdr) passed on unchanged: what Linux has for this, and nothing
 * else. Ends on SIGTERM or SIGINT and prints what went through.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <linux/virtio_net.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>

#define BURST       64u
#define BLOCK_SIZE  (1u << 18)
#define BLOCK_COUNT 32u
#define WORDS       sizeof(struct virtio_net_hdr)

#ifndef PACKET_IGNORE_OUTGOING
#define PACKET_IGNORE_OUTGOING 23
#endif

struct side {
    int fd;
    uint8_t *ring;
    uint32_t block;
    unsigned long long frames; /* that came in */
};

static volatile sig_atomic_t stop;

static void
on_signal(int number)
{
    (void)number;
    stop = 1;
}

static bool
set(int fd, int name, int value)
{
    return setsockopt(fd, SOL_PACKET, name, &value, sizeof(value)) == 0;
}

static bool
open_side(struct side *s, const char *name)
{
    struct tpacket_req3 ring = { .tp_block_size = BLOCK_SIZE,
                                 .tp_block_nr = BLOCK_COUNT,
                                 .tp_frame_size = 2048,
                                 .tp_frame_nr = BLOCK_SIZE / 2048 * BLOCK_COUNT,
                                 .tp_retire_blk_tov = 1 };
    struct sockaddr_ll to = { .sll_family = AF_PACKET,
                              .sll_protocol = htons(ETH_P_ALL),
                              .sll_ifindex = (int)if_nametoindex(name) };
    struct packet_mreq all = { .mr_ifindex = to.sll_ifindex, .mr_type = PACKET_MR_PROMISC };

    s->fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
    if (s->fd < 0 || !set(s->fd, PACKET_VERSION, TPACKET_V3) || !set(s->fd, PACKET_VNET_HDR, 1) ||
        setsockopt(s->fd, SOL_PACKET, PACKET_RX_RING, &ring, sizeof(ring)) != 0)
        return false;
    s->ring = mmap(NULL, (size_t)BLOCK_SIZE * BLOCK_COUNT, PROT_READ | PROT_WRITE, MAP_SHARED, s->fd, 0);
    return s->ring != MAP_FAILED && set(s->fd, PACKET_QDISC_BYPASS, 1) && set(s->fd, PACKET_IGNORE_OUTGOING, 1) &&
           bind(s->fd, (struct sockaddr *)&to, sizeof(to)) == 0 &&
           setsockopt(s->fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &all, sizeof(all)) == 0;
}

/* Those that it does not take are lost, as on a wire. */
static void
send_all(int fd, struct mmsghdr *m, unsigned count)
{
    for (unsigned done = 0; done < count;) {
        int n = sendmmsg(fd, m + done, count - done, MSG_DONTWAIT);

        done += n > 0 ? (unsigned)n : 1;
    }
}

/* One block, if Linux has handed one over. */
static bool
copy(struct side *from, const struct side *to)
{
    struct tpacket_block_desc *d = (void *)(from->ring + (size_t)from->block * BLOCK_SIZE);
    const struct tpacket3_hdr *f;
    struct mmsghdr m[BURST];
    struct iovec iov[BURST];
    unsigned count = 0;

    if (!(__atomic_load_n(&d->hdr.bh1.block_status, __ATOMIC_ACQUIRE) & TP_STATUS_USER))
        return false;
    f = (const void *)((const uint8_t *)d + d->hdr.bh1.offset_to_first_pkt);
    for (uint32_t i = 0; i < d->hdr.bh1.num_pkts; i++) {
        iov[count] = (struct iovec){ (uint8_t *)f + f->tp_mac - WORDS, f->tp_snaplen + WORDS };
        m[count] = (struct mmsghdr){ .msg_hdr = { .msg_iov = &iov[count], .msg_iovlen = 1 } };
        if (++count == BURST) {
            send_all(to->fd, m, count);
            count = 0;
        }
        f = (const void *)((const uint8_t *)f + f->tp_next_offset);
    }
    send_all(to->fd, m, count);
    from->frames += d->hdr.bh1.num_pkts;
    __atomic_store_n(&d->hdr.bh1.block_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
    from->block = (from->block + 1) % BLOCK_COUNT;
    return true;
}

int
main(int argc, char **argv)
{
    struct side side[2] = { 0 };
    struct pollfd fd[2];

    if (argc != 3) {
        fprintf(stderr, "usage: packet_loop NAME NAME\n");
        return 64;
    }
    for (unsigned i = 0; i < 2; i++) {
        if (!open_side(&side[i], argv[1 + i])) {
            fprintf(stderr, "packet_loop: %s: %s\n", argv[1 + i], strerror(errno));
            return 4;
        }
        fd[i] = (struct pollfd){ .fd = side[i].fd, .events = POLLIN };
    }
    signal(SIGTERM, on_signal);
    signal(SIGINT, on_signal);
    puts("ready");
    fflush(stdout);
    while (!stop) {
        bool a = copy(&side[0], &side[1]), b = copy(&side[1], &side[0]);

        if (!a && !b)
            poll(fd, 2, 1000);
    }
    printf("%llu frames, %llu frames back\n", side[0].frames, side[1].frames);
    return 0;
}
