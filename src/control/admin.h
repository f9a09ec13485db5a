/* SPDX-License-Identifier: MIT */
/*
 * control/admin.h - what an administrator asks, carried out in the machine.
 *
 * Model: a fiber does it and fills a struct of plain values; the control thread makes JSON of that.
 */
#ifndef CONTROL_ADMIN_H
#define CONTROL_ADMIN_H

#include <jansson.h>
#include <stdint.h>

#include "builtin/builtin.h"
#include "control/job.h"
#include "control/measure.h"
#include "control/request.h"
#include "machine/live.h"
#include "pnp/stack.h"
#include "wire/wire.h"

struct ndis_nic;

/* An adapter of the stack file. */
struct running_adapter {
    const struct stack_adapter *config;
    const struct pnp_driver *miniport; /* NULL: wirenic */
    struct ndis_nic *nic;
    struct wire *wire, *host; /* of wirenic or a simulated card, of hostif; NULL: none */
    struct cable *cable;      /* between card and wire; NULL: none */
    bool removed;
    bool left; /* with its driver, which may come back */
};

/* A machine that runs. */
struct running {
    const struct stack *stack;
    unsigned vps;
    int pid;
    uint64_t started_ns;
    struct running_adapter adapter[STACK_ADAPTERS_MAX];
    unsigned adapter_count;
    bool verbose;
};

#define ADMIN_LAYERS_MAX 24u

struct admin_layer {
    char driver[32], state[16];
    uint8_t kind; /* enum ndis_layer_kind */
    uint32_t own_sends, held_sends, own_receives, held_receives, oids;
    struct measured measured;
};

struct admin_adapter {
    bool present;
    char guid[48];
    struct admin_layer layer[ADMIN_LAYERS_MAX];
    unsigned layer_count;
    bool has_wire, has_host;
    struct wire_stats wire, host;
    struct wire_link link;
    struct hostif_stats hostif;
};

/* What a fiber found; plain values, read by the control thread once the job is back. */
struct admin_job {
    struct job job;
    struct running *running;
    struct command command;
    void *owner; /* the control thread's */
    int exit;    /* exit status of the command: 0 done, 4 it cannot be done */
    char error[200];
    struct pnp_driver *joining; /* of COMMAND_DRIVER_LOAD (join.h) */
    struct stack_adapter *joining_adapter;
    struct wire *joining_host; /* to go above it; NULL: nothing */
    unsigned joining_at;
    unsigned adapter_count; /* there were so many when it was carried out */
    struct admin_adapter adapter[STACK_ADAPTERS_MAX];
    struct {
        uint64_t blocks, bytes, irps, nbls, files;
        uint64_t monitor_bytes; /* what the machine itself knows */
    } memory;
};

/* Control thread. NULL: no memory. */
struct admin_job *admin_job_create(struct running *r, const struct command *c, void (*finished)(struct job *j));
/* It cannot be done: one sentence, and exit 4. */
void admin_refuse(struct admin_job *j, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Control thread: the answer; the caller decrefs. */
json_t *admin_answer(const struct admin_job *j);

/* System fiber: fill j->adapter and j->memory. */
void admin_look(struct admin_job *j);

#endif
