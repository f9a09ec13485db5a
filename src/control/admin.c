/* SPDX-License-Identifier: MIT */
/* control/admin.c - see admin.h. Start reading at: run_command(). */
#include "control/admin.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fmt.h"
#include "base/str.h"
#include "control/join.h"
#include "control/record.h"
#include "control/trace.h"
#include "control/up.h"
#include "host/host.h"
#include "ndis/admin.h"
#include "ndis/ndis.h"
#include "nt/nt.h"
#include "pnp/install.h"

/* ------------------------------------------------------------------ looking */

static void
count_block(struct heap_block *b, void *arg)
{
    struct admin_job *j = arg;

    j->memory.blocks++;
    j->memory.bytes += b->size;
    j->memory.irps += b->use == NT_USE_IRP;
    j->memory.files += b->use == NT_USE_FILE;
    j->memory.nbls += str_eq(b->what, "NBL");
}

static void
look_adapter(const struct running_adapter *a, struct admin_adapter *out)
{
    struct ndis_layer_info layer[ADMIN_LAYERS_MAX];
    unsigned n = ndis_stack(a->nic, layer, ADMIN_LAYERS_MAX);

    out->present = n > 0;
    ndis_nic_guid(a->nic, out->guid, sizeof(out->guid));
    out->layer_count = n < ADMIN_LAYERS_MAX ? n : ADMIN_LAYERS_MAX;
    for (unsigned i = 0; i < out->layer_count; i++) {
        struct admin_layer *l = &out->layer[i];

        str_copy(l->driver, sizeof(l->driver), layer[i].driver);
        str_copy(l->state, sizeof(l->state), layer[i].state_name);
        l->kind = layer[i].kind;
        l->own_sends = layer[i].own_sends;
        l->held_sends = layer[i].held_sends;
        l->own_receives = layer[i].own_receives;
        l->held_receives = layer[i].held_receives;
        l->oids = layer[i].oids;
        measure_get(layer[i].handle, &l->measured);
    }
    out->has_wire = a->wire != NULL;
    out->has_host = a->host != NULL;
    if (a->wire != NULL) {
        wire_stats(a->wire, &out->wire);
        wire_link(a->wire, &out->link);
    }
    if (a->host != NULL) {
        wire_stats(a->host, &out->host);
        hostif_stats(a->nic, &out->hostif);
    }
}

void
admin_look(struct admin_job *j)
{
    up_note_virtual();
    j->adapter_count = j->running->adapter_count;
    for (unsigned i = 0; i < j->adapter_count; i++)
        if (!j->running->adapter[i].removed)
            look_adapter(&j->running->adapter[i], &j->adapter[i]);
    memset(&j->memory, 0, sizeof(j->memory));
    heap_each(count_block, j);
    j->memory.monitor_bytes = mon_used();
}

/* ------------------------------------------------------------------ doing */

void
admin_refuse(struct admin_job *j, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    fmt_v(j->error, sizeof(j->error), format, args);
    va_end(args);
    j->exit = 4;
}

static struct running_adapter *
find_adapter(struct admin_job *j)
{
    struct running *r = j->running;

    for (unsigned i = 0; i < r->adapter_count; i++)
        if (str_ieq(r->adapter[i].config->name, j->command.adapter)) {
            if (!r->adapter[i].removed)
                return &r->adapter[i];
            admin_refuse(j, "the adapter \"%s\" was removed", j->command.adapter);
            return NULL;
        }
    admin_refuse(j, "there is no adapter called \"%s\"", j->command.adapter);
    return NULL;
}

static void
do_adapter(struct admin_job *j)
{
    struct running_adapter *a = find_adapter(j);
    uint64_t recorded;

    if (a == NULL)
        return;
    recorded = record_command(&j->command, (unsigned)(a - j->running->adapter));
    switch (j->command.kind) {
    case COMMAND_ADAPTER_ENABLE:
        if (ndis_nic_enable(a->nic))
            admin_refuse(j, "the adapter \"%s\" could not be started: the miniport or a mandatory filter refused",
                   j->command.adapter);
        break;
    case COMMAND_ADAPTER_DISABLE:
        ndis_nic_disable(a->nic);
        break;
    default:
        a->removed = true;
        ndis_pnp_surprise_remove(a->nic);
        if (a->host != NULL)
            hostif_remove(a->nic);
        break;
    }
    record_end(recorded, j->exit ? -1 : 0, 0);
}

/* At one adapter, or at every one. */
static void
do_filter(struct admin_job *j)
{
    struct running_adapter *one = j->command.adapter[0] ? find_adapter(j) : NULL;
    bool insert = j->command.kind == COMMAND_FILTER_INSERT;

    for (unsigned i = 0; i < j->running->adapter_count && !j->exit; i++) {
        struct running_adapter *a = &j->running->adapter[i];
        uint64_t recorded;
        int err;

        if ((one != NULL && a != one) || a->removed)
            continue;
        recorded = record_command(&j->command, i);
        err = insert ? ndis_driver_attach(a->nic, j->command.driver) : ndis_driver_detach(a->nic, j->command.driver);
        record_end(recorded, err, 0);
        if (err)
            admin_refuse(j,
                   err == -ENOENT ? "no driver called \"%s\" is loaded that binds to \"%s\""
                                  : "the driver \"%s\" refused the adapter \"%s\"",
                   j->command.driver, a->config->name);
    }
}

/* A filter and its neighbour change places, or two bindings of a protocol. */
static void
do_move(struct admin_job *j)
{
    struct running_adapter *a = find_adapter(j);
    bool up = j->command.kind == COMMAND_FILTER_RAISE;
    int err;

    if (a == NULL)
        return;
    err = ndis_link_move(a->nic, j->command.driver, up);
    if (!err)
        record_command(&j->command, 0);

    if (err == -ENOENT)
        admin_refuse(j, "no driver called \"%s\" is loaded that binds to \"%s\"", j->command.driver, a->config->name);
    else if (err == -EINVAL)
        admin_refuse(j, "there is nothing for \"%s\" to go %s on \"%s\", neither of its class nor of its bindings",
                     j->command.driver, up ? "above" : "below", a->config->name);
    else if (err)
        admin_refuse(j, "the driver \"%s\" refused the adapter \"%s\"", j->command.driver, a->config->name);
}

static void
run_command(struct job *job)
{
    struct admin_job *j = (struct admin_job *)job;

    up_note_virtual();
    switch (j->command.kind) {
    case COMMAND_ADAPTER_ENABLE:
    case COMMAND_ADAPTER_DISABLE:
    case COMMAND_ADAPTER_REMOVE:
        do_adapter(j);
        break;
    case COMMAND_FILTER_INSERT:
    case COMMAND_FILTER_REMOVE:
        do_filter(j);
        pnp_write_linkage();
        break;
    case COMMAND_FILTER_RAISE:
    case COMMAND_FILTER_LOWER:
        do_move(j);
        pnp_write_linkage();
        ndis_bind_lists_tell();
        break;
    case COMMAND_DRIVER_LOAD:
        join_start(j);
        break;
    case COMMAND_DRIVER_UNLOAD:
        join_leave(j);
        break;
    case COMMAND_STATS:
        if (!j->command.adapter[0] || find_adapter(j) != NULL)
            measure(j->command.seconds);
        break;
    case COMMAND_TRACE:
        trace_switch(j->command.on);
        break;
    default:
        break;
    }
    admin_look(j);
    job_finish(job);
}

struct admin_job *
admin_job_create(struct running *r, const struct command *c, void (*finished)(struct job *j))
{
    struct admin_job *j = calloc(1, sizeof(*j));

    if (j == NULL)
        return NULL;
    j->job.run = run_command;
    j->job.finished = finished;
    j->running = r;
    j->command = *c;
    return j;
}

/* ------------------------------------------------------------------ telling */

static json_t *
number(uint64_t n)
{
    return json_integer((json_int_t)n);
}

static json_t *
wire_json(const struct wire *w, const struct wire_stats *s)
{
    const struct wire_info *info = wire_info(w);
    json_t *drops =
        json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "too_short", number(s->rx_short), "too_long", number(s->rx_long),
                  "bad_offload_words", number(s->rx_words), "lost_before", number(s->rx_lost), "refused",
                  number(s->tx_refused), "interface_down", number(s->tx_dropped));

    return json_pack("{s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o}", "kind", info->kind, "name", info->name, "rx_packets",
                     number(s->rx_frames), "rx_bytes", number(s->rx_bytes), "tx_packets", number(s->tx_frames),
                     "tx_bytes", number(s->tx_bytes), "tx_put_off", number(s->tx_full), "drops", drops);
}

static json_t *
flow_json(const struct measure_flow *f)
{
    return json_pack("{s:o, s:o, s:o}", "packets", number(f->packets), "bytes", number(f->bytes), "batches",
                     number(f->batches));
}

static json_t *
measured_json(const struct measured *m)
{
    json_t *held = json_array(), *failed = json_object();
    char status[16];

    for (unsigned i = 0; i < MEASURE_BUCKETS; i++)
        json_array_append_new(held, number(m->held[i]));
    for (unsigned i = 0; i < MEASURE_FAILS; i++)
        if (m->failed[i].count > 0) {
            fmt(status, sizeof(status), m->failed[i].status ? "0x%08X" : "other", m->failed[i].status);
            json_object_set_new(failed, status, number(m->failed[i].count));
        }
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "sent", flow_json(&m->sent), "indicated",
                     flow_json(&m->indicated), "completed", number(m->completed), "returned", number(m->returned),
                     "failed", failed, "held_256ns_log2", held);
}

static json_t *
layer_json(const struct admin_layer *l, bool stats)
{
    static const char *const kinds[] = { "miniport", "filter", "protocol" };
    json_t *j =
        json_pack("{s:s, s:s, s:s}", "driver", l->driver, "kind", l->kind < 3 ? kinds[l->kind] : "", "state", l->state);

    if (stats)
        json_object_set_new(j, "measured", measured_json(&l->measured));
    if (stats)
        json_object_set_new(j, "outstanding",
                            json_pack("{s:i, s:i, s:i, s:i, s:i}", "own_sends", (int)l->own_sends, "held_sends",
                                      (int)l->held_sends, "own_receives", (int)l->own_receives, "held_receives",
                                      (int)l->held_receives, "oids", (int)l->oids));
    return j;
}

static json_t *
adapter_json(const struct admin_job *j, unsigned i)
{
    const struct running_adapter *a = &j->running->adapter[i];
    const struct admin_adapter *s = &j->adapter[i];
    bool stats = j->command.kind == COMMAND_STATS;
    json_t *layers = json_array();
    json_t *out = json_pack("{s:s, s:s, s:s, s:o}", "name", a->config->name, "guid", s->guid, "state",
                            a->removed   ? "removed"
                            : s->present ? "enabled"
                                         : "disabled",
                            "layers", layers);

    for (unsigned k = 0; k < s->layer_count; k++)
        json_array_append_new(layers, layer_json(&s->layer[k], stats));
    if (a->wire != NULL) {
        json_object_set_new(out, "link", json_string(s->link.gone ? "gone" : s->link.up ? "up" : "down"));
        json_object_set_new(out, "wire", wire_json(a->wire, &s->wire));
    }
    if (a->host != NULL) {
        json_t *host = wire_json(a->host, &s->host), *drops = json_object_get(host, "drops");

        json_object_set_new(drops, "adapter_down", number(s->hostif.down));
        json_object_set_new(drops, "adapter_cannot", number(s->hostif.refused));
        json_object_set_new(drops, "linux_did_not_read", number(s->hostif.dropped));
        json_object_set_new(out, "hostif", host);
    }
    return out;
}

static json_t *
machine_json(const struct admin_job *j)
{
    const struct running *r = j->running;
    json_t *vps = json_array();

    for (unsigned i = 0; i < r->vps; i++) {
        struct live_vp_stats s;

        live_stats(i, &s);
        json_array_append_new(vps, json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "switches", number(s.switches), "polls",
                                             number(s.polls), "polled", number(s.polled), "dpcs", number(s.dpcs),
                                             "calls", number(s.calls), "asleep_ns", number(s.sleep_ns)));
    }
    return json_pack("{s:s, s:i, s:s, s:f, s:o, s:{s:o, s:o, s:o, s:o, s:o, s:o}}", "name", r->stack->name, "pid",
                     r->pid, "os", r->stack->os, "up_seconds", (double)(host_now_ns() - r->started_ns) / 1e9, "vps",
                     vps, "memory", "blocks", number(j->memory.blocks), "bytes", number(j->memory.bytes), "irps",
                     number(j->memory.irps), "nbls", number(j->memory.nbls), "files", number(j->memory.files),
                     "monitor_bytes", number(j->memory.monitor_bytes));
}

json_t *
admin_answer(const struct admin_job *j)
{
    json_t *adapters, *out;

    if (j->exit)
        return json_pack("{s:b, s:s, s:i}", "ok", 0, "error", j->error, "exit", j->exit);
    adapters = json_array();
    out = json_pack("{s:b, s:o, s:o}", "ok", 1, "machine", machine_json(j), "adapters", adapters);
    for (unsigned i = 0; i < j->adapter_count; i++)
        if (!j->command.adapter[0] || j->command.kind == COMMAND_DRIVER_LOAD ||
            str_ieq(j->command.adapter, j->running->adapter[i].config->name))
            json_array_append_new(adapters, adapter_json(j, i));
    return out;
}
