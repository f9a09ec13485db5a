/* SPDX-License-Identifier: MIT */
/*
 * fuzz/stack_fuzz.c - no file may crash the reader of stack files; what it refuses it gives a reason for.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "host/rundir.h"
#include "pnp/stack.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct scn_error err;
    struct stack *stack = NULL;

    if (stack_parse(data, size, "machine", "folder/", &stack, &err) != 0) {
        if (stack != NULL || err.text[0] == 0)
            abort();
        return 0;
    }
    if (stack->adapter_count == 0 || !host_machine_name_ok(stack->name) || stack->os == NULL)
        abort();
    stack_free(stack);
    return 0;
}
