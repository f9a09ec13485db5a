/* SPDX-License-Identifier: MIT */
/*
 * fuzz/pcap_fuzz.c - no file may crash the reader of captures, or give a frame that no wire could carry.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

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

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct wire_capture *c = NULL;
    char text[200] = "";
    uint64_t last = 0;

    if (wire_capture_parse(data, size, &c, text) != 0) {
        REQUIRE(c == NULL && text[0] != '\0');
        return 0;
    }
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
