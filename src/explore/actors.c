/* SPDX-License-Identifier: MIT */
/*
 * explore/actors.c - carrying out a scenario's ops: programs, administrators, the wire, a protocol.
 *
 * Each actor is a fiber; sched_point(OP_ACTOR, ...) stands before each op, so
 * actors interleave at least there.
 */
#include <string.h>

#include "explore/lab_internal.h"
#include "ndis/admin.h"
#include "ndis/ends/ends.h"
#include "nt/io/user.h"
#include "nt/nt.h"
#include "trace/event.h"

static unsigned
none_pick(struct strategy *s, const struct sched_view *v)
{
    (void)s;
    (void)v;
    return 0;
}

struct strategy strategy_none = { .pick = none_pick };

/* A frame from a made-up station to broadcast, type 0x88b5 (local experimental), counting bytes. */
static void
fill_frame(uint8_t *p, unsigned len)
{
    for (unsigned i = 0; i < len; i++)
        p[i] = i < 6 ? 0xff : i < 12 ? (uint8_t)(i == 6 ? 0x02 : i) : i == 12 ? 0x88 : i == 13 ? 0xb5 : (uint8_t)i;
}

static void
count(int32_t status)
{
    LAB_RUN->requests++;
    if (status >= 0)
        LAB_RUN->requests_ok++;
}

int32_t
lab_write(struct lab_actor *a, void *handle, unsigned len)
{
    uint64_t done = 0;

    fill_frame(a->buffer, len);
    return user_write(handle, a->buffer, len, &done);
}

/* ------------------------------------------------------------------ programs */

static void
open_devices(struct lab_actor *a, const struct scn_op *op)
{
    for (unsigned i = 0; i < lab.device_count && i < LAB_HANDLES_MAX; i++) {
        int32_t status;

        if (op->device && strcmp(op->device, "each") != 0 && strcmp(op->device, lab.device[i]) != 0)
            continue;
        if (a->handle[i])
            continue;
        status = user_open(lab.device[i], 0, &a->handle[i]);
        if (status < 0)
            a->handle[i] = NULL;
        count(status);
    }
}

/* Buffer sizes to try a code with when the scenario names none: what it says, one number each way, and room enough. */
static void
ioctls(struct lab_actor *a, void *handle, const struct scn_op *op)
{
    const struct {
        unsigned in, out;
    } size[] = { { op->in, op->out }, { 4, 4 }, { 0, 1024 } };
    unsigned n = op->code ? 1 : lab.ioctl_count, sizes = op->code ? 1 : 3;
    uint64_t done;

    for (unsigned i = 0; i < n; i++)
        for (unsigned k = 0; k < sizes; k++) {
            uint8_t *in = a->buffer, *out = in + 2048;

            memset(in, 0, size[k].in);
            count(user_ioctl(handle, op->code ? op->code : lab.ioctl[i], in, size[k].in, out, size[k].out, &done));
        }
}

static void
program_op(struct lab_actor *a, const struct scn_op *op)
{
    uint64_t done;

    if (op->kind == OP_OPEN) {
        open_devices(a, op);
        return;
    }
    for (unsigned i = 0; i < LAB_HANDLES_MAX; i++) {
        void *h = a->handle[i];

        if (!h)
            continue;
        switch (op->kind) {
        case OP_WRITE:
            for (unsigned n = 0; n < op->count; n++)
                count(lab_write(a, h, op->len));
            break;
        case OP_READ:
            count(user_read(h, a->buffer, op->len, &done));
            break;
        case OP_IOCTL:
            ioctls(a, h, op);
            break;
        case OP_CLOSE:
            a->handle[i] = NULL;
            user_close(h);
            break;
        case OP_CANCEL:
            user_cancel_io(h);
            break;
        default:
            break;
        }
    }
}

/* ------------------------------------------------------------------ the others */

static void
admin_op(const struct scn_op *op)
{
    const char *service = lab.driver[0].file->service;
    struct ndis_nic *nic = lab.nic[op->adapter];

    switch (op->kind) {
    case OP_DISABLE:
        ndis_nic_disable(nic);
        break;
    case OP_ENABLE:
        ndis_nic_enable(nic);
        break;
    case OP_PAUSE:
        ndis_nic_pause(nic);
        break;
    case OP_RESTART:
        ndis_nic_restart(nic);
        break;
    case OP_FILTER_REMOVE:
        ndis_driver_detach(nic, service);
        break;
    case OP_FILTER_INSERT:
        ndis_driver_attach(nic, service);
        break;
    case OP_UNLOAD:
        lab_unload();
        break;
    default:
        break;
    }
}

/* A scenario's shape as the built-in ends know it; `each` goes through all of them. */
static unsigned
shape_of(enum scn_shape shape, unsigned round, bool *more)
{
    static const uint8_t as[] = {
        [SHAPE_PLAIN] = ENDS_PLAIN,     [SHAPE_OFFSET] = ENDS_OFFSET,   [SHAPE_SPLIT] = ENDS_HEADER_MDL,
        [SHAPE_BYTES] = ENDS_BYTE_MDLS, [SHAPE_NBS] = ENDS_TWO_BUFFERS, [SHAPE_CHAIN] = ENDS_CHAIN
    };

    *more = shape == SHAPE_EACH && round + 1 < ENDS_SHAPES;
    return shape == SHAPE_EACH ? round : as[shape];
}

static void
wire_op(struct lab_actor *a, const struct scn_op *op)
{
    if (op->kind != OP_RECEIVE || !lab.own_wire)
        return; /* a miniport under test is its own wire */
    if (lab.wire == NULL)
        fill_frame(a->buffer, op->len);
    for (unsigned i = 0, n = op->frames || !lab.wire ? op->frames : lab.wire->count; i < n; i++) {
        struct wire_frame frame = { .bytes = a->buffer, .length = op->len };
        bool more = true;

        if (lab.wire != NULL) {
            frame = lab.wire->frame[a->next_frame];
            a->next_frame = (a->next_frame + 1) % lab.wire->count;
        }
        for (unsigned round = 0; more; round++) {
            unsigned shape = shape_of(op->shape, round, &more);

            sched_point(OP_ACTOR, OBJECT_WORLD);
            /* frames come from a DPC; every other one of a batch is lent */
            ends_wire_receive(lab.nic[op->adapter], frame.bytes, frame.length, shape,
                              ENDS_DISPATCH | (i & 1 ? ENDS_RESOURCES : 0));
        }
    }
}

static void
protocol_op(struct lab_actor *a, const struct scn_op *op)
{
    if (op->kind != OP_SEND)
        return;
    fill_frame(a->buffer, op->len);
    for (unsigned i = 0; i < op->count; i++) {
        bool more = true;

        for (unsigned round = 0; more; round++) {
            unsigned shape = shape_of(op->shape, round, &more);

            sched_point(OP_ACTOR, OBJECT_WORLD);
            ends_proto_send(lab.nic[op->adapter], a->buffer, op->len, shape, i & 1 ? ENDS_DISPATCH : 0);
        }
    }
}

static void
one_op(struct lab_actor *a, const struct scn_op *op)
{
    trace_emit(EV_ACTOR_OP, 0, a->fiber->id, op->kind, 0);
    if (op->kind == OP_WAIT)
        KeDelayExecutionThread(0, 0, &(LARGE_INTEGER){ .QuadPart = -(int64_t)op->ms * 10000 });
    switch (a->script->kind) {
    case ACTOR_PROGRAM:
        program_op(a, op);
        break;
    case ACTOR_ADMIN:
        admin_op(op);
        break;
    case ACTOR_WIRE:
        wire_op(a, op);
        break;
    case ACTOR_PROTOCOL:
        protocol_op(a, op);
        break;
    }
    trace_emit(EV_ACTOR_DONE, 0, a->fiber->id, op->kind, 0);
}

static void
actor_main(void *arg)
{
    struct lab_actor *a = arg;
    const struct scn_actor *s = a->script;

    a->buffer = user_alloc(4096);
    if (s->repeat <= 1)
        while (s->kind == ACTOR_PROGRAM && a->first_op < s->ops_count && s->ops[a->first_op].kind == OP_OPEN)
            one_op(a, &s->ops[a->first_op++]);
    sched_block(BLOCK_IDLE, 0, NULL, "waits for the run to begin");
    for (unsigned round = 0; round < (s->repeat ? s->repeat : 1); round++)
        for (unsigned i = round ? 0 : a->first_op; i < s->ops_count; i++) {
            if (LAB_RUN->epilogue_started)
                return; /* its process was ended while it was in a system call */
            sched_point(OP_ACTOR, 0);
            one_op(a, &s->ops[i]);
        }
    a->done = true;
}

void
lab_actors_create(void)
{
    const struct scenario *s = lab.scenario;

    lab.actor_count = s->actors_count < LAB_ACTORS_MAX ? s->actors_count : LAB_ACTORS_MAX;
    lab.actor = mon_alloc(sizeof(*lab.actor) * LAB_ACTORS_MAX);
    lab.run = mon_alloc(sizeof(*lab.run));
    for (unsigned i = 0; i < lab.actor_count; i++) {
        struct lab_actor *a = &lab.actor[i];
        bool program = s->actors[i].kind == ACTOR_PROGRAM;

        a->script = &s->actors[i];
        if (program)
            a->process = ps_process_create(a->script->name);
        a->fiber = ps_thread_create(a->script->name, program ? FIBER_USER : FIBER_SYSTEM, a->process, actor_main, a,
                                    false, NULL);
    }
    lab_epilogue_create();
}

void
lab_actors_release(void)
{
    memset(lab.run, 0, sizeof(*lab.run));
    for (unsigned i = 0; i < lab.actor_count; i++)
        sched_wake(lab.actor[i].fiber);
}
