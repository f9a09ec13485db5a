/* SPDX-License-Identifier: MIT */
/*
 * fuzz/pcap_fuzz.c - no file may crash the reader of captures, or give a frame that no wire could carry; and it reads
 * the same whether the file lies in memory or is seen through the smallest window.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "wire/pcap.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static volatile size_t sink; /* so that every byte is really read */

#define REQUIRE(condition)                                  \
    do {                                                    \
        if (!(condition)) {                                 \
            fprintf(stderr, "pcap_fuzz: %s\n", #condition); \
            abort();                                        \
        }                                                   \
    } while (0)

/* c: what memory gave; NULL: it was refused. An interface's description alone may be too long for a window. */
static void
by_windows(const uint8_t *data, size_t size, const struct wire_capture *c)
{
    int fd = memfd_create("fuzz", MFD_CLOEXEC), got;
    struct wire_file *f;
    struct wire_frame frame;
    char text[200] = "";
    uint32_t count = 0;

    REQUIRE(fd >= 0 && write(fd, data, size) == (ssize_t)size);
    got = wire_file_adopt(fd, 0, WIRE_CAPTURE_MTU, &f, text);
    while (got == 0 && (got = wire_file_next(f, &frame, text)) == 1) {
        if (c != NULL) {
            const struct wire_frame *same = &c->frame[count];

            REQUIRE(count < c->count && frame.ns == same->ns && frame.length == same->length);
            REQUIRE(memcmp(frame.bytes, same->bytes, frame.length) == 0);
        }
        count++;
        got = 0;
    }
    REQUIRE(got == 0 || text[0] != '\0');
    REQUIRE(c == NULL ? got != 0 || count == 0 : count == c->count || strstr(text, "interface's description") != NULL);
    wire_file_close(f);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct wire_capture *c = NULL;
    char text[200] = "";
    uint64_t last = 0;

    if (wire_capture_parse(data, size, &c, text) != 0) {
        REQUIRE(c == NULL && text[0] != '\0');
        by_windows(data, size, NULL);
        return 0;
    }
    by_windows(data, size, c);
    REQUIRE(c->count > 0 && c->count <= size / (16 + WIRE_FRAME_MIN) && c->frame[0].ns == 0);
    for (uint32_t i = 0; i < c->count; i++) {
        const struct wire_frame *f = &c->frame[i];

        REQUIRE(f->length >= WIRE_FRAME_MIN && f->length <= WIRE_FRAME_MAX && f->ns >= last);
        REQUIRE(f->bytes >= c->file && f->bytes + f->length <= c->file + c->file_length);
        last = f->ns;
        for (uint32_t j = 0; j < f->length; j++)
            sink += f->bytes[j];
    }
    wire_capture_free(c);
    return 0;
}
