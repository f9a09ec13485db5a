/* SPDX-License-Identifier: MIT */
/*
 * explore/actors.c - carrying out a scenario's ops: administrators, the wire, a protocol; programs are in programs.c.
 *
 * Each actor is a fiber; sched_point(OP_ACTOR, ...) stands before each op, so
 * actors interleave at least there.
 */
#include <string.h>

#include "explore/lab_internal.h"
#include "ndis/admin.h"
#include "ndis/ends/ends.h"
#include "ndis/hw/nic.h"
#include "nt/io/io.h"
#include "nt/io/user.h"
#include "nt/nt.h"
#include "trace/event.h"
#include "user/user.h"

static unsigned
none_pick(struct strategy *s, const struct sched_view *v)
{
    (void)s;
    (void)v;
    return 0;
}

struct strategy strategy_none = { .pick = none_pick };

/* A frame from a made-up station to broadcast, type 0x88b5 (local experimental), counting bytes. */
void
lab_fill_frame(uint8_t *p, unsigned len)
{
    for (unsigned i = 0; i < len; i++)
        p[i] = i < 6 ? 0xff : i < 12 ? (uint8_t)(i == 6 ? 0x02 : i) : i == 12 ? 0x88 : i == 13 ? 0xb5 : (uint8_t)i;
}

/* ------------------------------------------------------------------ the others */

/* Documented: devices that asked for it first, then adapters. What then runs stops with the power. */
static void
shut_down(void)
{
    struct ndis_nic *nic;

    io_shutdown();
    for (unsigned i = 0; (nic = ndis_nic_get(i)) != NULL; i++) {
        sched_point(OP_ACTOR, OBJECT_WORLD);
        ndis_nic_shutdown(nic);
    }
    machine_power_off();
}

static void
admin_op(struct lab_actor *a, const struct scn_op *op)
{
    const char *service = lab.driver[0].file->service;
    struct ndis_nic *nic = lab_nic(op);

    if (nic == NULL && op->virtual)
        return;
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
    case OP_REMOVE:
        ndis_pnp_remove(nic);
        break;
    case OP_SURPRISE_REMOVE:
        ndis_pnp_surprise_remove(nic);
        break;
    case OP_REBALANCE:
        ndis_pnp_rebalance(nic);
        break;
    case OP_RESET:
        ndis_nic_reset(nic);
        break;
    case OP_SLEEP:
    case OP_WAKE:
        ndis_pnp_set_power(nic, op->kind == OP_SLEEP ? 3 : 0);
        break;
    case OP_SYSTEM_SLEEP:
    case OP_SYSTEM_WAKE:
        ndis_pnp_system_power(op->kind == OP_SYSTEM_SLEEP);
        break;
    case OP_SHUTDOWN:
        shut_down();
        break;
    case OP_LOAD:
        lab_load();
        break;
    case OP_UNLOAD:
        lab_unload();
        break;
    case OP_KILL:
        lab_kill(a, op);
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

/* The wire of a simulated card: frames, the cable, and interrupts that no traffic explains. */
static void
card_op(struct lab_actor *a, const struct scn_op *op, struct hw_nic *card)
{
    unsigned n = op->kind == OP_RECEIVE ? op->frames : op->kind == OP_INTERRUPT ? op->count : 1;

    for (unsigned i = 0; i < n; i++) {
        sched_point(OP_ACTOR, OBJECT_DEVICES);
        if (op->kind == OP_RECEIVE)
            hw_nic_receive(card, a->buffer, op->len);
        else if (op->kind == OP_INTERRUPT)
            hw_nic_interrupt(card);
        else if (op->kind == OP_LINK_DOWN || op->kind == OP_LINK_UP)
            hw_nic_link(card, op->kind == OP_LINK_UP);
    }
}

static void
wire_op(struct lab_actor *a, const struct scn_op *op)
{
    struct hw_nic *card = hw_nic_of(lab.nic[op->adapter]);

    if (op->kind == OP_WAKE_SIGNAL) {
        ndis_pnp_wake_signal(lab.nic[op->adapter]);
        return;
    }
    if (card) {
        lab_fill_frame(a->buffer, op->len < 1514 ? op->len : 1514);
        card_op(a, op, card);
        return;
    }
    if (!lab.own_wire)
        return; /* a miniport under test is its own wire */
    if (op->kind == OP_LINK_DOWN || op->kind == OP_LINK_UP) {
        sched_point(OP_ACTOR, OBJECT_WORLD);
        ends_wire_link(lab.nic[op->adapter], op->kind == OP_LINK_UP);
    }
    if (op->kind != OP_RECEIVE)
        return;
    if (lab.wire == NULL)
        lab_fill_frame(a->buffer, op->len);
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
    struct ndis_nic *nic = lab_nic(op);

    if (nic == NULL)
        return;
    if (op->kind == OP_OID)
        lab_oid_op(op, nic);
    else if (op->kind == OP_CANCEL) {
        ends_proto_cancel_oids(nic);
        ends_proto_cancel_sends(nic);
    }
    if (op->kind != OP_SEND)
        return;
    lab_fill_frame(a->buffer, op->len);
    for (unsigned i = 0; i < op->count; i++) {
        bool more = true;

        for (unsigned round = 0; more; round++) {
            unsigned shape = shape_of(op->shape, round, &more);

            sched_point(OP_ACTOR, OBJECT_WORLD);
            ends_proto_send(nic, a->buffer, op->len, shape, i & 1 ? ENDS_DISPATCH : 0);
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
        lab_program_op(a, op);
        break;
    case ACTOR_ADMIN:
        admin_op(a, op);
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

/* Room for the longest thing the actor does: input in the first half, output in the second. */
static unsigned
buffer_half(const struct scn_actor *s)
{
    unsigned half = 2048;

    for (unsigned i = 0; i < s->ops_count; i++) {
        const struct scn_op *op = &s->ops[i];
        unsigned most = op->in > op->out ? op->in : op->out;

        if (op->len / 2 + 1 > most)
            most = op->len / 2 + 1;
        if (most > half)
            half = (most + 15) & ~15u;
    }
    return half;
}

size_t
lab_actor_bytes(const struct scn_actor *s, bool requests)
{
    size_t buffer = 2 * (size_t)buffer_half(s) + 32;

    if (requests)
        buffer *= 1 + SCN_REQUESTS_MAX;
    return lab_program_of(s) ? buffer + PROGRAM_STACK_BYTES : buffer;
}

static void
actor_main(void *arg)
{
    struct lab_actor *a = arg;
    const struct scn_actor *s = a->script;

    a->half = buffer_half(s);
    a->buffer = user_alloc(2 * (size_t)a->half);
    if (lab_program_of(s))
        a->stack = user_alloc(PROGRAM_STACK_BYTES);
    lab_program_prepare(a);
    if (s->repeat <= 1)
        while (s->kind == ACTOR_PROGRAM && a->first_op < s->ops_count && s->ops[a->first_op].kind == OP_OPEN)
            one_op(a, &s->ops[a->first_op++]);
    sched_block(BLOCK_IDLE, 0, NULL, "waits for the run to begin");
    for (unsigned round = 0; round < (s->repeat ? s->repeat : 1); round++)
        for (unsigned i = round ? 0 : a->first_op; i < s->ops_count; i++) {
            if (LAB_RUN->epilogue_started || a->ended || (a->program && user_process_ending(a->program->process)))
                return; /* it ended, or was ended while it was in a system call */
            sched_point(OP_ACTOR, 0);
            one_op(a, &s->ops[i]);
        }
    a->done = true;
    lab_program_parked(a);
}

void
lab_actors_create(void)
{
    const struct scenario *s = lab.scenario;

    lab.actor_count = s->actors_count < LAB_ACTORS_MAX ? s->actors_count : LAB_ACTORS_MAX;
    lab.actor = mon_alloc(sizeof(*lab.actor) * LAB_ACTORS_MAX);
    lab.run = mon_alloc(sizeof(*lab.run));
    for (unsigned i = 0; i < lab.actor_count; i++)
        lab.actor[i].script = &s->actors[i];
    lab_programs_create();
    for (unsigned i = 0; i < lab.actor_count; i++) {
        struct lab_actor *a = &lab.actor[i];

        a->fiber = ps_thread_create(a->script->name, a->program ? FIBER_USER : FIBER_SYSTEM,
                                    a->program ? a->program->process : NULL, actor_main, a, false, NULL);
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
