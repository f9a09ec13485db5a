/* SPDX-License-Identifier: MIT */
/*
 * explore/battery.c - the standard scenarios. One row in the table, one text each.
 *
 * They are written as scenario files, so what a user reads with --write-scenario
 * is what ran. Leading `open` ops of a program happen before exploring begins: the
 * program is already at work.
 */
#include "explore/battery.h"

#include <string.h>

#define FILTER   (1u << INF_FILTER)
#define MINIPORT (1u << INF_MINIPORT)
#define VIRTUAL  (1u << INF_INTERMEDIATE)
#define PROTOCOL (1u << INF_PROTOCOL | VIRTUAL)
#define CARD     BATTERY_CARD
#define NO_CARD  BATTERY_NO_CARD
#define OTHERS   (1u << INF_OTHER)
#define ALL      (FILTER | MINIPORT | PROTOCOL | OTHERS)

static const char init_halt[] = "name: init-halt\n"
                                "vps: 2\n"
                                "stack: { miniport: loop, adapters: 1, protocols: [test] }\n"
                                "actors:\n"
                                "  - { name: administrator, kind: admin, ops: [unload] }\n";

#define SINK "stack: { miniport: sink, adapters: 1, protocols: [none] }\n"

/* Nothing is started before: with failing allocations this is what a driver makes of each one from DriverEntry on. */
static const char load_unload[] =
    "name: load-unload\n"
    "vps: 2\n" SINK "actors:\n"
    "  - { name: administrator, kind: admin, ops: [ load, { op: wait, ms: 100 }, unload ] }\n";

static const char disable_enable[] =
    "name: disable-enable\n"
    "vps: 2\n"
    "stack: { miniport: loop, adapters: 1, protocols: [test] }\n"
    "actors:\n"
    "  - { name: administrator, kind: admin, ops: [ disable, { op: wait, ms: 1500 }, enable ] }\n";

static const char write_while_disabled[] = "name: write-while-disabled\n"
                                           "vps: 2\n"
                                           "stack: { miniport: loop, adapters: 1, protocols: [test] }\n"
                                           "actors:\n"
                                           "  - name: writer\n"
                                           "    kind: program\n"
                                           "    ops:\n"
                                           "      - { op: open, device: each }\n"
                                           "      - { op: write, len: 60, count: 2 }\n"
                                           "  - { name: administrator, kind: admin, ops: [disable] }\n";

static const char write_while_restarted[] = "name: write-while-restarted\n"
                                            "vps: 2\n"
                                            "stack: { miniport: loop, adapters: 1, protocols: [test] }\n"
                                            "actors:\n"
                                            "  - name: writer\n"
                                            "    kind: program\n"
                                            "    ops:\n"
                                            "      - { op: open, device: each }\n"
                                            "      - { op: write, len: 60, count: 2 }\n"
                                            "  - { name: administrator, kind: admin, ops: [pause, restart] }\n";

static const char open_while_disabled[] = "name: open-while-disabled\n"
                                          "vps: 2\n"
                                          "stack: { miniport: loop, adapters: 1, protocols: [test] }\n"
                                          "actors:\n"
                                          "  - name: opener\n"
                                          "    kind: program\n"
                                          "    repeat: 2\n"
                                          "    ops:\n"
                                          "      - { op: open, device: each }\n"
                                          "      - { op: write, len: 60 }\n"
                                          "      - close\n"
                                          "  - { name: administrator, kind: admin, ops: [disable, enable] }\n";

static const char read_while_disabled[] = "name: read-while-disabled\n"
                                          "vps: 2\n"
                                          "stack: { miniport: loop, adapters: 1, protocols: [test] }\n"
                                          "actors:\n"
                                          "  - name: reader\n"
                                          "    kind: program\n"
                                          "    ops:\n"
                                          "      - { op: open, device: each }\n"
                                          "      - { op: read, len: 1600 }\n"
                                          "  - name: wire\n"
                                          "    kind: wire\n"
                                          "    ops:\n"
                                          "      - { op: receive, frames: 2, len: 64, shape: plain }\n"
                                          "  - { name: administrator, kind: admin, ops: [disable] }\n";

/* A miniport with a device: what the stack sends is what the program reads. */
static const char read_while_sent[] = "name: read-while-sent\n"
                                      "vps: 2\n"
                                      "stack: { miniport: loop, adapters: 1, protocols: [test] }\n"
                                      "actors:\n"
                                      "  - name: reader\n"
                                      "    kind: program\n"
                                      "    ops:\n"
                                      "      - { op: open, device: each }\n"
                                      "      - { op: read, len: 1600 }\n"
                                      "  - name: protocol\n"
                                      "    kind: protocol\n"
                                      "    ops:\n"
                                      "      - { op: send, count: 2, len: 64, shape: plain }\n"
                                      "  - { name: administrator, kind: admin, ops: [ disable, enable ] }\n";

static const char ioctl_while_disabled[] = "name: ioctl-while-disabled\n"
                                           "vps: 2\n"
                                           "stack: { miniport: loop, adapters: 1, protocols: [test] }\n"
                                           "actors:\n"
                                           "  - name: controller\n"
                                           "    kind: program\n"
                                           "    ops:\n"
                                           "      - { op: open, device: each }\n"
                                           "      - { op: ioctl, code: 0, in: 32, out: 64 }\n"
                                           "  - { name: administrator, kind: admin, ops: [disable, enable] }\n";

/*
 * A thread that is preempted inside its request holds its locks while each of the others comes as far as it can. Of two
 * programs with the same codes in opposite orders one meets each code first, whatever locks those before it take.
 */
static const char programs_at_once[] = "name: programs-at-once\n"
                                       "vps: 2\n" SINK "actors:\n"
                                       "  - name: controller\n"
                                       "    kind: program\n"
                                       "    ops:\n"
                                       "      - { op: open, device: each }\n"
                                       "      - { op: ioctl, code: 0, in: 32, out: 64 }\n"
                                       "  - name: contrary\n"
                                       "    kind: program\n"
                                       "    ops:\n"
                                       "      - { op: open, device: each }\n"
                                       "      - { op: ioctl, code: 0, in: 32, out: 64, order: backward }\n"
                                       "  - name: writer\n"
                                       "    kind: program\n"
                                       "    ops:\n"
                                       "      - { op: open, device: each }\n"
                                       "      - { op: write, len: 60 }\n"
                                       "  - name: reader\n"
                                       "    kind: program\n"
                                       "    ops:\n"
                                       "      - { op: open, device: each }\n"
                                       "      - { op: read, len: 1600 }\n";

static const char pause_restart[] =
    "name: pause-restart-under-traffic\n"
    "vps: 2\n"
    "stack: { miniport: loop, adapters: 1, protocols: [test] }\n"
    "actors:\n"
    "  - name: protocol\n"
    "    kind: protocol\n"
    "    ops: [ { op: send, count: 2, len: 64, shape: plain } ]\n"
    "  - name: wire\n"
    "    kind: wire\n"
    "    ops: [ { op: receive, frames: 2, len: 64, shape: plain } ]\n"
    "  - { name: administrator, kind: admin, ops: [ pause, { op: wait, ms: 1500 }, restart ] }\n";

static const char send_receive_shapes[] = "name: send-receive-shapes\n"
                                          "vps: 2\n"
                                          "stack: { miniport: loop, adapters: 1, protocols: [test] }\n"
                                          "actors:\n"
                                          "  - name: protocol\n"
                                          "    kind: protocol\n"
                                          "    ops: [ { op: send, count: 2, len: 128, shape: each } ]\n"
                                          "  - name: wire\n"
                                          "    kind: wire\n"
                                          "    ops: [ { op: receive, frames: 2, len: 128, shape: each } ]\n";

static const char insert_remove[] = "name: filter-insert-remove\n"
                                    "vps: 2\n"
                                    "stack: { miniport: loop, adapters: 1, protocols: [test] }\n"
                                    "actors:\n"
                                    "  - name: protocol\n"
                                    "    kind: protocol\n"
                                    "    ops: [ { op: send, count: 2, len: 64, shape: plain } ]\n"
                                    "  - { name: administrator, kind: admin, ops: [filter-remove, filter-insert] }\n";

static const char unload[] = "name: unload-with-handle\n"
                             "vps: 2\n"
                             "stack: { miniport: loop, adapters: 1, protocols: [test] }\n"
                             "actors:\n"
                             "  - name: writer\n"
                             "    kind: program\n"
                             "    ops:\n"
                             "      - { op: open, device: each }\n"
                             "      - { op: write, len: 60 }\n"
                             "      - close\n"
                             "  - { name: administrator, kind: admin, ops: [unload] }\n";

/* From here on: requests that are cancelled. What is sent is nobody's, so that what is explored is the request. */

/* A protocol takes part in whatever arrives: with a loop and a second protocol there are fifty times the orders. */
static const char write_while_disabled_alone[] = "name: write-while-disabled\n"
                                                 "vps: 2\n" SINK "actors:\n"
                                                 "  - name: writer\n"
                                                 "    kind: program\n"
                                                 "    ops:\n"
                                                 "      - { op: open, device: each }\n"
                                                 "      - { op: write, len: 60 }\n"
                                                 "  - { name: administrator, kind: admin, ops: [disable] }\n";

static const char open_while_disabled_alone[] = "name: open-while-disabled\n"
                                                "vps: 2\n" SINK "actors:\n"
                                                "  - name: opener\n"
                                                "    kind: program\n"
                                                "    repeat: 2\n"
                                                "    ops:\n"
                                                "      - { op: open, device: each }\n"
                                                "      - { op: write, len: 60 }\n"
                                                "      - close\n"
                                                "  - { name: administrator, kind: admin, ops: [disable, enable] }\n";

static const char cancel_while_reading[] =
    "name: cancel-while-reading\n"
    "vps: 2\n" SINK "actors:\n"
    "  - name: reader\n"
    "    kind: program\n"
    "    process: program\n"
    "    ops:\n"
    "      - { op: open, device: each }\n"
    "      - { op: read, len: 1600 }\n"
    "  - { name: canceller, kind: program, process: program, ops: [cancel-io-ex] }\n"
    "  - name: wire\n"
    "    kind: wire\n"
    "    ops: [ { op: receive, frames: 1, len: 64, shape: plain } ]\n";

static const char cancel_waiting_read[] =
    "name: cancel-waiting-read\n"
    "vps: 2\n" SINK "actors:\n"
    "  - name: reader\n"
    "    kind: program\n"
    "    process: program\n"
    "    ops:\n"
    "      - { op: open, device: each }\n"
    "      - { op: read, len: 1600 }\n"
    "  - { name: canceller, kind: program, process: program, ops: [cancel-io-ex] }\n";

static const char write_across_restart[] = "name: write-across-restart\n"
                                           "vps: 2\n" SINK "actors:\n"
                                           "  - name: writer\n"
                                           "    kind: program\n"
                                           "    ops:\n"
                                           "      - { op: open, device: each }\n"
                                           "      - { op: write, len: 60 }\n"
                                           "  - { name: administrator, kind: admin, ops: [pause, restart] }\n";

static const char write_done_at_once[] = "name: write-done-at-once\n"
                                         "vps: 2\n"
                                         "stack: { miniport: inline, adapters: 1, protocols: [none] }\n"
                                         "actors:\n"
                                         "  - name: writer\n"
                                         "    kind: program\n"
                                         "    ops:\n"
                                         "      - { op: open, device: each }\n"
                                         "      - { op: write, len: 60 }\n"
                                         "  - { name: administrator, kind: admin, ops: [disable] }\n";

static const char close_while_writing[] = "name: close-while-writing\n"
                                          "vps: 2\n" SINK "actors:\n"
                                          "  - name: writer\n"
                                          "    kind: program\n"
                                          "    process: program\n"
                                          "    ops:\n"
                                          "      - { op: open, device: each }\n"
                                          "      - { op: write, len: 60 }\n"
                                          "  - { name: closer, kind: program, process: program, ops: [close] }\n";

static const char exit_while_writing[] = "name: exit-while-writing\n"
                                         "vps: 2\n" SINK "actors:\n"
                                         "  - name: writer\n"
                                         "    kind: program\n"
                                         "    ops:\n"
                                         "      - { op: open, device: each, mode: overlapped }\n"
                                         "      - { op: write, len: 60 }\n"
                                         "      - exit\n";

static const char exit_while_reading[] = "name: exit-while-reading\n"
                                         "vps: 2\n" SINK "actors:\n"
                                         "  - name: reader\n"
                                         "    kind: program\n"
                                         "    ops:\n"
                                         "      - { op: open, device: each, mode: overlapped }\n"
                                         "      - { op: read, len: 1600 }\n"
                                         "      - exit\n"
                                         "  - name: wire\n"
                                         "    kind: wire\n"
                                         "    ops: [ { op: receive, frames: 1, len: 64, shape: plain } ]\n";

static const char exit_while_disabled[] = "name: exit-while-disabled\n"
                                          "vps: 2\n" SINK "actors:\n"
                                          "  - name: writer\n"
                                          "    kind: program\n"
                                          "    ops:\n"
                                          "      - { op: open, device: each, mode: overlapped }\n"
                                          "      - { op: write, len: 60 }\n"
                                          "      - exit\n"
                                          "  - { name: administrator, kind: admin, ops: [disable] }\n";

static const char bad_requests[] = "name: bad-requests\n"
                                   "vps: 2\n" SINK "actors:\n"
                                   "  - name: stranger\n"
                                   "    kind: program\n"
                                   "    ops:\n"
                                   "      - { op: open, device: each, mode: overlapped }\n"
                                   "      - bad-requests\n"
                                   "      - close\n";

/* Killed by somebody else, inside its synchronous read or before or after. */
static const char kill_while_reading[] = "name: kill-while-reading\n"
                                         "vps: 2\n" SINK "actors:\n"
                                         "  - name: reader\n"
                                         "    kind: program\n"
                                         "    ops:\n"
                                         "      - { op: open, device: each }\n"
                                         "      - { op: read, len: 1600 }\n"
                                         "  - name: wire\n"
                                         "    kind: wire\n"
                                         "    ops: [ { op: receive, frames: 1, len: 64, shape: plain } ]\n"
                                         "  - name: administrator\n"
                                         "    kind: admin\n"
                                         "    ops: [ { op: kill, actor: reader } ]\n";

static const char send_shapes_card[] = "name: send-shapes-to-card\n"
                                       "vps: 2\n"
                                       "stack: { miniport: loop, adapters: 1, protocols: [test] }\n"
                                       "actors:\n"
                                       "  - name: protocol\n"
                                       "    kind: protocol\n"
                                       "    ops: [ { op: send, count: 1, len: 128, shape: each } ]\n";

static const char interrupt_while_disabled[] =
    "name: interrupt-while-disabled\n"
    "vps: 2\n"
    "stack: { miniport: loop, adapters: 1, protocols: [test] }\n"
    "actors:\n"
    "  - name: wire\n"
    "    kind: wire\n"
    "    ops: [ { op: interrupt, count: 1 }, { op: receive, frames: 1, len: 64, shape: plain } ]\n"
    "  - { name: administrator, kind: admin, ops: [disable, enable] }\n";

static const char interrupt_while_sending[] = "name: interrupt-while-sending\n"
                                              "vps: 2\n"
                                              "stack: { miniport: loop, adapters: 1, protocols: [test] }\n"
                                              "actors:\n"
                                              "  - name: protocol\n"
                                              "    kind: protocol\n"
                                              "    ops: [ { op: send, count: 1, len: 64, shape: plain } ]\n"
                                              "  - name: wire\n"
                                              "    kind: wire\n"
                                              "    ops: [ { op: receive, frames: 1, len: 64, shape: plain } ]\n"
                                              "  - { name: administrator, kind: admin, ops: [pause] }\n";

#define LOOP_AND_TEST "stack: { miniport: loop, adapters: 1, protocols: [test] }\n"

static const char sleep_wake[] = "name: sleep-wake-under-traffic\n"
                                 "vps: 2\n" LOOP_AND_TEST "actors:\n"
                                 "  - name: protocol\n"
                                 "    kind: protocol\n"
                                 "    ops: [ { op: send, count: 1, len: 64, shape: plain } ]\n"
                                 "  - name: wire\n"
                                 "    kind: wire\n"
                                 "    ops: [ { op: receive, frames: 1, len: 64, shape: plain } ]\n"
                                 "  - { name: administrator, kind: admin, ops: [sleep, wake] }\n";

static const char write_while_asleep[] = "name: write-while-asleep\n"
                                         "vps: 2\n" SINK "actors:\n"
                                         "  - name: writer\n"
                                         "    kind: program\n"
                                         "    ops:\n"
                                         "      - { op: open, device: each }\n"
                                         "      - { op: write, len: 60 }\n"
                                         "  - { name: administrator, kind: admin, ops: [sleep, wake] }\n";

static const char surprise_removal[] = "name: surprise-removal-under-traffic\n"
                                       "vps: 2\n" LOOP_AND_TEST "actors:\n"
                                       "  - name: protocol\n"
                                       "    kind: protocol\n"
                                       "    ops: [ { op: send, count: 1, len: 64, shape: plain } ]\n"
                                       "  - name: wire\n"
                                       "    kind: wire\n"
                                       "    ops: [ { op: receive, frames: 1, len: 64, shape: plain } ]\n"
                                       "  - { name: administrator, kind: admin, ops: [surprise-remove] }\n";

static const char removal_and_rebalance[] = "name: removal-and-rebalance\n"
                                            "vps: 2\n" LOOP_AND_TEST "actors:\n"
                                            "  - name: protocol\n"
                                            "    kind: protocol\n"
                                            "    ops: [ { op: send, count: 1, len: 64, shape: plain } ]\n"
                                            "  - { name: administrator, kind: admin, ops: [rebalance, remove] }\n";

/* Twelve seconds: a time-out that began just after the last look, and the next one. */
static const char suspended_while_idle[] =
    "name: suspended-while-idle\n"
    "vps: 2\n" LOOP_AND_TEST "actors:\n"
    "  - name: protocol\n"
    "    kind: protocol\n"
    "    ops:\n"
    "      - { op: wait, ms: 12000 }\n"
    "      - { op: send, count: 1, len: 64, shape: plain }\n"
    "      - { op: wait, ms: 12000 }\n"
    "      - { op: oid, oid: 0x00020106, out: 160 }\n"
    "  - { name: wire, kind: wire, ops: [ { op: wait, ms: 36000 }, wake-signal ] }\n"
    "  - { name: administrator, kind: admin, ops: [ { op: wait, ms: 48000 }, pause, restart ] }\n";

static const char reset_under_traffic[] = "name: reset-under-traffic\n"
                                          "vps: 2\n" LOOP_AND_TEST "actors:\n"
                                          "  - name: protocol\n"
                                          "    kind: protocol\n"
                                          "    ops: [ { op: send, count: 1, len: 64, shape: plain } ]\n"
                                          "  - { name: administrator, kind: admin, ops: [reset, pause, restart] }\n";

#define PENDING "stack: { miniport: pending, adapters: 1, protocols: [test] }\n"

static const char oid_requests[] = "name: oid-requests\n"
                                   "vps: 2\n" LOOP_AND_TEST "actors:\n"
                                   "  - name: protocol\n"
                                   "    kind: protocol\n"
                                   "    ops: [ { op: oid, oid: 0 } ]\n";

/* 0x20106, 0x1010e: OID_GEN_STATISTICS and OID_GEN_CURRENT_PACKET_FILTER; the answer comes later. */
static const char oid_while_disabled[] =
    "name: oid-while-disabled\n"
    "vps: 2\n" PENDING "actors:\n"
    "  - name: protocol\n"
    "    kind: protocol\n"
    "    ops: [ { op: oid, oid: 0x00020106, out: 160 }, { op: oid, oid: 0x0001010e, in: 4 } ]\n"
    "  - { name: administrator, kind: admin, ops: [disable, enable] }\n";

/* A query: a set of the packet filter becomes a request of NDIS's own, which nobody else can cancel. */
static const char oid_cancelled[] = "name: oid-cancelled\n"
                                    "vps: 2\n" PENDING "actors:\n"
                                    "  - name: protocol\n"
                                    "    kind: protocol\n"
                                    "    ops: [ { op: oid, oid: 0x00020106, out: 160 } ]\n"
                                    "  - { name: canceller, kind: protocol, ops: [cancel] }\n";

/* The second frame of a chain may wait where the first is under way; a pause waits for both. */
static const char sends_cancelled[] =
    "name: sends-cancelled\n"
    "vps: 2\n" LOOP_AND_TEST "actors:\n"
    "  - name: protocol\n"
    "    kind: protocol\n"
    "    ops: [ { op: send, count: 1, len: 64, shape: chain } ]\n"
    "  - { name: canceller, kind: protocol, ops: [cancel] }\n"
    "  - { name: administrator, kind: admin, ops: [pause, restart] }\n";

static const char link_changes[] = "name: link-changes\n"
                                   "vps: 2\n" LOOP_AND_TEST "actors:\n"
                                   "  - { name: wire, kind: wire, ops: [ link-down, link-up ] }\n"
                                   "  - { name: administrator, kind: admin, ops: [ pause, restart ] }\n";

/* Traffic both ways and nothing else: small enough for many preemptions. */
static const char send_while_receiving[] = "name: send-while-receiving\n"
                                           "vps: 2\n" LOOP_AND_TEST "actors:\n"
                                           "  - name: protocol\n"
                                           "    kind: protocol\n"
                                           "    ops: [ { op: send, count: 1, len: 64, shape: plain } ]\n"
                                           "  - name: wire\n"
                                           "    kind: wire\n"
                                           "    ops: [ { op: receive, frames: 1, len: 64, shape: plain } ]\n";

static const char shutdown_under_traffic[] =
    "name: shutdown-under-traffic\n"
    "vps: 2\n" LOOP_AND_TEST "actors:\n"
    "  - name: protocol\n"
    "    kind: protocol\n"
    "    ops: [ { op: send, count: 1, len: 64, shape: plain } ]\n"
    "  - name: wire\n"
    "    kind: wire\n"
    "    ops: [ { op: receive, frames: 1, len: 64, shape: plain } ]\n"
    "  - { name: administrator, kind: admin, ops: [shutdown] }\n";

static const char virtual_cycled[] =
    "name: virtual-adapter-cycled\n"
    "vps: 2\n" LOOP_AND_TEST "actors:\n"
    "  - name: protocol\n"
    "    kind: protocol\n"
    "    ops: [ { op: send, count: 1, len: 64, shape: plain } ]\n"
    "  - name: wire\n"
    "    kind: wire\n"
    "    ops: [ { op: receive, frames: 1, len: 64, shape: plain } ]\n"
    "  - name: administrator\n"
    "    kind: admin\n"
    "    ops: [ { op: disable, virtual: 1 }, { op: enable, virtual: 1 } ]\n";

static struct scenario *
parse(const char *text, enum inf_kind kind)
{
    struct scenario *s = NULL;
    struct scn_error err;

    if (scenario_parse(text, strlen(text), &s, &err) != 0)
        return NULL;
    for (unsigned i = 0; kind == INF_INTERMEDIATE && i < s->actors_count; i++)
        for (unsigned k = 0; s->actors[i].kind == ACTOR_PROTOCOL && k < s->actors[i].ops_count; k++)
            s->actors[i].ops[k].virtual = 1;
    return s;
}

#define ROW(id, name, what, k, kinds, device)             \
    static struct scenario *make_##id(enum inf_kind kind) \
    {                                                     \
        return parse(id, kind);                           \
    }
#define ROWS                                                                                                           \
    ROW(init_halt, "init-halt", "load, start, stop, unload; nothing left behind", 1, ALL, false)                       \
    ROW(load_unload, "load-unload", "DriverEntry, attaching and starting, each allocation failing in its turn", 0,     \
        ALL, false)                                                                                                    \
    ROW(disable_enable, "disable-enable", "the adapter goes and comes back; timers go on", 1, ALL, false)              \
    ROW(write_while_disabled, "write-while-disabled", "a program writes while the adapter is disabled", 3,             \
        FILTER | MINIPORT, true)                                                                                       \
    ROW(write_while_disabled_alone, "write-while-disabled", "a program writes while the adapter is disabled", 2,       \
        PROTOCOL, true)                                                                                                \
    ROW(write_while_restarted, "write-while-restarted", "a program writes while the stack is paused and restarted", 1, \
        FILTER | MINIPORT | PROTOCOL, true)                                                                            \
    ROW(open_while_disabled, "open-while-disabled", "programs come and go while the adapter is disabled and enabled",  \
        1, FILTER | MINIPORT | OTHERS, true)                                                                           \
    ROW(open_while_disabled_alone, "open-while-disabled",                                                              \
        "programs come and go while the adapter is disabled and enabled", 1, PROTOCOL, true)                           \
    ROW(read_while_disabled, "read-while-disabled", "a program reads while frames arrive and the adapter is disabled", \
        1, ALL, true)                                                                                                  \
    ROW(read_while_sent, "read-while-sent", "a program reads what the stack sends while the adapter is disabled", 1,   \
        MINIPORT, true)                                                                                                \
    ROW(ioctl_while_disabled, "ioctl-while-disabled",                                                                  \
        "every IOCTL code in the image while the adapter is disabled and enabled", 1, ALL, true)                       \
    ROW(programs_at_once, "programs-at-once", "programs send every IOCTL code in opposite orders, write and read", 1,  \
        ALL, true)                                                                                                     \
    ROW(pause_restart, "pause-restart-under-traffic", "sends and receives while the stack is paused and restarted", 1, \
        FILTER | MINIPORT | PROTOCOL, false)                                                                           \
    ROW(send_receive_shapes, "send-receive-shapes", "every shape of NBL, both ways", 1,                                \
        FILTER | MINIPORT | PROTOCOL | NO_CARD, false)                                                                 \
    ROW(send_shapes_card, "send-shapes-to-card", "every shape of NBL to a card that sends by DMA", 1, CARD, false)     \
    ROW(insert_remove, "filter-insert-remove", "the filter leaves and joins a running stack", 1, FILTER, false)        \
    ROW(unload, "unload-with-handle", "the driver is unloaded under a program", 1, ALL, true)                          \
    ROW(write_across_restart, "write-across-restart", "one write while the stack is paused and restarted", 2,          \
        FILTER | PROTOCOL, true)                                                                                       \
    ROW(write_done_at_once, "write-done-at-once", "a send is completed inside the call that brought it", 1,            \
        FILTER | PROTOCOL, true)                                                                                       \
    ROW(cancel_while_reading, "cancel-while-reading", "a read is cancelled by another thread while a frame arrives",   \
        3, ALL, true)                                                                                                  \
    ROW(cancel_waiting_read, "cancel-waiting-read", "a read that only this ends is cancelled by another thread", 3,    \
        ALL, true)                                                                                                     \
    ROW(exit_while_reading, "exit-while-reading", "a program ends while it reads and a frame arrives", 2, ALL, true)   \
    ROW(exit_while_writing, "exit-while-writing", "a program ends while it writes", 3, ALL, true)                      \
    ROW(exit_while_disabled, "exit-while-disabled", "a program that writes ends while the adapter is disabled", 1,     \
        ALL, true)                                                                                                     \
    ROW(close_while_writing, "close-while-writing", "another thread closes the handle while one writes", 1, ALL, true) \
    ROW(kill_while_reading, "kill-while-reading", "a program that reads is killed while a frame arrives", 1, ALL,      \
        true)                                                                                                          \
    ROW(bad_requests, "bad-requests", "every IOCTL, read and write with wrong lengths and pointers", 0, ALL, true)     \
    ROW(interrupt_while_disabled, "interrupt-while-disabled",                                                          \
        "the card interrupts and receives while the adapter is disabled and enabled", 1, CARD, false)                  \
    ROW(interrupt_while_sending, "interrupt-while-sending", "the card sends and receives while the stack is paused",   \
        1, CARD, false)                                                                                                \
    ROW(send_while_receiving, "send-while-receiving", "one frame is sent while another is received", 2,                \
        FILTER | MINIPORT | PROTOCOL, false)                                                                           \
    ROW(sleep_wake, "sleep-wake-under-traffic", "the adapter sleeps and wakes while frames go both ways", 1,           \
        FILTER | MINIPORT | PROTOCOL, false)                                                                           \
    ROW(write_while_asleep, "write-while-asleep", "a program writes while the adapter sleeps and wakes", 1,            \
        FILTER | PROTOCOL, true)                                                                                       \
    ROW(surprise_removal, "surprise-removal-under-traffic", "the device is pulled out while frames go both ways", 1,   \
        FILTER | MINIPORT | PROTOCOL, false)                                                                           \
    ROW(oid_requests, "oid-requests", "every OID that protocols ask, with room enough and too little", 0,              \
        FILTER | MINIPORT | VIRTUAL, false)                                                                            \
    ROW(oid_while_disabled, "oid-while-disabled", "a query and a set while the adapter is disabled and enabled", 1,    \
        FILTER | MINIPORT | VIRTUAL, false)                                                                            \
    ROW(sends_cancelled, "sends-cancelled", "sends are cancelled by another thread while the stack is paused", 1,      \
        FILTER | MINIPORT | VIRTUAL, false)                                                                            \
    ROW(oid_cancelled, "oid-cancelled", "a query is cancelled by another thread of the protocol", 2,                   \
        FILTER | MINIPORT | VIRTUAL, false)                                                                            \
    ROW(link_changes, "link-changes", "the cable is out and in again while the stack is paused and restarted", 1,      \
        FILTER | PROTOCOL | CARD, false)                                                                               \
    ROW(removal_and_rebalance, "removal-and-rebalance", "the device is stopped, started, and removed when asked", 1,   \
        FILTER | MINIPORT | PROTOCOL, false)                                                                           \
    ROW(shutdown_under_traffic, "shutdown-under-traffic", "the system goes down while frames go both ways", 1,         \
        FILTER | MINIPORT | PROTOCOL, false)                                                                           \
    ROW(suspended_while_idle, "suspended-while-idle",                                                                  \
        "the adapter is suspended, and woken by a send, a request, its device and a pause", 1, BATTERY_IDLE, false)    \
    ROW(virtual_cycled, "virtual-adapter-cycled", "the virtual adapter is disabled and enabled under traffic", 1,      \
        VIRTUAL, false)                                                                                                \
    ROW(reset_under_traffic, "reset-under-traffic", "the miniport is reset while it sends and is paused", 1, MINIPORT, \
        false)
ROWS
#undef ROW

    static const struct battery_entry entries[] = {
#define ROW(id, name, what, k, kinds, device) { name, what, k, kinds, device, make_##id },
        ROWS
#undef ROW
    };

const struct battery_entry *
battery_get(unsigned i)
{
    return i < sizeof(entries) / sizeof(entries[0]) ? &entries[i] : NULL;
}
