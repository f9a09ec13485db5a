/* SPDX-License-Identifier: MIT */
/*
 * crash/bugcheck.c - words for stop codes and exception codes, from bugchecks.def.
 */
#include "crash/bugcheck.h"

#include <stddef.h>

#define ANY UINT64_MAX

static const struct stop {
    uint32_t code;
    const char *name, *meaning;
} stops[] = {
#define STOP(code, name, meaning) { code, #name, meaning },
#define ARGS(code, p1, a1, a2, a3, a4)
#include "crash/bugchecks.def"
#undef STOP
#undef ARGS
};

static const struct stop_args {
    uint32_t code;
    uint64_t p1;
    const char *arg[4];
} stop_args[] = {
#define STOP(code, name, meaning)
#define ARGS(code, p1, a1, a2, a3, a4) { code, p1, { a1, a2, a3, a4 } },
#include "crash/bugchecks.def"
#undef STOP
#undef ARGS
};

static const struct {
    uint32_t status;
    const char *words;
} exceptions[] = {
    { 0x80000001u, "a guard page was touched" },
    { 0x80000002u, "data that must be aligned is not" },
    { 0x80000003u, "a breakpoint was reached" },
    { 0x80000004u, "single step" },
    { 0xc0000005u, "access violation: the instruction touched memory it may not touch" },
    { 0xc0000006u, "a page could not be read in" },
    { 0xc000001du, "the processor does not know the instruction" },
    { 0xc0000025u, "the exception may not be continued" },
    { 0xc000008cu, "array index out of bounds" },
    { 0xc0000094u, "integer division by zero" },
    { 0xc0000095u, "integer overflow" },
    { 0xc0000096u, "privileged instruction" },
    { 0xc00000fdu, "stack overflow" },
    { 0xc0000409u, "corrupted memory was found (fast fail)" },
    { 0xc0000420u, "an assertion failed" },
};

struct bugcheck_text
bugcheck_text(uint32_t code, uint64_t p1)
{
    struct bugcheck_text t = {
        "UNKNOWN_BUGCHECK",
        "undis has no words for this stop code.",
        { "argument 1", "argument 2", "argument 3", "argument 4" },
    };

    for (size_t i = 0; i < sizeof(stops) / sizeof(stops[0]); i++) {
        if (stops[i].code == code) {
            t.name = stops[i].name;
            t.meaning = stops[i].meaning;
        }
    }
    for (size_t i = 0; i < sizeof(stop_args) / sizeof(stop_args[0]); i++) {
        if (stop_args[i].code == code && (stop_args[i].p1 == p1 || stop_args[i].p1 == ANY)) {
            for (unsigned k = 0; k < 4; k++)
                t.arg[k] = stop_args[i].arg[k];
            break;
        }
    }
    return t;
}

const char *
exception_text(uint32_t ntstatus)
{
    for (size_t i = 0; i < sizeof(exceptions) / sizeof(exceptions[0]); i++)
        if (exceptions[i].status == ntstatus)
            return exceptions[i].words;
    return NULL;
}
