/* SPDX-License-Identifier: MIT */
/*
 * cli/capture.c - undis capture: an adapter's packets into a pcapng file, through drivers/npf and libundis.
 *
 * Model: an ordinary program of a machine: it opens npf's device, gives it a BPF program that libpcap compiled, and
 * keeps one overlapped read under way, so that it can end while nothing comes.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "cli/cli.h"
#include "cli/show.h"
#include "control/client.h"
#include "undis/undis.h"
#include "undis/version.h"

#include <npfioctl.h>

#ifdef UNDIS_PCAP
#include <pcap/pcap.h>
#endif

static const char help[] =
    "usage: undis capture -i ADAPTER -w FILE [options] [filter expression]\n"
    "Captures what passes npf at an adapter of a running machine, received and sent, as pcapng; FILE - is standard\n"
    "output. The expression is that of tcpdump, compiled by libpcap and run in the driver. Ends at Ctrl-C, SIGTERM,\n"
    "or when the adapter goes.\n"
    "  -c N         end after N packets\n"
    "  -s BYTES     keep so much of each packet (default: all)\n"
    "  -p           do not ask the adapter for others' packets (promiscuous mode)\n"
    "  --name NAME  which machine; not needed while only one runs\n"
    "exit: 0 captured, 4 no such machine or adapter, no npf there, or FILE cannot be written, 64 usage\n";

#define BUFFER      (256u * 1024)
#define PROMISCUOUS 0x20u
#define EPOCH_100NS 116444736000000000ll /* from 1601 to 1970 */

struct capture {
    const char *adapter, *file, *machine;
    char expression[2000];
    uint64_t count, snap, written;
    bool quiet_adapter; /* -p */
    FILE *out;
};

#define LAST_READS (NPF_RING_MAX / BUFFER + 1) /* that what is in the ring at the end takes, at most */

static volatile sig_atomic_t stop;

static void
on_signal(int sig)
{
    (void)sig;
    stop = 1;
}

static int
fail(const char *what, const char *name)
{
    fprintf(stderr, "undis capture: %s%s%s\n", what, name[0] ? ": " : "", name);
    return EXIT_INPUT;
}

/* ------------------------------------------------------------------ pcapng */

/* documented: draft-ietf-opsawg-pcapng. Each block: type, length, body, length again. */

static void
put(FILE *f, const void *bytes, size_t length)
{
    static const char zeros[4];

    fwrite(bytes, 1, length, f);
    fwrite(zeros, 1, -length & 3, f);
}

static void
put_option(FILE *f, uint16_t code, const void *value, uint16_t length)
{
    fwrite(&code, 2, 1, f);
    fwrite(&length, 2, 1, f);
    put(f, value, length);
}

static void
put_block(FILE *f, uint32_t type, const char *body, size_t length)
{
    uint32_t total = (uint32_t)(length + 12);

    fwrite(&type, 4, 1, f);
    fwrite(&total, 4, 1, f);
    fwrite(body, 1, length, f);
    fwrite(&total, 4, 1, f);
}

/* Section header and interface description. */
static int
write_head(struct capture *c)
{
    const struct {
        uint32_t magic;
        uint16_t major, minor;
        int64_t length;
    } section = { 0x1a2b3c4d, 1, 0, -1 };
    const struct {
        uint16_t link, reserved;
        uint32_t snap;
    } interface = { 1, 0, (uint32_t)c->snap };
    const char *program = "undis " UNDIS_VERSION;
    const uint8_t resolution = 7; /* 10^-7 s */
    char *body = NULL;
    size_t length = 0;
    FILE *f = open_memstream(&body, &length);

    if (f == NULL)
        return -1;
    fwrite(&section, sizeof(section), 1, f);
    put_option(f, 4, program, (uint16_t)strlen(program));
    put_option(f, 0, "", 0);
    fclose(f);
    put_block(c->out, 0x0a0d0d0a, body, length);
    free(body);
    f = open_memstream(&body, &length);
    if (f == NULL)
        return -1;
    fwrite(&interface, sizeof(interface), 1, f);
    put_option(f, 2, c->adapter, (uint16_t)strlen(c->adapter));
    put_option(f, 9, &resolution, 1);
    put_option(f, 0, "", 0);
    fclose(f);
    put_block(c->out, 1, body, length);
    free(body);
    return fflush(c->out);
}

static void
write_packet(FILE *out, const NPF_FRAME_HEADER *h, const void *bytes)
{
    uint64_t at = (uint64_t)(h->Timestamp - EPOCH_100NS);
    uint32_t flags = h->Direction == NPF_DIRECTION_SENT ? 2 : 1, padded = (h->CapturedLength + 3) & ~3u;
    uint32_t type = 6, total = 32 + padded + 12;
    const uint32_t head[] = { 0, (uint32_t)(at >> 32), (uint32_t)at, h->CapturedLength, h->FrameLength };

    fwrite(&type, 4, 1, out);
    fwrite(&total, 4, 1, out);
    fwrite(head, sizeof(head), 1, out);
    put(out, bytes, h->CapturedLength);
    put_option(out, 2, &flags, 4);
    put_option(out, 0, "", 0);
    fwrite(&total, 4, 1, out);
}

/* ------------------------------------------------------------------ the device */

/* Name of npf's device at the adapter. 0, or an exit status; it was said why. */
static int
find_device(const struct capture *c, char out[64])
{
    struct command ask = { .kind = COMMAND_ADAPTER_LIST };
    char text[256];
    json_t *answer, *adapter;
    size_t i;
    int status = control_ask(c->machine, &ask, &answer, text);

    if (status) {
        fail(text, "");
        return status;
    }
    out[0] = '\0';
    json_array_foreach(json_object_get(answer, "adapters"), i, adapter)
    {
        if (strcasecmp(show_text(adapter, "name"), c->adapter) == 0)
            snprintf(out, 64, "\\\\.\\NPF_%.44s", show_text(adapter, "guid"));
    }
    json_decref(answer);
    return out[0] ? 0 : fail("there is no adapter called", c->adapter);
}

static bool
control(HANDLE npf, DWORD code, void *in, DWORD length)
{
    DWORD bytes;
    OVERLAPPED o = { 0 };

    DeviceIoControl(npf, code, in, length, NULL, 0, &bytes, &o);
    return GetOverlappedResult(npf, &o, &bytes, TRUE);
}

/* Compile the expression and give it to the driver. */
static int
set_program(const struct capture *c, HANDLE npf)
{
#ifdef UNDIS_PCAP
    struct bpf_program program;
    pcap_t *pcap = pcap_open_dead(DLT_EN10MB, (int)c->snap);
    int status = 0;

    _Static_assert(sizeof(struct bpf_insn) == sizeof(NPF_BPF_INSN), "one layout");
    if (pcap == NULL)
        return fail("out of memory", "");
    if (pcap_compile(pcap, &program, c->expression, 1, PCAP_NETMASK_UNKNOWN)) {
        status = fail(c->expression, pcap_geterr(pcap));
    } else {
        if (!control(npf, IOCTL_NPF_SET_PROGRAM, program.bf_insns, program.bf_len * (DWORD)sizeof(struct bpf_insn)))
            status = fail("npf refused the filter program of", c->expression);
        pcap_freecode(&program);
    }
    pcap_close(pcap);
    return status;
#else
    (void)npf;
    return fail("undis was built without libpcap, which compiles expressions", c->expression);
#endif
}

static int
configure(const struct capture *c, HANDLE npf)
{
    ULONG snap = (ULONG)c->snap, ring = NPF_RING_MAX, filter = PROMISCUOUS;

    if (!control(npf, IOCTL_NPF_SET_SNAP_LENGTH, &snap, sizeof(snap)))
        return fail("npf refused the length to keep", "");
    if (!control(npf, IOCTL_NPF_SET_BUFFER_SIZE, &ring, sizeof(ring))) /* an empty one: none is longer than snap */
        return fail("npf has no memory for a ring", "");
    if (c->expression[0] && set_program(c, npf))
        return EXIT_INPUT;
    if (!c->quiet_adapter && !control(npf, IOCTL_NPF_SET_PACKET_FILTER, &filter, sizeof(filter)))
        return fail("the adapter refused promiscuous mode; try -p", "");
    return 0;
}

static bool
has_enough(const struct capture *c)
{
    return c->count != 0 && c->written >= c->count;
}

static void
take(struct capture *c, const uint8_t *bytes, size_t length)
{
    NPF_FRAME_HEADER h;

    for (size_t at = 0; at + sizeof(h) <= length && !has_enough(c);) {
        memcpy(&h, bytes + at, sizeof(h));
        if (at + h.HeaderLength + h.CapturedLength > length)
            break;
        write_packet(c->out, &h, bytes + at + h.HeaderLength);
        at += NPF_FRAME_ALIGN(h.HeaderLength + h.CapturedLength);
        c->written++;
    }
}

/* Once asked to stop, what passed before that is still to be read: it lies in npf's ring. */
static int
read_all(struct capture *c, HANDLE npf)
{
    uint8_t *buffer = malloc(BUFFER);
    HANDLE event = CreateEventW(NULL, TRUE, FALSE, NULL);
    OVERLAPPED o = { .hEvent = event };
    unsigned last_reads = LAST_READS;
    DWORD bytes;
    int status = 0;

    while (buffer != NULL && !status && !has_enough(c) && last_reads > 0) {
        ReadFile(npf, buffer, BUFFER, NULL, &o);
        while (WaitForSingleObject(event, 100) == WAIT_TIMEOUT && !stop)
            ;
        if (stop) {
            CancelIoEx(npf, &o); /* does nothing to a read that is over */
            last_reads--;
        }
        if (GetOverlappedResult(npf, &o, &bytes, TRUE))
            take(c, buffer, bytes);
        else if (GetLastError() != ERROR_OPERATION_ABORTED)
            status = -1; /* the adapter is gone, or the machine */
        else if (stop)
            last_reads = 0; /* the ring was empty */
        if (fflush(c->out))
            status = fail("the file cannot be written", c->file);
    }
    CloseHandle(event);
    free(buffer);
    return buffer == NULL ? fail("out of memory", "") : status;
}

static void
print_statistics(const struct capture *c, HANDLE npf, bool gone)
{
    NPF_STATISTICS s = { 0 };
    DWORD bytes;
    OVERLAPPED o = { 0 };

    DeviceIoControl(npf, IOCTL_NPF_GET_STATISTICS, NULL, 0, &s, sizeof(s), &bytes, &o);
    if (!GetOverlappedResult(npf, &o, &bytes, TRUE))
        s.Dropped = 0;
    fprintf(stderr, "%s%llu packets captured, %llu dropped by the driver's ring\n",
            gone ? "the adapter is gone or disabled; " : "", (unsigned long long)c->written,
            (unsigned long long)s.Dropped);
}

static int
capture(struct capture *c)
{
    char device[64];
    HANDLE npf;
    int status = find_device(c, device);

    if (status)
        return status;
    if (!undis_connect(c->machine))
        return fail(undis_connect_error(), "");
    npf = CreateFileA(device, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, FILE_FLAG_OVERLAPPED, NULL);
    if (npf == INVALID_HANDLE_VALUE) {
        char why[80];

        snprintf(why, sizeof(why), "error %u%s", (unsigned)GetLastError(),
                 GetLastError() == ERROR_FILE_NOT_FOUND ? "; is npf among its filters, and the adapter enabled?" : "");
        return fail(device, why);
    }
    c->out = strcmp(c->file, "-") == 0 ? stdout : fopen(c->file, "we");
    if (c->out == NULL)
        return fail("the file cannot be written", c->file);
    status = configure(c, npf);
    if (!status && write_head(c))
        status = fail("the file cannot be written", c->file);
    if (!status) {
        status = read_all(c, npf);
        print_statistics(c, npf, status < 0);
    }
    CloseHandle(npf);
    if (fclose(c->out) && status <= 0)
        return fail("the file cannot be written", c->file);
    return status > 0 ? status : EXIT_CLEAN;
}

int
cmd_capture(int argc, char **argv)
{
    struct capture c = { .snap = NPF_SNAP_DEFAULT };
    struct sigaction sa = { .sa_handler = on_signal };
    size_t length = 0;
    bool good = true;
    int i = 1;

    for (; i < argc && argv[i][0] == '-' && good; i++) {
        const char *a = argv[i], *v = i + 1 < argc ? argv[i + 1] : NULL;

        if (strcmp(a, "--help") == 0) {
            fputs(help, stdout);
            return EXIT_CLEAN;
        }
        if (strcmp(a, "-p") == 0) {
            c.quiet_adapter = true;
            continue;
        }
        good = v != NULL;
        i++;
        if (good && strcmp(a, "-i") == 0)
            c.adapter = v;
        else if (good && strcmp(a, "-w") == 0)
            c.file = v;
        else if (good && strcmp(a, "--name") == 0)
            c.machine = v;
        else if (good && strcmp(a, "-c") == 0)
            good = str_to_u64(v, &c.count) && c.count > 0;
        else if (good && strcmp(a, "-s") == 0)
            good = str_to_u64(v, &c.snap) && c.snap > 0 && c.snap <= UINT32_MAX;
        else
            good = false;
        if (!good) {
            fprintf(stderr, "undis capture: \"%s\" with \"%s\" cannot be; undis capture --help tells more\n", a,
                    v ? v : "");
            return EXIT_USAGE;
        }
    }
    for (; i < argc && length < sizeof(c.expression); i++)
        length +=
            (size_t)snprintf(c.expression + length, sizeof(c.expression) - length, "%s%s", length ? " " : "", argv[i]);
    if (!c.adapter || !c.file || length >= sizeof(c.expression)) {
        fputs(help, stderr);
        return EXIT_USAGE;
    }
    sigaction(SIGINT, &sa, NULL);
    sigaction(SIGTERM, &sa, NULL);
    return capture(&c);
}
