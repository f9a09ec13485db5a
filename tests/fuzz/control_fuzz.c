/* SPDX-License-Identifier: MIT */
/*
 * fuzz/control_fuzz.c - no packet on the control socket may crash its reader. An administrator's request that is taken
 * reads back the same; a program's that is taken names an operation, memory of the program's own, and a path that ends.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "control/message.h"
#include "control/request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
admin(const uint8_t *data, size_t size)
{
    struct command c, again;
    char why[200] = "", *text;

    if (command_parse((const char *)data, size, &c, why) != 0) {
        if (why[0] == 0)
            abort();
        return;
    }
    text = command_text(&c);
    if (text == NULL || command_parse(text, strlen(text), &again, why) != 0 || memcmp(&c, &again, sizeof(c)) != 0)
        abort();
    free(text);
}

static void
own_memory(uint32_t offset, uint32_t length)
{
    if (length > 0 && (offset < MESSAGE_WINDOW_FIRST || offset >= UNDIS_WINDOW || length > UNDIS_WINDOW - offset))
        abort();
}

static void
program(const uint8_t *data)
{
    struct undis_request q;

    memcpy(&q, data, sizeof(q));
    if (message_check(&q) != 0)
        return;
    if (q.id == 0 || q.op == UNDIS_HELLO || q.op >= UNDIS_OPS)
        abort();
    own_memory(q.in_offset, q.in_length);
    own_memory(q.out_offset, q.out_length);
    if (q.op == UNDIS_OPEN && strnlen(q.path, sizeof(q.path)) == sizeof(q.path))
        abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    switch (message_kind(data, size, UNDIS_PACKET)) {
    case MESSAGE_PROGRAM:
        if (size != sizeof(struct undis_request))
            abort();
        program(data);
        break;
    case MESSAGE_TOO_LONG:
        break;
    default:
        admin(data, size); /* nonsense, too: it must be refused as such */
        break;
    }
    return 0;
}
