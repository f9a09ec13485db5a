/* SPDX-License-Identifier: MIT */
/*
 * control/request.h - what an administrator asks a running machine: JSON to a struct and back.
 *
 *     { "do": "adapter-disable", "adapter": "Ethernet" }
 *
 * The answer is an object with "ok": true and what was asked for, or "ok": false, "error": one sentence, "exit": the
 * exit status a command ends with.
 */
#ifndef CONTROL_REQUEST_H
#define CONTROL_REQUEST_H

#include <stdbool.h>
#include <stddef.h>

enum command_kind {
    COMMAND_STATUS,
    COMMAND_STATS,
    COMMAND_ADAPTER_LIST,
    COMMAND_ADAPTER_ENABLE,
    COMMAND_ADAPTER_DISABLE,
    COMMAND_ADAPTER_REMOVE,
    COMMAND_FILTER_INSERT,
    COMMAND_FILTER_REMOVE,
    COMMAND_FILTER_RAISE,
    COMMAND_FILTER_LOWER,
    COMMAND_DRIVER_LOAD,
    COMMAND_DRIVER_UNLOAD,
    COMMAND_TRACE,
    COMMAND_STOP,
    COMMAND_KINDS
};

struct command {
    enum command_kind kind;
    char adapter[64]; /* "": every one, where that makes sense */
    char driver[64];  /* service name */
    char file[512];   /* of a trace; of a driver, absolute */
    char hostif[64];  /* of COMMAND_DRIVER_LOAD: Linux's view of the adapter that comes with it; "": none */
    unsigned seconds; /* of COMMAND_STATS: measure so long, 0 to 60 */
    bool on;
};

const char *command_name(enum command_kind kind);

/* Untrusted text. 0, or -EINVAL with one sentence without full stop. */
int command_parse(const char *json, size_t len, struct command *out, char text[200]);

/* The text of a request; the caller frees. NULL: no memory. */
char *command_text(const struct command *c);

#endif
