/* SPDX-License-Identifier: MIT */
/*
 * programs/vlancard_wrong.c - uses a virtual LAN card wrongly, and looks that each time the right NTSTATUS comes.
 *
 *     vlancard_wrong DEVICE lengths         frames of every length from nothing to beyond the longest; counted as wrong
 *     vlancard_wrong DEVICE codes SEED N    N control codes with wrong lengths and random contents
 *     vlancard_wrong DEVICE hold            has reads and writes of several files under way, says so and waits
 *     vlancard_wrong DEVICE event NPF       the card sets events of ours when frames wait, and refuses what is none;
 *                                           NPF: npf's device over the card, where the frames are from
 *     vlancard_wrong DEVICE hold-event NPF  has handed the card an event, says so and waits
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "undis/undis.h"

#include "../../drivers/vlan-card/vlancardioctl.h"

#define SUCCESS                0u
#define INVALID_HANDLE         0xc0000008u
#define INVALID_PARAMETER      0xc000000du
#define INVALID_DEVICE_REQUEST 0xc0000010u
#define BUFFER_TOO_SMALL       0xc0000023u
#define OBJECT_TYPE_MISMATCH   0xc0000024u
#define INVALID_BUFFER_SIZE    0xc0000206u
#define NO_MORE_ENTRIES        0x8000001au

#define HEADER   14u
#define OVERHEAD 18u

static HANDLE card;
static uint8_t frame[12000];
static uint64_t random_state;

static void
fail(const char *what, unsigned detail, uint32_t came, uint32_t wanted)
{
    printf("%s %u: 0x%08x, not 0x%08x\n", what, detail, (unsigned)came, (unsigned)wanted);
    exit(1);
}

static uint32_t
control(DWORD code, void *in, DWORD in_length, void *out, DWORD out_length)
{
    DWORD bytes;

    return DeviceIoControl(card, code, in, in_length, out, out_length, &bytes, NULL) ? SUCCESS
                                                                                     : (uint32_t)undis_last_status();
}

static void
expect(const char *what, unsigned detail, uint32_t came, uint32_t wanted)
{
    if (came != wanted)
        fail(what, detail, came, wanted);
}

static uint64_t
wrong_lengths(void)
{
    VLANCARD_STATISTICS s;

    expect("statistics", 0, control(IOCTL_VLANCARD_STATISTICS, NULL, 0, &s, sizeof(s)), SUCCESS);
    return s.WrongLength;
}

static int
lengths(void)
{
    uint64_t before = wrong_lengths();
    unsigned wrong = 0, longest;
    VLANCARD_INFO info;
    DWORD bytes;

    expect("info", 0, control(IOCTL_VLANCARD_GET_INFO, NULL, 0, &info, sizeof(info)), SUCCESS);
    longest = info.Mtu + OVERHEAD;
    memset(frame, 0xff, HEADER);
    for (unsigned n = 0; n <= longest + 300; n++) {
        uint32_t status = WriteFile(card, frame, n, &bytes, NULL) ? SUCCESS : (uint32_t)undis_last_status();

        expect("write", n, status, n < HEADER ? INVALID_PARAMETER : n > longest ? INVALID_BUFFER_SIZE : SUCCESS);
        wrong += n < HEADER || n > longest;
    }
    if (wrong_lengths() - before != wrong)
        fail("counted", wrong, (uint32_t)(wrong_lengths() - before), wrong);
    printf("%u frames, %u of wrong length\n", longest + 301, wrong);
    return 0;
}

static uint32_t
below(uint32_t bound)
{
    random_state = random_state * 6364136223846793005ull + 1442695040888963407ull;
    return (uint32_t)((random_state >> 33) % bound);
}

/* What the card must say to a code with so many bytes in and out; their contents are random, so it may refuse them. */
static bool
right(uint32_t function, DWORD in, DWORD out, uint32_t status)
{
    static const DWORD takes[] = { 0, 0, 4, 8, 4, 6, 8 };

    if (function >= sizeof(takes) / sizeof(takes[0]))
        return status == INVALID_DEVICE_REQUEST;
    if (takes[function] != 0 && in != takes[function])
        return status == INVALID_PARAMETER;
    if (function == 0)
        return status == (out < sizeof(VLANCARD_INFO) ? BUFFER_TOO_SMALL : SUCCESS);
    if (function == 1)
        return status == (out < sizeof(VLANCARD_STATISTICS) ? BUFFER_TOO_SMALL : SUCCESS);
    if (function == 6)
        return status != SUCCESS; /* no handle of this program */
    return status == SUCCESS || status == INVALID_PARAMETER;
}

static int
codes(unsigned count)
{
    uint8_t in[128], out[128];
    ULONG connected = 1;

    for (unsigned i = 0; i < count; i++) {
        uint32_t function = below(9);
        DWORD in_length = below(12), out_length = below(100);
        uint32_t status;

        for (unsigned k = 0; k < sizeof(in); k++)
            in[k] = (uint8_t)below(256);
        in[0] |= 1; /* handles of programs are even */
        status = control(VLANCARD_IOCTL(function), in, in_length, out, out_length);
        if (!right(function, in_length, out_length, status))
            fail("code", function, status, in_length << 16 | out_length);
    }
    expect("media", 0, control(IOCTL_VLANCARD_SET_MEDIA, &connected, sizeof(connected), NULL, 0), SUCCESS);
    printf("%u codes\n", count);
    return 0;
}

static int
hold(const char *path)
{
    static OVERLAPPED reads[3][8], writes[3][8];

    for (unsigned f = 0; f < 3; f++) {
        HANDLE file = CreateFileA(path, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, FILE_FLAG_OVERLAPPED,
                                  NULL);

        for (unsigned i = 0; i < 8; i++) {
            ReadFile(file, frame, sizeof(frame), NULL, &reads[f][i]);
            WriteFile(file, frame, 100, NULL, &writes[f][i]);
        }
    }
    puts("holding");
    fflush(stdout);
    pause();
    return 0;
}

static uint32_t
give_event(HANDLE h)
{
    return control(IOCTL_VLANCARD_SET_EVENT, &h, sizeof(h), NULL, 0);
}

/* Frames on their way: the stack has them until somebody reads the card. */
static struct {
    OVERLAPPED o;
    uint8_t frame[400];
} sent[4];
static unsigned sent_count;

/* A frame of so many bytes goes down the stack to the card. */
static void
arrive(HANDLE npf, unsigned length)
{
    uint8_t *bytes = sent[sent_count].frame;

    memset(bytes, 0xff, 6);
    bytes[6] = 2;
    bytes[12] = 0x88;
    bytes[13] = 0xb5;
    WriteFile(npf, bytes, length, NULL, &sent[sent_count++].o);
}

static void
take_frames(HANDLE npf)
{
    unsigned count = sent_count;
    DWORD bytes;

    for (unsigned i = 0; i < count; i++) {
        if (!ReadFile(card, frame, sizeof(frame), &bytes, NULL))
            fail("frame", i, (uint32_t)undis_last_status(), SUCCESS);
        if (!GetOverlappedResult(npf, &sent[i].o, &bytes, TRUE))
            fail("sent", i, (uint32_t)undis_last_status(), SUCCESS);
    }
    sent_count = 0;
    if (ReadFile(card, frame, sizeof(frame), &bytes, NULL))
        fail("one frame more", count, SUCCESS, NO_MORE_ENTRIES);
    expect("no frame", count, (uint32_t)undis_last_status(), NO_MORE_ENTRIES);
}

/* The event resets itself, or stays set; it is handed over by a duplicate whose original is closed. */
static void
one_event(HANDLE npf, bool manual)
{
    HANDLE first = CreateEventW(NULL, manual, FALSE, NULL), h, stop = CreateEventW(NULL, TRUE, FALSE, NULL);
    HANDLE both[2] = { stop, NULL };

    if (!DuplicateHandle(GetCurrentProcess(), first, GetCurrentProcess(), &h, 0, FALSE, DUPLICATE_SAME_ACCESS) ||
        !CloseHandle(first))
        fail("duplicate", manual, (uint32_t)undis_last_status(), SUCCESS);
    expect("event", manual, give_event(h), SUCCESS);
    both[1] = h;
    expect("not set", manual, WaitForSingleObject(h, 0), WAIT_TIMEOUT);
    for (unsigned i = 0; i < 20; i++) { /* what we set ourselves is set when the call returns */
        expect("set here", i, !SetEvent(h), 0);
        expect("seen here", i, WaitForSingleObject(h, 0), WAIT_OBJECT_0);
        expect("taken here", i, WaitForSingleObject(h, 0), manual ? WAIT_OBJECT_0 : WAIT_TIMEOUT);
        expect("reset here", i, !ResetEvent(h), 0);
        expect("not seen", i, WaitForSingleObject(h, 0), WAIT_TIMEOUT);
    }
    for (unsigned i = 0; i < 20; i++) {
        arrive(npf, 60 + i);
        expect("set", i, WaitForMultipleObjects(2, both, FALSE, 5000), WAIT_OBJECT_0 + 1);
        expect("still set", i, WaitForSingleObject(h, 0), manual ? WAIT_OBJECT_0 : WAIT_TIMEOUT);
        take_frames(npf);
        expect("reset", i, !ResetEvent(h), 0);
        expect("not set again", i, WaitForSingleObject(h, 0), WAIT_TIMEOUT);
    }
    expect("stop", manual, !SetEvent(stop), 0);
    expect("all but one", manual, WaitForMultipleObjects(2, both, TRUE, 50), WAIT_TIMEOUT);
    arrive(npf, 100);
    arrive(npf, 200);
    expect("all", manual, WaitForMultipleObjects(2, both, TRUE, 5000), WAIT_OBJECT_0);
    expect("closed", manual, !CloseHandle(h), 0);
    arrive(npf, 300); /* the card still has the event */
    take_frames(npf);
    expect("a closed one", manual, give_event(h), INVALID_HANDLE);
    expect("stop closed", manual, !CloseHandle(stop), 0);
}

static int
event(const char *npf_path, bool hold_it)
{
    HANDLE npf = CreateFileA(npf_path, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, FILE_FLAG_OVERLAPPED,
                             NULL);

    if (npf == INVALID_HANDLE_VALUE)
        fail("npf", 0, (uint32_t)undis_last_status(), SUCCESS);
    if (hold_it) {
        expect("event", 0, give_event(CreateEventW(NULL, FALSE, FALSE, NULL)), SUCCESS);
        arrive(npf, 60);
        puts("holding");
        fflush(stdout);
        pause();
    }
    expect("file", 0, give_event(card), OBJECT_TYPE_MISMATCH);
    expect("no handle", 0, give_event((HANDLE)0x4000), INVALID_HANDLE);
    one_event(npf, false);
    one_event(npf, true);
    expect("none", 0, give_event(NULL), SUCCESS);
    puts("events");
    return 0;
}

int
main(int argc, char **argv)
{
    char path[128];

    if (argc < 3)
        return 64;
    snprintf(path, sizeof(path), "\\\\.\\%.100s", argv[1]);
    card = CreateFileA(path, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
    if (card == INVALID_HANDLE_VALUE) {
        printf("%s cannot be opened: error %u\n", path, (unsigned)GetLastError());
        return 1;
    }
    random_state = argc > 3 ? strtoull(argv[3], NULL, 10) : 1;
    if (strcmp(argv[2], "lengths") == 0)
        return lengths();
    if (strcmp(argv[2], "codes") == 0)
        return codes(argc > 4 ? (unsigned)strtoul(argv[4], NULL, 10) : 1000);
    if (strcmp(argv[2], "hold") == 0)
        return hold(path);
    return argc > 3 ? event(argv[3], strcmp(argv[2], "hold-event") == 0) : 64;
}
