/* SPDX-License-Identifier: MIT */
/*
 * fuzz/control_fuzz.c - no request on the control socket may crash its reader; one that is taken reads back the same.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "control/request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct command c, again;
    char why[200] = "", *text;

    if (command_parse((const char *)data, size, &c, why) != 0) {
        if (why[0] == 0)
            abort();
        return 0;
    }
    text = command_text(&c);
    if (text == NULL || command_parse(text, strlen(text), &again, why) != 0 || memcmp(&c, &again, sizeof(c)) != 0)
        abort();
    free(text);
    return 0;
}
