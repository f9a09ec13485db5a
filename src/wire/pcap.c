/* SPDX-License-Identifier: MIT */
/* wire/pcap.c - a pcap file of frames that were on a wire; see pcap.h. */
#include "wire/pcap.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "host/host.h"

#define UNIX_EPOCH_100NS 116444736000000000ull
#define SNAP             262144u

struct file_header {
    uint32_t magic;
    uint16_t major, minor;
    uint32_t zone, accuracy, snap, link;
};

struct record_header {
    uint32_t s, ns, captured, length;
};

static uint32_t
captured(const struct wire_record *r)
{
    return r->length < SNAP ? r->length : SNAP;
}

int
wire_records_write(const char *path, const struct wire_record *record, uint32_t count)
{
    struct file_header header = { 0xa1b23c4d, 2, 4, 0, 0, SNAP, 1 };
    size_t size = sizeof(header);
    uint8_t *out, *at;
    int err;

    for (uint32_t i = 0; i < count; i++)
        size += sizeof(struct record_header) + captured(&record[i]);
    out = at = malloc(size);
    if (out == NULL)
        return -ENOMEM;
    at = (uint8_t *)memcpy(at, &header, sizeof(header)) + sizeof(header);
    for (uint32_t i = 0; i < count; i++) {
        const struct wire_record *r = &record[i];
        uint64_t t = r->time_100ns > UNIX_EPOCH_100NS ? r->time_100ns - UNIX_EPOCH_100NS : 0;
        struct record_header h = { (uint32_t)(t / 10000000), (uint32_t)(t % 10000000) * 100, captured(r), r->length };

        at = (uint8_t *)memcpy(at, &h, sizeof(h)) + sizeof(h);
        at = (uint8_t *)memcpy(at, r->bytes, h.captured) + h.captured;
    }
    err = host_write_file(path, out, size);
    free(out);
    return err;
}
