/* SPDX-License-Identifier: MIT */
/*
 * bench/pcap_read.c - a capture file read by the pcap wire, beside libpcap's pcap_next_ex().
 *
 * Both open the file, look at the type of every frame and close it; the file lies in Linux's cache. The wire reads it
 * twice, since it checks every frame before the first is played, and copies each into its reader's buffer.
 */
#include <pcap/pcap.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "rounds.h"
#include "wire/wire.h"

static uint64_t seen;

static double
now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t); /* neither waits for anything */
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static int
make_file(const char *path, uint32_t length, unsigned count)
{
    uint8_t frame[1514] = { 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x88, 0xb5 };
    pcap_t *p = pcap_open_dead(DLT_EN10MB, 65535);
    pcap_dumper_t *d = pcap_dump_open(p, path);
    struct pcap_pkthdr h = { .caplen = length, .len = length };

    if (d == NULL)
        return -1;
    for (unsigned i = 0; i < count; i++) {
        h.ts.tv_sec = i / 1000000;
        h.ts.tv_usec = i % 1000000;
        pcap_dump((u_char *)d, &h, frame);
    }
    pcap_dump_close(d);
    pcap_close(p);
    return 0;
}

static unsigned
by_libpcap(const char *path)
{
    char text[PCAP_ERRBUF_SIZE];
    pcap_t *p = pcap_open_offline(path, text);
    struct pcap_pkthdr *h;
    const u_char *bytes;
    unsigned count = 0;

    for (; p != NULL && pcap_next_ex(p, &h, &bytes) == 1; count++)
        seen += bytes[12];
    if (p != NULL)
        pcap_close(p);
    return count;
}

static unsigned
by_wire(const char *path)
{
    static uint8_t room[WIRE_BURST][2048];
    struct wire_rx rx[WIRE_BURST];
    char spec[300], text[200];
    unsigned count = 0, got;
    struct wire *w;

    snprintf(spec, sizeof(spec), "pcap:%s,speed=full", path);
    if (wire_open(spec, NULL, &w, text) != 0) {
        fprintf(stderr, "pcap_read: %s\n", text);
        return 0;
    }
    for (unsigned i = 0; i < WIRE_BURST; i++)
        rx[i] = (struct wire_rx){ .buffer = room[i], .room = sizeof(room[i]) };
    while ((got = wire_receive(w, rx, WIRE_BURST)) > 0) {
        for (unsigned i = 0; i < got; i++)
            seen += room[i][12];
        count += got;
    }
    wire_close(w);
    return count;
}

static int
compare(const char *path, uint32_t length, unsigned count, double goal)
{
    double ratio[ROUNDS], peer[ROUNDS], wire[ROUNDS], from;

    if (make_file(path, length, count) != 0)
        return 4;
    for (unsigned i = 0; i < ROUNDS; i++) {
        from = now();
        if (by_libpcap(path) != count)
            return 3;
        peer[i] = (now() - from) / count;
        from = now();
        if (by_wire(path) != count)
            return 3;
        wire[i] = (now() - from) / count;
        ratio[i] = peer[i] / wire[i];
    }
    printf("pcap read, %4u bytes    libpcap %4.0f ns  undis %4.0f ns", length, rounds_quantile(peer, ROUNDS, 2),
           rounds_quantile(wire, ROUNDS, 2));
    rounds_judge(ratio, ROUNDS, goal);
    return 0;
}

int
main(void)
{
    char path[] = "/tmp/undis-bench-XXXXXX";
    int fd = mkstemp(path), err;

    if (fd < 0)
        return 4;
    close(fd);
    err = compare(path, 64, 600000, 2.0);
    if (!err)
        err = compare(path, 1514, 40000, 1.5);
    unlink(path);
    if (err)
        fprintf(stderr, "pcap_read: not measured\n");
    return err;
}
