/* SPDX-License-Identifier: MIT */
/*
 * programs/guest_echo.c - a host behind one of SoftEther's drivers: answers ARP and ping for one address.
 *
 *     guest_echo neo DEVICE ADDRESS PINGS       the cable of a virtual LAN card (Neo, Neo6)
 *     guest_echo selow ADAPTER ADDRESS PINGS    a protocol; ADAPTER is a number in the list of the basic device
 *     guest_echo see DEVICE ADDRESS PINGS       a protocol of the kind of WinPcap
 *
 * Exit 0 when so many pings have been answered, 1 when a request fails or 60 s have passed. The interfaces are what
 * the drivers' public sources show: device names, control codes, and how frames lie in a buffer.
 */
#include <arpa/inet.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "undis/undis.h"

#define FRAME_MAX 1600u
#define WAIT_S    60

static const uint8_t own_mac[6] = { 2, 0, 0x5e, 0, 0, 9 };
static uint8_t own_address[4];
static unsigned answered;

static int
failed(const char *what)
{
    fprintf(stderr, "%s: error %u, status 0x%08x; %s\n", what, (unsigned)GetLastError(), (unsigned)undis_last_status(),
            undis_connect_error());
    return 1;
}

/* ------------------------------------------------------------------ the host */

static uint16_t
checksum(const uint8_t *p, size_t len)
{
    uint32_t sum = 0;

    for (size_t i = 0; i + 1 < len; i += 2)
        sum += (uint32_t)p[i] << 8 | p[i + 1];
    if (len & 1)
        sum += (uint32_t)p[len - 1] << 8;
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)~sum;
}

static bool
arp_answer(uint8_t *f, size_t len)
{
    if (len < 42 || f[12] != 8 || f[13] != 6 || f[21] != 1 || memcmp(f + 38, own_address, 4) != 0)
        return false;
    f[21] = 2;
    memmove(f + 32, f + 22, 10);
    memcpy(f + 22, own_mac, 6);
    memcpy(f + 28, own_address, 4);
    return true;
}

static bool
ping_answer(uint8_t *f, size_t len)
{
    size_t header, total;

    if (len < 42 || f[12] != 8 || f[13] != 0 || f[14] >> 4 != 4 || f[23] != 1 || memcmp(f + 30, own_address, 4) != 0)
        return false;
    header = (f[14] & 15u) * 4u;
    total = (size_t)f[16] << 8 | f[17];
    if (header < 20 || total < header + 8 || 14 + total > len || f[14 + header] != 8)
        return false;
    memmove(f + 30, f + 26, 4);
    memcpy(f + 26, own_address, 4);
    f[14 + header] = 0;
    f[14 + header + 2] = f[14 + header + 3] = 0;
    total = checksum(f + 14 + header, total - header);
    f[14 + header + 2] = (uint8_t)(total >> 8);
    f[14 + header + 3] = (uint8_t)total;
    answered++;
    return true;
}

/* Turns a frame for this host into its answer, of the same length. false: none. */
static bool
answer(uint8_t *f, size_t len)
{
    if (!arp_answer(f, len) && !ping_answer(f, len))
        return false;
    memcpy(f, f + 6, 6);
    memcpy(f + 6, own_mac, 6);
    return true;
}

/* ------------------------------------------------------------------ a buffer of up to 256 frames (Neo, SeLow) */

#define EXCHANGE_MAX  256u
#define EXCHANGE_STEP (4u + FRAME_MAX)
#define EXCHANGE_SIZE (8u + EXCHANGE_STEP * (EXCHANGE_MAX + 1))

static uint32_t *
exchange_length(uint8_t *buffer, unsigned i)
{
    return (uint32_t *)(buffer + 4 + i * EXCHANGE_STEP);
}

/* One turn: what has come, and what it is answered. 0, 1. */
static int
exchange_turn(HANDLE h)
{
    static _Alignas(4) uint8_t in[EXCHANGE_SIZE], out[EXCHANGE_SIZE];
    uint32_t frames, answers = 0;
    DWORD bytes;

    if (!ReadFile(h, in, sizeof(in), &bytes, NULL) || bytes != sizeof(in))
        return failed("read");
    memcpy(&frames, in, 4);
    if (frames > EXCHANGE_MAX)
        return failed("more frames than fit");
    for (unsigned i = 0; i < frames; i++) {
        uint8_t *frame = in + 8 + i * EXCHANGE_STEP;
        uint32_t len = *exchange_length(in, i);

        if (len > FRAME_MAX || !answer(frame, len))
            continue;
        *exchange_length(out, answers) = len;
        memcpy(out + 8 + answers++ * EXCHANGE_STEP, frame, len);
    }
    memcpy(out, &answers, 4);
    if (answers == 0)
        nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
    else if (!WriteFile(h, out, sizeof(out), &bytes, NULL))
        return failed("write");
    return 0;
}

/* ------------------------------------------------------------------ SeLow: the list of adapters */

struct selow_adapter {
    uint16_t id[64];
    uint8_t mac[6], padding[2];
    uint32_t mtu;
    char name[256];
    uint32_t vlan;
    uint8_t reserved[252];
};

struct selow_list {
    uint32_t signature, version, completed, count;
    struct selow_adapter adapter[256];
};

static HANDLE
selow_open(const char *number)
{
    static struct selow_list list;
    HANDLE basic = CreateFileA("\\\\.\\SELOW_BASIC_DEVICE", GENERIC_READ, 0, NULL, OPEN_EXISTING, 0, NULL);
    unsigned i = (unsigned)atoi(number);
    char device[72] = "\\\\.\\";
    DWORD bytes;

    if (basic == INVALID_HANDLE_VALUE)
        return basic;
    if (!ReadFile(basic, &list, sizeof(list), &bytes, NULL) || list.signature != 0xdeadbeef || list.count <= i) {
        fprintf(stderr, "%u adapters\n", (unsigned)list.count);
        CloseHandle(basic);
        return INVALID_HANDLE_VALUE;
    }
    CloseHandle(basic);
    for (unsigned k = 0; k < 64 && list.adapter[i].id[k]; k++)
        device[4 + k] = (char)list.adapter[i].id[k];
    printf("%s: %s, MTU %u, enumeration %s\n", device, list.adapter[i].name, (unsigned)list.adapter[i].mtu,
           list.completed >= 8 ? "complete" : "goes on");
    return CreateFileA(device, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
}

/* ------------------------------------------------------------------ See */

enum { SEE_SET_BUFFER = 9592, SEE_SET_TIMEOUT = 7416, SEE_SET_MIN = 7414, SEE_STATS = 9031 };
#define SEE_SET_OID 0x80000000u

static int
see_control(HANDLE h, DWORD code, uint32_t value)
{
    DWORD bytes;

    return DeviceIoControl(h, code, &value, sizeof(value), NULL, 0, &bytes, NULL) ? 0 : failed("control code");
}

static int
see_prepare(HANDLE h)
{
    uint32_t filter[4] = { 0x1010e, 4, 0x20 }; /* the packet filter: promiscuous */
    DWORD bytes;

    if (see_control(h, SEE_SET_BUFFER, 1u << 20) || see_control(h, SEE_SET_TIMEOUT, 100) ||
        see_control(h, SEE_SET_MIN, 0))
        return 1;
    if (!DeviceIoControl(h, SEE_SET_OID, filter, sizeof(filter), filter, sizeof(filter), &bytes, NULL))
        return failed("packet filter");
    return 0;
}

static int
see_turn(HANDLE h)
{
    static _Alignas(4) uint8_t room[65536];
    DWORD bytes, written;

    if (!ReadFile(h, room, sizeof(room), &bytes, NULL))
        return failed("read");
    for (DWORD at = 0; at + 20 <= bytes;) {
        uint32_t captured;
        uint16_t header;

        memcpy(&captured, room + at + 8, 4);
        memcpy(&header, room + at + 16, 2);
        if (header < 18 || captured > FRAME_MAX || at + header + captured > bytes)
            return failed("a record that does not fit");
        if (answer(room + at + header, captured) && !WriteFile(h, room + at + header, captured, &written, NULL))
            return failed("write");
        at += header + ((captured + 3) & ~3u);
    }
    return 0;
}

static int
see_stats(HANDLE h)
{
    uint32_t stats[4];
    DWORD bytes;

    if (!DeviceIoControl(h, SEE_STATS, NULL, 0, stats, sizeof(stats), &bytes, NULL))
        return failed("statistics");
    printf("%u frames received, %u dropped\n", (unsigned)stats[0], (unsigned)stats[1]);
    return stats[0] >= answered ? 0 : failed("fewer frames received than answered");
}

int
main(int argc, char **argv)
{
    unsigned pings = argc > 4 ? (unsigned)atoi(argv[4]) : 0;
    time_t end = time(NULL) + WAIT_S;
    bool see;
    HANDLE h;

    if (argc < 5 || inet_pton(AF_INET, argv[3], own_address) != 1)
        return 64;
    see = strcmp(argv[1], "see") == 0;
    h = strcmp(argv[1], "selow") == 0
            ? selow_open(argv[2])
            : CreateFileA(argv[2], GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
    if (h == INVALID_HANDLE_VALUE)
        return failed("open");
    if (see && see_prepare(h))
        return 1;
    printf("ready\n");
    fflush(stdout);
    while (answered < pings) {
        if (see ? see_turn(h) : exchange_turn(h))
            return 1;
        if (time(NULL) > end) {
            fprintf(stderr, "%u of %u pings after %d s\n", answered, pings, WAIT_S);
            return 1;
        }
    }
    if (see && see_stats(h))
        return 1;
    printf("%u pings answered\n", answered);
    return CloseHandle(h) ? 0 : failed("close");
}
